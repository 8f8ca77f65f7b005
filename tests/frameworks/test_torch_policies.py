"""A checkpoint of another plan: loud, until a policy says how to go on; then no update rises that is not to rise.

The bare library goes on without a word: see `test_bare_torch_a_finished_cosine_extended_from_10_to_20_climbs` in
test_torch_clock.py for T1; for T4 it is shown here.
"""

from typing import Any

import numpy as np
import pytest
import torch
from driving import Spy, adamw, schedule_of, sgd, update
from torch.optim.lr_scheduler import CosineAnnealingLR

import glidepath as gp
from glidepath.errors import GlidepathError, ResumeConflict
from glidepath.frameworks.torch import Scheduler, attach
from glidepath.schedules.continuation import WORDS, anneal_from_here, append, branch, continue_, rewarm
from glidepath.schedules.measure import completion

SHORT, LONG = (schedule_of("cosine()", horizon=horizon, peak=1.0) for horizon in (10, 20))
MIXED = schedule_of("warmup(2) >> cosine()", horizon=10, peak=1.0)


def saved(schedule: gp.Schedule, updates: int, *lrs: float) -> dict[str, Any]:
    optimizer = sgd(*(lrs or (1.0,)))
    scheduler = attach(optimizer, schedule)
    update(optimizer, updates)
    return {"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}


def resumed(state: dict[str, Any], schedule: gp.Schedule, policy: Any, *lrs: float) -> tuple[Scheduler, Spy]:
    optimizer = sgd(*(lrs or (1.0,)))
    scheduler = attach(optimizer, schedule, policy=policy)
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    return scheduler, Spy(optimizer)


def test_bare_torch_a_changed_learning_rate_is_ignored_on_resume():
    def run(lr: float) -> tuple[Any, Any]:
        optimizer = sgd(lr)
        return optimizer, CosineAnnealingLR(optimizer, 10)

    optimizer, scheduler = run(1.0)
    for _ in range(5):
        update(optimizer)
        scheduler.step()
    states = optimizer.state_dict(), scheduler.state_dict()
    optimizer, scheduler = run(0.1)
    optimizer.load_state_dict(states[0])
    scheduler.load_state_dict(states[1])
    assert optimizer.param_groups[0]["lr"] == pytest.approx(SHORT(5))  # of the old peak, and not a word


def test_a_finished_run_extended_without_a_policy_shows_every_policy_and_changes_nothing():
    optimizer = sgd()
    scheduler = attach(optimizer, LONG)
    before = scheduler.state_dict()
    with pytest.raises(ResumeConflict) as caught:
        scheduler.load_state_dict(saved(SHORT, 10)["scheduler"])
    for words in (*WORDS, "requested", "rewarm", f"{SHORT(9):.6g}", f"{LONG(10):.6g}"):
        assert words in str(caught.value)
    assert (scheduler.state_dict(), optimizer.param_groups[0]["lr"]) == (before, 1.0)


POLICIES = ["stored", "hold", "stretch", "anneal_from_here", rewarm(3, to=0.3), append(gp.linear())]


@pytest.mark.parametrize("updates", [4, 10])
@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: getattr(policy, "word", policy))
def test_each_policy_trains_what_it_says(policy, updates):
    policy = rewarm(3) if policy == POLICIES[4] and updates == 4 else policy
    scheduler, spy = resumed(saved(SHORT, updates), LONG, policy)
    update(scheduler.optimizer, 20 - updates)
    expected = continue_(SHORT, updates, 20, policy).after
    assert spy.first == expected(range(updates, 20)).tolist()
    rises = np.diff([SHORT(updates - 1), *spy.first]) > 0
    assert rises.any() == getattr(policy, "warms", False)


def test_a_branch_ends_where_it_says():
    scheduler, spy = resumed(saved(SHORT, 4), LONG, branch(gp.linear(), 5))
    update(scheduler.optimizer, 7)
    assert spy.first[0] == SHORT(3)
    assert spy.first[5:] == [0.0, 0.0]


