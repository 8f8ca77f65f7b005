"""A table read row by row with the standard library: delimited text, and JSON lines."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from glidepath.logs.delimited import MOST_COLUMNS, Layout, distinct, split
from glidepath.logs.files import lines_of
from glidepath.logs.gathering import Gathering, flat, number
from glidepath.logs.objects import object_in
from glidepath.logs.sheet import Sheet

CUT = "the last line has no end, so that it may be cut: left out"
DEEPEST = 2  # objects within a row of JSON, one in the other


class Delimited:
    """The rows of a delimited text; its header may come again, with other columns, where a process began."""

    def __init__(self, layout: Layout) -> None:
        """Of a text of that layout, fed from behind its header."""
        self._layout, self._lead = layout, layout.names[0]
        self._points, self._count, self._starts, self._cut = Gathering(MOST_COLUMNS), 0, list[int](), False
        self._columns = [self._points.column(name) for name in layout.names]

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
            self._columns = [self._points.column(name) for name in distinct(cells)]
            self._starts.append(self._count)
            return
        decimal = self._layout.decimal
        for cell, (places, values) in zip(cells, self._columns, strict=False):  # a row may be too short or too long
            value = number(cell, decimal)
            if value is not None:
                places.append(self._count)
                values.append(value)
        self._count += 1

    def sheet(self) -> Sheet:
        """What was fed."""
        return Sheet(self._points.cells(), self._count, tuple(self._starts), (CUT,) if self._cut else ())


class JsonLines:
    """The rows of JSON lines, the numbers of inner objects by joined names; a line that is no object is left out."""

    def __init__(self) -> None:
        """Of no line yet."""
        self._points, self._count, self._lost, self._cut = Gathering(MOST_COLUMNS), 0, 0, False

    def feed(self, lines: Iterable[str]) -> None:
        """More lines; one without an end that is no object was cut."""
        for line in lines:
            row = object_in(line)
            if row is not None:
                numbers = {name: number(value) for name, value in flat(row, DEEPEST) if not isinstance(value, bool)}
                self._points.add(self._count, self._count, numbers.items())
                self._count += 1
            elif not line.isspace():
                self._cut = not line.endswith("\n")
                self._lost += not self._cut

    def sheet(self) -> Sheet:
        """What was fed."""
        lost = (f"{self._lost:,} lines are no JSON objects: left out",) if self._lost else ()
        return Sheet(self._points.cells(), self._count, notes=(*lost, *((CUT,) if self._cut else ())))


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
