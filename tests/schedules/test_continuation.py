"""Going on under every policy: what is done stays to the bit, the seam is what it says, the future is the policy's."""

from fractions import Fraction

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from strategies import plans

import glidepath as gp
from glidepath.errors import GlidepathError, ResumeConflict, ScheduleError, SpecError
from glidepath.schedules.amendments import Amendment, amended, amendment
from glidepath.schedules.continuation import (
    WORDS,
    anneal_from_here,
    append,
    branch,
    continue_,
    rewarm,
)

COSINE = (gp.warmup(10) >> gp.cosine(to=0.1)).over(100, peak=0.2)
WSD = (gp.warmup(10) >> gp.hold() >> gp.decay("20%", shape="1-sqrt")).over(100, peak=0.2)
ANY = 1e300  # a seam that rises as much as it likes
policies = st.one_of(
    st.sampled_from(list(WORDS)),
    st.builds(lambda n: rewarm(n, then=gp.linear()), st.integers(1, 5)),
    st.just(append(gp.cosine())),
    st.just(anneal_from_here(shape="1-sqrt")),
    st.just(branch(gp.linear(), 7)),
)
schedules = plans(horizons=st.integers(2, 300)).map(lambda plan: plan.schedule)


@given(schedules, st.data(), policies)
def test_what_is_done_stays_to_the_bit_and_the_seam_is_what_it_says(schedule, data, policy):
    step = data.draw(st.integers(1, schedule.horizon.steps + 20))
    horizon = data.draw(st.integers(step + 6, step + 400))
    going_on = continue_(schedule, step, horizon, policy, most=ANY)
    assert going_on.after(range(step)).tolist() == schedule(range(step)).tolist()
    assert (going_on.seam.last, going_on.seam.next) == (schedule(step - 1), going_on.after(step))
    assert going_on.after.horizon.steps == horizon
    assert gp.from_spec(gp.to_spec(going_on.after)) == going_on.after


@given(schedules, st.data(), st.lists(policies, min_size=2, max_size=5))
def test_gone_on_with_again_and_again_all_that_is_done_stays(schedule, data, ways):
    step, done = 0, []
    for policy in ways:
        step += data.draw(st.integers(1, 60))
        done += schedule(range(len(done), step)).tolist()
        schedule = continue_(schedule, step, step + data.draw(st.integers(6, 100)), policy, most=ANY).after
        assert schedule(range(step)).tolist() == done
    assert schedule.recipe.depth < 20


@given(st.integers(1, 300), st.integers(1, 300))
def test_stored_is_the_plan_wherever_it_was_planned(step, more):
    schedule = continue_(COSINE, step, step + more, "stored").after
    steps = np.arange(step + more)
    assert schedule(steps).tolist() == COSINE(steps).tolist()


@given(st.integers(1, 99), st.integers(1, 500))
def test_stretch_ends_where_the_plan_does(step, more):
    schedule = continue_(COSINE, step, step + more, "stretch").after
    half = step + more / 2
    assert schedule(step + more) == pytest.approx(COSINE(100), rel=1e-12)
    assert schedule(half) == pytest.approx(COSINE((step + 100) / 2), rel=1e-9)


@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from(["linear", "cosine", "1-sqrt"]))
def test_annealing_begins_at_the_last_value_and_ends_at_its_own(step, more, shape):
    schedule = continue_(COSINE, step, step + more, anneal_from_here(to=0.05, shape=shape)).after
    assert schedule(step) == COSINE(step - 1)
    assert schedule(step + more) == pytest.approx(0.05 * 0.2)
    assert (np.diff(schedule(range(step, step + more))) <= 0).all()


def test_a_hold_keeps_the_last_value_used():
    schedule = continue_(COSINE, 60, 200, "hold").after
    assert set(schedule(range(60, 300)).tolist()) == {COSINE(59)}


def test_a_rewarm_goes_up_and_down_again():
    schedule = continue_(COSINE, 100, 200, rewarm(20, to=0.5)).after
    assert schedule(100) == COSINE(99)
    assert schedule(120) == pytest.approx(0.1)
    assert schedule(200) == 0


def test_several_branches_are_cut_from_one_trunk():
    trunk = (gp.warmup(10) >> gp.hold()).over(1_000, peak=0.2)
    for step in (100, 500, 900):
        cut = continue_(trunk, step, policy=branch(gp.decay(shape="1-sqrt"), 50)).after
        alone = (gp.warmup(10) >> gp.hold() >> gp.decay(50, shape="1-sqrt")).over(step + 50, peak=0.2)
        np.testing.assert_allclose(cut(range(step + 51)), alone(range(step + 51)), rtol=0, atol=1e-16)


def test_a_schedule_that_is_requested_is_there_from_the_seam_on():
    longer = (gp.warmup(10) >> gp.cosine(to=0.1)).over(200, peak=0.2)
    going_on = continue_(COSINE, 20, policy=longer)
    assert going_on.after == longer
    assert going_on.seam.next == longer(20)