def test_an_annealing_from_the_middle_begins_at_the_last_value_and_ends_at_the_floor():
    scheduler, spy = resumed(saved(SHORT, 4), LONG, anneal_from_here(to=0.05))
    update(scheduler.optimizer, 17)
    assert spy.first[0] == pytest.approx(SHORT(3), rel=1e-6)
    assert spy.first[-1] == 0.05


@pytest.mark.parametrize("lrs", [(1.0,), (1.0, 0.5)])
def test_a_changed_peak_is_loud_and_then_one_or_the_other_in_every_group(lrs):
    tenth = schedule_of("warmup(2) >> cosine()", horizon=10, peak=0.1)
    state = saved(MIXED, 5, *lrs)
    with pytest.raises(ResumeConflict, match=r"\$\.peak +1\.0 +0\.1"):
        resumed(state, tenth, None, *lrs)
    for policy, chosen in (("requested", tenth), ("stored", MIXED)):
        scheduler, spy = resumed(state, tenth, policy, *lrs)
        update(scheduler.optimizer, 5)
        assert spy.used == [[lr * chosen(step) for lr in lrs] for step in range(5, 10)]


@pytest.mark.parametrize("policy", ["requested", "stored"])
def test_changed_ratios_between_groups_are_loud_and_then_one_or_the_other(policy):
    stored, requested = (1.0, 0.1), (1.0, 0.5)
    state = saved(MIXED, 5, *stored)
    optimizer = sgd(*requested)
    with pytest.raises(ResumeConflict, match="ratios"):
        attach(optimizer, MIXED).load_state_dict(state["scheduler"])
    scheduler = attach(optimizer, MIXED, policy=policy)
    scheduler.load_state_dict(state["scheduler"])
    spy = Spy(optimizer)
    update(optimizer)
    assert spy.used == [[share * MIXED(5) for share in (requested if policy == "requested" else stored)]]


def test_what_is_requested_and_rises_needs_a_word_more():
    with pytest.raises(ResumeConflict, match="rises to at most"):
        resumed(saved(SHORT, 10), LONG, "requested")
    optimizer = sgd()
    scheduler = attach(optimizer, LONG, policy="requested", most=30)
    scheduler.load_state_dict(saved(SHORT, 10)["scheduler"])
    assert optimizer.param_groups[0]["lr"] == LONG(10)


