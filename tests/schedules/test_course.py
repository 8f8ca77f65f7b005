"""The course of a run: what is stored is compared with what is asked for, and a policy settles it once."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from strategies import plans

import glidepath as gp
from glidepath.errors import CheckpointError, ResumeConflict, ScheduleError
from glidepath.schedules.amendments import Amendment
from glidepath.schedules.comparison import compare
from glidepath.schedules.continuation import WORDS, append, branch, continue_, rewarm
from glidepath.schedules.course import Course, course, settled
from glidepath.schedules.plan import Plan

SHORT, LONG = ((gp.warmup(2) >> gp.cosine()).over(horizon, peak=1.0) for horizon in (10, 20))
POLICIES = [*WORDS, rewarm(3, to=1.0), append(gp.linear()), branch(gp.linear(), 5)]
ALL = range(40)


schedules = plans().map(lambda plan: plan.schedule)


@given(schedules, schedules)
def test_plans_are_apart_where_their_values_are(one, other):
    assert compare(one, one) == ()
    assert (compare(one, other) == ()) == (one == other)


def test_a_comparison_names_the_place_and_both_values():
    stored = Plan(SHORT, groups={"head": 10}, momentum=0.9)
    requested = Plan(SHORT, groups={"head": 5}, weight_decay=0.1)
    assert list(map(str, compare(stored, requested))) == [
        "$.groups.head.factor stored 10.0, requested 5.0",
        "$.momentum stored 0.9, requested nothing",
        "$.weight_decay stored nothing, requested 0.1",
    ]
    assert compare(SHORT, Plan(SHORT)) == ()
    assert [one.place for one in compare(SHORT, Plan(LONG))] == ["$.lr.horizon.steps"]


def test_a_conflict_shows_both_plans_and_the_next_value_under_each_policy():
    with pytest.raises(ResumeConflict) as caught:
        settled(Course(SHORT), LONG, 10)
    page = str(caught.value)
    assert "$.horizon.steps  10      20" in page
    assert f"last learning rate was {SHORT(9):.6g}" in page
    for word in (*WORDS, "requested", "rewarm", "append", "branch"):
        assert word in page
    assert f"requested         {LONG(10):.6g} (x{LONG(10) / SHORT(9):.3g}; more than a tenth up" in page


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: getattr(policy, "word", policy))
@pytest.mark.parametrize("step", [1, 6, 10, 15])
def test_a_policy_settles_a_conflict_once(policy, step):
    found = settled(Course(SHORT), LONG, step, policy)
    horizon = None if getattr(policy, "ends", False) else 20
    expected = SHORT if policy == "stored" else continue_(SHORT, step, horizon, policy).after
    assert found.in_force(ALL).tolist() == expected(ALL).tolist()
    again = course(found.state())
    assert settled(again, LONG, step + 2) == again == found


def test_what_is_requested_is_there_from_the_seam_on_unless_it_rises():
    smaller = (gp.warmup(2) >> gp.cosine()).over(10, peak=0.1)
    assert settled(Course(SHORT), smaller, 5, "requested") == Course(smaller)
    with pytest.raises(ResumeConflict, match="rises to at most"):
        settled(Course(SHORT), LONG, 9, "requested")
    assert settled(Course(SHORT), LONG, 9, "requested", most=30).in_force == LONG


def test_amendments_replay_and_are_part_of_what_is_gone_on_with():
    changed = Course(SHORT).amend(Amendment(4, "scale", 0.5)).amend(Amendment(6, "hold"))
    assert course(changed.state()) == changed
    assert settled(changed, SHORT, 8) == changed
    assert changed.in_force(5) == SHORT(5) / 2
    kept = settled(changed, LONG, 8, "stored")
    assert kept.in_force == changed.in_force
    held = settled(changed, LONG, 8, "hold")
    assert (held.amendments, held.in_force(19)) == ((), changed.in_force(7))
    with pytest.raises(ScheduleError, match="release"):
        changed.amend(Amendment(8, "scale", 0.5))


def test_another_global_batch_ends_with_the_same_data():
    recipe = gp.warmup("10%") >> gp.linear()
    small, large = (recipe.over(gp.Horizon.of("64k samples", batch_size=size), peak=1.0) for size in (64, 256))
    once = settled(Course(small), large, 400, "stretch")
    assert once.in_force.horizon == gp.Horizon(400 + 600 * 64 // 256, samples_per_step=256)
    assert once.in_force(400 + 75) == pytest.approx(small(400 + 300))
    back = settled(once, small, 475, "stretch")
    assert back.in_force.horizon == gp.Horizon(475 + 300, samples_per_step=64)
    assert back.in_force(775 - 1) == pytest.approx(small(999))
    more = recipe.over(gp.Horizon.of("128k samples", batch_size=256), peak=1.0)
    assert settled(Course(small), more, 400, "stretch").in_force.horizon.steps == 400 + 150 + 250


def test_every_learning_rate_of_a_plan_goes_on_and_its_other_values_too():
    def plan(horizon: int) -> Plan:
        own = gp.Group(2, lr=gp.linear().over(horizon, peak=0.5))
        momentum = gp.arc(start=0.9, to=0.8).over(horizon)
        return Plan(gp.cosine().over(horizon, peak=1.0), groups={"head": own}, momentum=momentum, weight_decay=0.1)

    found: Any = settled(Course(plan(10)), plan(20), 6, rewarm(3)).in_force
    before = plan(10)
    assert found.at(np.arange(6))["lr"].tolist() == before.at(np.arange(6))["lr"].tolist()
    assert found.at(6, group="head")["lr"] == before.at(5, group="head")["lr"]
    assert found.at(13)["momentum"] == pytest.approx(before.at(8)["momentum"])
    halved: Any = Course(before).amend(Amendment(5, "scale", 0.5)).in_force
    assert [halved.at(7, group=group)["lr"] for group in (None, "head")] == [
        before.at(7, group=group)["lr"] / 2 for group in (None, "head")
    ]
    assert halved.at(7)["momentum"] == before.at(7)["momentum"]


GOOD = Course(SHORT, amendments=(Amendment(4, "scale", 0.5),)).state()


@pytest.mark.parametrize(
    "broken",
    [
        {},
        GOOD | {"spec": None},
        GOOD | {"spec": gp.to_spec(gp.cosine())},
        GOOD | {"spec": {**GOOD["spec"], "glidepath": 2}},
        GOOD | {"base": "warmup(2)"},
        GOOD | {"amendments": {"scale": 0.5}},
        GOOD | {"amendments": [{"step": 4, "scale": 2}]},
        GOOD | {"amendments": [{"step": 4, "scale": 0.5}, {"step": 3, "scale": 0.5}]},
        GOOD | {"amendments": [{"step": 4, "release": True}]},
        GOOD | {"amendments": [7]},
    ],
)
def test_a_state_that_is_no_course_is_refused(broken):
    with pytest.raises(CheckpointError, match=r"expected \$\.|expected the amendments"):
        course(broken)


@given(st.integers(1, 30), st.sampled_from(list(WORDS)))
def test_no_update_rises_under_a_policy_that_does_not_warm_up(step, policy):
    decayed = gp.cosine().over(10, peak=1.0)
    lrs = settled(Course(decayed), gp.cosine().over(40, peak=1.0), step, policy).in_force(range(60))
    assert (np.diff(lrs) <= 0).all()
