"""A curve of learning rates as a schedule: straight lines between as few of its points as it takes."""

import numpy as np
from numpy.typing import NDArray

from glidepath.errors import BatchError
from glidepath.schedules.points import MOST_KNOTS, points
from glidepath.schedules.schedule import Schedule

AGREES = 1e-5  # of the largest value: what a drawing may be off; some hundred points for a cosine


def drawn(steps: NDArray[np.int64], values: NDArray[np.float64], horizon: int, *, peak: float | None) -> Schedule:
    """The schedule through `values` (n,) at ascending `steps` (n,), within 1e-5 of the largest of them.

    With a peak, that is the largest value; without one the values are multipliers, at most 1. Raises BatchError where
    10 000 points do not draw it.
    """
    largest = float(values.max())
    if not largest > 0 or (peak is None and largest > 1):
        raise BatchError(
            f"expected a curve with a peak above 0, got values up to {largest:g}: give the schedule a peak"
        )
    shares = np.minimum(values / (1.0 if peak is None else largest), 1.0)
    kept = _kept(steps.astype(np.float64), shares)
    if kept.size > MOST_KNOTS:
        raise BatchError(f"expected a curve that {MOST_KNOTS} points draw, got one that needs {kept.size}: shorten it")
    knots = list(zip(steps[kept].tolist(), shares[kept].tolist(), strict=True))
    return points(knots).over(horizon, peak=None if peak is None else largest)


def _kept(places: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.int64]:
    """The points that lines go through: of each stretch the one that is farthest off (Douglas and Peucker 1973)."""
    keep, stretches = {0, places.size - 1}, [(0, places.size - 1)]
    while stretches and len(keep) <= MOST_KNOTS:
        first, last = stretches.pop()
        if last - first < 2:
            continue
        inner = slice(first + 1, last)
        line = np.interp(places[inner], places[[first, last]], values[[first, last]])
        off = np.abs(values[inner] - line)
        worst = int(np.argmax(off))
        if off[worst] > AGREES:
            middle = first + 1 + worst
            keep.add(middle)
            stretches += [(first, middle), (middle, last)]
    return np.array(sorted(keep), dtype=np.int64)
