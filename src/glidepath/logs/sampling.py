"""Lines of a text, plain: all of them for its reader, and some for those who have yet to know it."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from glidepath.errors import LogError
from glidepath.logs.files import GZIP, HEAD, MARKS, is_file, lines_of, text_of
from glidepath.logs.tally import Tally

LONGEST = 10_000  # characters: a longer line is no line of numbers, and costs no search
COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")  # control sequences, ECMA-48
# Files that quote lines of logs, and are none.
SOURCES = {
    *(".py", ".pyi", ".ipynb", ".md", ".rst", ".html", ".sh", ".yaml", ".yml"),
    *(".c", ".cc", ".cpp", ".cu", ".h", ".hpp"),
}


def plain_lines(path: Path, tally: Tally, marks: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The lines of a text by row, without colours; one that was cut at the file's end is left out, and that is said."""
    return enumerate(_plain(path, tally, marks))


def _plain(path: Path, tally: Tally, marks: Iterable[str]) -> Iterator[str]:
    """Each line, or "" for one that is left out."""
    count = 0
    try:
        for line in lines_of(path):
            count += 1
            if line[-1] != "\n":
                if any(mark in line for mark in marks):
                    tally.notes.append("the last line was cut in the middle, left out")
            elif len(line) >= LONGEST:
                yield ""
            else:
                yield COLOURS.sub("", line) if "\x1b" in line else line
    except LogError as error:
        if not count:
            raise
        tally.notes.append(f"read up to line {count}: {error}")


def sampled(path: Path, head: bytes, mark: str) -> Iterator[str]:
    """Lines with a mark in a text's start, and where it is longer in its middle and end: a banner can be long."""
    try:
        about = path.stat()
    except OSError:
        return
    text = _sample(path, head, about.st_size, about.st_mtime_ns)
    if mark in text:
        yield from (line for line in text.splitlines() if mark in line and len(line) < LONGEST)


@lru_cache(maxsize=1)
def _sample(path: Path, head: bytes, size: int, _changed: int) -> str:
    """The text that all readers are shown, one after the other; "" for what is no log of text by its name or bytes."""
    if path.suffix.lower() in SOURCES or (b"\0" in head and not head.startswith(tuple(MARKS))):
        return ""
    text = "\n".join(text_of(part) for part in (head, *_deeper(path, head, size)))
    return COLOURS.sub("", text)


def _deeper(path: Path, head: bytes, size: int) -> Iterator[bytes]:
    """64 kB from the middle and from the end of a file that is not packed."""
    if len(head) < HEAD or not is_file(path):
        return
    try:
        with path.open("rb") as file:
            packed = file.read(len(GZIP)) == GZIP
            for place in () if packed or head.startswith(tuple(MARKS)) else (size // 2, max(size - HEAD, 0)):
                file.seek(place)
                yield file.read(HEAD)
    except OSError:
        return
