"""Learning rates that a log wrote beside another update than the one that used them, put back."""

from dataclasses import replace
from types import MappingProxyType

from glidepath.runs.curve import Curve
from glidepath.runs.names import OF_GROUP, RATE
from glidepath.runs.run import Run


def moved(run: Run, by: int) -> Run:
    """The run with each learning rate at the update that used it, `by` updates behind the one that it stood beside.

    `by` may be below 0; what would then lie before the first update is left out. A note says it.

    >>> run = Run({"lr": Curve("lr", [0, 10], [0.1, 0.2]), "loss": Curve("loss", [0, 10], [2.0, 1.0])})
    >>> moved(run, 1).curves["lr"].steps
    array([ 1, 11])
    """
    if by == 0:
        return run
    curves = {name: _moved(curve, by) if _is_rate(name) else curve for name, curve in run.curves.items()}
    note = f"learning rates moved by {by} update{'s' * (abs(by) > 1)}, to those that used them"
    return replace(run, curves=MappingProxyType(curves), notes=(*run.notes, note))


def _moved(curve: Curve, by: int) -> Curve:
    kept = curve.steps + by >= 0
    return Curve(curve.name, curve.steps[kept] + by, curve.values[kept])


def _is_rate(name: str) -> bool:
    return name == RATE or name.startswith(OF_GROUP)
