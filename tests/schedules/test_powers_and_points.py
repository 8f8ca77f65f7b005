"""Powers of the step, untuned warmups, points, remap, override and stretches beyond a shape, as their formulas say."""

import math
from decimal import Decimal, localcontext

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glidepath as gp
from glidepath.errors import GlidepathError

BETAS = st.one_of(st.sampled_from([0.9, 0.95, 0.98, 0.99, 0.999, 0.9999]), st.floats(0.61, 0.99999))


def rectifier(beta2: float, update: int) -> float:
    """RAdam's formula with 60 digits, from its first update on."""
    with localcontext() as context:
        context.prec = 60
        beta = Decimal(beta2)
        top = 2 / (1 - beta) - 1

        def rho(s: int) -> Decimal:
            return top - 2 * s * beta**s / (1 - beta**s)

        first = next(s for s in range(1, 10_000) if rho(s) > 4)
        here = rho(first + update)
        return float(((here - 4) * (here - 2) * top / ((top - 4) * (top - 2) * here)).sqrt())


@given(BETAS, st.integers(0, 200_000))
def test_radams_rectifier_is_that_of_60_digits(beta2, update):
    found = gp.untuned(beta2=beta2, shape="radam").over(300_000, peak=1.0)(update)
    assert found == pytest.approx(rectifier(beta2, update), abs=1e-9)


def test_radam_is_as_good_in_float32():
    schedule = gp.untuned(beta2=0.9999, shape="radam").over(200_000, peak=1.0)
    steps = np.unique(np.geomspace(1, 200_000, 500).astype(int)) - 1
    found = np.asarray(jax.jit(schedule)(jax.numpy.asarray(steps)), np.float64)
    np.testing.assert_allclose(found, schedule(steps), rtol=0, atol=2e-6)


@given(BETAS, st.integers(0, 10**6))
def test_the_untuned_warmups_are_those_of_their_paper(beta2, update):
    linear = gp.untuned(beta2=beta2).over(10**6, peak=0.1)(update)
    bent = gp.untuned(beta2=beta2, shape="exponential").over(10**6, peak=0.1)(update)
    assert linear == pytest.approx(0.1 * min(1, (update + 1) * (1 - beta2) / 2), rel=1e-12)
    assert bent == pytest.approx(0.1 * -math.expm1((beta2 - 1) * (update + 1)), rel=1e-12)


@given(
    st.integers(1, 1000),
    st.floats(0, 3).map(lambda x: round(x, 3)),
    st.floats(0, 9).map(lambda x: round(x, 3)),
    st.integers(0, 9_999),
)
def test_a_power_law_is_its_formula(scale, exponent, rate, step):
    recipe = gp.power_law(exponent=exponent, timescale=scale, rate=rate)
    expected = (scale / (scale + rate * step)) ** exponent
    assert recipe.over(10_000)(step) == pytest.approx(expected, rel=1e-12)


def test_the_short_forms_are_power_laws():
    assert gp.inverse_sqrt(timescale=9) == gp.power_law(timescale=9)
    assert gp.inverse_time(timescale=9, rate=2) == gp.power_law(exponent=1, timescale=9, rate=2)


def test_a_timescale_may_be_in_tokens():
    horizon = gp.Horizon(1_000, tokens_per_step=1_000)
    assert gp.power_law(timescale="0.1M tokens").over(horizon)(300) == 0.5


@pytest.mark.parametrize("step", [0, 10, 3_998, 3_999, 4_000, 50_000])
def test_noam_is_the_formula_of_its_paper(step):
    recipe = gp.warmup(3_999, start=1 / 4_000) >> gp.inverse_sqrt(timescale=4_000)
    schedule = recipe.over(100_000, peak=gp.noam_peak(512, 4_000))
    s = step + 1
    assert schedule(step) == pytest.approx(512**-0.5 * min(s**-0.5, s * 4_000**-1.5), rel=1e-12)


knots = st.lists(st.tuples(st.integers(0, 100), st.floats(0.001, 1)), min_size=1, max_size=6, unique_by=lambda k: k[0])


@given(knots.map(sorted), st.integers(0, 120))
def test_points_are_straight_lines(pairs, step):
    schedule = gp.points(pairs).over(120, peak=1.0)
    places, heights = zip(*pairs, strict=True)
    assert schedule(step) == pytest.approx(np.interp(step, places, heights), abs=1e-14)


