"""Files that others wrote, opened with care: only regular ones, unpacked and decoded within bounds."""

import io
import stat
import zlib
from codecs import getincrementaldecoder
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from glidepath.errors import LogError, shown

HEAD = 2**16  # bytes that a reader is shown to know its form by
LONGEST_LINE = 2**20  # characters; what stands behind them in a line is left out
LARGEST_UNPACKED = 2**26  # bytes that a gzip'd log may come to; a larger one is for the user to unpack
LONGEST_PATH = 200  # characters of one in a complaint
GZIP = b"\x1f\x8b"
OF_GZIP = 16 + zlib.MAX_WBITS  # zlib's own sign for the format with gzip's header
MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}  # at the start of a text, else it is UTF-8
MARK = "\ufeff"


def called(path: Path) -> str:
    """A path as a complaint shows it."""
    text = str(path)
    return text if text.isprintable() and len(text) <= LONGEST_PATH else shown(text, LONGEST_PATH)


def is_file(path: Path) -> bool:
    """Whether a path is a regular file: opening a device or a pipe could wait for ever."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """What the system or the packing refuses while a file is read, as a LogError that names it."""
    try:
        yield
    except (OSError, zlib.error) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise LogError(f"expected a log that can be read at {called(path)}, got a refusal: {reason}") from error


def opened(path: Path) -> io.BufferedReader:
    """A regular file open for reading its bytes, unpacked on the way where it is gzip'd; for the caller to close.

    A packed file that was cut ends where it was cut. Raises LogError for what is no regular file.
    """
    if not is_file(path):
        what = "a folder" if path.is_dir() else "something else"
        raise LogError(f"expected a file at {called(path)}, got {what if path.exists() else 'nothing'}")
    with refusals(path):
        file = path.open("rb")
        packed = file.read(len(GZIP)) == GZIP
        file.seek(0)
    return io.BufferedReader(_Unpacked(file, path), HEAD) if packed else file


def head_of(path: Path) -> bytes:
    """The first 64 kB of a file, unpacked where it is gzip'd; b"" where nothing can be read."""
    try:
        with opened(path) as file, refusals(path):
            return file.read(HEAD)
    except LogError:
        return b""


def size_of(path: Path) -> int:
    """The bytes of a file, unpacked where it is gzip'd. Raises LogError where they are too many."""
    with opened(path) as file, refusals(path):
        if file.seekable():
            return file.seek(0, io.SEEK_END)
        return sum(map(len, iter(lambda: file.read(HEAD), b"")))


def encoding_of(head: bytes) -> str:
    """By the mark at a text's start, else UTF-8."""
    return next((name for mark, name in MARKS.items() if head.startswith(mark)), "utf-8")


def text_of(head: bytes) -> str:
    """Bytes from a file's start as text; what is not in the encoding reads as U+FFFD."""
    return head.decode(encoding_of(head), errors="replace").removeprefix(MARK)


def lines_of(path: Path) -> Generator[str]:
    """The lines of a text, each with its end, so that a last one that was cut is one without.

    UTF-8, or UTF-16 where the file says so at its start. A line longer than a million characters is cut there. Every
    end of a line reads as "\\n". Raises LogError.
    """
    with opened(path) as file, refusals(path):
        yield from chain.from_iterable(_bounded(_texts(file)))


def _texts(file: io.BufferedReader) -> Iterator[str]:
    """A file, decoded, part by part as it can be read: what stands before damage is not lost with it."""
    start = file.peek(len(GZIP))[: len(GZIP)]
    decoder = io.IncrementalNewlineDecoder(getincrementaldecoder(encoding_of(start))(errors="replace"), translate=True)
    yield decoder.decode(file.read1(HEAD)).removeprefix(MARK)
    while data := file.read1(HEAD):
        yield decoder.decode(data)
    yield decoder.decode(b"", final=True)


def _bounded(texts: Iterable[str]) -> Iterator[list[str]]:
    """The lines of a text that comes in parts, each with its end; what a long one has behind the bound is left out."""
    rest, inside = "", False  # a line that goes on; whether it was cut already
    for text in texts:
        if inside:
            _, end, text = text.partition("\n")
            inside = not end
        lines = io.StringIO(rest + text).readlines()
        rest = "" if not lines or lines[-1].endswith("\n") else lines.pop()
        if lines and len(lines[0]) > LONGEST_LINE:
            lines[0] = lines[0][:LONGEST_LINE] + "\n"
        if len(rest) >= LONGEST_LINE:
            lines.append(rest[:LONGEST_LINE] + "\n")
            rest, inside = "", True
        yield lines
    if rest:
        yield [rest]


class _Unpacked(io.RawIOBase):
    """The bytes of a gzip'd file, no more than the bound, to wherever it was cut."""

    def __init__(self, file: io.BufferedReader, path: Path) -> None:
        self._file, self._path, self._left = file, path, LARGEST_UNPACKED
        self._member, self._packed = zlib.decompressobj(OF_GZIP), b""

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def readinto(self, buffer: Any) -> int:  # any writable buffer, which Python 3.11 has no type for
        data = self._more(len(buffer))
        buffer[: len(data)] = data
        self._left -= len(data)
        if self._left < 0:
            most = LARGEST_UNPACKED >> 20
            raise LogError(f"{called(self._path)}: expected a packed log of at most {most} MiB, got more: unpack it")
        return len(data)

    def _more(self, most: int) -> bytes:
        while True:
            if self._member.eof:
                self._packed = self._member.unused_data or self._packed
                self._member = zlib.decompressobj(OF_GZIP)
            self._packed = self._packed or self._file.read(HEAD)
            data = self._member.decompress(self._packed, most)
            self._packed = self._member.unconsumed_tail
            if data or not (self._packed or self._member.eof or self._peek()):
                return data

    def _peek(self) -> bool:
        self._packed = self._file.read(HEAD)
        return bool(self._packed)
