"""The plateau of torch, optax and Keras, decision by decision, beside the installed torch and optax."""

import json
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
from hypothesis import given, settings

from glidepath.schedules.feedback import fold, torch_plateau

GOLDEN = Path(__file__).parents[2].parent / "shared" / "reference" / "peers_golden.json"

# A coarse grid, so that ties and returns to the best happen, with what a run may log besides.
COARSE = st.integers(-8, 8).map(lambda n: n / 4)
ODD = st.sampled_from([float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 1e308, -1e308])
METRICS = st.lists(st.one_of(COARSE, COARSE, st.floats(-3, 3), ODD), max_size=60)
ABOVE_0 = st.lists(st.one_of(st.integers(0, 8).map(lambda n: n / 4), st.floats(0, 3)), max_size=60)
CONFIGS = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["min", "max"]),
        "factor": st.sampled_from([0.1, 0.5, 0.9]),
        "patience": st.integers(0, 4),
        "threshold": st.sampled_from([0.0, 1e-4, 0.1, 0.5]),
        "threshold_mode": st.sampled_from(["rel", "abs"]),
        "cooldown": st.integers(0, 3),
        "eps": st.sampled_from([0.0, 1e-8, 0.05]),
    }
)


def torchs(metrics: list[float], *, min_lr: float, base: float = 1.0, **config: Any) -> list[float]:
    """The learning rate after each metric, by torch itself."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
    scheduler, values = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, min_lr=min_lr, **config), []
    for metric in metrics:
        scheduler.step(metric)
        values.append(optimizer.param_groups[0]["lr"])
    return values


def ours(metrics: list[float], **config: Any) -> list[float]:
    """The multiplier after each metric."""
    rule = torch_plateau(**config)
    state, values = rule.start(), []
    for step, metric in enumerate(metrics):
        state = rule.observe(state, step, metric)
        values.append(state.multiplier)
    return values


@settings(max_examples=300)
@given(metrics=METRICS, config=CONFIGS, floor=st.sampled_from([0.0, 0.2, 1.0]))
def test_faithful_is_torch_to_the_bit(metrics: list[float], config: dict[str, Any], floor: float) -> None:
    theirs = torchs(metrics, min_lr=floor, **config)
    assert ours(metrics, floor=floor, faithful=True, **config) == theirs


@settings(max_examples=200)
@given(metrics=ABOVE_0, config=CONFIGS)
def test_for_losses_of_at_least_0_the_default_is_torch_too(metrics: list[float], config: dict[str, Any]) -> None:
    assert ours(metrics, **config) == torchs(metrics, min_lr=0.0, **config)


def test_another_base_lr_and_its_own_bounds_are_torch_in_proportion() -> None:
    metrics = np.random.default_rng(0).normal(2, 0.5, 200).tolist()
    theirs = torchs(metrics, min_lr=3e-4 * 0.01, base=3e-4, eps=0.0, patience=3, factor=0.7)
    assert 3e-4 * np.array(ours(metrics, floor=0.01, eps=0.0, patience=3, factor=0.7)) == pytest.approx(
        theirs, rel=1e-12
    )
    assert min(theirs) == pytest.approx(3e-6)


def test_a_negative_metric_that_gets_worse_is_better_to_torch_and_not_here() -> None:
    worse = [-1.0 + 5e-5 * n for n in range(40)]  # ever worse, each within the relative threshold of the last
    assert torchs(worse, min_lr=0.0) == ours(worse, faithful=True) == [1.0] * 40
    assert min(ours(worse)) == 0.1 * 0.1 * 0.1
    assert ours([-x for x in worse], mode="max") == ours(worse)


OPTAX = {  # patience, cooldown, accumulate, floor, rtol, atol; a negated metric mirrors an absolute threshold only
    "relative": ("min", 1, 0, 1, 0.0, 1e-4, 0.0),
    "relative, a cooldown and a floor": ("min", 2, 2, 1, 0.05, 0.1, 0.0),
    "absolute, of three": ("min", 3, 1, 3, 0.0, 0.0, 0.2),
    "max": ("max", 3, 1, 3, 0.0, 0.0, 0.2),
    "max, of two": ("max", 5, 0, 2, 0.5, 0.0, 0.01),
}


@pytest.mark.parametrize("mean", [0.0, 2.0, -2.0])
@pytest.mark.parametrize("config", OPTAX)
def test_optax_counts_so(mean: float, config: str) -> None:
    mode, patience, cooldown, accumulate, floor, rtol, atol = OPTAX[config]
    sign = 1 if mode == "min" else -1
    metrics = np.random.default_rng(patience).normal(mean, 1.0, (10, 120))
    metrics[:, ::17] = np.nan
    with jax.enable_x64(True):
        rule = optax.contrib.reduce_on_plateau(
            factor=0.5, patience=patience, rtol=rtol, atol=atol,
            cooldown=cooldown, accumulation_size=accumulate, min_scale=floor,
        )  # fmt: skip

        def one(state: Any, metric: Any) -> Any:
            state = rule.update({}, state, value=metric)[1]
            return state, state.scale

        start = rule.init({"w": jnp.zeros(1, jnp.float64)})
        scan = jax.jit(lambda row: jax.lax.scan(one, start, row)[1])
        theirs = [scan(jnp.asarray(sign * row)).tolist() for row in metrics]
    for row, their in zip(metrics.tolist(), theirs, strict=True):
        mine = ours(
            row, mode=mode, factor=0.5, patience=patience, threshold=rtol or atol,
            threshold_mode="rel" if rtol else "abs", cooldown=cooldown, accumulate=accumulate, floor=floor,
            counting="optax", faithful=True,
        )  # fmt: skip
        assert mine == their


class KerasPlateau:
    """The rule of keras.callbacks.ReduceLROnPlateau, written from its documentation and source."""

    def __init__(self, *, factor: float, patience: int, cooldown: int, threshold: float) -> None:
        self.lr, self.best, self.wait, self.cooling = 1.0, float("inf"), 0, 0
        self.factor, self.patience, self.cooldown, self.threshold = factor, patience, cooldown, threshold

    def on_epoch_end(self, metric: float) -> float:
        if self.cooling > 0:
            self.cooling -= 1
            self.wait = 0
        if metric < self.best - self.threshold:
            self.best, self.wait = metric, 0
        elif self.cooling == 0:
            self.wait += 1
            if self.wait >= self.patience:
                self.lr, self.cooling, self.wait = self.lr * self.factor, self.cooldown, 0
        return self.lr


@given(
    metrics=METRICS,
    patience=st.integers(0, 4),
    cooldown=st.integers(0, 4),
    threshold=st.sampled_from([0.0, 1e-4, 0.5]),
)
def test_keras_counts_so(metrics: list[float], patience: int, cooldown: int, threshold: float) -> None:
    config: dict[str, Any] = {"factor": 0.5, "patience": patience, "cooldown": cooldown, "threshold": threshold}
    keras = KerasPlateau(**config)
    theirs = [keras.on_epoch_end(metric) for metric in metrics]
    assert ours(metrics, threshold_mode="abs", counting="keras", **config) == theirs


def test_the_first_cut_on_a_flat_loss_is_where_each_library_has_it() -> None:
    flat = [1.0] * 7
    assert ours(flat, patience=2) == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.01])
    assert ours(flat, patience=2, counting="optax") == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01, 0.001])
    assert ours(flat, patience=2, counting="keras") == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01, 0.001])


def golden() -> list[Any]:
    """The recorded runs of torch's and optax's plateau; none where the file is missing."""
    if not GOLDEN.is_file():
        return []
    records = json.loads(GOLDEN.read_text())["records"]
    return [r for r in records if r["schedule"] in ("ReduceLROnPlateau", "reduce_on_plateau")]


@pytest.mark.skipif(not GOLDEN.is_file(), reason=f"the recorded values of the peers are not there: {GOLDEN}")
def test_the_recorded_runs_of_torch_and_optax() -> None:
    records = golden()
    assert {record["peer"] for record in records} == {"torch", "optax"}
    for record in records:
        config = dict(record["config"])
        metrics, floor = config.pop("metrics"), config.pop("min_lr", 0.0)
        mine = ours(metrics, counting=record["peer"], floor=floor, **config)
        assert mine == pytest.approx(record["values"], rel=1e-6), record


def test_paddle_does_not_look_at_a_check_in_its_cooldown() -> None:
    losses = [1.0, 1.0, 0.1, 0.5, 0.5, 0.5]  # 0.1 falls in the cooldown of the first cut, so 0.5 is better than 1.0
    config: dict[str, Any] = {"patience": 0, "factor": 0.5, "cooldown": 1}
    assert ours(losses, counting="paddle", **config) == [1.0, 0.5, 0.5, 0.5, 0.25, 0.25]
    assert ours(losses, counting="torch", **config) == [1.0, 0.5, 0.5, 0.25, 0.25, 0.125]


def test_a_minimum_change_is_added_to_either_threshold() -> None:
    for mode, share in (("abs", 0.5), ("rel", 0.25)):  # the bar under 2.0 is 2.0 - 0.5 - 0.25
        config: dict[str, Any] = {"threshold": share, "threshold_mode": mode, "minimum_change": 0.25, "patience": 0}
        assert ours([2.0, 1.25], **config) == [1.0, 0.1]
        assert ours([2.0, 1.2], **config) == [1.0, 1.0]
    reason = fold(torch_plateau(**config), enumerate([2.0, 1.25])).decisions[0].reason
    assert reason.startswith("1 checks in a row without one below 2 by more than 0.25 of it and 0.25, ")


def test_a_cut_says_why_and_one_at_the_floor_is_none() -> None:
    state = fold(torch_plateau(patience=1, factor=0.1, floor=0.05), enumerate([1.0] * 20))
    assert [(d.step, d.kind, d.before, d.after) for d in state.decisions] == [
        (2, "cut", 1.0, 0.1),
        (4, "cut", 0.1, 0.05),
    ]
    assert state.decisions[0].reason == (
        "2 checks in a row without one below 1 by more than 0.0001 of it, with a patience of 1 as torch counts"
    )


def test_a_loss_that_is_never_a_number_is_cut_and_explained() -> None:
    state = fold(torch_plateau(patience=2), enumerate([float("nan")] * 3))
    assert state.multiplier == 0.1
    assert "without one that is a number" in state.decisions[0].reason
