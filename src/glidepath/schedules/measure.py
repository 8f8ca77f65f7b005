"""What a schedule amounts to: its key points, the area under it, and where two schedules part."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glidepath.errors import ScheduleError
from glidepath.schedules.schedule import Schedule

# Up to so many steps every one is looked at, in some 0.1 s; of a longer schedule this many, evenly, and both sides
# of each boundary.
MOST = 2_000_000
LAST_BITS = 1e-12  # of the peak: a smaller rise, fall or difference is rounding


@dataclass(frozen=True, slots=True)
class Measures:
    """The numbers that people ask a schedule for; learning rates, and whole steps.

    `warmup` is the steps before the peak where the schedule only rises until then, else 0. `area` is the sum of the
    learning rates of all updates, `half` the step at which half of it is spent, `decaying` the share of the updates
    that use less than the one before.
    """

    first: float
    peak: float
    peak_step: int
    warmup: int
    last: float
    after: float
    lowest: float
    area: float
    half: int
    decaying: float


def measure(schedule: Schedule) -> Measures:
    """The key points of a schedule; of one longer than 2 million steps the area is that of an even sample.

    >>> from glidepath import warmup, linear
    >>> measured = measure((warmup(3) >> linear()).over(7, peak=1.0))
    >>> measured.peak_step, measured.area, measured.decaying
    (3, 4.0, 0.42857142857142855)
    """
    steps = _looked_at(schedule)
    values = schedule(steps)
    spent = np.cumsum(values * np.diff(steps, append=schedule.horizon.steps))
    highest = int(np.argmax(values))
    falls = np.diff(values) < -LAST_BITS * (schedule.peak or 1.0)
    return Measures(
        first=float(values[0]),
        peak=float(values[highest]),
        peak_step=int(steps[highest]),
        warmup=0 if falls[:highest].any() else int(steps[highest]),
        last=float(values[-1]),
        after=schedule(schedule.horizon.steps),
        lowest=float(values.min()),
        area=float(spent[-1]),
        half=int(steps[np.searchsorted(spent, spent[-1] / 2)]),
        decaying=float(np.diff(steps)[falls].sum() / schedule.horizon.steps),
    )


def _looked_at(schedule: Schedule) -> NDArray[np.int64]:
    """Every step of the horizon, or an even choice with both sides of each boundary; the last one always."""
    steps = schedule.horizon.steps
    if steps <= MOST:
        return np.arange(steps)
    begins = np.array(schedule.boundaries, dtype=np.int64)
    even = np.linspace(0, steps - 1, MOST).round().astype(np.int64)
    return _ascending(np.clip(np.concatenate([even, begins - 1, begins]), 0, steps - 1))


def _ascending(steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each step once: `numpy.unique` hashes its integers, which takes seconds here, and these are all but sorted."""
    steps = np.sort(steps, kind="stable")
    return steps[np.diff(steps, prepend=-1) > 0]


def completion(schedule: Schedule, step: int) -> float:
    """The share of the last descent that a run has behind it after `step` (>= 0) updates: 1 where it ran to the end.

    Of the steps from where the schedule leaves its highest value for good to its horizon.

    >>> from glidepath import warmup, hold, linear
    >>> completion((warmup(10) >> hold(40) >> linear()).over(100, peak=1.0), 80)
    0.6
    """
    steps = _looked_at(schedule)
    values = schedule(steps)
    begin = int(steps[np.flatnonzero(values >= values.max() - LAST_BITS * (schedule.peak or 1.0))[-1]])
    left = schedule.horizon.steps - begin
    return min(1.0, max(0.0, (step - begin) / left))


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two schedules part: the first step at which they differ, and the one at which they differ most."""

    first: int
    most: int
    left: float
    right: float
    share: float


def differences(left: Schedule, right: Schedule) -> Difference | None:
    """How two schedules differ over the longer of their horizons; None where they agree to the last bits.

    `left` and `right` are the learning rates at the step where they differ most, `share` that of the steps
    at which they differ. Raises ScheduleError where one has a peak and the other is a multiplier.

    >>> from glidepath import cosine, linear
    >>> differences(cosine().over(100, peak=1.0), linear().over(100, peak=1.0)).first
    1
    """
    if (left.peak is None) != (right.peak is None):
        known = left.peak or right.peak
        raise ScheduleError(f"expected two schedules with a peak or two without, got one of each: give both {known:g}")
    longer = max(left, right, key=lambda schedule: schedule.horizon.steps)
    steps = _ascending(np.concatenate([_looked_at(longer), left.boundaries, right.boundaries]).astype(np.int64))
    here, there = left(steps), right(steps)
    gap = np.abs(here - there)
    apart = gap > LAST_BITS * max(left.peak or 1.0, right.peak or 1.0)
    if not apart.any():
        return None
    most = int(np.argmax(gap))
    first = int(steps[np.argmax(apart)])
    return Difference(first, int(steps[most]), float(here[most]), float(there[most]), float(apart.mean()))
