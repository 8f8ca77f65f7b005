"""The loop of a probe: one training function, its branches one after another or side by side, on from where it was."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
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
from glidepath.frameworks.probe_record import Record, key
from glidepath.frameworks.sweeping import at_least_one, shown_bar
from glidepath.schedules.levels import number
from glidepath.schedules.schedule import Schedule
from glidepath.schedules.spec import to_spec

# A schedule, how many updates, and the seed of the batches -> the loss of each update, fewer where it diverged; or
# these and the loss on data held out behind the last.
Train = Callable[[Schedule, int, int], Sequence[float] | tuple[Sequence[float], float]]


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
    share: Callable[[list[Any]], list[Any]] | None = None,
) -> Suggestion:
    """The peak for a schedule, by short trainings under it; see `glidepath.finder.probe` for how.

    `train(schedule, steps, seed)` trains from the start, always from the same weights and for one seed with the same
    batches, and gives the losses, or the losses and a validation loss. Without a `centre` it is given one sweep over
    learning rates first; a function that finds one gives it and its cost in updates. `budget` is in whole runs;
    `epochs` is how often a whole run sees its data. With a `record`, a file, a probe that was killed goes on where it
    was. `processes` trains branches side by side, which a `train` that can be pickled allows. `told(trial, cost)` hears
    of each. A line on the standard error says the cost before, and a bar shows it, unless `quiet`. Of
    several processes that train together the first has the record, and `share` gives its lines to all.

    Raises FinderError where the trainings speak for no peak, or the record is of another probe.
    """
    named = number(centre, "the centre") if centre is not None and not callable(centre) else None
    settings = {"schedule": to_spec(schedule), "centre": named, "budget": budget, "epochs": epochs}
    # What cannot be is refused before anything is spent or written.
    most = floor(Probe(schedule, centre=1.0 if named is None else named, budget=budget, epochs=epochs).most)
    words = f"probe: at most {most} updates, {budget:.0%} of a run of {schedule.horizon.steps}; nothing of them stays"
    with (
        _trained(train, at_least_one(processes, "processes")) as trials_of,
        shown_bar(words, most, quiet=quiet) as tick,
    ):
        known = Record.of(record, settings, share)
        begin, spent = known.centre(partial(swept_centre, train, schedule) if centre is None else centre)
        search = Probe(schedule, centre=begin, budget=budget, epochs=epochs, spent=spent)
        while branches := search.ask():
            for trial in trials_of([branch for branch in branches if key(branch) not in known.trials]):
                known.keep(trial)
                tick(search.cost + trial.cost)
            for branch in branches:
                search.take(known.trials[key(branch)])
                if told is not None:
                    told(search.trials[-1], search.cost)
        return search.suggestion()


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
    return judged(branch, *_apart(train(branch.schedule, branch.steps, branch.seed)))


def _apart(found: Any) -> tuple[Sequence[float], float | None]:
    """The losses that a training gave, and its validation loss if there was one."""
    if isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], Sequence):
        return found
    return found, None


def swept_centre(train: Train, schedule: Schedule) -> tuple[float, int]:
    """A peak to begin with, by one sweep of a sixteenth of the horizon, and its cost in updates.

    The middle of three rules that are off to different sides: steepest descent, a tenth of the minimum, the valley.
    """
    test = RangeTest(steps=max(FEWEST, schedule.horizon.steps // SHORT))
    losses = _apart(train(test.schedule, test.schedule.horizon.steps, 0))[0]
    if not isinstance(losses, Iterable) or isinstance(losses, (str, bytes)):
        raise FinderError(f"expected train to give the losses of its updates, got {shown(losses)}")
    count = 0
    for count, loss in enumerate(losses, start=1):  # noqa: B007 - how many there were
        test.tell(loss)
    said = list[float]()
    for rule in (steepest, minimum, valley):
        with suppress(FinderError):  # of a loss that is noisy one may see nothing
            said.append(rule(test.sweep()) / (SHARE if rule is steepest else 1))
    if not said:
        raise FinderError("expected a sweep to say where to begin, got one that says nothing: name a centre")
    return median(said), count
