"""What a command is given: a text or a file that describes a schedule, in any dialect, or the log of a run."""

import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import click

from glidepath.errors import GlidepathError, LogError, SpecError, shown
from glidepath.runs.journal import read_journal
from glidepath.runs.run import Run
from glidepath.schedules.dialects import documents
from glidepath.schedules.dialects.documents import OURS, Document, Terms
from glidepath.schedules.dialects.documents.form import closest
from glidepath.schedules.families import FAMILIES
from glidepath.schedules.schedule import Recipe, Schedule

STANDARD_INPUT = "-"
JOURNAL, SEGMENT = ".jsonl", b'{"segment"'  # a journal's ending, and how its first line begins
# Endings by which a source that is not there is known to be a file, and not a text.
FILES = (JOURNAL, ".json", ".toml", ".yaml", ".yml", ".sh", ".txt", ".args", ".cfg")
NEVER_IN_A_NAME = "(){}=>\n"  # a source with any of these was meant as a text
LONGEST_NAME = 4_096  # characters of a path, that of Linux
LARGEST = 10_000_000  # bytes of a file, far above any that describes a schedule
UTF16 = (b"\xff\xfe", b"\xfe\xff")  # how a text begins that a Windows shell has redirected into a file


@dataclass(frozen=True, slots=True)
class Source:
    """A text read once: what it is called in complaints, "" where it was written out, and its journal if it is one.

    `log` is the file or the folder, which may be a log of another program, and `unread` why it is no text.
    """

    name: str
    text: str = ""
    journal: Path | None = None
    log: Path | None = None
    unread: str = ""

    @classmethod
    def of(cls, source: str) -> "Source":
        """The standard input for "-", a file where there is one of that name, else the text itself."""
        if source == STANDARD_INPUT:
            return _standard_input()
        return _file(Path(source)) if _is_file(source) else cls("", source)

    def value(self, terms: Terms) -> Document | Run:
        """Whatever it describes; a file is the log of a run only where it describes no schedule."""
        if self.journal is not None:
            return read_journal(self.journal)
        try:
            return self._document(terms)
        except SpecError:
            run = None if self.log is None else _logged(self.log)
            if run is None:
                raise
            return run

    def _document(self, terms: Terms) -> Document:
        if self.unread:
            raise SpecError(self.unread)
        if not self.text.strip():
            raise SpecError(f"expected a schedule, got an empty text{self.name and ' in ' + self.name}")
        try:
            return documents.read(self.text, terms)
        except SpecError as error:
            if not self.name and _like_a_name(self.text):
                raise SpecError(_neither(self.text)) from error
            raise SpecError(f"{self.name}: {error}" if self.name else str(error)) from error

    def document(self, terms: Terms) -> Document:
        """The schedule that it describes; raises SpecError for the journal of a run."""
        value = self.value(terms)
        if isinstance(value, Run):
            raise SpecError(f"expected a schedule, got the log of a run, {self.name}: write glidepath show {self.name}")
        return value

    def schedule(self, terms: Terms) -> tuple[Document, Schedule]:
        """The schedule, and what the text says besides; notes go to the standard error."""
        document = self.document(terms)
        self.noted(document)
        return document, self.bound(document, terms)

    def noted(self, document: Document) -> None:
        """Say what was mended, or is never used, on the standard error."""
        for note in document.notes:
            click.echo(f"{self.name or document.title}: {note}", err=True)

    def bound(self, document: Document, terms: Terms) -> Schedule:
        """A schedule as it is, a recipe over the horizon and with the peak given; what it does not use is said."""
        value = document.value
        if isinstance(value, Recipe):
            if terms.horizon is None:
                raise SpecError(f"expected a horizon for the recipe {value!s:.200}, got none: write --horizon 100k")
            return value.over(terms.horizon, peak=terms.peak)
        steps = None if terms.horizon is None else terms.horizon.steps
        if steps not in (None, value.horizon.steps, document.run_steps):
            self._unused(document, f"--horizon {steps}", f"a horizon of {value.horizon.steps} steps")
        if terms.peak not in (None, value.peak):
            self._unused(document, f"--peak {terms.peak:g}", f"a peak of {value.peak or 1.0:g}")
        return value

    def _unused(self, document: Document, option: str, own: str) -> None:
        click.echo(f"{self.name or document.title}: {option} is not used, because it says {own} itself", err=True)

    def faithful(self, document: Document, terms: Terms) -> Schedule | None:
        """The schedule with all that its library does behind its end, where it is another's and can be read so."""
        if document.library == OURS:
            return None
        with suppress(GlidepathError):
            value = self.document(replace(terms, faithful=True)).value
            return value if isinstance(value, Schedule) else None
        return None


def _standard_input() -> Source:
    """What is piped in; a person at a terminal is told how, instead of being waited for."""
    if sys.stdin is None or sys.stdin.isatty():
        raise SpecError('expected a text on the standard input, got a terminal: write "... | glidepath ... -"')
    return _decoded("the standard input", sys.stdin.buffer.read(LARGEST + 1))


def _file(path: Path) -> Source:
    try:
        with path.open("rb") as file:
            head = file.read(len(SEGMENT))
            if head == SEGMENT:
                return Source(str(path), journal=path)
            content = head + file.read(LARGEST + 1 - len(head))
        return replace(_decoded(str(path), content), log=path)
    except SpecError as error:
        return Source(str(path), log=path, unread=str(error))
    except OSError as error:
        unread = f"expected a file that can be read, got {path}: {error.strerror}"
        if not path.is_dir():
            raise SpecError(unread) from error
        return Source(str(path), log=path, unread=unread)


def _logged(path: Path) -> Run | None:
    """The run of a log that another program wrote, or None where there is none."""
    from glidepath.logs.opening import open_runs  # here, because a schedule waits for no reader

    try:
        runs = open_runs(path)
    except LogError:
        return None
    if len(runs) > 1:
        raise SpecError(f"expected one run, got {len(runs)} in {path}: write glidepath report {path}")
    return next(iter(runs.values()))


def _decoded(name: str, content: bytes) -> Source:
    if len(content) > LARGEST:
        raise SpecError(f"{name}: expected a text of at most {LARGEST} bytes, got more")
    if content.startswith(SEGMENT):
        raise SpecError(f"{name}: expected a schedule, got the journal of a run: give its file")
    try:
        return Source(name, content.decode("utf-16" if content.startswith(UTF16) else "utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SpecError(f"{name}: expected UTF-8 text, got other bytes") from error


def _is_file(source: str) -> bool:
    """Whether a source names a file: one that is there, or a name of one word with the ending of one.

    A family's name is that family; the file beside it is `./wsd`.
    """
    if not 0 < len(source) <= LONGEST_NAME or source in {one.name for one in FAMILIES}:
        return False
    with suppress(OSError, ValueError):  # a name that is too long, in a folder that nobody may look into; no name
        if Path(source).exists():
            return True
    return Path(source).suffix in FILES and _like_a_name(source) and " " not in source


def _like_a_name(source: str) -> bool:
    """Whether a text that is no schedule was more likely meant as a name, of a file or a family."""
    return len(source) <= LONGEST_NAME and "--" not in source and not set(NEVER_IN_A_NAME).intersection(source)


def _neither(source: str) -> str:
    hint = closest(source, [one.name for one in FAMILIES])
    return (
        f"expected a schedule as text, a file that is there, or a name of glidepath list, got {shown(source)}: {hint}"
    )
