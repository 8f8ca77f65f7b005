"""The audit of runs that the frameworks trained and logged themselves: which schedule ran, and what was wrong with it.

T8 of the behaviours is here for transformers: a Trainer that is killed, and goes on in another process.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from driving_audit import PEAK, WARMUP
from driving_keras import BATCHES, compiled, keras
from driving_keras import used as used_by_keras
from driving_lightning import ITS_OWN, Module, loader, trainer_of
from lightning.pytorch.callbacks import LearningRateMonitor
from torch.optim import lr_scheduler

import glidepath as gp
from glidepath.diagnosis.audit import Audit, audit
from glidepath.frameworks.keras import LearningRateLog, attach
from glidepath.logs.opening import open_run
from glidepath.runs.run import Run
from starting import TORCH, Started

pytestmark = [*ITS_OWN, pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")]
STEPS, EPOCH, LR = 100, 10, 0.1
SAME = 0.01  # of the peak: the audit's promise


def alarms(found: Audit) -> list[str]:
    return [one.kind for one in found.findings if one.severity != "note"]


def assert_told(found: Audit, used: Sequence[float]) -> None:
    """The schedule that ran: its peak, its length and every value."""
    assert found.schedule.peak == pytest.approx(max(used), rel=SAME)
    assert found.schedule.horizon.steps == len(used)
    assert found.schedule(range(len(used))) == pytest.approx(used, abs=SAME * max(used))


# ---- Lightning: CSVLogger and LearningRateMonitor. ----


class Logged(Module):
    """The module with its loss in the log."""

    def training_step(self, x: Any) -> Any:
        loss = super().training_step(x)
        self.log("train_loss", loss)
        return loss


def lightning(
    folder: Path, make: Callable[[Any], Any], *, monitored: str | None = "step", **told: Any
) -> tuple[Run, list[float]]:
    """A run of 100 updates, ten an epoch, as its log has it; and what each of them used."""
    args = {name: told.pop(name) for name in ("max_epochs", "accumulate_grad_batches") if name in told}
    module = Logged(lambda _, optimizer: [[optimizer], [{"scheduler": make(optimizer), **told}]], LR)
    trainer = trainer_of(folder, monitor=True, **(args or {"max_steps": STEPS}))
    (monitor,) = (one for one in trainer.callbacks if isinstance(one, LearningRateMonitor))
    monitor.logging_interval = monitored
    trainer.fit(module, loader(EPOCH))
    return open_run(folder), module.spy.first


def sequence(optimizer: Any) -> Any:
    """A warmup and a cosine by torch's own schedulers: LINE."""
    warm = lr_scheduler.LinearLR(optimizer, 0.1, total_iters=10)
    return lr_scheduler.SequentialLR(
        optimizer, [warm, lr_scheduler.CosineAnnealingLR(optimizer, STEPS - 10, eta_min=LR / 10)], [10]
    )


LINE = gp.parse("warmup(10, start=0.1) >> cosine(to=0.1)").over(STEPS, peak=LR)
WSD = gp.parse("warmup(10) >> hold(60) >> decay(30)").over(STEPS, peak=LR)
OF_TORCH = {
    "warmup(10, start=0.1) >> decay(90, to=0.1, shape=cosine)": sequence,
    "warmup(10) >> hold(60) >> decay(30)": lambda optimizer: lr_scheduler.LambdaLR(
        optimizer, lambda step: WSD(step) / LR
    ),
    "decay(100, shape=cosine)": lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, STEPS),
}


@pytest.mark.parametrize("text", OF_TORCH)
def test_what_lightning_logged_is_what_ran(tmp_path, text):
    run, used = lightning(tmp_path, OF_TORCH[text], interval="step")
    found = audit(run)
    assert run["lr"].values.tolist() == used
    assert (found.text, found.dialect, found.findings) == (text, "lightning", ())
    assert_told(found, used)


@pytest.mark.parametrize("monitored", ["step", None])
def test_the_default_interval_of_lightning_is_the_epoch(tmp_path, monitored):
    run, _ = lightning(tmp_path, sequence, monitored=monitored)
    told = [audit(run, LINE)] if monitored is None else [audit(run, LINE), audit(run)]  # one row an epoch is a curve
    for found in told:
        assert alarms(found) == ["epoch ticks"]
        assert found.findings[0].numbers["times"] == EPOCH
        assert 'interval": "step"' in found.findings[0].cause


