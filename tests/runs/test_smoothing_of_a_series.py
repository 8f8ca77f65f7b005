"""The moving average and the running median against their definitions, term by term."""

import math
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from glidepath.runs.smoothing import ema, median

Complaint = Callable[..., str]
NUMBERS = st.floats(-1e6, 1e6)
SERIES = st.lists(st.one_of(NUMBERS, NUMBERS, st.just(math.nan)), max_size=40)


def weighted_mean(values: list[float], decay: float) -> list[float]:
    found = []
    for index, last in enumerate(values):
        seen = [value for value in values[: index + 1] if not math.isnan(value)]
        weights = [decay**age for age in reversed(range(len(seen)))]
        mean = math.fsum(w * v for w, v in zip(weights, seen, strict=True)) / math.fsum(weights) if seen else math.nan
        found.append(math.nan if math.isnan(last) else mean)
    return found


@given(values=SERIES, decay=st.floats(0, 0.999))
def test_the_average_is_the_mean_weighted_by_powers_of_the_decay(values: list[float], decay: float) -> None:
    smooth = ema(values, decay=decay)
    assert smooth.dtype == np.float64
    assert smooth == pytest.approx(weighted_mean(values, decay), rel=1e-9, abs=1e-6, nan_ok=True)


@given(value=st.floats(-1e6, 1e6), count=st.integers(1, 300), decay=st.floats(0, 0.999))
def test_the_average_of_a_constant_is_that_constant(value: float, count: int, decay: float) -> None:
    assert ema([value] * count, decay=decay) == pytest.approx(value, rel=1e-12)


@given(values=SERIES)
def test_no_decay_is_no_smoothing(values: list[float]) -> None:
    assert ema(values, decay=0.0) == pytest.approx(values, nan_ok=True)


@given(values=st.lists(NUMBERS, min_size=1), decay=st.floats(0, 0.999))
def test_the_average_stays_within_what_it_has_seen(values: list[float], decay: float) -> None:
    smooth = ema(values, decay=decay)
    assert smooth[0] == pytest.approx(values[0])
    slack = 1e-12 * max(map(abs, values))
    assert (smooth >= np.minimum.accumulate(values) - slack).all()
    assert (smooth <= np.maximum.accumulate(values) + slack).all()


def test_the_average_leaves_out_a_nan_and_goes_on() -> None:
    smooth = ema([1.0, math.nan, 3.0], decay=0.5)
    assert math.isnan(smooth[1])
    assert smooth[[0, 2]].tolist() == pytest.approx([1.0, 7 / 3])


def test_nothing_smoothed_is_nothing() -> None:
    assert ema([]).shape == median([]).shape == (0,)


@pytest.mark.parametrize("decay", [1.0, 1.5, -0.1, math.nan, math.inf, True, "0.9", None])
def test_a_decay_is_a_number_from_0_to_below_1(complaint: Complaint, decay: Any) -> None:
    assert "decay" in complaint(ema, [1.0, 2.0], decay=decay)


@given(values=st.lists(NUMBERS, max_size=30), width=st.sampled_from([1, 3, 5, 7]))
def test_the_median_is_that_of_each_neighbourhood(values: list[float], width: int) -> None:
    reach = width // 2
    clamped = [
        [values[min(max(index + by, 0), len(values) - 1)] for by in range(-reach, reach + 1)]
        for index in range(len(values))
    ]
    assert median(values, width=width).tolist() == [sorted(around)[reach] for around in clamped]


def test_a_spike_of_two_leaves_no_trace_in_a_median_of_five() -> None:
    assert median([1.0, 1.0, 99.0, 99.0, 1.0, 1.0, 1.0]).tolist() == [1.0] * 7


@pytest.mark.parametrize("width", [0, -1, 2, 4, 1.5, True, None])
def test_a_width_is_an_odd_whole_number(complaint: Complaint, width: Any) -> None:
    assert "width" in complaint(median, [1.0, 2.0], width=width)
