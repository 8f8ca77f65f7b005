"""The probe on a torch model: the trainings, and everything put back as it was, to the byte, behind each."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from torch.optim import Optimizer

from glidepath.finder.distance import Distance
from glidepath.finder.probe import LONG, SHORT
from glidepath.finder.suggestion import Suggestion, Trial
from glidepath.frameworks import probing
from glidepath.frameworks.randomness import draw_others, random_numbers_kept
from glidepath.frameworks.sweeping import at_least_one
from glidepath.frameworks.torch import ranks
from glidepath.frameworks.torch.feeding import fed
from glidepath.frameworks.torch.updating import Loop
from glidepath.schedules.schedule import Schedule

LIKE_ADAM = (torch.optim.Adam, torch.optim.AdamW, torch.optim.NAdam, torch.optim.RAdam)  # the estimate is for these
ENOUGH = 50  # updates after which the estimate has stopped growing, on small trainings (arXiv 2306.06101: thousands)


def probe(
    model: torch.nn.Module,
    optimizer: Optimizer,
    loss_of: Callable[..., torch.Tensor],
    schedule: Schedule,
    *,
    batches: Iterable[Any] | None = None,
    validation: Callable[[], torch.Tensor | float] | None = None,
    accumulation: int = 1,
    scaler: torch.amp.GradScaler | None = None,
    clip: float | None = None,
    centre: float | None = None,
    budget: float = 0.5,
    epochs: float | None = None,
    record: str | Path | None = None,
    told: Callable[[Trial, int], None] | None = None,
    quiet: bool = False,
) -> Suggestion:
    """The peak for this model, optimizer and schedule, by short trainings with their decay in them.

    `loss_of(i)` gives the loss (a scalar tensor) of micro-batch number i, the same whenever it is asked for; with
    `batches`, a loader, it is given a batch of it instead, and the loader's own position stays. `validation()` gives
    the loss that branches are judged by, behind their last update, instead of the last eighth of the training's own.
    `clip`, `scaler` and `accumulation` are as in the training to come. The learning rate to begin with is `centre`, or
    found: for Adam by the distance that the weights have to go, in 50 updates, else by a sweep. `budget` is in whole
    runs; `epochs`, how often a whole run sees its data, is read off a loader that knows its length. With a `record`,
    a file, a probe that was killed goes on where it was. Ratios between groups are kept; of several processes all take
    the mean of their losses. A line on the standard error says the cost before, and a bar shows it, unless `quiet`.

    Model, buffers, optimizer, scaler, loader and random numbers are put back byte by byte behind each branch, after an
    exception or Ctrl-C too. Raises FinderError where the branches speak for no peak.
    """
    count = at_least_one(accumulation, "accumulation")
    training = _Training(model, optimizer, loss_of, batches, validation, count, scaler, clip, schedule.horizon.steps)
    passes = _epochs(batches, schedule.horizon.steps * count) if epochs is None else epochs
    begin = training.distance if centre is None and isinstance(optimizer, LIKE_ADAM) else centre
    quiet = quiet or not ranks.is_first()
    return probing.probe(
        training,
        schedule,
        centre=begin,
        budget=budget,
        epochs=passes,
        record=record if ranks.is_first() else None,
        told=told,
        quiet=quiet,
        share=ranks.from_the_first if ranks.count() > 1 else None,
    )


def _epochs(batches: Iterable[Any] | None, micro_batches: int) -> float:
    """How often a run sees its data; once where the loader does not know its length."""
    try:
        return micro_batches / max(1, len(batches))  # type: ignore[arg-type]
    except TypeError:
        return 1.0


@dataclass(frozen=True, slots=True)
class _Training:
    """What a branch needs; called, it trains one."""

    model: torch.nn.Module
    optimizer: Optimizer
    loss_of: Callable[[Any], torch.Tensor]
    batches: Iterable[Any] | None
    validation: Callable[[], torch.Tensor | float] | None
    accumulation: int
    scaler: torch.amp.GradScaler | None
    clip: float | None
    horizon: int

    def __call__(self, schedule: Schedule, steps: int, seed: int) -> tuple[list[float], float] | list[float]:
        """The losses of some updates from where the model is, and the validation loss; the model stays there."""
        first, losses = seed * max(1, self.horizon // LONG), list[float]()
        with self._loop(seed) as loop, loop.begin() as update:
            for step in range(steps):
                losses.append(update(first + step, schedule(step)))
                if not isfinite(losses[-1]):
                    return losses
            return losses if self.validation is None else (losses, loop.validated(self.validation))

    @contextmanager
    def _loop(self, seed: int) -> Iterator[Loop]:
        """For the batches of a seed, which a loader draws anew for each branch, and the same ones."""
        with random_numbers_kept():
            if seed:
                draw_others(seed)
            with fed(self.batches) as feed:
                yield Loop(self.model, self.optimizer, self.loss_of, feed, self.accumulation, self.scaler, self.clip)

    def distance(self) -> tuple[float, int]:
        """How far the weights have to go, as a learning rate of Adam, and the updates it took to say so."""
        group, most = self.optimizer.param_groups[0], max(ENOUGH, self.horizon // SHORT)
        first, second = map(float, group["betas"])
        found = Distance(betas=(first, second), eps=float(group["eps"]))
        with self._loop(0) as loop, loop.begin():
            groups = self.optimizer.param_groups
            weights = [one for group in groups for one in group["params"] if one.requires_grad]
            start = [one.detach().clone() for one in weights]
            for number in range(most):
                loop.backward(number)
                if loop.skips(weights):
                    continue
                _move(weights, start, found)
                if found.known:
                    break
        return found.lr, found.count


def _move(weights: list[torch.nn.Parameter], start: list[torch.Tensor], found: Distance) -> None:
    """One update of the estimate, of the weights that the loss reached."""
    with torch.no_grad():
        gradients = [torch.zeros_like(one) if one.grad is None else one.grad for one in weights]
        moved = [one - begin for one, begin in zip(weights, start, strict=True)]
        for weight, by in zip(weights, found.tell(gradients, moved), strict=True):
            weight.sub_(by)
