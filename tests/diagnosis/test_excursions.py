"""A series that leaves its level: laws first, then what is an excursion and what is not."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from glidepath.diagnosis.excursion import Excursion, Excursions

LENGTH = 400


def losses(seed: int, length: int = LENGTH, noise: float = 0.05) -> NDArray[np.float64]:
    """A fall by a power of the steps, and noise."""
    return 2 + 4 * np.arange(1, length + 1) ** -0.5 + noise * np.random.default_rng(seed).normal(size=length)


def heard(series: NDArray[np.float64]) -> list[Excursion]:
    ears = Excursions()
    for step, value in enumerate(series.tolist()):
        ears.tell(step, value)
    return ears.found


def places(found: list[Excursion]) -> list[tuple[int, bool, int | None, int | None]]:
    return [(one.begin, one.jump, one.end, one.stays) for one in found]


def hurt(seed: int) -> NDArray[np.float64]:
    """A spike at 150 and a divergence from 250 on."""
    series = losses(seed)
    series[150] += 3
    series[250:] += np.linspace(0, 3, LENGTH - 250)
    return series


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 100), st.sampled_from([2.0**-30, 0.125, 1.0, 1024.0]), st.sampled_from([-8.0, 0.0, 4.0]))
def test_a_factor_and_a_constant_change_no_excursion(seed: int, factor: float, constant: float) -> None:
    series = hurt(seed)
    assert places(heard(series * factor)) == places(heard(series))
    assert [one.begin for one in heard(series + constant)] == [one.begin for one in heard(series)]


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 100), st.integers(20, LENGTH))
def test_points_that_come_later_take_nothing_back(seed: int, cut: int) -> None:
    series = hurt(seed)
    early, all_of_it = heard(series[:cut]), heard(series)
    assert [one.begin for one in early] == [one.begin for one in all_of_it][: len(early)]
    assert all(b.stays == a.stays for a, b in zip(early, all_of_it, strict=False) if a.stays is not None)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 100))
def test_what_is_no_number_is_not_heard(seed: int) -> None:
    series = hurt(seed)
    ears = Excursions()
    for step, value in enumerate(series.tolist()):
        ears.tell(step, math.nan)
        ears.tell(step, value)
        ears.tell(step, math.inf)
    assert places(ears.found) == places(heard(series))


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.1, 0.5])
def test_a_fall_with_noise_has_none(noise: float) -> None:
    assert sum(len(heard(losses(seed, 2_000, noise))) for seed in range(10)) == 0


@pytest.mark.parametrize("seed", range(5))
def test_a_spike_is_one_point_and_a_divergence_stays(seed: int) -> None:
    found = heard(hurt(seed))
    assert (found[0].begin, found[0].end, found[0].jump, found[0].stays) == (150, 151, True, None)
    assert found[-1].stays is not None
    assert 240 <= found[-1].begin <= 290
    assert found[-1].end is None


def test_a_drift_that_noise_hides_point_by_point_is_heard_at_a_coarser_scale() -> None:
    series = losses(0, 20_000, noise=1.0)
    series[12_000:] += 1.5
    assert heard(losses(0, 20_000, noise=1.0)) == []
    (found,) = heard(series)
    assert found.rows > 1
    assert 11_000 < found.begin < 12_100


def test_the_state_does_not_grow_with_the_points() -> None:
    ears = Excursions()
    for step in range(20_000):
        ears.tell(step, 1.0 + step % 7)
    assert len(ears.trackers) < 10
    assert all(len(one.bends) <= 20 for one in ears.trackers)
