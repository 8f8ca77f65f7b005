"""Configurations of OLMo-core and OLMo, against formulas written here."""

from itertools import accumulate
from math import sqrt
from typing import Any

import numpy as np
import pytest
from dialect_sizes import Case, Formula, Sizes, check, sizes, spoil, wave
from hypothesis import given
from hypothesis import strategies as st

from glidepath.schedules import dialects


def up(s: Sizes, t: int, first: float) -> float:
    return s.peak * (first + (1 - first) * t / s.warm)


def olmo_core(s: Sizes) -> list[Case]:
    plan = {"warmup": s.warm, "t_max": s.total, "warmup_min_lr": s.first * s.peak}
    begin, room = s.warm + s.flat, s.total - s.warm

    def warmed(behind: Formula) -> Formula:
        return lambda t: up(s, t, s.first) if t <= s.warm else s.peak * behind(t)

    def line(top: float) -> Formula:
        return lambda t: s.low * top + (1 - s.low) * top * (s.total - t) / s.down

    def decayed(leaves: Any) -> Formula:
        return warmed(lambda t: s.low + (1 - s.low) * leaves(min(1.0, (t - s.warm) / room)))

    def cut(top: float) -> dict[str, Any]:
        return {**plan, "decay": s.down, "decay_fraction": None, "decay_min_lr": s.low * top * s.peak}

    root = (begin / s.warm) ** -s.power
    crest = 0.2 + 0.8 * wave(s.flat / room)
    middle = s.low + (1 - s.low) / 2
    half = {"warmup_fraction": s.warm / s.total, "t_max": s.total, "alpha_f": s.low}
    return [
        ("olmo-core", "constant_with_warmup", plan, warmed(lambda _: 1.0)),
        ("olmo-core", "WSD", cut(1.0), warmed(lambda t: 1.0 if t < begin else line(1.0)(t))),
        (
            "olmo-core",
            "PowerLR",
            {**cut(root), "b": -s.power},
            warmed(lambda t: (t / s.warm) ** -s.power if t < begin else line(root)(t)),
        ),
        (
            "olmo-core",
            "CosWithWarmupAndLinearDecay",
            {**cut(crest), "alpha_f": 0.2},
            warmed(lambda t: 0.2 + 0.8 * wave((t - s.warm) / room) if t < begin else line(crest)(t)),
        ),
        ("olmo-core", "LinearWithWarmup", {**plan, "alpha_f": s.low}, decayed(lambda u: 1 - u)),
        ("olmo-core", "CosWithWarmup", {**plan, "alpha_f": s.low}, decayed(wave)),
        (
            "olmo-core",
            "InvSqrtWithWarmup",
            {**plan, "alpha_f": s.low},
            warmed(lambda t: s.low + (1 - s.low) * sqrt(s.warm / t)),
        ),
        (
            "olmo-core",
            "HalfCosWithWarmup",
            half,
            lambda t: (
                s.peak * middle * t / s.warm
                if t < s.warm
                else s.peak * (s.low + (1 - s.low) * wave(min(1.0, (t - s.warm) / room / 2 + 0.5)))
            ),
        ),
        (
            "olmo-core",
            "ExponentialScheduler",
            {"lr_min": s.peak * 0.001, "t_max": s.total},
            lambda t: s.peak * 0.001 ** (1 - min(1.0, t / s.total)),
        ),
    ]


@given(sizes, st.data())
def test_readings_are_the_formulas_three_horizons_past_the_end_too(s, data):
    check(*data.draw(st.sampled_from(olmo_core(s))), s.total, s.peak)


@given(sizes, st.data())
def test_nothing_but_our_own_errors_escapes(limit, s, data):
    staged = ("olmo-core", "ComposableScheduler", {"stages": STAGES, "override_decay": OVERRIDE}, None)
    joined = ("olmo-core", "SequentialScheduler", SEQUENCE, None)
    periods = ("olmo-core", "WSDS", {"period_lengths": [5, 6], "warmup": 2, "decay": 1}, None)
    with limit(5):
        spoil(data, data.draw(st.sampled_from([*olmo_core(s), staged, joined, periods])), s.peak)


@given(
    st.lists(st.tuples(st.integers(3, 20), st.floats(0.2, 2)), min_size=1, max_size=4),
    st.integers(0, 2),
    st.integers(1, 3),
    st.floats(0, 0.1),
)
def test_the_first_step_of_a_period_belongs_to_the_one_before(periods, warm, down, low):
    lengths, tops = [max(length, warm + down) for length, _ in periods], [top for _, top in periods]
    ends = list(accumulate(lengths))

    def formula(t: int) -> float:
        if t < warm:
            return tops[0] * t / warm
        k = next((k for k, end in enumerate(ends) if t <= end), None)
        return low if k is None else low + (tops[k] - low) * min(1.0, (ends[k] - t) / down)

    config = {"period_lengths": lengths, "period_lr_multipliers": tops, "warmup": warm, "decay": down}
    check("olmo-core", "WSDS", {**config, "decay_min_lr": low}, formula, ends[-1], 1.0)


