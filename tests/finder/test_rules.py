"""The rules against their definitions written out another way, and on curves whose answer is known by hand."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from glidepath.errors import FinderError
from glidepath.finder.rules import (
    RULES,
    answers,
    explosion,
    minimum,
    slide,
    slide_index,
    smoothed,
    steepest,
    valley,
    valley_index,
)
from glidepath.finder.suggestion import Sweep
from glidepath.runs.curve import Curve

LEVELS = st.lists(st.integers(0, 30).map(float) | st.floats(-5, 5), min_size=16, max_size=70)


def sweep_of(losses, lrs=None) -> Sweep:
    values = np.asarray(losses, dtype=float)
    steps = np.arange(values.size)
    rates = np.geomspace(1e-6, 1.0, values.size) if lrs is None else lrs
    return Sweep(Curve("lr", steps, rates), Curve("loss", steps, values), Curve("smoothed", steps, smoothed(values)))


def longest_falls(losses) -> list[int]:
    """How long the longest falling subsequence is that ends at each place, by trying every earlier one."""
    lengths: list[int] = []
    for place, loss in enumerate(losses):
        lengths.append(1 + max((lengths[before] for before in range(place) if losses[before] > loss), default=0))
    return lengths


@given(losses=LEVELS)
def test_the_valley_is_the_first_longest_fall_a_half_into_it(losses):
    lengths = longest_falls(losses)
    most = max(lengths)
    if most < 3:
        with pytest.raises(FinderError, match="falls 3 times"):
            valley_index(np.array(losses))
        return
    end = lengths.index(most)
    assert valley_index(np.array(losses)) == end - most + int(most / 3) + int(most / 6)


@pytest.mark.parametrize(
    ("losses", "place"),
    [
        ([9, 8, 7, 6, 5, 4, 9], 2),  # six of them, ending at 5: 5 - 6 + 2 + 1
        ([1, 9, 8, 7, 1, 2, 3], 1),  # 9 8 7 1, ending at 4: 4 - 4 + 1 + 0
        ([5, 4, 3, 3, 3, 3], 0),  # equal ones do not fall: 2 - 3 + 1 + 0
        ([float(n) for n in range(60, 0, -1)], 29),  # 59 - 60 + 20 + 10
    ],
)
def test_valleys_by_hand(losses, place):
    assert valley_index(np.array(losses, dtype=float)) == place


def walked(losses) -> int:
    """The slide taken step by step: the left pointer 15 behind the right, from the right end, until they are alike."""
    slopes, left = np.gradient(losses), len(losses) - 16
    suggested = left
    while left >= 0 and abs(slopes[left + 15] - slopes[left]) > 0.005:
        suggested = left
        left -= 1
    return suggested


@given(losses=LEVELS)
def test_the_slide_is_where_a_walk_from_the_right_stops(losses):
    assert slide_index(np.array(losses)) == walked(losses)


@given(losses=st.lists(st.floats(-0.02, 0.02), min_size=16, max_size=60))
def test_the_slide_of_small_slopes_is_too(losses):
    assert slide_index(np.array(losses)) == walked(losses)


def test_the_slide_of_too_few_losses_is_refused():
    with pytest.raises(FinderError, match="more than 15"):
        slide_index(np.ones(15))


def v_shaped(bottom: int, count: int = 100) -> list[float]:
    return [1 + 0.02 * abs(place - bottom) for place in range(count)]


def test_the_minimum_is_a_tenth_of_the_lowest_but_for_the_ends():
    sweep = sweep_of(v_shaped(60))
    lowest = 10 + int(np.argmin(sweep.smoothed.values[10:95]))
    assert minimum(sweep) == sweep.lrs.values[lowest] / 10
    assert minimum(sweep_of(np.linspace(2, 1, 100))) == pytest.approx(np.geomspace(1e-6, 1, 100)[94] / 10)
    assert minimum(sweep_of(np.linspace(1, 2, 100))) == pytest.approx(np.geomspace(1e-6, 1, 100)[10] / 10)


def test_rules_read_the_curve_without_its_first_tenth_and_last_five():
    sweep = sweep_of(v_shaped(60))
    kept = sweep.smoothed.values[10:95]
    assert valley(sweep) == sweep.lrs.values[10 + valley_index(kept)]
    assert slide(sweep) == sweep.lrs.values[10 + slide_index(kept)]


def test_the_steepest_is_half_of_where_a_sigmoid_falls_fastest_or_a_little_beyond():
    lrs = np.geomspace(1e-6, 1.0, 400)
    found = steepest(sweep_of(4 - 3 / (1 + (1e-3 / lrs) ** 2), lrs)) * 2
    assert 1e-3 <= found <= 4e-3  # the average lags


def test_the_explosion_is_the_last_learning_rate_before_it():
    losses = [*np.linspace(4, 2, 80), 10, 20, 30, 40, 50, 60]
    sweep = sweep_of(losses)
    assert explosion(sweep) == sweep.lrs.values[79]


@pytest.mark.parametrize(
    "losses",
    [
        np.linspace(4, 2, 80),  # never
        [*np.linspace(4, 2, 40), *[10.0] * 6, *np.linspace(2, 1, 40)],  # it came back
    ],
)
def test_a_loss_that_does_not_explode_to_stay_is_said(losses):
    with pytest.raises(FinderError, match="sweep higher"):
        explosion(sweep_of(losses))


@pytest.mark.parametrize("word", RULES)
@pytest.mark.parametrize("count", [0, 1, 5, 6, 12])
def test_every_rule_refuses_a_curve_of_too_few_losses_or_answers_within_it(word, count):
    sweep = sweep_of(np.linspace(2, 1, count)) if count else Sweep(*[Curve("", [], [])] * 3)
    try:
        found = RULES[word](sweep)
    except FinderError:
        return
    assert 1e-7 <= found <= 1.0


@given(losses=LEVELS, factor=st.sampled_from([0.25, 2.0, 1024.0]))
def test_every_rule_moves_with_the_learning_rate(losses, factor):
    sweep = sweep_of(losses)
    scaled = sweep_of(losses, sweep.lrs.values * factor)
    for rule in RULES.values():
        try:
            found = rule(sweep)
        except FinderError:
            with pytest.raises(FinderError):
                rule(scaled)
        else:
            assert math.isclose(rule(scaled), factor * found)


def test_a_rule_without_an_answer_is_left_out():
    lrs = np.geomspace(1e-6, 1.0, 200)
    said = answers(sweep_of(4 - 3 / (1 + 1e-3 / lrs), lrs))
    assert set(said) == set(RULES) - {"explosion"}


def test_ten_thousand_losses_are_read_in_a_moment():
    lrs = np.geomspace(1e-6, 1.0, 10_000)
    assert set(answers(sweep_of(4 - 3 / (1 + 1e-3 / lrs), lrs))) >= {"steepest", "minimum", "valley"}
