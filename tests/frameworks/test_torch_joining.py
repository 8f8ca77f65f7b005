"""Groups that come later, several optimizers under one schedule, copies of a scheduler, and one that does not train."""

import copy
import io
import pickle
from typing import Any

import pytest
import torch
from driving import Spy, adamw, groups_of, parameters, schedule_of, sgd, update
from torch.optim.lr_scheduler import LambdaLR

import glidepath as gp
from glidepath.errors import AttachError, CheckpointError, GlidepathError, ResumeConflict
from glidepath.frameworks.torch import Scheduler, Schedulers, attach

SCHEDULE = schedule_of(horizon=12)


def newcomer(lr: float = 1.0, **more: Any) -> dict[str, Any]:
    return {"params": [torch.nn.Parameter(torch.ones(2))], "lr": lr, **more}


# ---- Groups that come later. ----


def test_bare_torch_a_group_added_later_is_left_behind():
    optimizer = sgd(1.0)
    scheduler = LambdaLR(optimizer, lambda step: 0.5**step)
    optimizer.add_param_group(newcomer(1.0))
    update(optimizer)
    with pytest.raises(ValueError, match="zip"):  # and before 2.13 it was left at its own learning rate, silently
        scheduler.step()


@pytest.mark.parametrize("as_tensor", [False, True])
@pytest.mark.parametrize("peak", [0.1, None])
def test_a_group_joins_at_the_value_of_the_moment(peak, as_tensor):
    schedule = schedule_of(peak=peak)
    kind = (lambda lr: torch.tensor(lr, dtype=torch.float64)) if as_tensor else float
    optimizer = sgd(kind(0.5), kind(0.25))
    spy = Spy(optimizer)
    attach(optimizer, schedule)
    update(optimizer, 5)
    optimizer.add_param_group(newcomer(kind(1.0)))  # larger than the largest, which stays what the peak stands for
    spy.used.clear()
    update(optimizer, 4)
    unit = 1.0 if peak is None else 0.5
    # the spy looks in front of the scheduler's own hook, at update 5
    assert spy.used[1:] == [[lr / unit * schedule(step) for lr in (0.5, 0.25, 1.0)] for step in range(6, 9)]


def test_a_group_joins_by_a_warmup_of_its_own():
    optimizer = sgd(1.0)
    scheduler = attach(optimizer, SCHEDULE)
    update(optimizer, 5)
    optimizer.add_param_group(newcomer(warmup=3))
    spy = Spy(optimizer)
    update(optimizer, 5)
    shares = [1 / 4, 2 / 4, 3 / 4, 1, 1]
    assert [used[1] for used in spy.used] == [
        share * SCHEDULE(step) for share, step in zip(shares, range(5, 10), strict=True)
    ]
    assert spy.first == SCHEDULE(range(5, 10)).tolist()
    assert scheduler.get_last_lr() == [SCHEDULE(9)] * 2


def test_a_group_that_joined_is_there_after_a_resume():
    def run() -> tuple[Any, Any]:
        optimizer = sgd(1.0)
        return optimizer, attach(optimizer, SCHEDULE)

    optimizer, scheduler = run()
    update(optimizer, 4)
    optimizer.add_param_group(newcomer(0.5, warmup=4))
    update(optimizer, 2)
    state = copy.deepcopy(scheduler.state_dict()), copy.deepcopy(optimizer.state_dict())
    spy = Spy(optimizer)
    update(optimizer, 6)
    rest, resumed = run()
    with pytest.raises(ResumeConflict, match="add those that joined"):
        resumed.load_state_dict(state[0])
    rest.add_param_group(newcomer(0.5, warmup=4))
    rest.load_state_dict(state[1])
    resumed.load_state_dict(state[0])
    again = Spy(rest)
    update(rest, 6)
    assert again.used == spy.used


