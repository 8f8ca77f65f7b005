"""Requests to a run under way: lines in a file beside its journal, which it reads between two updates.

    {"scale": 0.5}             from the next update on
    {"step": 4000, "hold": true}   from this one on, or from the next where it is done already

Whole lines alone are read, and each one once: a checkpoint holds which.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from glidepath.errors import JournalError, shown

SUFFIX = ".requests"  # behind the name of the journal
LARGEST = 1_000_000  # bytes of a file of requests: thousands of them


def requests_of(journal: str | Path) -> Path:
    """The file of requests beside a journal."""
    return Path(f"{journal}{SUFFIX}")


def request(journal: str | Path, table: Mapping[str, Any]) -> None:
    """Ask a run for something: one line more, in one write. Raises JournalError where there is no place for it."""
    path = requests_of(journal)
    try:
        with path.open("ab", buffering=0) as file:
            file.write(json.dumps(dict(table)).encode() + b"\n")
    except OSError as error:
        raise JournalError(f"expected a place for a request at {path}, got none: {error.strerror}") from error


class Requests:
    """The requests to one run, numbered as they stand in the file; those before `read` are known."""

    def __init__(self, journal: str | Path, *, read: int | None = 0) -> None:
        """`read`: how many are known; None for all that are there already."""
        self._path = requests_of(journal)
        self._size = -1
        self.read = len(self._lines()) if read is None else read

    def news(self) -> list[tuple[int, Any]]:
        """What was asked since the last call: a number and a table each, or a text where it is no JSON."""
        if not self._grew():
            return []
        lines, before = self._lines(), self.read
        self.read = max(before, len(lines))
        return [(number, _table(lines[number])) for number in range(before, len(lines))]

    def again(self, read: int, waiting: Sequence[int]) -> list[tuple[int, Any]]:
        """As it was when `read` were known: those of them that waited still, and the ones behind are news again."""
        self.read, self._size = read, -1
        lines = self._lines()
        return [(number, _table(lines[number])) for number in waiting if number < len(lines)]

    def _grew(self) -> bool:
        """Whether the file has another size than before: all that a step costs where nobody asks."""
        try:
            size = self._path.stat().st_size
        except OSError:
            return False
        grew, self._size = size != self._size, size
        return grew

    def _lines(self) -> list[bytes]:
        try:
            with self._path.open("rb") as file:
                return file.read(LARGEST).split(b"\n")[:-1]  # behind the last end of a line one may be on its way
        except OSError:
            return []


def _table(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return shown(line)