@pytest.mark.parametrize("step", [50, 90, 100, 130])
def test_a_seam_that_rises_by_more_than_a_tenth_is_refused_unless_allowed(step):
    longer = (gp.warmup(10) >> gp.cosine(to=0.1)).over(1_000, peak=0.2)
    with pytest.raises(ResumeConflict, match="rises to at most"):
        continue_(COSINE, step, policy=longer)
    assert continue_(COSINE, step, policy=longer, most=20).seam.ratio > 1.1


@pytest.mark.parametrize("step", range(1, 12))
@pytest.mark.parametrize("policy", ["stored", "stretch"])
def test_a_warmup_under_way_may_go_on(step, policy):
    assert continue_(COSINE, step, 200, policy).seam.next <= COSINE(step)


def test_rates_of_the_horizon_stay():
    epochs = (gp.warmup("1 epoch") >> gp.linear()).over(gp.Horizon(100, steps_per_epoch=10), peak=1.0)
    going_on = continue_(epochs, 50, 200, append(gp.linear("3 epochs", to=0.1) >> gp.hold()))
    assert going_on.after.horizon.rates == epochs.horizon.rates
    assert going_on.after(80) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda: continue_(COSINE, 50, 50), "a horizon behind step 50"),
        (lambda: continue_(COSINE, 100), "a horizon behind step 100"),
        (lambda: continue_(COSINE, -1), "at least 0"),
        (lambda: continue_(COSINE, 50, 200, "strech"), "did you mean 'stretch'"),
        (lambda: continue_(COSINE, 50, 200, rewarm(151)), "at most 150 steps"),
        (lambda: continue_(gp.cosine(), 50, 200), "a schedule to go on from"),
        (lambda: continue_(COSINE, 90, 200, anneal_from_here(to=0.9)), "the decay to end at or below"),
    ],
)
def test_a_policy_that_does_not_fit_is_one_sentence(make, shown):
    with pytest.raises(GlidepathError, match=shown) as caught:
        make()
    assert "\n" not in str(caught.value)


changes = st.lists(
    st.one_of(
        st.builds(lambda by, value: ("scale", by, value), st.integers(0, 40), st.sampled_from([0.5, 0.1, 1.0])),
        st.builds(lambda by, value: ("cap", by, value), st.integers(0, 40), st.sampled_from([0.15, 1e-3])),
        st.builds(lambda by, more: ("horizon", by, more), st.integers(0, 40), st.integers(1, 99)),
        st.builds(lambda by, long: ("hold", by, long), st.integers(0, 40), st.integers(1, 30)),
    ),
    max_size=5,
)


@given(changes)
def test_amendments_replay_and_leave_what_is_done(drawn):
    step, made, done = 0, [], []
    for kind, by, value in drawn:
        step += by
        before = amended(COSINE, made)
        done = before(range(step)).tolist()
        made.append(Amendment(step, kind, {"horizon": step + value, "hold": True}.get(kind, value)))
        if kind == "hold":
            step += value
            made.append(Amendment(step, "release"))
        assert amended(COSINE, made)(range(len(done))).tolist() == done
    again = [amendment(one.table()) for one in made]
    assert again == made
    assert amended(COSINE, again) == amended(COSINE, made)


def test_each_amendment_is_what_it_says():
    steps = np.arange(50, 100)
    assert amended(COSINE, [Amendment(50, "scale", 0.5)])(steps).tolist() == (COSINE(steps) / 2).tolist()
    assert amended(COSINE, [Amendment(50, "cap", 0.05)])(steps).tolist() == np.minimum(COSINE(steps), 0.05).tolist()
    held = amended(COSINE, [Amendment(50, "hold"), Amendment(70, "release")])
    assert set(held(range(50, 70)).tolist()) == {COSINE(49)}
    assert held(steps + 20).tolist() == COSINE(steps).tolist()
    assert held.horizon.steps == 120


@pytest.mark.parametrize(
    "table",
    [
        *({}, [], None, {"step": 1}, {"step": 1, "scale": 2}, {"step": -1, "cap": 1}, {"scale": 0.5}),
        *({"step": 1, "cap": 1, "warmup": 9}, {"step": 1, "scale": 0.5, "warmup": 0.5}),
        *({"step": 1, "scale": 0.5, "cap": 1}, {"step": 5, "horizon": 5}, {"step": 5, "hold": 1}),
        {"step": 5, "horizon": 9, "policy": "x"},
    ],
)
def test_a_table_that_is_no_amendment_is_refused(table):
    with pytest.raises(SpecError, match="expected"):
        amendment(table)


@pytest.mark.parametrize(
    "made",
    [
        [Amendment(5, "release")],
        [Amendment(5, "hold"), Amendment(9, "scale", 0.5)],
        [Amendment(9, "scale", 0.5), Amendment(5, "scale", 0.5)],
    ],
)
def test_amendments_out_of_order_are_refused(made):
    with pytest.raises(ScheduleError, match="expected"):
        amended(COSINE, made)


