"""The numbers of a delimited text of whatever size: row by row where it is small, by polars where it is large."""

from pathlib import Path

from glidepath.errors import MissingExtra
from glidepath.logs.delimited import Layout, layout_of
from glidepath.logs.files import size_of
from glidepath.logs.rows import delimited
from glidepath.logs.scanning import scanned
from glidepath.logs.sheet import Sheet

SMALL = 2**20  # bytes, read before polars would be imported
MODERATE = 2**26  # bytes, which the standard library reads in a minute


def sheet_of(path: Path, layout: Layout | None = None) -> Sheet:
    """The numbers of a delimited text.

    Where polars reads it, a header that comes again is a row without numbers, and no start of a process. Raises
    LogError for what is no table, and MissingExtra for a large one where polars is not installed.
    """
    layout, size = layout or layout_of(path), size_of(path)
    if size <= SMALL:
        return delimited(path, layout)
    try:
        return scanned(path, layout)
    except MissingExtra:
        if size > MODERATE:
            raise
        return delimited(path, layout)
