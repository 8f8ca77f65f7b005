"""Groups of parameters whose learning rate no schedule moves."""

from collections.abc import Iterator

import numpy as np

from glidepath.diagnosis.finding import Finding, Severity
from glidepath.diagnosis.sight import Sight
from glidepath.runs.curve import Curve
from glidepath.runs.names import OF_GROUP, RATE
from glidepath.runs.run import Run

MOVES = 0.05  # of its largest value: a curve that moves less is taken to stand
STANDS = 1e-5  # the same: a curve that moves by more is not a constant
FEWEST = 5  # rows that tell a constant from a curve


def rates(run: Run) -> dict[str, Curve]:
    """The learning rates of the groups, the first of them under "lr"."""
    named = {name: curve for name, curve in run.curves.items() if name == RATE or name.startswith(OF_GROUP)}
    finite = {name: Curve(name, *_finite(curve)) for name, curve in named.items()}
    return {name: curve for name, curve in finite.items() if len(curve)}


def _finite(curve: Curve) -> tuple[np.ndarray, np.ndarray]:
    kept = np.isfinite(curve.values)
    steps, first = np.unique(curve.steps[kept], return_index=True)
    return steps, curve.values[kept][first]


def driven(curves: dict[str, Curve]) -> str:
    """The name of the group to look at: the first one, unless it stands where another moves."""
    moving = [name for name, curve in curves.items() if span(curve) > MOVES]
    first = RATE if RATE in curves else next(iter(curves))
    return first if first in moving or not moving else moving[0]


def span(curve: Curve) -> float:
    """How far a curve moves, as a share of its largest value."""
    top = float(np.abs(curve.values).max())
    return float(np.ptp(curve.values)) / top if top else 0.0


def unscheduled(sight: Sight, curves: dict[str, Curve], lead: str) -> Iterator[Finding]:
    """Groups that stand while the leading one moves."""
    if lead not in curves or span(curves[lead]) <= MOVES:
        return
    standing = [name for name, curve in curves.items() if len(curve) >= FEWEST and span(curve) <= STANDS]
    standing = [name for name in standing if np.abs(curves[name].values).max() > 0]  # a frozen group has rate 0
    if standing:
        values = ", ".join(f"{name} at {curves[name].values[0]:.4g}" for name in standing)
        evidence = (
            f"{len(standing)} of {len(curves)} groups stand ({values}) from update {curves[standing[0]].steps[0]} to "
            f"{sight.last}, while {lead} goes from {curves[lead].values.max():.3g} to {curves[lead].values.min():.3g}"
        )
        severity: Severity = "wrong" if sight.plan is not None else "suspect"
        yield sight.found("unscheduled group", severity, 0, evidence, groups=len(standing))
