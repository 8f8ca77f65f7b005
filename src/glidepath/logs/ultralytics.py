"""Ultralytics' results.csv (and YOLOv5's): a row an epoch, with args.yaml beside it.

The training loss is the sum of its parts, train/box_loss and others. The groups' learning rates are those at the
epoch's end; one of them, of the biases, falls while the others warm up, so that `lr` is the group that begins lowest.
Until 2025 another training of the same name was appended, its epochs counted from the start again.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from glidepath.logs.delimited import header_of
from glidepath.logs.plain_settings import settings_beside
from glidepath.logs.sheet import EPOCHS, Cells, Counting, recorded
from glidepath.logs.sheets import sheet_of
from glidepath.runs.names import LOSS, RATE, VALIDATION
from glidepath.runs.recording import Recording

NAME = "Ultralytics results.csv"
OLD, NEW = "x/lr", "lr/pg"  # YOLOv5's name of a group, and the one since


def recognises(path: Path, head: bytes) -> bool:  # noqa: ARG001 - as every reader
    """By its columns."""
    names = header_of(head)
    return names[:1] == ("epoch",) and any(name.startswith(("lr/pg", "x/lr")) for name in names)


def read(path: Path) -> dict[str, Recording]:
    """The one run, over its epochs, from 0."""
    sheet = sheet_of(path)
    columns = {name.replace(OLD, NEW) if name.startswith(OLD) else name: one for name, one in sheet.columns.items()}
    columns |= _summed(columns, "train/", LOSS) | _summed(columns, "val/", VALIDATION)
    first = int("epoch" in columns and columns["epoch"].values.min() >= 1)
    notes = ("the learning rates are those at the end of an epoch", *_counted(first))
    settings = settings_beside(path, "args.yaml") or settings_beside(path, "opt.yaml")
    rated, chosen = _rate(columns)
    counting = Counting("epoch", EPOCHS, first, notes + chosen)
    return {"": recorded(replace(sheet, columns=rated), counting, settings=settings)}


def _counted(first: int) -> tuple[str, ...]:
    return ("epochs counted from 0: the log's 1 is epoch 0",) if first else ()


def _summed(columns: dict[str, Cells], ahead: str, name: str) -> dict[str, Cells]:
    """The sum of the losses of one kind, of the rows that have them all."""
    parts = [one for own, one in columns.items() if own.startswith(ahead) and own.endswith("loss")]
    if not parts or any(not np.array_equal(part.rows, parts[0].rows) for part in parts):
        return {}
    return {name: Cells(parts[0].rows, np.sum([part.values for part in parts], axis=0))}


def _rate(columns: dict[str, Cells]) -> tuple[dict[str, Cells], tuple[str, ...]]:
    """The columns with the group that begins lowest as the learning rate, and a note of which that is."""
    groups = [name for name in columns if name.startswith(NEW)]
    if not groups:
        return columns, ()
    lowest = min(groups, key=lambda name: columns[name].values[0])
    renamed = {RATE if name == lowest else name: one for name, one in columns.items()}
    return renamed, (f"the learning rate is that of {lowest}",)
