"""litgpt's metrics.csv: Lightning's logger with litgpt's columns; its step is a micro-batch, as its schedule counts."""

from pathlib import Path

from glidepath.logs.delimited import header_of, is_csv
from glidepath.logs.plain_settings import settings_beside
from glidepath.logs.sheet import Counting, recorded
from glidepath.logs.sheets import sheet_of
from glidepath.runs.recording import Recording

NAME = "litgpt metrics.csv"
NOTE = "litgpt counts micro-batches here, from 0: a step of this log is no update where it accumulates"


def recognises(path: Path, head: bytes) -> bool:
    """By its columns."""
    return is_csv(path) and {"iter", "iter_time", "step"} <= set(header_of(head))


def read(path: Path) -> dict[str, Recording]:
    """The one run."""
    sheet = sheet_of(path)
    return {"": recorded(sheet, Counting("step", notes=(NOTE,)), settings=settings_beside(path, "hparams.yaml"))}
