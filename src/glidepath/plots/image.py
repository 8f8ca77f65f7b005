"""A figure as a PNG or an SVG file, drawn by matplotlib without its global state."""

import io
import textwrap
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from glidepath._extras import require
from glidepath.errors import GlidepathError
from glidepath.plots.atomic import write_whole
from glidepath.plots.axes import Axis, x_axis, y_axis
from glidepath.plots.figure import EMPTY, NAMELESS, Figure, Panel
from glidepath.plots.labels import apart
from glidepath.plots.lettering import fit
from glidepath.plots.palette import MUTED, PAPER, RIM, SHADE, TEXT, TONES, dash, ink, sheer
from glidepath.plots.panes import DASHES, DOT, FONT, SMALL_SIZE, WIDTH, curve, quiet, scaled, ticks

KINDS = (".png", ".svg")
SMALLEST, LARGEST = 2.0, 60.0  # inches: less has no room for an axis, more no room in memory
DPI = 160  # dots an inch: sharp on a screen of twice the usual density
TITLE_SIZE, LABEL_SIZE = 13.0, 10.0  # points
LETTER = 0.6 / 72  # inches that a letter of DejaVu Sans takes on average, for each point of its size
BOLD = 1.15  # times as wide
LINE = 1.4 / 72  # inches that a line of text takes, for each point of its size
LEFT, RIGHT, EDGE = 0.75, 0.3, 0.12  # inches beside the axes: tick labels; half of the last one; the paper's edge
TITLE_LINES, NOTE_LINES = 2, 3  # the rest is cut, so that the curves keep their room
LEGEND_SHARE = 0.25  # of the height, at most
NAME_LETTERS = 40  # of a name in the legend; the rest is cut
SWATCH = 0.45  # inches of a legend's entry beside its name
FEWEST = 3  # ticks: fewer do not show how an axis runs
TICKS_ACROSS, TICKS_UP = 1.0, 1.8  # an inch
SHORTEST = 0.2  # inches of a panel, where the text has taken the rest


def save(figure: Figure, path: str | PathLike[str], *, size: tuple[float, float] = (9.0, 5.0)) -> Path:
    """Draw the figure into `path`, a .png or an .svg file, of `size` (width, height) in inches, 2 to 60.

    The file is whole or absent. Returns the path. Raises GlidepathError for another suffix or size, or where
    it cannot be written, and MissingExtra without matplotlib.
    """
    target = Path(path)
    kind = target.suffix.lower()
    if kind not in KINDS:
        raise GlidepathError(f"expected a file ending in .png or .svg, got {target.name!r}")
    if not all(SMALLEST <= side <= LARGEST for side in size):
        raise GlidepathError(f"expected a size of {SMALLEST:g} to {LARGEST:g} inches each way, got {size}")
    content = io.BytesIO()
    # Neither the date nor the version: the same figure is the same picture.
    nothing = {"Date": None} if kind == ".svg" else {"Software": None}
    Drawing(figure, size).sheet.savefig(content, format=kind[1:], dpi=DPI, metadata=nothing)
    write_whole(target, content.getvalue())
    return target


