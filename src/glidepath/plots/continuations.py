"""How a schedule goes on, before and after, a panel for each way."""

from collections.abc import Mapping

import numpy as np

from glidepath.errors import GlidepathError
from glidepath.plots.figure import Figure, Mark, Panel, Series
from glidepath.plots.numbers import number
from glidepath.plots.schedules import POINTS, inner_boundaries, label_of, sampled
from glidepath.schedules.continuation import Continuation
from glidepath.schedules.schedule import Schedule

PLANNED, AFTER = "as planned", "gone on with"


def continuations_figure(ways: Mapping[str, Continuation], *, points: int = POINTS) -> Figure:
    """A schedule and what each named way makes of it: a panel each, over the same steps, the seam marked.

    Raises GlidepathError where there is none.
    """
    if not ways:
        raise GlidepathError("expected at least one continuation to draw, got none")
    stop = max(max(way.after.horizon.steps, way.before.horizon.steps) for way in ways.values())
    panels = [_panel(name, way, stop, points) for name, way in ways.items()]
    return Figure("Going on", tuple(panels))


def _panel(name: str, way: Continuation, stop: int, points: int) -> Panel:
    seam = way.seam
    planned = _series(PLANNED, way.before, 0, way.before.horizon.steps, points)
    after = _series(AFTER, way.after, max(0, seam.step - 1), way.after.horizon.steps, points)
    title = f"{name}: {number(seam.last)}, then {number(seam.next)}"
    marks = (Mark(seam.step, number(seam.step)),) if 0 < seam.step < stop else ()
    return Panel((planned, after), "step", label_of(way.after), title=title, marks=marks)


def _series(name: str, schedule: Schedule, first: int, stop: int, points: int) -> Series:
    """A schedule from one step to before another, at least over one."""
    stop = max(stop, first + 1)
    boundaries = [step - first for step in inner_boundaries(schedule) if first < step < stop]
    steps = first + sampled(stop - first, boundaries, points)
    return Series(name, steps.astype(np.float64), schedule(steps))