def test_a_group_that_joins_a_plan_is_found_by_its_name():
    plan = gp.Plan(SCHEDULE, groups={"head": 10, "lora": gp.Group(2, weight_decay=0.0)}, weight_decay=0.1)
    optimizer = torch.optim.AdamW([{**groups_of([1.0])[0], "name": "head"}])
    scheduler = attach(optimizer, plan)
    update(optimizer, 2)
    optimizer.add_param_group(newcomer(name="lora"))
    optimizer.add_param_group(newcomer())
    update(optimizer)
    lrs = [group["lr"] for group in optimizer.param_groups]
    assert lrs == [10 * SCHEDULE(3), 2 * SCHEDULE(3), SCHEDULE(3)]
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.1, 0.0, 0.1]
    assert scheduler.unnamed == ["number 2"]


@pytest.mark.parametrize("warmup", [-1, 2.5, "10", True])
def test_a_warmup_of_its_own_is_whole_steps(warmup):
    optimizer = sgd(1.0)
    attach(optimizer, SCHEDULE)
    optimizer.add_param_group(newcomer(warmup=warmup))
    with pytest.raises(AttachError, match='"warmup" of a group as whole steps'):
        update(optimizer)


def test_a_group_taken_away_is_refused():
    optimizer = sgd(1.0, 0.5)
    attach(optimizer, SCHEDULE)
    del optimizer.param_groups[1]
    with pytest.raises(AttachError, match="expected the 2 groups"):
        update(optimizer)


# ---- Several optimizers. ----


def several() -> tuple[torch.optim.Optimizer, torch.optim.Optimizer, Schedulers]:
    muon, adam = sgd(0.02, 0.01), adamw(0.002)
    return muon, adam, attach([muon, adam], SCHEDULE)


def test_several_optimizers_share_a_schedule_and_the_largest_group_of_all_has_its_peak():
    muon, adam, schedulers = several()
    spies = Spy(muon), Spy(adam)
    for _ in range(12):
        update(muon)
        update(adam)
        schedulers.step()
    for step in range(12):
        assert spies[0].used[step] == [SCHEDULE(step), 0.5 * SCHEDULE(step)]
        assert spies[1].used[step] == pytest.approx([0.1 * SCHEDULE(step)], rel=1e-15)
    assert len(schedulers.get_last_lr()) == 3


def test_several_optimizers_resume_together_or_not_at_all():
    muon, adam, schedulers = several()
    update(muon, 5)
    update(adam, 5)
    schedulers.amend(scale=0.5)
    state = schedulers.state_dict()
    fresh = several()
    broken = {"schedulers": [state["schedulers"][0], {**state["schedulers"][1], "last_epoch": -1}]}
    for bad in (broken, {}, None, state["schedulers"][0], {"schedulers": [1]}):
        with pytest.raises(CheckpointError):
            fresh[2].load_state_dict(bad)
    assert [scheduler.last_epoch for scheduler in fresh[2]] == [0, 0]
    fresh[2].load_state_dict(state)
    assert fresh[0].param_groups[0]["lr"] == SCHEDULE(5) / 2
    assert fresh[1].param_groups[0]["lr"] == pytest.approx(0.1 * SCHEDULE(5) / 2, rel=1e-15)


@pytest.mark.parametrize("make", [list, lambda: [None], lambda: [adamw(), 3], lambda: [adamw()] * 2, dict, lambda: "a"])
def test_what_are_no_optimizers(make):
    given = make()
    if len(given) == 2 and given[0] is not given[1]:
        given[1] = 3
    with pytest.raises(AttachError, match="optimizer"):
        attach(given, SCHEDULE)


def test_an_optimizer_without_groups_is_refused():
    optimizer = sgd()
    optimizer.param_groups.clear()
    with pytest.raises(AttachError, match="without one"):
        attach(optimizer, SCHEDULE)


# ---- Copies. ----


def through_torch_save(value: Any) -> Any:
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v)), through_torch_save])  # noqa: S301
def test_a_copy_drives_the_copy_of_its_optimizer(copied):
    optimizer = adamw(1.0, 0.5)
    scheduler = attach(optimizer, SCHEDULE)
    update(optimizer, 4)
    optimizer.add_param_group(newcomer(warmup=9))
    update(optimizer)
    scheduler.amend(scale=0.5)
    twin_optimizer, twin = copied((optimizer, scheduler))
    assert twin.optimizer is twin_optimizer
    spies = Spy(optimizer), Spy(twin_optimizer)
    update(twin_optimizer, 3)
    assert scheduler.last_epoch == 5
    update(optimizer, 3)
    assert spies[0].used == spies[1].used
    assert twin.state_dict() == scheduler.state_dict()


