"""`glidepath check`: what looks wrong in a schedule, before it costs a run."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from fractions import Fraction

import click

from glidepath.cli.options import FINDINGS, Answer, answers, asks
from glidepath.cli.sources import Source
from glidepath.errors import SpecError
from glidepath.plots.figure import Figure
from glidepath.plots.schedules import schedule_figure
from glidepath.schedules.dialects.documents import Terms
from glidepath.schedules.lint import BETA2, Concern, concerns
from glidepath.schedules.schedule import Schedule


@click.command("check")
@click.argument("source")
@asks
@click.option("--run", metavar="LENGTH", help="How long the run really is, where that is another length.")
@click.option("--beta2", type=float, metavar="SHARE", help="The optimizer's, 0 to below 1; 0.999 unless it is known.")
@answers
@click.pass_context
def command(
    context: click.Context, source: str, terms: Terms, run: str | None, beta2: float | None, answer: Answer
) -> None:
    """Say what looks wrong in SOURCE, as for show, and what to write instead.

    A first update at 0, no warmup, one that is long (over 20 %) or short (under 2/(1-beta2) steps), a peak or a floor
    that is never reached, a horizon unlike the run's, a rate that rises behind the end.

    \b
    Examples:
      glidepath check training_args.json
      glidepath check "warmup(2%) >> cosine()" --horizon 10k --run 8k --beta2 0.95

    Exit code 0 where nothing looks wrong, 1 where anything does, 2 for wrong use.
    """
    given = Source.of(source)
    document = given.document(terms)
    schedule = given.bound(document, terms)
    run_steps = document.run_steps if run is None else _length(run, schedule, terms)
    behind = given.faithful(document, terms)
    momentum = _share(next(one for one in (beta2, document.beta2, BETA2) if one is not None))
    found = concerns(schedule, run_steps=run_steps, beta2=momentum, behind=behind, notes=document.notes)
    numbers = {
        "library": document.library,
        "schedule": str(schedule),
        "findings": [asdict(concern) for concern in found],
    }
    answer.give(numbers, lambda: _words(schedule, found), lambda: _figure(schedule, found))
    context.exit(FINDINGS if found else 0)


def _length(run: str, schedule: Schedule, terms: Terms) -> int:
    """The whole updates of the run, as the horizon of the schedule knows them; "80%" is a share of it."""
    known = schedule.horizon
    if known.steps_per_epoch is None and terms.steps_per_epoch is not None:
        known = replace(known, steps_per_epoch=Fraction(terms.steps_per_epoch))
    return replace(known, steps=known.place(run)).steps


def _share(beta2: float) -> float:
    if not 0 <= beta2 < 1:
        raise SpecError(f"expected beta2 from 0 to below 1, got {beta2:g}: write --beta2 0.999")
    return beta2


def _words(schedule: Schedule, found: Sequence[Concern]) -> str:
    if not found:
        return f"nothing looks wrong in {schedule}"
    return "\n".join(f"{concern.name}: {concern.evidence}\n  {concern.remedy}" for concern in found)


def _figure(schedule: Schedule, found: Sequence[Concern]) -> Figure:
    """The schedule, with what was found below it."""
    lines = [f"{concern.name}: {concern.evidence}." for concern in found] or ["Nothing looks wrong."]
    return replace(schedule_figure(schedule), note=" ".join(lines))
