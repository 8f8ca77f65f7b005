"""What a training tells of its updates: kept in the journal beside what they used, and heard by a watch."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from glidepath.errors import AttachError, DivergedError, shown
from glidepath.frameworks.torch import ranks
from glidepath.frameworks.torch.recording import Lane
from glidepath.frameworks.watching import NOTHING, Answer, Cut, Guard, line, words
from glidepath.runs.names import RATE
from glidepath.schedules.amendments import Amendment

Seen = dict[str, float | torch.Tensor]
Change = Callable[..., Any]
LAG = 32  # updates whose numbers wait on a device, or for the other processes: one transfer for all of them


class Telling:
    """The numbers of updates, on their way to the journal and to a guard, where there are such."""

    def __init__(self, watch: str | Cut | None = None, lane: Lane | None = None) -> None:
        """`watch` as `attach` takes it."""
        self._guard = None if watch is None else Guard(watch)
        self._lane = lane
        self._waiting: list[tuple[int, Seen]] = []
        self._last = -1

    @property
    def listens(self) -> bool:
        """Whether somebody hears what is told."""
        return self._guard is not None

    def tell(self, step: int, seen: Seen, made: Sequence[Amendment], amend: Change) -> Answer:
        """What update `step` saw; acts by what the guard answers: says, amends, or raises DivergedError."""
        if step < 0:
            raise AttachError("expected an update before what it saw is told, got none: tell behind optimizer.step()")
        if step > self._last:  # else nothing was applied since: mixed precision left it out
            self._last = step
            self._waiting.append((step, {name: _plain(name, value) for name, value in seen.items()}))
        several = ranks.count() > 1
        waits = several or any(isinstance(value, torch.Tensor) for _, row in self._waiting for value in row.values())
        if waits and len(self._waiting) < LAG:
            return NOTHING
        rows, self._waiting = _read(self._waiting), []
        answer = self._heard(rows, made) if not several or ranks.is_first() else NOTHING
        if answer.findings or several:
            _act(answer, amend, several=several)
        return answer

    def _heard(self, rows: Sequence[tuple[int, Mapping[str, float]]], made: Sequence[Amendment]) -> Answer:
        """What the guard answers to some updates: all findings, and the first thing that is to be done.

        The learning rates that they used are in the journal already.
        """
        found = NOTHING
        for step, seen in rows:
            self._keep({"step": step, **{name: value for name, value in seen.items() if name != RATE}})
            if self._guard is None or found.stop or found.change is not None:
                continue
            answer = self._guard.tell(step, seen, made)
            if not answer.findings:
                continue
            for finding in answer.findings:
                self._keep(line(step, finding))
            found = Answer(found.findings + answer.findings, answer.change, answer.stop)
        return found

    def _keep(self, record: Mapping[str, Any]) -> None:
        if self._lane is not None:
            self._lane.record.write(record)


def _act(answer: Answer, amend: Change, *, several: bool) -> None:
    """Say, stop or amend; of several processes all do as the first was answered."""
    change, stop, said = answer.change, answer.stop, [words(one) for one in answer.findings]
    if several:
        change, stop, said = ranks.from_the_first([change, stop, said] if said else []) or (None, False, [])
    if stop:
        raise DivergedError(f"expected a loss that comes down, got {said[0]}")
    for sentence in said:
        warnings.warn(sentence, stacklevel=5)
    if change is not None:
        amend(**change)


def _plain(name: str, value: Any) -> float | torch.Tensor:
    """A number, or a tensor that waits on its device, without what made it."""
    if isinstance(value, torch.Tensor) and value.numel() == 1 and not value.is_complex():
        found = value.detach().reshape(())
        return float(found) if found.is_cpu else found.clone()  # the training may write into it again
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise AttachError(f"expected {name} as a number, or a tensor of one, got {shown(value)}")
    return float(value)


def _read(rows: list[tuple[int, Seen]]) -> Sequence[tuple[int, Mapping[str, Any]]]:
    """All numbers, those on a device by one transfer."""
    waiting = [value.float() for _, row in rows for value in row.values() if isinstance(value, torch.Tensor)]
    if not waiting:
        return rows
    read = iter(torch.stack(waiting).tolist())
    return [
        (step, {name: next(read) if isinstance(value, torch.Tensor) else value for name, value in row.items()})
        for step, row in rows
    ]
