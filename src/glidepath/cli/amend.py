"""`glidepath amend`: change the schedule of a run while it runs."""

from pathlib import Path
from typing import Any

import click

from glidepath.cli.options import Answer, answers
from glidepath.cli.running import running
from glidepath.errors import SpecError
from glidepath.plots.continuations import continuations_figure
from glidepath.plots.terminal import draw
from glidepath.runs.requests import request
from glidepath.schedules.amendments import Amendment, amendment
from glidepath.schedules.continuation import WORDS, Continuation, policy_of
from glidepath.schedules.course import lr_of
from glidepath.schedules.trunk import Seam


@click.command("amend")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--scale", type=float, metavar="SHARE", help="This share of what is left, 0 to 1.")
@click.option("--warmup", type=click.IntRange(min=1), metavar="STEPS", help="Of --scale: up to it in so many updates.")
@click.option("--cap", type=float, metavar="RATE", help="At most this learning rate from here on.")
@click.option("--horizon", type=int, metavar="STEPS", help="Another end; --policy says how.")
@click.option("--policy", type=click.Choice(list(WORDS)), help="How the plan reaches another end; stretch unless said.")
@click.option("--hold", is_flag=True, help="The last learning rate, until it is released.")
@click.option("--release", is_flag=True, help="Go on where it was held.")
@click.option("--at", type=int, metavar="STEP", help="From this update on, or from the next where that is done.")
@answers
def command(run: Path, at: int | None, answer: Answer, policy: str | None, warmup: int | None, **kinds: Any) -> None:
    """Change the schedule of RUN, the journal of a run or the folder it is in, without stopping it.

    The run must have been attached with `journal=`; it reads the change between two updates, records it, saves it in
    its checkpoints, and has it again after a resume. One change at a time.

    \b
    Examples:
      glidepath amend runs/7/journal.jsonl --scale 0.5
      glidepath amend runs/7 --scale 0.5 --warmup 200
      glidepath amend runs/7 --horizon 20000 --policy stretch
      glidepath amend runs/7 --hold

    Exit code 0 where the change was left for the run, 2 where it is none that fits.
    """
    now = running(run)
    asked = {kind: value for kind, value in kinds.items() if value not in (None, False)}
    if len(asked) != 1:
        raise SpecError(f"expected one change, got {' and '.join(asked) or 'none'}: write --scale 0.5")
    terms = {name: term for name, term in (("policy", policy), ("warmup", warmup)) if term is not None}
    change = amendment({**asked, "step": max(now.step, at or 0), **terms})
    after = lr_of(now.course.amend(change).in_force)
    request(now.path, change.table())
    seam = Seam(change.step, now.schedule(max(0, change.step - 1)), after(change.step))
    way = Continuation(now.schedule, after, seam, policy_of("stored"))
    figure = continuations_figure({change.kind: way})
    numbers = {"run": str(now.path), "amendment": change.table(), "last": seam.last, "next": seam.next}
    answer.give(numbers, lambda: f"{draw(figure)}\n\n{_words(change, seam)}", lambda: figure)


def _words(change: Amendment, seam: Seam) -> str:
    return f"  left for the run: {change.kind} from {seam}, or from its next update where that is done"
