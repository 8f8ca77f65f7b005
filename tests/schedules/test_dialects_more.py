"""Paddle, composer, mmengine, fastai, fairseq and ignite: against their formulas."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glidepath import Horizon
from glidepath.errors import GlidepathError
from glidepath.schedules import dialects


def values(library: str, name: str, config: dict[str, Any], steps: int, *, faithful: bool = True, **more: Any) -> Any:
    reading = dialects.read(library, name, config, faithful=faithful, **{"horizon": steps, **more})
    return reading.schedule(range(steps))


sizes = st.integers(1, 30)
rates = st.floats(0.0, 1.0)


@given(sizes, st.sampled_from([0.5, 1.0, 2.0]), rates)
def test_paddles_cycles_of_a_polynomial_grow_with_the_step(count, power, low):
    def theirs(t: int) -> float:
        n = count * max(1, math.ceil(t / count))
        return (1.0 - low) * (1 - t / n) ** power + low

    config = {"learning_rate": 1.0, "decay_steps": count, "end_lr": low, "power": power, "cycle": True}
    np.testing.assert_allclose(
        values("paddle", "PolynomialDecay", config, 90), list(map(theirs, range(90))), atol=1e-12
    )


@given(sizes, sizes, st.sampled_from(["triangular", "triangular2", "exp_range"]), rates)
def test_paddles_triangles_shrink_by_their_mode(up, down, mode, base):
    def theirs(t: int) -> float:
        cycle, at = divmod(t, up + down)
        height = at / up if at <= up else (up + down - at) / down
        return base + (1.0 - base) * height * {"triangular": 1, "triangular2": 0.5**cycle, "exp_range": 0.97**t}[mode]

    config = {"base_learning_rate": base, "max_learning_rate": 1.0, "step_size_up": up, "step_size_down": down}
    ours = values("paddle", "CyclicLR", {**config, "mode": mode, "exp_gamma": 0.97}, 120)
    np.testing.assert_allclose(ours, list(map(theirs, range(120))), rtol=0, atol=1e-12)


PADDLE: list[tuple[str, dict[str, Any], Callable[[int], float]]] = [
    ("NoamDecay", {"d_model": 16, "warmup_steps": 5}, lambda t: 0.25 * min((t or 1) ** -0.5, t * 5**-1.5)),
    ("NaturalExpDecay", {"learning_rate": 0.5, "gamma": 0.1}, lambda t: 0.5 * math.exp(-0.1 * t)),
    ("ExponentialDecay", {"learning_rate": 0.5, "gamma": 0.9}, lambda t: 0.5 * 0.9**t),
    ("StepDecay", {"learning_rate": 0.5, "step_size": 7}, lambda t: 0.5 * 0.1 ** (t // 7)),
    ("MultiStepDecay", {"learning_rate": 0.5, "milestones": [3, 9]}, lambda t: 0.5 * 0.1 ** ((t >= 3) + (t >= 9))),
    ("LinearLR", {"learning_rate": 0.6, "total_steps": 8}, lambda t: 0.2 + 0.4 * min(t, 8) / 8),
    ("LinearWarmup", {"learning_rate": 0.2, "warmup_steps": 4, "start_lr": 0.1, "end_lr": 0.9}, lambda t: [
        0.1, 0.3, 0.5, 0.7, 0.2][min(t, 4)]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "config", "theirs"), PADDLE)
def test_paddles_names_are_their_formulas(name, config, theirs):
    np.testing.assert_allclose(values("paddle", name, config, 60), list(map(theirs, range(60))), rtol=0, atol=1e-12)


def cosine(share: float, start: float, end: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


@given(st.integers(1, 900), st.integers(1, 20), st.integers(1, 9), st.integers(1, 40), st.booleans())
def test_composer_counts_in_whole_samples_and_batches(tokens, per_step, epochs, warm, dur):
    horizon = Horizon(80, steps_per_epoch=4, samples_per_step=3, tokens_per_step=per_step)
    for name, config, count, end in (
        ("CosineAnnealingScheduler", {"t_max": f"{tokens}tok", "alpha_f": 0.1}, per_step, tokens),
        ("CosineAnnealingScheduler", {"t_max": f"{epochs}ep", "alpha_f": 0.1}, 1, 4 * epochs),
        ("CosineAnnealingScheduler", {"t_max": "0.29dur", "max_duration": "100ba", "alpha_f": 0.1}, 1, 28),
    ):
        theirs = [cosine(min(1.0, count * t / end), 1.0, 0.1) for t in range(80)]
        np.testing.assert_allclose(values("composer", name, config, 80, horizon=horizon), theirs, rtol=0, atol=1e-12)
    limit = {"max_duration": "200sp"} if dur else {"max_duration": "200sp", "t_max": "200sp"}
    ours = values("composer", "LinearWithWarmupScheduler", {"t_warmup": f"{warm}sp", **limit}, 80, horizon=horizon)
    up = [min(3 * t / warm, 1 - max(0, min(1, (3 * t - warm) / (200 - warm)))) for t in range(80)]
    np.testing.assert_allclose(ours, up, rtol=0, atol=1e-12)


def test_composers_scaled_warmup_is_cut_where_the_unscaled_one_ends():
    config = {"t_warmup": "4ba", "max_duration": "10ba", "t_max": "20ba", "scale_warmup": True}
    half = values("composer", "LinearWithWarmupScheduler", {**config, "ssr": 0.5}, 5)
    twice = values("composer", "LinearWithWarmupScheduler", {**config, "ssr": 2.0}, 5)
    assert half.tolist() == [0.0, 0.5, 1.0, 1.0, 1.0]
    assert twice.tolist() == [0.0, 0.125, 0.25, 0.375, 1.0]


def found(rate: float, k: int, name: str, config: dict[str, Any], length: int) -> float:
    """mmengine's recursions: what each makes of the rate that it finds at its tick k."""
    if name == "ConstantLR":
        return rate * (config["factor"] if k == 0 else 1 / config["factor"] if k == length - 1 else 1)
    if name == "LinearLR":
        start, end = config["start_factor"], config["end_factor"]
        return rate * (start if k == 0 else 1 + (end - start) / ((length - 1) * start + (k - 1) * (end - start)))
    if name == "PolyLR":
        low = config["eta_min"]
        return rate if k == 0 else (rate - low) * (1 - 1 / (length - k)) ** config["power"] + low
    if name == "ExponentialLR":
        return rate if k == 0 else rate * config["gamma"]
    drops = k % config["step_size"] == 0 if name == "StepLR" else k in config["milestones"]
    return rate * config["gamma"] if drops and k else rate


