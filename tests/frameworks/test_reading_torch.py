"""Live schedulers of torch, read by what they hold, beside what they do when they are stepped."""

import math
import warnings
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler as lrs
from torch.optim.swa_utils import SWALR

import glidepath as gp
from glidepath.frameworks.torch import attach
from glidepath.frameworks.torch.reading import read_scheduler

STEPS = 60
Make = Callable[[torch.optim.Optimizer], Any]


def optimizer(*lrs: float) -> torch.optim.Optimizer:
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lrs or (0.3,)]
    return torch.optim.SGD(groups, momentum=0.9)


def stepped(make: Make, count: int, *lrs: float) -> Any:
    """What torch gives each group at every update."""
    used, values = optimizer(*lrs), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = make(used)
        for _ in range(count):
            values.append([group["lr"] for group in used.param_groups])
            used.step()
            scheduler.step()
    return np.array(values)


def hf_cosine(step: int) -> float:
    if step < 6:
        return step / 6
    return max(0.0, 0.5 * (1 + math.cos(math.pi * min(1.0, (step - 6) / 54))))


MAKES: dict[str, tuple[Make, int]] = {  # and the steps until which torch itself is sound
    "ConstantLR": (lambda o: lrs.ConstantLR(o, 0.5, 7), STEPS),
    "LinearLR": (lambda o: lrs.LinearLR(o, 0.1, 0.9, 7), STEPS),
    "ExponentialLR": (lambda o: lrs.ExponentialLR(o, 0.9), STEPS),
    "StepLR": (lambda o: lrs.StepLR(o, 7, 0.5), STEPS),
    "MultiStepLR": (lambda o: lrs.MultiStepLR(o, [7, 7, 20], 0.5), STEPS),
    "PolynomialLR": (lambda o: lrs.PolynomialLR(o, 40, 2.0), STEPS),
    "CosineAnnealingLR": (lambda o: lrs.CosineAnnealingLR(o, 40, 0.01), 40),
    "CosineAnnealingWarmRestarts": (lambda o: lrs.CosineAnnealingWarmRestarts(o, 7, 2, 0.01), STEPS),
    "OneCycleLR": (lambda o: lrs.OneCycleLR(o, 1.0, 55, pct_start=0.27, div_factor=7), 55),
    "OneCycleLR in three": (lambda o: lrs.OneCycleLR(o, 1.0, 55, anneal_strategy="linear", three_phase=True), 55),
    "CyclicLR": (lambda o: lrs.CyclicLR(o, 0.1, 1.0, 7, 9), STEPS),
    "CyclicLR lower each time": (lambda o: lrs.CyclicLR(o, 0.1, 1.0, 7, mode="triangular2"), STEPS),
    "SWALR": (lambda o: SWALR(o, 0.05, 20, "linear"), STEPS),
    "LambdaLR": (lambda o: lrs.LambdaLR(o, hf_cosine), STEPS),
    "MultiplicativeLR": (lambda o: lrs.MultiplicativeLR(o, lambda _: 0.9), STEPS),
    "SequentialLR": (
        lambda o: lrs.SequentialLR(o, [lrs.LinearLR(o, 0.1, 1.0, 6), lrs.CosineAnnealingLR(o, 54)], [6]),
        STEPS,
    ),
    "ChainedScheduler": (lambda o: lrs.ChainedScheduler([lrs.LinearLR(o, 0.1, 1.0, 6), lrs.StepLR(o, 20)]), STEPS),
}


@pytest.mark.parametrize("name", MAKES)
def test_a_scheduler_is_read_with_the_values_that_torch_gives(name):
    make, sound = MAKES[name]
    ours = read_scheduler(make(optimizer()), horizon=STEPS).schedule
    np.testing.assert_allclose(ours(range(sound)), stepped(make, sound)[:, 0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", MAKES)
def test_neither_the_scheduler_nor_its_optimizer_is_moved(name):
    used = optimizer()
    scheduler = MAKES[name][0](used)
    before = deepcopy((vars(scheduler) | {"optimizer": None}, used.param_groups))
    read_scheduler(scheduler, horizon=STEPS)
    after = deepcopy((vars(scheduler) | {"optimizer": None}, used.param_groups))
    assert repr(before[0].keys()) == repr(after[0].keys())
    assert scheduler.last_epoch == 0 if name != "ChainedScheduler" else True
    assert [group["lr"] for group in after[1]] == [group["lr"] for group in before[1]]


def test_a_scheduler_under_way_is_read_from_its_first_step_on():
    used = optimizer()
    scheduler = lrs.CosineAnnealingWarmRestarts(used, 7, 2)
    fresh = read_scheduler(scheduler, horizon=STEPS)
    for _ in range(25):
        used.step()
        scheduler.step()
    assert read_scheduler(scheduler, horizon=STEPS) == fresh


@given(st.integers(1, 20), st.integers(21, 60), st.floats(0.1, 0.9))
def test_a_lambda_is_recognised_in_words(warm, total, low):
    def factor(step: int) -> float:
        share = min(1.0, max(0.0, step - warm) / (total - warm))
        return min(1.0, (step + 1) / (warm + 1)) * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * share)))

    reading = read_scheduler(lrs.LambdaLR(optimizer(), factor), horizon=total)
    assert reading.notes == ()
    assert reading.schedule.recipe.parts[0] == gp.warmup(warm).parts[0]


