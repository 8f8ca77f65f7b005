"""The greedy rule, early stopping and backing off."""

from statistics import fmean
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

from glidepath.schedules.feedback import back_off, early_stop, fold, greedy

NAN, INF = float("nan"), float("inf")


class GreedyRule:
    """The published rule of GreedyLR as transformers counts it, at a learning rate that starts at 1."""

    def __init__(self, **config: Any) -> None:
        self.config, self.lr, self.stuck, self.rest = config, 1.0, 0, [0, 0]
        self.forget()

    def forget(self) -> None:
        self.best = INF if self.config["mode"] == "min" else -INF
        self.good = self.bad = 0
        self.seen: list[float] = []

    def better(self, value: float) -> bool:
        margin = self.config["threshold"]
        if self.config["threshold_mode"] == "rel":
            margin = margin * abs(self.best) if abs(self.best) < INF else 0.0
        return value < self.best - margin if self.config["mode"] == "min" else value > self.best + margin

    def step(self, loss: float) -> float:
        config = self.config
        self.seen = [*self.seen, loss][-config["window"] :]
        value = fmean(self.seen)
        for which in (0, 1):
            if self.rest[which]:
                self.rest[which] -= 1
                self.good = self.bad = 0
                return self.lr
        if self.better(value):
            self.best, self.good, self.bad = value, self.good + 1, 0
        else:
            self.good, self.bad = 0, self.bad + 1
        if self.good > config["patience"]:
            self.lr, self.good, self.stuck = min(self.lr / config["factor"], config["ceiling"]), 0, 0
            self.rest[1] = config["rest_after_rise"]
        elif self.bad > config["patience"]:
            self.lr, self.bad = max(self.lr * config["factor"], config["floor"]), 0
            self.stuck += self.lr <= config["floor"]
            if self.stuck == config["reset_after"]:
                self.lr, self.stuck = 1.0, 0
                self.forget()
            self.rest[0] = config["rest_after_cut"]
        return self.lr


GREEDY = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["min", "max"]),
        "factor": st.sampled_from([0.5, 0.75, 0.95]),
        "patience": st.integers(0, 3),
        "threshold": st.sampled_from([0.0, 0.25]),
        "threshold_mode": st.sampled_from(["abs", "rel"]),
        "rest_after_cut": st.integers(0, 2),
        "rest_after_rise": st.integers(0, 2),
        "floor": st.sampled_from([0.25, 0.5]),
        "ceiling": st.sampled_from([1.0, 4.0]),
        "window": st.sampled_from([1, 2, 4]),
        "reset_after": st.integers(1, 3),
    }
)


@settings(max_examples=300)
@given(losses=st.lists(st.integers(-8, 8).map(lambda n: n / 4), max_size=80), config=GREEDY)
def test_the_greedy_rule_is_the_published_one(losses: list[float], config: dict[str, Any]) -> None:
    rule, theirs = greedy(eps=0.0, **config), GreedyRule(**config)
    state = rule.start()
    for step, loss in enumerate(losses):
        state = rule.observe(state, step, loss)
        assert state.multiplier == theirs.step(loss)


def test_transformers_own_greedy_lr() -> None:
    optimization = pytest.importorskip("transformers.optimization", reason="transformers is not installed")
    made = getattr(optimization, "GreedyLR", None) or pytest.skip("this transformers has no GreedyLR")
    losses = np.abs(np.random.default_rng(0).normal(2, 0.5, 500)).tolist()
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = made(optimizer, patience=2, factor=0.9, min_lr=0.2, max_lr=3.0, smooth=True, window_size=5, cooldown=1)
    rule = greedy(patience=2, factor=0.9, floor=0.2, ceiling=3.0, window=5, rest_after_cut=1)
    state = rule.start()
    for step, loss in enumerate(losses):
        theirs.step(loss)
        state = rule.observe(state, step, loss)
        assert state.multiplier == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)


def test_the_greedy_rule_forgets_a_nan_once_it_has_left_the_window() -> None:
    rule = greedy(patience=0, window=2, factor=0.5, floor=0.01)
    state = fold(rule, enumerate([3.0, NAN, 2.0]))  # better, no number, no number
    assert state.multiplier == 2.0 * 0.5 * 0.5
    assert fold(rule, [(3, 1.0), (4, 0.5)], state=state).multiplier == 2.0
    assert fold(rule, enumerate([INF, -INF, 1e308, 1e308])).multiplier <= 2.0


def test_the_greedy_rule_starts_again_from_its_floor() -> None:
    rule = greedy(patience=0, factor=0.5, floor=0.5, reset_after=2)
    state = fold(rule, enumerate([1.0, 1.0, 1.0]))  # a rise, a cut to 1, one to the floor
    assert [(d.kind, d.before, d.after) for d in state.decisions] == [
        ("rise", 1.0, 2.0), ("cut", 2.0, 1.0), ("cut", 1.0, 0.5),
    ]  # fmt: skip
    state = rule.observe(state, 3, 1.0)  # a second one there
    assert state.decisions[-1].kind == "reset"
    assert (state.multiplier, state.best, state.decisions[-1].before) == (1.0, None, 0.5)


