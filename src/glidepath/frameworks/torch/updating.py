"""Updates of a torch model that leave no trace: what range tests and probes are made of."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed
from torch.optim import Optimizer

from glidepath.errors import FinderError, shown
from glidepath.frameworks.torch import ranks
from glidepath.frameworks.torch.feeding import Feed
from glidepath.frameworks.torch.groups import Filler
from glidepath.frameworks.torch.restoring import restored

Update = Callable[[int, float], float]  # the number of an update and its learning rate -> the loss


@dataclass(frozen=True, slots=True)
class Loop:
    """What an update needs: `loss_of` what `feed` gives for a micro-batch's number, `accumulation` make one."""

    model: torch.nn.Module
    optimizer: Optimizer
    loss_of: Callable[[Any], torch.Tensor]
    feed: Feed
    accumulation: int = 1
    scaler: torch.amp.GradScaler | None = None
    clip: float | None = None

    @contextmanager
    def begin(self) -> Iterator[Update]:
        """Updates from where the model is; behind them, the model, the optimizer and the scaler are there again."""
        with restored(self.model, self.optimizer, self.scaler):
            groups = Filler(_shares(self.optimizer))

            def update(number: int, lr: float) -> float:
                groups.fill(self.optimizer.param_groups, lr)
                loss = self.backward(number)
                self._step()
                return loss

            yield update

    def backward(self, number: int) -> float:
        """The gradients of an update, unscaled and clipped, and the mean loss over micro-batches and processes."""
        self.optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for index in range(number * self.accumulation, (number + 1) * self.accumulation):
            loss = _scalar(self.loss_of(self.feed(index)))
            total += float(loss.detach())
            share = loss / self.accumulation
            (share if self.scaler is None else self.scaler.scale(share)).backward()  # type: ignore[no-untyped-call]
        if self.clip is not None:
            if self.scaler is not None:
                self.scaler.unscale_(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        return over_processes(total / self.accumulation)

    def _step(self) -> None:
        if self.scaler is None:
            self.optimizer.step()
        else:
            self.scaler.step(self.optimizer)
            self.scaler.update()

    def skips(self, weights: list[torch.nn.Parameter]) -> bool:
        """Whether mixed precision would leave out this update, told to its scaler; the gradients are unscaled."""
        if self.scaler is None:
            return False
        if self.clip is None:
            self.scaler.unscale_(self.optimizer)
        self.scaler.update()
        return not all(bool(torch.isfinite(one.grad).all()) for one in weights if one.grad is not None)

    def validated(self, validation: Callable[[], torch.Tensor | float]) -> float:
        """The mean validation loss over all processes, without gradients; modes stay as they are."""
        modes = [(module, module.training) for module in self.model.modules()]
        with torch.no_grad():
            loss = validation()
        for module, training in modes:
            module.training = training
        try:
            return over_processes(float(loss))
        except (TypeError, ValueError, RuntimeError):
            raise FinderError(f"expected validation to give a number, got {shown(loss)}") from None


def _shares(optimizer: Optimizer) -> list[float]:
    """Each group's learning rate as a share of the largest; equal ones where all are 0."""
    lrs = [float(group["lr"]) for group in optimizer.param_groups]
    return [lr / max(lrs) if max(lrs) > 0 else 1.0 for lr in lrs]


def _scalar(loss: object) -> torch.Tensor:
    if isinstance(loss, torch.Tensor) and loss.numel() == 1:
        return loss
    raise FinderError(f"expected loss_of to give a scalar tensor, got {shown(loss)}")


def over_processes(loss: float) -> float:
    """The mean over all processes, the same in each, so that all end together; NaN where one has it."""
    if ranks.count() == 1:
        return loss
    total = torch.tensor(loss, dtype=torch.float64, device="cuda" if distributed.get_backend() == "nccl" else "cpu")
    distributed.all_reduce(total)
    return float(total) / ranks.count()
