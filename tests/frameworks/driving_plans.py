"""The plans that the tests of the torch door attach, and optimizers whose groups have names."""

from typing import Any

import torch
from torch.optim import SGD, AdamW, Optimizer

import glidepath as gp
from glidepath import Group, Plan

STEPS = 14  # two past the horizon
LR = (gp.warmup(3) >> gp.cosine(to=0.1)).over(12, peak=0.1)
OTHER = gp.linear().over(12, peak=0.7)
MULTIPLIER = gp.cosine().over(12)
MOMENTUM = (gp.arc(4, start=0.95, to=0.85) >> gp.arc(start=0.85, to=0.95)).over(12)
DECAY = gp.cosine().over(12, peak=0.05)
BODY = {"body": 1}
SETTINGS = {"momentum": MOMENTUM, "weight_decay": gp.coupled(0.1, most=0.5), "batch_size": 8}
PLANS = {
    "learning rates": Plan(LR, groups={"head": 10, "body": 0.5}),
    "no groups": Plan(LR, **SETTINGS),
    "a decay by itself": Plan(LR, groups=BODY, weight_decay=DECAY, momentum=0.9),
    "own schedules": Plan(LR, groups={"head": Group(2, lr=OTHER, momentum=0.5, weight_decay=0)}, **SETTINGS),
    "frozen": Plan(LR, groups={"body": 0, "head": 1, "elsewhere": 3}, momentum=MOMENTUM),
}
BETAS = Plan(LR, groups={"head": Group(beta2=MOMENTUM)}, beta1=MOMENTUM, beta2=0.99, weight_decay=DECAY)


def named(make: type[Optimizer], *names: str | None, lr: Any = 1.0, **more: Any) -> Optimizer:
    groups = [
        {"params": [torch.nn.Parameter(torch.ones(2))]} | ({} if name is None else {"name": name}) for name in names
    ]
    return make(groups, lr=lr, **more)


def sgd(*names: str | None, **more: Any) -> Optimizer:
    return named(SGD, *names or ("body", "head"), momentum=0.5, **more)


def adamw(*names: str | None, **more: Any) -> Optimizer:
    return named(AdamW, *names or ("body", "head"), **more)


class Used:
    """Writes down what each group has when the optimizer's step finds it."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.rows: list[list[dict[str, float]]] = []
        optimizer.register_step_pre_hook(lambda optimizer, *_: self.rows.append(settings(optimizer)))


def settings(optimizer: Optimizer) -> list[dict[str, float]]:
    return [
        {"lr": float(group["lr"]), "weight_decay": float(group["weight_decay"])}
        | ({"momentum": float(group["momentum"])} if "momentum" in group else {})
        | ({"beta1": float(group["betas"][0]), "beta2": float(group["betas"][1])} if "betas" in group else {})
        for group in optimizer.param_groups
    ]
