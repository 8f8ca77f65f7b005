"""The numbers of a table, and the recording that they come to once it is known which column is the step."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glidepath.logs.names import epoch_of, renaming, step_of
from glidepath.runs.curve import LAST_WHOLE
from glidepath.runs.names import LOSS, NORM, RATE, VALIDATION
from glidepath.runs.recording import Column, Recording, Steps

KNOWN = frozenset({LOSS, RATE, VALIDATION, NORM})  # without one of them a table is no log of a training
EPOCHS = "epochs"  # a clock
LEAST_WHOLE = 0.5  # of a column's numbers: with fewer it counts no steps
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """One column: `rows` (n,) the places of the cells that hold a number, ascending; `values` (n,)."""

    rows: Steps
    values: Numbers


NOTHING = Cells(np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """The columns of a table by name, an empty one left out; `count` rows; `starts` where its header came again."""

    columns: Mapping[str, Cells]
    count: int
    starts: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counting:
    """How a table counts: the column that does (None: it is looked for), in what, and from which number on."""

    column: str | None = None
    clock: str = "steps"
    first: int = 0  # what the log calls the first one
    notes: tuple[str, ...] = field(default=())


def recorded(sheet: Sheet, counting: Counting | None = None, *, settings: Mapping[str, Any] | None = None) -> Recording:
    """The recording of a table: every column over its steps, those of the rows that have none left out with a note.

    Where nothing is said of its counting, the step is a column of a known name, else the epoch, else the row.
    """
    counting = counting or _counting(sheet)
    steps, placed = _steps(sheet, counting)
    columns = {
        name: _column(cells, steps, placed)
        for name, cells in sheet.columns.items()
        if name != counting.column or counting.clock == EPOCHS
    }
    lost = 0 if placed is None else int(np.count_nonzero(~placed))
    notes = (f"{lost:,} of {sheet.count:,} rows have no step: left out",) if lost else ()
    return Recording(
        {name: column for name, column in columns.items() if len(column)},
        settings or {},
        (*sheet.notes, *counting.notes, *notes),
        sheet.starts,
        clock=counting.clock,
    )


def tells(names: Iterable[str]) -> bool:
    """Whether columns of these names are a log of a training: a loss, a learning rate or a gradient norm is there."""
    return not KNOWN.isdisjoint(renaming(names).values())


def _counting(sheet: Sheet) -> Counting:
    for found, clock in ((step_of(sheet.columns), "steps"), (epoch_of(sheet.columns), EPOCHS)):
        if found is not None and _whole(sheet.columns[found].values).mean() > LEAST_WHOLE:
            return Counting(found, clock)
    return Counting(notes=("no column counts steps: the rows are counted",))


def _whole(values: Numbers) -> NDArray[np.bool_]:
    """Which of some numbers are a step."""
    whole: NDArray[np.bool_] = (np.abs(values) <= LAST_WHOLE) & (values == np.rint(values))
    return whole


def _steps(sheet: Sheet, counting: Counting) -> tuple[Steps, NDArray[np.bool_] | None]:
    """The step of every row, and which rows have one, None for all."""
    if counting.column is None:
        return _shared(np.arange(sheet.count)), None
    cells = sheet.columns.get(counting.column, NOTHING)
    whole = _whole(cells.values)
    if whole.all() and cells.rows.size == sheet.count:
        return _shared(cells.values.astype(np.int64) - counting.first), None
    steps, placed = np.zeros(sheet.count, np.int64), np.zeros(sheet.count, np.bool_)
    steps[cells.rows[whole]] = cells.values[whole].astype(np.int64) - counting.first
    placed[cells.rows[whole]] = True
    return _shared(steps), placed


def _column(cells: Cells, steps: Steps, placed: NDArray[np.bool_] | None) -> Column:
    rows, values = cells.rows, cells.values
    if placed is not None:
        kept = placed[rows]
        rows, values = rows[kept], values[kept]
    at = steps if rows.size == steps.size else steps[rows]
    return Column(_shared(at), _shared(values), rows=rows)


def _shared(numbers: NDArray[Any]) -> NDArray[Any]:
    """An array that nobody writes to from here on, so that columns and curves can hold it without a copy."""
    numbers.flags.writeable = False
    return numbers