class Counting:
    """A function with a memory, which must not remember that it was read."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, step: int) -> float:
        self.calls += 1
        return 1 / (1 + 0.5 * math.sin(step) ** 2)


def test_a_function_is_asked_as_a_copy_and_drawn_where_nothing_is_recognised():
    asked = Counting()
    scheduler = lrs.LambdaLR(optimizer(), asked)
    before = asked.calls
    reading = read_scheduler(scheduler, horizon=STEPS)
    assert asked.calls == before
    assert "LambdaLR is sampled at each of its 60 steps" in reading.notes[0]
    assert reading.schedule(7) == pytest.approx(0.3 * Counting()(7))


def test_groups_that_keep_their_ratios_are_noted():
    scheduler = lrs.ExponentialLR(optimizer(0.3, 0.3, 0.03, 0.0), 0.9)
    reading = read_scheduler(scheduler, horizon=STEPS)
    assert reading.notes == ("group 2 has 0.1 times this learning rate", "group 3 has 0 times this learning rate")
    assert reading.schedule.peak == 0.3


def test_groups_that_do_not_are_refused(complaint):
    scheduler = lrs.CosineAnnealingLR(optimizer(0.3, 0.03), 50, eta_min=0.01)
    assert "got another curve for group 1" in complaint(read_scheduler, scheduler)
    scheduler = lrs.LambdaLR(optimizer(0.3, 0.3), [hf_cosine, lambda _: 1.0])
    assert "got another curve for group 1" in complaint(read_scheduler, scheduler, horizon=STEPS)


def test_a_scheduler_of_ours_gives_its_schedule():
    schedule = gp.cosine().over(100, peak=0.1)
    assert read_scheduler(attach(optimizer(), schedule)).schedule is schedule


class Mine(lrs.LRScheduler):
    def get_lr(self) -> Any:
        return self.base_lrs


def nested(o: torch.optim.Optimizer, depth: int) -> Any:
    scheduler: Any = lrs.StepLR(o, 3)
    for _ in range(depth):
        scheduler = lrs.ChainedScheduler([scheduler])
    return scheduler


def failing(step: int) -> float:
    if step > 3:
        raise KeyError("too late\nfor me")
    return 1.0


@pytest.mark.parametrize(
    ("make", "horizon", "shown"),
    [
        (lambda o: o, None, "a scheduler of torch.optim.lr_scheduler"),
        (lambda _: None, None, "a scheduler of torch.optim.lr_scheduler"),
        (lambda o: attach(o, gp.Plan(gp.cosine().over(9, peak=0.1))), 9, "a scheduler of torch.optim.lr_scheduler"),
        (Mine, 9, "got Mine, a class of somebody else"),
        (lrs.ReduceLROnPlateau, 9, "read_rule"),
        (lambda o: lrs.StepLR(o, 3), None, "expected a horizon"),
        (lambda o: lrs.LambdaLR(o, hf_cosine), None, "expected a horizon"),
        (lambda o: lrs.LambdaLR(o, hf_cosine), 10**12, "expected a horizon"),
        (lambda o: lrs.LambdaLR(o, failing), 9, "every step up to 9, got"),
        (lambda o: lrs.LambdaLR(o, lambda _: math.nan), 9, "finite learning rates"),
        (lambda o: lrs.CyclicLR(o, 0.1, 1.0, scale_fn=lambda _: 1.0), 9, "no scale_fn"),
        (lambda o: lrs.ChainedScheduler([lrs.LambdaLR(o, hf_cosine), lrs.StepLR(o, 3)]), 9, "got LambdaLR"),
        (lambda o: nested(o, 8), 9, "deep"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(complaint, make, horizon, shown):
    assert shown in complaint(read_scheduler, make(optimizer()), horizon=horizon)
