"""Key points, differences and concerns against brute force; every named schedule as its formula has it."""

import math
from itertools import pairwise

import numpy as np
import pytest

import glidepath as gp
from glidepath.errors import GlidepathError
from glidepath.schedules.families import FAMILIES, family
from glidepath.schedules.lint import concerns
from glidepath.schedules.measure import differences, measure


@pytest.mark.parametrize("one", FAMILIES, ids=lambda one: one.name)
def test_every_family_runs_at_any_horizon_and_writes_itself(one):
    assert gp.parse(str(one.recipe)) == one.recipe
    for steps in (40_000, 10**9):
        schedule = one.recipe.over(steps, peak=1e-3)
        values = schedule(np.linspace(0, steps - 1, 999).astype(int))
        assert np.isfinite(values).all()
        assert 0 <= values.min() <= values.max() <= 1e-3


@pytest.mark.parametrize("one", FAMILIES, ids=lambda one: one.name)
def test_measures_are_those_of_brute_force(one):
    schedule = one.recipe.over(9_001, peak=0.1)
    values = [schedule(step) for step in range(9_001)]
    found = measure(schedule)
    assert found.area == pytest.approx(math.fsum(values), rel=1e-12)
    assert (found.first, found.last, found.after) == (values[0], values[-1], schedule(9_001))
    assert (found.peak, values.index(max(values))) == (max(values), found.peak_step)
    assert sum(values[: found.half + 1]) >= math.fsum(values) / 2 * (1 - 1e-9) >= sum(values[: found.half]) * (1 - 1e-9)
    falls = sum(after < before - 1e-13 for before, after in pairwise(values))
    assert found.decaying == pytest.approx(falls / 9_001)


def test_a_schedule_of_a_billion_steps_is_measured_by_a_sample():
    found = measure((gp.warmup("2%") >> gp.linear()).over(10**9, peak=1.0))
    assert found.peak_step == 20_000_000
    assert found.area == pytest.approx(0.5 * 10**9, rel=1e-6)


def test_equal_schedules_have_no_difference_and_a_multiplier_is_not_compared_with_a_peak():
    recipe = gp.warmup(10) >> gp.cosine()
    assert differences(recipe.over(100, peak=1.0), recipe.over(100, peak=1.0)) is None
    with pytest.raises(GlidepathError, match="with a peak or two without"):
        differences(recipe.over(100, peak=1.0), recipe.over(100))


def test_schedules_of_two_horizons_are_compared_over_the_longer():
    found = differences(gp.linear().over(100, peak=1.0), gp.linear().over(200, peak=1.0))
    assert found is not None
    assert (found.first, found.most, found.left, found.right) == (1, 100, 0.0, 0.5)


def test_a_good_schedule_raises_no_concern():
    assert concerns(family("warmup-cosine").recipe.over(100_000, peak=3e-4)) == ()


def test_an_unknown_family_names_the_nearest():
    with pytest.raises(GlidepathError, match="did you mean 'wsd'"):
        family("wds")


@pytest.mark.parametrize(
    ("name", "step", "value"),
    [
        ("step-30-60-90", 650, 0.01),
        ("multi-step", 700, 0.1),
        ("wsd", 900, 1 - math.sqrt(0.5)),
        ("rex", 500, 0.5 / 0.75),
        ("half-cosine", 500, math.cos(math.pi / 4)),
        ("k-decay", 500, (1 + math.cos(math.pi / 8)) / 2),
        ("triangular", 125, 1.0),
        ("slanted-triangular", 100, 1.0),
        ("one-cycle", 0, 0.04),
        ("triangular-2", 375, 0.55),
        ("exp-range", 125, 0.1 + 0.9 * 0.98**12.5),
        ("inverse-time", 50, 0.5),
        ("power-law", 200, 2**-0.51),
        ("one-cycle-momentum", 300, 0.85),
        ("points", 525, 0.7 * 0.95 + 0.01 * 0.05),
        ("untuned-linear", 999, 0.5),
    ],
)
def test_values_are_those_of_the_formula(name, step, value):
    assert family(name).recipe.over(1_000, peak=1.0)(step) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("recipe", "run_steps", "names"),
    [
        (gp.cosine(), None, ["no warmup"]),
        (gp.warmup("30%") >> gp.cosine(), None, ["long warmup"]),
        (gp.warmup("1%") >> gp.cosine(), None, ["short warmup"]),
        (gp.warmup("10%", start=0) >> gp.cosine(), None, ["first update at 0"]),
        (gp.warmup("10%", to=0.5) >> gp.cosine(), None, ["peak never reached"]),
        (gp.warmup("10%") >> gp.hold(), None, ["no decay"]),
        (gp.warmup("10%") >> gp.cosine(), 6_200, ["decay not finished"]),
        (gp.warmup("10%") >> gp.cosine(), 20_000, ["run goes on behind the horizon"]),
        (gp.warmup("10%") >> gp.cosine(to=0.1), 10_000, []),
    ],
)
def test_each_concern_is_found_where_it_is_and_nowhere_else(recipe, run_steps, names):
    found = concerns(recipe.over(10_000, peak=3e-4), run_steps=run_steps, beta2=0.99)
    assert [concern.name for concern in found] == names
    assert all(concern.evidence and concern.remedy for concern in found)
