"""What the advice calls measured, read again from the runs themselves."""

import csv
from pathlib import Path

import pytest

from glidepath.advice import recommend

INDEX = Path(__file__).parents[3] / "shared" / "data" / "lr_scheduling" / "index.csv"
FLOOR_OF_OWN, ZERO, SMALL = "-1.0", "1e-07", "123587328"  # as the index writes a tenth, zero, and 124M parameters
PEAKS = ("0.0005", "0.001", "0.002")

pytestmark = pytest.mark.skipif(not INDEX.exists(), reason=f"no runs at {INDEX}")


def losses(scheduler: str, floor: str | None = None, share: str = "0.0", kind: str | None = None) -> list[float]:
    """The final validation losses of 50k steps at the three peaks, infinite where there is no such run."""
    with INDEX.open() as file:
        rows = [row for row in csv.DictReader(file) if row["iterations"] == "50000" and row["params"] == SMALL]
    found = {
        row["lr"]: float(row["final_val_loss"])
        for row in rows
        if (row["group"], row["scheduler"], row["fract_decay"]) == ("", scheduler, share)
        and floor in (None, row["cos_final_lr"])
        and kind in (None, row["decay_type"])
    }
    return [found.get(peak, float("inf")) for peak in PEAKS]


def test_a_cosine_to_zero_gained_what_is_told():
    gained = [tenth - zero for tenth, zero in zip(losses("cos", FLOOR_OF_OWN), losses("cos", ZERO), strict=True)]
    assert [round(gain, 3) for gain in gained] == [0.008, 0.018, 0.038]
    told = next(c.what for c in recommend("pre-training", horizon=100).changes if c.when.startswith("no training"))
    assert "0.008, 0.018 and 0.038" in told


def test_the_peak_to_begin_with_at_124m_is_the_best_of_three():
    tenth = losses("cos", FLOOR_OF_OWN)
    assert PEAKS[tenth.index(min(tenth))] == "0.001"
    assert recommend("pre-training", model="124M", horizon=50_000).peak.lr == pytest.approx(1e-3, rel=0.01)


def test_a_decay_of_40_to_60_percent_was_best_at_every_peak():
    shares = {share: losses("wsd", share=share, kind="linear") for share in ("0.1", "0.2", "0.4", "0.6", "0.8", "0.9")}
    best = [min(shares, key=lambda share, at=at: shares[share][at]) for at in range(len(PEAKS))]
    assert set(best) <= {"0.4", "0.6"}


def test_a_root_over_a_fifth_beat_a_line_over_it():
    line, root = (losses("wsd", share="0.2", kind=kind) for kind in ("linear", "sqrt"))
    gained = [one - other for one, other in zip(line, root, strict=True)]
    assert (round(min(gained), 3), round(max(gained), 3)) == (0.003, 0.01)
