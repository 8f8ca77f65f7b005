"""What the tests of the torch door drive: real optimizers, and a spy inside their step."""

from collections.abc import Sequence

import torch
from torch.optim import SGD, AdamW, Optimizer

import glidepath as gp

WARMUP_COSINE = "warmup(20%) >> cosine(to=0.1)"
RECIPES = (
    WARMUP_COSINE,
    "warmup(3) >> hold() >> decay(20%, shape=1-sqrt)",
    "warmup(10%, start=0) >> linear()",
    "warmup(4) >> inverse_sqrt()",
    "steps(30%, factor=0.5)",
    "warmup(5, start=0.01, shape=exponential) >> decay(to=0.01, shape=exponential)",
    "hold()",
)


def schedule_of(text: str = WARMUP_COSINE, *, horizon: int = 12, peak: float | None = 0.1) -> gp.Schedule:
    return gp.parse(text).over(horizon, peak=peak)


class Spy:
    """Writes down the learning rate of every group as the optimizer's step finds it."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.used: list[list[float]] = []
        optimizer.register_step_pre_hook(self._look)

    def _look(self, optimizer: Optimizer, args: object, kwargs: object) -> None:  # noqa: ARG002 - a hook's signature
        self.used.append([float(group["lr"]) for group in optimizer.param_groups])

    @property
    def first(self) -> list[float]:
        """The learning rates of the first group."""
        return [lrs[0] for lrs in self.used]


def groups_of(lrs: Sequence[float | torch.Tensor]) -> list[dict[str, object]]:
    """One group with one parameter for each learning rate."""
    return [{"params": [torch.nn.Parameter(torch.ones(2))], "lr": lr} for lr in lrs]


def adamw(*lrs: float | torch.Tensor, **more: object) -> AdamW:
    return AdamW(groups_of(lrs or (1.0,)), **more)


def sgd(*lrs: float | torch.Tensor) -> SGD:
    return SGD(groups_of(lrs or (1.0,)), lr=1.0)


def parameters(optimizer: Optimizer) -> list[torch.nn.Parameter]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def set_gradients(optimizer: Optimizer, value: float = 1.0) -> None:
    for parameter in parameters(optimizer):
        parameter.grad = torch.full_like(parameter, value)


def update(optimizer: Optimizer, times: int = 1) -> None:
    for _ in range(times):
        set_gradients(optimizer)
        optimizer.step()


def network() -> torch.nn.Module:
    """The same small network each time."""
    draw = torch.Generator().manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=draw) / 2)
    return model


def loss_of(model: torch.nn.Module, batch: int, *, size: int = 16) -> torch.Tensor:
    """The error on batch number `batch` of a problem without end: the same numbers in every process."""
    draw = torch.Generator().manual_seed(1_000 + batch)
    x = torch.randn(size, 4, generator=draw)
    return ((model(x) - torch.sin(x.sum(1, keepdim=True))) ** 2).mean()
