"""A schedule in Lightning: what its updates used and what is shown, in every form that `configure_optimizers` has."""

import itertools
import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
from driving import Spy, schedule_of
from driving_lightning import BATCHES, EPOCHS, ITS_OWN, PROCESSES, SIZE, Module, loader, monitored, trained, trainer_of
from lightning.pytorch.plugins.precision import MixedPrecision
from torch.optim import SGD
from torch.optim.lr_scheduler import LinearLR

import glidepath as gp
from glidepath.errors import AttachError, ScheduleError
from glidepath.frameworks import lightning
from glidepath.frameworks.torch import attach
from glidepath.runs.journal import read_journal
from starting import TORCH, Started

pytestmark = ITS_OWN

RECIPE = gp.parse("warmup(2) >> cosine()")
PLAN = RECIPE.over(20, peak=1.0)
PLANNED = PLAN(range(20)).tolist()
ROOT = Path(__file__).parents[2]


class Endless(torch.utils.data.IterableDataset):
    """Data without a length and without an end."""

    def __iter__(self) -> Any:
        return itertools.cycle(iter(loader().dataset))


STREAM = torch.utils.data.DataLoader(Endless(), batch_size=SIZE)


# ---- Every form that Lightning takes. ----


def test_bare_a_warmup_in_steps_runs_once_an_epoch(tmp_path):
    used = trained(lambda _, o: ([o], [LinearLR(o, 0.1, total_iters=5)]), tmp_path, max_epochs=2).spy.first
    assert used == pytest.approx([0.1] * BATCHES + [0.28] * BATCHES)  # five updates were meant


FORMS = {
    "two lists": lambda o, s: ([o], [s]),
    "a dict": lambda o, s: {"optimizer": o, "lr_scheduler": s},
    "by step": lambda o, s: {"optimizer": o, "lr_scheduler": {"scheduler": s, "interval": "step"}},
    "by epoch": lambda o, s: {"optimizer": o, "lr_scheduler": {"scheduler": s, "interval": "epoch"}},
    "by every third step": lambda o, s: ([o], [{"scheduler": s, "interval": "step", "frequency": 3}]),
    "with a monitor": lambda o, s: {"optimizer": o, "lr_scheduler": {"scheduler": s, "monitor": "loss"}},
    "named": lambda o, s: ([o], [{"scheduler": s, "interval": "step", "name": "lr-SGD"}]),
    "not returned": lambda o, s: o,  # noqa: ARG005
}


def named(case: object) -> str:
    """The same in every process that collects it."""
    return re.sub(r"<[\w.]*?(\w+) object at \w+>", r"\1", str(case))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_right(tmp_path, form):
    module = trained(lambda _, o: FORMS[form](o, attach(o, PLAN)), tmp_path, max_epochs=2)
    assert module.spy.first == PLANNED


def test_ours_is_one_of_them_and_the_monitor_shows_what_each_update_used(tmp_path):
    module = trained(lambda m, o: lightning.attach(m, o, RECIPE), tmp_path, max_epochs=2, monitor=True)
    assert module.spy.first == monitored(tmp_path) == PLANNED
    assert module.lr_schedulers().schedule == PLAN


@pytest.mark.parametrize("form", ["two lists", "by step", "by epoch"])
def test_the_monitor_by_step_shows_what_each_update_used_in_the_other_forms_too(tmp_path, form):
    module = Module(lambda _, o: FORMS[form](o, attach(o, PLAN)))
    trainer = trainer_of(tmp_path, max_epochs=2, monitor=True)
    trainer.callbacks[-1].logging_interval = "step"  # for an interval of epochs it would look once an epoch
    trainer.fit(module, loader())
    assert monitored(tmp_path) == PLANNED


# ---- The horizon is the Trainer's own. ----


@pytest.mark.parametrize(
    ("args", "steps"),
    [
        ({"max_steps": 13}, 13),
        ({"max_epochs": 2}, 20),
        ({"max_epochs": 2, "accumulate_grad_batches": 2}, 10),
        ({"max_epochs": 2, "accumulate_grad_batches": 4}, 6),  # windows of 4, 4 and 2
        ({"max_epochs": 2, "accumulate_grad_batches": 8}, 4),
        ({"max_epochs": 3, "limit_train_batches": 4}, 12),
        ({"max_epochs": 2, "max_steps": 7}, 7),
        ({"max_epochs": -1, "max_steps": 12}, 12),
        ({"max_steps": 12, "data": STREAM}, 12),
    ],
    ids=named,
)
def test_every_update_uses_the_recipe_over_the_updates_that_are_made(tmp_path, args, steps):
    module = trained(lambda m, o: lightning.attach(m, o, RECIPE), tmp_path, **args)
    assert module.spy.first == RECIPE.over(steps, peak=1.0)(range(steps)).tolist()


