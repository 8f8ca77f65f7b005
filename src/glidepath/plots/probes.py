"""The trials of a probe as a figure."""

from collections.abc import Sequence
from itertools import groupby
from math import inf, isfinite

from glidepath.errors import FinderError
from glidepath.finder.suggestion import Suggestion, Trial
from glidepath.plots.figure import Figure, Mark, Panel, Series
from glidepath.plots.numbers import number

HEADROOM, FOOTROOM = 0.5, 0.1  # of the fall of the loss: above the start, below the lowest
FLAT = 0.1  # of its size: how much of a loss that never falls is shown
MOST_NAMED = 6  # trials in the note


def probe_figure(trials: Sequence[Trial], found: Suggestion | None = None) -> Figure:
    """The loss that each trial ended at against its peak on a log axis: a line for each length, and for each seed.

    Marks at the chosen peak and the ends of its interval where one was `found`; they are for the whole run, so that
    they may lie below the lowest points. The note names the trials that are not shown: the diverged ones, and those
    half a fall of the loss above the start, which would flatten the rest. Raises FinderError without a trial.

    >>> tried = [Trial(lr, 62, 0, 4.0, tail, 62) for lr, tail in ((0.01, (3.0,)), (0.1, (2.0,)), (1.0, ()))]
    >>> figure = probe_figure(tried)
    >>> figure.names, figure.note
    (('62 steps',), 'Not shown: 1 (62 steps, diverged), of 3 trials.')
    """
    if not trials:
        raise FinderError("expected at least one trial to draw, got none")
    cap, window = _window(trials)
    gone = [_gone(trial) for trial in trials if not (isfinite(trial.loss) and trial.loss <= cap)]
    label = "loss" if any(trial.validation is None for trial in trials) else "validation loss"
    panel = Panel(_series(trials), "peak learning rate", label, x_log=True, marks=_marks(found), y_range=window)
    title = "Probe" if found is None else f"Probe: peak {number(found.lr)}"
    more = [f"{len(gone) - MOST_NAMED} more"] if len(gone) > MOST_NAMED else []
    note = f"Not shown: {', '.join([*gone[:MOST_NAMED], *more])}, of {len(trials)} trials." if gone else ""
    return Figure(title, (panel,), note)


def _series(trials: Sequence[Trial]) -> tuple[Series, ...]:
    """Each kind of trial from left to right, joined, and its points beside the line, which a picture shows."""
    drawn = list[Series]()
    for (steps, seed), some in groupby(sorted(trials, key=_kind), key=lambda trial: (trial.steps, trial.seed)):
        ranked = list(some)
        name = f"{steps} steps, seed {seed}" if seed else f"{steps} steps"
        lrs, losses = [trial.lr for trial in ranked], [trial.loss for trial in ranked]
        drawn += [Series(name, lrs, losses), Series(name, lrs, losses, "points")]
    return tuple(drawn)


def _kind(trial: Trial) -> tuple[int, int, float]:
    return trial.steps, trial.seed, trial.lr


def _window(trials: Sequence[Trial]) -> tuple[float, tuple[float, float] | None]:
    """The largest loss shown, and the axis that ends there where one lies above it."""
    reached = [trial.loss for trial in trials if isfinite(trial.loss)]
    if not reached:
        return inf, None
    lowest, start = min(reached), max((trial.start for trial in trials if isfinite(trial.start)), default=-inf)
    fall = max(start - lowest, FLAT * abs(lowest)) or 1.0
    cap = lowest + (1 + HEADROOM) * fall
    return cap, (lowest - FOOTROOM * fall, cap) if max(reached) > cap else None


def _gone(trial: Trial) -> str:
    what = f"loss {number(trial.loss)}" if isfinite(trial.loss) else "diverged"
    return f"{number(trial.lr)} ({trial.steps} steps, {what})"


def _marks(found: Suggestion | None) -> tuple[Mark, ...]:
    """The answer and its interval, from left to right; what lies at one place has one mark."""
    if found is None:
        return ()
    places: dict[float, list[str]] = {}
    for name, lr in (("low", found.low), ("chosen", found.lr), ("high", found.high)):
        places.setdefault(lr, []).append(name)
    return tuple(Mark(lr, f"{', '.join(names)} {number(lr)}") for lr, names in places.items())
