"""What a reader of logs is: a module of this shape, one a library."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from glidepath.runs.recording import Recording
from glidepath.runs.run import Run


class Reader(Protocol):
    """A module that knows one form of log.

    `recognises` gets a file with its first 64 kB (unpacked where it is gzip'd), or a folder with b""; it is cheap and
    never raises. `read` gives the recordings by the names that the log has for its runs, "" where it holds one run
    without a name, and raises LogError with one sentence.
    """

    NAME: str

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether this is a log of that form, by its name and its first bytes."""
        ...

    def read(self, path: Path) -> Mapping[str, Recording] | Mapping[str, Run]:
        """What the log says, by the name of the run, columns under their own names; a Run, where it is one already."""
        ...
