"""A plan in real optimizers: each group has what the plan says of it at the update that uses it, to the bit."""

import pytest
import torch
from driving import network, update
from driving_plans import BETAS, LR, MOMENTUM, MULTIPLIER, OTHER, PLANS, STEPS, Used, adamw, named, settings, sgd
from torch.optim import SGD, Adagrad, Optimizer

import glidepath as gp
from glidepath import Group, Plan
from glidepath.errors import AttachError
from glidepath.frameworks.torch import Scheduler, attach, range_test
from glidepath.frameworks.torch.driven import AHEAD


def said(plan: Plan, optimizer: Optimizer, step: int) -> list[dict[str, float]]:
    """What the plan says of each group, in the places that this optimizer has."""
    rows = []
    for group in optimizer.param_groups:
        values = plan.at(step, group=name if (name := group.get("name")) in plan.groups else None)
        values.pop("batch_size", None)
        if "betas" in group and "momentum" in values:
            values["beta1"] = values.pop("momentum")
        rows.append(values)
    return rows


def agree(used: list[dict[str, float]], expected: list[dict[str, float]]) -> bool:
    return all({name: there[name] for name in values} == values for there, values in zip(used, expected, strict=True))


@pytest.mark.parametrize("make", [sgd, adamw])
@pytest.mark.parametrize("plan", [*PLANS.values(), BETAS], ids=[*PLANS, "betas"])
def test_every_update_uses_what_the_plan_says_of_its_group(plan, make):
    if plan is BETAS and make is sgd:
        return
    optimizer = make()
    used = Used(optimizer)
    scheduler = attach(optimizer, plan)
    assert isinstance(scheduler, Scheduler)
    for step in range(STEPS):
        assert scheduler.last_epoch == step
        assert scheduler.get_lr() == [values["lr"] for values in said(plan, optimizer, step)]
        update(optimizer)
        scheduler.step()
    assert len(used.rows) == STEPS
    assert all(agree(row, said(plan, optimizer, step)) for step, row in enumerate(used.rows))


def test_what_the_plan_does_not_say_stays_as_it_was():
    optimizer = adamw(betas=(0.8, 0.95), weight_decay=0.3)
    attach(optimizer, Plan(LR, groups={"head": Group(momentum=MOMENTUM)}))
    update(optimizer, 3)
    assert [group["betas"] for group in optimizer.param_groups] == [(0.8, 0.95), (MOMENTUM(3), 0.95)]
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.3, 0.3]


def test_values_computed_ahead_follow_on_without_a_seam():
    plan = Plan(LR, groups={"head": Group(lr=OTHER)}, momentum=gp.linear().over(2 * AHEAD, peak=0.9))
    optimizer = sgd()
    attach(optimizer, plan, step=AHEAD - 2)
    for step in range(AHEAD - 2, AHEAD + 3):
        assert agree(settings(optimizer), said(plan, optimizer, step))
        update(optimizer)


def test_overflows_are_not_counted_and_a_scaler_may_be_there():
    plan = PLANS["own schedules"]
    optimizer = adamw(fused=True)
    scheduler, scaler = attach(optimizer, plan), torch.amp.GradScaler("cpu", init_scale=4.0)
    for iteration in range(5):
        loss = sum((p**2).sum() for group in optimizer.param_groups for p in group["params"])
        scaler.scale(loss * (float("inf") if iteration in (0, 3) else 1.0)).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
    assert scheduler.last_epoch == 3
    assert agree(settings(optimizer), said(plan, optimizer, 3))


# ---- Learning rates: ratios, factors, tensors. ----


def test_ratios_between_groups_stay_and_factors_come_on_top():
    optimizer = SGD([{"params": [torch.zeros(1)], "lr": lr, "name": name} for lr, name in ((1.0, "a"), (0.5, "b"))])
    attach(optimizer, Plan(LR, groups={"b": 4}))
    assert [group["lr"] for group in optimizer.param_groups] == [LR(0), 0.5 * 4 * LR(0)]


def test_a_groups_own_schedule_with_a_peak_sets_the_largest_of_the_groups_it_drives():
    lrs = ((1.0, "a"), (0.2, "b"), (0.1, "b"))
    optimizer = SGD([{"params": [torch.zeros(1)], "lr": lr, "name": name} for lr, name in lrs])
    attach(optimizer, Plan(LR, groups={"b": Group(2, lr=OTHER)}))
    assert [group["lr"] for group in optimizer.param_groups] == [LR(0), 2 * OTHER(0), 0.5 * 2 * OTHER(0)]


