"""How the writers of logs count updates, and the count from 0 made of it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from glidepath.runs.curve import LAST_WHOLE
from glidepath.runs.recording import Column

Columns = dict[str, Column]
Notes = tuple[str, ...]
TRAINER = "transformers"
# Columns in which programs count their updates beside a tracker's own steps: how far they are ahead of 0, and who.
COUNTS = {
    "train/global_step": (1, TRAINER),
    "trainer/global_step": (0, "Lightning"),
    "global_step": (0, ""),
    "iter": (0, "nanoGPT"),
    "iteration": (0, ""),
    "step": (0, ""),
}
# Writers that log an update behind it, as the number of updates done, by a column that they alone write.
FROM_ONE = {"loss_metrics/global_avg_loss": "torchtitan", "lm loss": "Megatron", "loss/current": "sd-scripts"}
OF_TRAINER = {"logging_steps", "per_device_train_batch_size"}  # among the arguments of Hugging Face's Trainer
TOTALS = {"train_loss", "train_runtime", "train_samples_per_second", "train_steps_per_second", "total_flos"}


def recounted(columns: Columns) -> tuple[Columns, Notes]:
    """Over the program's own count of updates, where it logs one; a row without it stands at the last that was said."""
    name = next((name for name in COUNTS if name in columns and _is_count(columns[name])), None)
    if name is None:
        return columns, ()
    count, (ahead, who) = columns[name], COUNTS[name]
    rest = {own: column for own, column in columns.items() if own != name}
    if who == TRAINER:
        rest = without_totals(rest)
    moved = {}
    for own, column in rest.items():
        at = np.maximum(np.searchsorted(count.rows, column.rows, side="right") - 1, 0)
        moved[own] = Column(count.values[at] - ahead, column.values, rows=column.rows)
    return moved, (f"steps by {name!r}", *([counted(who, int(count.values[-1]))] if ahead else []))


def from_zero(columns: Columns, settings: Mapping[str, Any]) -> tuple[Columns, Notes]:
    """Steps from 0, with a note, where the writer is known as one that counts updates done."""
    writer = next((writer for name, writer in FROM_ONE.items() if name in columns), None)
    if writer is None and settings.keys() >= OF_TRAINER:
        writer, columns = TRAINER, without_totals(columns)
    if writer is None or not columns:
        return columns, ()
    last = max(int(column.steps.max()) for column in columns.values())
    moved = {name: Column(column.steps - 1, column.values, rows=column.rows) for name, column in columns.items()}
    return moved, (counted(writer, last),)


def counted(writer: str, last: int) -> str:
    """The note that steps were moved by one."""
    return f"steps counted from 0: the {last} of {writer} is update {last - 1}"


def without_totals(columns: Columns) -> Columns:
    """What Hugging Face's Trainer writes once, at the end, is no curve; its mean loss would be one."""
    return {name: one for name, one in columns.items() if name.removeprefix("train/") not in TOTALS or len(one) > 1}


def _is_count(column: Column) -> bool:
    return bool(np.all(np.abs(column.values) <= LAST_WHOLE) and np.all(column.values == np.rint(column.values)))
