"""The range test on a torch model: the loop, and everything put back as it was, to the byte."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from typing import Any

import torch
from torch.optim import Optimizer

from glidepath.finder.range_test import EXPLODED
from glidepath.finder.suggestion import Suggestion
from glidepath.frameworks.sweeping import Told, Update, at_least_one, laid_out, swept
from glidepath.frameworks.torch import ranks
from glidepath.frameworks.torch.feeding import fed
from glidepath.frameworks.torch.updating import Loop


def range_test(
    model: torch.nn.Module,
    optimizer: Optimizer,
    loss_of: Callable[..., torch.Tensor],
    *,
    low: float = 1e-7,
    high: float = 10.0,
    steps: int = 100,
    shape: str = "exponential",
    stop: float = EXPLODED,
    seeds: int = 1,
    batches: Iterable[Any] | None = None,
    validation: Callable[..., torch.Tensor | float] | None = None,
    accumulation: int = 1,
    scaler: torch.amp.GradScaler | None = None,
    clip: float | None = None,
    copy: bool = False,
    told: Told | None = None,
    quiet: bool = False,
) -> Suggestion:
    """A learning rate for this model and optimizer, by sweeps of `steps` updates from `low` to `high`.

    `loss_of(i)` gives the loss (a scalar tensor) of the sweep's micro-batch number i, under autocast where the training
    is; with `batches`, a loader, it is given a batch of it instead, and the loader's own position stays. Seed number s
    goes on at i = s * steps * accumulation (a loader: with the next batch), each from the same weights. `accumulation`
    micro-batches make an update. `validation()` gives the loss to watch, behind each update, instead of the training's
    own. `scaler` scales as in mixed precision: an update that it skips has its place in the sweep. `clip` is the
    largest gradient norm, as in the training to come. `told(u, lr, loss)` hears of each update: seed s begins at
    u = s * steps. Ratios between groups are kept. Of several processes all take the mean of their losses, and end
    together. `shape` ("exponential" or "linear") and `stop` are those of `RangeTest`.

    Model, buffers, optimizer, scaler, loader and the random numbers of Python, numpy and torch are put back byte by
    byte, after an exception or Ctrl-C too. With `copy` all happens on a copy, which `loss_of(model, i)` and
    `validation(model)` are then given first. A line on the standard error says the cost before, unless `quiet`.

    Raises FinderError where the curves carry no answer.
    """
    tests = laid_out(seeds, low=low, high=high, steps=steps, shape=shape, stop=stop)
    count = at_least_one(accumulation, "accumulation")
    if copy:
        model, optimizer, scaler = deepcopy((model, optimizer, scaler))
        loss_of = partial(loss_of, model)
        validation = validation and partial(validation, model)
    with fed(batches) as feed:
        loop = Loop(model, optimizer, loss_of, feed, count, scaler, clip)
        quiet = quiet or not ranks.is_first()
        return swept(tests, partial(_begin, loop, validation), accumulation=count, told=told, quiet=quiet)


@contextmanager
def _begin(loop: Loop, validation: Callable[[], torch.Tensor | float] | None) -> Iterator[Update]:
    """A sweep's updates, with the loss to watch."""
    with loop.begin() as update:

        def validated(number: int, lr: float) -> float:
            loss = update(number, lr)
            return loss if validation is None else loop.validated(validation)

        yield validated
