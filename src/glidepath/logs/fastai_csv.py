"""fastai's CSVLogger, history.csv: a row an epoch, from 0; another fit writes its header again in the middle."""

from pathlib import Path

from glidepath.logs.delimited import header_of
from glidepath.logs.sheet import EPOCHS, Counting, recorded
from glidepath.logs.sheets import sheet_of
from glidepath.runs.recording import Recording

NAME = "fastai history.csv"
NOTE = "another fit begins here, whose epochs count from 0 again: apart they are runs of their own"


def recognises(path: Path, head: bytes) -> bool:  # noqa: ARG001 - as every reader
    """By its columns: an epoch, a training loss, the time."""
    names = header_of(head)
    return names[:2] == ("epoch", "train_loss") and names[-1] == "time"


def read(path: Path) -> dict[str, Recording]:
    """The one run, over its epochs."""
    sheet = sheet_of(path)
    return {"": recorded(sheet, Counting("epoch", EPOCHS, notes=(NOTE,) if sheet.starts else ()))}