def test_a_state_is_loaded_with_weights_only():
    optimizer = adamw(1.0)
    scheduler = attach(optimizer, SCHEDULE)
    update(optimizer, 4)
    optimizer.add_param_group(newcomer(warmup=9))
    update(optimizer)
    scheduler.amend(scale=0.5)
    file = io.BytesIO()
    torch.save(scheduler.state_dict(), file)
    file.seek(0)
    assert torch.load(file, weights_only=True) == scheduler.state_dict()


# ---- A scheduler whose optimizer does not train. ----


def ticked(scheduler: Scheduler, trains: torch.optim.Optimizer, times: int) -> None:
    for _ in range(times):
        update(trains)
        scheduler.step()


def test_a_scheduler_bound_to_a_copy_that_does_not_train_is_detected():
    optimizer = sgd(1.0)
    scheduler = attach(optimizer, SCHEDULE)
    trains = sgd(1.0)
    trains.param_groups[0]["params"] = parameters(optimizer)  # another optimizer of the same parameters
    with pytest.raises(AttachError, match="its parameters moved"):
        ticked(scheduler, trains, 6)


def test_a_scheduler_bound_to_an_optimizer_of_other_parameters_is_detected():
    optimizer = sgd(1.0)
    scheduler = attach(optimizer, SCHEDULE)
    trains = copy.deepcopy(optimizer)
    with pytest.raises(AttachError, match=r"step\(\) was called 1000 times"):
        ticked(scheduler, trains, 1_002)


def test_ticks_without_updates_are_harmless():
    optimizer = sgd(1.0)
    scheduler, spy = attach(optimizer, SCHEDULE), Spy(optimizer)
    for _ in range(12):
        for _ in range(64):  # one for each micro-batch, process, and nervous user
            scheduler.step()
        update(optimizer)
        scheduler.step()
    assert spy.first == SCHEDULE(range(12)).tolist()


def test_weights_that_are_loaded_between_ticks_are_no_other_optimizer():
    optimizer = sgd(1.0)
    scheduler = attach(optimizer, SCHEDULE)
    for _ in range(20):
        update(optimizer)
        for _ in range(2):
            scheduler.step()
            with torch.no_grad():
                for parameter in parameters(optimizer):
                    parameter.copy_(torch.zeros(2))


def test_the_state_of_another_scheduler_says_how_to_go_on():
    optimizer = sgd(1.0)
    state = LambdaLR(optimizer, lambda _: 1.0).state_dict()
    with pytest.raises(GlidepathError, match=r"attach\(optimizer, schedule, step=0\)"):
        attach(sgd(1.0), SCHEDULE).load_state_dict(state)


def test_a_run_under_another_scheduler_is_taken_over_where_that_is_requested():
    optimizer = sgd(1.0)
    bare = LambdaLR(optimizer, lambda _: 1.0)
    for _ in range(5):
        update(optimizer)
        bare.step()
    taken = sgd(1.0)
    scheduler = attach(taken, SCHEDULE, policy="requested")
    scheduler.load_state_dict(bare.state_dict())
    assert (scheduler.last_epoch, taken.param_groups[0]["lr"]) == (5, SCHEDULE(5))
    with pytest.raises(CheckpointError, match="last_epoch"):
        scheduler.load_state_dict({**bare.state_dict(), "last_epoch": -1})


def test_the_state_of_an_optimizer_loaded_last_brings_no_learning_rate_of_its_own_time():
    optimizer = sgd(1.0)
    scheduler = attach(optimizer, SCHEDULE)
    update(optimizer, 5)
    states = optimizer.state_dict(), scheduler.state_dict()
    fresh = sgd(1.0)
    resumed = attach(fresh, schedule_of(horizon=24), policy="hold")
    resumed.load_state_dict(states[1])
    fresh.load_state_dict(states[0])
    assert fresh.param_groups[0]["lr"] == SCHEDULE(4)
    alone = sgd(1.0)
    attach(alone, SCHEDULE, step=5)
    alone.load_state_dict(sgd(1.0).state_dict())
    assert alone.param_groups[0]["lr"] == SCHEDULE(5)
