"""A sampled curve, and the recipe that is found in it again."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glidepath as gp
from glidepath.errors import ScheduleError
from glidepath.schedules.fitting import AGREES, drawn, fitted, peak_of
from glidepath.schedules.powers import inverse_sqrt, inverse_time, power_law
from glidepath.schedules.schedule import Recipe

lengths, long = st.integers(1, 60), st.integers(20, 400)
floors = st.one_of(st.just(0.0), st.floats(0.01, 0.8))


def shaped(shape: str, low: float, length: int) -> Recipe:
    return gp.decay(length, to=low, shape=shape)


DECAYS: dict[str, Callable[[float, int], Recipe]] = {
    shape: lambda low, length, shape=shape: gp.decay(length, to=low, shape=shape)
    for shape in ("linear", "cosine", "1-sqrt", "half-cosine", "rex")
} | {
    "polynomial": lambda low, length: gp.decay(length, to=low, shape="polynomial", power=2.5),
    "exponential": lambda low, length: gp.decay(length, to=low + 0.001, shape="exponential"),
}
ENDLESS = {
    "inverse_sqrt": lambda begin: inverse_sqrt(timescale=begin + 3),
    "inverse_time": lambda begin: inverse_time(timescale=begin + 3),
    "own timescale": lambda _: inverse_sqrt(),
    "a rate of its own": lambda _: power_law(exponent=1.0, timescale=1, rate=0.37),
}


@st.composite
def curves(draw: Any) -> Recipe:
    """A warmup, a hold, a decay, and what is held behind it."""
    warm, flat, down = draw(lengths), draw(st.integers(0, 40)), draw(long)
    up = [gp.warmup(warm, start=draw(st.sampled_from([None, 0.0, 0.2])))] if draw(st.booleans()) else []
    held = [gp.hold(flat)] if flat else []
    shape = draw(st.sampled_from(sorted(DECAYS)))
    rest = [gp.hold(draw(st.integers(1, 30)))] if draw(st.booleans()) else []
    recipes = [*up, *held, DECAYS[shape](draw(floors), down), *rest]
    return Recipe(tuple(part for recipe in recipes for part in recipe.parts))


def sampled(recipe: Recipe, peak: float, kind: Any, horizon: int | None = None) -> Any:
    """What a library would give of it at steps 0 to n, in its own precision."""
    steps = horizon or sum(int(part.length.value) for part in recipe.parts)
    return recipe.over(steps, peak=peak)(np.arange(steps + 1)).astype(kind)


def check(values: Any) -> Recipe:
    """The recipe that is found gives the values again."""
    recipe = fitted(values)
    assert recipe is not None
    again = recipe.over(len(values) - 1, peak=peak_of(values))(np.arange(len(values)))
    np.testing.assert_allclose(again, values, rtol=0, atol=1.1 * AGREES * peak_of(values))
    assert len(recipe.parts) <= 5
    return recipe


@given(curves(), st.floats(1e-5, 3), st.sampled_from([np.float32, np.float64]))
def test_a_warmup_a_hold_and_a_decay_are_recognised(recipe, peak, kind):
    check(sampled(recipe, peak, kind))


@given(st.sampled_from(sorted(ENDLESS)), lengths, long, st.sampled_from([np.float32, np.float64]))
def test_a_decay_without_an_end_is_recognised(name, warm, more, kind):
    check(sampled(gp.warmup(warm) >> ENDLESS[name](warm), 0.3, kind, horizon=warm + more))


@given(st.lists(st.tuples(st.integers(2, 40), st.floats(0.1, 1)), min_size=1, max_size=4))
def test_levels_are_recognised(pairs):
    recipe = Recipe(tuple(part for length, at in pairs for part in gp.hold(length, at=at).parts))
    check(sampled(recipe, 0.5, np.float32))


@pytest.mark.parametrize(
    ("recipe", "text"),
    [
        (gp.hold(), "hold()"),
        (gp.warmup(10) >> gp.cosine(to=0.1), "warmup(10) >> decay(990, to=0.1, shape=cosine) >> hold()"),
        (gp.warmup(10, start=0) >> gp.linear(), "warmup(10, start=0.0) >> decay(990) >> hold()"),
        (
            gp.warmup(10) >> gp.hold() >> gp.decay("20%", shape="1-sqrt"),
            "warmup(10) >> hold(790) >> decay(200, shape=1-sqrt) >> hold()",
        ),
        (gp.warmup(10) >> inverse_sqrt(), "warmup(10) >> inverse_sqrt()"),
        (gp.steps(300, factor=0.1), "steps(300)"),
        (gp.hold(300) >> gp.hold(at=0.5), "hold(300, at=1.0) >> hold(at=0.5)"),
        (
            gp.warmup(100) >> gp.decay(shape="polynomial", power=1.5),
            "warmup(100) >> decay(900, shape=polynomial, power=1.5) >> hold()",
        ),
        (
            gp.warmup(10) >> gp.decay(to=0.01, shape="exponential"),
            "warmup(10) >> decay(990, to=0.01, shape=exponential) >> hold()",
        ),
        (
            gp.warmup(100, start=0.1, shape="cosine") >> gp.cosine(),
            "warmup(100, start=0.1, shape=cosine) >> decay(900, shape=cosine) >> hold()",
        ),
    ],
)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_recipe_is_found_as_it_was_written(recipe, text, kind):
    values = sampled(recipe, 3e-4, kind, horizon=1000)
    assert str(fitted(values)) == text
    assert peak_of(values) == 3e-4


@given(st.lists(st.floats(0, 1), min_size=12, max_size=60))
def test_what_no_family_has_is_drawn_through_every_value(values):
    values = [1.0, *values]
    recipe = fitted(values) or drawn(values)
    assert recipe.over(len(values) - 1)(range(len(values))) == pytest.approx(values, abs=AGREES)


def test_noise_is_no_family():
    values = np.random.default_rng(0).uniform(0.1, 1, 300)
    assert fitted(values) is None
    assert drawn(np.ones(20_000)) is None


@pytest.mark.parametrize("values", [[1.0, 0.5, 0.2, 0.7], [0.1, 1.0, 0.0, 0.3, 0.0, 0.9, 0.2]])
def test_a_few_odd_values_are_no_family(values):
    assert fitted(values) is None


def test_of_a_curve_of_zeros_there_is_none():
    assert fitted(np.zeros(10)) is None
    assert fitted([0.3]) is None


@pytest.mark.parametrize("values", [[], [np.nan, 1.0], [-0.1, 1.0], [[1.0]], "curve", None, [1.0, "x"], [10**400]])
@pytest.mark.parametrize("find", [fitted, drawn, peak_of])
def test_what_is_no_curve_is_refused(complaint, find, values):
    assert "finite learning rates" in complaint(find, values)


def test_long_curves_take_no_while(limit):
    values = sampled(gp.warmup(2_000) >> gp.cosine(to=0.1), 3e-4, np.float32, horizon=200_000)
    with limit(5):
        assert fitted(values) is not None
        with pytest.raises(ScheduleError):
            fitted([np.inf] * 100)
