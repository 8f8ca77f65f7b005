"""A run under way, or ended, as its journal tells: what it goes by, and its next update."""

from pathlib import Path
from typing import NamedTuple

from glidepath.errors import GlidepathError, JournalError
from glidepath.runs.journal import read_journal
from glidepath.runs.run import Run
from glidepath.schedules.amendments import amendment
from glidepath.schedules.course import Course, course, lr_of
from glidepath.schedules.schedule import Schedule

SPEC = "spec"  # what the settings of a run have where a schedule was attached with its journal
JOURNAL = "journal.jsonl"  # in the folder of a run


class Running(NamedTuple):
    """The journal of a run, what it goes by, and the number of its next update."""

    path: Path
    course: Course
    step: int

    @property
    def schedule(self) -> Schedule:
        """The learning rate in force."""
        return lr_of(self.course.in_force)


def running(path: Path) -> Running:
    """The run of a journal, or of the folder that has one; raises JournalError where it says nothing of a schedule."""
    journal = path / JOURNAL if path.is_dir() else path
    run = read_journal(journal)
    if SPEC not in run.settings:
        raise JournalError(f"{journal}: expected the journal of a schedule that was attached with it, got another")
    found, begin = course(run.settings), run.segments[-1] if run.segments else 0
    for table in run.amendments:
        if table["step"] >= begin:
            found = _amended(journal, found, dict(table))
    return Running(journal, found, _next(run, begin))


def _amended(journal: Path, found: Course, table: dict[str, object]) -> Course:
    try:
        return found.amend(amendment(table))
    except GlidepathError as error:
        raise JournalError(f"{journal}: {error}") from error


def _next(run: Run, begin: int) -> int:
    return max([begin, *(int(curve.steps[-1]) + 1 for curve in run.curves.values() if len(curve))])
