"""How far noise reaches by itself, and how far a loss wanders: what is no finding, because chance does as much."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from glidepath.diagnosis.tails import Tail
from glidepath.diagnosis.view import View, view
from glidepath.diagnosis.wandering import has_fallen, wander
from glidepath.runs.curve import Curve
from glidepath.runs.run import Run

Series = NDArray[np.float64]
POINTS = 1_000
NOISES: dict[str, Callable[[np.random.Generator], Series]] = {
    "normal": lambda draw: draw.normal(size=POINTS),
    "laplace": lambda draw: draw.laplace(size=POINTS),
    "t3": lambda draw: draw.standard_t(3, size=POINTS),
}
seeds = st.integers(0, 10_000)
noises = st.sampled_from(sorted(NOISES))


def sample(noise: str, seed: int) -> Series:
    return NOISES[noise](np.random.default_rng(seed))


def tail_of(distances: Series) -> Tail:
    tail = Tail(count=len(distances))
    for one in distances.tolist():
        if one > tail.least:
            tail.hear(one)
    return tail


# ---- The tail. ----


@given(noises, seeds, st.floats(1.01, 50), st.floats(1, 50))
def test_the_farther_out_of_all_the_less_likely(noise: str, seed: int, times: float, farther: float) -> None:
    distances = sample(noise, seed)
    tail, distance = tail_of(distances), times * float(distances.max())
    assert tail.chance(farther * distance) <= tail.chance(distance) <= 1


@given(noises, seeds, st.floats(1, 50))
def test_among_the_points_there_are_chance_is_no_alarm(noise: str, seed: int, share: float) -> None:
    distances = np.sort(sample(noise, seed))
    assert (
        tail_of(distances).chance(float(distances[-1]) / share) >= tail_of(distances).chance(float(distances[-1])) / 2
    )
    assert tail_of(distances).chance(float(distances[-100])) > 0.5


@given(noises, seeds, st.floats(1, 1e6), st.floats(1, 10))
def test_the_size_of_a_deviation_is_no_matter(noise: str, seed: int, scale: float, times: float) -> None:
    distances = np.sort(sample(noise, seed))[-32:]
    assume(distances[0] > 1)  # what is nearer is no tail
    plain, scaled = Tail(count=POINTS), Tail(count=POINTS)
    for one in distances.tolist():
        plain.hear(one)
        scaled.hear(scale * one)
    distance = times * float(distances[-1])
    assert scaled.chance(scale * distance) == pytest.approx(plain.chance(distance), rel=1e-6)


@given(noises, seeds)
def test_the_order_of_the_points_is_no_matter(noise: str, seed: int) -> None:
    distances = sample(noise, seed)
    assert tail_of(distances).farthest == tail_of(np.sort(distances)).farthest == np.sort(distances)[-32:].tolist()


@pytest.mark.parametrize(("noise", "most"), [("normal", 0.01), ("laplace", 0.01), ("t3", 0.08)])
def test_the_highest_of_a_noise_is_seldom_unlikely(noise: str, most: float) -> None:
    samples = [sample(noise, seed) for seed in range(300)]
    chances = [tail_of(one).chance(float(one.max())) for one in samples]
    assert np.mean(np.array(chances) < 0.005) <= most
    assert np.median(chances) > 0.2


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("apart", [1, 3, 8])
def test_what_stands_apart_is_unlikely_though_there_are_several(noise: str, apart: int) -> None:
    distances = sample(noise, 1)
    far = 20 * float(distances.max())
    distances[:apart] = far * np.linspace(1, 1.2, apart)
    assert tail_of(distances).chance(far) < 1e-3


def test_more_than_eight_that_stand_apart_are_the_tail_itself() -> None:
    distances = sample("normal", 1)
    distances[:12] = 60
    assert tail_of(distances).chance(60.0) == 1


@given(st.integers(0, 19), st.floats(0, 1e9))
def test_a_few_points_say_nothing(count: int, distance: float) -> None:
    assert Tail(count=count).chance(distance) == 1


# ---- The wander. ----

lengths = st.sampled_from([160, 640, 1_600])  # whole blocks of a sixteenth


def noise(seed: int, length: int) -> Series:
    return np.random.default_rng(seed).normal(size=length)


@pytest.mark.parametrize("length", [160, 1_600])
@pytest.mark.parametrize("deviation", [1e-3, 7.0])
def test_white_noise_wanders_by_the_deviation_of_a_mean(length: int, deviation: float) -> None:
    expected = deviation * (length / 16) ** -0.5
    wanders = np.array([wander(deviation * noise(seed, length)) for seed in range(200)]) / expected
    assert wanders.mean() == pytest.approx(1, abs=0.1)
    assert wanders.min() > 0.25
    assert wanders.max() < 2


@given(seeds, lengths, st.floats(-100, 100), st.floats(-100, 100))
def test_a_constant_and_a_line_are_no_wander(seed: int, length: int, constant: float, slope: float) -> None:
    series = noise(seed, length)
    moved = series + constant + slope * np.arange(length)
    assert wander(moved) == pytest.approx(wander(series), rel=1e-6, abs=1e-9 * length)


@given(seeds, lengths, st.floats(1e-6, 1e6), st.sampled_from([1, -1]))
def test_a_factor_is_one_of_the_wander(seed: int, length: int, factor: float, sign: int) -> None:
    series = noise(seed, length)
    assert wander(sign * factor * series) == pytest.approx(factor * wander(series), rel=1e-9)


@given(seeds, lengths)
def test_slow_waves_wander_more_than_their_rows_say(seed: int, length: int) -> None:
    waves = np.sin(np.arange(length) / length * 6 * math.pi)
    assert wander(waves + 0.1 * noise(seed, length)) > 4 * wander(0.1 * noise(seed, length))


@pytest.mark.parametrize("length", range(8))
def test_a_few_rows_tell_no_wander(length: int) -> None:
    assert math.isnan(wander(np.arange(float(length))))
    assert wander(np.arange(8.0)) == 0


# ---- Whether a loss has fallen. ----


def seen(losses: Series) -> View:
    found = view(Run({"loss": Curve("loss", range(len(losses)), losses)}), None)
    assert found is not None
    return found


def fallen(seed: int, length: int, deviation: float = 0.1) -> Series:
    return 2 + 4 * np.arange(1, length + 1) ** -0.5 + deviation * noise(seed, length)


@given(seeds, lengths, st.sampled_from([0.0, 0.02, 0.3]))
def test_a_power_law_has_fallen(seed: int, length: int, deviation: float) -> None:
    assert has_fallen(seen(fallen(seed, length, deviation)))


@given(seeds, lengths)
def test_what_rises_or_goes_in_waves_has_not(seed: int, length: int) -> None:
    share = np.arange(length) / length
    assert not has_fallen(seen(np.sin(12 * math.pi * share) + 0.1 * noise(seed, length)))
    assert not has_fallen(seen(4 - fallen(seed, length)))


@settings(max_examples=15)
@given(seeds, st.sampled_from([2.0**-20, 1.0, 512.0]), st.sampled_from([-64.0, 0.0, 8.0]))
def test_the_size_of_a_loss_says_nothing_of_its_fall(seed: int, factor: float, constant: float) -> None:
    for losses in (fallen(seed, 640), noise(seed, 640)):
        assert has_fallen(seen(factor * losses + constant)) == has_fallen(seen(losses))
