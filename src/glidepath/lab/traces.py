"""Whether a log shows a fault at all: one that leaves no trace in it cannot be asked of anybody."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from glidepath.runs.curve import Curve
from glidepath.runs.names import LOSS, RATE, VALIDATION
from glidepath.runs.run import Run

Values = NDArray[np.float64]
SEEN = 4.0  # standard deviations of the log before it: the least trace
BEFORE = 20  # rows of the log that tell how it was before
BEHIND = 5  # rows that tell how it is then
NORMAL = 1.4826  # median deviations in a standard deviation
HIGHER = 1.2  # of the first loss: what has diverged
SOON = 8  # parts of the run: the divergence comes within one
CREPT = 1.3  # of the lowest loss: what has diverged slowly, and what a short warmup comes to
EARLY = 12  # parts of the run: a short warmup shows within one
DROP, FLAT, AT_PEAK = 1.06, 1 / 3, 0.8  # from the plateau to the end; of that, its own fall; of the peak: it is on
LARGE, LONG = 0.25, 0.25  # of the whole fall: a drop in the decay, where the loss never rose; of the run: a plateau
LATER = 25  # rows behind a fault up to which it may have been learnt away
ON_ITS_WAY = 0.1  # of the whole fall, in the third quarter: a constant rate would be .25, and a power law comes to .02
COMES_DOWN = 0.9  # of the peak: a decay that a log shows
ROSE = 1.1  # of the lowest validation loss: overfit
LEARNT = 0.9  # of the first loss: the least that a clean run comes to
WINDOWS, FEWEST = 40, 5  # into which losses are smoothed; updates of one, at least


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A log, the loss of every single update (n,), the same smoothed, and where the fault begins."""

    run: Run
    losses: Values
    smooth: Values
    begin: int

    @property
    def around(self) -> tuple[Values, Values]:
        """Rows of the loss before the fault and behind it."""
        curve = self.run[LOSS]
        at = int(np.searchsorted(curve.steps, self.begin))
        return curve.values[max(0, at - BEFORE) : at], curve.values[at : at + BEHIND]


def leaves_trace(fault: str, run: Run, losses: Values, begin: int) -> bool:
    """Whether the log shows the fault; a clean run shows that it is one."""
    if fault not in TRACES:
        return True
    count = max(FEWEST, len(losses) // WINDOWS)
    finite = bool(np.isfinite(losses).all())
    seen = Seen(run, losses, np.convolve(losses, np.full(count, 1 / count), "valid"), begin)
    return bool(TRACES[fault](seen)) if finite else fault == "divergence"


def interval(curve: Curve) -> int:
    """Updates between two rows."""
    return int(curve.steps[1] - curve.steps[0])


def _jumped(seen: Seen) -> bool:
    before, behind = seen.around
    return bool(behind[:2].max() - np.median(before) > 2 * SEEN * _spread(before))


def _stayed(seen: Seen) -> bool:
    before, behind = seen.around
    return bool(behind.mean() - np.median(before) > SEEN * _spread(before))


def _spread(values: Values) -> float:
    return NORMAL * float(np.median(np.abs(values - np.median(values))))


def _diverged(seen: Seen) -> bool:
    return bool(seen.smooth[seen.begin : seen.begin + len(seen.losses) // SOON].max() > HIGHER * seen.losses[0])


def _crept(seen: Seen) -> bool:
    return bool(seen.smooth[-1] > CREPT * seen.smooth[: len(seen.smooth) // 2].min())


def _shot_up(seen: Seen) -> bool:
    early = seen.run[LOSS].values[: max(2, len(seen.losses) // EARLY // interval(seen.run[LOSS]))]
    far = max((CREPT - 1) * seen.losses[0], 2 * SEEN * _spread(seen.run[LOSS].values[-BEFORE:]))
    return bool(early.max() > seen.losses[0] + far and seen.smooth[-1] < seen.losses[0])


def stayed_away(run: Run, begin: int) -> bool:
    """Whether the rows further behind a step are still far above those before it."""
    curve = run[LOSS]
    at = int(np.searchsorted(curve.steps, begin))
    before, later = curve.values[max(0, at - BEFORE) : at], curve.values[at + BEHIND : at + LATER]
    return min(len(before), len(later)) >= BEHIND and bool(
        np.median(later) - np.median(before) > SEEN * _spread(before)
    )


def _broke(seen: Seen) -> bool:
    rates, curve = seen.run[RATE], seen.run[LOSS]
    down = int(rates.steps[np.flatnonzero(rates.values >= AT_PEAK * rates.values.max())[-1]])
    early, late = (float(seen.smooth[min(step, len(seen.smooth) - 1)]) for step in (_quarter(seen.begin, down), down))
    drop, rows = late - float(seen.smooth[-1]), curve.values[curve.steps <= down][-BEFORE:]
    breaks = late > DROP * seen.smooth[-1] and early - late < FLAT * drop and drop > _spread(rows)
    rose = float(seen.smooth[seen.begin : down].max()) > seen.losses[0]
    large = drop > LARGE * (seen.losses[0] - seen.smooth[-1])
    return bool(breaks and (rose or (large and down - seen.begin > LONG * len(seen.losses))))


def _quarter(begin: int, end: int) -> int:
    return begin + (end - begin) // 4


def _goes_on_falling(seen: Seen) -> bool:
    half, later = (float(seen.smooth[len(seen.smooth) * share // 4]) for share in (2, 3))
    return bool(half - later > ON_ITS_WAY * (seen.losses[0] - seen.smooth[-1]))


def _comes_down(seen: Seen) -> bool:
    values = seen.run[RATE].values
    return bool(values[-1] < COMES_DOWN * values.max())


def _parted(seen: Seen) -> bool:
    measured = seen.run[VALIDATION].values
    return bool(measured[-1] > ROSE * measured.min())


def _learnt(seen: Seen) -> bool:
    return bool(seen.smooth[-1] < LEARNT * seen.losses[0])


TRACES: Mapping[str, Callable[[Seen], bool]] = MappingProxyType(
    {
        "clean": _learnt,
        "divergence": _diverged,
        "slow divergence": _crept,
        "peak too high": _broke,
        "peak too low": _goes_on_falling,
        "underfit": _goes_on_falling,
        "late decay": _comes_down,
        "bad batch": _jumped,
        "bad batches": _jumped,
        "harmless spike": _jumped,
        "lost state": _stayed,
        "data seam": _stayed,
        "short warmup": _shot_up,
        "overfit": _parted,
    }
)
