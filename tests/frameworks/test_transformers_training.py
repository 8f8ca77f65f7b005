"""A schedule in a Trainer: what its updates used and what it logged, beside what a bare Trainer does."""

import itertools
import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from driving import Spy, schedule_of
from driving_transformers import BATCH, EPOCHS, PROCESSES, Model, data, logged, trainer_of
from transformers import TrainerCallback

import glidepath as gp
from glidepath.errors import AmountError, AttachError, ScheduleError
from glidepath.frameworks.torch import Scheduler
from glidepath.frameworks.torch import attach as attach_to_optimizer
from glidepath.frameworks.transformers import attach
from glidepath.runs.journal import read_journal
from starting import TORCH, Started

RECIPE = gp.parse("warmup(2) >> cosine()")
ROOT = Path(__file__).parents[2]


def values(horizon: int, steps: range | None = None, *, peak: float = 1.0) -> list[float]:
    return RECIPE.over(horizon, peak=peak)(range(horizon) if steps is None else steps).tolist()


class Stream(torch.utils.data.IterableDataset):
    """Data without a length and without an end."""

    def __iter__(self) -> Any:
        return itertools.cycle(data())


# ---- The horizon is the Trainer's own. ----


def named(case: object) -> str:
    """The same in every process that collects it."""
    return re.sub(r"<[\w.]*?(\w+) object at \w+>", r"\1", str(case))


@pytest.mark.parametrize(
    ("args", "steps"),
    [
        ({"max_steps": 10}, 10),
        ({"max_steps": 7}, 7),  # in the midst of an epoch of 10
        ({"max_steps": 13}, 13),
        ({"num_train_epochs": 2}, 20),
        ({"num_train_epochs": 1.25}, 13),
        ({"num_train_epochs": 2, "gradient_accumulation_steps": 2}, 10),
        ({"num_train_epochs": 2, "gradient_accumulation_steps": 4}, 6),  # windows of 4, 4 and 2
        ({"num_train_epochs": 2, "gradient_accumulation_steps": 8}, 4),
        ({"max_steps": 5, "gradient_accumulation_steps": 4}, 5),
        ({"max_steps": 12, "dataset": Stream()}, 12),
    ],
    ids=named,
)
def test_every_update_uses_the_recipe_over_the_updates_that_are_made_and_the_log_says_so(tmp_path, args, steps):
    trainer, watch = trainer_of(tmp_path, save_steps=steps, **args)
    attach(trainer, RECIPE)
    trainer.train()
    assert watch.spy.first == values(steps)
    assert logged(tmp_path, steps) == values(steps)
    assert len(logged(tmp_path, steps, "grad_norm")) == steps
    assert isinstance(trainer.lr_scheduler, Scheduler)
    assert trainer.lr_scheduler.schedule == RECIPE.over(steps, peak=1.0)


def test_the_last_update_of_a_bare_trainer_is_one_short_of_its_warmup_and_the_first_is_wasted(tmp_path):
    """Why the counts differ from its own: 0, 0.5, 1 in place of 1/3, 2/3, 1."""
    trainer, watch = trainer_of(tmp_path, max_steps=10, warmup_steps=2, lr_scheduler_type="linear", save_steps=10)
    trainer.train()
    assert watch.spy.first[:3] == [0.0, 0.5, 1.0]


