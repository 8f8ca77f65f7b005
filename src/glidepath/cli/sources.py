"""What a command is given: a text or a file that describes a schedule, in any dialect, or the journal of a run."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import click

from glidepath.errors import GlidepathError, SpecError
from glidepath.runs.journal import read_journal
from glidepath.runs.run import Run
from glidepath.schedules.dialects import documents
from glidepath.schedules.dialects.documents import OURS, Document, Terms
from glidepath.schedules.families import FAMILIES
from glidepath.schedules.schedule import Recipe, Schedule

JOURNAL = ".jsonl"
# Endings by which a source that is not there is known to be a file, and not a text.
FILES = (JOURNAL, ".json", ".toml", ".yaml", ".yml", ".sh", ".txt", ".args", ".cfg")
LONGEST_NAME = 4_096  # characters of a path, that of Linux
LARGEST = 10_000_000  # bytes of a file, far above any that describes a schedule


def schedule_of(source: str, terms: Terms) -> tuple[Document, Schedule]:
    """The schedule that a source describes, and what its text says besides; notes go to the standard error."""
    document = described(source, terms)
    noted(source, document)
    return document, bound(document.value, terms)


def noted(source: str, document: Document) -> None:
    """Say what was mended, or is never used, on the standard error."""
    for note in document.notes:
        click.echo(f"{source}: {note}", err=True)


def described(source: str, terms: Terms) -> Document:
    """What a source says; raises SpecError for the journal of a run."""
    value = read(source, terms)
    if isinstance(value, Run):
        raise SpecError(f"expected a schedule, got the journal of a run, {source}: write glidepath show {source}")
    return value


def bound(value: Recipe | Schedule, terms: Terms) -> Schedule:
    """A schedule as it is, a recipe over the horizon and with the peak that were given."""
    if isinstance(value, Schedule):
        return value
    if terms.horizon is None:
        raise SpecError(f"expected a horizon for the recipe {value}, got none: write --horizon 100k")
    return value.over(terms.horizon, peak=terms.peak)


def read(source: str, terms: Terms) -> Document | Run:
    """Whatever a source describes: a file where there is one of that name, else the text itself."""
    if not _is_file(source):
        return documents.read(source, terms)
    path = Path(source)
    if path.suffix == JOURNAL:
        return read_journal(path)
    if path.stat().st_size > LARGEST:
        raise SpecError(f"{path}: expected a file of at most {LARGEST} bytes, got {path.stat().st_size}")
    try:
        return documents.read(path.read_text(encoding="utf-8-sig"), terms)
    except UnicodeDecodeError as error:
        raise SpecError(f"{path}: expected UTF-8 text, got other bytes") from error
    except SpecError as error:
        raise SpecError(f"{path}: {error}") from error


def faithful(source: str, document: Document, terms: Terms) -> Schedule | None:
    """The schedule with all that its library does behind its end, where it is another's and can be read so."""
    if document.library == OURS:
        return None
    with suppress(GlidepathError):
        value = described(source, replace(terms, faithful=True)).value
        return value if isinstance(value, Schedule) else None
    return None


def _is_file(source: str) -> bool:
    """Whether a source names a file: one that is there, or a name of one word with the ending of one.

    A family's name is that family; the file beside it is `./wsd`.
    """
    if len(source) > LONGEST_NAME or not source.isprintable() or source in {one.name for one in FAMILIES}:
        return False
    with suppress(OSError):  # a name that is too long, in a folder that nobody may look into
        if Path(source).exists():
            return True
    return Path(source).suffix in FILES and " " not in source
