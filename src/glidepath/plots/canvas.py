"""A grid of terminal cells with 2 x 4 dots each, on which lines and letters are drawn."""

from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from glidepath.plots.lettering import columns as columns_of

ACROSS, DOWN = 2, 4  # the dots of a cell, as Unicode's braille has them
BLANK = 0x2800  # the first braille letter
# The bit of each dot, from the top row to the bottom: Unicode's own order.
BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.uint8)
NOBODY = ""  # the owner of a cell that is drawn in the terminal's own colour


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters of a picture; `braille` tells whether the terminal can carry the dots."""

    braille: bool
    side: str
    tick: str
    corner: str
    floor: str
    tick_below: str
    mark: str
    shade: str
    point: str
    dot: str
    swatch: str
    ellipsis: str
    bars: str


UNICODE = Glyphs(True, "│", "┤", "└", "─", "┬", "┊", "░", "●", "•", "━━", "…", "▁▂▃▄▅▆▇█")
ASCII = Glyphs(False, "|", "+", "+", "-", "+", ":", ".", "O", "o", "--", ".", "_.-=+*#@")


def fits(encoding: str) -> Glyphs:
    """The glyphs that an output of this encoding can carry.

    >>> fits("ascii").braille
    False
    """
    try:
        (chr(BLANK) + "".join(UNICODE.bars + UNICODE.point + UNICODE.mark)).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


class Canvas:
    """`rows` x `columns` cells; a dot's place is counted from the bottom left, as a reader of curves does."""

    def __init__(self, rows: int, columns: int) -> None:
        """An empty canvas."""
        self.rows, self.columns = rows, columns
        self.bits = np.zeros((rows, columns), dtype=np.uint8)
        self.owner = np.full((rows, columns), -1, dtype=np.int64)
        self.letters: dict[tuple[int, int], tuple[str, str]] = {}

    @property
    def size(self) -> tuple[int, int]:
        """The dots across and the dots up."""
        return self.columns * ACROSS, self.rows * DOWN

    def dots(self, x: NDArray[np.float64], y: NDArray[np.float64], owner: int) -> None:
        """Set the dots nearest to (x, y), each (n,); those outside and NaN are left out."""
        wide, tall = self.size
        there = (x > -0.5) & (x < wide - 0.5) & (y > -0.5) & (y < tall - 0.5)
        across, up = np.rint(x[there]).astype(np.int64), np.rint(y[there]).astype(np.int64)
        across, down = np.clip(across, 0, wide - 1), np.clip(tall - 1 - up, 0, tall - 1)
        cells = (down // DOWN, across // ACROSS)
        np.bitwise_or.at(self.bits, cells, BITS[down % DOWN, across % ACROSS])
        self.owner[cells] = owner

    def line(self, x: NDArray[np.float64], y: NDArray[np.float64], owner: int, *, every: int = 1) -> None:
        """Join the dots (x, y), each (n,), NaN a gap; of the line's own dots keep one in `every`."""
        tall = self.size[1]
        up = np.clip(y, -1.0, float(tall))  # a far point is drawn towards, not to
        ahead, rise = np.diff(x), np.diff(up)
        joined = np.isfinite(ahead) & np.isfinite(rise)
        count = np.where(joined, np.ceil(np.maximum(np.abs(ahead), np.abs(rise))) + 1, 0)
        count = np.nan_to_num(count).astype(np.int64)
        segment = np.repeat(np.arange(count.size), count)
        first = np.cumsum(count) - count
        share = (np.arange(segment.size) - first[segment]) / np.maximum(count[segment] - 1, 1)
        px, py = x[segment] + share * ahead[segment], up[segment] + share * rise[segment]
        self.dots(px[::every], py[::every], owner)

    def write(self, row: int, column: int, text: str, style: str = NOBODY) -> None:
        """Put text over the dots, from a cell on; what does not fit into the canvas is left out."""
        for letter in text:
            wide = columns_of(letter)
            if 0 <= row < self.rows and column >= 0 and column + wide <= self.columns:
                self.letters[row, column] = (letter, style)
                if wide == ACROSS:
                    self.letters[row, column + 1] = ("", style)
            column += wide

    @property
    def written(self) -> NDArray[np.bool_]:
        """Which cells hold a letter."""
        cells = np.zeros((self.rows, self.columns), dtype=bool)
        for row, column in self.letters:
            cells[row, column] = True
        return cells

    def free(self, row: int, column: int, width: int = 1) -> bool:
        """Whether these cells lie on the canvas and hold neither a dot nor a letter."""
        inside = 0 <= row < self.rows and column >= 0 and column + width <= self.columns
        return inside and not any(
            self.bits[row, place] or (row, place) in self.letters for place in range(column, column + width)
        )

    def lines(self, glyphs: Glyphs, names: tuple[str, ...], styles: tuple[str, ...]) -> list[str]:
        """The rows as text from the top; `names` are the plain characters of the owners, `styles` their ANSI."""
        return [self._line(row, glyphs, names, styles) for row in range(self.rows)]

    def _line(self, row: int, glyphs: Glyphs, names: tuple[str, ...], styles: tuple[str, ...]) -> str:
        cells = [self._cell(row, column, glyphs, names, styles) for column in range(self.columns)]
        runs = groupby(cells, key=lambda cell: cell[1])
        return "".join(styled("".join(letter for letter, _ in run), style) for style, run in runs)

    def _cell(
        self, row: int, column: int, glyphs: Glyphs, names: tuple[str, ...], styles: tuple[str, ...]
    ) -> tuple[str, str]:
        if (row, column) in self.letters:
            return self.letters[row, column]
        bits, owner = int(self.bits[row, column]), int(self.owner[row, column])
        if not bits:
            return " ", NOBODY
        return (chr(BLANK + bits) if glyphs.braille else names[owner]), styles[owner]


def styled(text: str, style: str) -> str:
    """The text in an ANSI style such as "1" (bold) or "38;5;32"; as it is where the style is empty."""
    return f"\x1b[{style}m{text}\x1b[0m" if style else text