def test_stopped_early_nothing_rises_and_the_scheduler_knows_how_far_it_came(tmp_path):
    trainer, watch = trainer_of(tmp_path, stop=6, max_steps=10)
    attach(trainer, RECIPE)
    trainer.train()
    assert watch.spy.first == values(10, range(6))
    assert trainer.lr_scheduler.last_epoch / trainer.lr_scheduler.schedule.horizon.steps == 0.6


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("samples", [39, 40, 41])
@pytest.mark.parametrize(("batch", "accumulation"), [(4, 1), (4, 4), (3, 2), (20, 1)])
def test_epochs_and_samples_in_a_recipe_are_those_of_the_trainer(tmp_path, samples, batch, accumulation, drop_last):
    trainer, _ = trainer_of(
        tmp_path,
        dataset=data(samples),
        max_steps=50,
        per_device_train_batch_size=batch,
        gradient_accumulation_steps=accumulation,
        dataloader_drop_last=drop_last,
    )
    theirs = trainer.set_initial_training_values(trainer.args, trainer.get_train_dataloader())
    attach(trainer, gp.parse("warmup(1 epochs) >> hold() >> decay(100 samples)"))
    trainer.create_optimizer()
    horizon = trainer.create_scheduler(num_training_steps=50).schedule.horizon
    assert horizon.steps_per_epoch == theirs[1]
    assert horizon.samples_per_step == theirs[4] == batch * accumulation


def test_what_a_trainer_does_not_know_is_refused_before_the_first_update(tmp_path):
    trainer, watch = trainer_of(tmp_path, max_steps=12, dataset=Stream())
    attach(trainer, gp.parse("warmup(1 epochs) >> hold()"))
    with pytest.raises(AmountError, match="steps_per_epoch"):
        trainer.train()
    attach(trainer, gp.parse("warmup(8 samples) >> hold()"))
    assert watch.spy is None
    trainer.train()
    assert trainer.lr_scheduler.schedule.horizon.samples_per_step == BATCH


def test_two_processes_make_half_as_many_updates_and_use_what_is_planned_for_them(tmp_path):
    program = Path(__file__).with_name("driving_transformers.py")
    answer = Started(program, tmp_path, libraries=TORCH, OMP_NUM_THREADS="1", MKL_NUM_THREADS="1").finished()
    assert answer.returncode == 0, answer.stderr
    planned = EPOCHS.over(gp.Horizon(10, steps_per_epoch=5, samples_per_step=2 * BATCH), peak=1.0)
    for rank in range(PROCESSES):
        seen = json.loads((tmp_path / f"{rank}.json").read_text())
        assert seen == {"used": planned(range(10)).tolist(), "schedule": str(planned)}
    assert logged(tmp_path, 10) == list(read_journal(tmp_path / "run.jsonl")["lr"].values) == seen["used"]


# ---- The peak, and what else is taken. ----


def test_a_peak_replaces_the_learning_rate_of_the_arguments(tmp_path):
    trainer, watch = trainer_of(tmp_path, max_steps=4, save_steps=4)
    attach(trainer, RECIPE, peak=0.25)
    trainer.train()
    assert watch.spy.first == logged(tmp_path, 4) == values(4, peak=0.25)


def test_a_schedule_and_a_plan_come_with_a_horizon_and_a_peak_of_their_own(tmp_path):
    schedule = schedule_of(horizon=100, peak=0.5)
    for given in (schedule, gp.Plan(schedule, weight_decay=0.25)):
        trainer, watch = trainer_of(tmp_path, max_steps=4)
        attach(trainer, given)
        trainer.train()
        assert watch.spy.first == schedule(range(4)).tolist()
    assert {group["weight_decay"] for group in trainer.lr_scheduler.optimizer.param_groups} == {0.25}


def test_an_optimizer_of_ones_own_with_its_scheduler_is_one_argument(tmp_path):
    trainer, _ = trainer_of(tmp_path, max_steps=6)
    model = trainer.model
    optimizer = torch.optim.SGD(
        [{"params": model.net[0].parameters(), "lr": 0.1}, {"params": model.net[2].parameters()}], 1.0
    )
    spy, schedule = Spy(optimizer), schedule_of(horizon=6)
    ours = transformers.Trainer(
        model, trainer.args, train_dataset=data(), optimizers=(optimizer, attach_to_optimizer(optimizer, schedule))
    )
    ours.train()
    assert spy.used == [[0.1 * lr, lr] for lr in schedule(range(6))]


