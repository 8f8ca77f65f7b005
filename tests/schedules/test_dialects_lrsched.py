"""Calls of lrsched by their keyword arguments, against formulas written here."""

from math import sqrt
from typing import Any

import pytest
from dialect_sizes import Case, Formula, Sizes, check, sizes, spoil, wave
from hypothesis import given
from hypothesis import strategies as st

from glidepath.schedules import dialects

STABLE = {"base_lr": 1.0, "warmup_steps": 3, "decay_steps": 4, "total_steps": 10, "final_lr": 0.1}
ONE_CYCLE = {"max_lr": 1.0, "total_steps": 10, "pct_start": 0.3, "initial_div": 25.0, "final_div": 1e4}
COSINE = {"name": "cosine", "base_lr": 1.0, "min_lr": 0.1, "total_steps": 7}


def up(s: Sizes, t: int) -> float:
    return s.peak * t / s.warm


def lrsched(s: Sizes) -> list[Case]:
    low, total, begin, size = s.low * s.peak, s.total, s.warm + s.flat, s.warm

    def share(t: int) -> float:
        return min(1.0, t / total)

    def height(t: int) -> float:
        return 1 - abs(t % (2 * size) / size - 1)

    def stable(t: int) -> float:
        start = s.first * s.peak
        if t < s.warm:
            return start + (s.peak - start) * t / s.warm
        return low + (s.peak - low) * (1 - sqrt(min(1.0, max(0.0, (t - begin) / s.down))))

    ends, ring = {"base_lr": s.peak, "end_lr": low, "total_steps": total}, {"min_lr": low, "max_lr": s.peak}
    wsd = {"base_lr": s.peak, "warmup_steps": s.warm, "decay_steps": s.down, "total_steps": total, "final_lr": low}
    cases: list[tuple[str, dict[str, Any], Formula]] = [
        ("constant", {"lr": s.peak}, lambda _: s.peak),
        ("step_decay", {"base_lr": s.peak, "drop": 0.5, "step_size": size}, lambda t: s.peak * 0.5 ** (t // size)),
        (
            "multi_step",
            {"base_lr": s.peak, "milestones": [begin + 1, 1, 1], "gamma": 1.5},
            lambda t: s.peak * 1.5 ** (2 * (t >= 1) + (t >= begin + 1)),
        ),
        ("exponential", {"base_lr": s.peak, "gamma": 0.9}, lambda t: s.peak * 0.9**t),
        (
            "exponential_decay",
            {"base_lr": s.peak, "decay_rate": 0.5, "decay_steps": size},
            lambda t: s.peak * 0.5 ** (t / size),
        ),
        ("linear", {**ends, "base_lr": low, "end_lr": s.peak}, lambda t: low + (s.peak - low) * share(t)),
        (
            "polynomial",
            {**ends, "power": s.power},
            lambda t: low + (s.peak - low) * (1 - share(t)) ** s.power,
        ),
        (
            "cosine",
            {"base_lr": s.peak, "min_lr": low, "total_steps": total},
            lambda t: low + (s.peak - low) * wave(share(t)),
        ),
        (
            "inverse_sqrt",
            {"base_lr": s.peak, "warmup_steps": s.warm},
            lambda t: up(s, t) if t < size else s.peak * sqrt(size / t),
        ),
        ("warmup_stable_decay", {**wsd, "warmup_start": s.first * s.peak, "decay_shape": "1-sqrt"}, stable),
        ("triangular", {**ring, "step_size": size}, lambda t: low + (s.peak - low) * height(t)),
        (
            "triangular2",
            {**ring, "step_size": size},
            lambda t: low + (s.peak - low) * height(t) * 0.5 ** (t // (2 * size)),
        ),
        (
            "exp_range",
            {**ring, "step_size": size, "gamma": 0.95},
            lambda t: low + (s.peak - low) * height(t) * 0.95**t,
        ),
    ]
    return [("lrsched", *case) for case in cases]


@given(sizes, st.data())
def test_readings_are_the_formulas_three_horizons_past_the_end_too(s, data):
    check(*data.draw(st.sampled_from(lrsched(s))), s.total, s.peak)


@given(sizes, st.data())
def test_nothing_but_our_own_errors_escapes(limit, s, data):
    warmed = ("lrsched", "with_warmup", {"schedule": COSINE, "warmup_steps": 3, "start_lr": 0.0}, None)
    with limit(5):
        spoil(data, data.draw(st.sampled_from([*lrsched(s), warmed])), s.peak)


@given(sizes, st.integers(1, 20))
def test_phases_of_lrsched_hold_the_last_value_of_the_last(s, length):
    line = {"name": "linear", "base_lr": s.peak, "end_lr": 0.0, "total_steps": s.down}
    flat = {"name": "constant", "lr": 2 * s.peak}
    config = {"phases": [[length, flat], [s.warm, line]]}

    def formula(t: int) -> float:
        local = min(t - length, s.warm - 1)
        return 2 * s.peak if t < length else s.peak * max(0.0, 1 - local / s.down)

    check("lrsched", "sequential", config, formula, length + s.warm, 1.0)


DEEP: dict[str, Any] = {"name": "constant", "lr": 1.0}
for _ in range(50):
    DEEP = {"name": "with_warmup", "schedule": DEEP, "warmup_steps": 1, "start_lr": 0.0}


@pytest.mark.parametrize(
    ("name", "config", "shown"),
    [
        ("cosine", {"base_lr": 1.0, "min_lr": 0.1}, "total_steps"),
        ("cosine", {"base_lr": 0.0, "min_lr": 0.0, "total_steps": 5}, "the peak"),
        ("multi_step", {"base_lr": 1.0, "milestones": [0], "gamma": 0.1}, "milestones"),
        ("one_cycle", {**ONE_CYCLE, "pct_start": 1.0}, "between 0 and 1"),
        ("warmup_stable_decay", {**STABLE, "warmup_start": 0.0, "decay_shape": "cosine"}, "decay_shape"),
        ("with_warmup", {"schedule": DEEP, "warmup_steps": 1, "start_lr": 0.0}, "within each other"),
        ("with_warmup", {"schedule": {"name": "cosin"}, "warmup_steps": 1, "start_lr": 0.0}, "'cosine'"),
        ("sequential", {"phases": [[0, {"name": "constant", "lr": 1.0}]]}, "a phase as"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_one_sentence(complaint, name, config, shown):
    assert shown in complaint(dialects.read, "lrsched", name, config, horizon=20)
