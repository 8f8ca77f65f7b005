"""Names as people write them, and numbers: modules before a class, members of an enumeration, 5.0 for 5."""

from enum import Enum

import numpy as np
import pytest

from glidepath.errors import GlidepathError
from glidepath.schedules import dialects

STEPS = range(20)
HF = {"num_warmup_steps": 3, "num_training_steps": 10}
KERAS = {"initial_learning_rate": 1, "decay_steps": 10}
OPTAX = {"init_value": 0, "peak_value": 1, "warmup_steps": 3, "decay_steps": 10}


class SchedulerType(str, Enum):  # noqa: UP042 (as transformers has it)
    COSINE = "cosine"


@pytest.mark.parametrize(
    ("library", "spelled", "name", "config"),
    [
        ("transformers", "get_constant_schedule", "constant", HF),
        ("transformers", "get_constant_schedule_with_warmup", "constant_with_warmup", HF),
        ("transformers", "get_linear_schedule_with_warmup", "linear", HF),
        ("transformers", "transformers.get_cosine_schedule_with_warmup", "cosine", HF),
        ("transformers", "get_cosine_with_hard_restarts_schedule_with_warmup", "cosine_with_restarts", HF),
        ("transformers", "get_polynomial_decay_schedule_with_warmup", "polynomial", HF),
        ("transformers", "get_inverse_sqrt_schedule", "inverse_sqrt", HF),
        ("transformers", "get_wsd_schedule", "warmup_stable_decay", {**HF, "num_decay_steps": 4}),
        ("transformers", "SchedulerType.COSINE_WITH_RESTARTS", "cosine_with_restarts", HF),
        ("transformers", SchedulerType.COSINE, "cosine", HF),
        ("torch", "torch.optim.lr_scheduler.CosineAnnealingLR", "CosineAnnealingLR", {"T_max": 10}),
        ("torch", "cosine_annealing_lr", "CosineAnnealingLR", {"T_max": 10}),
        ("torch", "torch.optim.swa_utils.SWALR", "SWALR", {"swa_lr": 0.1}),
        ("keras", "keras.optimizers.schedules.CosineDecay", "CosineDecay", KERAS),
        ("keras", "tf.keras.optimizers.schedules.CosineDecay", "CosineDecay", KERAS),
        ("optax", "optax.schedules.warmup_cosine_decay_schedule", "warmup_cosine_decay_schedule", OPTAX),
        ("optax", "warmup_cosine_decay", "warmup_cosine_decay_schedule", OPTAX),
        ("timm", "multistep", "MultiStepLRScheduler", {"decay_t": [3], "decay_rate": 0.5}),
        ("torchtitan", "LRSchedulersContainer.Config", "LRSchedulersContainer", {}),
        ("composer", "cosine_with_warmup", "CosineAnnealingWithWarmupScheduler", {"t_warmup": "3ba"}),
        ("nanotron", "LRSchedulerArgs", "lr_scheduler_builder", {"learning_rate": 1}),
    ],
)
def test_a_name_is_read_as_people_write_it(library, spelled, name, config):
    ours, theirs = (dialects.read(library, one, config, horizon=10).schedule for one in (spelled, name))
    np.testing.assert_array_equal(ours(STEPS), theirs(STEPS))


def test_schedules_within_others_go_by_their_modules_too():
    first = {"type": "torch.optim.lr_scheduler.LinearLR", "start_factor": 0.1, "total_iters": 3.0}
    config = {"schedulers": [first, {"name": "cosine_annealing_lr", "T_max": 7}], "milestones": [3.0]}
    read = dialects.read("torch", "SequentialLR", config, horizon=10)
    assert str(read.schedule.recipe) == "warmup(3, start=0.1) >> decay(7, shape=cosine) >> hold()"


@pytest.mark.parametrize(
    ("library", "name", "shown"),
    [
        ("torch", "paddle.optimizer.lr.CosineAnnealingWarmRestarts", "expected a schedule of torch"),
        ("torch", "torch.optim.lr_scheduler.ReduceLROnPlateau", "read_rule"),
        ("torch", "CosineAnealingLR", "did you mean 'CosineAnnealingLR'?"),
        ("keras", "CosineAnnealingLR", "expected a schedule of keras"),
        *(("torch", name, "expected a schedule of torch") for name in ("", ".", "...", "lr", "LR", "é.", "a" * 10**6)),
    ],
)
def test_a_name_of_another_library_or_of_none_is_refused(complaint, library, name, shown):
    assert shown in complaint(dialects.read, library, name, {})


def test_a_rule_goes_by_its_modules_too():
    rule = dialects.read_rule("torch", "torch.optim.lr_scheduler.ReduceLROnPlateau", {"patience": 2.0})
    assert rule == dialects.read_rule("torch", "ReduceLROnPlateau", {"patience": 2})


def test_whole_numbers_may_be_written_with_a_point():
    theirs = dialects.read("transformers", "cosine", HF)
    ours = dialects.read("transformers", "cosine", {"num_warmup_steps": 3.0, "num_training_steps": 10.0})
    np.testing.assert_array_equal(ours.schedule(STEPS), theirs.schedule(STEPS))
    with pytest.raises(GlidepathError, match="whole number"):
        dialects.read("torch", "StepLR", {"step_size": 2.5}, horizon=10)
    with pytest.raises(GlidepathError, match="whole number"):
        dialects.read("torch", "StepLR", {"step_size": float("inf")}, horizon=10)


def test_tens_of_thousands_of_cycles_are_read_at_once(limit):
    cycles, each = 20_000, 50
    config = {"num_warmup_steps": 0, "num_training_steps": cycles * each, "num_cycles": cycles}
    with limit(5):
        reading = dialects.read("transformers", "cosine_with_restarts", config)
        values = reading.schedule(np.arange(cycles * each))
    one = (1 + np.cos(np.pi * np.arange(each) / each)) / 2
    np.testing.assert_allclose(values.reshape(cycles, each), np.tile(one, (cycles, 1)), rtol=0, atol=1e-12)
    assert reading.schedule(cycles * each) == 0
    assert "may begin" in reading.notes[0]
