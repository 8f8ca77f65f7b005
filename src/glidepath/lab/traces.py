"""Whether a log shows a fault at all: one that leaves no trace in it cannot be asked of anybody."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from glidepath.runs.curve import Curve
from glidepath.runs.names import LOSS, VALIDATION
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
DROP = 1.06  # from the middle to the end: a plateau that breaks
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
    return bool(early.max() > CREPT * seen.losses[0] and seen.smooth[-1] < seen.losses[0])


def _broke(seen: Seen) -> bool:
    return bool(seen.smooth[len(seen.smooth) // 2] > DROP * seen.smooth[-1])


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
        "bad batch": _jumped,
        "bad batches": _jumped,
        "harmless spike": _jumped,
        "lost state": _stayed,
        "data seam": _stayed,
        "short warmup": _shot_up,
        "overfit": _parted,
    }
)
