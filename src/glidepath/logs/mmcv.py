"""The <timestamp>.log.json of mmcv 1.x (built from memory of its form), one JSON object a line.

{"env_info": "...", "seed": 0, "exp_name": "config.py"}
{"mode": "train", "epoch": 1, "iter": 50, "lr": 0.02, "memory": 4000, "data_time": 0.01, "loss": 1.2, "time": 0.1}
{"mode": "val", "epoch": 1, "iter": 5000, "lr": 0.02, "bbox_mAP": 0.31}

Where training goes by epochs, iter begins anew in each, and the length of an epoch is not in the log.
"""

from itertools import pairwise
from pathlib import Path

from glidepath.logs.objects import Table, counted, holds, numbers, objects_of
from glidepath.logs.tally import Tally
from glidepath.runs.names import VALIDATION
from glidepath.runs.recording import Recording

NAME = "mmcv log.json"
COUNTED = "steps counted from 0: the log's iter 100 is update 99"
BY_EPOCH = (
    "iter begins anew in each epoch: an epoch is taken as {0} updates, its last row that was logged, and may be longer"
)


def recognises(path: Path, head: bytes) -> bool:
    """Objects that say whether they are of training or of validation."""
    return holds(path, head, "mode", "epoch", "iter")


def read(path: Path) -> dict[str, Recording]:
    """The one run of a log, without a name."""
    tally, rows = Tally(), list[tuple[int, int, int, Table]]()
    for row, _, table in objects_of(path, tally):
        epoch, batch = counted(table, "epoch"), counted(table, "iter")
        if epoch is not None and batch is not None and table.get("mode") in ("train", "val"):
            rows.append((row, epoch, batch, table))
    length = _length([(epoch, batch) for _, epoch, batch, table in rows if table["mode"] == "train"])
    last = 0
    for row, epoch, batch, table in rows:
        values = numbers(table, "mode", "iter")
        if table["mode"] == "train":
            last = max((epoch - 1) * length + batch - 1, 0)
            tally.add(row, last, values)
        else:
            tally.add(row, last, [(_kind(name), value) for name, value in values if name not in ("lr", "epoch")])
    tally.notes.append(BY_EPOCH.format(length) if length else COUNTED)
    return {"": tally.recording(path, NAME)}


def _length(places: list[tuple[int, int]]) -> int:
    """Updates of an epoch as far as the log shows it; 0 where iter goes on from one epoch to the next."""
    anew = any(later[0] > before[0] and later[1] <= before[1] for before, later in pairwise(places))
    return max((batch for _, batch in places), default=0) if anew else 0


def _kind(name: str) -> str:
    return VALIDATION if name == "loss" else name
