"""What a watch hears step by step is what a diagnosis hears afterwards."""

import math
import time

import numpy as np
import pytest

from glidepath.diagnosis.finding import Finding
from glidepath.diagnosis.view import view
from glidepath.diagnosis.watch import Watch
from glidepath.runs.curve import Curve
from glidepath.runs.run import Run

STEPS = 500


def told(losses: list[float], **others: list[float]) -> tuple[Watch, list[Finding]]:
    watch = Watch()
    found: list[Finding] = []
    for step, loss in enumerate(losses):
        found += watch.tell(step, loss=loss, **{name: column[step] for name, column in others.items()})
    return watch, found


def training(seed: int) -> tuple[list[float], list[float]]:
    draw = np.random.default_rng(seed)
    losses = 2 + 4 * np.arange(1, STEPS + 1) ** -0.5 + 0.05 * draw.normal(size=STEPS)
    return losses.tolist(), np.exp(0.2 * draw.normal(size=STEPS)).tolist()


@pytest.mark.parametrize("seed", range(5))
def test_it_hears_the_same_excursions_as_a_diagnosis(seed: int) -> None:
    losses, norms = training(seed)
    losses[200] += 1
    norms[200] *= 9
    losses[300:] = [loss + step / 40 for step, loss in enumerate(losses[300:])]
    watch, _ = told(losses, grad_norm=norms)
    curves = {"loss": losses, "grad_norm": norms}
    seen = view(Run({name: Curve(name, range(STEPS), values) for name, values in curves.items()}), None)
    assert seen is not None
    assert watch.ears.found == list(seen.excursions)


def test_a_healthy_training_hears_nothing() -> None:
    assert [told(*training(seed)[:1])[1] for seed in range(20)] == [[]] * 20


def test_it_says_a_divergence_once_and_while_it_lasts() -> None:
    losses, norms = training(0)
    losses[300:] = [loss + step / 20 for step, loss in enumerate(losses[300:])]
    _, found = told(losses, lr=[1e-3] * STEPS, grad_norm=norms)
    assert [(one.kind, one.severity) for one in found] == [("divergence", "wrong")]
    assert 290 <= found[0].begin <= 320
    assert "0.0005 instead of 0.001" in found[0].fix


def test_a_spike_is_said_when_it_is_over() -> None:
    losses, norms = training(1)
    losses[200] += 2
    norms[200] *= 9
    _, found = told(losses, grad_norm=norms)
    assert [(one.kind, one.begin, one.end, one.severity) for one in found] == [("spike", 200, 201, "suspect")]


def test_numbers_that_are_none_are_said_at_once_and_then_for_good() -> None:
    losses, _ = training(2)
    losses[100:] = [math.nan] * (STEPS - 100)
    _, found = told(losses)
    assert [(one.kind, one.severity, one.begin) for one in found] == [
        ("not finite", "suspect", 100),
        ("not finite", "wrong", 100),
    ]


def test_a_loss_scale_that_collapses_is_said_once() -> None:
    losses, _ = training(3)
    scale = [65536.0] * 300 + [65536.0 * 0.5**step for step in range(1, 201)]
    _, found = told(losses, loss_scale=scale)
    assert [one.kind for one in found] == ["scale collapse"]
    assert 300 <= found[0].begin <= 310


def test_it_costs_microseconds() -> None:
    losses, norms = training(4)
    watch, begin = Watch(), time.process_time()
    for step, (loss, norm) in enumerate(zip(losses * 10, norms * 10, strict=True)):
        watch.tell(step, loss=loss, lr=1e-3, grad_norm=norm, loss_scale=1.0)
    assert (time.process_time() - begin) / (10 * STEPS) < 100e-6  # 20 on a quiet machine
