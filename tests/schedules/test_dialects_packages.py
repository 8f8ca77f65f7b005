"""Configurations of the small packages of schedules, against formulas written here."""

import math
from math import floor, sqrt, tanh
from typing import Any

import numpy as np
import pytest
from dialect_sizes import EXACT, Case, Formula, Sizes, check, sizes, spoil, wave
from hypothesis import given
from hypothesis import strategies as st

from glidepath.schedules import dialects


def up(s: Sizes, t: int) -> float:
    return s.peak * t / s.warm


def slanted(s: Sizes, t: int) -> float:
    cut = floor(s.total * 0.3)
    share = (t / cut if t < cut else 1 - (t - cut) / (s.total - cut)) if t else 0.0
    return s.peak * (1 + max(0.0, share) * 31) / 32


def hyperbola(s: Sizes, t: int) -> float:
    """f(x) - f(0) with an upper bound of (1 + power) T."""
    bound, total = s.total * (1 + s.power), s.total
    here, first = (sqrt((total - x) / bound * (2 - (total + x) / bound)) for x in (min(t, total), 0))
    return here - first


def rex(s: Sizes, t: int) -> float:
    share = min(1.0, t / s.total)
    return s.peak * (1 - share) / (1 - share / 2)


def scheduler(s: Sizes) -> list[Case]:
    total, low, begin = s.total, s.low * s.peak, s.warm + s.flat

    def phased(leaves: Any, first: int) -> Formula:
        """Up, the peak until `first`, a fall to the end."""
        return lambda t: (
            up(s, t) if t < s.warm else low + (s.peak - low) * leaves(min(1.0, max(0.0, (t - first) / (total - first))))
        )

    def bare(leaves: Any) -> Formula:
        return lambda t: low + (s.peak - low) * leaves(t / total) if t < total else low

    def behind(leaves: Formula) -> Formula:
        return lambda t: up(s, t) if t < s.warm else s.peak * leaves(t)

    poly = phased(lambda u: (1 - u) ** s.power, s.warm)
    short, plan = {"total_steps": total, "min_lr": low}, {"total_steps": total, "warmup_steps": s.warm, "min_lr": low}
    bound = total * (1 + s.power)
    cases: list[tuple[str, dict[str, Any], Formula]] = [
        ("RexScheduler", {"total_steps": total}, lambda t: rex(s, t)),
        ("linear_decay", plan, phased(lambda u: 1 - u, s.warm)),
        ("CosineWithWarmupScheduler", plan, phased(wave, s.warm)),
        ("WarmupHoldCosineScheduler", {**plan, "hold_steps": s.flat}, phased(wave, begin)),
        ("wsd", {**plan, "stable_steps": s.flat, "decay_type": "sqrt"}, phased(lambda u: 1 - sqrt(u), begin)),
        ("TrapezoidalScheduler", {**plan, "decay_steps": s.down}, phased(lambda u: 1 - u, begin)),
        ("KDecayScheduler", {**short, "k": s.power}, bare(lambda u: wave(u**s.power))),
        ("TanhDecayScheduler", {**short, "steepness": 2.0}, bare(lambda u: (1 - tanh(2 * (2 * u - 1))) / 2)),
        ("PolynomialScheduler", {**plan, "power": s.power}, poly),
        ("PolynomialScheduler", {**plan, "power": s.power, "cycle": True}, lambda t: poly(t % total)),
        ("InverseSqrtScheduler", {"warmup_steps": s.warm}, behind(lambda t: sqrt(s.warm / t))),
        ("PowerDecayScheduler", {**plan, "alpha": s.power}, behind(lambda t: max(s.low, (s.warm / t) ** s.power))),
        ("ChebyshevScheduler", short, lambda t: low + (s.peak - low) * wave((min(t, total - 1) + 0.5) / total)),
        (
            "HyperbolicLRScheduler",
            {**short, "upper_bound": bound},
            lambda t: s.peak + (s.peak - low) * hyperbola(s, t),
        ),
        (
            "ExpHyperbolicLRScheduler",
            {"total_steps": total, "min_lr": 0.01 * s.peak, "upper_bound": bound},
            lambda t: s.peak * 100 ** hyperbola(s, t),
        ),
    ]
    if total * 0.3 >= 1:
        cases.append(("SlantedTriangularScheduler", {"total_steps": total, "cut_frac": 0.3}, lambda t: slanted(s, t)))
    return [("pytorch-scheduler", *case) for case in cases]


