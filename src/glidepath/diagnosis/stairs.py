"""A learning rate in stairs of even width that the run never climbs to the end of."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from glidepath.diagnosis.finding import Finding
from glidepath.diagnosis.precision import Numbers
from glidepath.diagnosis.recovery import Recovered, recovered
from glidepath.diagnosis.sight import Sight
from glidepath.diagnosis.ticking import USUAL, clock_of, epoch_steps

FEWEST = 3  # stairs: of fewer the width is not known to be even
WIDER = 1.9  # times the steps between two rows: else every curve is one of stairs
MOST = 500  # stairs: more are a curve
EVEN = 0.01  # of the width, beside the interval of the log
HALF = 0.45  # of the peak: a fall that stops above it had its end elsewhere
PLAIN = 4  # bends, at most, of what is meant: a warmup, a hold, a decay and a floor
FEWEST_TICKS = 16  # that say that a curve is plain in them
SURE, GUESSED = 0.9, 0.7  # how sure it is where a setting tells the width, and where only the curve does
BEHIND = 1.5  # times the ticks that were done: a horizon of fewer may be this run's
UNFIT = 4  # times what the log leaves open: a curve further off is another
SAME_FACTOR = 0.05  # of what a stair takes off: stairs by equal factors are meant


def stairs(sight: Sight) -> Iterator[Finding]:
    """A warmup, or a decay, that moves once an epoch and is nowhere near its end."""
    epoch = epoch_steps(sight)
    moved = np.flatnonzero(np.abs(np.diff(sight.values)) > sight.limit[1:] / 2) + 1
    if not (FEWEST if epoch is None else 1) <= moved.size <= MOST or sight.peak <= 0:
        return
    width, levels = _width(sight, moved), sight.values[[0, *moved]]
    fall = levels[int(np.argmax(levels)) :]
    if width is None or not _up_and_down(levels) or _is_meant(sight, fall):
        return
    where = "still in its warmup" if fall.size == 1 else f"still at {fall[-1] / fall[0]:.0%} of its peak"
    evidence = (
        f"the learning rate moves once in {width:.0f} updates, {moved.size} times in {sight.last + 1}, and is {where} "
        f"at the end"
    )
    kind = clock_of(epoch, width, sight.every)
    yield sight.found(kind, "suspect", 0, evidence, sure=GUESSED if epoch is None else SURE, times=width)


def _width(sight: Sight, moved: NDArray[np.int64]) -> float | None:
    """The updates of a stair; None where they are uneven, or no wider than the interval of the log."""
    widths = np.diff(np.concatenate([[0.0], sight.steps[moved]]))
    width, last = float(np.median(widths)), sight.last + 1 - sight.steps[moved[-1]]
    even = (np.abs(widths - width) <= sight.every + EVEN * width).all() and last <= width + 2 * sight.every
    return width if even and width >= WIDER * sight.every else None


def _up_and_down(levels: Numbers) -> bool:
    """Whether stairs lead up to one top and down from it, and never stay."""
    top = int(np.argmax(levels))
    return bool((np.diff(levels[: top + 1]) > 0).all() and (np.diff(levels[top:]) < 0).all())


def _is_meant(sight: Sight, fall: Numbers) -> bool:
    """Whether stairs that fall come down at last, or by equal factors, of which there are two at least."""
    factors = fall[1:] / np.maximum(fall[:-1], sight.limit.max())
    equal = fall.size > 2 and np.ptp(factors) <= SAME_FACTOR * float(1 - factors.mean())
    return bool(fall.size > 1 and (equal or fall[-1] <= HALF * fall[0]))


def plain_in_ticks(sight: Sight) -> Iterator[Finding]:
    """A curve that is none in updates but a plain one in ticks of several of them, and nowhere near its end."""
    if sight.recovered is None or _is_plain(sight.recovered):
        return
    told = sight.ticks
    for width in dict.fromkeys((*sorted(told), *USUAL)):
        ticked, done = _in_ticks(sight, width), sight.last // width + 1
        high = width in told and sight.values[-1] > HALF * sight.peak
        if ticked is not None and (high or ticked.schedule.horizon.steps > BEHIND * done):
            evidence = (
                f"the learning rate is a plain curve in ticks of {width} updates: {done} of them are done at "
                f"update {sight.last}, and it is at {sight.values[-1]:.3g}"
            )
            kind = clock_of(epoch_steps(sight), width, sight.every)
            yield sight.found(kind, "suspect", 0, evidence, sure=SURE if width in told else GUESSED, times=width)
            return


def _is_plain(found: Recovered) -> bool:
    return not found.drawn and len(found.spans) <= PLAIN


def _in_ticks(sight: Sight, width: int) -> Recovered | None:
    """The plain curve over ticks of so many updates; None where there is none, or a tick has two values."""
    ticks, first, back = np.unique(sight.steps // width, return_index=True, return_inverse=True)
    values = sight.values[first]
    if ticks.size < FEWEST_TICKS or (width not in sight.ticks and ticks.size == sight.steps.size):
        return None  # where nothing tells the width, rows of a tick have to agree
    if (np.abs(values[back] - sight.values) > sight.limit).any():
        return None
    found = recovered(ticks, values)
    return found if found is not None and _is_plain(found) and found.residual <= UNFIT * found.open_ else None