@pytest.mark.parametrize("accumulation", [1, 3, 4])
def test_the_horizon_knows_epochs_and_samples(tmp_path, accumulation):
    trainer = trainer_of(tmp_path, max_epochs=2, accumulate_grad_batches=accumulation)
    trainer.fit(module := Module(lambda m, o: lightning.attach(m, o, gp.parse("warmup(1 epochs) >> hold()"))), loader())
    found, updates = module.lr_schedulers().schedule.horizon, len(module.spy.first)
    assert found == lightning.horizon(trainer)
    assert (found.steps, found.steps_per_epoch) == (updates, updates // 2)
    assert found.samples_per_step == SIZE * accumulation


@pytest.mark.parametrize("args", [{"max_epochs": -1}, {"max_epochs": 3, "data": STREAM}], ids=named)
def test_a_trainer_that_does_not_know_when_it_ends_is_refused(tmp_path, args):
    with pytest.raises(AttachError, match="give it max_steps"):
        trained(lambda m, o: lightning.attach(m, o, RECIPE), tmp_path, **args)
    if "data" in args:  # a schedule brings its own, and is held behind it
        short = RECIPE.over(5, peak=1.0)
        module = trained(lambda m, o: lightning.attach(m, o, short), tmp_path, stop=8, **args)
        assert module.spy.first == short(range(8)).tolist()


def test_stopped_early_nothing_rises_and_the_scheduler_knows_how_far_it_came(tmp_path):
    module = trained(lambda m, o: lightning.attach(m, o, RECIPE), tmp_path, max_epochs=2, stop=12)
    assert module.spy.first == PLANNED[:12]
    scheduler = module.lr_schedulers()
    assert scheduler.last_epoch / scheduler.schedule.horizon.steps == 0.6


def test_two_processes_make_half_as_many_updates_and_use_what_is_planned_for_them(tmp_path):
    program = Path(__file__).with_name("driving_lightning.py")
    alone = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    answer = Started(program, tmp_path, libraries=TORCH, **alone).finished()
    assert answer.returncode == 0, answer.stderr
    planned = EPOCHS.over(gp.Horizon(10, steps_per_epoch=5, samples_per_step=2 * SIZE), peak=1.0)
    for rank in range(PROCESSES):
        seen = json.loads((tmp_path / f"{rank}.json").read_text())
        assert seen == {"used": planned(range(10)).tolist(), "schedule": str(planned)}
    assert list(read_journal(tmp_path / "run.jsonl")["lr"].values) == seen["used"]


# ---- Peaks, plans, several optimizers. ----


def test_a_peak_and_a_plan(tmp_path):
    module = trained(lambda m, o: lightning.attach(m, o, RECIPE, peak=0.25), tmp_path, max_epochs=2)
    assert module.spy.first == RECIPE.over(20, peak=0.25)(range(20)).tolist()
    plan = gp.Plan(PLAN, weight_decay=0.25)
    module = trained(lambda m, o: lightning.attach(m, o, plan), tmp_path, max_epochs=2)
    assert module.spy.first == PLANNED
    assert module.optimizers().param_groups[0]["weight_decay"] == 0.25


class Two(Module):
    """Two optimizers, stepped by hand."""

    automatic_optimization = False

    def training_step(self, x: torch.Tensor) -> None:
        for optimizer in self.optimizers():
            optimizer.zero_grad()
            self.manual_backward(super().training_step(x))
            optimizer.step()

    def configure_optimizers(self) -> Any:
        first, second = SGD(self.net[0].parameters(), 1.0), SGD(self.net[2].parameters(), 0.5)
        self.spies = Spy(first), Spy(second)
        return lightning.attach(self, [first, second], RECIPE)


def test_several_optimizers_are_driven_together(tmp_path):
    module, trainer = Two(None), trainer_of(tmp_path, max_epochs=2)
    trainer.fit(module, loader())
    assert [spy.first for spy in module.spies] == [PLANNED, [lr / 2 for lr in PLANNED]]
    trainer.save_checkpoint(tmp_path / "two.ckpt")
    again = Two(None)
    trainer_of(tmp_path, max_epochs=2).fit(again, loader(), ckpt_path=tmp_path / "two.ckpt")
    assert [scheduler.last_epoch for scheduler in again.lr_schedulers()] == [20, 20]


# ---- Updates that are skipped, the record. ----


class Broken(Module):
    """A loss beyond all numbers in the first three batches."""

    def training_step(self, x: torch.Tensor, batch_idx: int) -> torch.Tensor:
        return super().training_step(x) * (torch.inf if batch_idx < 3 else 1)


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step:UserWarning")  # torch, of its own scheduler
@pytest.mark.parametrize("ours", [False, True], ids=["bare", "ours"])
def test_updates_that_a_loss_scale_skips_are_not_counted(tmp_path, ours):
    small = RECIPE.over(20, peak=1e-3)  # with which no other update overflows

    def configured(module: Module, optimizer: SGD) -> Any:
        if ours:
            return lightning.attach(module, optimizer, small)
        bare = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: small(step))
        return [optimizer], [{"scheduler": bare, "interval": "step"}]

    scaled = MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=1.0))
    module, trainer = Broken(configured), trainer_of(tmp_path, max_epochs=1, plugins=[scaled])
    trainer.fit(module, loader())
    assert module.spy.first == small(range(7) if ours else range(3, 10)).tolist()  # bare: the warmup is eaten


