"""The three-point check: what it says of clear and of noisy losses, how often it is wrong, and what it refuses."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glidepath.batch import check_three, three_points

NOISE, RUNS = 0.01, 2_000


def losses(best: float, depth: float, seed: int, repeats: int = 1) -> list[list[float]]:
    """Of a parabola in log2 of the learning rate with its bottom at `best`, at -1, 0 and 1."""
    draw = random.Random(seed)
    return [[3 + depth * (x - best) ** 2 + draw.gauss(0, NOISE) for _ in range(repeats)] for x in (-1, 0, 1)]


@pytest.mark.parametrize(
    ("three", "verdict"),
    [
        ((2.95, 2.90, 2.97), "confirmed"),
        ((2.85, 2.90, 2.97), "refuted"),
        ((2.95, 2.90, 2.85), "refuted"),
        ((2.901, 2.90, 2.902), "undecided"),
        ((2.95, 2.90, 2.901), "undecided"),
        ((2.95, 2.90, math.inf), "confirmed"),
        ((2.95, math.nan, math.inf), "refuted"),
        ((math.inf, math.inf, math.inf), "undecided"),
    ],
)
def test_verdicts(three, verdict):
    assert check_three(1e-3, *three, noise=NOISE).verdict == verdict


def test_it_says_why_and_where_the_bottom_is():
    found = check_three(1e-3, 2.95, 2.90, 2.80, noise=NOISE)
    assert found.reason.startswith("0.002 is better by more than the noise")
    assert found.best is None
    bent = check_three(1e-3, 2.94, 2.90, 2.90, noise=NOISE)
    assert bent.best == pytest.approx(1e-3 * math.sqrt(2))
    assert "0.002 cannot be told from it" in bent.reason


@given(st.floats(1e-7, 10), st.floats(1.1, 8), st.floats(-1, 1), st.floats(0.1, 5))
def test_without_noise_it_is_confirmed_where_the_bottom_is_within_the_root_of_the_factor(lr, apart, best, depth):
    three = [3 + depth * (x - best) ** 2 for x in (-1, 0, 1)]
    found = check_three(lr, *three, noise=1e-9, apart=apart)
    if abs(abs(best) - 0.5) > 1e-3:
        assert (found.verdict == "confirmed") == (abs(best) < 0.5)
    assert found.best == pytest.approx(lr * apart**best, rel=1e-6)


@pytest.mark.parametrize("repeats", [1, 3])
@pytest.mark.parametrize(
    ("best", "wrong"), [(0.5, "confirmed"), (0.5, "refuted"), (1.0, "confirmed"), (0.0, "refuted")]
)
def test_it_is_wrong_no_more_often_than_it_says(best, wrong, repeats):
    noise = NOISE if repeats == 1 else None
    found = [check_three(1.0, *losses(best, 0.02, seed, repeats), noise=noise).verdict for seed in range(RUNS)]
    assert found.count(wrong) / RUNS <= 0.05


def test_three_points_are_apart():
    assert three_points(1e-3, apart=4) == (0.00025, 1e-3, 4e-3)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"noise": None}, "noise=0.003"),
        ({"noise": None, "below": [1.0, 1.0], "at": [1.0, 1.0]}, "noise=0.003"),
        ({"noise": 0}, "the noise above 0"),
        ({"noise": math.nan}, "the noise"),
        ({"below": []}, "1 to 10000 losses below"),
        ({"at": "3"}, "the loss at"),
        ({"at": None}, "the loss at"),
        ({"above": -math.inf}, "the loss above"),
        ({"lr": 0}, "the learning rate above 0"),
        ({"lr": 1e308}, "the highest learning rate"),
        ({"apart": 1}, "apart above 1"),
        ({"apart": 0.5}, "apart"),
        ({"confidence": 1}, "the confidence"),
    ],
)
def test_bad_input_is_one_sentence(complaint, change, part):
    good = {"lr": 1e-3, "below": 3.0, "at": 2.9, "above": 3.0, "noise": 0.01}
    assert part in complaint(check_three, **(good | change))
