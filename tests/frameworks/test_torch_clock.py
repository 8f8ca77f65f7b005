"""Whoever calls what, the n-th applied update uses schedule(n), to the bit."""

import warnings
from itertools import pairwise

import pytest
import torch
from driving import RECIPES, Spy, adamw, loss_of, network, parameters, schedule_of, set_gradients, sgd, update
from torch.optim import AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LRScheduler

import glidepath as gp
from glidepath.errors import AttachError
from glidepath.frameworks.torch import attach
from glidepath.frameworks.torch.driven import AHEAD

# ---- What the bare library does, so that nobody wonders what this room is for. ----


def test_bare_torch_a_finished_cosine_extended_from_10_to_20_climbs():
    def trained(horizon: int, resumed: dict | None, updates: int) -> tuple[list[float], dict]:
        optimizer = sgd(1.0)
        scheduler = CosineAnnealingLR(optimizer, T_max=horizon)
        if resumed is not None:
            scheduler.load_state_dict(resumed["scheduler"])
            optimizer.load_state_dict(resumed["optimizer"])
        spy = Spy(optimizer)
        for _ in range(updates):
            update(optimizer)
            scheduler.step()
        return spy.first, {"scheduler": scheduler.state_dict(), "optimizer": optimizer.state_dict()}

    _, finished = trained(10, None, 10)
    used, _ = trained(20, finished, 10)
    assert used[0] == pytest.approx(0.0, abs=1e-12)
    assert all(later > earlier for earlier, later in pairwise(used))
    assert used[-1] > 0.97  # of the peak, where a finished run wanted to be near 0


def test_bare_torch_a_lambda_driven_once_per_micro_batch_is_spent_too_early():
    optimizer = sgd(1.0)
    scheduler = LambdaLR(optimizer, lambda step: max(0.0, 1 - step / 8))  # 8 updates are planned
    spy = Spy(optimizer)
    for micro_batch in range(32):
        set_gradients(optimizer)
        if micro_batch % 4 == 3:
            optimizer.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scheduler.step()
    assert spy.first == [1 - 3 / 8, 1 - 7 / 8, 0, 0, 0, 0, 0, 0]  # six of eight updates do nothing


# ---- The loop. ----


@pytest.mark.parametrize("text", RECIPES)
@pytest.mark.parametrize("peak", [0.3, None])
def test_a_plain_loop_to_past_the_horizon(text, peak):
    schedule = schedule_of(text, horizon=30, peak=peak)
    optimizer = sgd(0.7)
    spy = Spy(optimizer)
    attach(optimizer, schedule)
    update(optimizer, 35)
    own = 1.0 if peak else 0.7
    assert spy.first == [own * schedule(step) for step in range(35)]


def test_learning_rates_computed_ahead_follow_on_without_a_seam():
    schedule = schedule_of(horizon=2 * AHEAD + 50)
    optimizer = sgd()
    spy = Spy(optimizer)
    attach(optimizer, schedule)
    for _ in range(schedule.horizon.steps + 5):
        optimizer.step()
    assert spy.first == schedule(range(schedule.horizon.steps + 5)).tolist()


@pytest.mark.parametrize("calls", ["never", "once", "twice", "before", "before and behind", "with an epoch"])
def test_calls_of_step_move_nothing(calls):
    schedule = schedule_of()
    optimizer = adamw()
    spy = Spy(optimizer)
    scheduler = attach(optimizer, schedule)
    for epoch in range(15):
        if "before" in calls:
            scheduler.step()
        update(optimizer)
        if calls == "with an epoch":
            scheduler.step(7 * epoch)
        for _ in range({"once": 1, "twice": 2, "before and behind": 1}.get(calls, 0)):
            scheduler.step()
    assert spy.first == schedule(range(15)).tolist()
    assert scheduler.last_epoch == 15


