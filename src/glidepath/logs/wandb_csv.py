"""The CSV that the page of W&B exports: an axis, and for every run "<run> - <metric>", with its __MIN and __MAX."""

from dataclasses import replace
from pathlib import Path

from glidepath.logs.delimited import header_of, is_csv, layout_of
from glidepath.logs.names import epoch_of, step_of
from glidepath.logs.sheet import EPOCHS, Cells, Counting, recorded
from glidepath.logs.sheets import sheet_of
from glidepath.runs.recording import Recording

NAME = "W&B exported CSV"
BETWEEN = " - "  # a run's name and a metric's
ENDS = ("__MIN", "__MAX")  # of the points that one point of the export stands for
LOGGED = "W&B's Step counts what was logged, which need not be updates"
NO_AXIS = "the axis counts no steps: the rows are counted"


def recognises(path: Path, head: bytes) -> bool:
    """By its columns."""
    names = header_of(head)
    return is_csv(path) and len(names) > 1 and all(BETWEEN in name for name in names[1:])


def read(path: Path) -> dict[str, Recording]:
    """Every run of the export."""
    layout = layout_of(path)
    sheet, axis = sheet_of(path, layout), layout.names[0]
    runs: dict[str, dict[str, Cells]] = {}
    for name, cells in sheet.columns.items():
        run, between, metric = name.rpartition(BETWEEN)
        if between and not name.endswith(ENDS) and not metric.startswith("_"):
            runs.setdefault(run, {})[metric] = cells
    counting, at = _counting(axis), {axis: sheet.columns[axis]} if axis in sheet.columns else {}
    return {run: recorded(replace(sheet, columns=at | columns), counting) for run, columns in runs.items()}


def _counting(axis: str) -> Counting:
    if epoch_of([axis]):
        return Counting(axis, EPOCHS)
    if not step_of([axis]):
        return Counting(notes=(NO_AXIS,))
    return Counting(axis, notes=(LOGGED,) if axis == "Step" else ())
