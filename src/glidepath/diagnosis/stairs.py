"""A learning rate in stairs of even width that the run never climbs to the end of."""

from collections.abc import Iterator

import numpy as np

from glidepath.diagnosis.finding import Finding
from glidepath.diagnosis.recovery import Recovered, recovered
from glidepath.diagnosis.sight import PROCESSES, Sight, number_of
from glidepath.diagnosis.ticking import clock_of, epoch_steps

FEWEST = 3  # stairs: of fewer the width is not known to be even
WIDER = 1.9  # times the steps between two rows: else every curve is one of stairs
MOST = 500  # stairs: more are a curve
EVEN = 0.01  # of the width, beside the interval of the log
HALF = 0.45  # of the peak: a fall that stops above it had its end elsewhere
PLAIN = 4  # bends, at most, of what is meant: a warmup, a hold, a decay and a floor
WIDTHS = tuple(2**power for power in range(1, 7))  # micro-batches of an update, where nothing tells them
FEWEST_TICKS = 16  # that say that a curve is plain in them
BEHIND = 1.5  # times the ticks that were done: a horizon of fewer may be this run's
UNFIT = 4  # times what the log leaves open: a curve further off is another
SAME_FACTOR = 0.05  # of what a stair takes off: stairs by equal factors are meant


def stairs(sight: Sight) -> Iterator[Finding]:
    """A warmup, or a decay, that moves once an epoch and is nowhere near its end."""
    moved = np.flatnonzero(np.abs(np.diff(sight.values)) > sight.limit[1:] / 2) + 1
    epoch = epoch_steps(sight)
    if not (FEWEST if epoch is None else 1) <= moved.size <= MOST or sight.peak <= 0:
        return
    begins = sight.steps[moved]
    width = float(np.median(np.diff(np.concatenate([[0.0], begins]))))
    even = np.abs(np.diff(np.concatenate([[0.0], begins])) - width) <= sight.every + EVEN * width
    if width < WIDER * sight.every or not even.all() or sight.last + 1 - begins[-1] > width + 2 * sight.every:
        return
    levels = np.concatenate([sight.values[:1], sight.values[moved]])
    top = int(np.argmax(levels))
    fall = levels[top:]
    if not ((np.diff(levels[: top + 1]) > 0).all() and (np.diff(fall) < 0).all()):
        return
    factors = fall[1:] / np.maximum(fall[:-1], sight.limit.max())
    meant = fall.size > 2 and np.ptp(factors) <= SAME_FACTOR * float(1 - factors.mean())  # two factors
    if fall.size == 1 or (levels[-1] > HALF * fall[0] and not meant):
        where = "still in its warmup" if fall.size == 1 else f"still at {levels[-1] / fall[0]:.0%} of its peak"
        evidence = (
            f"the learning rate moves once in {width:.0f} updates, {moved.size} times in {sight.last + 1}, and is "
            f"{where} at the end"
        )
        kind = clock_of(epoch, width, sight.every)
        yield sight.found(kind, "suspect", 0, evidence, sure=0.7 if epoch is None else 0.9, times=width)


def plain_in_ticks(sight: Sight) -> Iterator[Finding]:
    """A curve that is none in updates but a plain one in ticks of several of them, and nowhere near its end."""
    found = sight.recovered
    if found is None or (not found.drawn and len(found.spans) <= PLAIN):
        return
    told = {int(value) for name in PROCESSES if (value := number_of(sight.run.settings, (name,)))} - {1}
    for width in dict.fromkeys((*sorted(told), *WIDTHS)):
        ticked = _in_ticks(sight, width)
        done = sight.last // width + 1
        high = width in told and sight.values[-1] > HALF * sight.peak
        if ticked is not None and (high or ticked.schedule.horizon.steps > BEHIND * done):
            evidence = (
                f"the learning rate is a plain curve in ticks of {width} updates: {done} of them are done at "
                f"update {sight.last}, and it is at {sight.values[-1]:.3g}"
            )
            kind = clock_of(epoch_steps(sight), width, sight.every)
            yield sight.found(kind, "suspect", 0, evidence, sure=0.9 if width in told else 0.7, times=width)
            return


def _in_ticks(sight: Sight, width: int) -> Recovered | None:
    """The plain curve over ticks of so many updates; None where there is none, or a tick has two values."""
    ticks, first, back = np.unique(sight.steps // width, return_index=True, return_inverse=True)
    values = sight.values[first]
    told = width == number_of(sight.run.settings, PROCESSES)
    if ticks.size < FEWEST_TICKS or (not told and ticks.size == sight.steps.size):  # else rows of a tick agree
        return None
    if (np.abs(values[back] - sight.values) > sight.limit).any():
        return None
    found = recovered(ticks, values)
    plain = found is not None and not found.drawn and len(found.spans) <= PLAIN
    return found if plain and found is not None and found.residual <= UNFIT * found.open_ else None