@pytest.mark.parametrize("policy", POLICIES[:4])
def test_the_same_code_resumes_again_and_again(policy):
    state, used = saved(SHORT, 6), []
    for _ in range(7):
        scheduler, spy = resumed(state, LONG, policy)
        update(scheduler.optimizer, 2)
        used += spy.first
        state = {"optimizer": scheduler.optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    horizon = 20
    assert used == continue_(SHORT, 6, horizon, policy).after(range(6, 20)).tolist()
    scheduler, _ = resumed(state, LONG, None)  # settled: no policy is needed any more
    assert scheduler.last_epoch == 20


def test_another_global_batch_ends_with_the_same_data():
    recipe = gp.parse("warmup(10%) >> linear()")
    small, large = (recipe.over(gp.Horizon.of("6400 samples", batch_size=size), peak=1.0) for size in (64, 128))
    scheduler, spy = resumed(saved(small, 40), large, "stretch")
    update(scheduler.optimizer, 31)
    assert spy.first[-1] == 0.0
    np.testing.assert_allclose(spy.first[:30], small(range(40, 100, 2)), rtol=1e-12)


def test_amendments_are_saved_replayed_and_part_of_a_resume():
    optimizer = sgd()
    scheduler = attach(optimizer, SHORT)
    update(optimizer, 4)
    scheduler.amend(scale=0.5)
    assert optimizer.param_groups[0]["lr"] == SHORT(4) / 2
    assert scheduler.get_last_lr() == [SHORT(3)]
    update(optimizer, 2)
    state = {"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    rest, spy = resumed(state, SHORT, None)
    update(rest.optimizer, 4)
    assert spy.first == [SHORT(step) / 2 for step in range(6, 10)]


def test_a_plan_is_held_released_capped_and_lengthened():
    optimizer = sgd()
    scheduler, spy = attach(optimizer, SHORT), Spy(optimizer)
    update(optimizer, 3)
    scheduler.amend(hold=True)
    update(optimizer, 4)
    scheduler.amend(release=True)
    update(optimizer, 2)
    scheduler.amend(cap=0.5)
    update(optimizer, 1)
    scheduler.amend(horizon=30, policy="stretch")
    update(optimizer, 20)
    assert spy.first[3:7] == [SHORT(2)] * 4
    assert spy.first[7:9] == [SHORT(3), SHORT(4)]
    assert spy.first[9] == min(0.5, SHORT(5))
    assert spy.first[10] == pytest.approx(min(0.5, SHORT(6)))
    assert spy.first[-1] > 0
    assert float(optimizer.param_groups[0]["lr"]) == pytest.approx(0.0)


@pytest.mark.parametrize(
    "change", [{}, {"scale": 2}, {"scale": 0.5, "cap": 1}, {"horizon": 1}, {"release": True}, {"scall": 0.5}]
)
def test_a_change_that_is_none_changes_nothing(change):
    optimizer = adamw()
    scheduler = attach(optimizer, SHORT)
    update(optimizer, 2)
    before = scheduler.state_dict()
    with pytest.raises(GlidepathError):
        scheduler.amend(**change)
    assert scheduler.state_dict() == before


@pytest.mark.parametrize("policy", ["", "strech", 3, rewarm])
def test_what_is_no_policy_is_refused_when_attached(policy):
    with pytest.raises(GlidepathError, match="policy"):
        attach(sgd(), SHORT, policy=policy)


def test_a_rewarm_longer_than_what_is_left_is_refused_and_nothing_is_loaded():
    optimizer = sgd()
    scheduler = attach(optimizer, LONG, policy=rewarm(12))
    before = scheduler.state_dict()
    with pytest.raises(GlidepathError, match="at most 10 steps, which are left"):
        scheduler.load_state_dict(saved(SHORT, 10)["scheduler"])
    assert scheduler.state_dict() == before
    torch.testing.assert_close(optimizer.param_groups[0]["lr"], 1.0)


# ---- T7: the horizon that was planned, and the run that it became. ----


def test_bare_torch_the_decay_of_a_run_that_is_shorter_than_its_estimate_is_never_finished():
    optimizer = sgd()
    scheduler = CosineAnnealingLR(optimizer, 1_000)
    for _ in range(930):  # packed data was 7 % shorter
        update(optimizer)
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] > 0.01


@pytest.mark.parametrize("real", [930, 1_070])
@pytest.mark.parametrize("every", [1, 50, 310])
def test_a_run_lands_where_its_data_ends_whatever_was_estimated(real, every):
    optimizer = sgd()
    scheduler, spy = (
        attach(optimizer, schedule_of("warmup(2%) >> cosine(to=0.1)", horizon=1_000, peak=1.0)),
        Spy(optimizer),
    )
    for step in range(1, real + 1):
        update(optimizer)
        if step % every == 0 and step < real:
            scheduler.land_by(step / real)
    assert (np.diff(spy.first[25:]) <= 0).all()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1, abs=1e-9)  # the update behind the last
    assert spy.first[-1] == pytest.approx(0.1, abs=1e-3)
    assert len(scheduler.course.amendments) <= 40


@pytest.mark.parametrize("share", [0, -1, 1.5, "half", True, float("nan")])
def test_what_is_no_share_of_the_data(share):
    with pytest.raises(GlidepathError, match="share of the data"):
        attach(sgd(), SHORT).land_by(share)


@pytest.mark.parametrize("updates", [0, 60, 100, 250])
def test_a_run_may_stop_before_its_horizon_or_go_on_behind_it(updates):
    schedule = schedule_of("cosine(to=0.1)", horizon=100, peak=1.0)
    optimizer = sgd()
    attach(optimizer, schedule)
    spy = Spy(optimizer)
    update(optimizer, updates)
    assert all(0.1 <= lr <= 1.0 for lr in spy.first)
    assert (np.diff(spy.first) <= 0).all()
    assert completion(schedule, updates) == min(1.0, updates / 100)
