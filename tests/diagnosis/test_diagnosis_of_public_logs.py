"""180 public logs of language models: one diverged, the others are healthy."""

import csv
from functools import cache
from pathlib import Path

import pytest

from glidepath.diagnosis.diagnosing import diagnose
from glidepath.diagnosis.finding import is_alarm
from glidepath.runs.curve import Curve
from glidepath.runs.run import Run

LOGS = Path(__file__).parents[3] / "shared" / "data" / "lr_scheduling" / "runs"
NAMES = {"train_loss": "loss", "train_lr": "lr", "val_loss": "validation_loss", "grad_norm": "grad_norm"}
DIVERGED = "cos-zero-124m_sp_nlayers12_nhead12_lr0.005_sched_cos_warmup300_decay_sqrt_0.0_iter50000_bs50x2.csv"
pytestmark = pytest.mark.skipif(not LOGS.exists(), reason="the public logs are not on this machine")


@cache
def rows_of(path: Path) -> tuple[dict[str, str], ...]:
    with path.open() as file:
        return tuple(csv.DictReader(file))


def run_of(path: Path, until: float = float("inf")) -> Run:
    columns: dict[str, list[tuple[float, float]]] = {}
    for row in rows_of(path):
        for column, name in NAMES.items():
            if row.get(column) and float(row["iter"]) <= until:
                columns.setdefault(name, []).append((float(row["iter"]), float(row[column])))
    return Run({name: Curve(name, *zip(*pairs, strict=True)) for name, pairs in columns.items()})


def test_no_healthy_run_is_alarmed_at() -> None:
    alarmed = [path.name for path in sorted(LOGS.glob("*.csv")) if is_alarm(diagnose(run_of(path)))]
    assert alarmed == [DIVERGED]


def test_the_divergence_is_found_by_iteration_1650() -> None:
    found = diagnose(run_of(LOGS / DIVERGED, until=1_650))[0]
    assert (found.kind, is_alarm([found])) == ("divergence", True)
    assert found.begin < 1_650
    assert found.recipe is not None
    assert "peak=0.0025" in found.recipe
