"""Batch ramps: a run whose batch size rises in whole sizes, and the learning rate that goes with it.

Two updates of Adam are alike where lr / sqrt(B) is the same, of SGD where lr / B is, as long as the batch is below the
critical one. So a plan at one batch size can be run at others, over the same samples: where the batch is B' in place of
B, the learning rate is that of the plan times sqrt(B'/B), or B'/B.
"""

from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from glidepath.batch.checked import count, positive, real
from glidepath.batch.drawing import drawn
from glidepath.batch.ramp import Ramp, even, laid
from glidepath.batch.rules import ADAM, family_of
from glidepath.errors import BatchError, shown
from glidepath.schedules.schedule import Schedule
from glidepath.units import half_up

MOST_STEPS = 2_000_000  # of a run whose every update is looked at: some 0.1 s
MOST_SIZES = 1_000  # of a ramp, far above what a run can change
LAST_BITS = 1e-9  # of a learning rate that is compared with a share of the peak


def seesaw(
    schedule: Schedule,
    batch_size: int,
    *,
    most: int | None = None,
    sizes: Sequence[int] | None = None,
    optimizer: str = "adamw",
) -> Ramp:
    """The decay of a schedule as a batch ramp: the same samples in fewer steps, below the critical batch at one loss.

    Where the schedule has come down to a share a of its highest value, the batch is `batch_size` / a and the learning
    rate sqrt(a) of the highest for Adam (Meterez et al. 2025, arXiv 2510.14717), the highest itself for SGD (Smith et
    al. 2017, arXiv 1711.00489). Sizes are whole: doublings up to `most`, or those of `sizes`, ascending; each begins
    where the schedule has fallen far enough. Between two of them, and behind the last, the learning rate falls as the
    plan does, so that lr / sqrt(B) (lr / B for SGD) is the plan's at every update. `constant_batch` is the way back.

    `most` should be at most the critical batch size. Raises BatchError for a schedule that rises again.

    >>> from glidepath import steps
    >>> ramp = seesaw(steps(100, factor=0.5).over(300, peak=1.0), 64, most=256)
    >>> print(ramp)
    175 steps in place of 300 for 19200 samples: 64 from step 0, 128 from step 100, 256 from step 150
    >>> [round(ramp.at(step)[0], 3) for step in (0, 100, 150)]
    [1.0, 0.707, 0.5]
    """
    first = _planned(schedule, batch_size)
    ladder = _ladder(first, most, sizes)
    steps = schedule.horizon.steps
    grid = even(0, steps - 1)
    values = schedule(grid)
    highest = float(values.max())
    top = int(grid[np.flatnonzero(values >= highest * (1 - LAST_BITS))[-1]])
    falling = values[grid >= top]
    if (np.diff(falling) > LAST_BITS * highest).any():
        raise BatchError(
            "expected a schedule that only falls behind its highest value, got one that rises: cut it there"
        )
    lows = [-highest * first / size * (1 + LAST_BITS) for size in ladder[1:]]
    later = range(top, steps)
    begins = [0, *(top + bisect_left(later, low, key=lambda step: -schedule(step)) for low in lows)]
    return laid(schedule, first, [begin * first for begin in begins], ladder, _power(optimizer))


def batch_warmup(
    schedule: Schedule,
    batch_size: int,
    critical: Sequence[tuple[float, float]],
    *,
    sizes: Sequence[int] | None = None,
    optimizer: str = "adamw",
) -> Ramp:
    """A run that begins with small batches and raises them to `batch_size` as the measured critical batch allows.

    `critical` are pairs (samples seen, critical batch in samples), ascending in the first; between two it is a straight
    line, and outside of them the nearest. A size begins where the critical batch has reached it for good, the smallest
    at once. Sizes are whole: halves of `batch_size` down to the first critical batch, or those of `sizes`, ascending,
    the last of them `batch_size`. Where the batch is B' the learning rate is that of the plan times sqrt(B'/B), for
    SGD B'/B.

    The critical batch was seen to be near 0 at first, to rise, and to level off, with 43 % fewer steps for a model of
    1B parameters (Merrill et al. 2025, arXiv 2505.23971, who measure it by short branches, and warn that the noise
    scale of the gradient is no safe stand-in for it). Raises BatchError for no such measurements.

    >>> from glidepath import cosine
    >>> print(batch_warmup(cosine().over(1_000, peak=3e-4), 256, [(0, 64), (25_600, 256)]))
    1167 steps in place of 1000 for 256064 samples: 64 from step 0, 128 from step 133, 256 from step 267
    """
    last = _planned(schedule, batch_size)
    places, found = _measured(critical)
    lasting = np.minimum.accumulate(found[::-1])[::-1]  # what it does not fall below any more
    ladder = _halves(last, lasting[0]) if sizes is None else _ascending(sizes)
    if ladder[-1] != last:
        raise BatchError(f"expected sizes up to the batch size {last}, got {ladder[-1]} as the last")
    begins = [0.0] + [_reached(places, lasting, size) for size in ladder[1:]]
    return laid(schedule, last, begins, ladder, _power(optimizer))


