"""What the steps of a run count: updates, samples, tokens or epochs, and one told by another."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from glidepath.errors import JournalError, nearest, shown
from glidepath.runs.curve import Curve
from glidepath.runs.names import EPOCH, SAMPLES, TOKENS
from glidepath.runs.run import Run

STEPS = "steps"
# clock -> (the curve that tells it behind each update, the setting that tells how much of it an update takes)
CLOCKS = {"samples": (SAMPLES, "samples_per_step"), "tokens": (TOKENS, "tokens_per_step"), "epochs": (EPOCH, None)}
PER_EPOCH = "steps_per_epoch"  # the setting that tells how many updates an epoch takes


def on(run: Run, clock: str) -> Run:
    """The run with its steps counted by another clock: "steps", "samples", "tokens" or "epochs".

    A curve of the run tells it (`samples`, `tokens`, `epoch`: what was consumed behind an update), else a rate in its
    settings (`samples_per_step`, `tokens_per_step`, `steps_per_epoch`). Whole numbers, rounded down; what lies outside
    of a telling curve is left out. Raises JournalError for another clock, and for one that nothing tells.

    >>> run = Run({"loss": Curve("loss", [0, 1], [2.0, 1.0])}, settings={"tokens_per_step": 500})
    >>> on(run, "tokens").curves["loss"].steps
    array([  0, 500])
    """
    if clock != STEPS and clock not in CLOCKS:
        raise JournalError(f"expected a clock, got {shown(clock)}: {nearest(str(clock), [STEPS, *CLOCKS])}")
    if clock == run.clock:
        return run
    curves = {name: _told(run, curve, clock) for name, curve in run.curves.items()}
    marks = _converted(run, np.array(run.segments, dtype=np.int64), clock)
    segments = tuple(int(mark) for mark in marks[np.isfinite(marks)])
    kept = {name: curve for name, curve in curves.items() if len(curve)}
    return replace(run, curves=MappingProxyType(kept), discarded=_none(), segments=segments, clock=clock)


def _none() -> Mapping[str, Curve]:
    return MappingProxyType({})


def _told(run: Run, curve: Curve, clock: str) -> Curve:
    steps = _converted(run, curve.steps, clock)
    there = np.isfinite(steps)
    return Curve(curve.name, np.floor(steps[there]), curve.values[there])


def _converted(run: Run, steps: NDArray[np.int64], clock: str) -> NDArray[np.float64]:
    """Steps of a run by another clock, through updates where neither of the two counts them."""
    updates = steps.astype(np.float64) if run.clock == STEPS else _back(run, steps)
    return updates if clock == STEPS else _forth(run, updates, clock)


def _forth(run: Run, updates: NDArray[np.float64], clock: str) -> NDArray[np.float64]:
    """Updates by a clock: of the run's curve where it has one, else by its rate."""
    name, _ = CLOCKS[clock]
    if run.clock == STEPS and name in run.curves:
        known = run.curves[name]
        return np.interp(updates, known.steps, known.values, left=np.nan, right=np.nan)
    return updates * _rate(run, clock)


def _back(run: Run, steps: NDArray[np.int64]) -> NDArray[np.float64]:
    if run.clock not in CLOCKS:
        raise JournalError(f"expected a run whose steps count {STEPS} or {', '.join(CLOCKS)}, got {shown(run.clock)}")
    return steps / _rate(run, run.clock)


def _rate(run: Run, clock: str) -> float:
    """How much of a clock an update takes."""
    setting = CLOCKS[clock][1] or PER_EPOCH
    given = run.settings.get(setting)
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 < given < np.inf:
        message = f"expected {setting!r} in the settings of the run {run.name!r}, got {shown(given)}"
        raise JournalError(f"{message}: nothing else tells its {clock}")
    return 1.0 / given if setting == PER_EPOCH else float(given)
