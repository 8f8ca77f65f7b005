"""The page of a report: what was found, how runs compare, and each run with its findings where they are."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from glidepath.cli.card import applied
from glidepath.cli.examining import Examined, brief
from glidepath.cli.ranking import MOST_REASONS, Ranking
from glidepath.diagnosis.finding import Finding
from glidepath.plots.findings import ends, findings_figure, where
from glidepath.plots.numbers import number
from glidepath.plots.page import Block, Picture, Table, Text, write_page

MOST_PICTURES = 12  # runs drawn on their own: a page of more takes a browser seconds to open
FINDINGS = ("#", "severity", "what", "where", "seen", "likely cause", "try", "sure")
RANKS = ("rank", "run", "last loss", "group")


def write_report(out: Path, found: Mapping[str, Examined], ranking: Ranking, refused: Mapping[str, str]) -> Path:
    """Write the page; the runs with the worst findings come first."""
    title = f"Report: {next(iter(found))}" if len(found) == 1 else f"Report of {len(found)} runs"
    return write_page(out, title=title, blocks=_blocks(found, ranking, refused))


def _blocks(found: Mapping[str, Examined], ranking: Ranking, refused: Mapping[str, str]) -> Iterator[Block]:
    several = len(found) > 1
    ordered = sorted(found.items(), key=lambda one: not one[1].alarm)
    if several or refused:
        yield _overview(found, refused)
    if ranking.comparison is not None:
        yield from _compared(ranking)
    for name, one in ordered[:MOST_PICTURES]:
        yield from _run(name, one)
    if len(ordered) > MOST_PICTURES:
        yield Text("", (f"{len(ordered) - MOST_PICTURES} runs more, without a picture of their own.",))


def _overview(found: Mapping[str, Examined], refused: Mapping[str, str]) -> Table:
    rows = [(name, _worst(one.findings), _schedule(one)) for name, one in found.items()]
    rows += [(name, f"not examined: {why}", "") for name, why in refused.items()]
    return Table("What was found", ("run", "worst", "schedule that ran"), tuple(rows))


def _worst(findings: Sequence[Finding]) -> str:
    if not findings:
        return "nothing looks wrong"
    more = f" and {len(findings) - 1} more" if len(findings) > 1 else ""
    return f"{findings[0].severity}: {findings[0].kind}{more}"


def _schedule(one: Examined) -> str:
    schedule, _ = applied(one)
    return "unknown" if schedule is None else brief(schedule)


def _compared(ranking: Ranking) -> Iterator[Block]:
    found = ranking.comparison
    rows = [
        (str(rank), name, number(found.finals[name]) if found else "", str(place))
        for place, group in enumerate(ranking.groups, 1)
        for rank, name in enumerate(group, 1)
    ]
    note = (
        "Runs of one group are ranked with one another, those of two groups are not." if len(ranking.groups) > 1 else ""
    )
    yield Table("Ranked by the last loss", RANKS, tuple(rows), note)
    reasons = ranking.reasons()[:MOST_REASONS]
    if reasons:
        yield Table("Not ranked with one another", ("run", "run", "because"), tuple(reasons))
    yield Picture(ranking.figure(), "The losses over the learning rates that made them.")


def _run(name: str, one: Examined) -> Iterator[Block]:
    figure = findings_figure(one.run, one.findings, recovered=one.recovered, plan=one.plan, title=name)
    yield Picture(figure, "Findings are shaded where they are; point at one to read it.")
    first, last = ends(one.run)
    if one.findings:
        rows = (_row(place, finding, first, last) for place, finding in enumerate(one.findings, 1))
        yield Table("Findings, worst first", FINDINGS, tuple(rows))
    yield Text("", tuple(_sentences(one)))


def _row(place: int, one: Finding, first: int, last: int) -> tuple[str, ...]:
    cause = "; known from ".join([one.cause, *one.threads[:1]])
    fix = "; as a recipe: ".join([one.fix, *([one.recipe] if one.recipe else [])])
    return str(place), one.severity, one.kind, where(one, first, last), one.evidence, cause, fix, f"{one.sure:.0%}"


def _sentences(one: Examined) -> Iterator[str]:
    first, last = ends(one.run)
    if not one.findings:
        yield "Nothing looks wrong."
    schedule, known = applied(one)
    yield (
        f"The schedule that ran: {brief(schedule)}, {known}."
        if schedule
        else f"Which schedule ran is not known. {one.refused}"
    )
    if one.plan not in (None, schedule):
        yield f"The plan: {brief(one.plan)}."
    yield f"Read as {one.run.origin}, {one.run.clock} {first} to {last}."
    yield from one.run.notes