@given(knots.map(sorted), st.integers(0, 120))
def test_exponential_points_are_straight_in_the_logarithm(pairs, step):
    schedule = gp.points(pairs, shape="exponential").over(120, peak=1.0)
    places, heights = zip(*pairs, strict=True)
    assert schedule(step) == pytest.approx(math.exp(np.interp(step, places, np.log(heights))), rel=1e-12)


def test_a_table_a_list_and_a_text_are_the_same_points():
    table = gp.points({0: 0.1, "10%": 1.0, "100%": gp.absolute(1e-5)})
    assert table == gp.points([(0, 0.1), ("10%", 1.0), ("100%", gp.absolute(1e-5))])
    assert table == gp.parse("points(0: 0.1; 10%: 1.0; 100%: absolute(1e-5))")


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 99))
def test_remap_is_the_line_through_both_levels(low, high, step):
    inner, mapped = gp.cosine(), gp.remap(gp.cosine(), low=low, high=high)
    share = inner.over(100, peak=0.1)(step) / 0.1
    assert mapped.over(100, peak=0.1)(step) == pytest.approx(0.1 * (low + (high - low) * share), abs=1e-16)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 99))
def test_an_override_is_the_other_in_its_window_and_the_first_elsewhere(begin, over, step):
    first = gp.linear().over(100, peak=1.0)
    schedule = gp.override(gp.linear(), gp.hold(), begin=begin, over=over).over(100, peak=1.0)
    inside = begin <= step < begin + over
    assert schedule(step) == (first(begin) if inside else first(step))


@given(st.floats(-2, 2), st.floats(-2, 2), st.integers(0, 50))
def test_beyond_a_shape_its_formula_goes_on(since, until, step):
    recipe = gp.arc(50, start=1.0, to=0.25, shape="linear", since=since, until=until, beyond=True)
    u = since + (until - since) * step / 50
    assert (recipe >> gp.hold()).over(60, peak=1.0)(step) == pytest.approx(1 - 0.75 * u, abs=1e-12)


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda: gp.untuned(beta2=1.0), "beta2 below 1"),
        (lambda: gp.untuned(beta2=0.5, shape="radam"), "beta2 above 0.6 and below 1"),
        (lambda: gp.untuned(shape="cosine"), "a shape of untuned"),
        (lambda: gp.power_law(exponent=-1), "the exponent"),
        (lambda: gp.power_law(timescale=0), "a timescale above 0"),
        (lambda: gp.noam_peak(0, 4_000), "above 0"),
        (lambda: gp.noam_peak(512, "10%"), "warmup steps above 0"),
        (lambda: gp.points([]), "1 to 10000 points"),
        (lambda: gp.points([(0, 0.1, 3)]), "a place and a level"),
        (lambda: gp.points([(0, 2.0)]), "from 0 to 1"),
        (lambda: gp.points([("soon", 1.0)]), "the place of a point"),
        (lambda: gp.points([(5, 1.0), (3, 0.5)]).over(10), "points in order"),
        (lambda: gp.points([(5, 1.0), (30, 0.5)]).over(10), "within the 10 steps"),
        (lambda: gp.points([(0, 0.0), (3, 0.5)], shape="exponential"), "above 0"),
        (lambda: gp.points([(0, 0.0)], shape="polynomial"), "a shape of points"),
        (lambda: gp.parse("points(0)"), "a place and a level"),
        (lambda: gp.parse("points(0: x)"), "a number"),
        (lambda: gp.parse("points"), "write points(0: 0.1"),
        (lambda: gp.parse("override(cosine(), other=hold())"), "with begin, got none"),
        (lambda: gp.from_spec({"parts": [{"part": "points", "knots": 3}]}), "$.parts[0]"),
        (lambda: gp.from_spec({"parts": [{"part": "points", "knots": [[1, {"absolute": -1}]]}]}), "$.parts[0].knots"),
        (lambda: gp.arc(since=-0.5), "since as a finite number of at least 0"),
        (lambda: gp.arc(shape="cosine", beyond=True), "a shape of arc with beyond"),
        (lambda: gp.arc(shape="1-sqrt", since=-1.0, beyond=True), "where 1-sqrt has a value"),
        (lambda: gp.arc(shape="exp-zero", power=700.0, since=-9.0, beyond=True), "has a value"),
        (lambda: gp.arc(beyond=1), "beyond as True or False"),
    ],
)
def test_what_cannot_be_is_one_sentence(make, shown) -> None:
    with pytest.raises(GlidepathError) as caught:
        make()
    assert shown in str(caught.value)
    assert "\n" not in str(caught.value)
