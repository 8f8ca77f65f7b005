"""A figure as text for a terminal: curves in braille dots, or in plain characters where braille cannot pass."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from glidepath.errors import GlidepathError
from glidepath.plots.axes import Axis, x_axis, y_axis
from glidepath.plots.canvas import Canvas, fits
from glidepath.plots.figure import LARGEST, NAMELESS, Figure, Panel
from glidepath.plots.labels import apart
from glidepath.plots.lettering import columns, fit, wrap
from glidepath.plots.strokes import BOLD, DIM, Style, cell, fill

WIDTH, HEIGHT = 80, 24  # of a terminal that does not say; the VT100's
NARROWEST = 20  # columns in which an axis and a curve can still be told apart
FEWEST_ROWS = 3  # a curve in fewer has no shape
GUTTER = 9  # columns for the longest tick label, "-1.234e-5"
TICK_ROWS, TICK_COLUMNS = 3, 12  # about as far apart as the eye wants the ticks
LEGEND_LINES, NOTE_LINES = 3, 4  # the rest is cut, so that the curves keep their room


def draw(figure: Figure, *, width: int | None = None, height: int | None = None, color: bool | None = None) -> str:
    """The figure as lines of at most `width` (>= 20) columns, about `height` lines in all.

    Without a size, that of the terminal, one line left for the prompt; a panel never has fewer than three
    rows, even where `height` is less. `color` as ANSI, by default where the output is a terminal and NO_COLOR
    is not set; without it each curve carries a letter of the legend. Raises GlidepathError for a
    narrower width.

    >>> from glidepath.plots.figure import Series
    >>> panel = Panel((Series("lr", [0, 1, 2], [0, 1, 0]),), "step", "lr")
    >>> draw(Figure("Up and down", (panel,)), width=24, height=9, color=False).splitlines()[0]
    'Up and down'
    """
    screen = shutil.get_terminal_size((WIDTH, HEIGHT))
    width = max(screen.columns, NARROWEST) if width is None else width
    height = screen.lines - 1 if height is None else height
    if width < NARROWEST:
        raise GlidepathError(f"expected a width of at least {NARROWEST} columns, got {width}")
    style = _style(figure, color)
    above, below = list(_above(figure, style, width)), list(_below(figure, style, width))
    rows = _shares(figure, height - len(above) - len(below))
    body = [line for group in figure.groups for line in _group(group, rows, style, width, figure.legend)]
    return "\n".join(line.rstrip() for line in [*above, *body, *below])


def _style(figure: Figure, color: bool | None) -> Style:
    encoding = _encoding()
    if color is None:
        color = sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    glyphs = fits(encoding)
    return Style(glyphs, color, encoding if glyphs.braille else "ascii", figure.names)


def _encoding() -> str:
    """That of the output; a process without one has no limits."""
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def _above(figure: Figure, style: Style, width: int) -> Iterator[str]:
    for line in wrap(style.clean(figure.title), width, 2, style.glyphs.ellipsis):
        yield style.styled(line, BOLD)
    yield from _legend(figure.legend, style, width)


def _legend(names: Sequence[str], style: Style, width: int) -> list[str]:
    """The names beside their colour or letter, in lines, and how many found no room."""
    lines: list[str] = []
    used = width
    for number, name in enumerate(names):
        place = style.names.index(name)
        swatch = style.glyphs.swatch if style.color else style.letter(place)
        label = fit(style.clean(name) or NAMELESS, width - columns(swatch) - 1, style.glyphs.ellipsis)
        wide = columns(swatch) + 1 + columns(label)
        if used + 2 + wide > width:
            if len(lines) == LEGEND_LINES:
                return [*lines, style.styled(fit(f"and {len(names) - number} more", width), DIM)]
            lines.append("")
            used = -2
        lines[-1] += ("  " if used >= 0 else "") + f"{style.styled(swatch, style.ansi(place))} {label}"
        used += 2 + wide
    return lines


def _below(figure: Figure, style: Style, width: int) -> Iterator[str]:
    for line in wrap(style.clean(figure.note), width, NOTE_LINES, style.glyphs.ellipsis):
        yield style.styled(line, DIM)


def _shares(figure: Figure, room: int) -> dict[int, int]:
    """The rows of each panel's canvas, by the panel's identity."""
    frame = sum(2 + len(group) for group in figure.groups)  # ticks and x label; a floor or frame a panel
    frame += sum(1 + bool(panel.captions) for panel in figure.panels)
    total = sum(panel.height for panel in figure.panels)
    room = max(room - frame, 0)
    return {id(panel): max(FEWEST_ROWS, int(room * panel.height / total)) for panel in figure.panels}


def _group(
    group: Sequence[Panel], rows: dict[int, int], style: Style, width: int, legend: Sequence[str]
) -> Iterator[str]:
    across = x_axis(group)
    ups = [(panel, y_axis(panel), y_axis(panel).ticks(max(2, rows[id(panel)] // TICK_ROWS))) for panel in group]
    gutter = min(GUTTER, max((len(label) for *_, ticks in ups for _, label in ticks), default=0))
    inner = width - gutter - 2
    ticks = across.ticks(max(2, inner // TICK_COLUMNS))
    for number, (panel, up, labels) in enumerate(ups):
        yield from _head(panel, across, style, gutter, inner)
        canvas = Canvas(rows[id(panel)], inner)
        fill(canvas, panel, across, up, style, legend)
        yield from _framed(canvas, up, labels, style, gutter)
        last = number == len(ups) - 1
        yield _floor(across, ticks if last else [], style, gutter, inner)
    yield from _feet(across, ticks, group[0].x_label, style, gutter, inner)


def _head(panel: Panel, across: Axis, style: Style, gutter: int, inner: int) -> Iterator[str]:
    parts = [style.clean(text) for text in (panel.y_label, panel.title) if text]
    yield fit(": ".join(parts), gutter + 2 + inner, style.glyphs.ellipsis)
    if panel.captions:
        row = Canvas(1, inner)
        places = [(cell(across, x, inner) + 0.5, style.clean(label)) for x, label in panel.captions]
        for begin, text in apart(places, columns, inner, 1):
            row.write(0, int(begin), fit(text, inner, style.glyphs.ellipsis))
        yield " " * (gutter + 2) + style.styled(row.lines(style.glyphs, (), ())[0], DIM)


def _label(row: Canvas, centre: int, text: str) -> bool:
    """Write the text around a column where there is room; whether there was."""
    wide = columns(text)
    begin = max(0, min(centre - wide // 2, row.columns - wide))
    around = max(0, begin - 1)
    if not row.free(0, around, min(wide + 2, row.columns - around)):
        return False
    row.write(0, begin, text)
    return True


def _framed(canvas: Canvas, up: Axis, ticks: Sequence[tuple[float, str]], style: Style, gutter: int) -> Iterator[str]:
    labels = {canvas.rows - 1 - cell(up, value, canvas.rows): label for value, label in ticks}
    plain = tuple(style.letter(place) for place in range(len(style.names)))
    ansi = tuple(style.ansi(place) for place in range(len(style.names)))
    for row, line in enumerate(canvas.lines(style.glyphs, plain, ansi)):
        side = style.glyphs.tick if row in labels else style.glyphs.side
        yield f"{fit(labels.get(row, ''), gutter):>{gutter}} {side}{line}"


def _floor(axis: Axis, ticks: Sequence[tuple[float, str]], style: Style, gutter: int, inner: int) -> str:
    floor = [style.glyphs.floor] * inner
    for value, _ in ticks:
        floor[cell(axis, value, inner)] = style.glyphs.tick_below
    return " " * (gutter + 1) + style.glyphs.corner + "".join(floor)


def _feet(
    axis: Axis, ticks: Sequence[tuple[float, str]], x_label: str, style: Style, gutter: int, inner: int
) -> Iterator[str]:
    row = Canvas(1, inner)
    for value, label in ticks:
        _label(row, cell(axis, value, inner), label)
    left = " " * (gutter + 2)
    yield left + row.lines(style.glyphs, (), ())[0]
    yield left + fit(style.clean(x_label), inner, style.glyphs.ellipsis).center(inner)


def sparkline(values: ArrayLike, width: int = 40) -> str:
    """The values (n,) as one line of at most `width` (>= 1) bars, the lowest to the highest; a gap is a space.

    More values than columns are averaged; a constant is drawn in the middle; none gives "".

    >>> sparkline([0, 1, 2, 3])
    '▁▃▆█'
    """
    given = np.array(values, dtype=np.float64).ravel()
    given[~(np.abs(given) < LARGEST)] = np.nan
    if not given.size:
        return ""
    parts = np.array_split(given, max(1, min(width, given.size)))
    means = np.array([part[np.isfinite(part)].mean() if np.isfinite(part).any() else np.nan for part in parts])
    if not np.isfinite(means).any():
        return " " * means.size
    bars, low, high = fits(_encoding()).bars, float(np.nanmin(means)), float(np.nanmax(means))
    level = (means - low) / (high - low) if high > low else 0 * means + 0.5  # a constant: the middle
    return "".join(" " if np.isnan(share) else bars[round(share * (len(bars) - 1))] for share in level)
