"""A loss that creeps up: too slowly for its single rows, seen in windows of the whole run, or of its logarithm."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glidepath.diagnosis.view import View
from glidepath.diagnosis.wandering import unrest

WINDOWS, ROWS = 16, 4  # of a run, and of a window at least
FEWEST = 8  # windows
LAST = 2  # windows at the end, one of which is still up there; the median of one more is where it came to
ERRORS = 5.0  # wanders of a window between the lowest and the end: healthy runs that go uphill come to 3.9
LEAST = 0.15  # of the fall: below, a rise is left to what hears it row by row
PLAINLY = 0.15  # of the fall as it stands, for what is a creep by its logarithm
STILL = 0.6  # of the highest rise: it is still up there
UPHILL = 0.82  # of the pairs of windows behind the lowest, the later one is higher


@dataclass(frozen=True, slots=True)
class Creep:
    """A rise from `base` at `lowest_step`, since `begin`, to `top` at the end: a share `lost` of the fall."""

    begin: int
    lowest_step: int
    base: float
    top: float
    lost: float


def creep_of(view: View) -> Creep | None:
    """The rise of a run from its lowest window to its end, where it has one that neither noise nor waves make.

    A loss that is positive is looked at by its logarithm too: what falls by factors rises by factors.
    """
    plain = _creep(view, view.losses)
    if plain is not None or view.losses.min() <= 0:
        return plain
    seen = _creep(view, np.log(view.losses))
    if seen is None:
        return None
    base, top = float(np.exp(seen.base)), float(np.exp(seen.top))
    return replace(seen, base=base, top=top) if top - base > PLAINLY * view.fall else None


def _creep(view: View, losses: NDArray[np.float64]) -> Creep | None:
    count = min(WINDOWS, len(losses) // ROWS)
    if count < FEWEST:
        return None
    rows = np.array_split(losses, count)
    level = np.array([float(np.median(one)) for one in rows])
    low, end = int(level[:-LAST].argmin()), float(np.median(level[-LAST - 1 :]))
    behind = level[low:] - level[low]
    rise, fall = end - level[low], max(float(losses[0]), float(level[0])) - level[low]
    if low == 0 or rise < max(LEAST * fall, ERRORS * unrest(level[: low + 1], level[low:])):
        return None
    if behind[-LAST:].max() < STILL * behind.max() or _uphill(behind) < UPHILL:
        return None
    left = int(np.flatnonzero(behind <= rise / ROWS)[-1]) + low
    begin, lowest = (int(view.steps[sum(len(one) for one in rows[:place])]) for place in (left + 1, low))
    return Creep(begin, lowest, float(level[low]), end, float(rise / fall))


def _uphill(level: NDArray[np.float64]) -> float:
    """Of all pairs, the share in which the later is the higher one."""
    above = np.triu(level[None, :] > level[:, None], 1).sum()
    return float(above) / (len(level) * (len(level) - 1) / 2)
