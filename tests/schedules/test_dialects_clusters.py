"""Configurations of Megatron-LM and DeepSpeed, against formulas written here."""

from math import log, sqrt
from typing import Any

import numpy as np
import pytest
from dialect_sizes import Case, Formula, Sizes, check, sizes, spoil, wave
from hypothesis import given
from hypothesis import strategies as st

from glidepath.schedules import dialects


def up(s: Sizes, t: int, first: float) -> float:
    return s.peak * (first + (1 - first) * t / s.warm)


LEAVES = {
    "linear": lambda u: 1 - u,
    "cosine": wave,
    "sqrt": lambda u: 1 - sqrt(u),
    "minus_sqrt": lambda u: 1 - sqrt(u),
    "1-sqrt": lambda u: 1 - sqrt(u),
    "exponential": lambda u: 2 * 0.5**u - 1,
}


def megatron(s: Sizes) -> list[Case]:
    low, room = s.low * s.peak, s.total - s.warm
    plan = {"init_lr": s.first * s.peak, "max_lr": s.peak, "min_lr": low, "lr_warmup_steps": s.warm}
    plan |= {"lr_decay_steps": s.total}

    def cut(behind: Formula) -> Formula:
        return lambda t: up(s, t, s.first) if t <= s.warm else low if t > s.total else behind(t)

    def styled(leaves: Any) -> Formula:
        return cut(lambda t: low + (s.peak - low) * leaves((t - s.warm) / room))

    def stable(leaves: Any) -> Formula:
        return cut(lambda t: low + (s.peak - low) * leaves(max(0.0, (t - s.total + s.down) / s.down)))

    root = cut(lambda t: max(low, s.peak * sqrt(s.warm / t)))
    name = "OptimizerParamScheduler"
    return [
        *(("megatron", name, {**plan, "lr_decay_style": k}, styled(LEAVES[k])) for k in ("linear", "cosine")),
        ("megatron", name, {**plan, "lr_decay_style": "inverse-square-root"}, root),
        (
            "megatron",
            name,
            {**plan, "lr_decay_style": "constant"},
            lambda t: up(s, t, s.first) if t <= s.warm else s.peak,
        ),
        *(
            (
                "megatron",
                name,
                {**plan, "lr_decay_style": "WSD", "wsd_decay_steps": s.down, "lr_wsd_decay_style": k},
                stable(LEAVES[k]),
            )
            for k in ("linear", "cosine", "minus_sqrt", "exponential")
        ),
    ]


def deepspeed(s: Sizes) -> list[Case]:
    low, warm, room = s.low * s.peak, max(2, s.warm), max(0, s.total - max(2, s.warm))

    def rising(kind: str, i: int) -> float:
        return log(i + 1) / log(warm) if kind == "log" else i / warm

    def case(name: str, kind: str, config: dict[str, Any], idle: float, up: Any, behind: Formula) -> Case:
        def formula(t: int) -> float:
            return idle if t == 0 else up(rising(kind, t - 1)) if t - 1 < warm else behind(t - 1)

        return "deepspeed", name, {"warmup_num_steps": s.warm, "warmup_type": kind, **config}, formula

    span = {"warmup_min_lr": low, "warmup_max_lr": s.peak}
    cases = []
    for kind in ("log", "linear"):
        cases += [
            case("WarmupLR", kind, span, low, lambda g: low + (s.peak - low) * g, lambda _: s.peak),
            case(
                "WarmupDecayLR",
                kind,
                {**span, "total_num_steps": s.total},
                low,
                lambda g: low + (s.peak - low) * g,
                lambda i: low + (s.peak - low) * max(0.0, (s.total - i) / max(1.0, room)),
            ),
            case(
                "WarmupCosineLR",
                kind,
                {"total_num_steps": s.total, "warmup_min_ratio": s.first, "cos_min_ratio": s.low},
                0.0,
                lambda g: s.peak * (s.first + (1 - s.first) * g),
                lambda i: s.peak * (s.low + (1 - s.low) * wave(min(1.0, (i - warm + 1) / max(1, room)))),
            ),
        ]
    return cases


