"""The rules by which a learning rate is read off a sweep, each a pure function of the curve.

No rule is safe by itself: each has tasks on which it is several times too high or too low. Read together they say how
far a sweep can be believed. Steepest descent is this library's own reading; `valley`, `slide` and `minimum` are those
of fastai's finder, to the point.
"""

from bisect import bisect_left
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from glidepath.errors import FinderError
from glidepath.finder.suggestion import Sweep
from glidepath.runs.smoothing import ema, median

Numbers = NDArray[np.float64]
Rule = Callable[[Sweep], float]

# Decay of the average that the slope is read from: fastai's. It lags by tens of updates, so the steepest point of it
# lies beyond that of the loss itself, and the division below is for this one.
SMOOTHING = 0.98
# The steepest descent lies near the edge of what is stable, and the usual advice is a half to a quarter of it: a half
# under a warmup, which takes the early updates off the edge.
SHARE = 1 / 2
# Updates: what a slope can be read from, and what an average needs before its start is no longer noise.
FEWEST, SETTLING = 20, 5
# A descent of fewer standard errors is no descent: five, because the largest of many is looked at.
SIGNAL = 5.0
NORMAL_DIFFERENCE = 0.954  # the median of |x - y| for two draws of a standard normal distribution
# What fastai leaves out: a tenth of the updates in front, five behind.
FRONT, BEHIND = 10, 5
BELOW_THE_MINIMUM = 10.0  # its minimum rule: a tenth of the learning rate of the lowest loss
SHORTEST_VALLEY = 3  # below it a third of the valley is no update
# Its slide: two places so many updates apart, until their slopes (loss per update) differ by no more.
APART, ALIKE = 15, 0.005


def steepest(sweep: Sweep) -> float:
    """Half of the learning rate at which the smoothed loss falls fastest in log LR, on its way to its minimum.

    Raises FinderError where the loss nowhere falls by more than its noise.
    """
    losses, smooth = sweep.losses.values, sweep.smoothed.values
    if losses.size < FEWEST:
        raise FinderError(f"expected at least {FEWEST} finite losses, got {losses.size}: start from a lower `low`")
    bottom = SETTLING + 1 + int(np.argmin(smooth[SETTLING + 1 :]))
    first = max(SETTLING, _first_fall(losses, smooth[: bottom + 1]))  # before it the average is of few, and swings
    slope = np.gradient(smooth, np.log(sweep.lrs.values))
    return SHARE * float(sweep.lrs.values[first + int(np.argmin(slope[first : bottom + 1]))])


def minimum(sweep: Sweep) -> float:
    """A tenth of the learning rate of the lowest smoothed loss."""
    lrs, losses = _trimmed(sweep)
    return float(lrs[np.argmin(losses)]) / BELOW_THE_MINIMUM


def valley(sweep: Sweep) -> float:
    """The learning rate half way into the longest falling subsequence of the smoothed loss; O(n log n)."""
    lrs, losses = _trimmed(sweep)
    return float(lrs[valley_index(losses)])


def valley_index(losses: Numbers) -> int:
    """Where `valley` points: for a subsequence of length m that ends at e, e - m + floor(m/3) + floor(m/6).

    The first to end of the longest ones. It need not be of neighbours, so that this is no place of it for certain.

    >>> valley_index(np.array([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 9.0]))
    2
    """
    ends: list[float] = []  # of the falling subsequences of each length, the highest last value, its sign changed
    longest, end = 0, 0
    for index, loss in enumerate(losses.tolist()):
        length = bisect_left(ends, -loss)
        ends[length : length + 1] = [-loss]
        if length + 1 > longest:
            longest, end = length + 1, index
    if longest < SHORTEST_VALLEY:
        raise FinderError(f"expected a loss that falls {SHORTEST_VALLEY} times, got one that falls {longest - 1} times")
    return end - longest + longest // 3 + longest // 6


