"""The curves and the marks of a panel, drawn on a canvas of terminal cells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glidepath.plots.axes import Axis
from glidepath.plots.canvas import Canvas, Glyphs, styled
from glidepath.plots.figure import EMPTY, Mark, Panel, Series, Span, alone
from glidepath.plots.lettering import clean, columns
from glidepath.plots.palette import TONES, ink
from glidepath.plots.thinning import kept

SPARSE = 3  # of a faint line's dots one in three is drawn
AT_ONCE = 10_000  # segments of a line that cannot be thinned: more fill the memory with their dots
BOLD, DIM = "1", "2"  # ANSI


@dataclass(frozen=True, slots=True)
class Style:
    """How this terminal is written to: its characters, whether it shows colours, and the legend."""

    glyphs: Glyphs
    color: bool
    encoding: str
    names: tuple[str, ...]

    def clean(self, text: str) -> str:
        """One line of the text that this terminal can show."""
        return clean(text, self.encoding)

    def styled(self, text: str, style: str) -> str:
        """The text in an ANSI style, where this terminal shows them."""
        return styled(text, style if self.color else "")

    def ansi(self, place: int) -> str:
        """The ANSI style of the name at `place`."""
        return f"38;5;{ink(place).ansi}" if self.color else ""

    def letter(self, place: int) -> str:
        """What stands for the name at `place` where colour does not: its plain character, or a letter."""
        return chr(ord("a") + place % 26) if self.glyphs.braille else ink(place).glyph


def cell(axis: Axis, value: float, cells: int) -> int:
    """Which of `cells` holds the value, from 0 at the low end; -1 or `cells` beyond the ends."""
    return int(np.clip(np.rint(axis.place([value])[0] * (cells - 1)), -1, cells))


def fill(canvas: Canvas, panel: Panel, across: Axis, up: Axis, style: Style, legend: Sequence[str]) -> None:
    """Draw what a panel holds: its curves, the faint ones behind, its marks, and the letters of the legend."""
    wide, tall = canvas.size
    for series in sorted(panel.series, key=lambda series: not series.faint):
        x, y = panel.points(series)
        placed = across.place(x) * (wide - 1), up.place(y) * (tall - 1)
        _curve(canvas, series, *placed, style.names.index(series.name))
    if panel.empty:
        canvas.write(canvas.rows // 2, 1, EMPTY)
    for mark in panel.marks:
        _mark(canvas, mark, across, up, style)
    if legend and not style.color and style.glyphs.braille:
        _letters(canvas, style, [style.names.index(name) for name in legend])
    for span in panel.spans:
        _shade(canvas, span, across, style)


def _curve(canvas: Canvas, series: Series, x: NDArray[np.float64], y: NDArray[np.float64], owner: int) -> None:
    if series.kind == "points":
        canvas.dots(x, y, owner)
        return
    if series.kind == "steps":
        x, y = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
    some = kept(x, y, canvas.size[0])
    x, y = x[some], y[some]
    for begin in range(0, max(x.size - 1, 0), AT_ONCE):
        piece = slice(begin, begin + AT_ONCE + 1)
        canvas.line(x[piece], y[piece], owner, every=SPARSE if series.faint else 1)
    canvas.dots(x[alone(y)], y[alone(y)], owner)


def _mark(canvas: Canvas, mark: Mark, across: Axis, up: Axis, style: Style) -> None:
    column = cell(across, mark.x, canvas.columns)
    if mark.y is None:
        for row in range(canvas.rows):
            if canvas.free(row, column):
                canvas.write(row, column, style.glyphs.mark, DIM if style.color else "")
        return
    row = canvas.rows - 1 - cell(up, mark.y, canvas.rows)
    canvas.write(row, column, style.glyphs.point, BOLD if style.color else "")
    text = style.clean(mark.label)
    for begin in (column + 2, column - 1 - columns(text)):
        for line in (row, row - 1, row + 1):
            if canvas.free(line, begin, columns(text)):
                canvas.write(line, begin, text)
                return


def _shade(canvas: Canvas, span: Span, across: Axis, style: Style) -> None:
    """Fill what is still free of a stretch, a column at least."""
    tone = f"38;5;{TONES[span.tone].ansi}" if style.color else ""
    for column in range(cell(across, span.begin, canvas.columns), cell(across, span.end, canvas.columns) + 1):
        for row in range(canvas.rows):
            if canvas.free(row, column):
                canvas.write(row, column, style.glyphs.shade, tone)


def _letters(canvas: Canvas, style: Style, places: Sequence[int]) -> None:
    """Put each curve's letter on it, where the other curves above and below are farthest, near the middle."""
    every = np.arange(canvas.rows)
    for place in places:
        taken = canvas.written
        rows, cols = np.nonzero((canvas.owner == place) & ~taken)
        if not rows.size:
            continue
        others = taken | ((canvas.owner >= 0) & (canvas.owner != place))
        gaps = np.where(others[:, cols].T, np.abs(every - rows[:, None]), canvas.rows).min(axis=1)
        best = int(np.argmax(gaps - np.abs(cols / canvas.columns - 0.5)))
        canvas.write(int(rows[best]), int(cols[best]), style.letter(place))
