"""Our own journal; it knows its segments, what a resume undid, and the amendments, so that it is a Run at once."""

import json
from collections.abc import Mapping
from pathlib import Path

from glidepath.errors import JournalError, LogError
from glidepath.runs.journal import read_journal
from glidepath.runs.run import Run

NAME = "glidepath journal"
LONGEST = 350  # characters of a complaint


def recognises(path: Path, head: bytes) -> bool:  # noqa: ARG001 - the same for all readers
    """A file whose first line begins a segment."""
    try:
        first = json.loads(head.split(b"\n", 1)[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and isinstance(first.get("segment"), int) and first.keys() <= {"segment", "settings"}


def read(path: Path) -> Mapping[str, Run]:
    """The run, as `read_journal` has it; raises LogError where that refuses."""
    try:
        return {"": read_journal(path)}
    except JournalError as error:
        raise LogError(str(error)[:LONGEST]) from None
