"""Laws of a schedule's values, over random recipes of every part."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from reference import Plan, bounds, ramps, value
from strategies import FALLING, plans, steps_of

import glidepath as gp

EPSILON = np.finfo(np.float64).eps
KINDS = {
    "sorted": lambda steps: np.sort(np.array(steps, dtype=np.int64)),
    "as drawn": lambda steps: np.array(steps, dtype=np.int64),
    "reversed": lambda steps: np.sort(np.array(steps, dtype=np.int64))[::-1],
    "repeated": lambda steps: np.repeat(np.array(steps, dtype=np.int64), 3),
    "strided": lambda steps: np.repeat(np.array(steps, dtype=np.int64), 2)[::2],
    "2-D": lambda steps: np.array([steps, steps[::-1]], dtype=np.int64),
    "0-d": lambda steps: np.array(steps[0], dtype=np.int64),
    "a list": list,
    "floats": lambda steps: np.array(steps, dtype=np.float64) + 0.25,
    "big-endian": lambda steps: np.array(steps, dtype=">i8"),
}


TYPES = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32"]


@settings(max_examples=150)
@given(data=st.data(), kind=st.sampled_from(sorted(KINDS)))
def test_an_array_of_steps_equals_its_steps_one_by_one_to_the_last_bit(data: st.DataObject, kind: str) -> None:
    plan = data.draw(plans())
    schedule = plan.schedule
    asked = KINDS[kind](data.draw(steps_of(plan)))
    alone = [schedule(step) for step in np.asarray(asked).reshape(-1).tolist()]
    together = schedule(asked)
    assert together.dtype == np.float64
    assert together.shape == np.asarray(asked).shape
    assert together.reshape(-1).tolist() == alone


@pytest.mark.parametrize("make", [int, float, np.int8, np.uint64, np.float32, np.float64])
@pytest.mark.parametrize("shape", FALLING)
def test_one_step_gives_a_python_float_whatever_its_type(make: type, shape: str) -> None:
    schedule = gp.decay(to=0.01, shape=shape).over(100, peak=3e-4)
    assert type(schedule(make(7))) is float
    assert schedule(make(7)) == schedule([7])[0]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("steps", [1, 150, 70_000, 10**12])
def test_every_type_of_step_gives_the_values_of_its_whole_numbers(dtype: str, steps: int) -> None:
    limits = np.iinfo(dtype if dtype != "float32" else "int16")
    schedule = (gp.warmup("10%") >> gp.hold() >> gp.cosine("50%", to=0.1)).over(steps, peak=3e-4)
    asked = np.array([limits.min, 0, 1, 100, limits.max // 2, limits.max], dtype=dtype)
    assert schedule(asked).tolist() == [schedule(int(step)) for step in asked]


@pytest.mark.parametrize("every", [1, 2, 3, 7])
def test_stairs_of_an_array_equal_those_of_each_step_to_the_last_bit(every: int) -> None:
    schedule = gp.steps(every, factor=0.1).over(40, peak=3e-4)
    assert schedule(range(41)).tolist() == [schedule(step) for step in range(41)]


@pytest.mark.parametrize("shape", FALLING)
def test_a_shape_over_an_array_equals_that_of_each_step_to_the_last_bit(shape: str) -> None:
    power = 2.0 if shape == "polynomial" else 1.0
    schedule = gp.decay(to=0.037, shape=shape, power=power).over(1_000, peak=3e-4)
    assert schedule(range(1_001)).tolist() == [schedule(step) for step in range(1_001)]


@given(plan=plans())
def test_a_long_array_is_cut_into_chunks_that_nobody_sees(plan: Plan) -> None:
    steps = np.linspace(-3, plan.steps * 1.01 + 3, 40_001).astype(np.int64)
    together = plan.schedule(steps)
    assert together[::1_000].tolist() == [plan.schedule(step) for step in steps[::1_000].tolist()]
    assert np.array_equal(together[::-1], plan.schedule(steps[::-1]))


@given(plan=plans(), before=st.integers(-(10**15), -1))
def test_a_step_below_0_reads_as_0(plan: Plan, before: int) -> None:
    schedule = plan.schedule
    first = schedule(0)
    assert [schedule(before), schedule(-0.5), schedule(-math.inf)] == [first] * 3
    assert schedule([before, -1, 0]).tolist() == [first] * 3
    assert schedule([0, before]).tolist() == [first] * 2


def test_a_step_below_0_reads_as_0_where_the_first_parts_have_no_steps() -> None:
    schedule = (gp.warmup("1%", to=0.5) >> gp.warmup(3, start=0.1)).over(10)
    assert schedule.boundaries == (0, 0)
    assert schedule(-1) == schedule(0) == 0.1
    assert schedule([-1, 0]).tolist() == [0.1, 0.1]


@given(plan=plans(), past=st.integers(0, 10**15))
def test_past_the_horizon_the_value_of_the_horizon_is_held(plan: Plan, past: int) -> None:
    schedule = plan.schedule
    held = schedule(plan.steps)
    assert [schedule(plan.steps + past), schedule(math.inf), schedule(10**400)] == [held] * 3
    assert schedule([plan.steps + past, plan.steps]).tolist() == [held] * 2
    assert schedule(np.array([2**64 - 1], dtype=np.uint64)).tolist() == [held]


@given(data=st.data())
def test_every_value_is_finite_and_between_the_lowest_level_and_the_peak(data: st.DataObject) -> None:
    plan = data.draw(plans())
    values = plan.schedule(data.draw(steps_of(plan)))
    lowest = min(min(pair) for pair in ramps(plan))
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert (values <= plan.top).all()
    assert (values >= lowest * (1 - 4 * EPSILON)).all()


@given(plan=plans(horizons=st.just(1)))
def test_a_horizon_of_one_step_has_values_like_any_other(plan: Plan) -> None:
    values = plan.schedule([-1, 0, 1, 2])
    assert np.isfinite(values).all()
    assert values[0] == values[1]
    assert values[2] == values[3]


@given(data=st.data())
def test_nothing_rises_outside_a_warmup_and_nothing_falls_inside_one(data: st.DataObject) -> None:
    plan = data.draw(plans())
    edges = bounds(plan)
    warmups = [(a, b) for (word, _), a, b in zip(plan.parts, edges, edges[1:], strict=False) if word == "warmup"]
    before = np.array([step for step in data.draw(steps_of(plan)) if step >= 0] or [0])
    change = plan.schedule(before + 1) - plan.schedule(before)
    for step, by in zip(before.tolist(), change.tolist(), strict=True):
        slack = 4 * EPSILON * plan.schedule(step)
        assert by <= slack or any(begin <= step + 1 <= end for begin, end in warmups)
        assert by >= -slack or not any(begin <= step < end - 1 for begin, end in warmups)


@pytest.mark.parametrize("shape", FALLING)
def test_a_decay_of_a_thousand_steps_falls_at_each_of_them(shape: str) -> None:
    values = gp.decay(to=0.01, shape=shape).over(1_000, peak=3e-4)(range(1_001))
    assert (np.diff(values) < 0).all()


@pytest.mark.parametrize("shape", ["linear", "cosine", "exponential"])
def test_a_warmup_of_a_thousand_steps_rises_at_each_of_them(shape: str) -> None:
    values = gp.warmup(1_000, shape=shape).over(1_000, peak=3e-4)(range(1_001))
    assert (np.diff(values) > 0).all()


@given(data=st.data(), power=st.integers(-60, 60))
def test_a_peak_twice_as_large_doubles_every_value_exactly(data: st.DataObject, power: int) -> None:
    plan = data.draw(plans(absolute=False, peaks=st.floats(1e-6, 1.0)))
    steps = data.draw(steps_of(plan))
    larger = plan.recipe.over(plan.schedule.horizon, peak=plan.peak * 2.0**power)
    small, large = plan.schedule(steps), larger(steps)
    normal = small > 1e-250  # below the normal numbers there are not enough bits to scale
    assert (large == small * 2.0**power)[normal].all()


@given(data=st.data(), peak=st.floats(1e-9, 1e3))
def test_any_peak_scales_every_value_within_two_last_bits_a_part(data: st.DataObject, peak: float) -> None:
    plan = data.draw(plans(absolute=False, peaks=st.none()))
    steps = data.draw(steps_of(plan))
    scaled, values = plan.recipe.over(plan.schedule.horizon, peak=peak)(steps), plan.schedule(steps) * peak
    assert np.abs(scaled - values).max() <= 2 * len(plan.parts) * EPSILON * values.max()


@given(data=st.data())
def test_the_value_is_that_of_a_slow_reference_in_fractions(data: st.DataObject) -> None:
    plan = data.draw(plans())
    for step in data.draw(steps_of(plan)):
        assert plan.schedule(step) == pytest.approx(value(plan, step), rel=0, abs=1e-14 * plan.top)


@given(data=st.data())
def test_a_step_between_two_updates_has_the_value_of_the_same_reference(data: st.DataObject) -> None:
    plan = data.draw(plans(horizons=st.integers(1, 10_000)))
    step = data.draw(st.floats(-1, plan.steps + 1, allow_nan=False))
    assert plan.schedule(step) == pytest.approx(value(plan, step), rel=0, abs=1e-14 * plan.top)


def test_no_steps_have_no_values() -> None:
    schedule = gp.cosine().over(10)
    assert schedule([]).shape == (0,)
    assert schedule(np.zeros((0, 3))).shape == (0, 3)
    assert schedule(range(0)).dtype == np.float64


def test_the_steps_asked_for_are_left_as_they_are() -> None:
    steps = np.array([-5, 3, 99])
    steps.setflags(write=False)
    first, second = gp.cosine().over(10)(steps), gp.cosine().over(10)(steps)
    assert np.array_equal(first, second)
    assert steps.tolist() == [-5, 3, 99]


@pytest.mark.parametrize("parts", [1, 8, 9, 200])
def test_no_steps_of_many_parts_have_no_values(parts):
    schedule = gp.Recipe(gp.hold(1).parts * parts).over(500)
    assert schedule([]).shape == (0,)
    assert schedule(np.empty((0, 3), dtype=np.int64)).shape == (0, 3)
