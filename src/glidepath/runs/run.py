"""A run: its curves by name, the segments it ran in, and what it was set to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from glidepath.errors import JournalError, nearest
from glidepath.runs.curve import Curve


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What a run recorded, as one series from its first update on.

    `segments` are the steps at which the process was started or started again, the first included;
    `settings` is what it recorded of itself; `notes` say what was left out in reading it; `discarded` are the curves
    of updates that were done and then done again behind a resume; `amendments` the changes made to its schedule.
    `name` is what a legend calls it, `origin` the form of the log that it was read from, and `clock` what its steps
    count: "steps", or for a log that knows no better "epochs", "samples", "tokens".
    """

    curves: Mapping[str, Curve]
    segments: tuple[int, ...] = (0,)
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()
    discarded: Mapping[str, Curve] = field(default_factory=lambda: MappingProxyType({}))
    amendments: tuple[Mapping[str, Any], ...] = ()
    name: str = ""
    origin: str = "journal"
    clock: str = "steps"

    def __getitem__(self, name: str) -> Curve:
        if name not in self.curves:
            raise JournalError(f"expected a curve of the run, got {name!r}: {nearest(name, self.curves)}")
        return self.curves[name]
