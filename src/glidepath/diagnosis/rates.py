"""The phases of a schedule, read from its learning rates alone: where it is at its peak, and how far down it comes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glidepath.runs.curve import Curve

AT_PEAK = 0.98  # of the peak: what is above counts as the peak, so that a cosine is at it for a while
AT_FLOOR = 0.02  # of the peak: what is below counts as nothing
CHANGED = 0.1  # of a learning rate: from one row to the next, a jump
LAST = 3  # rows whose median is where a schedule ends: some logs write a 0 behind it
FEWEST = 5  # rows
LARGEST = 1e100  # of a learning rate


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """Learning rates over steps; `warm` is the first step at the peak, `down` the last, `floor` the first below 2 %.

    `end` is the last learning rate as a share of the peak, `raised` the steps of jumps upward behind the warmup.
    """

    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    peak: float
    warm: int
    down: int
    floor: int | None
    end: float
    raised: tuple[int, ...]

    @property
    def first(self) -> int:
        """The first step."""
        return int(self.steps[0])

    @property
    def last(self) -> int:
        """The last step."""
        return int(self.steps[-1])

    def at(self, steps: NDArray[np.int64] | int) -> NDArray[np.float64]:
        """The learning rates of any steps, as of the row before."""
        place = np.searchsorted(self.steps, steps, side="right") - 1
        return self.values[np.maximum(place, 0)]


def rates_of(curve: Curve | None) -> Rates | None:
    """The phases of a curve of learning rates; None where there are too few, or none above 0."""
    if curve is None:
        return None
    finite = np.abs(curve.values) < LARGEST
    steps, values = curve.steps[finite], curve.values[finite]
    if len(values) < FEWEST or values.max() <= 0:
        return None
    peak = float(values.max())
    high = np.flatnonzero(values >= AT_PEAK * peak)
    low = np.flatnonzero((values <= AT_FLOOR * peak) & (np.arange(len(values)) > high[-1]))
    jumps = np.flatnonzero(values[1:] > values[:-1] * (1 + CHANGED)) + 1
    return Rates(
        steps,
        values,
        peak,
        int(steps[high[0]]),
        int(steps[high[-1]]),
        int(steps[low[0]]) if len(low) else None,
        float(np.median(values[-LAST:])) / peak,
        tuple(steps[jumps[jumps > high[0]]].tolist()),
    )
