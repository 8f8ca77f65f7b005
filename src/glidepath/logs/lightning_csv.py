"""Lightning's CSVLogger: lightning_logs/version_N/metrics.csv, with hparams.yaml beside it.

A row holds what was logged together, so that the loss and the learning rate of one step stand in different rows, and
with accumulation a learning rate once for every micro-batch. Its step counts updates from 0.
"""

from pathlib import Path

from glidepath.logs.delimited import header_of
from glidepath.logs.plain_settings import settings_beside
from glidepath.logs.sheet import Counting, recorded
from glidepath.logs.sheets import sheet_of
from glidepath.runs.recording import Recording

NAME = "Lightning metrics.csv"
FILE, SETTINGS = "metrics.csv", "hparams.yaml"


def recognises(path: Path, head: bytes) -> bool:
    """By its name and its columns."""
    return path.name == FILE and {"step", "epoch"} <= set(header_of(head))


def read(path: Path) -> dict[str, Recording]:
    """The one run."""
    sheet = sheet_of(path)
    return {"": recorded(sheet, Counting("step"), settings=settings_beside(path, SETTINGS))}
