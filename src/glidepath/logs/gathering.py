"""Points gathered one by one into the columns of a log, in little memory and within bounds."""

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from glidepath.logs.sheet import Cells
from glidepath.runs.curve import LAST_WHOLE
from glidepath.runs.journal import LARGEST
from glidepath.runs.recording import Column, Recording

MOST_NAMES = 10_000  # of a log's columns: one that makes up a name a row is no log, and would fill the memory
MOST_SETTINGS = 10_000  # of the same kind
DEEPEST = 20  # of settings in settings
SEPARATOR = "/"  # between the names of quantities in quantities
LONGEST_NUMBER = 400  # characters: the longest float64 written out has some more than 300
LEFT_OUT = f"{{0}} values left out: more than {MOST_NAMES:,} names, or a step beyond 2**53"
Points: TypeAlias = "tuple[array[int], array[float]]"  # places, values


class Gathering:
    """A table that grows by rows: of each column its values and the places of them, of each place the row and step."""

    def __init__(self, most: int = MOST_NAMES) -> None:
        """Of so many columns at most; `left_out` counts what belonged to one too many, or to no step that could be."""
        self._columns: dict[str, Points] = {}
        self._rows, self._steps = array("q"), array("q")
        self._most, self.left_out = most, 0

    def add(self, row: int, step: int, values: Iterable[tuple[str, float | None]]) -> None:
        """What a row says of a step, by name; None where it says nothing. Rows never go down."""
        place, columns = self.place(row, step), self._columns
        if place < 0:
            return
        for name, value in values:
            if value is not None:
                places, numbers = columns.get(name) or self.column(name)
                places.append(place)
                numbers.append(value)

    def place(self, row: int, step: int) -> int:
        """The place of a row that speaks of a step, -1 for a step that cannot be."""
        if not -LAST_WHOLE <= step <= LAST_WHOLE:
            self.left_out += 1
            return -1
        self._rows.append(row)
        self._steps.append(step)
        return len(self._rows) - 1

    def places(self, rows: Sequence[int], steps: Sequence[int]) -> range:
        """The places of rows that speak of steps that can be."""
        self._rows.extend(rows)
        self._steps.extend(steps)
        return range(len(self._rows) - len(rows), len(self._rows))

    def extend(self, name: str, places: Sequence[int], values: Sequence[float]) -> None:
        """What was said at some places."""
        points = self._columns.get(name) or self.column(name, len(values))
        points[0].extend(places)
        points[1].extend(values)

    def column(self, name: str, count: int = 1) -> Points:
        """The places and the values of a column, to append `count` of them to; of one too many, to nothing."""
        if name not in self._columns and len(self._columns) >= self._most:
            self.left_out += count
            return array("q"), array("d")
        return self._columns.setdefault(name, (array("q"), array("d")))

    def cells(self) -> dict[str, Cells]:
        """The columns by place, as far as they have come; one without a value is none."""
        return {
            name: Cells(np.array(places, np.int64), np.array(values, np.float64))
            for name, (places, values) in self._columns.items()
            if places
        }

    def columns(self, later: Collection[str] = ()) -> dict[str, Column]:
        """The columns by step, each let go of as it is made; `later` are those that speak of the update behind."""
        rows, steps, made = np.array(self._rows, np.int64), np.array(self._steps, np.int64), dict[str, Column]()
        while self._columns:
            name = next(iter(self._columns))
            places, values = self._columns.pop(name)
            at, found = np.frombuffer(places, np.int64), np.frombuffer(values)
            if (at[1:] < at[:-1]).any():
                order = np.argsort(at, kind="stable")
                at, found = at[order], found[order]
            made[name] = Column(steps[at] + (name in later), found, rows=rows[at])
        return made

    def omissions(self) -> tuple[str, ...]:
        """What was left out, in a sentence."""
        return (LEFT_OUT.format(self.left_out),) if self.left_out else ()


def number(value: Any, decimal: str = ".") -> float | None:
    """A value as a float, true as 1, "nan" and "inf" among the texts; None where it is no number.

    >>> number(3), number("NaN"), number("1e-3"), number("1_0"), number("1,5", ","), number([1])
    (3.0, nan, 0.001, None, 1.5, None)
    """
    if isinstance(value, float):
        return value
    if isinstance(value, int):
        return float(value) if abs(value) <= LARGEST else None
    if not isinstance(value, str) or len(value) > LONGEST_NUMBER or "_" in value:
        return None
    try:
        return float(value if decimal == "." else value.replace(decimal, "."))
    except ValueError:
        return None


def whole(value: Any) -> int | None:
    """A value as a step, or None where it is none.

    >>> whole(3.0), whole(-1), whole(2.5), whole("3")
    (3, -1, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= LAST_WHOLE:
        return None
    return int(value) if value == int(value) else None


def flat(values: Mapping[str, Any], deepest: int = DEEPEST, *, ahead: str = "") -> Iterator[tuple[str, Any]]:
    """Quantities in quantities, each under one name.

    >>> dict(flat({"loss": 1.0, "lr": {"encoder": 0.1}}))
    {'loss': 1.0, 'lr/encoder': 0.1}
    """
    for name, value in values.items():
        if isinstance(value, dict) and deepest:
            yield from flat(value, deepest - 1, ahead=f"{ahead}{name}{SEPARATOR}")
        else:
            yield f"{ahead}{name}", value


def setting(text: Any) -> Any:
    """A setting that was written as text: a whole number, a number, or the text itself.

    >>> setting("8"), setting("1e-3"), setting("AdamW")
    (8, 0.001, 'AdamW')
    """
    found = number(text)
    if found is None or not isinstance(text, str):
        return text
    return int(text) if text.strip().lstrip("+-").isdecimal() and whole(found) is not None else found


def by_name(recordings: Mapping[str, Recording]) -> dict[str, Recording]:
    """Recordings by their own names, with the identity behind it where two have one; a single one by "".

    Those without a value are left out.
    """
    full = {identity: one for identity, one in recordings.items() if one.columns}
    if len(full) == 1:
        return {"": next(iter(full.values()))}
    names = [one.name for one in full.values()]
    return {one.name if names.count(one.name) == 1 else f"{one.name}-{run}": one for run, one in full.items()}
