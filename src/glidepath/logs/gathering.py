"""Points gathered one by one into the columns of a log, in little memory and within bounds."""

from array import array
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from glidepath.runs.curve import LAST_WHOLE
from glidepath.runs.journal import LARGEST
from glidepath.runs.recording import Column, Recording

MOST_NAMES = 10_000  # of a log's columns: one that makes up a name a row is no log, and would fill the memory
MOST_SETTINGS = 10_000  # of the same kind
DEEPEST = 20  # of settings in settings
SEPARATOR = "/"  # between the names of quantities in quantities


class Gathering:
    """Columns that are being read: `add` a point, `columns` at the end."""

    def __init__(self) -> None:
        """Nothing yet; `left_out` counts the points whose step or name could not be."""
        self._points: dict[str, tuple[array[int], array[int], array[float]]] = {}
        self.left_out = 0

    def add(self, name: str, row: int, step: int, value: float) -> None:
        """A value at a row of the log, rows never going down."""
        points = self._points.get(name)
        if points is None and len(self._points) < MOST_NAMES:
            points = self._points[name] = array("q"), array("q"), array("d")
        if points is None or abs(step) > LAST_WHOLE:
            self.left_out += 1
            return
        rows, steps, values = points
        rows.append(row)
        steps.append(step)
        values.append(value)

    def columns(self) -> dict[str, Column]:
        """What was gathered, each column let go of as it is made."""
        made = {}
        while self._points:
            name = next(iter(self._points))
            rows, steps, values = self._points.pop(name)
            made[name] = Column(
                np.frombuffer(steps, np.int64), np.frombuffer(values), rows=np.frombuffer(rows, np.int64)
            )
        return made

    def notes(self) -> tuple[str, ...]:
        """What was left out, in a sentence."""
        if not self.left_out:
            return ()
        return (f"{self.left_out} values left out: more than {MOST_NAMES} names, or a step beyond 2**53",)


def number(value: Any) -> float | None:
    """A value as a float, true as 1; None where it is no number.

    >>> number(3), number("NaN"), number("1e-3"), number([1])
    (3.0, nan, 0.001, None)
    """
    if isinstance(value, int):
        return float(value) if abs(value) <= LARGEST else None
    if isinstance(value, float):
        return value
    if not isinstance(value, str):
        return None
    try:
        return float(value)
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


def flat(values: Mapping[str, Any], *, ahead: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Quantities in quantities, each under one name.

    >>> dict(flat({"loss": 1.0, "lr": {"encoder": 0.1}}))
    {'loss': 1.0, 'lr/encoder': 0.1}
    """
    for name, value in values.items():
        if isinstance(value, Mapping) and depth < DEEPEST:
            yield from flat(value, ahead=f"{ahead}{name}{SEPARATOR}", depth=depth + 1)
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