def test_a_cosine_that_is_ticked_and_logged_once_an_epoch_is_told_by_the_updates_of_the_loss(tmp_path):
    run, _ = lightning(tmp_path, lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, STEPS), monitored=None)
    for plan in (None, gp.cosine().over(STEPS, peak=LR)):
        (found,) = audit(run, plan).findings
        assert (found.kind, found.numbers["times"]) == ("epoch ticks", EPOCH)


def test_a_frequency_of_five_ticks_too_slowly(tmp_path):
    run, _ = lightning(tmp_path, sequence, interval="step", frequency=5)
    for found in (audit(run, LINE), audit(run)):
        assert alarms(found) == ["slow ticks"]
        assert found.findings[0].numbers["times"] == 5


def test_a_plan_in_micro_batches_is_one_of_another_horizon(tmp_path):
    def make(optimizer: Any) -> Any:
        return lr_scheduler.CosineAnnealingLR(optimizer, STEPS)

    run, used = lightning(tmp_path, make, interval="step", max_epochs=10, accumulate_grad_batches=5)
    found = audit(run, gp.cosine().over(len(used), peak=LR))
    assert len(used) == STEPS // 5
    assert (alarms(found), found.findings[0].numbers["horizon"]) == (["other horizon"], STEPS)
    assert alarms(audit(run)) == ["unfinished decay"]


def test_a_cosine_climbs_behind_its_end(tmp_path):
    run, _ = lightning(tmp_path, lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, 70), interval="step")
    found = audit(run)
    assert (alarms(found), found.findings[0].begin) == (["rise after end"], 70)
    assert "T_max" in found.findings[0].cause


# ---- Keras: CSVLogger, a row an epoch, and the journal of LearningRateLog, a row an update. ----


