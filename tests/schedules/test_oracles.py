"""The same schedules by numpy, optax, torch and the formula of transformers, through their own code."""

import numpy as np
import optax
import pytest
import torch
from torch.optim import lr_scheduler

import glidepath as gp

SIZES = [1, 2, 7, 100, 1_000]


@pytest.mark.parametrize("steps", SIZES)
@pytest.mark.parametrize("to", [0.0, 0.1, 1.0])
def test_a_linear_decay_with_endpoint_is_numpys_linspace(steps: int, to: float) -> None:
    ours = gp.linear(to=to, endpoint=True).over(steps, peak=0.3)(range(steps))
    theirs = np.linspace(0.3, to * 0.3, steps) if steps > 1 else np.array([to * 0.3])
    assert ours == pytest.approx(theirs, rel=1e-14, abs=1e-16)


@pytest.mark.parametrize("steps", SIZES[1:])
def test_equal_factors_are_numpys_geomspace(steps: int) -> None:
    ours = gp.decay(to=1e-4, shape="exponential", endpoint=True).over(steps, peak=0.3)(range(steps))
    assert ours == pytest.approx(np.geomspace(0.3, 3e-5, steps), rel=1e-13)


OPTAX = {
    "linear": (gp.linear(to=0.1), lambda n: optax.linear_schedule(0.3, 0.03, n)),
    "linear from 0": (gp.warmup("100%", start=0), lambda n: optax.linear_schedule(0.0, 0.3, n)),
    "cosine": (gp.cosine(to=0.1), lambda n: optax.cosine_decay_schedule(0.3, n, alpha=0.1)),
    "polynomial": (
        gp.decay(to=0.1, shape="polynomial", power=2.5),
        lambda n: optax.polynomial_schedule(0.3, 0.03, 2.5, n),
    ),
    "exponential": (
        gp.decay(to=0.01, shape="exponential"),
        lambda n: optax.exponential_decay(0.3, n, 0.01, end_value=0.003),
    ),
    "stairs": (gp.steps(10, factor=0.5), lambda _: optax.exponential_decay(0.3, 10, 0.5, staircase=True)),
    "warmup and cosine": (
        gp.warmup("10%", start=0) >> gp.cosine(to=0.1),
        lambda n: optax.warmup_cosine_decay_schedule(0.0, 0.3, n // 10, n, end_value=0.03),
    ),
    "joined": (
        gp.warmup("20%", start=0) >> gp.hold("30%") >> gp.linear(),
        lambda n: optax.join_schedules(
            [
                optax.linear_schedule(0.0, 0.3, n // 5),
                optax.constant_schedule(0.3),
                optax.linear_schedule(0.3, 0.0, n - n // 2),
            ],
            [n // 5, n // 2],
        ),
    ),
}


@pytest.mark.parametrize("name", OPTAX)
@pytest.mark.parametrize("steps", [20, 300])
def test_optax_gives_the_same_in_its_float32(name: str, steps: int) -> None:
    recipe, make = OPTAX[name]
    asked = np.arange(steps) if name == "stairs" else np.arange(steps + 20)
    theirs = [float(make(steps)(step)) for step in asked]
    assert recipe.over(steps, peak=0.3)(asked) == pytest.approx(theirs, rel=0, abs=1e-6)


TORCH = {
    "LinearLR": (
        gp.warmup("100%", start=0.2),
        lambda optimizer, n: lr_scheduler.LinearLR(optimizer, start_factor=0.2, total_iters=n),
    ),
    "CosineAnnealingLR": (
        gp.cosine(to=0.1),
        lambda optimizer, n: lr_scheduler.CosineAnnealingLR(optimizer, n, eta_min=0.03),
    ),
    "PolynomialLR": (
        gp.decay(shape="polynomial", power=1.7),
        lambda optimizer, n: lr_scheduler.PolynomialLR(optimizer, n, power=1.7),
    ),
    "StepLR": (gp.steps(30), lambda optimizer, _: lr_scheduler.StepLR(optimizer, 30)),
    "SequentialLR": (
        gp.warmup(10, start=0.1) >> gp.cosine(90) >> gp.hold(),
        lambda optimizer, _: lr_scheduler.SequentialLR(
            optimizer,
            [
                lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=10),
                lr_scheduler.LambdaLR(optimizer, lambda k: (1 + np.cos(np.pi * min(k, 90) / 90)) / 2),
            ],
            [10],
        ),
    ),
}


@pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step:UserWarning")  # SequentialLR's own
@pytest.mark.parametrize("name", TORCH)
@pytest.mark.parametrize("steps", [100, 257])
def test_a_real_loop_of_torch_uses_the_same_learning_rates(name: str, steps: int) -> None:
    recipe, make = TORCH[name]
    parameter = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([parameter], lr=0.3)
    scheduler, used = make(optimizer, steps), []
    for _ in range(steps):
        used.append(optimizer.param_groups[0]["lr"])
        parameter.grad = torch.ones(1)
        optimizer.step()
        scheduler.step()
    assert recipe.over(steps, peak=0.3)(range(steps)) == pytest.approx(used, rel=0, abs=1e-12)


@pytest.mark.parametrize(("warmup", "timescale"), [(1, None), (100, None), (100, 400), (1_000, 10)])
def test_the_inverse_square_root_is_that_of_transformers(warmup: int, timescale: int | None) -> None:
    def theirs(step: int) -> float:  # optimization._get_inverse_sqrt_schedule_lr_lambda
        scale = timescale or warmup
        if step < warmup:
            return step / warmup
        return 1.0 / ((step + scale - warmup) / scale) ** 0.5

    recipe = gp.warmup(warmup, start=0) >> gp.inverse_sqrt(timescale=timescale)
    steps = range(0, 5_000, 7)
    assert recipe.over(5_000)(steps) == pytest.approx([theirs(step) for step in steps], rel=1e-14)