def one_cycle(s: Sizes, up_stairs: int, down_stairs: int, rate: float) -> Case:
    low, total = s.low * s.peak, s.warm + s.down

    def formula(t: int) -> float:
        if t >= total:
            return low / (1 + rate * (t - total) / 3)
        share, stairs = (t / s.warm, up_stairs) if t <= s.warm else ((total - t) / s.down, down_stairs)
        if stairs:
            done, of = (t, s.warm) if t <= s.warm else (total - t, s.down)
            share = done * stairs // of / stairs
        return low + (s.peak - low) * share

    config = {"cycle_min_lr": low, "cycle_max_lr": s.peak, "cycle_first_step_size": s.warm}
    config |= {"cycle_second_step_size": s.down, "cycle_first_stair_count": up_stairs, "decay_lr_rate": rate}
    config |= {"cycle_second_stair_count": down_stairs, "decay_step_size": 3, "cycle_momentum": False}
    return "deepspeed", "OneCycle", config, formula


@pytest.mark.parametrize("cases", [megatron, deepspeed], ids=lambda cases: cases.__name__)
@given(data=st.data())
def test_readings_are_the_formulas_three_horizons_past_the_end_too(cases, data):
    s = data.draw(sizes)
    check(*data.draw(st.sampled_from(cases(s))), s.total, s.peak)


@pytest.mark.parametrize("cases", [megatron, deepspeed], ids=lambda cases: cases.__name__)
@given(data=st.data())
def test_nothing_but_our_own_errors_escapes(limit, cases, data):
    s = data.draw(sizes)
    with limit(5):
        spoil(data, data.draw(st.sampled_from([*cases(s), one_cycle(s, 3, 0, 1.0)])), s.peak)


@given(sizes, st.integers(0, 30), st.integers(0, 30), st.floats(0, 2))
def test_one_cycle_goes_up_and_down_in_as_many_stairs_as_asked(s, up_stairs, down_stairs, rate):
    check(*one_cycle(s, up_stairs, down_stairs, rate), s.total, s.peak)


@given(st.integers(1, 12), st.floats(0, 2), st.integers(5, 60), st.booleans())
def test_a_range_test_climbs_until_the_run_ends(size, rate, run, staircase):
    config = {"lr_range_test_min_lr": 0.1, "lr_range_test_step_size": size, "lr_range_test_step_rate": rate}
    ours = dialects.read("deepspeed", "LRRangeTest", {**config, "lr_range_test_staircase": staircase}, horizon=run)
    theirs = [0.1 * (1 + rate * (t // size if staircase else t / size)) for t in range(run)]
    np.testing.assert_allclose(ours.schedule(range(run)), theirs, rtol=1e-12)


PLAN = {"init_lr": 0.0, "max_lr": 1.0, "min_lr": 0.1, "lr_warmup_steps": 3, "lr_decay_steps": 10}


@pytest.mark.parametrize(
    ("library", "name", "config", "shown"),
    [
        ("megatron", "OptimizerParamScheduler", {**PLAN, "lr_decay_steps": 3}, "below lr_decay_steps"),
        ("megatron", "OptimizerParamScheduler", {**PLAN, "lr_decay_style": "WSD"}, "wsd_decay_steps"),
        ("megatron", "OptimizerParamScheduler", {**PLAN, "lr_decay_style": "wsd"}, "known: linear"),
        ("megatron", "OptimizerParamScheduler", {**PLAN, "warmup_iter": 3}, "did you mean 'lr_warmup_steps'?"),
        ("deepspeed", "WarmupLR", {"warmup_type": "cosine"}, "warmup_type"),
        ("deepspeed", "OneCycle", {"cycle_min_lr": 0.1}, "cycle_max_lr"),
        ("deepspeed", "OneCycle", {"cycle_min_lr": [0.1], "cycle_max_lr": 1.0}, "cycle_min_lr as a number"),
        (
            "deepspeed",
            "OneCycle",
            {"cycle_min_lr": 0.1, "cycle_max_lr": 1.0, "cycle_first_stair_count": 10**9},
            "cycle_first_stair_count",
        ),
    ],
)
def test_a_configuration_that_cannot_be_read_is_one_sentence(complaint, library, name, config, shown):
    assert shown in complaint(dialects.read, library, name, config, horizon=20)
