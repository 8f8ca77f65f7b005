"""What a log says in the order it says it, and the one series that comes of it: segments found, resumes stitched."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glidepath.errors import JournalError
from glidepath.runs.curve import Curve
from glidepath.runs.names import EPOCH, LOSS, RATE
from glidepath.runs.run import Run

Steps = NDArray[np.int64]
MOST_SEGMENTS = 100  # of a run; a step that goes back more often than that is a log without order
OUT_OF_ORDER = 0.02  # of the rows: the same, in a short log
FEW = 3  # times that the step goes back in a log of whatever length: resumes


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One quantity as it lies in a log: `rows` (n,) its places, ascending; `steps` (n,) whole; `values` (n,).

    Columns of one log share the count of rows, so that what a resume undid is known in all of them. Raises
    JournalError unless the three are of one length and the steps are whole.
    """

    rows: Steps
    steps: Steps
    values: NDArray[np.float64]

    def __init__(self, steps: ArrayLike, values: ArrayLike, *, rows: ArrayLike | None = None) -> None:
        """Check as a Curve does; `rows` are 0, 1, 2, ... where none are given."""
        checked = Curve("", steps, values)
        places = np.arange(len(checked)) if rows is None else np.asarray(rows, dtype=np.int64)
        if places.shape != checked.steps.shape or (places[1:] < places[:-1]).any():
            raise JournalError(f"expected one ascending row a value, got {places.size} for {len(checked)}")
        for name, column in zip(self.__slots__, (places, checked.steps, checked.values), strict=True):
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        return int(self.steps.size)

    def kept(self, mask: NDArray[np.bool_]) -> "Column":
        """The points of a mask."""
        return Column(self.steps[mask], self.values[mask], rows=self.rows[mask])


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """The columns of a log by name, in its order; what else it says; `starts` are rows at which a process began."""

    columns: Mapping[str, Column]
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()
    starts: tuple[int, ...] = ()
    name: str = ""
    origin: str = ""
    clock: str = "steps"


def stitched(recording: Recording) -> Run:
    """One series: of each step the last word, what a resume undid kept apart as `discarded`, in all columns alike.

    A segment begins where the step goes back, where the log says so, and where its epoch goes back. A log whose step
    goes back all the time (more than 100 times, or at one row in fifty) has no order, is sorted, and says so.
    """
    jumps, notes = _jumps(recording)
    kept, gone = dict(recording.columns), dict[str, Column]()
    for row, step in jumps:
        for name, column in kept.items():
            undone = (column.rows < row) & (column.steps >= step)
            if undone.any():
                gone[name] = _joined(gone.get(name), column.kept(undone))
                kept[name] = column.kept(~undone)
    first = min((int(column.steps.min()) for column in kept.values() if len(column)), default=0)
    return Run(
        _curves(kept),
        (first, *(step for _, step in jumps)),
        recording.settings,
        recording.notes + notes,
        _curves(gone),
        name=recording.name,
        origin=recording.origin,
        clock=recording.clock,
    )


def apart(recording: Recording) -> tuple[Run, ...]:
    """Each segment as a run of its own, with nothing discarded: for a file into which several runs wrote."""
    bounds = [row for row, _ in _jumps(recording)[0]]
    lows, highs = [-1, *bounds], [*bounds, np.inf]
    return tuple(stitched(_between(recording, low, high)) for low, high in zip(lows, highs, strict=True))


def _between(recording: Recording, low: float, high: float) -> Recording:
    columns = {name: one.kept((one.rows >= low) & (one.rows < high)) for name, one in recording.columns.items()}
    return replace(recording, columns={name: one for name, one in columns.items() if len(one)}, starts=())


def _jumps(recording: Recording) -> tuple[list[tuple[int, int]], tuple[str, ...]]:
    """Where a segment begins, as row and step, the first one left out."""
    if not any(map(len, recording.columns.values())):
        return [], ()
    lead = _lead(recording.columns)
    back = _back(lead)
    if back.size > max(FEW, min(MOST_SEGMENTS, OUT_OF_ORDER * len(lead))):
        return [], (f"the step goes back {back.size} times in {len(lead)} rows: sorted, no resume was looked for",)
    found = {int(lead.rows[i]): int(lead.steps[i]) for i in back}
    for row in (*recording.starts, *_epochs_again(recording.columns)):
        behind = np.searchsorted(lead.rows, row)
        if 0 < behind < len(lead):
            found.setdefault(int(lead.rows[behind]), int(lead.steps[behind]))
    return sorted(found.items()), ()


def _lead(columns: Mapping[str, Column]) -> Column:
    """The column that tells the order: the loss or the learning rate, whichever is longer, else the longest."""
    known = [columns[name] for name in (LOSS, RATE) if len(columns.get(name, ()))]
    return max(known or columns.values(), key=len)


def _back(column: Column) -> Steps:
    """Places whose step lies before the one of the row above."""
    return np.flatnonzero(column.steps[1:] < column.steps[:-1]) + 1


def _epochs_again(columns: Mapping[str, Column]) -> list[int]:
    """Rows at which the epoch goes back."""
    epochs = columns.get(EPOCH)
    if epochs is None or not len(epochs):
        return []
    rows = epochs.rows[np.flatnonzero(np.diff(epochs.values) < 0) + 1]
    return rows.tolist() if rows.size <= FEW else []


def _joined(first: Column | None, second: Column) -> Column:
    if first is None:
        return second
    rows = np.concatenate([first.rows, second.rows])
    order = np.argsort(rows, kind="stable")
    steps, values = np.concatenate([first.steps, second.steps]), np.concatenate([first.values, second.values])
    return Column(steps[order], values[order], rows=rows[order])


def _curves(columns: Mapping[str, Column]) -> Mapping[str, Curve]:
    return MappingProxyType({name: _curve(name, column) for name, column in columns.items() if len(column)})


def _curve(name: str, column: Column) -> Curve:
    """By step, and of each step the last word."""
    if (column.steps[1:] > column.steps[:-1]).all():
        return Curve(name, column.steps, column.values)
    order = np.argsort(column.steps, kind="stable")
    steps, values = column.steps[order], column.values[order]
    last = np.append(steps[1:] != steps[:-1], True)
    return Curve(name, steps[last], values[last])
