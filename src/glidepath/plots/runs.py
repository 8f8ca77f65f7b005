"""Recorded runs as figures: the loss over the learning rate that made it."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from glidepath.errors import JournalError
from glidepath.plots.figure import Figure, Panel, Series
from glidepath.plots.numbers import number
from glidepath.runs.clocks import STEPS
from glidepath.runs.curve import Curve
from glidepath.runs.names import LOSS, NORM, RATE, VALIDATION
from glidepath.runs.run import Run
from glidepath.runs.smoothing import ema

DECAY = 0.98  # the smoothing of a long curve; a memory of fifty values
MEMORY = 50  # of a shorter curve, a fiftieth of its length is the memory
FIRST = 0.05  # of a run is its first drop, which may lie above the axis
BULK = 0.99  # of the losses after it lie on the axis; single spikes do not
MARGIN = 0.08  # of the axis, so that curves do not lie on its ends
WORTH = 1.5  # the axis is cut only where everything would make it this many times as tall
HALF = 0.5  # the height of a second panel


def comparison_figure(runs: Mapping[str, Run]) -> Figure:
    """The losses of several runs by name, over their learning rates; one colour a run.

    Training loss faint and smoothed, validation loss as points joined by a line. A few high losses may lie
    outside the axis, and the note says so. Raises JournalError where no run has a loss.
    """
    losses = [series for name, run in runs.items() for series in losses_of(run, name, name)]
    if not losses:
        raise JournalError(f"expected a run with a curve {LOSS!r} or {VALIDATION!r}, got {list(runs) or 'none'}")
    across = clock_of(*runs.values())
    panels = [loss_panel(losses, across)]
    rates = [_plain(run.curves[RATE], name) for name, run in runs.items() if RATE in run.curves]
    panels += [Panel(tuple(rates), across, "learning rate", height=HALF)] if rates else []
    return Figure("Runs compared" if len(runs) > 1 else "".join(runs), tuple(panels), loss_note(losses, panels[0]))


def run_figure(run: Run, *, title: str = "") -> Figure:
    """One run: its loss, its learning rate and its gradient norm, as far as they were recorded.

    Raises JournalError where it recorded none of them.
    """
    losses = losses_of(run, "training loss", "validation loss")
    across = clock_of(run)
    panels = [loss_panel(losses, across)] if losses else []
    for curve, label in ((RATE, "learning rate"), (NORM, "gradient norm")):
        if curve in run.curves:
            series = _plain(run.curves[curve], label, faint=curve == NORM)  # as noisy as a loss
            panels.append(Panel((series,), across, label, height=HALF))
    if not panels:
        raise JournalError(f"expected curves {LOSS}, {RATE} or {NORM}, got {list(run.curves) or 'none'}")
    return Figure(title or "One run", tuple(panels), loss_note(losses, panels[0]) if losses else "")


def clock_of(*runs: Run) -> str:
    """What the steps of these runs count, as the label of an axis: "step", "tokens", "epochs"."""
    clocks = dict.fromkeys("step" if run.clock == STEPS else run.clock for run in runs)
    return ", ".join(clocks) or "step"


def losses_of(run: Run, training: str, validation: str) -> list[Series]:
    """The training loss, smoothed, and the validation loss as a line with points, under these names."""
    out = []
    if LOSS in run.curves:
        curve = run.curves[LOSS]
        out.append(Series(training, curve.steps, smoothed(curve.values), faint=VALIDATION in run.curves))
    if VALIDATION in run.curves:
        curve = run.curves[VALIDATION]
        out.append(Series(validation, curve.steps, curve.values))
        out.append(Series(validation, curve.steps, curve.values, "points"))
    return out


def smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A loss as a picture shows it: with a memory of fifty values, less of a short one."""
    finite = np.where(np.isfinite(values), values, np.nan)
    return ema(finite, decay=min(DECAY, 1 - 1 / max(1.0, values.size / MEMORY)))


def _plain(curve: Curve, name: str, *, faint: bool = False) -> Series:
    return Series(name, curve.steps, curve.values, faint=faint)


def loss_panel(losses: list[Series], across: str = "step") -> Panel:
    """The panel of these losses: its axis holds what they came to, not every spike of them."""
    both = any(series.faint for series in losses)
    title = "training smoothed and faint, validation with points" if both else "smoothed"
    return Panel(tuple(losses), across, "loss", title, y_range=_window(losses))


def _window(losses: list[Series]) -> tuple[float, float] | None:
    """The part of the loss axis to show: what the runs that did not diverge had after their first drop."""
    finite = [np.isfinite(series.y) for series in losses]
    curves = [(s.x[there], s.y[there]) for s, there in zip(losses, finite, strict=True) if there.any()]
    if not curves:
        return None
    lowest, highest = min(float(y.min()) for _, y in curves), max(float(y.max()) for _, y in curves)
    tops = [(_top(x, y), float(y[0])) for x, y in curves]
    top = max([top for top, start in tops if top < start] or [start for _, start in tops])
    if highest - lowest <= WORTH * (top - lowest) or top <= lowest:
        return None
    margin = MARGIN * (top - lowest)
    return lowest - margin, top + margin


def _top(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The highest loss after the first drop, spikes left out."""
    later = y[x >= x[0] + FIRST * (x[-1] - x[0])]
    return float(np.quantile(later if later.size else y, BULK))


def loss_note(losses: list[Series], panel: Panel) -> str:
    """What the loss panel does not show, and of which run: a divergence is never hidden silently."""
    hidden: dict[str, str] = {}
    for series in losses:
        hidden[series.name] = hidden.get(series.name) or _hidden(series, panel.y_range)
    lines = [line for line in hidden.values() if line]
    if panel.y_range is not None:
        lines.append(f"The loss axis ends at {number(panel.y_range[1])}; the first drop may lie above it.")
    return " ".join(lines)


def _hidden(series: Series, window: tuple[float, float] | None) -> str:
    """Of one curve, after it first came into the window."""
    top = np.inf if window is None else window[1]
    shown = np.flatnonzero(series.y <= top)
    later = series.y[shown[0] :] if shown.size else series.y
    above, gone = later[(later > top) & np.isfinite(later)], int((~np.isfinite(later)).sum())
    parts = [f"{above.size} losses above the axis, up to {number(float(above.max()))}"] if above.size else []
    parts += [f"{gone} not finite"] if gone else []
    parts += ["its end among them"] if later.size and not later[-1] <= top else []
    return f"{series.name}: {', '.join(parts)}." if parts else ""
