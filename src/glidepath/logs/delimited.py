"""The form of a delimited text: what separates its cells, what its columns are called, where its numbers begin."""

import csv
import re
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from glidepath.errors import LogError
from glidepath.logs.files import called, lines_of, text_of

SEPARATORS = ",\t;|"
MOST_COLUMNS = 20_000  # of a table; with more the header alone is longer than many logs
LOOKED_AT = 20  # lines, for a header and a first row of numbers
COMMENT = "#"
DECIMAL_COMMA = re.compile(r"-?\d+,\d+(e[+-]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layout:
    """`names` of the columns by place, the n-th of one name as "name.n"; `skipped` lines up to the header's end."""

    names: tuple[str, ...]
    separator: str = ","
    decimal: str = "."
    skipped: int = 1
    padded: bool = False  # with spaces before separators


def layout_of(path: Path) -> Layout:
    """The layout of a table in a file; raises LogError where its first lines hold no header."""
    with closing(lines_of(path)) as reading:
        lines = list(islice(reading, LOOKED_AT))
    place = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith(COMMENT)), None)
    if place is None:
        raise LogError(f"expected a table with a header at {called(path)}, got no line of text")
    separator = _separator(lines[place])
    cells = split(lines[place], separator)
    if len(cells) > MOST_COLUMNS:
        raise LogError(f"{called(path)}: expected at most {MOST_COLUMNS:,} columns, got {len(cells):,}")
    rows = (split(line, separator) for line in lines[place + 1 :])
    comma = separator != "," and any(DECIMAL_COMMA.fullmatch(cell) for row in rows for cell in row)
    padded = any(re.search(rf"[ ]({re.escape(separator)}|$)", line.rstrip("\n")) for line in lines[place + 1 :])
    return Layout(distinct(cells), separator, "," if comma else ".", place + 1, padded)


def is_csv(path: Path) -> bool:
    """Whether a file calls itself a CSV, packed or not."""
    return path.name.lower().endswith((".csv", ".csv.gz"))


def header_of(head: bytes) -> tuple[str, ...]:
    """The names in the first line of a file, as they are separated there; none where that is no text of a table."""
    first = text_of(head).lstrip("\n\r").partition("\n")[0]
    cells = split(first, _separator(first))
    return distinct(cells) if len(cells) <= MOST_COLUMNS else ()


def split(line: str, separator: str) -> list[str]:
    """The cells of a line, without the spaces around them and without quotes."""
    if '"' not in line:
        return [cell.strip() for cell in line.split(separator)]
    try:
        return [cell.strip() for row in csv.reader([line], delimiter=separator, skipinitialspace=True) for cell in row]
    except csv.Error:
        return []


def distinct(names: list[str]) -> tuple[str, ...]:
    """Names that are each given once.

    >>> distinct(["loss", "lr", "loss"])
    ('loss', 'lr', 'loss.2')
    """
    counts: dict[str, int] = {}
    told = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        told.append(name if counts[name] == 1 else f"{name}.{counts[name]}")
    return tuple(told)


def _separator(header: str) -> str:
    """The sign that splits a header into the most cells."""
    return max(SEPARATORS, key=lambda sign: len(split(header, sign)))