@pytest.mark.parametrize("accumulation", [1, 2, 4, 8])
@pytest.mark.parametrize("per_micro_batch", [True, False])
def test_accumulation_with_a_short_window_at_the_end_of_each_epoch(accumulation, per_micro_batch):
    schedule = schedule_of(horizon=20)
    model = network()
    optimizer = AdamW(model.parameters(), lr=1.0)
    spy = Spy(optimizer)
    scheduler = attach(optimizer, schedule)
    batches = 10
    for epoch in range(3):
        for batch in range(batches):
            (loss_of(model, epoch * batches + batch) / accumulation).backward()
            if (batch + 1) % accumulation == 0 or batch + 1 == batches:
                optimizer.step()
                optimizer.zero_grad()
            if per_micro_batch:
                scheduler.step()
    windows = -(-batches // accumulation)
    assert spy.first == schedule(range(3 * windows)).tolist()


def test_a_closure_and_a_new_list_of_groups():
    schedule = schedule_of(horizon=6)
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.LBFGS([parameter], lr=1.0, max_iter=2)
    spy = Spy(optimizer)
    attach(optimizer, schedule)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (parameter**4).sum()
        loss.backward()
        return loss

    for step in range(6):
        optimizer.step(closure)
        if step == 2:  # as loading a state does: other dicts in another list
            optimizer.param_groups = [dict(group) for group in optimizer.param_groups]
    assert spy.first == schedule(range(6)).tolist()


# ---- Mixed precision: an update that was skipped is no update. ----


def scaled(optimizer: AdamW, overflows: set[int], iterations: int) -> list[list[float]]:
    """The learning rates of the updates that were applied, as AdamW's own counters tell them."""
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    spy, applied = Spy(optimizer), []
    (parameter, *_) = parameters(optimizer)
    for iteration in range(iterations):
        done = float(optimizer.state[parameter].get("step", 0))
        seen = len(spy.used)
        loss = sum((p**2).sum() for p in parameters(optimizer)) * (float("inf") if iteration in overflows else 1.0)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        if float(optimizer.state[parameter].get("step", 0)) > done:
            applied += spy.used[seen:]
    return applied


OVERFLOWS = (set(), {0}, {0, 1, 2}, {1, 3, 4, 9}, {11}, set(range(14)))


@pytest.mark.parametrize("overflows", OVERFLOWS, ids=str)
@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("as_tensor", [False, True])
def test_overflows_are_not_counted(overflows, fused, as_tensor):
    schedule = schedule_of("warmup(5) >> cosine()", horizon=12)
    lrs = [1.0, 0.5]
    optimizer = adamw(*(torch.tensor(lr, dtype=torch.float64) if as_tensor else lr for lr in lrs), fused=fused)
    scheduler = attach(optimizer, schedule)
    applied = scaled(optimizer, overflows, 14)
    assert applied == [[schedule(step), 0.5 * schedule(step)] for step in range(14 - len(overflows))]
    assert scheduler.last_epoch == len(applied)


def test_a_scaler_with_unscaling_and_clipping_in_the_loop():
    schedule = schedule_of("warmup(5) >> cosine()", horizon=12)
    used = {}
    for fused in (False, True):
        optimizer = adamw(fused=fused)
        scheduler = attach(optimizer, schedule)
        scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
        spy, before = Spy(optimizer), []
        for iteration in range(10):
            before.append(scheduler.last_epoch)
            loss = (parameters(optimizer)[0] ** 2).sum() * (float("inf") if iteration in (0, 4) else 1.0)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(parameters(optimizer), 1.0)
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
        used[fused] = spy.first[-5:]
        assert before == [0, 0, 1, 2, 3, 3, 4, 5, 6, 7]
    assert used[False] == used[True] == schedule(range(3, 8)).tolist()


def test_a_fused_optimizer_beside_another_under_one_scaler_and_itself_without_gradients():
    """GradScaler then leaves the whole number 0 in `found_inf`, no tensor."""
    busy, idle = adamw(fused=True), adamw(fused=True)
    scheduler = attach(idle, schedule_of())
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    scaler.scale((parameters(busy)[0] ** 2).sum()).backward()
    scaler.step(busy)
    scaler.step(idle)
    scaler.update()
    assert scheduler.last_epoch == 1


# ---- The interface of torch. ----


def test_it_is_a_scheduler_of_torch_and_shows_what_torch_shows():
    schedule = schedule_of("cosine()", horizon=8, peak=1.0)
    ours, theirs = sgd(1.0, 0.5), sgd(1.0, 0.5)
    scheduler, other = attach(ours, schedule), CosineAnnealingLR(theirs, T_max=8)
    assert isinstance(scheduler, LRScheduler)
    assert scheduler.optimizer is ours
    for _ in range(8):
        assert scheduler.last_epoch == other.last_epoch
        assert scheduler.get_last_lr() == pytest.approx(other.get_last_lr(), abs=1e-12)
        update(ours)
        update(theirs)
        assert scheduler.get_last_lr() == pytest.approx(other.get_last_lr(), abs=1e-12)  # still what was used
        scheduler.step()
        other.step()
        assert scheduler.get_last_lr() == pytest.approx(other.get_last_lr(), abs=1e-12)


def test_get_last_lr_without_step_is_the_last_update_and_get_lr_the_next():
    schedule = schedule_of()
    optimizer = adamw(1.0, 0.25)
    scheduler = attach(optimizer, schedule)
    assert scheduler.get_last_lr() == scheduler.get_lr() == [schedule(0), 0.25 * schedule(0)]
    for step in range(5):
        update(optimizer)
        assert scheduler.get_last_lr() == [schedule(step), 0.25 * schedule(step)]
        assert scheduler.get_lr() == [schedule(step + 1), 0.25 * schedule(step + 1)]
    scheduler.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [schedule(5), 0.25 * schedule(5)]


def test_what_get_last_lr_gives_is_the_callers():
    optimizer = adamw()
    scheduler = attach(optimizer, schedule_of())
    scheduler.get_last_lr()[0] = 99.0
    assert scheduler.get_last_lr() == [schedule_of()(0)]


# ---- Attaching. ----


@pytest.mark.parametrize("step", [0, 1, 5, 11, 12, 40, AHEAD - 1, AHEAD])
def test_attached_at_a_step(step):
    schedule = schedule_of()
    optimizer = sgd()
    spy = Spy(optimizer)
    scheduler = attach(optimizer, schedule, step=step)
    assert scheduler.last_epoch == step
    update(optimizer, 4)
    assert spy.first == schedule(range(step, step + 4)).tolist()


def test_attached_twice_the_later_one_alone_drives():
    earlier, later = schedule_of(horizon=12), schedule_of("cosine()", horizon=40, peak=0.2)
    optimizer = sgd(1.0, 0.5)
    spy = Spy(optimizer)
    first = attach(optimizer, earlier)
    update(optimizer, 3)
    attach(optimizer, later, step=2)
    update(optimizer, 3)
    assert spy.used[3:] == [[later(step), pytest.approx(0.5 * later(step), rel=1e-12)] for step in (2, 3, 4)]
    assert first.last_epoch == 3


def test_attached_twice_without_a_peak_the_groups_own_learning_rate_is_still_their_own():
    schedule = schedule_of(peak=None)
    optimizer = sgd(0.3)
    attach(optimizer, schedule)
    update(optimizer)
    attach(optimizer, schedule)
    assert optimizer.param_groups[0]["lr"] == 0.3 * schedule(0)


def test_attached_twice_where_the_schedule_begins_at_0():
    schedule = schedule_of("warmup(5, start=0) >> cosine()")
    optimizer = sgd(1.0, 0.5)
    attach(optimizer, schedule)
    attach(optimizer, schedule)
    update(optimizer)
    assert [group["lr"] for group in optimizer.param_groups] == [schedule(1), 0.5 * schedule(1)]


def test_two_optimizers_under_one_schedule_count_apart():
    schedule = schedule_of()
    one, other = sgd(), adamw()
    first, second = attach(one, schedule), attach(other, schedule)
    update(one, 3)
    update(other, 5)
    assert (first.last_epoch, second.last_epoch) == (3, 5)
    assert (one.param_groups[0]["lr"], other.param_groups[0]["lr"]) == (schedule(3), schedule(5))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: attach(network(), schedule_of()), "expected a torch optimizer, or a list of them, got Sequential"),
        (lambda: attach(None, schedule_of()), "expected a torch optimizer, or a list of them, got None"),
        (lambda: attach(adamw(), gp.cosine()), r"expected a schedule, got cosine\(\): bind"),
        (lambda: attach(adamw(), abs), "expected a schedule"),
        (lambda: attach(adamw(), "cosine()"), "expected a schedule"),
        (lambda: attach(adamw(), 0.1), "expected a schedule"),
        (lambda: attach(adamw(), schedule_of(), step=-1), "of at least 0, got -1"),
        (lambda: attach(adamw(), schedule_of(), step=2.0), r"whole number of at least 0, got 2\.0"),
        (lambda: attach(adamw(), schedule_of(), step=True), "got True"),
        (lambda: attach(adamw(), schedule_of(), step=10**30), "whole number"),
        (lambda: attach(adamw(0.0, 0.0), schedule_of()), "a group with a learning rate above 0"),
        (lambda: attach(adamw(float("nan")), schedule_of()), "a group with a learning rate above 0"),
    ],
)
def test_what_cannot_be_driven_is_refused_in_one_sentence(make, words):
    with pytest.raises(AttachError, match=words) as refusal:
        make()
    assert "\n" not in str(refusal.value)


def test_what_is_refused_leaves_the_optimizer_as_it_was():
    optimizer = adamw(0.0, 0.0)
    with pytest.raises(AttachError):
        attach(optimizer, schedule_of())
    update(optimizer)
    assert [group["lr"] for group in optimizer.param_groups] == [0.0, 0.0]
    assert not optimizer._optimizer_step_post_hooks
