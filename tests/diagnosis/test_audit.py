"""What ran is told by the learning rates alone, and each bug by its signature; the curves are of the real libraries."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest

from glidepath import cosine, decay, hold, linear, warmup
from glidepath.diagnosis.audit import Audit, audit
from glidepath.diagnosis.finding import is_alarm
from glidepath.runs.curve import Curve
from glidepath.runs.run import Run
from glidepath.schedules.families import FAMILIES
from glidepath.schedules.schedule import Recipe, Schedule

torch = pytest.importorskip("torch")
from torch.optim import lr_scheduler  # noqa: E402

PEAK, UPDATES = 3e-4, 400
PLAN = (warmup(40) >> cosine()).over(UPDATES, peak=PEAK)


def run_of(values: object, every: int = 1, **told: object) -> Run:
    """A run that logged each so many updates."""
    rates = np.asarray(values, dtype=np.float64)[::every]
    return Run({"lr": Curve("lr", np.arange(rates.size) * every, rates)}, **told)  # type: ignore[arg-type]


def torch_rates(
    make: Callable[[object], object],
    updates: int = UPDATES,
    ticks: int = 1,
    tick: Callable[[int], bool] = lambda _: True,
) -> list[float]:
    """The learning rates that a scheduler of torch really applies."""
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    scheduler, rates = make(optimizer), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for update in range(updates):
            rates.append(float(optimizer.param_groups[0]["lr"]))
            optimizer.step()
            if tick(update):
                for _ in range(ticks):
                    scheduler.step()  # type: ignore[attr-defined]
    return rates


def planned(optimizer: object, schedule: Schedule = PLAN) -> object:
    return lr_scheduler.LambdaLR(optimizer, lambda step: float(schedule(step)) / PEAK)


def kinds(found: Audit) -> list[str]:
    return [one.kind for one in found.findings]


def alarms(found: Audit) -> list[str]:
    return [one.kind for one in found.findings if one.severity != "note"]


@pytest.mark.parametrize("every", [10, 25])
@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_a_clean_run_has_no_alarm_with_its_plan_or_without(family: object, every: int) -> None:
    horizon = 10_000 if "4000" in family.text or "3999" in family.text else 1_000  # type: ignore[attr-defined]
    schedule = family.recipe.over(horizon, peak=PEAK)  # type: ignore[attr-defined]
    at = np.arange(0, horizon, every * horizon // 1_000)
    values = np.array([float(f"{value:.4g}") for value in schedule(at)]) if every == 10 else np.float32(schedule(at))
    run = Run({"lr": Curve("lr", at, values)})
    assert not is_alarm(audit(run).findings)
    assert not is_alarm(audit(run, schedule).findings)


@pytest.mark.parametrize("ticks", [2, 3, 8])
def test_ticks_of_several_processes(ticks: int) -> None:
    rates = torch_rates(planned, ticks=ticks)
    found = audit(run_of(rates), PLAN).findings[0]
    assert (found.kind, found.severity, found.numbers["times"]) == ("fast ticks", "wrong", ticks)
    assert "huggingface/accelerate#2926" in found.threads
    assert alarms(audit(run_of(rates))) == ["fast ticks"]


@pytest.mark.parametrize(
    ("recipe", "told", "kind"),
    [
        (warmup(12) >> cosine(length=88) >> hold(), {}, "early decay"),  # a quarter, but its warmup is ticked once
        (warmup(12, start=0) >> cosine(length=88) >> hold(), {}, "fast ticks"),  # a quarter, and nothing against it
        (warmup(12, start=0) >> cosine(length=92) >> hold(), {}, "early decay"),  # a little more than a quarter
        (warmup(12, start=0) >> cosine(length=121) >> hold(), {}, "early decay"),  # a third: few have three processes
        (warmup(12, start=0) >> cosine(length=121) >> hold(), {"world_size": 3}, "fast ticks"),
        (warmup(12) >> cosine(length=88, to=0.01) >> hold(), {}, None),  # a floor that still trains
    ],
)
def test_a_decay_that_is_over_early_is_called_ticks_only_by_evidence(
    recipe: Recipe, told: dict[str, object], kind: str | None
) -> None:
    rates = recipe.over(UPDATES, peak=PEAK)(np.arange(UPDATES))
    assert alarms(audit(run_of(rates, settings=told))) == ([] if kind is None else [kind])


@pytest.mark.parametrize("width", [2, 8])
def test_ticks_of_micro_batches_that_are_counted_twice(width: int) -> None:
    rates = torch_rates(planned, tick=lambda update: (update + 1) % width == 0)
    found = audit(run_of(rates), PLAN).findings[0]
    assert (found.kind, found.numbers["times"]) == ("slow ticks", width)
    assert alarms(audit(run_of(rates))) == ["slow ticks"]


def test_a_warmup_that_lightning_ticks_once_an_epoch() -> None:
    epoch = 50
    rates = torch_rates(
        lambda optimizer: lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=40),
        tick=lambda update: (update + 1) % epoch == 0,
    )
    run = run_of(rates, settings={"steps_per_epoch": epoch}, origin="lightning metrics.csv")
    plan = (warmup(40, start=0.1) >> hold()).over(UPDATES, peak=PEAK)
    for found in (audit(run, plan), audit(run)):
        assert alarms(found) == ["epoch ticks"]
        assert "interval" in found.findings[0].cause


@pytest.mark.parametrize("epoch", [20, 40])
@pytest.mark.parametrize("late", [False, True])
def test_a_row_an_epoch_of_a_schedule_that_is_ticked_once_an_epoch(epoch: int, late: bool) -> None:
    plan, steps = cosine().over(200, peak=PEAK), np.arange(0, 200, epoch)
    rates = Curve("lr", steps + (epoch - 1) * late, plan(steps // epoch))
    epochs = Curve("epoch", np.arange(200), np.arange(200) // epoch)
    run = Run({"lr": rates, "epoch": epochs})
    for found in (audit(run, plan), audit(run)):
        assert alarms(found) == ["epoch ticks"]
        assert found.findings[0].numbers["times"] == epoch


def test_a_schedule_that_is_meant_to_move_once_an_epoch_is_no_fault() -> None:
    rates = torch_rates(
        lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, 8), tick=lambda update: (update + 1) % 50 == 0
    )
    assert alarms(audit(run_of(rates, settings={"steps_per_epoch": 50}))) == []


@pytest.mark.parametrize("end", [200, 310])
def test_a_cosine_of_torch_climbs_behind_its_end(end: int) -> None:
    rates = torch_rates(lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, end))
    for found in (audit(run_of(rates)), audit(run_of(rates), cosine().over(UPDATES, peak=PEAK))):
        assert "rise after end" in alarms(found)
        assert set(alarms(found)) <= {"rise after end", "fast ticks"}  # 200 of 400: as with two ticks an update
        assert pytest.approx(end, abs=2) in [one.begin for one in found.findings]


def test_one_scheduler_behind_another_is_recovered() -> None:
    rates = torch_rates(
        lambda optimizer: lr_scheduler.SequentialLR(
            optimizer,
            [lr_scheduler.LinearLR(optimizer, 0.1, total_iters=40), lr_scheduler.CosineAnnealingLR(optimizer, 360)],
            [40],
        )
    )
    found = audit(run_of(rates))
    assert found.text == "warmup(40, start=0.1) >> decay(360, shape=cosine)"
    assert found.findings == ()


def transformers_rates(name: str, updates: int, **told: object) -> list[float]:
    transformers = pytest.importorskip("transformers")
    return torch_rates(lambda optimizer: transformers.get_scheduler(name, optimizer, **told), updates)


def test_the_warmup_of_transformers_begins_at_0_which_is_a_note() -> None:
    rates = transformers_rates("linear", UPDATES, num_warmup_steps=40, num_training_steps=UPDATES)
    run = run_of(rates, origin="transformers trainer_state.json")
    found = audit(run, (warmup(40) >> linear()).over(UPDATES, peak=PEAK))
    assert found.dialect == "transformers"
    assert not is_alarm(found.findings)
    assert set(kinds(found)) == {"other counting", "zero start"}
    assert audit(run).text == "warmup(40, start=0.0) >> decay(360)"


def test_the_log_of_an_older_transformers_is_late_by_one() -> None:
    rates = transformers_rates("linear", UPDATES + 1, num_warmup_steps=40, num_training_steps=UPDATES)[1:]
    run = run_of(rates, origin="transformers trainer_state.json")
    assert audit(run, (warmup(40, start=0) >> linear()).over(UPDATES, peak=PEAK)).shift == 1
    assert audit(run).shift == 1


def test_keras_and_optax_are_recovered_from_their_own_numbers() -> None:
    optax = pytest.importorskip("optax")
    curve = optax.warmup_cosine_decay_schedule(0.0, PEAK, 40, UPDATES, 0.1 * PEAK)
    rates = [float(curve(step)) for step in range(UPDATES)]
    assert audit(run_of(rates)).text == "warmup(40, start=0.0) >> decay(360, to=0.1, shape=cosine)"


def test_a_decay_that_has_run_under_the_warmup_never_reaches_the_peak() -> None:
    timm = pytest.importorskip("timm.scheduler")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    scheduler = timm.CosineLRScheduler(optimizer, t_initial=UPDATES, warmup_t=120, warmup_lr_init=PEAK / 100)
    rates = []
    for update in range(UPDATES):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        scheduler.step(update + 1)
    run = run_of(rates, origin="timm summary.csv")
    plan = (warmup(120, start=0.01) >> cosine()).over(UPDATES, peak=PEAK)
    for found in (audit(run), audit(run, plan)):
        assert alarms(found) == ["peak not reached"]
        assert found.findings[0].numbers["share"] == pytest.approx(0.794, abs=2e-3)
        assert "warmup_prefix" in found.findings[0].cause


def test_a_line_that_goes_on_below_0() -> None:
    rates = [PEAK * (1 - step / 300) for step in range(UPDATES)]
    found = audit(run_of(rates), linear().over(UPDATES, peak=PEAK))
    assert alarms(found) == ["negative rate"] == alarms(audit(run_of(rates)))
    assert found.findings[0].begin == 301


def test_a_resume_with_another_length_jumps_at_the_seam() -> None:
    short, longer = ((warmup(20) >> linear()).over(steps, peak=PEAK) for steps in (200, 400))
    rates = [*short(np.arange(150)), *longer(np.arange(150, 400))]
    run = run_of(rates, segments=(0, 150))
    for found in (audit(run), audit(run, short)):
        assert "seam" in alarms(found)
        assert found.findings[0].begin == 150
        assert len(found.segments) == 2


def test_a_resume_that_goes_on_as_planned_has_no_alarm() -> None:
    run = run_of(PLAN(np.arange(UPDATES)), segments=(0, 250))
    assert audit(run).findings == ()
    assert audit(run).segments == ()


def test_a_rate_that_no_longer_moves_behind_a_resume() -> None:
    rates = [*PLAN(np.arange(200)), *([PLAN(200)] * 200)]
    run = run_of(rates, segments=(0, 200))
    assert alarms(audit(run, PLAN)) == ["frozen rate"] == alarms(audit(run))


@pytest.mark.parametrize("other", [160, 640, 1_000])
def test_a_horizon_of_another_run(other: int) -> None:
    schedule = (warmup("10%") >> cosine()).over(UPDATES, peak=PEAK)
    rates = schedule.recipe.over(other, peak=PEAK)(np.arange(UPDATES))
    found = audit(run_of(rates), schedule).findings[0]
    assert (found.kind, found.numbers["horizon"]) == ("other horizon", other)


def test_a_decay_that_is_cut_short_is_told_with_its_share() -> None:
    found = audit(run_of(PLAN(np.arange(260))), PLAN)
    assert alarms(found) == ["unfinished decay"] == alarms(audit(run_of(PLAN(np.arange(260)))))
    assert "61%" in found.findings[0].evidence


@pytest.mark.parametrize("lead", [0, 1])
def test_half_of_the_groups_that_no_schedule_moves(lead: int) -> None:
    rates = [PLAN(np.arange(UPDATES)), np.full(UPDATES, PEAK)]
    names = ["lr", "lr/1"] if lead == 0 else ["lr/1", "lr"]
    run = Run({name: Curve(name, np.arange(UPDATES), values) for name, values in zip(names, rates, strict=True)})
    assert alarms(audit(run, PLAN)) == ["unscheduled group"] == alarms(audit(run))


@pytest.mark.parametrize("peak", [1e-3, 1e-4])
def test_the_peak_of_somebody_else(peak: float) -> None:
    rates = PLAN(np.arange(UPDATES)) * (peak / PEAK)
    assert alarms(audit(run_of(rates), PLAN)) == ["other peak"]
    assert alarms(audit(run_of(rates, settings={"learning_rate": PEAK}))) == ["other peak"]


@pytest.mark.parametrize("every", [5, 10])
def test_a_peak_between_two_rows_is_left_open(every: int) -> None:
    rates = (warmup("3%") >> decay("22%") >> hold()).over(344, peak=PEAK)(np.arange(344))
    at = np.arange(every - 1, 344, every)
    run = Run({"lr": Curve("lr", at, rates[at])}, settings={"peak": PEAK})
    assert "other peak" not in kinds(audit(run))
    assert "other peak" in kinds(audit(Run(run.curves, settings={"peak": 2 * PEAK})))


@pytest.mark.parametrize("every", [1, 3, 10])
@pytest.mark.parametrize("up", [20, 100])
def test_the_peak_of_a_warmup_that_is_over_one_update_before_the_decay_begins(up: int, every: int) -> None:
    at = np.arange(0, 10 * up, every)
    rates = np.minimum(1, (at + 1) / up) * np.maximum(0, 1 - np.maximum(0, at - up) / (9 * up))
    found = audit(Run({"lr": Curve("lr", at, PEAK * rates)})).schedule
    assert found is not None
    assert found.peak == pytest.approx(PEAK, rel=2e-3)
    assert every > 1 or str(found.recipe).startswith(f"warmup({up - 1}) >> hold(1) >> decay({9 * up}")


def test_another_schedule_than_the_plan_is_told_with_the_largest_gap() -> None:
    found = audit(run_of((warmup(40) >> decay(shape="1-sqrt")).over(UPDATES, peak=PEAK)(np.arange(UPDATES))), PLAN)
    assert alarms(found) == ["other schedule"]
    assert "1-sqrt" in found.text


def test_a_run_without_a_learning_rate_is_refused(complaint: Callable[..., str]) -> None:
    assert '"lr"' in complaint(audit, Run({"loss": Curve("loss", [0], [1.0])}))
    assert "steps" in complaint(audit, Run({"lr": Curve("lr", [-3, -2], [1.0, 1.0])}))


@pytest.mark.parametrize("values", [[0.0] * 5, [1e-3], [1e308, 1e-308, 0.0, 1e308], [-1.0, -2.0, -3.0], [5e-324] * 4])
def test_odd_rates_end_in_an_answer(values: list[float]) -> None:
    assert isinstance(audit(run_of(values)), Audit)
    assert isinstance(audit(run_of(values), PLAN), Audit)
