"""A learning rate in stairs of even width that the run never climbs to the end of."""

from collections.abc import Iterator

import numpy as np

from glidepath.diagnosis.finding import Finding
from glidepath.diagnosis.sight import Sight
from glidepath.diagnosis.ticking import PROBES, epoch_steps

FEWEST = 3  # stairs: of fewer the width is not known to be even
WIDER = 1.9  # times the steps between two rows: else every curve is one of stairs
MOST = 500  # stairs: more are a curve
EVEN = 0.01  # of the width, beside the interval of the log
HALF = 0.45  # of the peak: a fall that stops above it had its end elsewhere
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
        of_epoch = epoch is not None and abs(epoch - width) <= sight.every
        kind = "epoch ticks" if of_epoch or (epoch is None and width > PROBES) else "slow ticks"
        yield sight.found(kind, "suspect", 0, evidence, sure=0.9 if of_epoch else 0.7, times=width)
