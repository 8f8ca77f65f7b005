"""The colours of a figure, told apart by colour-blind readers too, and readable on light and on dark.

Source of the hues: Okabe and Ito (2008), Color Universal Design, without the yellow, which white swallows.
"""

from dataclasses import dataclass
from typing import Literal

Dash = Literal["solid", "dash", "dot"]


@dataclass(frozen=True, slots=True)
class Ink:
    """One colour: its red, green and blue in hex, the nearest of a terminal's 256, and a plain character."""

    hex: str
    ansi: int
    glyph: str


INKS = (
    Ink("#0072B2", 32, "*"),  # blue
    Ink("#D55E00", 166, "o"),  # vermilion
    Ink("#009E73", 36, "+"),  # green
    Ink("#CC79A7", 175, "x"),  # purple
    Ink("#E69F00", 172, "#"),  # orange
    Ink("#56B4E9", 74, "@"),  # sky
    Ink("#7F7F7F", 244, "%"),  # grey, in the place of black, which a dark page swallows
)
OPAQUE = 255  # of a colour in hex
DASHES: tuple[Dash, ...] = ("solid", "dash", "dot")
TONES = {  # of what is marked: worth knowing, suspect, wrong; readable on light and on dark
    "note": Ink("#7F8791", 244, ":"),
    "suspect": Ink("#BF8700", 178, "?"),
    "wrong": Ink("#CF222E", 160, "!"),
}
SHADE, RIM = 0.18, 0.6  # the opacity of a stretch that is marked, on which a curve stays the darker; of its ends
TEXT, MUTED, GRID, PAPER = "#1F2328", "#59636E", "#E4E7EB", "#FFFFFF"  # of an image, which has no dark form


def ink(place: int) -> Ink:
    """The colour of the name at `place` (>= 0) of a figure; they repeat, each time with another dash."""
    return INKS[place % len(INKS)]


def sheer(color: str, opacity: float) -> str:
    """A colour in hex with an opacity (0 to 1), in hex too.

    >>> sheer("#0072B2", 0.5)
    '#0072B280'
    """
    return f"{color}{round(opacity * OPAQUE):02X}"


def dash(place: int) -> Dash:
    """How the line of the name at `place` is broken.

    >>> dash(0), dash(len(INKS))
    ('solid', 'dash')
    """
    return DASHES[place // len(INKS) % len(DASHES)]
