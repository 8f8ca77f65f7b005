"""What Hugging Face's Trainer prints: a row as a Python dict, without its step.

{'loss': 2.31, 'grad_norm': 1.02, 'learning_rate': 5e-05, 'epoch': 0.1}
{'eval_loss': '2.1', 'eval_runtime': '1.23', 'epoch': '1.0'}                        newer ones print texts
{'train_runtime': 99.1, 'train_steps_per_second': 10.1, 'train_loss': 2.0, 'epoch': 3.0}

The step comes of the progress bar, which is drawn anew below a row, where it was kept; else of the epoch and the number
of updates, where the log names both; else rows are counted.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import isfinite
from pathlib import Path

import numpy as np

from glidepath.logs.lines import NUMBER, WHOLE, named
from glidepath.logs.sampling import plain_lines, sampled
from glidepath.logs.tally import Tally, spelled
from glidepath.runs.recording import Recording

NAME = "transformers console"
ROW = re.compile(r"\{'[^{}]{0,8000}'epoch': [^{}]{1,40}\}")
PAIR = re.compile(rf"'(?P<name>[^']{{1,120}})': '?(?P<value>{NUMBER})'?(?=[,}}])")
BAR = re.compile(r"^\s*\d{1,3}%\|[^|]{0,200}\| (?P<done>\d{1,12})/(?P<of>\d{1,12}) \[")  # tqdm without a title
SETTING = re.compile(
    rf"Total optimization steps = {named('horizon', WHOLE)}|Num Epochs = {named('epochs', WHOLE)}"
    rf"|accumulation\) = {named('batch_size', WHOLE)}|Accumulation steps = {named('accumulation', WHOLE)}",
    re.IGNORECASE,
)
BEGINS = "***** Running training *****"
MARK = "'epoch': "  # in every row
MOST_BARS = 20  # below a row: that of the training, and those of its evaluations
TOTALS = ("train_runtime", "train_loss", "train_samples_per_second", "train_steps_per_second", "total_flos")
COUNTED = "steps counted from 0: the log's step 100 is update 99"
FROM_BARS = "the rows have no step: it is that of the progress bar below each"
FROM_EPOCHS = (
    "the rows have no step: it is worked out of their epoch, {0:.6g} updates each, and may be off by its rounding"
)
FROM_ROWS = "the rows have no step, and nothing tells how many updates lie between them: rows are counted"
ROUNDED = "the learning rate of a row is that of the next update with transformers before 4.51"


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the log, of each progress bar below it, by its total, where it stood first, and the total announced."""

    row: int
    values: dict[str, float | None]
    bars: dict[int, int]
    told: int | None

    @property
    def is_training(self) -> bool:
        """Whether it is of training: any other speaks of the update of the row above."""
        return "loss" in self.values


def recognises(path: Path, head: bytes) -> bool:
    """A line with a dict of a loss and an epoch."""
    return any("loss'" in line and ROW.search(line) for line in sampled(path, head, MARK))


def read(path: Path) -> dict[str, Recording]:
    """The one run of a log, without a name."""
    tally = Tally()
    rows = _rows(path, tally)
    for row, step in zip(rows, _steps(rows, tally), strict=True):
        tally.add(row.row, max(step - 1, 0), [pair for pair in row.values.items() if pair[0] not in TOTALS])
    return {"": tally.recording(path, NAME, notes=(ROUNDED,))}


def _rows(path: Path, tally: Tally) -> list[_Row]:
    rows = list[_Row]()
    for row, line in plain_lines(path, tally, [MARK]):
        if MARK in line and (found := ROW.search(line)):
            values = {name: spelled(text) for name, text in PAIR.findall(found[0])}
            rows.append(_Row(row, values, {}, tally.settings.get("horizon")))
        elif "%|" in line and rows and (found := BAR.search(line)) and len(rows[-1].bars) < MOST_BARS:
            rows[-1].bars.setdefault(int(found["of"]), int(found["done"]))
        elif " = " in line and (found := SETTING.search(line)):
            tally.set(str(found.lastgroup), found[str(found.lastgroup)])
        elif BEGINS in line:
            tally.starts.append(row)
    return rows


def _steps(rows: Sequence[_Row], tally: Tally) -> list[int]:
    """The count of updates done at each row, by the best that the log has."""
    steps = _by_bars(rows, tally)
    if steps:
        tally.notes.extend((COUNTED, FROM_BARS))
        return steps
    rate = _updates_of_an_epoch(rows, tally)
    if rate:
        tally.notes.extend((COUNTED, FROM_EPOCHS.format(rate)))
        return _by_epochs(rows, rate)
    tally.notes.append(FROM_ROWS)
    return list(accumulate(int(row.is_training) for row in rows))


def _by_bars(rows: Sequence[_Row], tally: Tally) -> list[int]:
    """By the bar of the training, which a resume may have given another total; evaluations have others."""
    totals = _totals([row for row in rows if row.is_training])
    steps, gap, found = [0], 0, list[int]()
    for row in rows:
        total = next((one for one in row.bars if one == row.told or (row.told is None and one in totals)), None)
        step = steps[-1] + gap * row.is_training if total is None else row.bars[total]
        gap = step - steps[-1] if row.is_training else gap
        steps.append(step)
        found += [total] if total is not None and row.is_training else []
    if 2 * len(found) < max(sum(row.is_training for row in rows), 1):
        return []
    tally.settings["horizon"] = found[-1]
    return steps[1:]


def _totals(rows: Sequence[_Row]) -> set[int]:
    """The total that is below most rows of training, and those of bars that go on from row to row."""
    done: dict[int, list[int]] = {}
    for row in rows:
        for total, one in row.bars.items():
            done.setdefault(total, []).append(one)
    growing = {total for total, all_ in done.items() if len(all_) > 1 and np.median(np.diff(all_)) > 0}
    return growing or set(sorted(done, key=lambda total: -len(done[total]))[:1])


def _updates_of_an_epoch(rows: Sequence[_Row], tally: Tally) -> float:
    """By the totals of the last row, or by those that are printed ahead, whose epochs are rounded up; 0 for unknown."""
    total, epochs = tally.settings.get("horizon"), tally.settings.get("epochs")
    for row in rows:
        done = (row.values.get("train_runtime") or 0.0) * (row.values.get("train_steps_per_second") or 0.0)
        if isfinite(done) and round(done) > 0:
            total, epochs = total or round(done), row.values.get("epoch")
            tally.settings["horizon"] = total
    rate = total / epochs if total and epochs else 0.0
    return rate if isfinite(rate) and rate > 0 else 0.0


def _by_epochs(rows: Sequence[_Row], rate: float) -> list[int]:
    """Rows of training are evenly apart: a whole number of updates, to which the rounded epochs are drawn."""
    done = np.array([(row.values.get("epoch") or 0.0) * rate for row in rows])
    training = done[[row.is_training for row in rows]]
    gaps = np.diff(training)
    between = round(float(np.mean(gaps[gaps > 0]))) if (gaps > 0).any() else 0
    drawn = np.rint(done / between) * between if between > 1 else np.rint(done)
    return [int(one) for one in np.nan_to_num(drawn, posinf=0, neginf=0)]
