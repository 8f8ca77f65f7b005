"""Logs that keep a file for each quantity, (step, value) by row: brought into the order in which they were written."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import numpy as np

from glidepath.errors import LogError
from glidepath.logs.files import called, is_file
from glidepath.logs.sheet import Cells, Counting, Numbers, Sheet, recorded
from glidepath.logs.sheets import sheet_of
from glidepath.runs.curve import LAST_WHOLE
from glidepath.runs.recording import Recording, Steps

MOST_FILES = 1_000  # in one log
STEP = "step"


def metric_files(folder: Path, pattern: str) -> list[Path]:
    """The files of a pattern in a folder, a bounded number of them, by name."""
    try:
        return sorted(islice((path for path in folder.glob(pattern) if is_file(path)), MOST_FILES))
    except OSError:
        return []


def gathered(files: Mapping[str, Path], counting: Counting) -> Recording:
    """One recording of the quantities by name; a file's last column is its quantity.

    The n-th time that the step goes back in a file, or its header comes again, is taken to be the n-th restart of all.
    """
    sheets, notes = dict[str, Sheet](), list[str]()
    for name, path in files.items():
        try:
            sheets[name] = sheet_of(path)
        except LogError as error:
            notes.append(f"not read: {error}")
    points = {name: found for name, sheet in sheets.items() if (found := _points(sheet)) is not None}
    if not points:
        where = called(next(iter(files.values())).parent) if files else "the folder"
        raise LogError(f"expected files of steps and values in {where}, got none")
    order, places = np.unique(np.concatenate([at for at, _ in points.values()]), axis=0, return_inverse=True)
    every = Cells(np.arange(len(order)), order[:, 1].astype(np.float64))
    ends = np.cumsum([len(values) for _, values in points.values()])[:-1]
    rows = np.split(places.reshape(-1), ends)
    columns = {name: Cells(at, values) for at, (name, (_, values)) in zip(rows, points.items(), strict=True)}
    starts = np.flatnonzero(np.diff(order[:, 0])) + 1
    notes += dict.fromkeys(note for sheet in sheets.values() for note in sheet.notes)
    return recorded(Sheet({STEP: every, **columns}, len(order), tuple(starts.tolist()), tuple(notes)), counting)


def _points(sheet: Sheet) -> tuple[Steps, Numbers] | None:
    """The restart and the step of every value of a file, and the values; None where it has none."""
    steps, value = sheet.columns.get(STEP), list(sheet.columns.values())[-1:]
    if steps is None or not value or value[0] is steps:
        return None
    rows, of_steps, of_values = np.intersect1d(steps.rows, value[0].rows, assume_unique=True, return_indices=True)
    where = steps.values[of_steps]
    good = np.isfinite(where) & (np.abs(where) <= LAST_WHOLE)
    rows, where, values = rows[good], where[good].astype(np.int64), value[0].values[of_values][good]
    begins = np.isin(rows, sheet.starts) | (np.diff(where, prepend=where[:1]) < 0)
    begins[:1] = False
    at = np.stack([np.cumsum(begins), where], axis=1)
    last = np.append((at[1:] != at[:-1]).any(axis=1), True)[: len(at)]  # of a step that was written twice
    return at[last], values[last]
