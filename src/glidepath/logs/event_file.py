"""One TensorBoard event file: its scalars in the order they were written, and the texts beside them.

A record is `uint64 length | uint32 masked CRC of the length | data | uint32 masked CRC of the data`, little endian; the
data is an Event: 1 wall time, 2 step, 5 summary, of values (tensorflow's event.proto).
"""

import struct
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from glidepath.errors import LogError
from glidepath.logs.crc32c import masked
from glidepath.logs.event_values import SINGLE, TAG, as_bytes, number_in, text_in
from glidepath.logs.files import called, opened, refusals
from glidepath.logs.gathering import Gathering
from glidepath.logs.protobuf import fields, signed, varint
from glidepath.runs.recording import Column

HEADER, TRAILER = 12, 4  # bytes: length and its CRC; the CRC of the data
BLOCK = 2**18  # bytes read at once
LARGEST = 2**20  # bytes of a record that may hold a scalar or a text; a larger one is a picture
LONGEST_CHECKED = 256  # bytes of a record whose CRC is checked: a scalar is shorter, a histogram is not read
WALL, STEP, SUMMARY = 1, 2, 5  # fields of an Event
DOUBLE, HEADING = struct.Struct("<d"), struct.Struct("<QI")
WALL_KEY, STEP_KEY = 0x09, b"\x10"  # how the fields 1 (eight bytes) and 2 (varint) begin
AT_STEP = 9  # the place of the step in an Event that begins with its wall time
MOST_TEXTS = 1_000
MOST_TRIES = 8  # to find out, by tag, where the number stands
PROBE = -12345.5  # a number that all precisions hold
NOWHERE, UNKNOWN = (0, SINGLE), ("", -1)


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Scalars by tag, neighbours of one step in one row; `walls` (rows,) is their time, never going down."""

    columns: Mapping[str, Column]
    walls: NDArray[np.float64]
    texts: Mapping[str, str]
    notes: tuple[str, ...]


class _Reading:
    """What was read of a file so far."""

    def __init__(self) -> None:
        self.points, self.walls, self.texts = Gathering(), array("d"), dict[str, str]()
        self.known: dict[bytes, tuple[str, int]] = {}  # tag and place of a number, by all the bytes around it
        self.places: dict[int, tuple[int, struct.Struct]] = {}  # of the number, by the length behind the step
        self.tried = Counter[str]()
        self.damaged, self.step, self.wall = 0, 0, 0.0

    def take(self, data: bytes) -> None:
        """One record; one that is no Event is counted."""
        step, begin = 0, 0
        try:
            if data[0] == WALL_KEY:
                (self.wall,), begin = DOUBLE.unpack_from(data, 1), AT_STEP
                if data[begin : begin + 1] == STEP_KEY:
                    step, begin = varint(data, begin + 1)
            tail = data[begin:]
            place, form = self.places.get(len(tail), NOWHERE)
            tag, at = self.known.get(tail[:place] + tail[place + form.size :], UNKNOWN)
            if at == place:
                self.points.add(self._row(step), signed(step), ((tag, form.unpack_from(tail, place)[0]),))
            else:
                self._event(tail, step)
        except (ValueError, IndexError, struct.error):
            self.damaged += 1

    def _row(self, step: int) -> int:
        """The row of an event of this step: the one above, where that has the same."""
        if step != self.step or not self.walls:
            self.step = step
            self.walls.append(self.wall)
        return len(self.walls) - 1

    def _event(self, tail: bytes, step: int) -> None:
        """Any event, field by field, from behind its step on, or from its begin where that is in another place."""
        found = dict(fields(tail)).get(STEP, step)
        step = found if isinstance(found, int) else step
        for tag, number, text in _values(tail):
            if number is not None:
                self.points.add(self._row(step), signed(step), ((tag, number),))
                self._remember(tail, tag, number)
            elif text and len(self.texts) < MOST_TEXTS:
                self.texts[tag] = text

    def _remember(self, tail: bytes, tag: str, number: float) -> None:
        """Where in such an event the number stands: where another number, put there, is read instead."""
        self.tried[tag] += 1
        if self.tried[tag] > MOST_TRIES:
            return
        for form in (SINGLE, DOUBLE):
            with suppress(OverflowError):  # a float64 that is no float32
                place = tail.find(form.pack(number))
                around = tail[:place], tail[place + form.size :]
                if place > 0 and _values(form.pack(PROBE).join(around)) == [(tag, PROBE, "")]:
                    self.known[b"".join(around)] = tag, place
                    self.places[len(tail)] = place, form


def _values(tail: bytes) -> list[tuple[str, float | None, str]]:
    """Tag, number and text of each value of an event."""
    summary = dict(fields(tail)).get(SUMMARY, b"")
    values = [dict(fields(value)) for _, value in fields(as_bytes(summary)) if isinstance(value, bytes)]
    return [(as_bytes(value.get(TAG)).decode(errors="replace"), number_in(value), text_in(value)) for value in values]


def read_events(path: Path) -> Events:
    """The scalars and texts of a file; a last record that is cut, and what stands behind a damaged one, is left out.

    Raises LogError where not even the first record can be read.
    """
    reading, notes, events = _Reading(), list[str](), 0
    with opened(path) as file, refusals(path):
        for block, spans in _framed(file, notes):
            damaged = _damaged(block, spans)
            for start, length in spans:
                if start in damaged:
                    reading.damaged += 1
                else:
                    reading.take(block[start : start + length])
            events += len(spans)
    if reading.damaged:
        notes.append(f"{reading.damaged} damaged records left out")
    if not events:
        raise LogError(f"{called(path)}: expected TensorBoard events, got {notes[0] if notes else 'none'}")
    walls = np.maximum.accumulate(np.nan_to_num(np.frombuffer(reading.walls)))
    notes = [f"{path.name}: {note}" for note in (*notes, *reading.points.omissions())]
    return Events(reading.points.columns(), walls, reading.texts, tuple(notes))


def _framed(file: IO[bytes], notes: list[str]) -> Iterator[tuple[bytes, list[tuple[int, int]]]]:
    """Blocks of the file, each with the start and length of the data of its whole records."""
    known, rest = dict[bytes, int](), b""
    while more := file.read(BLOCK):
        block, spans, place, missing = rest + more, list[tuple[int, int]](), 0, 0
        while len(header := block[place : place + HEADER]) == HEADER:
            length = known.get(header, -1)
            if length < 0 and (length := _length(header)) >= 0:
                known[header] = length
            behind = place + HEADER + length + TRAILER
            if length < 0 or behind > len(block):
                missing = behind - len(block) if length > LARGEST else 0
                break
            spans.append((place + HEADER, length))
            place = behind
        yield block, spans
        rest = block[place:]
        if len(header) == HEADER and length < 0:
            notes.append("what stands behind a damaged record is left out")
            return
        if missing and _passed(file, missing):
            rest = b""
    if rest:
        notes.append("the last record is cut, left out")


def _length(header: bytes) -> int:
    """The length that a header says, or -1 where it is damaged."""
    length, crc = HEADING.unpack(header)
    return int(length) if masked(np.frombuffer(header[:8], np.uint8)[:, None])[0] == crc else -1


def _passed(file: IO[bytes], missing: int) -> bool:
    """Whether so many bytes could be passed over."""
    while missing and (passed := len(file.read(min(missing, BLOCK)))):
        missing -= passed
    return not missing


def _damaged(block: bytes, spans: list[tuple[int, int]]) -> set[int]:
    """The starts of the records whose CRC is wrong, among those short enough to be scalars."""
    starts: dict[int, list[int]] = {}
    for start, length in spans:
        if length <= LONGEST_CHECKED:
            starts.setdefault(length, []).append(start)
    wrong, raw = set[int](), np.frombuffer(block, np.uint8)
    for length, places in starts.items():
        at = np.array(places)
        data = raw[np.arange(length + TRAILER)[:, None] + at]
        said = np.ascontiguousarray(data[length:].T).view("<u4")[:, 0]
        wrong.update(at[masked(data[:length]) != said].tolist())
    return wrong
