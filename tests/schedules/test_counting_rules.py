"""The counting rules of the design as a table of recipe, step and expected value."""

import math
from fractions import Fraction

import hypothesis.strategies as st
import pytest
from hypothesis import given
from strategies import FALLING, HORIZONS, PEAKS

import glidepath as gp

STABLE = "warmup(2000) >> hold() >> decay(20%, shape=1-sqrt)"
TABLE = [
    # text, horizon, peak, step, expected
    ("warmup(4)", 4, 1.0, 0, 1 / 5),
    ("warmup(4)", 4, 1.0, 1, 2 / 5),
    ("warmup(4)", 4, 1.0, 3, 4 / 5),
    ("warmup(4)", 4, 1.0, 4, 1.0),
    ("warmup(4, start=0)", 4, 1.0, 0, 0.0),
    ("warmup(4, start=0)", 4, 1.0, 1, 1 / 4),
    ("warmup(4, start=0)", 4, 1.0, 3, 3 / 4),
    ("warmup(4, start=0.5)", 4, 2.0, 0, 1.0),
    ("warmup(4, start=0.5)", 4, 2.0, 2, 1.5),
    ("warmup(4, to=0.5)", 8, 2.0, 0, 1 / 5),
    ("warmup(4, to=0.5)", 8, 2.0, 7, 1.0),
    ("warmup(4, start=0, shape=cosine)", 4, 1.0, 2, 0.5),
    ("warmup(4, start=0, shape=cosine)", 4, 1.0, 1, (1 - math.sqrt(0.5)) / 2),
    ("warmup(4, start=0.0001, shape=exponential)", 4, 1.0, 1, 1e-3),
    ("warmup(4, start=0.0001, shape=exponential)", 4, 1.0, 2, 1e-2),
    ("warmup(4, start=absolute(0.5))", 4, 2.0, 0, 0.5),
    ("warmup(4, start=absolute(0.5))", 4, 2.0, 2, 1.25),
    ("hold()", 10, 3e-4, 5, 3e-4),
    ("linear()", 10, 1.0, 0, 1.0),
    ("linear()", 10, 1.0, 9, 0.1),
    ("linear()", 10, 1.0, 10, 0.0),
    ("linear()", 10, 1.0, 99, 0.0),
    ("linear(endpoint=True)", 10, 1.0, 9, 0.0),
    ("linear(to=0.1, endpoint=True)", 10, 1.0, 9, 0.1),
    ("linear(to=0.1, endpoint=True)", 10, 1.0, 3, 0.7),
    ("linear(to=absolute(0.5))", 10, 2.0, 5, 1.25),
    ("cosine()", 4, 1.0, 1, (2 + math.sqrt(2)) / 4),
    ("cosine()", 4, 1.0, 2, 0.5),
    ("cosine(to=0.1)", 4, 1.0, 2, 0.55),
    ("cosine(to=0.1)", 4, 1.0, -3, 1.0),
    ("decay(shape=1-sqrt)", 100, 1.0, 25, 0.5),
    ("decay(shape=1-sqrt)", 100, 1.0, 81, 0.1),
    ("decay(shape=polynomial, power=2)", 10, 1.0, 5, 0.25),
    ("decay(shape=polynomial, power=2, to=0.5)", 10, 1.0, 5, 0.625),
    ("decay(shape=exponential, to=0.01)", 10, 1.0, 5, 0.1),
    ("decay(shape=exponential, to=0.01)", 10, 1.0, 10, 0.01),
    ("steps(3)", 10, 1.0, 2, 1.0),
    ("steps(3)", 10, 1.0, 3, 0.1),
    ("steps(3)", 10, 1.0, 9, 1e-3),
    ("steps(30%, factor=0.5)", 10, 1.0, 6, 0.25),
    ("steps(1%)", 10, 1.0, 2, 0.01),  # a tread is at least one step
    ("hold(4) >> steps(3, factor=0.5)", 20, 1.0, 6, 1.0),
    ("hold(4) >> steps(3, factor=0.5)", 20, 1.0, 7, 0.5),
    ("warmup(4) >> inverse_sqrt()", 100, 1.0, 16, 0.5),
    ("warmup(4) >> inverse_sqrt()", 100, 1.0, 64, 0.25),
    ("inverse_sqrt(timescale=100)", 1000, 1.0, 300, 0.5),
    ("inverse_sqrt()", 1000, 1.0, 3, 0.5),  # nothing before it: a timescale of one step
    ("warmup(50%) >> hold()", 5, 1.0, 3, 1.0),  # 2.5 is 3, half up
    ("warmup(50%) >> hold()", 5, 1.0, 2, 3 / 4),
    ("hold() >> decay(50%)", 5, 1.0, 2, 1.0),  # 2.5 from the end is 3 too
    ("hold() >> decay(50%)", 5, 1.0, 3, 2 / 3),
    (STABLE, 100_000, 3e-4, 0, 3e-4 / 2_001),
    (STABLE, 100_000, 3e-4, 1_999, 3e-4 * 2_000 / 2_001),
    (STABLE, 100_000, 3e-4, 80_000, 3e-4),
    (STABLE, 100_000, 3e-4, 85_000, 1.5e-4),
    (STABLE, 100_000, 3e-4, 100_000, 0.0),
    ("decay(50%, to=0.5) >> cosine(to=0.1)", 8, 1.0, 2, 0.75),
    ("decay(50%, to=0.5) >> cosine(to=0.1)", 8, 1.0, 4, 0.5),
    ("decay(50%, to=0.5) >> cosine(to=0.1)", 8, 1.0, 6, 0.3),
    ("cosine(to=0.1)", 4, None, 2, 0.55),
]


