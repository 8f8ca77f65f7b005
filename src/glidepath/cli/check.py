"""`glidepath check`: what looks wrong in a schedule, before it costs a run."""

from collections.abc import Sequence
from dataclasses import asdict, replace

import click

from glidepath.cli.options import FINDINGS, Answer, answers, asks
from glidepath.cli.sources import bound, described, faithful
from glidepath.plots.figure import Figure
from glidepath.plots.schedules import schedule_figure
from glidepath.schedules.dialects.documents import Terms
from glidepath.schedules.lint import BETA2, Concern, concerns
from glidepath.schedules.schedule import Schedule
from glidepath.units import Horizon


@click.command("check")
@click.argument("source")
@asks
@click.option("--run", "run_length", help="How long the run really is, where that is another length.")
@click.option(
    "--beta2", type=click.FloatRange(0, 1, max_open=True), help="Of an Adam-like optimizer, 0.999 unless said."
)
@answers
@click.pass_context
def command(
    context: click.Context, source: str, terms: Terms, run_length: str | None, beta2: float | None, answer: Answer
) -> None:
    """Say what looks wrong in SOURCE, as for show; exit code 1 where anything does."""
    document = described(source, terms)
    schedule = bound(document.value, terms)
    run_steps = document.run_steps if run_length is None else Horizon.of(run_length).steps
    behind = faithful(source, document, terms)
    momentum = next(one for one in (beta2, document.beta2, BETA2) if one is not None)
    found = concerns(schedule, run_steps=run_steps, beta2=momentum, behind=behind, notes=document.notes)
    numbers = {
        "library": document.library,
        "schedule": str(schedule),
        "findings": [asdict(concern) for concern in found],
    }
    answer.give(numbers, lambda: _words(schedule, found), lambda: _figure(schedule, found))
    context.exit(FINDINGS if found else 0)


def _words(schedule: Schedule, found: Sequence[Concern]) -> str:
    if not found:
        return f"nothing looks wrong in {schedule}"
    return "\n".join(f"{concern.name}: {concern.evidence}\n  {concern.remedy}" for concern in found)


def _figure(schedule: Schedule, found: Sequence[Concern]) -> Figure:
    """The schedule, with what was found below it."""
    lines = [f"{concern.name}: {concern.evidence}." for concern in found] or ["Nothing looks wrong."]
    return replace(schedule_figure(schedule), note=" ".join(lines))
