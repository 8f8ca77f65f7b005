"""A level that jumps and lasts, a loss that creeps up, a row that leaps: seen where they are, and only there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glidepath.diagnosis.creeping import creep_of
from glidepath.diagnosis.jumps import jump_of
from glidepath.diagnosis.leaps import leap_of
from glidepath.diagnosis.view import view
from glidepath.runs.curve import Curve
from glidepath.runs.run import Run

ROWS = 400
FALLS = 1 + 2 * np.exp(-np.arange(ROWS) / 20)
NOISES = {
    "normal": lambda draw: draw.normal(size=ROWS),
    "exponential": lambda draw: draw.exponential(size=ROWS),
    "lognormal": lambda draw: np.exp(0.5 * draw.normal(size=ROWS)),
    "t5": lambda draw: draw.standard_t(5, size=ROWS),
}
AFFINE = {"factor": st.floats(1e-6, 1e6), "plus": st.floats(-100, 100)}


def noisy(seed, size=0.05, noise="normal"):
    return FALLS + size * NOISES[noise](np.random.default_rng(seed))


def seen(losses):
    return view(Run({"loss": Curve("loss", range(len(losses)), losses)}), None)


@pytest.mark.parametrize("row", [120, 200, 370])
@pytest.mark.parametrize("seed", range(5))
def test_a_level_that_jumps_is_found_at_its_row(row, seed):
    losses = noisy(seed)
    losses[row:] += 0.5
    assert jump_of(losses) == pytest.approx(row, abs=1)


def test_a_jump_that_is_learnt_away_is_found():
    losses = noisy(0)
    losses[200:] += np.exp(-np.arange(200) / 15)
    assert jump_of(losses) == pytest.approx(200, abs=1)


@settings(max_examples=25, deadline=None)
@given(**AFFINE)
def test_neither_scale_nor_offset_moves_a_jump(factor, plus):
    losses = noisy(1)
    losses[150:] += 0.5
    assert jump_of(factor * (losses + plus)) == jump_of(losses)


@pytest.mark.parametrize("noise", NOISES)
def test_noise_jumps_in_one_run_of_a_hundred_at_most(noise):
    assert sum(jump_of(noisy(seed, noise=noise)) is not None for seed in range(200)) <= 2


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_spike_is_no_jump(rows):
    losses = noisy(2)
    losses[200 : 200 + rows] += 5
    assert jump_of(losses) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_slow_rise_is_found_from_where_it_begins(seed):
    losses = noisy(seed, size=0.3)
    losses[200:] += np.linspace(0, 1, 200)
    found = creep_of(seen(losses))
    assert found is not None
    assert 170 <= found.begin <= 300
    assert found.lost == pytest.approx(0.4, abs=0.2)


def test_a_loss_that_rises_by_a_factor_is_found_by_its_logarithm():
    losses = np.exp(-np.arange(ROWS) / 40) * np.exp(0.2 * np.random.default_rng(0).normal(size=ROWS))
    losses[200:] = losses[199] * np.exp(np.linspace(0, 4.5, 200))
    found = creep_of(seen(losses))
    assert found is not None
    assert found.top > 20 * found.base


@pytest.mark.parametrize("noise", NOISES)
def test_a_loss_that_falls_does_not_creep(noise):
    assert all(creep_of(seen(noisy(seed, size=0.3, noise=noise))) is None for seed in range(50))


def test_a_rise_that_came_back_is_no_creep():
    losses = noisy(3)
    losses[150:250] += np.sin(np.linspace(0, np.pi, 100))
    assert creep_of(seen(losses)) is None


def test_a_row_that_no_later_one_comes_near_is_a_leap_that_healed():
    losses = noisy(4)
    losses[3] = 9
    found = leap_of(seen(losses))
    assert found is not None
    assert (found.step, found.healed) == (3, True)


def test_a_leap_that_was_never_made_good_is_none_that_healed():
    draw = np.random.default_rng(5)
    losses = np.r_[2.3 - 0.02 * np.arange(10), 4.0, np.full(289, 2.35)] + 0.02 * draw.normal(size=300)
    found = leap_of(seen(losses))
    assert found is not None
    assert (found.step, found.healed) == (10, False)


@pytest.mark.parametrize("seed", range(5))
def test_one_wild_row_among_others_is_no_leap(seed):
    losses = noisy(seed)
    losses[[3, 90, 200, 300]] += 3
    assert leap_of(seen(losses)) is None
