"""`glidepath audit`: which schedule a run really had, from its log alone."""

from collections.abc import Iterator
from pathlib import Path

import click

from glidepath.cli.examining import Examined, answered, asked, brief, examined, opened_one, planned
from glidepath.cli.options import FINDINGS, Answer, answers
from glidepath.cli.verdict import LOG, drawn, of_runs, row, words
from glidepath.plots.figure import Figure
from glidepath.plots.findings import ends, rates_figure
from glidepath.schedules.dialects.documents import Terms


@click.command("audit")
@click.argument("run", type=LOG)
@of_runs
@answers
@click.pass_context
def command(context: click.Context, run: Path, plan: str | None, apart: bool, terms: Terms, answer: Answer) -> None:
    """Recover the schedule that RUN really had, and say what is wrong with it.

    RUN is the log of a training in any framework, a checkpoint that holds one, or the folder that it is in. Nothing
    else is needed; with --plan (a schedule, a configuration of any library) the two are compared.

    \b
    Examples:
      glidepath audit checkpoint-2000/trainer_state.json
      glidepath audit runs/7 --plan training_args.json --png rate.png

    Exit code 0 where nothing looks wrong, 1 where anything does, 2 for wrong use.
    """
    path, one = opened_one(run, apart=apart)
    found = examined(one, planned(path, one, asked(plan, terms)), only_rate=True)
    answer.give(answered({one.name: found}), lambda: _words(found), lambda: _figure(found))
    context.exit(FINDINGS if found.alarm else 0)


def _figure(found: Examined) -> Figure:
    return rates_figure(found.run, found.findings, recovered=found.recovered, plan=found.plan)


def _words(found: Examined) -> str:
    first, last = ends(found.run)
    lines = row("read as", f"{found.run.origin}, {found.run.clock} {first} to {last}")
    lines += [text for key, said in _ran(found) for text in row(key, said)]
    lines += row("planned", brief(found.plan)) if found.plan is not None else []
    lines += [one for note in found.run.notes for one in row("note", note)]
    return "\n".join([drawn(_figure(found)), "", *lines, "", words(found.run, found.findings)])


def _ran(found: Examined) -> Iterator[tuple[str, str]]:
    """What the log tells of the schedule, and how well that fits."""
    audit = found.audit
    if audit is None or audit.schedule is None:
        yield "ran", "no recipe that fits the learning rates"
        return
    yield "ran", f"{brief(audit.schedule)}{', in part drawn point by point' if audit.drawn else ''}"
    yield "off by", f"{audit.residual:.2g} of the peak at most"
    if audit.sure < 1:
        yield "sure", f"{audit.sure:.0%} of its horizon, which lies behind the last row"
    if audit.dialect:
        yield "counted", f"as {audit.dialect} does{f', logged {audit.shift} late' if audit.shift else ''}"
    for number, one in enumerate(audit.segments, 1):
        yield f"part {number}", brief(one)