def slide(sweep: Sweep) -> float:
    """The learning rate at which the slope no longer differs from that 15 updates on, coming from the right."""
    lrs, losses = _trimmed(sweep)
    return float(lrs[slide_index(losses)])


def slide_index(losses: Numbers) -> int:
    """Where `slide` points.

    >>> slide_index(np.array([1.0] * 20 + [2.0, 4.0, 8.0, 16.0]))
    4
    """
    if losses.size <= APART:
        raise FinderError(f"expected more than {APART} losses, got {losses.size}")
    slopes = np.gradient(losses)
    alike = np.flatnonzero(np.abs(slopes[APART:] - slopes[:-APART]) <= ALIKE)
    last = losses.size - 1 - APART
    return min(int(alike[-1]) + 1, last) if alike.size else 0


def explosion(sweep: Sweep) -> float:
    """The largest learning rate before the loss explodes: before it exceeds, to stay, what it was at the start."""
    lrs, losses = sweep.lrs.values, median(sweep.losses.values)
    if losses.size <= SETTLING:
        raise FinderError(f"expected more than {SETTLING} losses, got {losses.size}")
    above = losses > sweep.smoothed.values[: SETTLING + 1].max()
    bottom = int(np.argmin(losses))
    begin = losses.size - int(np.argmin(above[::-1])) if not above.all() else 0  # behind the last that is below
    if begin == losses.size or begin <= bottom:
        raise FinderError(f"expected a loss that explodes, got one that does not up to {lrs[-1]:.2g}: sweep higher")
    return float(lrs[begin - 1])


RULES: dict[str, Rule] = {
    "steepest": steepest,
    "minimum": minimum,
    "valley": valley,
    "slide": slide,
    "explosion": explosion,
}
LIMIT = "explosion"  # what an answer must be below; the others are answers


def answers(sweep: Sweep) -> dict[str, float]:
    """What every rule that has an answer says; raises FinderError where `steepest`, which sees noise, has none."""
    said = {"steepest": steepest(sweep)}
    for word in RULES.keys() - said.keys():
        with suppress(FinderError):
            said[word] = RULES[word](sweep)
    return said


def smoothed(losses: Numbers) -> Numbers:
    """The loss as the rules read it: the recovery from a spike is steep and no descent, so the spike goes first."""
    return ema(median(losses), decay=SMOOTHING)


def _trimmed(sweep: Sweep) -> tuple[Numbers, Numbers]:
    """The learning rates and smoothed losses that fastai hands to its rules, of a curve from which spikes are gone."""
    count = len(sweep.losses)
    kept = slice(count // FRONT, count - BEHIND)
    if count - BEHIND <= count // FRONT:
        raise FinderError(f"expected more than {BEHIND} losses, got {count}")
    return sweep.lrs.values[kept], sweep.smoothed.values[kept]


def _first_fall(losses: Numbers, smooth: Numbers) -> int:
    """The first update below an earlier one by more than the noise of both."""
    errors = _errors(losses)[: smooth.size]
    for later in range(1, smooth.size):
        noise = SIGNAL * np.hypot(errors[:later], errors[later])
        if (smooth[:later] - smooth[later] > noise).any():
            return later
    raise FinderError(
        f"expected a loss that falls by more than its noise, got a fall of "
        f"{(np.maximum.accumulate(smooth) - smooth).max():.2g} with a noise of {errors[-1]:.2g} or more: sweep a wider "
        "range, more slowly, or with a larger batch"
    )


def _errors(losses: Numbers) -> Numbers:
    """The standard error of the debiased average behind each update: large at first, when it is of few losses."""
    # Neighbours differ by the noise and hardly by the descent, and a median does not see the explosion.
    noise = float(np.median(np.abs(np.diff(losses)))) / NORMAL_DIFFERENCE
    left = SMOOTHING ** np.arange(1, losses.size + 1)
    errors: Numbers = noise * np.sqrt((1 - SMOOTHING) / (1 + SMOOTHING) * (1 + left) / (1 - left))
    return errors
