"""Schedules as a figure: where they rise, hold, fall and jump, in a few thousand points."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from glidepath.errors import GlidepathError
from glidepath.plots.figure import Figure, Mark, Panel, Series
from glidepath.plots.numbers import number
from glidepath.schedules.schedule import Schedule

POINTS = 2_000  # more than a screen is wide
MOST_MARKS = 12  # more boundaries than this would be a fence before the curve


def schedule_figure(schedule: Schedule, *, points: int = POINTS) -> Figure:
    """The value of every part of a schedule over its horizon, its boundaries marked.

    About `points` (>= 2) steps are evaluated, and both sides of each boundary, so that no jump is blurred.
    A schedule without a peak is shown as a multiplier.
    """
    series = _series(label_of(schedule), schedule, points)
    inner = inner_boundaries(schedule)
    marks = tuple(Mark(step, number(step)) for step in inner) if len(inner) <= MOST_MARKS else ()
    panel = Panel((series,), "step", label_of(schedule), marks=marks)
    return Figure(str(schedule.recipe), (panel,), _note(schedule, series.y, len(inner)))


def schedules_figure(schedules: Mapping[str, Schedule], *, points: int = POINTS) -> Figure:
    """Several schedules by name over one another; learning rates and multipliers each in a panel of their own.

    Raises GlidepathError where there is none.
    """
    if not schedules:
        raise GlidepathError("expected at least one schedule to draw, got none")
    labels = dict.fromkeys(label_of(schedule) for schedule in schedules.values())
    panels = [
        Panel(
            tuple(_series(name, s, points) for name, s in schedules.items() if label_of(s) == label),
            "step",
            label,
        )
        for label in labels
    ]
    return Figure("Schedules", tuple(panels))


def label_of(schedule: Schedule) -> str:
    """What its values are."""
    return "multiplier" if schedule.peak is None else "learning rate"


def inner_boundaries(schedule: Schedule) -> list[int]:
    """The boundaries between the first update and the last."""
    return sorted({step for step in schedule.boundaries if 0 < step < schedule.horizon.steps})


def _series(name: str, schedule: Schedule, points: int) -> Series:
    steps = sampled(schedule.horizon.steps, inner_boundaries(schedule), points)
    return Series(name, steps, schedule(steps))


def sampled(steps: int, boundaries: Iterable[int], points: int) -> NDArray[np.int64]:
    """The steps to look at, ascending: an even grid from 0 to steps - 1, and both sides of each boundary.

    Of more boundaries than `points` an even choice is taken.

    >>> sampled(1_000, [500], 3)
    array([  0, 499, 500, 999])
    """
    grid = np.linspace(0, steps - 1, max(2, min(points, steps))).round().astype(np.int64)
    edges = np.array(list(boundaries), dtype=np.int64)
    edges = edges[:: max(1, -(-edges.size // points))]
    inside = np.clip(np.concatenate([grid, edges - 1, edges]), 0, steps - 1)
    return np.array(sorted(set(inside.tolist())))  # numpy's own loads its masked arrays, for 20 ms


def _note(schedule: Schedule, values: NDArray[np.float64], boundaries: int) -> str:
    peak = "no peak: a multiplier" if schedule.peak is None else f"peak {number(schedule.peak)}"
    parts = [
        peak,
        f"horizon {schedule.horizon.steps:,} step{'s' * (schedule.horizon.steps > 1)}",
        f"first update {number(values[0])}",
        f"last update {number(values[-1])}",
    ]
    parts += [f"{boundaries} boundaries, not marked"] if boundaries > MOST_MARKS else []
    return ", ".join(parts)