SCHEDULERS = st.one_of(
    st.tuples(st.just("ConstantLR"), st.fixed_dictionaries({"factor": st.floats(0.1, 1)})),
    st.tuples(
        st.just("LinearLR"), st.fixed_dictionaries({"start_factor": st.floats(0.1, 1), "end_factor": st.floats(0.1, 1)})
    ),
    st.tuples(st.just("PolyLR"), st.fixed_dictionaries({"eta_min": st.floats(0, 0.01), "power": st.floats(0.5, 2)})),
    st.tuples(st.just("ExponentialLR"), st.fixed_dictionaries({"gamma": st.floats(0.8, 1)})),
    st.tuples(st.just("StepLR"), st.fixed_dictionaries({"step_size": sizes, "gamma": st.floats(0.5, 1)})),
    st.tuples(
        st.just("MultiStepLR"),
        st.fixed_dictionaries({"milestones": st.lists(sizes, unique=True, max_size=3), "gamma": st.floats(0.5, 1)}),
    ),
)


@given(st.lists(st.tuples(SCHEDULERS, st.integers(0, 9), st.integers(2, 20)), min_size=1, max_size=4), st.booleans())
def test_mmengines_windows_hand_on_the_rate_that_they_find(windows, by_epoch):
    schedulers, at, size = [], 0, 3 if by_epoch else 1
    for (name, config), gap, length in windows:
        schedulers.append({"type": name, **config, "begin": at + gap, "end": at + gap + length, "by_epoch": by_epoch})
        at += gap + length
    theirs, rate = [], 0.5
    for tick in range(at + 5):
        for (name, config), table in zip((window[0] for window in windows), schedulers, strict=True):
            if table["begin"] <= tick < table["end"]:
                rate = found(rate, tick - table["begin"], name, config, table["end"] - table["begin"])
        theirs += [rate] * size
    horizon = Horizon(len(theirs), steps_per_epoch=3)
    ours = values("mmengine", "param_scheduler", {"schedulers": schedulers}, len(theirs), horizon=horizon, base_lr=0.5)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_mmengines_windows_that_overlap_are_multiplied_or_refused():
    warm = {"type": "LinearLR", "start_factor": 0.25, "by_epoch": False, "begin": 0, "end": 4}
    drops = {"type": "MultiStepLR", "milestones": [1], "gamma": 0.5, "begin": 0, "end": 4}
    horizon = Horizon(6, steps_per_epoch=2)
    ours = values("mmengine", "param_scheduler", {"schedulers": [warm, drops]}, 6, horizon=horizon)
    assert ours.tolist() == pytest.approx([0.25, 0.5, 0.375, 0.5, 0.5, 0.5])
    floor = {"type": "CosineAnnealingLR", "eta_min": 0.1, "by_epoch": False, "begin": 0, "end": 6}
    with pytest.raises(GlidepathError, match="overlap"):
        values("mmengine", "param_scheduler", {"schedulers": [warm, floor]}, 6)