class Drawing:
    """One figure laid out on a sheet of matplotlib's, from the title down to the note; all in inches."""

    def __init__(self, figure: Figure, size: tuple[float, float]) -> None:
        """Draw everything."""
        self.figure = figure
        self.width, self.height = size
        self.known = _glyphs()
        self.sheet: Any = require("matplotlib.figure").Figure(figsize=size, facecolor=PAPER)
        top = self._title()
        top = self._legend(figure.legend, top) if figure.legend else top
        self._panels(top, self._note())

    def _text(self, x: float, y: float, text: str, **style: Any) -> Any:
        """Text on the sheet, at inches from its top left; no letter of it is a command or is missing."""
        return self.sheet.text(
            x / self.width, 1 - y / self.height, self._plain(text), parse_math=False, family=FONT, **style
        )

    def _plain(self, text: str) -> str:
        line = "".join(letter if letter.isprintable() else " " for letter in text)
        return "".join(letter if ord(letter) in self.known else "□" for letter in line)

    def _wrapped(self, text: str, size: float, lines: int) -> list[str]:
        return textwrap.wrap(text, self._letters(size), max_lines=lines, placeholder=" …", break_on_hyphens=False)

    def _letters(self, size: float) -> int:
        """How many of this size fit beside one another; a word at least, however narrow."""
        return max(8, int((self.width - 2 * EDGE) / (LETTER * size)))

    def _title(self) -> float:
        lines = self._wrapped(self.figure.title, BOLD * TITLE_SIZE, TITLE_LINES)
        for number, line in enumerate(lines):
            y = EDGE + (number + 0.8) * LINE * TITLE_SIZE  # its letters stand on a line that deep
            self._text(EDGE, y, line, size=TITLE_SIZE, color=TEXT, weight="bold")
        return EDGE + len(lines) * LINE * TITLE_SIZE + EDGE / 2

    def _note(self) -> float:
        lines = self._wrapped(self.figure.note, SMALL_SIZE, NOTE_LINES)
        for number, line in enumerate(reversed(lines)):
            y = self.height - EDGE - number * LINE * SMALL_SIZE
            self._text(EDGE, y, line, size=SMALL_SIZE, color=MUTED)
        return self.height - EDGE - len(lines) * LINE * SMALL_SIZE

    def _legend(self, told: Sequence[str], top: float) -> float:
        """The names beside their lines, in columns; how many found no room is said."""
        names = [fit(self._plain(name), NAME_LETTERS) for name in told]
        column = SWATCH + LETTER * SMALL_SIZE * max(map(len, names)) + EDGE
        columns = max(1, int((self.width - EDGE) / column))
        room = columns * max(1, int(LEGEND_SHARE * self.height / (LINE * SMALL_SIZE)))
        shown = len(names) if len(names) <= room else room - 1
        rest = [f"and {len(names) - shown} more"] if shown < len(names) else []
        for place, name in enumerate([*names[:shown], *rest]):
            x, y = EDGE + place % columns * column, top + (place // columns + 1) * LINE * SMALL_SIZE
            self._text(x + SWATCH - EDGE, y, name or NAMELESS, size=SMALL_SIZE, color=TEXT)
            if place < shown:
                self._swatch(x, y - LETTER * SMALL_SIZE / 2, self.figure.names.index(told[place]))
        return top + -(-(shown + len(rest)) // columns) * LINE * SMALL_SIZE + EDGE

    def _swatch(self, x: float, y: float, place: int) -> None:
        line = require("matplotlib.lines").Line2D(
            [x / self.width, (x + SWATCH - 2 * EDGE) / self.width],
            [1 - y / self.height] * 2,
            color=ink(place).hex,
            linestyle=DASHES[dash(place)],
            linewidth=2 * WIDTH,
        )
        self.sheet.add_artist(line)

    def _panels(self, top: float, bottom: float) -> None:
        """The groups from `top` to `bottom`, each panel below its own heading, ticks below the last of a group."""
        panels, line = self.figure.panels, LINE * SMALL_SIZE
        feet = 2 * LINE * LABEL_SIZE + EDGE  # the tick labels and the x label
        heads = [EDGE + line * (1 + bool(panel.captions)) for panel in panels]
        room = bottom - top - sum(heads) - feet * len(self.figure.groups)
        room = max(room, SHORTEST * len(panels))
        unit = room / sum(panel.height for panel in panels)
        queue, y = iter(heads), top
        for group in self.figure.groups:
            axis = x_axis(group)
            for panel in group:
                y += next(queue)
                axes = self._panel(panel, axis, y, unit * panel.height)
                y += unit * panel.height
            self._feet(axes, axis, group[0].x_label)
            y += feet

    def _panel(self, panel: Panel, across: Axis, top: float, height: float) -> Any:
        width = self.width - LEFT - RIGHT
        box = (LEFT / self.width, 1 - (top + height) / self.height, width / self.width, height / self.height)
        axes = self.sheet.add_axes(box, facecolor=PAPER)
        up = y_axis(panel)
        scaled(axes, "x", across)
        scaled(axes, "y", up)
        ticks(axes, "y", up, max(FEWEST, round(height * TICKS_UP)))
        axes.set_xticks([place for place, _ in across.ticks(self._across)], [])
        quiet(axes)
        heading = ": ".join(text for text in (panel.y_label, panel.title) if text)
        lines = 1 + bool(panel.captions)
        self._text(
            EDGE,
            top - lines * LINE * SMALL_SIZE + EDGE / 2,
            fit(heading, self._letters(SMALL_SIZE)),
            size=SMALL_SIZE,
            color=MUTED,
        )
        for series in panel.series:
            curve(axes, panel, series, self.figure.names.index(series.name))
        if panel.empty:
            self._text(LEFT + width / 2, top + height / 2, EMPTY, size=SMALL_SIZE, color=MUTED, ha="center")
        self._marks(axes, panel, across, top)
        return axes

    @property
    def _across(self) -> int:
        return max(2, round((self.width - LEFT - RIGHT) * TICKS_ACROSS))

    def _marks(self, axes: Any, panel: Panel, across: Axis, top: float) -> None:
        width = self.width - LEFT - RIGHT
        for span in panel.spans:
            tone = TONES[span.tone].hex  # its ends in more of it, so that a stretch of one update is seen
            axes.axvspan(span.begin, span.end, fc=sheer(tone, SHADE), ec=sheer(tone, RIM), linewidth=1, zorder=0.5)
        for mark in panel.marks:
            if mark.y is None:
                axes.axvline(mark.x, color=MUTED, linewidth=1, linestyle=DASHES["dash"], zorder=1)
        places = [(float(across.place([x])[0]) * width, label) for x, label in panel.captions]
        wide = LETTER * SMALL_SIZE
        for begin, text in apart(places, lambda text: wide * len(text), width, 2 * wide):
            self._text(LEFT + begin, top - EDGE / 2, fit(text, self._letters(SMALL_SIZE)), size=SMALL_SIZE, color=TEXT)
        for mark in panel.marks:
            if mark.y is not None:
                axes.plot([mark.x], [mark.y], "o", color=TEXT, markersize=2 * DOT)
                axes.annotate(
                    self._plain(mark.label),
                    (mark.x, mark.y),
                    (2 * DOT, 2 * DOT),
                    textcoords="offset points",
                    size=SMALL_SIZE,
                    color=TEXT,
                    parse_math=False,
                    family=FONT,
                )

    def _feet(self, axes: Any, across: Axis, label: str) -> None:
        ticks(axes, "x", across, self._across)
        text = axes.set_xlabel("", size=LABEL_SIZE, color=MUTED, family=FONT)
        text.set_parse_math(False)
        text.set_text(fit(self._plain(label), self._letters(SMALL_SIZE)))


def _glyphs() -> frozenset[int]:
    """The letters that matplotlib's own font has."""
    path = require("matplotlib.font_manager").findfont(FONT)
    return frozenset(require("matplotlib.ft2font").FT2Font(path).get_charmap())
