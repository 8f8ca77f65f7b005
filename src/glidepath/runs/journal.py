"""The journal: one JSON line for each update, appended and never rewritten.

    {"segment": 0, "settings": {...}}                    a process begins here, at this step
    {"step": 0, "lr": 1e-05, "loss": 4.1, "grad_norm": 2}  what an update used and saw
    {"step": 9, "validation_loss": 3.2}                  what was measured behind this update
    {"step": 9, "amendment": {"step": 9, "scale": 0.5}}  a change to the schedule, from this update on

A resume writes another segment line. Updates that a kill left beyond the step it begins at were done and
then undone: they stay in the file, and `read_journal` keeps them apart, as `discarded`. A line that a kill cut
in the middle stays too, closed off by the segment behind it.
"""

import gc
import json
import os
import weakref
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from glidepath.errors import JournalError, shown
from glidepath.runs.curve import LAST_WHOLE, Curve
from glidepath.runs.run import Run

Points = dict[str, dict[int, float]]  # by name, then step
MODE = 0o666  # of a new file, less what the user's own mask takes away
LARGEST = 10**300  # an int beyond it is no measurement, and no float64


class Journal:
    """A journal open for writing from an update on; each line is handed to the system at once, whole.

    Use as a context manager. A kill of the process loses nothing that `write` returned from. Raises
    JournalError where another process is writing the same file.
    """

    def __init__(self, path: str | Path, *, segment: int | None = 0, settings: Mapping[str, Any] | None = None) -> None:
        """Open (or make) the file and begin a segment at update `segment`; None begins none yet."""
        self.path = Path(path)
        first = None if segment is None else {"segment": segment, "settings": dict(settings or {})}
        if first is not None:
            self._line(first)  # before the file is touched
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, MODE)
        except OSError as error:
            raise JournalError(f"expected a place for a journal at {self.path}, got none: {error.strerror}") from error
        self.close = weakref.finalize(self, os.close, self._descriptor)
        """Close the file, and let others write it; what nobody holds any more is closed by itself."""
        try:
            _lock(self._descriptor, self.path)
            if _is_cut(self.path):
                os.write(self._descriptor, b"\n")
            if first is not None:
                self.write(first)
        except BaseException:
            self.close()
            raise

    def write(self, record: Mapping[str, Any]) -> None:
        """Append one record of plain values, "step" or "segment" among them."""
        line = self._line(record)
        if not self.close.alive:
            raise JournalError(f"{self.path}: expected an open journal, got one that was closed")
        os.write(self._descriptor, line)

    def _line(self, record: Mapping[str, Any]) -> bytes:
        if not _is_placed(record):
            raise JournalError(f"expected a record with a whole step from 0, got {shown(record)}")
        try:
            return json.dumps(record).encode() + b"\n"
        except (TypeError, ValueError) as error:
            raise JournalError(f"expected a record of plain values, got {shown(record)}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _is_placed(record: Mapping[str, Any]) -> bool:
    """Whether a record says its update, or the one at which a segment begins."""
    place = record.get("segment", record.get("step"))
    return isinstance(place, int) and not isinstance(place, bool) and 0 <= place <= LAST_WHOLE


def _lock(descriptor: int, path: Path) -> None:
    """One writer at a time, where the system can say so; the lock goes with the process."""
    with suppress(ModuleNotFoundError):  # Windows has no fcntl
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            gc.collect()  # a run of this process that nobody holds any more, as when a notebook's cell is run again
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                message = f"{path}: expected a journal that nobody else writes, got one in use"
                raise JournalError(message) from error


def _is_cut(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def read_journal(path: str | Path) -> Run:
    """The run that a journal records, as one series: of each update the last word.

    A line cut at the end, or before a segment, is left out with a note. Raises JournalError for a file that
    is no journal, naming the line.
    """
    source = Path(path)
    try:
        lines = source.read_bytes().split(b"\n")
    except OSError as error:
        raise JournalError(f"expected a journal at {source}, got none that can be read: {error.strerror}") from error
    records, notes = _records(source, lines)
    if not records:
        raise JournalError(f"{source}: expected a journal of at least one line, got an empty file")
    return _run(records, notes)


def _records(source: Path, lines: list[bytes]) -> tuple[list[dict[str, Any]], list[str]]:
    records: list[dict[str, Any]] = []
    notes: list[str] = []
    cut: int | None = None
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        record = _record(line)
        if cut is not None and record is not None and "segment" not in record:
            raise JournalError(f"{source}, line {cut}: expected a JSON record, got {lines[cut - 1][:40]!r}")
        if record is None:
            notes.append(f"{source}, line {number}: cut in the middle, left out")
            cut = number
            continue
        records.append(record)
        cut = None
    if cut is not None and not records:
        raise JournalError(f"{source}, line {cut}: expected a JSON record, got {lines[cut - 1][:40]!r}")
    return records, notes


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not _is_placed(record) or not isinstance(record.get("settings", {}), dict):
        return None
    too_large = any(isinstance(value, int) and abs(value) > LARGEST for value in record.values())
    return None if too_large else record


def _run(records: list[dict[str, Any]], notes: list[str]) -> Run:
    points: Points = {}
    discarded: Points = {}
    segments: list[int] = []
    amendments: list[Mapping[str, Any]] = []
    settings: dict[str, Any] = {}
    for record in records:
        if "segment" in record:
            segments.append(record["segment"])
            settings.update(record.get("settings", {}))
            _undo(points, discarded, record["segment"])
            amendments = [one for one in amendments if one["step"] < record["segment"]]
            continue
        if isinstance(change := record.get("amendment"), dict):
            amendments.append({**change, "step": record["step"]})
        for name, value in record.items():
            if name != "step" and isinstance(value, (int, float)):
                points.setdefault(name, {})[record["step"]] = float(value)
    return Run(
        _curves(points),
        tuple(segments),
        MappingProxyType(settings),
        tuple(notes),
        _curves(discarded),
        tuple(amendments),
    )


def _undo(points: Points, discarded: Points, begin: int) -> None:
    """What was done from a step on is done again by the segment that begins there: kept apart."""
    for name, series in points.items():
        for step in [step for step in series if step >= begin]:
            discarded.setdefault(name, {})[step] = series.pop(step)


def _curves(points: Points) -> Mapping[str, Curve]:
    return MappingProxyType(
        {name: Curve(name, list(series), list(series.values())) for name, series in points.items() if series}
    )