def test_a_multiplier_keeps_each_groups_own():
    optimizer = sgd(lr=0.3)
    attach(optimizer, Plan(MULTIPLIER, groups={"head": 10}), step=6)
    assert [group["lr"] for group in optimizer.param_groups] == [0.3 * MULTIPLIER(6), 0.3 * 10 * MULTIPLIER(6)]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_tensors_are_filled_in_place(dtype):
    optimizer = adamw(lr=torch.tensor(1.0, dtype=dtype), foreach=False)
    lrs = [torch.tensor(1.0, dtype=dtype) for _ in optimizer.param_groups]
    betas = [torch.tensor(0.9, dtype=dtype), torch.tensor(0.999, dtype=dtype)]
    for group, lr in zip(optimizer.param_groups, lrs, strict=True):
        group["lr"], group["betas"] = lr, tuple(betas)
    plan = Plan(LR, groups={"head": 10}, beta1=MOMENTUM)
    attach(optimizer, plan, step=5)
    assert [group["lr"] for group in optimizer.param_groups] == [
        torch.tensor(factor * LR(5), dtype=torch.float64).to(dtype) for factor in (1, 10)
    ]
    assert all(group["lr"] is lr for group, lr in zip(optimizer.param_groups, lrs, strict=True))
    assert all(group["betas"][0] is betas[0] for group in optimizer.param_groups)
    assert betas == [torch.tensor(MOMENTUM(5), dtype=torch.float64).to(dtype), torch.tensor(0.999, dtype=dtype)]


def test_a_third_beta_stays():
    optimizer = adamw()
    for group in optimizer.param_groups:
        group["betas"] = (0.9, 0.99, 0.999)
    attach(optimizer, Plan(LR, beta2=0.5))
    assert optimizer.param_groups[0]["betas"] == (0.9, 0.5, 0.999)


# ---- Names. ----


def test_groups_that_are_not_named_and_names_that_are_not_there_are_reported():
    plan = Plan(LR, groups={"head": 10, "embed": 0.5})
    scheduler = attach(sgd("body", "head", None, "head"), plan)
    assert (scheduler.unnamed, scheduler.absent) == (["body", "number 2"], ["embed"])
    assert scheduler.get_lr() == [LR(0), 10 * LR(0), LR(0), 10 * LR(0)]


@pytest.mark.parametrize("value", [LR, Plan(LR, momentum=0.9)], ids=["schedule", "plan"])
def test_nothing_is_reported_where_nothing_is_named(value):
    scheduler = attach(sgd("body", None), value)
    assert (scheduler.unnamed, scheduler.absent) == ([], [])


def test_two_optimizers_under_one_plan_have_their_own_groups():
    plan = Plan(LR, groups={"matrices": Group(20, momentum=0.95), "rest": Group(beta2=0.95)})
    first, second = attach(sgd("matrices"), plan), attach(adamw("rest"), plan)
    assert (first.absent, second.absent) == (["rest"], ["matrices"])
    assert (first.get_lr(), second.get_lr()) == ([20 * LR(0)], [LR(0)])
    assert second.optimizer.param_groups[0]["betas"] == (0.9, 0.95)


BAD = [
    (lambda: attach(sgd("haed", "embd"), Plan(LR, groups={"head": 10})), "did you mean 'head'"),
    (lambda: attach(sgd(None), Plan(LR, groups={"head": 10})), r'"name": \'head\''),
    (lambda: attach(named(SGD, 5), Plan(LR, groups={"head": 10})), "known: head"),
    (lambda: attach(sgd(), Plan(LR, beta1=0.9)), "has beta1, got one without it in group 'body'"),
    (
        lambda: attach(sgd(), Plan(LR, groups={"head": Group(beta2=0.9)})),
        "has beta2, got one without it in group 'head'",
    ),
    (lambda: attach(named(Adagrad, "a"), Plan(LR, momentum=0.9)), "has momentum"),
    (lambda: attach(torch.optim.LBFGS([torch.zeros(1)]), Plan(LR, weight_decay=0.1)), "weight_decay.*'number 0'"),
    (lambda: attach(sgd(lr=0.0), Plan(LR)), "learning rate above 0"),
    (lambda: attach(None, Plan(LR)), "torch optimizer"),
    (lambda: attach(sgd(), Plan), "expected a schedule"),
]


@pytest.mark.parametrize(("make", "words"), BAD)
def test_what_cannot_be_driven_is_refused_in_one_sentence(make, words):
    with pytest.raises(AttachError, match=words) as refusal:
        make()
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 400


def test_what_is_refused_leaves_the_optimizer_as_it_was():
    optimizer = sgd()
    before = settings(optimizer)
    with pytest.raises(AttachError):
        attach(optimizer, Plan(LR, groups={"head": 10}, momentum=0.1, beta2=0.9))
    assert settings(optimizer) == before
    assert not optimizer._optimizer_step_post_hooks


def test_a_schedule_attached_behind_a_plan_drives_alone():
    optimizer = sgd()
    attach(optimizer, PLANS["own schedules"])
    update(optimizer)
    attach(optimizer, LR)
    update(optimizer)
    assert [group["lr"] for group in optimizer.param_groups] == [LR(1), LR(1)]
    assert optimizer.param_groups[0]["momentum"] == MOMENTUM(1)  # of the plan, when it still drove


def test_a_range_test_puts_back_what_the_plan_had_set():
    model = network()
    optimizer = SGD([{"params": list(model.parameters()), "name": "body"}], lr=1.0)
    scheduler = attach(optimizer, PLANS["a decay by itself"])
    before = settings(optimizer)
    x = torch.randn(16, 4, generator=torch.Generator().manual_seed(0))
    range_test(model, optimizer, lambda _: (model(x) - x.sum(1, keepdim=True)).square().mean(), low=1e-4, high=10)
    assert (settings(optimizer), scheduler.last_epoch) == (before, 0)
