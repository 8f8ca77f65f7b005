"""Large tables read by polars: delimited text and Parquet, as numbers and nothing else."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from glidepath._extras import require
from glidepath.errors import LogError
from glidepath.logs.delimited import Layout
from glidepath.logs.files import GZIP, MARKS, called, opened, refusals, text_of
from glidepath.logs.rows import CUT
from glidepath.logs.sheet import Cells, Sheet

ENDS = b"\n", b"\r"  # of a line
MOST_CELLS = 2**28  # of a Parquet file, which can promise any number of them in a few bytes: 2 GiB of float64


def scanned(path: Path, layout: Layout) -> Sheet:
    """The numbers of a delimited text, a cell that is none left out; rows keep their places."""
    polars = require("polars")
    source, whole = _source(path)
    with _complaints(polars, path):
        table = polars.scan_csv(
            source,
            skip_rows=layout.skipped - 1,  # the header is named here, and gives polars the width
            schema_overrides=[polars.String if layout.padded else polars.Float64] * len(layout.names),
            infer_schema_length=1,
            separator=layout.separator,
            decimal_comma=layout.decimal == ",",
            encoding="utf8-lossy",
            ignore_errors=True,
            truncate_ragged_lines=True,
        )
        if layout.padded:
            table = table.select(polars.all().str.strip_chars().cast(polars.Float64, strict=False))
        frame = table.collect(engine="streaming")
        frame.columns = list(layout.names)
    return _sheet(frame) if whole else _sheet(frame[:-1], CUT)


def parquet(path: Path) -> Sheet:
    """The columns of numbers of a Parquet file."""
    polars = require("polars")
    with _complaints(polars, path):
        frame = polars.scan_parquet(path, glob=False)
        numbers = [name for name, kind in frame.collect_schema().items() if kind.is_numeric()]
        count = frame.select(polars.len()).collect().item()
        if count * len(numbers) > MOST_CELLS:
            raise LogError(f"{called(path)}: expected at most {MOST_CELLS:,} numbers, got {count:,} rows")
        return _sheet(frame.select(polars.col(numbers).cast(polars.Float64, strict=False)).collect(engine="streaming"))


def _sheet(frame: Any, *notes: str) -> Sheet:
    """The columns of a frame, which is emptied on the way: millions of rows are held once."""
    every, columns, count = np.arange(frame.height), dict[str, Cells](), frame.height
    for name in frame.columns:
        series = frame.drop_in_place(name)
        if series.null_count() == 0:
            columns[name] = Cells(every, series.to_numpy())
        elif series.null_count() < count:
            columns[name] = Cells(np.flatnonzero(series.is_not_null().to_numpy()), series.drop_nulls().to_numpy())
    return Sheet({name: cells for name, cells in columns.items() if cells.rows.size}, count, notes=notes)


def _source(path: Path) -> tuple[Path | io.BytesIO, bool]:
    """What polars reads, and whether its last line has an end: the file itself, or what it holds as plain UTF-8."""
    with path.open("rb") as file, refusals(path):
        start = file.read(len(GZIP))
        if start != GZIP and start not in MARKS:
            file.seek(-1, os.SEEK_END)
            return path, file.read() in ENDS
    with opened(path) as file, refusals(path):
        data = file.read()
    text = text_of(data).encode() if data.startswith(tuple(MARKS)) else data
    return io.BytesIO(text), text[-1:] in ENDS


@contextmanager
def _complaints(polars: Any, path: Path) -> Iterator[None]:
    """What polars refuses, as a LogError; a panic of its is no Exception."""
    try:
        yield
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError, ValueError) as error:
        if isinstance(error, LogError):
            raise
        reason = str(error).partition("\n")[0][:100]
        raise LogError(f"{called(path)}: expected a table, got one that polars refuses: {reason}") from error