@pytest.mark.parametrize(
    ("losses", "stopped_at"),
    [
        ([1.0, 0.9, 0.9, 0.9, 0.9], 4),
        ([1.0, 0.9, 0.85, 0.8, 0.75], None),
        ([1.0, 0.95, 0.92, 0.899, 0.85, 0.82, 0.8], 6),  # 0.899 alone is 0.1 below the best
        ([NAN, NAN, NAN], 2),
        ([INF, 1.0, NAN, INF, 1.0], 4),
    ],
)
def test_early_stopping(losses: list[float], stopped_at: int | None) -> None:
    change = 0.1 if 0.82 in losses else 0.0
    rule = early_stop(3, change)
    state, found = rule.start(), None
    for step, loss in enumerate(losses):
        state = rule.observe(state, step, loss)
        found = step if state.stopped and found is None else found
    assert found == stopped_at
    assert state.multiplier == 1.0
    assert [(d.step, d.kind) for d in state.decisions] == ([] if stopped_at is None else [(stopped_at, "stop")])


def test_a_stop_stays() -> None:
    rule = early_stop(1)
    state = fold(rule, enumerate([1.0, 1.0, 0.1, 0.01]))
    assert state.stopped
    assert len(state.decisions) == 1
    assert "1 losses in a row without one below 1 by more than 0" in state.decisions[0].reason


def test_backing_off_from_a_slow_divergence() -> None:
    """GPT-2 124M at lr 5e-3, logged every 50 updates: 5.02 (450), 5.54 (850), 6.22 (1650), 7.78 (4050).

    A z-score over a moving window never sees it; on the real log this alarm, asked from 300 on, comes at 1450.
    """
    steps = np.arange(0, 4_100, 50)
    losses = np.interp(steps, [0, 200, 450, 850, 1_650, 4_050], [10.8, 5.2, 5.02, 5.54, 6.22, 7.78])
    for seed in range(20):
        noisy = losses + np.random.default_rng(seed).normal(0, 0.05, steps.size)
        state = fold(back_off(rewarm=500, after=300), zip(steps.tolist(), noisy.tolist(), strict=True))
        assert 850 <= state.decisions[0].step <= 1_650
        assert "by more than 10% at 3 points in a row" in state.decisions[0].reason


def test_a_healthy_run_is_left_alone() -> None:
    steps = np.arange(0, 50_000, 50)
    for seed in range(20):
        losses = 3 + 7 * np.exp(-steps / 1_000) + np.random.default_rng(seed).normal(0, 0.1, steps.size)
        assert fold(back_off(), zip(steps.tolist(), losses.tolist(), strict=True)).decisions == ()


@pytest.mark.parametrize("odd", [NAN, INF, -INF])
def test_backing_off_from_what_is_no_number(odd: float) -> None:
    rule = back_off(rewarm=4, factor=0.5)
    state, used = fold(rule, [(0, 1.0), (1, odd)]), []
    for step in range(2, 10):
        used.append(state.multiplier)  # the multiplier of the update `step`
        state = rule.observe(state, step, 1.0)
    assert used == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.5, 0.5])
    assert [(d.step, d.kind, d.before) for d in state.decisions] == [(1, "cut", 1.0)]
    assert fold(rule, [(10, odd), (12, 1.0)], state=state).multiplier == pytest.approx(0.25 * 3 / 5)


def test_a_divergence_during_the_warmup_waits_for_its_end() -> None:
    state = fold(back_off(rewarm=4), enumerate([NAN] * 11))
    assert [d.step for d in state.decisions] == [0, 4, 8]
    assert [d.after * 5 for d in state.decisions] == [0.5, 0.25, 0.125]
    assert fold(back_off(rewarm=0, floor=0.25), enumerate([NAN] * 9)).multiplier == 0.25


def test_points_of_several_losses_are_less_noisy() -> None:
    losses = (2 + np.random.default_rng(0).normal(0, 0.6, 4_000)).tolist()
    assert fold(back_off(rewarm=0), enumerate(losses)).decisions
    assert fold(back_off(rewarm=0, accumulate=50), enumerate(losses)).decisions == ()


def test_a_negative_minimum_is_passed_by_a_share_of_its_size() -> None:
    low = [(step, -2.0) for step in range(5)]
    assert fold(back_off(weight=1.0, rewarm=0), [*low, *((step, -1.81) for step in range(5, 9))]).decisions == ()
    assert fold(back_off(weight=1.0, rewarm=0), [*low, *((step, -1.79) for step in range(5, 9))]).multiplier == 0.5