class Rate(keras.callbacks.Callback):
    """What every second script does, as CSVLogger has no learning rate of a schedule: behind the epoch, the next."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - the interface of Keras
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)


EPOCHS = STEPS // BATCHES
CosineDecay = keras.optimizers.schedules.CosineDecay


def of_keras(folder: Path, rate: Any, *callbacks: Any) -> tuple[Run, list[float]]:
    """A run of ten epochs as CSVLogger has it; and what each update used."""
    model = compiled(LR if isinstance(rate, gp.Schedule) else rate)
    if isinstance(rate, gp.Schedule):
        attach(model, rate)
    used = used_by_keras(model, BATCHES, *callbacks, keras.callbacks.CSVLogger(folder / "log.csv"), epochs=EPOCHS)
    return open_run(folder / "log.csv"), used


def test_keras_logs_an_epoch_what_a_schedule_of_ours_was_at_its_end(tmp_path):
    run, used = of_keras(tmp_path, WSD, LearningRateLog(tmp_path / "run.jsonl"))
    found = audit(open_run(tmp_path / "run.jsonl"))
    assert (found.text, found.findings) == (str(WSD.recipe), ())
    assert_told(found, WSD(range(STEPS)))
    assert used == pytest.approx(WSD(range(STEPS)), rel=1e-4)  # of a float32
    assert (run.origin, run.clock) == ("Keras CSVLogger", "epochs")
    assert_told(audit(run), WSD(range(EPOCH - 1, STEPS, EPOCH)))
    assert alarms(audit(run)) == []


def test_a_schedule_of_keras_is_told_by_its_epochs(tmp_path):
    run, used = of_keras(tmp_path, CosineDecay(LR, STEPS), Rate())
    found = audit(run)
    assert (found.dialect, found.findings) == ("keras", ())
    assert len(used) == STEPS
    assert found.schedule.peak == LR  # which no row has
    assert found.schedule(range(EPOCHS)) == pytest.approx(
        gp.cosine().over(STEPS, peak=LR)(range(10, 101, 10)), abs=1e-6
    )


def test_a_schedule_of_keras_for_more_steps_is_not_finished(tmp_path):
    run, _ = of_keras(tmp_path, CosineDecay(LR, 4 * STEPS), Rate())
    (found,) = audit(run).findings
    assert (found.kind, found.severity) == ("unfinished decay", "suspect")
    assert found.numbers["horizon"] == pytest.approx(4 * EPOCHS, abs=1)


@pytest.mark.parametrize("steps", [60, 80])  # 60 are over in half of the rows behind the first
def test_a_schedule_of_keras_for_fewer_steps_is_over_early(tmp_path, steps):
    run, used = of_keras(tmp_path, CosineDecay(LR, steps), Rate())
    (found,) = audit(run).findings
    assert (found.kind, found.begin) == ("early decay", steps // EPOCH - 1)
    assert "Keras has no scheduler to tick" in found.cause
    assert len(used) == steps  # behind them no weight moved


def test_a_callback_that_counts_epochs_and_a_plan_that_counts_updates(tmp_path):
    planned = gp.cosine().over(STEPS, peak=LR)
    run, _ = of_keras(tmp_path, LR, keras.callbacks.LearningRateScheduler(lambda epoch: float(planned(epoch))))
    (found,) = audit(run, gp.cosine().over(EPOCHS, peak=LR)).findings
    assert (found.kind, found.numbers["horizon"]) == ("other horizon", STEPS)
    assert alarms(audit(run)) == ["unfinished decay"]


# ---- transformers: killed behind 35 updates, and on from the checkpoint of 30. ----

KILLED, KEPT, WHOLE = 35, 30, 60
RAN = gp.parse(f"warmup({WARMUP}, start=0) >> cosine()")
FORMS = {"state": ".", "events": "runs", "console": "console.txt"}
forms = pytest.mark.parametrize("form", FORMS)


def trainer(folder: Path, steps: int, kill: int = 0) -> None:
    """A process of the Trainer, its console behind that of those before it."""
    program = Path(__file__).parent / "driving_audit.py"
    around = {"OMP_NUM_THREADS": "1", "TENSORBOARD_LOGGING_DIR": str(folder / "runs")}
    libraries = (*TORCH, "transformers.trainer", "torch.utils.tensorboard")
    answer = Started(program, folder, steps, kill, libraries=libraries, **around).finished()
    assert answer.returncode == (-9 if kill else 0), answer.stdout
    with (folder / "console.txt").open("a") as console:
        console.write(answer.stdout)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    trainer(folder, WHOLE, KILLED)
    return folder


def resumed(killed: Path, folder: Path, steps: int) -> Path:
    shutil.copytree(killed, folder, dirs_exist_ok=True)
    trainer(folder, steps)
    return folder


@pytest.fixture(scope="module")
def same(killed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return resumed(killed, tmp_path_factory.mktemp("same"), WHOLE)


@pytest.fixture(scope="module")
def longer(killed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return resumed(killed, tmp_path_factory.mktemp("longer"), 2 * WHOLE)


@forms
def test_a_killed_trainer_is_one_series_and_what_was_undone_is_kept(same, form):
    run = open_run(same / FORMS[form])
    for name in ("loss", "lr", "grad_norm"):
        assert run[name].steps.tolist() == list(range(WHOLE))
    undone = {name: curve.steps.tolist() for name, curve in run.discarded.items()}
    if form == "state":  # that of a checkpoint never heard of it
        assert (run.segments, undone) == ((0,), {})
    else:
        done = list(range(KEPT, KILLED - (form == "console")))  # it is killed before it prints the last
        assert (run.segments, undone["lr"], undone["loss"]) == ((0, KEPT), done, done)


@forms
def test_the_schedule_of_a_resumed_trainer_is_told(same, form):
    run = open_run(same / FORMS[form])
    plan = RAN.over(WHOLE, peak=PEAK)
    for found in (audit(run), audit(run, plan)):
        assert found.text == f"warmup({WARMUP}, start=0.0) >> decay({WHOLE - WARMUP}, shape=cosine)"
        assert_told(found, plan(range(WHOLE)))
        assert alarms(found) == ["zero start"]  # one of 60
        assert found.segments == ()


@forms
def test_another_horizon_at_the_resume_is_named(longer, form):
    run = open_run(longer / FORMS[form])
    assert run["lr"].steps.tolist() == list(range(2 * WHOLE))
    first, then = RAN.over(WHOLE, peak=PEAK), RAN.over(2 * WHOLE, peak=PEAK)
    seen = audit(run, first).findings[0]
    assert (seen.kind, seen.severity, seen.begin) == ("seam", "wrong", KEPT + 1)  # one update of the stored rate
    assert seen.numbers["planned"] == pytest.approx(first(KEPT + 1), rel=SAME)
    assert seen.numbers["found"] == pytest.approx(then(KEPT + 1), rel=SAME)


@forms
def test_a_jump_onto_the_curve_of_another_horizon_is_seen_without_a_plan_and_with_the_later_one(longer, form):
    run = open_run(longer / FORMS[form])
    for plan in (None, RAN.over(2 * WHOLE, peak=PEAK)):
        (found,) = (one for one in audit(run, plan).findings if one.kind != "zero start")
        assert (found.kind, found.begin) == ("seam", KEPT + 1)
        assert form == "events" or "max_steps was changed" in found.cause


def test_the_segments_of_a_trainer_are_schedules_of_two_horizons(longer):
    first, then = audit(open_run(longer / FORMS["events"])).segments
    assert (first.horizon.steps, then.horizon.steps) == (WHOLE, 2 * WHOLE)
