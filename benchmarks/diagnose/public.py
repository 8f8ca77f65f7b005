"""The public logs: no alarm on a healthy one, and the one divergence found from what was logged by then."""

from __future__ import annotations

import csv
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

from scoring import found

from glidepath.diagnosis.finding import is_alarm
from glidepath.runs.curve import Curve
from glidepath.runs.names import LOSS, NORM, RATE, VALIDATION
from glidepath.runs.run import Run

LOGS = Path(__file__).parents[3] / "shared" / "data" / "lr_scheduling" / "runs"
DIVERGED = "cos-zero-124m", "lr0.005", "iter50000"  # in the name of the one that does
COLUMNS = {"train_loss": LOSS, "train_lr": RATE, "val_loss": VALIDATION, "grad_norm": NORM}
EVERY, UNTIL = 50, 4_000  # updates: the interval of these logs, and where prefixes end
DEADLINE = 1_650  # by which the divergence is to be found


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of a log: alarms and notes by kind, and the seconds that it took."""

    name: str
    alarms: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float


def logs() -> list[Path]:
    return sorted(LOGS.glob("*.csv"))


def is_diverged(path: Path) -> bool:
    return all(part in path.name for part in DIVERGED)


def read(path: Path) -> Run:
    with path.open() as file:
        rows = list(csv.DictReader(file))
    curves = {}
    for column, name in COLUMNS.items():
        points = [(int(row["iter"]), float(row[column])) for row in rows if row.get(column)]
        if points:
            curves[name] = Curve(name, *zip(*points, strict=True))
    return Run(curves, (min(int(curve.steps[0]) for curve in curves.values()),), name=path.stem)


def said(path: Path) -> Said:
    run, begin = read(path), time.perf_counter()
    findings = found(run)
    kinds = {loud: tuple(f"{x.kind} at {x.begin}" for x in findings if is_alarm([x]) is loud) for loud in (True, False)}
    return Said(path.stem, kinds[True], kinds[False], time.perf_counter() - begin)


def first_found(path: Path) -> float:
    """The update by which the divergence is found, from what was logged up to there alone; infinite if never."""
    run = read(path)
    for last in range(EVERY, UNTIL, EVERY):
        known = {name: _until(curve, last) for name, curve in run.curves.items()}
        findings = found(replace(run, curves={name: curve for name, curve in known.items() if len(curve)}))
        if any(one.kind == "divergence" and is_alarm([one]) for one in findings):
            return last
    return math.inf


def _until(curve: Curve, last: int) -> Curve:
    kept = curve.steps <= last
    return Curve(curve.name, curve.steps[kept], curve.values[kept])
