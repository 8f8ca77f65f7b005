"""A log that is being written: asked again and again, it tells what it has come to."""

from pathlib import Path

from glidepath.errors import LogError
from glidepath.logs import table
from glidepath.logs.delimited import layout_of
from glidepath.logs.files import GZIP, MARKS, head_of, is_file, refusals, text_of
from glidepath.logs.opening import open_run, reader_of, run_of
from glidepath.logs.rows import Delimited, JsonLines
from glidepath.logs.sheet import recorded
from glidepath.runs.run import Run

BLOCK = 2**24  # bytes read at once
Place = tuple[int, int, int, int]  # of a file: device, number, size, time of the last change


def follow(path: str | Path) -> "Following":
    """A log to be asked for its run whenever one likes; it need not be there yet.

    >>> follow("not_there_yet.csv").again() is None
    True
    """
    return Following(Path(path))


class Following:
    """A log that grows: of a plain table only what was appended is read, another form again as it changes."""

    def __init__(self, path: Path) -> None:
        """Nothing is read yet."""
        self._path = path
        self._seen: Place | None = None
        self._growing: _Growing | None = None

    def again(self) -> Run | None:
        """The run as it stands, whole lines only; None where nothing was written since the last time, or ever.

        A log that was cut, or has another in its place, is read from its start; a folder is read again every time.
        Raises LogError as `open_run` does, and so for a header alone: ask again later.
        """
        if self._path.is_dir():
            return open_run(self._path)
        place = _place(self._path)
        if place is None or place == self._seen:
            return None
        if self._seen is None or place[:2] != self._seen[:2] or place[2] < self._seen[2]:
            self._growing = None
        self._seen = place
        self._growing = self._growing or _growing(self._path)
        return open_run(self._path) if self._growing is None else self._growing.run()


class _Growing:
    """A table of lines, and how far it was read."""

    def __init__(self, path: Path, rows: Delimited | JsonLines, skipped: int) -> None:
        self._path, self._rows, self._skipped, self._read = path, rows, skipped, 0

    def run(self) -> Run:
        with refusals(self._path), self._path.open("rb") as file:
            file.seek(self._read)
            rest = b""
            while block := file.read(BLOCK):
                whole, end, rest = (rest + block).rpartition(b"\n")
                self._read += len(whole) + len(end)
                self._feed(whole + end)
        run = run_of(self._path.name, recorded(self._rows.sheet()), table.NAME)
        if not run.curves:
            raise LogError(f"expected a log with at least one value at {self._path}, got none yet")
        return run

    def _feed(self, data: bytes) -> None:
        lines = data.decode(errors="replace").splitlines(keepends=True)
        self._rows.feed(lines[self._skipped :])
        self._skipped = max(0, self._skipped - len(lines))


def _place(path: Path) -> Place | None:
    """None where there is no file, or an empty one."""
    if not is_file(path):
        return None
    with refusals(path):
        about = path.stat()
    return (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns) if about.st_size else None


def _growing(path: Path) -> _Growing | None:
    """A table of plain lines to be read on, or None for every other form."""
    head = head_of(path)
    if reader_of(path) is not table or head.startswith((GZIP, table.PARQUET, *MARKS)):
        return None
    with path.open("rb") as file:
        if file.read(len(GZIP)) == GZIP:
            return None
    if text_of(head).lstrip().startswith("{"):
        return _Growing(path, JsonLines(), 0)
    layout = layout_of(path)
    table.expect(path, layout.names)
    return _Growing(path, Delimited(layout), layout.skipped)
