"""What a training tells of its updates: kept in the journal beside what they used, and heard by a watch."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from glidepath.errors import AttachError, DivergedError, shown
from glidepath.frameworks.torch import ranks
from glidepath.frameworks.torch.recording import Lane
from glidepath.frameworks.watching import Answer, Cut, Guard, line, stopped, words

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

    def tell(self, step: int, seen: Seen, *, cuts: int, amend: Change) -> Answer:
        """What update `step` saw; acts by what the guard answers: says, amends, or raises DivergedError."""
        if step < 0:
            raise AttachError("expected an update before what it saw is told, got none: tell behind optimizer.step()")
        if step > self._last:  # else nothing was applied since: mixed precision left it out
            self._last = step
            self._waiting.append((step, {name: _plain(name, value) for name, value in seen.items()}))
        waits = ranks.count() > 1 or any(_on_device(value) for _, row in self._waiting for value in row.values())
        return Answer() if waits and len(self._waiting) < LAG else self.flush(cuts=cuts, amend=amend)

    def flush(self, *, cuts: int, amend: Change) -> Answer:
        """Hear what waits; of several processes the first alone hears, and all act."""
        rows, self._waiting = _read(self._waiting), []
        answer = self._heard(rows, cuts) if ranks.is_first() else Answer()
        change, stop, said = answer.change, answer.stop, [words(one) for one in answer.findings]
        if ranks.count() > 1:
            change, stop, said = ranks.from_the_first([change, stop, said] if said else []) or (None, False, [])
        for sentence in said if not stop else ():
            warnings.warn(sentence, stacklevel=4)
        if stop:
            raise stopped(answer.findings) if answer.findings else DivergedError(said[0])
        if change is not None:
            amend(**change)
        return answer

    def _heard(self, rows: Sequence[tuple[int, Mapping[str, float]]], cuts: int) -> Answer:
        """What the guard answers to some updates: all findings, and the first thing that is to be done."""
        found = Answer()
        for step, seen in rows:
            self._keep({"step": step, **seen})
            if self._guard is None or found.stop or found.change is not None:
                continue
            answer = self._guard.tell(step, seen, cuts=cuts)
            for finding in answer.findings:
                self._keep(line(step, finding))
            found = Answer(found.findings + answer.findings, answer.change, answer.stop)
        return found

    def _keep(self, record: Mapping[str, Any]) -> None:
        if self._lane is not None:
            self._lane.record.write(record)


def _on_device(value: float | torch.Tensor) -> bool:
    return isinstance(value, torch.Tensor) and not value.is_cpu


def _plain(name: str, value: Any) -> float | torch.Tensor:
    """A number, or a tensor that waits on its device, without what made it."""
    if isinstance(value, torch.Tensor) and value.numel() == 1 and not value.is_complex():
        found = value.detach().reshape(())
        return found.clone() if _on_device(found) else float(found)  # the training may write into it again
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise AttachError(f"expected {name} as a number, or a tensor of one, got {shown(value)}")
    return float(value)


def _read(rows: Sequence[tuple[int, Seen]]) -> list[tuple[int, dict[str, float]]]:
    """All numbers, those on a device by one transfer."""
    waiting = [value.float() for _, row in rows for value in row.values() if isinstance(value, torch.Tensor)]
    read = iter(torch.stack(waiting).tolist() if waiting else [])
    return [
        (step, {name: next(read) if isinstance(value, torch.Tensor) else value for name, value in row.items()})
        for step, row in rows
    ]
