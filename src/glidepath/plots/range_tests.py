"""A learning-rate range test as a figure."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from glidepath.errors import FinderError
from glidepath.finder.agreement import readings
from glidepath.finder.suggestion import Suggestion, Sweep
from glidepath.plots.figure import Figure, Mark, Panel, Series
from glidepath.plots.numbers import number

HEADROOM, FOOTROOM = 0.5, 0.1  # of the fall of the loss: above the start, where it blows up; below the lowest
FLAT = 0.1  # of its size: how much of a loss that never falls is shown


def range_test_figure(sweeps: Sequence[Sweep], found: Suggestion | None = None) -> Figure:
    """The loss against the learning rate on a log axis, of every sweep, with what all the rules read off it.

    One sweep: raw and smoothed. Several, one a seed: each smoothed and faint, and their mean as far as all go. Marks at
    the chosen peak and the ends of its interval where one was `found`, and at the answer of each rule (the median of
    the seeds), whose numbers the note has; the same value has one mark. The axis ends half a fall above the start, so
    that the tail which blows up does not flatten the rest; the note says how much lies outside. Raises FinderError
    without a sweep.

    >>> from glidepath.finder.range_test import RangeTest
    >>> test = RangeTest(low=1e-4, high=1.0, steps=100)
    >>> while (lr := test.ask()) is not None:
    ...     test.tell(4 - lr if lr < 0.1 else 40 * lr)
    >>> [mark.label for mark in range_test_figure([test.sweep()], test.suggestion()).panels[0].marks][:4]
    ['low 4.1e-3, valley', 'minimum', 'chosen 0.016', 'slide']
    """
    if not sweeps:
        raise FinderError("expected at least one sweep to draw, got none")
    losses, smooth = _together(sweeps, "losses"), _together(sweeps, "smoothed")
    window = _window(smooth, losses)
    series = _one(sweeps[0]) if len(sweeps) == 1 else _several(sweeps)
    rules = {} if found is None else readings(sweeps)
    marks = () if found is None else _marks(found, rules)
    said = f"The rules say: {', '.join(f'{word} {_short(lr)}' for word, lr in rules.items())}." if rules else ""
    panel = Panel(series, "learning rate", "loss", x_log=True, marks=marks, y_range=window)
    title = "Range test" if found is None else f"Range test: peak {number(found.lr)}"
    return Figure(title, (panel,), " ".join(filter(None, (said, _outside(losses, window)))))


def _one(sweep: Sweep) -> tuple[Series, ...]:
    lrs = sweep.lrs.values
    return Series("raw", lrs, sweep.losses.values, "points", faint=True), Series("smoothed", lrs, sweep.smoothed.values)


def _several(sweeps: Sequence[Sweep]) -> tuple[Series, ...]:
    shared = min(len(sweep.smoothed) for sweep in sweeps)
    mean = np.mean([sweep.smoothed.values[:shared] for sweep in sweeps], axis=0)
    seeds = [Series(f"seed {n}", one.lrs.values, one.smoothed.values, faint=True) for n, one in enumerate(sweeps)]
    return *seeds, Series("mean of the seeds", sweeps[0].lrs.values[:shared], mean)


def _marks(found: Suggestion, rules: Mapping[str, float]) -> tuple[Mark, ...]:
    """The answer with its number, and the rules by name, from left to right; what lies at one place has one mark."""
    answer = {
        f"{name} {number(lr)}": lr for name, lr in (("low", found.low), ("chosen", found.lr), ("high", found.high))
    }
    places: dict[str, list[tuple[str, float]]] = {}
    for name, lr in sorted([*answer.items(), *rules.items()], key=lambda one: one[1]):
        places.setdefault(_short(lr), []).append((name, lr))
    return tuple(Mark(named[0][1], ", ".join(name for name, _ in named)) for named in places.values())


def _short(lr: float) -> str:
    """As a suggestion has it, in two digits."""
    return number(float(f"{lr:.2g}"))


def _together(sweeps: Sequence[Sweep], part: str) -> NDArray[np.float64]:
    return np.concatenate([getattr(sweep, part).values for sweep in sweeps])


def _window(smooth: NDArray[np.float64], raw: NDArray[np.float64]) -> tuple[float, float] | None:
    finite = smooth[np.isfinite(smooth)]
    if not finite.size:
        return None
    start, lowest = float(finite[0]), float(np.nanmin([finite.min(), *raw[np.isfinite(raw)]]))
    fall = max(start - lowest, FLAT * abs(lowest)) or 1.0
    return lowest - FOOTROOM * fall, lowest + (1 + HEADROOM) * fall


def _outside(losses: NDArray[np.float64], window: tuple[float, float] | None) -> str:
    finite = losses[np.isfinite(losses)]
    gone = losses.size - finite.size
    above = 0 if window is None else int((finite > window[1]).sum())
    below = 0 if window is None else int((finite < window[0]).sum())
    parts = [f"{above} above the axis"] if above else []
    parts += [f"{below} below it" if above else f"{below} below the axis"] if below else []
    parts += [f"{gone} not finite"] if gone else []
    largest = f"; the largest is {number(float(finite.max()))}" if above and math.isfinite(finite.max()) else ""
    return f"Not shown: {', '.join(parts)}, of {losses.size} losses{largest}." if parts else ""
