"""The loop of a probe: one training function, its branches one after another or side by side, on from where it was."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from math import floor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

from glidepath.errors import FinderError, shown
from glidepath.finder.probe import SHORT, Branch, Probe, judged
from glidepath.finder.range_test import RangeTest
from glidepath.finder.rules import FEWEST, SHARE, minimum, steepest, valley
from glidepath.finder.suggestion import Suggestion, Trial
from glidepath.frameworks.sweeping import at_least_one, shown_bar
from glidepath.schedules.schedule import Schedule
from glidepath.schedules.spec import to_spec

# A schedule, how many updates, and the seed of the batches -> the loss of each update, fewer where it diverged; or
# these and the loss on data held out behind the last.
Train = Callable[[Schedule, int, int], Sequence[float] | tuple[Sequence[float], float]]
Key = tuple[float, int, int]


def probe(
    train: Train,
    schedule: Schedule,
    *,
    centre: float | Callable[[], tuple[float, int]] | None = None,
    budget: float = 0.5,
    epochs: float = 1.0,
    record: str | Path | None = None,
    processes: int = 1,
    told: Callable[[Trial, int], None] | None = None,
    quiet: bool = False,
) -> Suggestion:
    """The peak for a schedule, by short trainings under it; see `glidepath.finder.probe` for how.

    `train(schedule, steps, seed)` trains from the start, always from the same weights and for one seed with the same
    batches, and gives the losses, or the losses and a validation loss. Without a `centre` it is given one sweep over
    learning rates first; a function that finds one gives it and its cost in updates. `budget` is in whole runs;
    `epochs` is how often a whole run sees its data. With a `record`, a file, a probe that was killed goes on where it
    was. `processes` trains branches side by side, which a `train` that can be pickled allows. `told(trial, cost)` hears
    of each. A line on the standard error says the cost before, and a bar shows it, unless `quiet`.

    Raises FinderError where the trainings speak for no peak, or the record is of another probe.
    """
    named = centre if isinstance(centre, (int, float)) else None
    settings = {"schedule": to_spec(schedule), "centre": named, "budget": budget, "epochs": epochs}
    whole = schedule.horizon.steps
    words = f"probe: at most {floor(budget * whole)} updates, {budget:.0%} of a run of {whole}; nothing of them stays"
    with _Record(record, settings) as known, shown_bar(words, floor(budget * whole), quiet=quiet) as tick:
        begin, spent = known.centre(centre or partial(swept_centre, train, schedule))
        search = Probe(schedule, centre=begin, budget=budget, epochs=epochs, spent=spent)
        with _trained(train, at_least_one(processes, "processes")) as trials_of:
            while branches := search.ask():
                for trial in trials_of([branch for branch in branches if _key(branch) not in known.trials]):
                    known.keep(trial)
                    tick(search.cost + trial.cost)
                for branch in branches:
                    search.take(known.trials[_key(branch)])
                    if told is not None:
                        told(search.trials[-1], search.cost)
        return search.suggestion()


def _key(one: Branch | Trial) -> Key:
    return one.lr, one.steps, one.seed


@contextmanager
def _trained(train: Train, processes: int) -> Iterator[Callable[[list[Branch]], Iterator[Trial]]]:
    """What makes trials of branches, here or side by side."""
    if processes == 1:
        yield lambda branches: (_trial(train, branch) for branch in branches)
        return
    # A fresh interpreter: a copy of one in which a framework has started its threads may hang.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield lambda branches: pool.map(_trial, [train] * len(branches), branches)


def _trial(train: Train, branch: Branch) -> Trial:
    found = train(branch.schedule, branch.steps, branch.seed)
    if isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], Sequence):
        return judged(branch, found[0], float(found[1]))
    return judged(branch, found)


def swept_centre(train: Train, schedule: Schedule) -> tuple[float, int]:
    """A peak to begin with, by one sweep of a sixteenth of the horizon, and its cost in updates.

    The middle of three rules that are off to different sides: steepest descent, a tenth of the minimum, the valley.
    """
    test = RangeTest(steps=max(FEWEST, schedule.horizon.steps // SHORT))
    found = train(test.schedule, test.schedule.horizon.steps, 0)
    losses = found[0] if isinstance(found, tuple) and isinstance(found[0], Sequence) else found
    for loss in losses:
        test.tell(float(loss))  # type: ignore[arg-type]
    said = list[float]()
    for rule in (steepest, minimum, valley):
        with suppress(FinderError):  # of a loss that is noisy one may see nothing
            said.append(rule(test.sweep()) / (SHARE if rule is steepest else 1))
    if not said:
        raise FinderError("expected a sweep to say where to begin, got one that says nothing: name a centre")
    return median(said), len(losses)


class _Record:
    """What a probe has found so far: a file of JSON lines, or nothing."""

    def __init__(self, path: str | Path | None, settings: dict[str, Any]) -> None:
        self.path, self.trials = None if path is None else Path(path), dict[Key, Trial]()
        self._centre: tuple[float, int] | None = None
        self._settings = json.loads(json.dumps(settings))

    def __enter__(self) -> "_Record":
        if self.path is None:
            return self
        lines = _read(self.path) if self.path.exists() else []
        if lines and lines[0] != {"probe": self._settings}:
            raise FinderError(
                f"{self.path}: expected the record of this probe, got another one's, or another file: name another"
            )
        for line in lines[1:]:
            self._take(line)
        if not lines:
            self._write({"probe": self._settings})
        return self

    def __exit__(self, *_: object) -> None:
        """Each line is on the disk already."""

    def _take(self, line: Any) -> None:
        try:
            if "centre" in line:
                self._centre = float(line["centre"]), int(line["cost"])
            else:
                trial = Trial(**{**line, "tail": tuple(map(float, line["tail"]))})
                self.trials[_key(trial)] = trial
        except (TypeError, KeyError, ValueError):
            raise FinderError(f"{self.path}: expected the trials of a probe, got {shown(line)}") from None

    def _write(self, line: dict[str, Any]) -> None:
        if self.path is None:
            return
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def keep(self, trial: Trial) -> None:
        """A trial that was made just now."""
        self.trials[_key(trial)] = trial
        self._write(asdict(trial))

    def centre(self, known: float | Callable[[], tuple[float, int]]) -> tuple[float, int]:
        """The centre that was named, found before, or is found now, and what it cost."""
        if not callable(known):
            return known, 0
        if self._centre is None:
            self._centre = known()
            self._write({"centre": self._centre[0], "cost": self._centre[1]})
        return self._centre


def _read(path: Path) -> list[Any]:
    """The whole lines of a record; one that was cut off by a kill is taken off the file."""
    found, size, content = list[Any](), 0, path.read_bytes()
    for line in content.splitlines(keepends=True):
        try:
            found.append(json.loads(line))
        except ValueError:
            break
        size += len(line)
    if not found and content:
        raise FinderError(f"{path}: expected the record of a probe, got another file: name another")
    if size < len(content):
        os.truncate(path, size)
    return found
