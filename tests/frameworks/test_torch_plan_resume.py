"""A run under a plan resumes to the bit, or says which field of which plan is another one."""

import io
from typing import Any

import pytest
import torch
from driving import network
from driving_plans import LR, OTHER, PLANS, STEPS, Used, settings, sgd
from torch.optim import SGD, AdamW, Optimizer

import glidepath as gp
from glidepath import Plan
from glidepath.errors import CheckpointError, ResumeConflict
from glidepath.frameworks.torch import Scheduler, attach


class Run:
    """A training of the small network: its layers are the groups "body" and "head"."""

    def __init__(self, make: type[Optimizer], plan: Plan) -> None:
        self.model = network()
        layers = {"body": self.model[0], "head": self.model[2]}
        groups = [{"params": layer.parameters(), "name": name} for name, layer in layers.items()]
        self.optimizer = make(groups, lr=1.0, foreach=False, **({"momentum": 0.9} if make is SGD else {}))
        self.scheduler = attach(self.optimizer, plan)
        self.used = Used(self.optimizer)

    def train(self, updates: int) -> None:
        for _ in range(updates):
            x = torch.randn(8, 4, generator=torch.Generator().manual_seed(self.scheduler.last_epoch))
            self.optimizer.zero_grad()
            (self.model(x) - torch.sin(x.sum(1, keepdim=True))).square().mean().backward()
            self.optimizer.step()

    def saved(self) -> dict[str, Any]:
        file = io.BytesIO()
        torch.save({name: getattr(self, name).state_dict() for name in ("model", "optimizer", "scheduler")}, file)
        file.seek(0)
        return torch.load(file, weights_only=True)

    def load(self, state: dict[str, Any], order: tuple[str, ...]) -> None:
        for name in order:
            getattr(self, name).load_state_dict(state[name])


ORDERS = [("model", "scheduler", "optimizer"), ("optimizer", "scheduler", "model")]


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
@pytest.mark.parametrize("make", [SGD, AdamW])
@pytest.mark.parametrize("name", PLANS)
def test_resumed_at_every_step_to_the_bit(name, make, order):
    plan = PLANS[name]
    whole, interrupted = Run(make, plan), Run(make, plan)
    whole.train(STEPS)
    for step in range(STEPS):
        rest = Run(make, gp.from_json(gp.to_json(plan)))
        rest.load(interrupted.saved(), order)
        assert rest.scheduler.last_epoch == step
        rest.train(STEPS - step)
        assert rest.used.rows == whole.used.rows[step:]
        assert all(map(torch.equal, rest.model.parameters(), whole.model.parameters()))
        interrupted.train(1)


def test_the_state_is_spec_step_base_learning_rates_and_names():
    plan = PLANS["own schedules"]
    scheduler = attach(sgd("head", None), plan, step=3)
    assert scheduler.state_dict() == {
        "spec": gp.to_spec(plan),
        "last_epoch": 3,
        "base_lrs": [1.0, 1.0],
        "units": [1.0, 1.0],
        "_step_count": 4,
        "_last_lr": scheduler.get_last_lr(),
        "names": ["head", ""],
    }


def test_a_plan_that_says_the_learning_rate_alone_is_its_schedule():
    for stored, requested in ((LR, Plan(LR)), (Plan(LR), LR)):
        scheduler = attach(sgd(), requested)
        scheduler.load_state_dict(attach(sgd(), stored, step=5).state_dict())
        assert scheduler.last_epoch == 5


def refused(scheduler: Scheduler, state: Any, error: type[Exception]) -> str:
    """The complaint, after checking that it was one sentence and that nothing moved."""
    before = (scheduler.state_dict(), settings(scheduler.optimizer), scheduler.get_lr(), scheduler.get_last_lr())
    with pytest.raises(error) as refusal:
        scheduler.load_state_dict(state)
    assert before == (
        scheduler.state_dict(),
        settings(scheduler.optimizer),
        scheduler.get_lr(),
        scheduler.get_last_lr(),
    )
    assert ("\n" in str(refusal.value)) == ("name a policy" in str(refusal.value))
    return " ".join(str(refusal.value).split())


CONFLICTS = [
    (Plan(LR, groups={"head": 5}, momentum=0.9), "$.groups.head.factor 5.0 10.0"),
    (Plan(LR, groups={"head": 10}, momentum=0.8), "$.momentum 0.8 0.9"),
    (Plan(LR, groups={"head": 10}), "$.momentum nothing 0.9"),
    (Plan(LR, groups={"head": 10}, momentum=0.9, weight_decay=0.1), "$.weight_decay 0.1 nothing"),
    (Plan(OTHER, groups={"head": 10}, momentum=0.9), "$.lr.peak 0.7 0.1"),
    (LR, "$.momentum nothing 0.9"),
]


@pytest.mark.parametrize(("stored", "words"), CONFLICTS)
def test_another_plan_is_a_conflict_that_names_the_fields(stored, words):
    state = attach(sgd(), stored, step=4).state_dict()
    message = refused(attach(sgd(), Plan(LR, groups={"head": 10}, momentum=0.9)), state, ResumeConflict)
    assert words in message
    assert "at step 4" in message


def test_the_checkpoint_of_a_plan_is_a_conflict_for_its_schedule():
    state = attach(sgd(), Plan(LR, groups={"head": 10})).state_dict()
    assert "$.groups.head.factor 10.0 nothing" in refused(attach(sgd(), LR), state, ResumeConflict)


def test_groups_in_another_order_or_other_ratios_are_a_conflict():
    plan = Plan(LR, groups={"head": 10})
    state = attach(sgd("body", "head"), plan).state_dict()
    assert "named ['head', 'body']" in refused(attach(sgd("head", "body"), plan), state, ResumeConflict)
    assert "expected the 1 groups" in refused(attach(sgd("head"), plan), state, ResumeConflict)
    other = {**state, "base_lrs": [1.0, 0.5]}
    assert "[1.0, 0.5]" in refused(attach(sgd(), plan), other, ResumeConflict)


@pytest.mark.parametrize(
    "more",
    [
        {"names": 5},
        {"names": []},
        {"names": None},
        {"base_lrs": [1.0]},
        {"base_lrs": [1.0, 1.0, 1.0]},
        {"base_lrs": [0.0, 0.0]},
        {"last_epoch": -1},
        {"spec": 5},
        {"spec": {"lr": 5}},
        {"more": 5},
    ],
)
def test_what_is_no_checkpoint_of_ours(more):
    scheduler = attach(sgd(), PLANS["own schedules"])
    refused(scheduler, {**scheduler.state_dict(), **more}, CheckpointError)


@pytest.mark.parametrize("base_lrs", [[1.0], [1.0, 1.0, 1.0]])
def test_other_groups_than_a_plan_without_names_had(base_lrs):
    scheduler = attach(sgd(), PLANS["no groups"])
    state = {**scheduler.state_dict(), "base_lrs": base_lrs, "units": base_lrs}
    refused(scheduler, state, CheckpointError)


def test_a_state_without_its_names_is_a_conflict():
    scheduler = attach(sgd(), PLANS["own schedules"])
    state = scheduler.state_dict()
    del state["names"]
    refused(scheduler, state, ResumeConflict)