def constant_batch(lr: Schedule, batch: Schedule | Ramp, batch_size: int, *, optimizer: str = "adamw") -> Schedule:
    """The schedule at a constant batch size that a run with a batch ramp is alike to, over the same samples.

    `lr` and `batch` are by step, the second of whole sizes (rounded half up), or the ramp itself. Where it took B', the
    learning rate is that of the run times sqrt(B/B'), for SGD B/B'. Raises BatchError for more than 2 million steps.

    >>> from glidepath import steps
    >>> ramp = seesaw(steps(100, factor=0.5).over(300, peak=1.0), 64, most=256)
    >>> constant_batch(ramp.lr, ramp.batch, 64)([0, 99, 100, 199, 200, 295]).round(6)
    array([1.  , 1.  , 0.5 , 0.5 , 0.25, 0.25])
    """
    size = _planned(lr, batch_size)
    sized = batch.batch if isinstance(batch, Ramp) else batch
    if not isinstance(sized, Schedule) or lr.horizon.steps > MOST_STEPS:
        raise BatchError(f"expected two schedules of at most {MOST_STEPS} steps, got {shown(lr)} and {shown(batch)}")
    sizes = np.maximum(1.0, np.floor(sized(np.arange(lr.horizon.steps)) + 1 / 2))
    seen = np.concatenate([[0.0], np.cumsum(sizes)])
    steps = max(1, half_up(Fraction(int(seen[-1]), size)))
    if steps > MOST_STEPS:
        raise BatchError(
            f"expected at most {MOST_STEPS} steps of {size} samples, got {steps}: take a larger batch size"
        )
    here = np.arange(steps + 1) * float(size)
    index = np.minimum(np.searchsorted(seen, here, side="right") - 1, sizes.size - 1)
    same = sizes[index] == sizes[np.minimum(index + 1, sizes.size - 1)]
    between = np.where(same, (here - seen[index]) / sizes[index], 0.0)  # not between two sizes
    values = lr(index + between) * (size / sizes[index]) ** _power(optimizer)
    return drawn(np.arange(steps + 1), values, steps, peak=lr.peak)


def _planned(schedule: object, batch_size: object) -> int:
    if not isinstance(schedule, Schedule):
        raise BatchError(f"expected a schedule, got {shown(schedule)}: bind it, recipe.over(steps, peak=...)")
    return count(batch_size, "the batch size")


def _power(optimizer: str) -> float:
    return 1 / 2 if family_of(optimizer) == ADAM else 1.0


def _ascending(sizes: object) -> list[int]:
    if not isinstance(sizes, (list, tuple, range)) or not 0 < len(sizes) <= MOST_SIZES:
        raise BatchError(f"expected 1 to {MOST_SIZES} batch sizes such as [256, 512], got {shown(sizes)}")
    found = [count(size, "each batch size") for size in sizes]
    if any(after <= before for before, after in pairwise(found)):
        raise BatchError(f"expected batch sizes in ascending order, got {shown(sizes)}")
    return found


def _ladder(first: int, most: int | None, sizes: Sequence[int] | None) -> list[int]:
    if (most is None) == (sizes is None):
        raise BatchError(
            "expected one of most= (the largest batch size) and sizes=, got both or neither: write most=2048"
        )
    if sizes is not None:
        found = _ascending(sizes)
        if found[0] != first:
            raise BatchError(f"expected sizes from the batch size {first} on, got {found[0]} as the first")
        return found
    limit = count(most, "the largest batch size", least=first)
    return [first << doubling for doubling in range((limit // first).bit_length())]


def _halves(last: int, low: float) -> list[int]:
    found = [last]
    while found[0] > low and found[0] % 2 == 0:
        found.insert(0, found[0] // 2)
    return found


def _measured(critical: object) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    wanted = "expected critical batches as pairs such as [(0, 64), (100_000, 512)], ascending in the first"
    if not isinstance(critical, (list, tuple)) or not 0 < len(critical) <= MOST_SIZES:
        raise BatchError(f"{wanted}, got {shown(critical)}")
    if not all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in critical):
        raise BatchError(f"{wanted}, got {shown(critical)}")
    places = np.array([real(place, "the samples seen") for place, _ in critical])
    found = np.array([positive(size, "the critical batch") for _, size in critical])
    if (np.diff(places) <= 0).any():
        raise BatchError(f"{wanted}, got {shown(critical)}")
    return places, found


def _reached(places: NDArray[np.float64], found: NDArray[np.float64], size: int) -> float:
    """The samples at which what never falls has reached a size; infinity where it does not."""
    behind = int(np.searchsorted(found, size))
    if behind == found.size:
        return float("inf")
    if behind == 0:
        return 0.0
    share = (size - found[behind - 1]) / (found[behind] - found[behind - 1])
    return float(places[behind - 1] + share * (places[behind] - places[behind - 1]))
