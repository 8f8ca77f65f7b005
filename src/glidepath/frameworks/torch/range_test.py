"""The range test on a torch model: the loop, and everything put back as it was, to the byte."""

from collections.abc import Callable

import torch
from torch.optim import Optimizer

from glidepath.finder.range_test import RangeTest
from glidepath.finder.suggestion import Suggestion
from glidepath.frameworks.torch.groups import Filler
from glidepath.frameworks.torch.restoring import restored


def range_test(
    model: torch.nn.Module,
    optimizer: Optimizer,
    loss_of: Callable[[int], torch.Tensor],
    *,
    low: float = 1e-7,
    high: float = 10.0,
    steps: int = 100,
    clip: float | None = None,
    told: Callable[[int, float, float], None] | None = None,
) -> Suggestion:
    """A learning rate for this model and optimizer, by a sweep of `steps` updates from `low` to `high`.

    `loss_of(i)` gives the loss (a scalar tensor) of the sweep's batch number i; `clip` is the largest
    gradient norm, as in the training to come; `told(i, lr, loss)` hears of each update. Ratios between groups
    are kept. Model, buffers, optimizer and the random numbers of torch are put back byte by byte, after an
    exception or Ctrl-C too.

    Raises FinderError where the curve carries no answer.
    """
    test = RangeTest(low=low, high=high, steps=steps)
    with restored(model, optimizer):
        groups = Filler(_shares(optimizer))
        for index in range(steps):
            lr = test.ask()
            if lr is None:
                break
            groups.fill(optimizer.param_groups, lr)
            loss = _update(model, optimizer, loss_of(index), clip)
            test.tell(loss)
            if told is not None:
                told(index, lr, loss)
    return test.suggestion()


def _shares(optimizer: Optimizer) -> list[float]:
    """Each group's learning rate as a share of the largest; equal ones where all are 0."""
    lrs = [float(group["lr"]) for group in optimizer.param_groups]
    return [lr / max(lrs) if max(lrs) > 0 else 1.0 for lr in lrs]


def _update(model: torch.nn.Module, optimizer: Optimizer, loss: torch.Tensor, clip: float | None) -> float:
    value = float(loss.detach())
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    if clip is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return value
