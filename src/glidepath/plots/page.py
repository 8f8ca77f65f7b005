"""Text, tables and figures as one self-contained HTML page, which works without a network."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from os import PathLike
from pathlib import Path

from glidepath._extras import require
from glidepath.errors import GlidepathError
from glidepath.plots.atomic import write_whole
from glidepath.plots.charts import chart
from glidepath.plots.figure import NAMELESS, Figure
from glidepath.plots.palette import dash, ink

# Nothing is ever fetched, whatever a text of the page says. Plotly makes its image downloads from blobs.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)
NUMBER = re.compile(r"[+\-−]?[\d.,]+(e[+-]?\d+)?\s?(%|[kMBTx×s])?( ± [\d.,]+(e[+-]?\d+)?)?")
BORDERS = {"solid": "solid", "dash": "dashed", "dot": "dotted"}  # how CSS says a line is broken
# Characters that could end a script or a line of it: written as their numbers, which JSON reads back.
UNSAFE = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


@dataclass(frozen=True, slots=True)
class Text:
    """Paragraphs below a heading; either may be empty."""

    heading: str
    paragraphs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Freeze the paragraphs."""
        object.__setattr__(self, "paragraphs", _strings(self.paragraphs, "paragraphs"))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text below named columns, and a note; a column of numbers stands to the right.

    Raises GlidepathError for a row that has not one cell a column.
    """

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        """Freeze the rows and check their lengths."""
        object.__setattr__(self, "columns", _strings(self.columns, "columns"))
        object.__setattr__(self, "rows", tuple(_strings(row, "a row") for row in self.rows))
        for number, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise GlidepathError(
                    f"expected {len(self.columns)} cells in row {number} of {self.heading!r}, got {len(row)}"
                )


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A figure and, for those who do not see it, what it shows."""

    figure: Figure
    caption: str = ""


Block = Text | Table | Picture


def _strings(values: Iterable[str], what: str) -> tuple[str, ...]:
    if isinstance(values, str):
        raise GlidepathError(f"expected {what} as a list of texts, got one text: {values[:40]!r}")
    return tuple(str(value) for value in values)


def write_page(path: str | PathLike[str], *, title: str, blocks: Iterable[Block]) -> Path:
    """Write the blocks into one HTML file, its style, its data and Plotly's script inside; returns the path.

    The file is whole or absent; Plotly is needed, and inside, only where there is a Picture. Raises
    GlidepathError where it cannot be written, and MissingExtra without Plotly.
    """
    target = Path(path)
    write_whole(target, html(title, blocks).encode())
    return target


def html(title: str, blocks: Iterable[Block]) -> str:
    """The page as text.

    >>> "<h2>Fast &amp; good</h2>" in html("A report", [Text("Fast & good")])
    True
    """
    several = list(blocks)
    body = "\n".join(_section(number, block) for number, block in enumerate(several))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_safe(title)}</title>\n<style>\n{_beside('page.css')}</style>\n</head>\n<body>\n"
        f"<main>\n<h1>{_safe(title)}</h1>\n{body}\n</main>\n{_scripts(several)}</body>\n</html>\n"
    )


def _scripts(blocks: list[Block]) -> str:
    if not any(isinstance(block, Picture) for block in blocks):
        return ""
    plotly = require("plotly.offline").get_plotlyjs().replace("</script", "<\\/script")
    return f"<script>{plotly}</script>\n<script>\n{_beside('page.js')}</script>\n"


def _beside(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _safe(text: str) -> str:
    """The text escaped; half a surrogate pair, which no file can hold, is a question mark."""
    return escape(text.encode("utf-8", "replace").decode())


def _section(number: int, block: Block) -> str:
    match block:
        case Text():
            inner = _text(block)
        case Table():
            inner = _table(block)
        case Picture():
            inner = _picture(block, number)
        case _:
            raise GlidepathError(f"expected a Text, a Table or a Picture as block {number}, got {block!r:.60}")
    return f"<section>\n{inner}\n</section>"


def _heading(text: str) -> str:
    return f"<h2>{_safe(text)}</h2>\n" if text else ""


def _text(block: Text) -> str:
    return _heading(block.heading) + "\n".join(f"<p>{_safe(text)}</p>" for text in block.paragraphs)


def _table(block: Table) -> str:
    cells = [[row[place] for row in block.rows] for place in range(len(block.columns))]
    kinds = [' class="number"' if _numeric(column) else "" for column in cells]
    head = "".join(f'<th scope="col"{kind}>{_safe(name)}</th>' for kind, name in zip(kinds, block.columns, strict=True))
    body = "\n".join(
        "<tr>" + "".join(f"<td{kind}>{_safe(cell)}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
        for row in block.rows
    )
    table = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    note = f'\n<p class="note">{_safe(block.note)}</p>' if block.note else ""
    return f'{_heading(block.heading)}<div class="wide">{table}</div>{note}'


def _numeric(column: list[str]) -> bool:
    filled = [cell.strip() for cell in column if cell.strip() not in ("", "-", "–")]
    return bool(filled) and all(NUMBER.fullmatch(cell) for cell in filled)


def _picture(block: Picture, number: int) -> str:
    figure, drawing = block.figure, chart(block.figure)
    data = json.dumps(drawing, allow_nan=False, separators=(",", ":")).translate(UNSAFE)
    spoken = " ".join(text for text in (figure.title, block.caption, figure.note) if text)
    caption = "".join(f"<p>{_safe(text)}</p>" for text in (block.caption, figure.note) if text)
    height = drawing["layout"]["height"]
    return (
        f"{_heading(figure.title)}<figure>\n{_legend(figure)}"
        f'<div class="chart" role="img" aria-label="{_safe(spoken)}" data-from="data-{number}"'
        f' style="height:{height:.0f}px"></div>\n'
        f'<script type="application/json" id="data-{number}">{data}</script>\n'
        "<noscript><p>This chart is drawn by the page's own script, which this browser does not run.</p></noscript>\n"
        f"<figcaption>{caption}</figcaption>\n</figure>"
    )


def _legend(figure: Figure) -> str:
    """A button a name, which shows and hides its curves."""
    places = [figure.names.index(name) for name in figure.legend]
    buttons = "\n".join(
        f'<button type="button" aria-pressed="true" data-place="{place}">'
        f'<i style="border-top: 3px {BORDERS[dash(place)]} {ink(place).hex}"></i>'
        f"{_safe(figure.names[place]) or NAMELESS}</button>"
        for place in places
    )
    return f'<div class="legend">\n{buttons}\n</div>\n' if places else ""
