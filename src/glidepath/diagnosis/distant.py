"""Runs of a million rows, heard from afar: medians of windows, and the rows that lie far above their own."""

import numpy as np
from numpy.typing import NDArray

from glidepath.diagnosis.excursion import BEND, BOTH, GROUP, JUMP, NORMAL_MEDIAN, Excursion, Excursions
from glidepath.diagnosis.norms import LOUD, LOUD_TIMES
from glidepath.diagnosis.tails import KEPT, Tail

BLOCK = 100  # rows whose median is the level of the middle ones
WINDOWS = 50_000  # medians that are heard, at most
BEFORE, BEHIND = 500, 1_000  # rows around one far out that are heard one by one: they are to know its level first
MOST = 20  # places so heard: the farthest
APART = 100  # rows between two places

Values = NDArray[np.float64]


class Distant:
    """Rows in deviations above the median of their block and of the one before it, both by the rows of the block.

    The first block has none before it, and in it a loss falls: no row of it is far out.
    """

    def __init__(self, steps: NDArray[np.int64], values: Values) -> None:
        """Measure all rows at once."""
        whole = len(values) // BLOCK * BLOCK
        self.steps, self.values = steps, values
        blocks = values[:whole].reshape(-1, BLOCK)
        middle = np.median(blocks, axis=1)
        bends = np.abs(np.diff(blocks, 2, axis=1)) * BEND
        noise = np.maximum(NORMAL_MEDIAN * np.median(bends, axis=1), np.finfo(float).tiny)
        level = np.maximum(middle, np.concatenate([[np.inf], middle[:-1]]))
        self.gaps = (blocks - level[:, None]).ravel()
        self.distances = (self.gaps.reshape(-1, BLOCK) / noise[:, None]).ravel()

    def tail(self) -> Tail:
        """The farthest rows."""
        tail = Tail(count=len(self.distances))
        for one in np.sort(self.distances)[-KEPT:].tolist():
            tail.hear(max(one, 0.0))
        return tail

    def loud(self) -> dict[int, float]:
        """Logarithms of norms that jump, by their steps, and how far out they are."""
        places = np.flatnonzero((self.distances > LOUD) & (self.gaps > np.log(LOUD_TIMES)))
        return dict(zip(self.steps[places].tolist(), self.distances[places].tolist(), strict=True))


def windowed(steps: NDArray[np.int64], values: Values) -> tuple[int, NDArray[np.int64], Values]:
    """The rows of a window, the first steps of all of them, and their medians."""
    size = GROUP
    while len(values) > size * WINDOWS:
        size *= GROUP
    whole = len(values) // size * size
    return size, steps[:whole:size], np.median(values[:whole].reshape(-1, size), axis=1)


def spikes_among(rows: Distant, loud: dict[int, float], known: list[Excursion]) -> list[Excursion]:
    """The excursions that begin with the farthest rows, heard row by row around each, outside of those known."""
    far = rows.distances > BOTH
    places = np.flatnonzero(far)
    told = [place for place in places.tolist() if rows.distances[place] > JUMP or int(rows.steps[place]) in loud]
    told.sort(key=lambda place: -rows.distances[place])
    found: list[Excursion] = []
    chosen: list[int] = []
    for place in told:
        if len(chosen) == MOST:
            break
        if all(abs(place - other) > APART for other in chosen):
            chosen.append(place)
            found += _heard_at(rows, place, loud)
    lasting = [(one.begin, one.end) for one in known]
    return [one for one in found if not any(a <= one.begin and (b is None or one.begin < b) for a, b in lasting)]


def _heard_at(rows: Distant, place: int, loud: dict[int, float]) -> list[Excursion]:
    """Jumps near a row that came back."""
    near = slice(max(0, place - BEFORE), place + BEHIND)
    ears = Excursions()
    for step, value in zip(rows.steps[near].tolist(), rows.values[near].tolist(), strict=True):
        ears.tell(step, value, both=step in loud)
    low, high = rows.steps[max(0, place - APART // 2)], rows.steps[min(place + APART // 2, len(rows.steps) - 1)]
    return [one for one in ears.found if one.jump and one.end is not None and low <= one.begin <= high]