def test_an_optimizer_of_ones_own_keeps_the_ratios_between_its_groups(tmp_path):
    model = Model()
    optimizer = torch.optim.SGD(
        [{"params": model.net[0].parameters(), "lr": 0.25}, {"params": model.net[2].parameters()}], 0.5
    )
    trainer, watch = trainer_of(tmp_path, max_steps=6, optimizers=(optimizer, None))
    attach(trainer, RECIPE)
    trainer.train()
    assert watch.spy.used == [[lr / 2, lr] for lr in values(6, peak=0.5)]


def test_the_same_trainer_trains_again_from_the_start(tmp_path):
    trainer, watch = trainer_of(tmp_path, max_steps=5)
    attach(trainer, RECIPE)
    for _ in range(2):
        trainer.train()
        assert watch.spy.first == values(5)


# ---- Updates that are skipped, changes under way, the record. ----


class Broken(Model):
    """A loss beyond all numbers in the first three batches, as a loss scale meets."""

    batches = 0

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        self.batches += 1
        loss = super().forward(x)["loss"]
        return {"loss": loss * (torch.inf if self.batches <= 3 else 1)}


def test_updates_that_a_loss_scale_skips_are_not_counted(tmp_path):
    trainer, watch = trainer_of(tmp_path, max_steps=10)
    trainer.model = trainer.model_wrapped = Broken()
    trainer.accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=1.0, growth_interval=100)
    attach(trainer, RECIPE)
    trainer.train()
    assert watch.spy.first == values(10, range(7))
    assert trainer.lr_scheduler.last_epoch == 7


class Halve(TrainerCallback):
    """Half of the learning rate from update 4 on."""

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:  # noqa: ARG002
        if state.global_step == 4:
            more["lr_scheduler"].amend(scale=0.5)


def test_a_callback_amends_what_is_in_force_and_the_journal_has_all_of_it_once(tmp_path):
    def run(resume: str | None, *callbacks: TrainerCallback) -> list[float]:
        trainer, watch = trainer_of(tmp_path, max_steps=10, callbacks=callbacks)
        attach(trainer, RECIPE, journal=tmp_path / "run.jsonl")
        trainer.train(resume_from_checkpoint=resume)
        return watch.spy.first

    expected = values(10, range(4)) + [lr / 2 for lr in values(10, range(4, 10))]
    assert run(None, Halve()) == expected
    assert run(str(tmp_path / "checkpoint-6")) == expected[6:]
    series = read_journal(tmp_path / "run.jsonl")["lr"]
    assert list(series.steps) == list(range(10))
    assert list(series.values) == expected


# ---- What is refused at the line that says it. ----


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"trainer": None}, AttachError, "expected a Trainer of transformers, got None"),
        ({"trainer": Model()}, AttachError, "expected a Trainer of transformers"),
        ({"schedule": "cosine()"}, AttachError, r"gp\.parse"),
        ({"schedule": None}, AttachError, "expected a recipe or a schedule, got None"),
        ({"schedule": schedule_of(), "peak": 0.1}, AttachError, "no peak beside a schedule"),
        ({"peak": -1.0}, ScheduleError, "the peak"),
        ({"peak": float("nan")}, ScheduleError, "the peak"),
        ({"peak": "1e-3"}, ScheduleError, "the peak"),
        ({"policy": "strech"}, ScheduleError, "stretch"),
    ],
    ids=named,
)
def test_what_is_no_trainer_no_recipe_and_no_policy(tmp_path, change, error, said):
    trainer = trainer_of(tmp_path, max_steps=2)[0] if "trainer" not in change else None
    with pytest.raises(error, match=said) as refusal:
        attach(**{"trainer": trainer, "schedule": RECIPE, **change})
    assert "\n" not in str(refusal.value)


def test_the_example_does_what_it_says(capsys):
    example = ROOT / "examples" / "transformers_trainer.py"
    assert example.read_text().count("\n") < 60
    runpy.run_path(str(example), run_name="__main__")
    assert "as planned" in capsys.readouterr().out


def test_the_page_runs_as_it_stands_there(run_page):
    run_page("transformers.md")
