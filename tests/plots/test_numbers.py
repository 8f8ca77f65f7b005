import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glidepath.plots.axes import Axis
from glidepath.plots.numbers import linear_ticks, log_ticks, number, tick_labels

SUFFIX = {"k": "e3", "M": "e6", "B": "e9", "T": "e12"}


def read(label: str) -> float:
    """The number that a label means."""
    return float(label[:-1] + SUFFIX[label[-1]]) if label[-1] in SUFFIX else float(label)


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (0.00030000000000000003, "3e-4"),
        (1e-5, "1e-5"),
        (2.5e-4, "2.5e-4"),
        (-3e-4, "-3e-4"),
        (0.01, "0.01"),
        (0.1 + 0.2, "0.3"),
        (2, "2"),
        (999.96, "1k"),
        (12_345, "12.34k"),
        (100_000, "100k"),
        (10**12, "1T"),
        (1e15, "1e15"),
        (-0.0, "0"),
        (math.inf, "inf"),
    ],
)
def test_a_number_is_written_one_way(value, label):
    assert number(value) == label


@given(st.floats(1e-12, 1e14))
def test_a_label_says_the_number_to_its_digits(value):
    assert read(number(value)) == pytest.approx(value, rel=1e-3)


spans = st.tuples(st.floats(-1e12, 1e12), st.floats(1e-6, 1e12)).filter(lambda s: s[1] > 1e-6 * abs(s[0]))


@given(spans, st.integers(2, 12))
def test_linear_ticks_are_inside_few_and_told_apart(span, count):
    low, high = span[0], span[0] + span[1]
    ticks = linear_ticks(low, high, count)
    room = 1e-6 * (high - low)
    assert all(low - room <= tick <= high + room for tick in ticks)
    assert 1 <= len(ticks) <= 2 * count + 2
    assert len(set(tick_labels(ticks))) == len(ticks)


@given(st.floats(1e-12, 1e6), st.floats(1.5, 1e12), st.integers(2, 12))
def test_log_ticks_are_inside_few_and_told_apart(low, ratio, count):
    ticks = log_ticks(low, low * ratio, count)
    assert all(low * (1 - 1e-6) <= tick <= low * ratio * (1 + 1e-6) for tick in ticks)
    assert 1 <= len(ticks) <= 2 * count + 2
    labels = [label for _, label in Axis(low, low * ratio, log=True).ticks(count)]
    assert len(set(labels)) == len(labels)


def test_ticks_of_steps_are_whole():
    assert linear_ticks(0, 3, 10, whole=True) == [0, 1, 2, 3]