@given(schedules, st.integers(0, 250), st.integers(1, 60), st.floats(0.1, 1.0))
def test_a_scale_by_a_warmup_rises_to_the_scaled_plan(schedule, step, warmup, factor):
    change = amendment({"step": step, "scale": factor, "warmup": warmup})
    assert amendment(change.table()) == change
    found, scaled = amended(schedule, [change]), amended(schedule, [Amendment(step, "scale", factor)])
    assert found(range(step)).tolist() == schedule(range(step)).tolist()
    behind = np.arange(step, max(step + 1, schedule.horizon.steps))
    ramp = np.minimum(1.0, (behind - step + 1) / (warmup + 1))
    np.testing.assert_allclose(found(behind), scaled(behind) * ramp, rtol=1e-9, atol=1e-15)


many = st.lists(st.tuples(st.sampled_from(["scale", "cap", "horizon"]), st.integers(0, 9)), min_size=25, max_size=30)


@settings(max_examples=20)
@given(schedules, many)
def test_a_schedule_that_is_changed_again_and_again_grows_no_deeper(schedule, kinds):
    step, found, done = 0, schedule, []
    for kind, later in kinds:
        step += later
        done += found(range(len(done), step)).tolist()
        value = {"scale": 0.9, "cap": 0.5, "horizon": max(found.horizon.steps - 3, step + 7)}[kind]
        found = amended(found, [Amendment(step, kind, value)])
        assert found(range(step)).tolist() == done
    assert found.recipe.depth <= schedule.recipe.depth + 4


@given(schedules, st.lists(st.tuples(st.sampled_from(["scale", "cap"]), st.integers(0, 30), st.floats(0.1, 1.0))))
def test_scales_and_caps_come_to_one_factor_and_one_lid(schedule, kinds):
    changes = [Amendment(step, kind, value) for kind, step, value in sorted(kinds, key=lambda one: one[1])]
    lrs = amended(schedule, changes)(range(60))
    factor, lid = 1.0, np.inf
    for step in range(60):
        for change in [one for one in changes if one.step == step]:
            factor = factor * change.value if change.kind == "scale" else factor
            lid = lid * change.value if change.kind == "scale" else min(lid, change.value)
        assert lrs[step] == pytest.approx(min(lid, factor * schedule(step)), rel=1e-12)


@given(schedules, st.integers(1, 200), st.integers(1, 300), st.integers(1, 300))
def test_stretched_twice_is_stretched_once_to_the_last_end(schedule, step, more, other):
    step = min(step, schedule.horizon.steps - 1)
    once = amended(schedule, [Amendment(step, "horizon", step + more)])
    twice = amended(schedule, [Amendment(step, "horizon", step + other), Amendment(step, "horizon", step + more)])
    np.testing.assert_allclose(twice(range(step + more)), once(range(step + more)), rtol=1e-9, atol=1e-15)


@given(st.integers(1, 60), st.lists(st.tuples(st.integers(1, 60), st.integers(1, 120)), min_size=1, max_size=4))
def test_a_jump_that_is_stretched_again_and_again_stays_where_exact_arithmetic_puts_it(jump, stretches):
    """Half from `jump` on, of a plan of 100 steps; then (how much later, how many steps are left) again and again."""
    schedule = amended(gp.hold().over(100, peak=1.0), [Amendment(jump, "scale", 0.5)])
    step, horizon, place = jump - 1, 100, lambda at: at  # of a step in the plan of the start
    for later, left in stretches:
        step = min(step + later, horizon - 1)
        pace, begin, before = Fraction(horizon - step, left), step, place
        place = lambda at, p=pace, b=begin, f=before: f(at if at < b else b + (at - b) * p)  # noqa: E731
        schedule, horizon = amended(schedule, [Amendment(step, "horizon", step + left)]), step + left
    expected = [1.0 if place(Fraction(at)) < jump else 0.5 for at in range(horizon)]
    np.testing.assert_array_equal(schedule(range(horizon)), expected)


@given(schedules, st.lists(st.integers(0, 100), max_size=5), st.integers(1, 200), st.integers(1, 300))
def test_what_is_stretched_is_stretched_evenly_wherever_it_was_cut(schedule, cuts, step, more):
    step = min(step, schedule.horizon.steps - 1)
    harmless = [Amendment(step + cut, "scale", 1.0) for cut in sorted(cuts) if step + cut < schedule.horizon.steps]
    cut = amended(schedule, harmless)
    steps = range(step + more)
    np.testing.assert_allclose(
        amended(cut, [Amendment(step, "horizon", step + more)])(steps),
        amended(schedule, [Amendment(step, "horizon", step + more)])(steps),
        rtol=1e-9,
        atol=1e-15,
    )
