"""A figure as plain data: panels stacked over one another, each with its series and marks.

A drawer decides nothing about the content. One name has one colour in every panel of a figure, and one
entry in its legend.
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glidepath.errors import GlidepathError, nearest

Kind = Literal["line", "points", "steps"]
Tone = Literal["note", "suspect", "wrong"]
# Beyond this the span of an axis overflows a float64, so that such a value is a gap like any infinite one.
LARGEST = 1e300
NAMELESS, EMPTY = "(no name)", "no finite values"  # what a picture says instead of nothing


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Named points `x` (n,), `y` (n,), float64: joined ("line"), alone ("points"), or held to the next ("steps").

    A point with a coordinate that is not finite is a gap; n may be 0. A `faint` series is drawn behind its
    kin. Raises GlidepathError for two lengths or another kind.

    >>> Series("loss", [0, 1, 2], [4.0, 3.5, float("nan")]).y
    array([4. , 3.5, nan])
    """

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    kind: Kind = "line"
    faint: bool = False

    def __init__(self, name: str, x: ArrayLike, y: ArrayLike, kind: Kind = "line", *, faint: bool = False) -> None:
        """Copy both columns and check them."""
        across, up = np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)
        if across.ndim != 1 or across.shape != up.shape:
            raise GlidepathError(
                f"expected as many y as x for series {name!r}, got shapes {up.shape} and {across.shape}"
            )
        if kind not in get_args(Kind):
            raise GlidepathError(
                f"expected a kind of series, got {kind!r} for {name!r}: {nearest(str(kind), get_args(Kind))}"
            )
        for field, value in zip(self.__slots__, (name, across, up, kind, faint), strict=True):
            object.__setattr__(self, field, value)


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line at `x` with its label; where `y` is given, a marked point."""

    x: float
    label: str
    y: float | None = None

    def __post_init__(self) -> None:
        """Refuse a place that cannot be drawn."""
        if not math.isfinite(self.x) or not math.isfinite(self.y or 0.0):
            raise GlidepathError(f"expected a finite place for mark {self.label!r}, got {self.x}, {self.y}")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the x axis from `begin` to `end` (>= begin), shaded in a tone, with its label above; "" has none.

    `detail` is what a page says of it where one points at it. Raises GlidepathError for other ends or another tone.
    """

    begin: float
    end: float
    label: str = ""
    tone: Tone = "note"
    detail: str = ""

    def __post_init__(self) -> None:
        """Refuse a stretch that cannot be drawn."""
        if not -LARGEST < self.begin <= self.end < LARGEST:
            raise GlidepathError(
                f"expected a stretch {self.label!r} from its begin to its end, got {self.begin} to {self.end}"
            )
        if self.tone not in get_args(Tone):
            raise GlidepathError(f"expected a tone, got {self.tone!r}: {nearest(str(self.tone), get_args(Tone))}")


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One pair of axes: its series, what they say, and how tall it is beside the figure's other panels.

    `y_range` shows only that part of the y axis (low < high; a log axis above 0); None shows everything.
    Raises GlidepathError where a log axis has values and none of them is above 0.
    """

    series: tuple[Series, ...]
    x_label: str
    y_label: str
    title: str = ""
    x_log: bool = False
    y_log: bool = False
    marks: tuple[Mark, ...] = ()
    height: float = 1.0
    y_range: tuple[float, float] | None = None
    spans: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        """Freeze the sequences and check that the axes can be drawn."""
        object.__setattr__(self, "series", tuple(self.series))
        object.__setattr__(self, "marks", tuple(self.marks))
        object.__setattr__(self, "spans", tuple(self.spans))
        if not (math.isfinite(self.height) and self.height > 0):
            raise GlidepathError(f"expected a height above 0 for panel {self.y_label!r}, got {self.height}")
        self._check_logs()
        if self.y_range is not None:
            low, high = self.y_range
            if not (-LARGEST < low < high < LARGEST) or (self.y_log and low <= 0):
                raise GlidepathError(f"expected y_range as (low, high), low below high, got {self.y_range}")

    def _check_logs(self) -> None:
        for log, label, values in (
            (self.x_log, self.x_label, [series.x for series in self.series]),
            (self.y_log, self.y_label, [series.y for series in self.series]),
        ):
            finite = np.concatenate([column[np.isfinite(column)] for column in [*values, np.empty(0)]])
            if log and finite.size and not (finite > 0).any():
                raise GlidepathError(f"expected a value above 0 on the log axis {label!r}, got none")
        for mark in self.marks:
            if (self.x_log and mark.x <= 0) or (self.y_log and mark.y is not None and mark.y <= 0):
                raise GlidepathError(f"expected mark {mark.label!r} above 0 on a log axis, got {mark}")
        for span in self.spans:
            if self.x_log and span.begin <= 0:
                raise GlidepathError(f"expected the stretch {span.label!r} above 0 on a log axis, got {span.begin}")

    def points(self, series: Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The columns of `series`, with NaN in both where this panel's axes cannot show the point."""
        shown = (np.abs(series.x) < LARGEST) & (np.abs(series.y) < LARGEST)
        shown &= (series.x > 0) if self.x_log else shown
        shown &= (series.y > 0) if self.y_log else shown
        return np.where(shown, series.x, np.nan), np.where(shown, series.y, np.nan)

    @property
    def captions(self) -> tuple[tuple[float, str], ...]:
        """What stands above the axes: the labels of lines, and of stretches where they begin; an empty one does not."""
        lines = [(mark.x, mark.label) for mark in self.marks if mark.y is None]
        return tuple(one for one in (*lines, *((span.begin, span.label) for span in self.spans)) if one[1])

    @property
    def empty(self) -> bool:
        """Whether no series has a point that these axes can show."""
        return not any(np.isfinite(self.points(series)[1]).any() for series in self.series)


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A title, panels from top to bottom, and a note below them for what the reader must know.

    Neighbours with the same x label share their x axis. Raises GlidepathError without a panel.

    >>> loss = Panel((Series("loss", [0, 1], [4.0, 3.5]),), "step", "loss")
    >>> Figure("A run", (loss,)).names
    ('loss',)
    """

    title: str
    panels: tuple[Panel, ...]
    note: str = ""

    def __post_init__(self) -> None:
        """Freeze the panels."""
        object.__setattr__(self, "panels", tuple(self.panels))
        if not self.panels:
            raise GlidepathError(f"expected at least one panel for figure {self.title!r}, got none")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the series, each once, in the order seen: the legend, and the places in the palette."""
        return tuple(dict.fromkeys(series.name for panel in self.panels for series in panel.series))

    @property
    def legend(self) -> tuple[str, ...]:
        """The names that a legend must tell: none where there is but one, nor one that its axis tells."""
        told = {s.name for panel in self.panels for s in panel.series if s.name != panel.y_label}
        return tuple(name for name in self.names if name in told) if len(told) > 1 else ()

    @property
    def groups(self) -> tuple[tuple[Panel, ...], ...]:
        """The panels, neighbours that share their x axis together."""
        groups: list[tuple[Panel, ...]] = []
        for panel in self.panels:
            if groups and (groups[-1][0].x_label, groups[-1][0].x_log) == (panel.x_label, panel.x_log):
                groups[-1] += (panel,)
            else:
                groups.append((panel,))
        return tuple(groups)


def alone(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where a finite value has a gap (or the end) on both sides, so that no line would show it.

    >>> alone(np.array([1.0, np.nan, 2.0, 3.0])).tolist()
    [True, False, False, False]
    """
    there = np.concatenate(([False], np.isfinite(values), [False]))
    return there[1:-1] & ~there[:-2] & ~there[2:]
