"""A table read row by row with the standard library: delimited text, and JSON lines."""

import json
from array import array
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from glidepath.logs.delimited import MOST_COLUMNS, Layout, distinct, split
from glidepath.logs.files import lines_of
from glidepath.logs.sheet import Cells, Sheet

CUT = "the last line has no end, so that it may be cut: left out"
DEEPEST = 3  # objects within a row of JSON whose names are joined by "/"
LONGEST_NUMBER = 400  # characters: the longest float64 written out has some more than 300


class Filling:
    """A sheet that grows by rows."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._columns: dict[str, tuple[array[int], array[float]]] = {}
        self._starts: list[int] = []
        self.count = 0

    def column(self, name: str) -> "tuple[array[int], array[float]]":
        """The rows and the values of a column, to append to; of one too many, to nothing."""
        if name not in self._columns and len(self._columns) >= MOST_COLUMNS:
            return array("q"), array("d")
        return self._columns.setdefault(name, (array("q"), array("d")))

    def add(self, row: Mapping[str, float]) -> None:
        """One more row, of the numbers in it."""
        for name, value in row.items():
            rows, values = self.column(name)
            rows.append(self.count)
            values.append(value)
        self.count += 1

    def begin(self) -> None:
        """A process begins at the next row."""
        self._starts.append(self.count)

    def sheet(self, *notes: str) -> Sheet:
        """What was added."""
        columns = {
            name: Cells(np.array(rows, np.int64), np.array(values, np.float64))
            for name, (rows, values) in self._columns.items()
            if rows
        }
        return Sheet(columns, self.count, tuple(self._starts), notes)


class Delimited:
    """The rows of a delimited text; its header may come again, with other columns, where a process began."""

    def __init__(self, layout: Layout) -> None:
        """Of a text of that layout, fed from behind its header."""
        self._layout, self._lead = layout, layout.names[0]
        self._filling, self._cut = Filling(), False
        self._columns = [self._filling.column(name) for name in layout.names]

    def feed(self, lines: Iterable[str]) -> None:
        """More lines; one without an end is the last, and left out."""
        separator = self._layout.separator
        for line in lines:
            if not line.endswith("\n"):
                self._cut = self._cut or not line.isspace()
            elif not line.isspace():
                self._row(split(line, separator))

    def _row(self, cells: list[str]) -> None:
        if self._lead and cells[:1] == [self._lead]:
            self._columns = [self._filling.column(name) for name in distinct(cells)]
            self._filling.begin()
            return
        place, decimal = self._filling.count, self._layout.decimal
        for cell, (rows, values) in zip(cells, self._columns, strict=False):  # a row may be too short or too long
            value = number(cell, decimal)
            if value is not None:
                rows.append(place)
                values.append(value)
        self._filling.count += 1

    def sheet(self) -> Sheet:
        """What was fed."""
        return self._filling.sheet(*((CUT,) if self._cut else ()))


class JsonLines:
    """The rows of JSON lines, the numbers of inner objects by joined names; a line that is no object is left out."""

    def __init__(self) -> None:
        """Of no line yet."""
        self._filling, self._lost, self._cut = Filling(), 0, False

    def feed(self, lines: Iterable[str]) -> None:
        """More lines; one without an end that is no object was cut."""
        for line in lines:
            row = _parsed(line)
            if row is not None:
                self._filling.add(dict(_numbers(row, "", DEEPEST)))
            elif not line.isspace():
                self._cut = not line.endswith("\n")
                self._lost += not self._cut

    def sheet(self) -> Sheet:
        """What was fed."""
        lost = (f"{self._lost:,} lines are no JSON objects: left out",) if self._lost else ()
        return self._filling.sheet(*lost, *((CUT,) if self._cut else ()))


def delimited(path: Path, layout: Layout) -> Sheet:
    """The numbers of a delimited text."""
    rows = Delimited(layout)
    rows.feed(islice(lines_of(path), layout.skipped, None))
    return rows.sheet()


def json_lines(path: Path) -> Sheet:
    """The numbers of JSON lines."""
    rows = JsonLines()
    rows.feed(lines_of(path))
    return rows.sheet()


def number(cell: str, decimal: str = ".") -> float | None:
    """The number in a cell, "nan" and "inf" among them; None where it holds none.

    >>> number("1e-3"), number("nan"), number("NA"), number("")
    (0.001, nan, None, None)
    """
    if not cell or len(cell) > LONGEST_NUMBER or "_" in cell:
        return None
    try:
        return float(cell if decimal == "." else cell.replace(decimal, "."))
    except ValueError:
        return None


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _numbers(row: Mapping[str, Any], ahead: str, depth: int) -> Iterator[tuple[str, float]]:
    for name, value in row.items():
        if isinstance(value, dict) and depth > 1:
            yield from _numbers(value, f"{ahead}{name}/", depth - 1)
        elif isinstance(value, (int, float, str)) and not isinstance(value, bool):
            found = number(value) if isinstance(value, str) else _float(value)
            if found is not None:
                yield ahead + name, found


def _float(value: float) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None
