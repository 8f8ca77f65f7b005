"""Where the axes of a panel begin and end, and where their ticks stand: the same for every drawer."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glidepath.plots.figure import Panel
from glidepath.plots.numbers import linear_ticks, log_ticks, number, tick_labels

MARGIN = 0.04  # of the axis, so that a curve does not lie on the frame
NARROW = 1e-9  # a span below this share of its values carries no ticks: widened
TINY = 1e-290  # a span below it has no power of ten in a float64
LAST_STEP = 0.02  # of the axis: where a step takes less, the axis ends behind the last one, at a rounder number
DECADE = 10.0


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high` (low < high; both above 0 where `log`); `whole` where every value is an integer."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def place(self, values: ArrayLike) -> NDArray[np.float64]:
        """Where the values lie, (n,) -> (n,): 0 at the low end, 1 at the high; NaN stays.

        >>> Axis(1.0, 100.0, log=True).place([10.0])
        array([0.5])
        """
        given = np.asarray(values, dtype=np.float64)
        if not self.log:
            with np.errstate(over="ignore"):  # far outside a narrow window: infinitely far
                return (given - self.low) / (self.high - self.low)
        return (np.log(given) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))

    def plain(self, share: float) -> float:
        """The value, or its power of ten where `log`, at a share of the axis: what `place` undone gives.

        >>> Axis(1.0, 100.0, log=True).plain(0.5)
        1.0
        """
        low, high = (math.log10(self.low), math.log10(self.high)) if self.log else (self.low, self.high)
        return low + share * (high - low)

    def ticks(self, count: int) -> list[tuple[float, str]]:
        """About `count` places and their labels, ascending.

        >>> Axis(0.0, 3e-4).ticks(3)
        [(0.0, '0'), (0.0001, '1e-4'), (0.0002, '2e-4'), (0.00030000000000000003, '3e-4')]
        """
        if self.log:
            places = log_ticks(self.low, self.high, count)
            wide = self.high >= DECADE * self.low
            labels = [number(place) for place in places] if wide else tick_labels(places)
        else:
            places = linear_ticks(self.low, self.high, count, whole=self.whole)
            labels = tick_labels(places)
        return list(zip(places, labels, strict=True))


def x_axis(panels: Iterable[Panel]) -> Axis:
    """The x axis that these panels share: from the first point, mark or stretch to the last, without a margin."""
    shared = list(panels)
    columns = [panel.points(series)[0] for panel in shared for series in panel.series]
    marked = [mark.x for panel in shared for mark in panel.marks]
    marked += [end for panel in shared for span in panel.spans for end in (span.begin, span.end)]
    values = _finite(columns, marked)
    log = shared[0].x_log
    whole = bool((values == np.round(values)).all())
    low, high = _ends(values, log=log)
    if whole and not log and (high - low) * LAST_STEP > 1:
        high += 1
    return Axis(*_widened(low, high, log=log, room=0.5 if whole else 0.0), log=log, whole=whole and not log)


def y_axis(panel: Panel) -> Axis:
    """The y axis of a panel: its `y_range`, or all values with a margin; from 0 where they come near it."""
    if panel.y_range is not None:
        return Axis(*panel.y_range, log=panel.y_log)
    columns = [panel.points(series)[1] for series in panel.series]
    values = _finite(columns, [mark.y for mark in panel.marks if mark.y is not None])
    low, high = _widened(*_ends(values, log=panel.y_log), log=panel.y_log)
    if panel.y_log:
        margin = (high / low) ** MARGIN
        return Axis(low / margin, high * margin, log=True)
    margin = MARGIN * (high - low)
    near_zero = 0 <= low < (high - low) / 2
    return Axis(0.0 if near_zero else low - margin, high + margin)


def _finite(columns: list[NDArray[np.float64]], more: list[float]) -> NDArray[np.float64]:
    values: NDArray[np.float64] = np.concatenate([*columns, np.array(more, dtype=np.float64)])
    return values[np.isfinite(values)]


def _ends(values: NDArray[np.float64], *, log: bool) -> tuple[float, float]:
    if not values.size:
        return (1.0, DECADE) if log else (0.0, 1.0)
    return float(values.min()), float(values.max())


def _widened(low: float, high: float, *, log: bool, room: float = 0.0) -> tuple[float, float]:
    """The ends, moved apart where they (nearly) meet: by `room`, or in proportion to their value."""
    if high - low > max(NARROW * max(abs(low), abs(high)), TINY):
        return low, high
    if log:
        return low / 2, high * 2
    apart = max(room, abs(high) / DECADE) or 1.0
    return low - apart, high + apart
