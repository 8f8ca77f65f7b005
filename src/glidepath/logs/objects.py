"""Logs of one JSON object a line, with or without words before it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from glidepath.logs.files import lines_of
from glidepath.logs.gathering import flat, number
from glidepath.logs.sampling import sampled
from glidepath.logs.tally import Tally

Table = dict[str, Any]


def objects_of(path: Path, tally: Tally) -> Iterator[tuple[int, str, Table]]:
    """The objects of a file: row, the words before it, and the object; what is none is counted in a note."""
    broken = 0
    for row, line in enumerate(lines_of(path)):
        words, brace, _ = line.partition("{")
        if not brace:
            continue
        table = object_in(line[len(words) :])
        if table is not None:
            yield row, words, table
        elif line.endswith("\n"):
            broken += 1
        else:
            tally.notes.append("the last line was cut in the middle, left out")
    if broken:
        tally.notes.append(f"{broken} lines are no whole JSON object, left out")


def objects_in(path: Path, head: bytes, key: str) -> Iterator[Table]:
    """The objects with a key in a file's start, and of a longer one in its middle and end."""
    for line in sampled(path, head, key):
        if (place := line.find("{")) >= 0 and (table := object_in(line[place:])) is not None:
            yield table


def holds(path: Path, head: bytes, *keys: str) -> bool:
    """Whether an object of the file has all of these keys."""
    return any(table.keys() >= set(keys) for table in objects_in(path, head, keys[0]))


def numbers(table: Mapping[str, Any], *without: str) -> list[tuple[str, float | None]]:
    """The numbers of an object by name, those that are spelled as texts too."""
    return [(name, number(value)) for name, value in flat(table) if name not in without]


def counted(table: Mapping[str, Any], name: str) -> int | None:
    """A count among the values of an object, None where it has none."""
    value = number(table.get(name))
    return int(value) if value is not None and value == value and abs(value) < float("inf") else None


def object_in(text: Any) -> Table | None:
    """The JSON object in a text, or in bytes; None where it is none."""
    try:
        table = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    return table if isinstance(table, dict) else None
