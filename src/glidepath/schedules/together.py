"""Many short ramps of one shape together: one call of their formula over arrays of their numbers."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glidepath.schedules.pieces import Piece, Ramp
from glidepath.schedules.shapes import EXPONENTIAL

AT_ONCE = 32_768  # steps: arrays of 256 KiB, so that those of one formula stay in a second-level cache
# A piece, the step that it begins at, and the first and one past the last index of the steps that are its own.
Stretch = tuple[Any, int, int, int]


def kind_of(piece: Piece) -> Hashable:
    """What ramps that may go together have in common; None for a piece that may not."""
    if isinstance(piece, Ramp) and piece.last > 0 and piece.shape != EXPONENTIAL:
        return piece.shape, piece.power, piece.endpoint
    return None


def fill(stretches: Sequence[Stretch], steps: NDArray[Any], out: NDArray[np.float64]) -> None:
    """Write the values of ramps of one kind, bit by bit what each of them would write alone."""
    bounds = np.array([stretch[1:] for stretch in stretches])
    sizes = bounds[:, 2] - bounds[:, 1]
    numbers = np.array([(s[0].start, s[0].to, s[0].last, s[0].low, s[0].high) for s in stretches])
    cuts = np.flatnonzero(np.diff(np.cumsum(sizes) // AT_ONCE)) + 1
    for some in np.split(np.arange(len(stretches)), cuts):
        count = sizes[some]
        start, to, last, low, high = (np.repeat(column, count) for column in numbers[some].T)
        behind = np.repeat(bounds[some, 1] - np.cumsum(count) + count, count)
        at = behind + np.arange(behind.size)
        t = np.subtract(steps[at], np.repeat(bounds[some, 0], count), dtype=np.float64)
        values = stretches[0][0].along(t, start, to, last, np)
        out[at] = np.minimum(np.maximum(values, low), high)
