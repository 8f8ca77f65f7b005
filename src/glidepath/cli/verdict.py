"""What was found in a run, in words for a terminal, and the options that the commands about runs share."""

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from glidepath.cli.options import Command, asks
from glidepath.diagnosis.finding import Finding
from glidepath.plots.figure import Figure
from glidepath.plots.findings import ends, where
from glidepath.plots.lettering import clean
from glidepath.plots.terminal import draw
from glidepath.runs.run import Run

WIDEST, NARROWEST = 100, 40  # columns of a sentence: more is hard to read, less breaks words
LOG = click.Path(path_type=Path)  # a run: the log of any framework, or the folder that it is in
LINES = 34  # of a picture of four panels, so that each has a shape, whatever the terminal
KEY = 8  # columns of what a line is about, as wide as the longest, "recipe"


def of_runs(command: Command) -> Command:
    """The options of every command that opens runs: what was planned, and whether appended runs are one."""

    plan = click.option("--plan", metavar="SOURCE", help="The schedule that it should have had, as for show.")
    apart = click.option("--apart", is_flag=True, help="Keep runs apart that wrote into one log one behind another.")
    return plan(apart(asks(command)))


def drawn(figure: Figure) -> str:
    """The picture, as tall as its panels need; the words behind it are scrolled to anyway."""
    return draw(figure, height=max(LINES if len(figure.panels) > 1 else 0, shutil.get_terminal_size().lines - 1))


def words(run: Run, findings: Sequence[Finding]) -> str:
    """Every finding in full, worst first; one line where there is none."""
    if not findings:
        return "  nothing looks wrong"
    first, last = ends(run)
    return "\n".join(line for place, one in enumerate(findings, 1) for line in _lines(place, one, first, last))


def _lines(place: int, one: Finding, first: int, last: int) -> Iterator[str]:
    yield "  " + clean(f"{place} {one.severity}: {one.kind}, {where(one, first, last)} ({one.sure:.0%} sure)")
    told = {"seen": one.evidence, "cause": one.cause, "try": one.fix, "recipe": one.recipe}
    told["known"] = ", ".join(one.threads)
    yield from (line for key, text in told.items() if text for line in row(key, text, indent=4))


def row(key: str, text: str, *, indent: int = 2) -> list[str]:
    """A word and the sentence behind it, broken to the width of the terminal."""
    columns = max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))
    lead = " " * indent + f"{key:<{KEY}}"
    behind = " " * len(lead)
    return textwrap.wrap(
        clean(text),
        columns,
        initial_indent=lead,
        subsequent_indent=behind,
        break_on_hyphens=False,
        break_long_words=False,
    )


def whole(key: str, text: str) -> str:
    """A word and what stands behind it, in one line however long, as names are not broken."""
    return f"  {key:<{KEY}}{clean(text)}"


def line(name: str, run: Run, findings: Sequence[Finding]) -> str:
    """A run and what was found in it, in one line."""
    if not findings:
        return f"  fine     {clean(name)}"
    first, last = ends(run)
    named = ", ".join(f"{one.kind} {where(one, first, last)}" for one in findings)
    return f"  {findings[0].severity:<7}  {clean(f'{name}: {named}')}"
