"""`glidepath diagnose`: what went wrong in a run, or in a folder of them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn

import click

from glidepath.cli.examining import Examined, all_examined, answered, asked, opened
from glidepath.cli.following import EVERY, grown
from glidepath.cli.options import FINDINGS, Answer, answers
from glidepath.cli.verdict import LOG, drawn, line, of_runs, row, words
from glidepath.errors import DiagnosisError
from glidepath.plots.figure import Figure
from glidepath.plots.findings import ends, findings_figure
from glidepath.plots.runs import comparison_figure
from glidepath.schedules.dialects.documents import Terms
from glidepath.schedules.schedule import Schedule


@click.command("diagnose")
@click.argument("run", type=LOG)
@click.option("--follow", is_flag=True, help="Say it again whenever the log has grown, until Ctrl-C.")
@of_runs
@answers
@click.pass_context
def command(
    context: click.Context, run: Path, follow: bool, plan: str | None, apart: bool, terms: Terms, answer: Answer
) -> None:
    """Say what went wrong in RUN, worst first, with what to try.

    RUN is the log of a training in any framework, or the folder that it is in; for a folder of runs a line each.
    The loss, the learning rate, the gradient norm and the loss scale are read together.

    \b
    Examples:
      glidepath diagnose runs/7/metrics.csv
      glidepath diagnose runs --json
      glidepath diagnose train.log --follow

    Exit code 0 where nothing looks wrong, 1 where anything does, 2 for wrong use.
    """
    schedule = asked(plan, terms)
    if follow:
        _follow(run, schedule, answer)
    found, refused = all_examined(opened(run, apart=apart), schedule)
    answer.give(answered(found, refused), lambda: _words(found, refused), lambda: _figure(found))
    context.exit(FINDINGS if any(one.alarm for one in found.values()) else 0)


def _follow(path: Path, plan: Schedule | None, answer: Answer) -> NoReturn:
    answer.before()  # nothing else waits
    click.echo(f"{path} is looked at every {EVERY:g} s; Ctrl-C ends it", err=True)
    for run in grown(path):
        try:
            found, refused = all_examined({run.name: (path, run)}, plan)
        except DiagnosisError as error:  # too short yet
            click.echo(str(error), err=True)
            continue
        found = {name: _under_way(one) for name, one in found.items()}
        click.clear()
        answer.give(answered(found, refused), partial(_words, found, refused), partial(_figure, found))
    raise AssertionError  # a log has no end


def _under_way(one: Examined) -> Examined:
    """Without what is said of the end of a run, which has none yet."""
    _, last = ends(one.run)
    return replace(one, findings=tuple(finding for finding in one.findings if finding.begin < last))


def _figure(found: Mapping[str, Examined]) -> Figure:
    """The one run with its findings, or the losses of several."""
    if len(found) > 1:
        return comparison_figure({name: one.run for name, one in found.items()})
    (one,) = found.values()
    return findings_figure(one.run, one.findings, recovered=one.recovered, plan=one.plan)


def _words(found: Mapping[str, Examined], refused: Mapping[str, str]) -> str:
    if len(found) == 1 and not refused:
        (one,) = found.values()
        notes = [text for note in (*one.run.notes, one.refused) if note for text in row("note", note)]
        return "\n".join([drawn(_figure(found)), "", *notes, words(one.run, one.findings)])
    lines = [line(name, one.run, one.findings) for name, one in found.items()]
    return "\n".join([*lines, *(text for name, why in refused.items() for text in row("not", f"{name}: {why}"))])