STAGES = [
    {"duration": 4, "start_lr": 0.0, "end_lr_fraction": 1.0},
    {"duration": 6, "end_lr_fraction": 1.0},
    {"duration": 8, "end_lr": 0.05, "shape": "cosine"},
]


OVERRIDE = {"start": 3, "duration": 5, "end_lr_fraction": 0.02}


def staged(t: int) -> float:
    if t < 4:
        return 0.5 * t / 4
    return 0.5 if t < 10 else 0.05 + 0.45 * wave(min(1.0, (t - 10) / 8))


@pytest.mark.parametrize("begin", [0, 3, 10, 14, 30])
def test_a_decay_overrides_the_stages_from_where_they_are(begin):
    decay = {**OVERRIDE, "start": begin}

    def formula(t: int) -> float:
        here = staged(begin)
        return staged(t) if t < begin else here + (0.01 - here) * min(1.0, (t - begin) / 5)

    check("olmo-core", "ComposableScheduler", {"stages": STAGES}, staged, 18, 0.5)
    check("olmo-core", "ComposableScheduler", {"stages": STAGES, "override_decay": decay}, formula, 40, 0.5)


SEQUENCE = {
    "schedulers": [{"name": "CosWithWarmup", "warmup": 2}, {"name": "LinearWithWarmup", "warmup": 0, "alpha_f": 0.5}],
    "schedulers_max": [10],
    "t_max": 30,
}


def test_schedulers_in_sequence_go_on_from_the_last_rate():
    ours = dialects.read("olmo-core", "SequentialScheduler", SEQUENCE, base_lr=2.0).schedule
    theirs = [2.0 * t / 2 if t < 2 else 0.2 + 1.8 * wave((t - 2) / 8) for t in range(11)]
    theirs += [0.2 - 0.1 * (t - 10) / 20 for t in range(11, 31)]
    np.testing.assert_allclose(ours(range(31)), theirs, rtol=0, atol=1e-12)


@given(sizes)
def test_the_schedulers_of_olmo(s):
    asked = {"t_warmup": s.warm, "t_max": s.total, "alpha_f": s.low}

    def warmed(behind: Formula) -> Formula:
        return lambda t: up(s, t, 0.1) if t < s.warm else s.peak * behind(min(1.0, (t - s.warm) / (s.total - s.warm)))

    def root(t: int) -> float:
        return up(s, t, 0.1) if t < s.warm else s.peak * sqrt(s.warm / t)

    cosine = warmed(lambda u: s.low + (1 - s.low) * wave(u))
    envelope = warmed(lambda u: s.low + (1 - s.low) * (1 - u) * wave(u))
    for name, formula in (
        ("cosine_with_warmup", cosine),
        ("linear_with_warmup", warmed(lambda u: s.low + (1 - s.low) * (1 - u))),
        ("cosine_linear_envelope", envelope),
        ("constant_with_warmup", warmed(lambda _: 1.0)),
        ("inverse_sqrt_with_warmup", root),
        ("max_scheduler", lambda t: max(cosine(t), root(t))),
    ):
        check("olmo", name, asked, formula, s.total, s.peak)


def test_the_mended_reading_says_how_it_counts_and_stays_at_its_floor():
    mended = dialects.read("olmo-core", "WSD", {"warmup": 2}, horizon=20)
    assert "asks for t + 1" in mended.notes[0]
    assert "below its least rate behind step 20" in mended.notes[1]
    assert mended.schedule(20) == mended.schedule(80) == 0
    assert dialects.read("olmo-core", "WSD", {"warmup": 2}, horizon=20, faithful=True).notes == ()


@pytest.mark.parametrize(
    ("library", "name", "config", "shown"),
    [
        ("olmo-core", "WSD", {"warmup": 2, "warmup_fraction": 0.1}, "got both"),
        ("olmo-core", "WSD", {"warmup": 2, "decay": 3, "decay_fraction": 0.1}, "got both"),
        ("olmo-core", "WSD", {}, "warmup_fraction"),
        ("olmo-core", "WSD", {"warmup": 2, "decay_min_lr": 1.0}, "decay_min_lr below"),
        ("olmo-core", "CosWithWarmup", {"warmup": 2, "units": "tokens"}, "tokens"),
        ("olmo-core", "PowerLR", {"warmup": 0}, "a warmup"),
        ("olmo-core", "WSDS", {"period_lengths": [5, 0], "warmup": 1, "decay": 1}, "period_lengths"),
        ("olmo-core", "WSDS", {"period_lengths": [5, 2], "warmup": 1, "decay": 3}, "a decay within each period"),
        ("olmo-core", "ComposableScheduler", {"stages": []}, "stages"),
        ("olmo-core", "ComposableScheduler", {"stages": [{"duration": 3}]}, "end_lr_fraction"),
        ("olmo-core", "ComposableScheduler", {"stages": [{"duration": 3, "end_lr": 0.0, "form": 1}]}, "form"),
        ("olmo-core", "SequentialScheduler", {"schedulers": [{"name": "SequentialScheduler"}]}, "schedulers_max"),
        ("olmo", "inverse_sqrt_with_warmup", {"t_warmup": 0}, "t_warmup"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_one_sentence(complaint, library, name, config, shown):
    assert shown in complaint(dialects.read, library, name, config, horizon=20)
