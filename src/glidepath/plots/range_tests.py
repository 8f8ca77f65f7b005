"""A learning-rate range test as a figure."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glidepath.plots.figure import Figure, Mark, Panel, Series
from glidepath.plots.numbers import number

HEADROOM, FOOTROOM = 0.5, 0.1  # of the fall of the loss: above the start, where it blows up; below the lowest
FLAT = 0.1  # of its size: how much of a loss that never falls is shown


def range_test_figure(
    lrs: ArrayLike,
    losses: ArrayLike,
    smoothed: ArrayLike,
    *,
    chosen: float | None,
    low: float | None,
    high: float | None,
) -> Figure:
    """The loss (n,) against the learning rate (n,) on a log axis: raw, smoothed, and what was read off.

    Marks at the `chosen` peak and at the ends of the interval, each left out where it is None. The axis
    ends half a fall above the start, so that the tail which blows up does not flatten the rest; the note
    says how much lies outside.

    >>> figure = range_test_figure([1e-4, 1e-3], [2.0, 1.0], [2.0, 1.0], chosen=5e-4, low=None, high=None)
    >>> figure.panels[0].marks[0].label
    'chosen 5e-4'
    """
    raw = Series("raw", lrs, losses, "points", faint=True)
    smooth = Series("smoothed", lrs, smoothed)
    window = _window(smooth.y, raw.y)
    named = (("low", low), ("chosen", chosen), ("high", high))
    marks = tuple(Mark(lr, f"{name} {number(lr)}") for name, lr in named if lr is not None)
    panel = Panel((raw, smooth), "learning rate", "loss", x_log=True, marks=marks, y_range=window)
    title = "Range test" if chosen is None else f"Range test: peak {number(chosen)}"
    return Figure(title, (panel,), _outside(raw.y, window))


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
