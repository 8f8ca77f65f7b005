"""Any table of a training: delimited text, JSON lines or Parquet, its columns known by their names."""

from collections.abc import Iterable
from pathlib import Path

from glidepath.errors import LogError, shown
from glidepath.logs.delimited import SEPARATORS, layout_of, split
from glidepath.logs.files import called, head_of, text_of
from glidepath.logs.rows import json_lines
from glidepath.logs.scanning import parquet
from glidepath.logs.sheet import Sheet, recorded, tells
from glidepath.logs.sheets import sheet_of
from glidepath.runs.recording import Recording

NAME = "any CSV, TSV, JSON lines or Parquet"
SUFFIXES = {".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".pq"}
PARQUET = b"PAR1"
MOST_SHOWN = 6  # names of columns in a complaint


def recognises(path: Path, head: bytes) -> bool:
    """By its suffix, or by a first line that names what a training logs."""
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    if not head:
        return False
    if suffix.lower() in SUFFIXES or head.startswith(PARQUET):
        return True
    first = text_of(head).lstrip().partition("\n")[0]
    if first.startswith("{"):
        return first.rstrip().endswith("}")
    return any(tells(cells) for sign in SEPARATORS if len(cells := split(first, sign)) > 1)


def read(path: Path) -> dict[str, Recording]:
    """The columns of a table; raises LogError where none is a loss, a learning rate or a gradient norm."""
    head = head_of(path)
    if head.startswith(PARQUET):
        return {"": recorded(_telling(path, parquet(path)))}
    if text_of(head).lstrip().startswith("{"):
        return {"": recorded(_telling(path, json_lines(path)))}
    layout = layout_of(path)
    expect(path, layout.names)
    return {"": recorded(sheet_of(path, layout))}


def _telling(path: Path, sheet: Sheet) -> Sheet:
    expect(path, sheet.columns)
    return sheet


def expect(path: Path, names: Iterable[str]) -> None:
    """Raise LogError unless columns of these names are a log of a training."""
    listed = list(names)
    if not tells(listed):
        few = ", ".join(shown(name, 20) for name in listed[:MOST_SHOWN]) + (", ..." if listed[MOST_SHOWN:] else "")
        raise LogError(f"{called(path)}: expected a column of losses or learning rates, got {few or 'none'}")
