"""timm's summary.csv: a row an epoch, from 0, with the learning rate as the mean over the groups."""

from pathlib import Path

from glidepath.logs.delimited import header_of, is_csv
from glidepath.logs.sheet import EPOCHS, Counting, recorded
from glidepath.logs.sheets import sheet_of
from glidepath.runs.recording import Recording

NAME = "timm summary.csv"
NOTE = "the learning rate is the mean over the groups"


def recognises(path: Path, head: bytes) -> bool:
    """By its columns."""
    names = header_of(head)
    return is_csv(path) and names[:2] == ("epoch", "train_loss") and "eval_top1" in names


def read(path: Path) -> dict[str, Recording]:
    """The one run, over its epochs."""
    sheet = sheet_of(path)
    return {"": recorded(sheet, Counting("epoch", EPOCHS, notes=(NOTE,) if "lr" in sheet.columns else ()))}