@pytest.mark.parametrize(("text", "horizon", "peak", "step", "expected"), TABLE)
def test_a_recipe_at_a_step_is_worth(text: str, horizon: int, peak: float | None, step: int, expected: float) -> None:
    assert gp.parse(text).over(horizon, peak=peak)(step) == pytest.approx(expected, rel=1e-14, abs=1e-17)


@given(steps=HORIZONS, peak=PEAKS, shape=st.sampled_from(FALLING), to=st.floats(0.01, 1))
def test_a_decay_is_exactly_at_its_end_one_past_the_last_update(steps: int, peak: float, shape: str, to: float) -> None:
    schedule = gp.decay(to=to, shape=shape).over(steps, peak=peak)
    assert schedule(steps) == to * peak
    assert schedule(0) == peak


@given(steps=HORIZONS, peak=PEAKS, shape=st.sampled_from(FALLING), to=st.floats(0.01, 1))
def test_with_endpoint_the_last_update_is_exactly_at_the_end(steps: int, peak: float, shape: str, to: float) -> None:
    schedule = gp.decay(to=to, shape=shape, endpoint=True).over(steps, peak=peak)
    assert schedule(steps - 1) == schedule(steps) == to * peak
    assert steps == 1 or schedule(0) == peak


@given(steps=HORIZONS, peak=PEAKS, floor=st.floats(0, 1))
def test_an_absolute_level_is_met_to_the_last_bit(steps: int, peak: float, floor: float) -> None:
    level = gp.absolute(floor * peak)
    assert gp.cosine(to=level).over(steps, peak=peak)(steps) == floor * peak
    assert gp.warmup(steps, start=level).over(steps, peak=peak)(0) == floor * peak


@given(length=HORIZONS, peak=PEAKS, shape=st.sampled_from(["linear", "cosine", "exponential"]))
def test_a_warmup_begins_at_its_target_over_one_more_than_its_length(length: int, peak: float, shape: str) -> None:
    schedule = (gp.warmup(length, shape=shape) >> gp.hold()).over(length + 5, peak=peak)
    assert schedule(0) == peak / (length + 1)
    assert schedule(length) == peak


@given(length=st.integers(1, 10**12), peak=PEAKS, data=st.data())
def test_a_linear_warmup_gives_step_t_the_share_t_plus_1_of_n_plus_1(
    length: int, peak: float, data: st.DataObject
) -> None:
    t = data.draw(st.integers(0, length))
    ours = gp.warmup(length).over(length, peak=peak)(t)
    assert ours == pytest.approx(peak * float(Fraction(t + 1, length + 1)), rel=1e-14)
    textbook = gp.warmup(length, start=0).over(length, peak=peak)(t)
    assert textbook == pytest.approx(peak * (t / length), rel=1e-15)


@given(steps=HORIZONS, peak=PEAKS, share=st.integers(0, 100))
def test_a_hold_is_the_value_before_it_to_the_last_bit(steps: int, peak: float, share: int) -> None:
    level = share / 100
    schedule = (gp.decay("30%", to=level) >> gp.hold()).over(steps, peak=peak)
    assert {schedule(step) for step in range(steps, steps + 3)} == {level * peak}
    assert schedule(schedule.boundaries[1]) == level * peak