def optimizer(s: Sizes) -> list[Case]:
    low, first, room, end = s.low * s.peak, s.first * s.peak, s.total - s.warm, s.total
    plan = {"t_max": end, "max_lr": s.peak, "min_lr": low, "init_lr": first, "warmup_steps": s.warm}

    def lagging(behind: Formula) -> Formula:
        def formula(t: int) -> float:
            i = t - 1
            return low if i < 0 else first + (s.peak - first) * i / s.warm if i < s.warm else behind(i - s.warm)

        return formula

    def stable(leaves: Any) -> Formula:
        begin = s.warm + s.flat
        return lambda t: up(s, t) if t < s.warm else s.peak * (leaves(max(0, t - begin) / s.down) if t < end else s.low)

    ratio = {"num_warmup_steps": s.warm, "num_stable_steps": s.flat, "num_decay_steps": s.down, "min_lr_ratio": s.low}
    leaves = {
        "cosine": lambda u: s.low + (1 - s.low) * wave(u),
        "1-sqrt": lambda u: 1 - sqrt(u),
        "1-square": lambda u: 1 - u * u,
        "linear": lambda u: 1 - u,
    }
    name = "get_wsd_schedule"
    cases: list[tuple[str, dict[str, Any], Formula]] = [
        ("LinearScheduler", plan, lagging(lambda n: s.peak + (low - s.peak) * n / room)),
        ("cosine", plan, lagging(lambda n: low + (s.peak - low) * wave(n / room))),
        (
            "REXScheduler",
            {"total_steps": end, "max_lr": s.peak, "min_lr": low},
            lambda t: low + (s.peak - low) * ((1 - t / end) / (1 - t / end / 2) if 0 < t < end else 0),
        ),
        *((name, {**ratio, "cooldown_type": kind}, stable(curve)) for kind, curve in leaves.items()),
    ]
    return [("pytorch_optimizer", *case) for case in cases]


@pytest.mark.parametrize("cases", [scheduler, optimizer], ids=lambda cases: cases.__name__)
@given(data=st.data())
def test_readings_are_the_formulas_three_horizons_past_the_end_too(cases, data):
    s = data.draw(sizes)
    check(*data.draw(st.sampled_from(cases(s))), s.total, s.peak)


@pytest.mark.parametrize("cases", [scheduler, optimizer], ids=lambda cases: cases.__name__)
@given(data=st.data())
def test_nothing_but_our_own_errors_escapes(limit, cases, data):
    s = data.draw(sizes)
    with limit(5):
        spoil(data, data.draw(st.sampled_from(cases(s))), s.peak)


@given(sizes, st.sampled_from([0.5, 1.0, 1.7]), st.sampled_from([0.6, 1.0, 1.1]), st.booleans())
def test_restarts_with_a_warmup_in_every_cycle(s, growth, factor, warmed):
    first, warm, low = s.total, s.warm if warmed else 0, s.low * s.peak
    config = {"first_cycle_steps": first, "warmup_steps": warm, "max_lr": s.peak, "min_lr": low}
    config |= {"cycle_mult": growth, "gamma": factor}

    def cycles(k: int, before: int) -> int:
        return first if k == 0 else max(1, int((before - warm) * growth)) + warm

    def longer(k: int, before: int) -> int:
        del before
        return int(first * growth**k)

    def formula(t: int, length: Any, *, idle: bool) -> float:
        k, local, here = 0, t, length(0, 0)
        while local >= here:
            k, local, here = k + 1, local - here, length(k + 1, here)
        top = s.peak * factor**k
        if t == 0 or (local == 0 and idle):
            return low
        if local < warm:
            return low + (top - low) * local / warm
        return low + (top - low) * wave((local - warm) / (here - warm))

    name = "CosineAnnealingWarmupRestarts"
    check("pytorch_optimizer", name, config, lambda t: formula(t, cycles, idle=False), first, 1.0)
    if growth >= 1:
        check("pytorch-scheduler", name, config, lambda t: formula(t, longer, idle=True), first, 1.0)


def test_a_chebyshev_schedule_is_in_fractal_order():
    ours = dialects.read("pytorch_optimizer", "get_chebyshev_schedule", {"num_epochs": 8}).schedule
    order = [0, 0, 0, 7, 3, 4, 1, 6, 2, 5, 5, 5]
    theirs = [1 / (0.525 - 0.475 * math.cos((k + 0.5) * math.pi / 8)) for k in order]
    np.testing.assert_allclose(ours(range(12)), theirs, rtol=0, atol=EXACT)


@given(sizes, st.integers(3, 80))
def test_the_poly_scheduler_climbs_for_ever_only_when_asked(s, run):
    config = {"t_max": s.total, "max_lr": s.peak, "warmup_steps": s.warm, "poly_order": s.power}
    kept = dialects.read("pytorch_optimizer", "PolyScheduler", config, horizon=run, faithful=True).schedule
    mended = dialects.read("pytorch_optimizer", "poly", config, horizon=run)
    behind = range(s.warm + 2, max(run, s.total))
    theirs = [s.peak * (t - 1 - s.warm) ** s.power for t in behind]
    np.testing.assert_allclose(kept(behind), theirs, rtol=10 * EXACT, atol=EXACT * kept.peak)
    np.testing.assert_allclose(mended.schedule(behind), s.peak)
    assert "climbs for ever" in mended.notes[0]


