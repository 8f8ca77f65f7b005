"""Keras's CSVLogger: a row an epoch, from 0, the columns behind it in the order of the alphabet, NA where none was."""

from pathlib import Path

from glidepath.logs.delimited import header_of
from glidepath.logs.sheet import EPOCHS, Counting, recorded
from glidepath.logs.sheets import sheet_of
from glidepath.runs.recording import Recording

NAME = "Keras CSVLogger"


def recognises(path: Path, head: bytes) -> bool:
    """By its columns."""
    first, *others = header_of(head) or ("",)
    return path.suffix != ".jsonl" and first == "epoch" and "loss" in others and others == sorted(others)


def read(path: Path) -> dict[str, Recording]:
    """The one run, over its epochs."""
    return {"": recorded(sheet_of(path), Counting("epoch", EPOCHS))}