def test_a_trainer_that_fits_again_goes_on_at_its_own_count(tmp_path):
    module, trainer = Module(lambda m, o: lightning.attach(m, o, PLAN)), trainer_of(tmp_path, max_epochs=1)
    trainer.fit(module, loader())
    trainer.fit_loop.max_epochs = 2
    trainer.fit(module, loader())
    assert module.spy.first == PLANNED[10:]


@pytest.mark.filterwarnings("ignore:Experiment logs directory .* exists and is not empty")  # all that it says
def test_bare_the_log_of_the_first_part_is_deleted_by_a_restart(tmp_path):
    def configured(_: Module, optimizer: SGD) -> Any:
        return [optimizer], [{"scheduler": LinearLR(optimizer, total_iters=5), "interval": "step"}]

    trained(configured, tmp_path, max_epochs=2, stop=8, monitor=True)
    first = monitored(tmp_path)
    trained(configured, tmp_path, max_epochs=2, resume=8, monitor=True)
    assert (len(first), len(monitored(tmp_path))) == (8, 12)


def test_the_journal_has_every_update_once_over_a_restart(tmp_path):
    def configured(module: Module, optimizer: SGD) -> Any:
        return lightning.attach(module, optimizer, RECIPE, journal=tmp_path / "run.jsonl")

    trained(configured, tmp_path, max_epochs=2, stop=8)
    trained(configured, tmp_path, max_epochs=2, resume=8)
    series = read_journal(tmp_path / "run.jsonl")["lr"]
    assert list(series.steps) == list(range(20))
    assert list(series.values) == PLANNED


# ---- What is refused at the line that says it. ----


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"module": None}, AttachError, "expected a LightningModule, got None"),
        ({}, AttachError, "a module in a Trainer"),
        ({"schedule": "cosine()"}, AttachError, r"gp\.parse"),
        ({"schedule": None}, AttachError, "expected a recipe or a schedule, got None"),
        ({"schedule": schedule_of(), "peak": 0.1}, AttachError, "no peak beside a schedule"),
        ({"peak": -1.0}, ScheduleError, "the peak"),
        ({"policy": "strech"}, ScheduleError, "stretch"),
        ({"optimizer": []}, AttachError, "expected a torch optimizer"),
        ({"optimizer": None}, AttachError, "expected a torch optimizer"),
        ({"optimizer": [1]}, AttachError, "expected a torch optimizer"),
    ],
    ids=named,
)
def test_what_is_no_module_no_recipe_and_no_policy(change, error, said):
    module = Module(None)
    given = {"module": module, "optimizer": SGD(module.parameters(), 1.0), "schedule": RECIPE, **change}
    with pytest.raises(error, match=said) as refusal:
        lightning.attach(**given)
    assert "\n" not in str(refusal.value)


def test_the_example_does_what_it_says(capsys):
    example = ROOT / "examples" / "lightning_fit.py"
    assert example.read_text().count("\n") < 60
    runpy.run_path(str(example), run_name="__main__")
    assert "as planned: True" in capsys.readouterr().out


def test_the_page_runs_as_it_stands_there(run_page):
    run_page("lightning.md")