@given(sizes, st.sampled_from(["linear", "cosine", "exponential"]), st.integers(0, 30))
def test_schedulers_around_others(s, kind, milestone):
    share = {"linear": lambda u: u, "cosine": lambda u: 1 - wave(u), "exponential": lambda u: u * u}[kind]
    rex = {"name": "RexScheduler", "total_steps": s.down}
    config = {"base_scheduler": rex, "warmup_steps": s.warm, "warmup_type": kind}

    def inner(t: int) -> float:
        return s.peak * max(0.0, 1 - t / s.down) / (1 - min(1, t / s.down) / 2)

    def warmed(t: int) -> float:
        return s.peak * share(t / s.warm) if t < s.warm else inner(t - s.warm)

    check("pytorch-scheduler", "WarmupScheduler", config, warmed, s.total, s.peak)
    both = {"schedulers": [{"name": "identity"}, {"name": "WarmupScheduler", **config}], "milestones": [milestone]}
    check(
        "pytorch-scheduler",
        "SequentialComposer",
        both,
        lambda t: s.peak if t < milestone else warmed(t - milestone),
        s.total + milestone,
        s.peak,
    )


PLAN = {"t_max": 10, "max_lr": 1.0, "min_lr": 0.1, "warmup_steps": 2}
WSD = {"num_warmup_steps": 2, "num_stable_steps": 3, "num_decay_steps": 5, "min_lr_ratio": 0.2}


@pytest.mark.parametrize(
    ("name", "config", "said", "least"),
    [
        ("LinearScheduler", PLAN, "below min_lr behind step 11", 0.1),
        ("CosineScheduler", PLAN, "climbs again behind step 11", 0.1),
        ("get_wsd_schedule", WSD, "jumps up to min_lr_ratio at step 10", 0.2),
    ],
)
def test_what_was_mended_is_said(name, config, said, least):
    mended = dialects.read("pytorch_optimizer", name, config)
    assert said in mended.notes[0]
    assert mended.schedule(range(11, 60)).tolist() == pytest.approx([least] * 49)
    assert dialects.read("pytorch_optimizer", name, config, faithful=True).notes == ()


@pytest.mark.parametrize(
    ("library", "name", "config", "shown"),
    [
        ("pytorch_optimizer", "LinearScheduler", {**PLAN, "warmup_steps": 10}, "warmup_steps below t_max"),
        ("pytorch_optimizer", "LinearScheduler", {**PLAN, "max_lr": -1.0}, "max_lr from 0"),
        ("pytorch_optimizer", "LinearScheduler", {**PLAN, "total_steps": 10}, "total_steps"),
        ("pytorch_optimizer", "PolyScheduler", {**PLAN, "poly_order": 0}, "poly_order"),
        ("pytorch_optimizer", "get_chebyshev_schedule", {"num_epochs": 10**9}, "num_epochs up to 4096"),
        ("pytorch_optimizer", "get_wsd_schedule", {**WSD, "cooldown_type": "sqrt"}, "1-sqrt"),
        ("pytorch-scheduler", "WSDScheduler", {"total_steps": 9, "warmup_steps": 4, "stable_steps": 5}, "a decay"),
        ("pytorch-scheduler", "wsd", {"total_steps": 9, "warmup_steps": 4}, "stable_steps"),
        ("pytorch-scheduler", "rex", {"total_steps": 9, "min_lr": 0.1}, "its own fields, got 'min_lr'"),
        ("pytorch-scheduler", "k_decay", {"total_steps": 9, "min_lr": math.nan}, "min_lr as a number"),
        ("pytorch-scheduler", "SlantedTriangularScheduler", {"total_steps": 9, "cut_frac": 1.0}, "no way down"),
        ("pytorch-scheduler", "exp_hyperbolic", {"total_steps": 9, "upper_bound": 9, "min_lr": 0.0}, "min_lr above 0"),
        ("pytorch-scheduler", "hyperbolic", {"total_steps": 9, "upper_bound": 8}, "upper_bound from 9"),
        ("pytorch-scheduler", "cosine_annealing", {"first_cycle_steps": 4, "cycle_mult": 0.1}, "a cycle of 0"),
        ("pytorch-scheduler", "WarmupScheduler", {"warmup_steps": 3, "base_scheduler": "rex"}, "base_scheduler"),
        ("pytorch-scheduler", "SequentialComposer", {"schedulers": [{"name": "rex"}], "milestones": [3]}, "milestone"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_one_sentence(complaint, library, name, config, shown):
    assert shown in complaint(dialects.read, library, name, config, horizon=20)
