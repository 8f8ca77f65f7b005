"""Text that must fit into the columns of a terminal, and that must not command it."""

import unicodedata

ELLIPSIS = "…"


def clean(text: str, encoding: str = "utf-8") -> str:
    """One line of printable text that `encoding` can carry; what it cannot is a "?".

    >>> clean("a\\n\\x1b[31mb")
    'a ?[31mb'
    """
    line = " ".join(text.split())
    printable = "".join(letter if letter.isprintable() else "?" for letter in line)
    return printable.encode(encoding, "replace").decode(encoding)


def columns(text: str) -> int:
    """How many columns a terminal gives the text: two to a wide letter, none to a combining one.

    >>> columns("lr"), columns("学習率")
    (2, 6)
    """
    return sum(_columns_of(letter) for letter in text)


def _columns_of(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1


def fit(text: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """The text, cut to at most `width` columns, with the ellipsis where it was cut.

    >>> fit("learning rate", 8)
    'learnin…'
    """
    if columns(text) <= width:
        return text
    room, taken = width - columns(ellipsis), ""
    for letter in text:
        if columns(taken + letter) > room:
            break
        taken += letter
    return (taken + ellipsis) if room >= 0 else ""


def wrap(text: str, width: int, lines: int, ellipsis: str = ELLIPSIS) -> list[str]:
    """The text broken at spaces into at most `lines` lines of `width` columns; the rest is cut.

    >>> wrap("one two three", 8, 2)
    ['one two', 'three']
    """
    out: list[str] = []
    words = text.split()
    while words and len(out) < lines - 1:
        line = words.pop(0)
        while words and columns(f"{line} {words[0]}") <= width:
            line = f"{line} {words.pop(0)}"
        out.append(fit(line, width, ellipsis))
    return [*out, fit(" ".join(words), width, ellipsis)] if words else out
