"""The ramp: a plan at a constant batch size, run over the same samples at batch sizes that change in whole steps."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glidepath.batch.drawing import drawn
from glidepath.errors import BatchError, shown
from glidepath.schedules.recipes import hold
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.units import half_up
from glidepath.units.exact import whole

LOOKED_AT = 20_000  # steps of a size that are evaluated, evenly, however long it lasts: each a pixel's width


@dataclass(frozen=True, slots=True)
class Ramp:
    """A run whose batch size changes: `sizes[k]` samples a step from step `begins[k]` on, over `steps` updates.

    `plan` is the schedule at a constant `batch_size`, `power` how the learning rate goes with the size (0.5 or 1).
    `lr` and `batch` are schedules of the run, by step: the learning rate, which is within 1e-5 of the peak of the exact
    one of `at`, and the batch size, for `Plan(ramp.lr, batch_size=ramp.batch)`. `samples` of the run are those of the
    plan, but for the rounding to whole steps: at most half of the last batch.
    """

    plan: Schedule
    batch_size: int
    power: float
    begins: tuple[int, ...]
    sizes: tuple[int, ...]
    steps: int
    seen: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Count the samples that are seen before each size."""
        lengths = (after - before for before, after in pairwise((*self.begins, self.steps)))
        sums = accumulate((size * length for size, length in zip(self.sizes, lengths, strict=True)), initial=0)
        object.__setattr__(self, "seen", tuple(sums))

    @property
    def samples(self) -> int:
        """Of the whole run."""
        return self.seen[-1]

    @property
    def saved(self) -> float:
        """The share of the plan's updates that the run does without; below 0 where it needs more."""
        return 1 - self.steps / self.plan.horizon.steps

    def at(self, step: int) -> tuple[float, int]:
        """(learning rate, batch size) of one update, exactly; before 0 reads as 0, past the end is held."""
        found = whole(step)
        if found is None:
            raise BatchError(f"expected a step as a whole number, got {shown(step)}: ask lr and batch for arrays")
        here = min(max(0, found), self.steps)
        index = bisect_right(self.begins, here) - 1
        return float(self._values(index, np.array([here]))[0]), self.sizes[index]

    def _values(self, index: int, steps: NDArray[Any]) -> NDArray[np.float64]:
        """The learning rates of steps of one size."""
        size = self.sizes[index]
        samples = self.seen[index] + (steps - self.begins[index]).astype(np.float64) * size
        values: NDArray[np.float64] = self.plan(samples / self.batch_size) * (size / self.batch_size) ** self.power
        return values

    @property
    def lr(self) -> Schedule:
        """The learning rate by step, as straight lines between points."""
        steps, values = [], []
        for index, (begin, end) in enumerate(pairwise((*self.begins, self.steps + 1))):
            here = even(begin, end - 1)
            steps.append(here)
            values.append(self._values(index, here))
        return drawn(np.concatenate(steps), np.concatenate(values), self.steps, peak=self.plan.peak)

    @property
    def batch(self) -> Schedule:
        """The batch size by step, with the largest as its peak."""
        most, ends = max(self.sizes), (*self.begins[1:], None)
        parts = [
            hold(None if end is None else end - begin, at=size / most)
            for size, begin, end in zip(self.sizes, self.begins, ends, strict=True)
        ]
        return Recipe(tuple(part for recipe in parts for part in recipe.parts)).over(self.steps, peak=most)

    def __str__(self) -> str:
        phases = ", ".join(f"{size} from step {begin}" for size, begin in zip(self.sizes, self.begins, strict=True))
        return f"{self.steps} steps in place of {self.plan.horizon.steps} for {self.samples} samples: {phases}"


def even(first: int, last: int) -> NDArray[np.int64]:
    """Whole steps from `first` to `last`, both among them: all, or an even choice of 20 000."""
    places = np.linspace(0, last - first, min(last - first + 1, LOOKED_AT)).round().astype(np.int64)
    return first + np.unique(np.minimum(places, last - first))  # float64 rounds up behind 2**53


def laid(plan: Schedule, batch_size: int, begins: Sequence[float], sizes: Sequence[int], power: float) -> Ramp:
    """The ramp of a plan with each size from the samples of `begins` on, in whole steps.

    What is rounded is carried on, and a size without a step left out.
    """
    total, seen, step = plan.horizon.steps * batch_size, 0, 0
    placed: list[tuple[int, int]] = []
    for size, end in zip(sizes, [*begins[1:], total], strict=True):
        steps = max(0, half_up(Fraction(min(end, total) - seen) / size))
        if steps:
            placed.append((step, size))
        step, seen = step + steps, seen + steps * size
    if not placed:  # a plan of less than half of a batch
        placed, step = [(0, sizes[0])], 1
    else:  # what is left is too little for the sizes that came to no step
        step += max(0, half_up(Fraction(total - seen, placed[-1][1])))
    return Ramp(plan, batch_size, power, tuple(one for one, _ in placed), tuple(size for _, size in placed), step)
