"""The scalars.json (or <timestamp>.json) of mmengine, one JSON object a line, which counts iterations from 1.

{"lr": 0.02, "base_lr": 0.02, "data_time": 0.01, "loss": 1.2, "time": 0.1, "epoch": 1, "iter": 50, "step": 50}
{"coco/bbox_mAP": 0.31, "data_time": 0.01, "time": 0.1, "step": 1}

The step of a validation row is its epoch where training goes by epochs: it is placed behind the last training row.
"""

from pathlib import Path

from glidepath.logs.objects import Table, counted, holds, numbers, objects_of
from glidepath.logs.tally import Tally
from glidepath.runs.names import VALIDATION
from glidepath.runs.recording import Recording

NAME = "mmengine scalars.json"
NOTES = (
    "steps counted from 0: the log's step 100 is update 99; iterations are micro-batches where gradients add up",
    "validation rows are placed behind the training row above: their own step may count epochs",
)
TRAINING = ("lr", "base_lr", "iter")  # one of them is in each row of training, and in none of validation


def recognises(path: Path, head: bytes) -> bool:
    """Objects with a step, and with the base learning rate or the times that mmengine adds."""
    return (
        holds(path, head, "step", "base_lr", "lr")
        or holds(path, head, "step", "data_time", "time", "iter")
        or holds(path, head, "step", "iter", "lr", "time")
    )


def read(path: Path) -> dict[str, Recording]:
    """The one run of a log, without a name."""
    tally, last = Tally(), 0
    for row, _, table in objects_of(path, tally):
        step = counted(table, "step")
        if step is None:
            continue
        if any(name in table for name in TRAINING):
            last = max(step - 1, 0)
            tally.add(row, last, numbers(table, "step", "iter"))
        else:
            tally.add(row, last, _validation(table))
    return {"": tally.recording(path, NAME, notes=NOTES)}


def _validation(table: Table) -> list[tuple[str, float | None]]:
    values = numbers(table, "step", "data_time", "time")
    return [(VALIDATION if name == "loss" else name, value) for name, value in values]