@given(st.integers(0, 8), sizes, st.sampled_from([1, 2]), st.floats(0.1, 1))
def test_fairseqs_cosine_shrinks_in_every_cycle(warm, period, growth, shrink):
    theirs, at, length, peak = [0.5 * t / warm for t in range(warm)], 0, period, 0.5
    while len(theirs) < 100:
        theirs += [cosine(t / length, peak, peak / 5) for t in range(length)]
        at, length, peak = at + length, length * growth, peak * shrink
    config = {"lr": [0.5], "min_lr": 0.1, "warmup_init_lr": 0.0, "warmup_updates": warm}
    more = {"lr_period_updates": period, "t_mult": growth, "lr_shrink": shrink}
    np.testing.assert_allclose(values("fairseq", "cosine", {**config, **more}, 100), theirs[:100], rtol=0, atol=1e-12)


FAIRSEQ: list[tuple[str, dict[str, Any], list[float]]] = [
    ("fixed", {"lr": [0.8, 0.4], "warmup_updates": 2, "force_anneal": 3, "lr_shrink": 0.5}, [0.4, 0.8, 0.4, 0.4, 0.2]),
    ("inverse_sqrt", {"lr": 0.8, "warmup_updates": 2, "warmup_init_lr": 0.4}, [0.4, 0.6, 0.8, 0.8 * (2 / 3) ** 0.5]),
    ("polynomial_decay", {"lr": 0.8, "warmup_updates": 1, "total_num_update": 3}, [0.0, 0.8, 0.4, 0.0, 0.0]),
    ("tri_stage", {"lr": 0.8, "phase_ratio": [0.25, 0.25, 0.5], "max_update": 4}, [0.008, 0.8, 0.8, 0.08, 0.008]),
    ("triangular", {"lr": 0.1, "max_lr": 0.9, "lr_period_updates": 4}, [0.1, 0.5, 0.9, 0.5, 0.1, 0.095, 0.09, 0.095]),
    ("step", {"lr": 0.8, "min_lr": 0.3, "lr_decay_period": 2}, [0.8, 0.8, 0.4, 0.4, 0.3]),
    ("manual", {"lr": 0.8, "epoch2lr": {"2": 0.4}, "update2lr": {"5-6": 0.2}}, [0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2]),
]


@pytest.mark.parametrize(("name", "config", "theirs"), FAIRSEQ)
def test_fairseqs_names_are_their_formulas(name, config, theirs):
    horizon = Horizon(len(theirs), steps_per_epoch=2)
    assert values("fairseq", name, config, len(theirs), horizon=horizon).tolist() == pytest.approx(theirs)


@given(st.integers(2, 20), st.integers(0, 9), st.sampled_from([1.0, 1.5, 2.0]), st.floats(0.5, 1), st.floats(0.5, 1))
def test_ignites_cycles_are_counted_as_it_counts_them(size, warm, growth, starts, ends):
    theirs, start, end, cycle, back = [], 0.9, 0.3, size, warm
    while len(theirs) < 120:
        theirs += [cosine(t / cycle, start, end) for t in range(cycle)]
        start *= starts
        theirs += [end + (start - end) * t / back for t in range(back)]
        end, cycle, back = end * ends, int(cycle * growth), int(back * growth)
    config = {"start_value": 0.9, "end_value": 0.3, "cycle_size": size, "warmup_duration": warm, "cycle_mult": growth}
    config |= {"start_value_mult": starts, "end_value_mult": ends}
    ours = values("ignite", "CosineAnnealingScheduler", config, 120)
    np.testing.assert_allclose(ours, theirs[:120], rtol=0, atol=1e-12)


def test_ignites_schedulers_in_a_row_begin_anew():
    line = {"name": "PiecewiseLinear", "milestones_values": [(1, 0.2), (3, 1.0)]}
    there = {"name": "LinearCyclicalScheduler", "start_value": 0.8, "end_value": 0.0, "cycle_size": 4}
    ours = values("ignite", "ConcatScheduler", {"schedulers": [line, there], "durations": [3]}, 8)
    assert ours.tolist() == pytest.approx([0.2, 0.2, 0.6, 0.8, 0.4, 0.0, 0.4, 0.8])


@given(st.integers(2, 200), st.floats(0.05, 0.95))
def test_fastais_phases_are_shares_of_the_fit_which_it_keeps_in_float32(batches, share):
    def theirs(i: int) -> float:
        at = i / batches
        if at < share:
            return cosine(at / share, 0.04, 1.0)
        return cosine((at - share) / (1 - share), 1.0, 1e-5)

    exact = values("fastai", "fit_one_cycle", {"n_epoch": 1, "pct_start": share}, batches, faithful=False)
    kept = values("fastai", "fit_one_cycle", {"n_epoch": 1, "pct_start": share}, batches)
    np.testing.assert_allclose(exact, list(map(theirs, range(batches))), rtol=0, atol=1e-6)
    np.testing.assert_allclose(kept, exact, rtol=0, atol=1e-5)
