"""The record of a run under torch: what each update used, what was changed under way, and who asked for changes."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from math import isclose
from pathlib import Path
from typing import Any

import torch

from glidepath.errors import GlidepathError, shown
from glidepath.frameworks.resuming import is_step
from glidepath.frameworks.torch import ranks
from glidepath.frameworks.torch.groups import Group
from glidepath.runs.journal import Journal
from glidepath.runs.requests import Requests
from glidepath.schedules.amendments import Amendment, amendment

SAME = 1e-6  # two learning rates this close differ by the rounding of a float32 at most


class Record:
    """The journal of a run, and the requests beside it; of several processes the first alone writes and reads."""

    def __init__(self, path: str | Path, *, fresh: bool) -> None:
        """Open the journal; a `fresh` run does not hear again what an earlier one in its place was asked."""
        self.journal = Journal(path, segment=None) if ranks.is_first() else None
        self._requests = Requests(path, read=None if fresh else 0)
        self._segment: Mapping[str, Any] | None = {}  # what the next segment says of itself, where one begins
        self._made: list[Amendment] = []
        self._waiting: list[tuple[int, Any]] = []
        self._told = False  # whether the other processes know which wait
        self._polled = -1
        self._amended = 0
        self._groups = 0

    @property
    def heard(self) -> list[int]:
        """How many requests were read, and the numbers of those that wait for their step."""
        return [self._requests.read, *(number for number, _ in self._waiting)]

    def lane(self, groups: int) -> "Lane":
        """The record of one more optimizer with so many groups."""
        self._groups += groups
        return Lane(self, self._groups - groups, len(self._made))

    def begin(self, settings: Mapping[str, Any], heard: Sequence[int] = ()) -> None:
        """Begin a segment with the next line; the requests behind those that a checkpoint had heard come again."""
        self._segment, self._polled, self._told = settings, -1, False
        if heard and self.journal is not None:
            self._waiting = self._requests.again(heard[0], heard[1:])

    def close(self) -> None:
        """Close the journal, so that others may write it."""
        if self.journal is not None:
            self.journal.close()

    def write(self, line: Mapping[str, Any]) -> None:
        """One line, behind that of its segment."""
        if self.journal is None:
            return
        if self._segment is not None:
            self.journal.write({"segment": line["step"], "settings": dict(self._segment)})
            self._segment = None
        self.journal.write(line)

    def amended(self, change: Amendment, count: int) -> None:
        """That the schedule goes on otherwise: change number `count` of an optimizer, said by the first to make it."""
        if count > self._amended:
            self._amended = count
            self.write({"step": change.step, "amendment": change.table()})

    def made(self, step: int, behind: int) -> Sequence[Amendment]:
        """The changes asked for up to a step, without the first `behind`."""
        if step > self._polled:
            self._polled = step
            self._made += self._asked(step)
        return self._made[behind:]

    def _asked(self, step: int) -> list[Amendment]:
        news = self._requests.news() if self.journal is not None else []
        self._waiting += news
        if ranks.count() > 1:
            self._share(changed=bool(news))
        due = [one for one in self._waiting if _step_of(one[1]) <= step]
        self._waiting = [one for one in self._waiting if one not in due]
        return [change for _, table in due if (change := self._read(table, step)) is not None]

    def _share(self, *, changed: bool) -> None:
        """What the first process has read and what waits, in all of them, so that each saves the same state."""
        known = [self._requests.read, *self._waiting] if changed or not self._told else []
        self._told = True
        if told := ranks.from_the_first(known):
            self._requests.read, self._waiting = told[0], told[1:]

    def _read(self, table: Any, step: int) -> Amendment | None:
        """A request as a change from this step on; one that is none is said, and no reason to stop a training."""
        try:
            return amendment({**table, "step": step} if isinstance(table, Mapping) else table)
        except GlidepathError as error:
            self.refused(step, table, error)
            return None

    def refused(self, step: int, asked: object, error: GlidepathError) -> None:
        """Say that a request cannot be met, in the journal and as a warning."""
        self.write({"step": step, "refused": f"{shown(asked, 200)}: {error}"})
        warnings.warn(f"a request to this run was refused at step {step}: {error}", stacklevel=2)


def _step_of(table: Any) -> int:
    step: Any = table.get("step") if isinstance(table, Mapping) else None
    return int(step) if is_step(step) else 0


class Lane:
    """What one optimizer of a recorded run uses."""

    def __init__(self, record: Record, first: int, heard: int) -> None:
        """Its groups are counted from `first` on; of the changes that were made it has `heard` so many."""
        self.record = record
        self._first, self._heard, self._amended = first, heard, 0
        self._used: list[float] = []
        self._warned = False

    def look(self, groups: Sequence[Group], expected: Sequence[Any], step: int) -> None:
        """What an update is about to use: numbers as they stand there; those on a device as they were written."""
        self._used = [
            float(told if isinstance(lr := group["lr"], torch.Tensor) and not lr.is_cpu else lr)
            for group, told in zip(groups, expected, strict=True)
        ]
        if not self._warned and not all(map(_is_same, self._used, expected)):
            self._warned = True
            warnings.warn(
                f"update {step} uses the learning rates {shown(self._used)} in place of {shown(list(expected))}: "
                "somebody else writes them; to change them for good, write scheduler.amend(scale=0.5)",
                stacklevel=2,
            )

    def write(self, step: int, names: Sequence[str]) -> None:
        """That an update used what was looked at before it."""
        self.record.write({"step": step, **dict(zip(self._keys(names), self._used, strict=True))})

    def _keys(self, names: Sequence[str]) -> list[str]:
        """ "lr/name" for a group with a name; "lr" for the first of a run without one, its number for any other."""
        numbered = enumerate(names, self._first)
        return [f"lr/{name}" if name else (f"lr/{number}" if number else "lr") for number, name in numbered]

    def amended(self, change: Amendment) -> None:
        """That the schedule goes on otherwise."""
        self._amended += 1
        self.record.amended(change, self._amended)

    def hear(self, step: int, amend: Callable[[Amendment], None]) -> None:
        """Meet what was asked for since the last time; what does not fit is said, and changes nothing."""
        new = self.record.made(step, self._heard)
        self._heard += len(new)
        for change in new:
            try:
                amend(change)
            except GlidepathError as error:
                self.record.refused(step, change.table(), error)


def _is_same(used: float, expected: Any) -> bool:
    return isclose(used, float(expected), rel_tol=SAME)
