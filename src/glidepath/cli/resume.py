"""`glidepath resume`: how a schedule goes on from a step, by every policy or by one."""

from pathlib import Path
from typing import Any

import click

from glidepath.cli.options import FINDINGS, Answer, answers, asks
from glidepath.cli.running import running
from glidepath.cli.sources import Source
from glidepath.errors import GlidepathError, SpecError
from glidepath.plots.continuations import continuations_figure
from glidepath.plots.terminal import draw
from glidepath.schedules.continuation import (
    MOST_UP,
    WORDS,
    Continuation,
    Policy,
    append,
    branch,
    continue_,
    rewarm,
)
from glidepath.schedules.dialects.documents import Terms
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.schedules.spec import to_spec
from glidepath.schedules.text import parse
from glidepath.units import Horizon

MADE = ("rewarm", "append", "branch")  # policies that take more than a word
HEIGHT = 1.6  # inches of a panel


@click.command("resume")
@click.argument("source")
@click.option("--at", type=click.IntRange(min=0), metavar="STEP", help="Updates that are done; a journal knows it.")
@click.option("--to", "end", metavar="LENGTH", help='The new horizon: 20k, "4 epochs", "2B tokens"; else the own one.')
@click.option("--policy", type=click.Choice([*WORDS, *MADE]), help="One way to go on; all of them unless said.")
@click.option("--length", metavar="LENGTH", help='Of a rewarm or a branch: 100, "1%".')
@click.option("--recipe", metavar="TEXT", help='Behind a rewarm, of an append or a branch: "cosine()".')
@click.option("--most", type=float, default=MOST_UP, show_default=True, help="How much the rate may rise at the seam.")
@asks
@answers
def command(
    source: str,
    at: int | None,
    end: str | None,
    most: float,
    terms: Terms,
    answer: Answer,
    **way: Any,
) -> None:
    """Show how SOURCE goes on from a step: a schedule as for show, or the journal of a run.

    For every policy: before and after, the last learning rate and the next. With --policy, the schedule that comes
    out of it, to attach or to compare.

    \b
    Examples:
      glidepath resume "warmup(2%) >> cosine()" --horizon 10k --peak 3e-4 --at 10000 --to 20k
      glidepath resume runs/7/journal.jsonl --to 20k --policy rewarm --length 2% --json
      glidepath resume wsd --horizon 100k --at 60000 --policy branch --length 8k --recipe "decay(shape=1-sqrt)"

    Exit code 0, 1 where the named policy would make the learning rate rise by more than --most, 2 for wrong use.
    """
    schedule, step = _begun(source, at, terms)
    horizon = None if end is None else _horizon(schedule, end)
    policies = _policies(**way)
    ways, refused = _all(schedule, step, horizon, policies, most)
    figure = continuations_figure(ways) if ways else None
    numbers = {"schedule": str(schedule), "step": step, "policies": {**dict(map(_numbers, ways.items())), **refused}}
    answer.draw(lambda: continuations_figure(ways), height=HEIGHT * max(2, len(ways)))
    pictures = draw(figure, height=None) if figure else ""
    answer.say(numbers, lambda: f"{pictures}\n\n{_words(ways, refused)}".strip("\n"))
    click.get_current_context().exit(FINDINGS if way["policy"] and refused else 0)


def _begun(source: str, at: int | None, terms: Terms) -> tuple[Schedule, int]:
    """What was planned, and how many of its updates are done."""
    given = Source.of(source)
    if given.journal is not None:
        now = running(Path(given.journal))
        return now.schedule, now.step if at is None else at
    if at is None:
        raise SpecError("expected the updates that are done, got none: write --at 5000")
    return given.schedule(terms)[1], at


def _horizon(schedule: Schedule, end: str) -> Horizon:
    known = schedule.horizon
    return Horizon(known.place(end), **known.rates)


def _policies(policy: str | None, length: str | None, recipe: str | None) -> dict[str, str | Policy]:
    """The one that was named, or all that need nothing more."""
    if policy is None:
        return {**{word: word for word in WORDS}, "rewarm(1%)": rewarm("1%")}
    if policy not in MADE:
        return {policy: policy}
    then = None if recipe is None else _recipe(recipe)
    if policy == "rewarm":
        return {policy: rewarm(length or "1%", then=then)}
    if then is None or (policy == "branch" and length is None):
        raise SpecError(f'expected --recipe for {policy}, and --length for branch, got none: write --recipe "linear()"')
    return {policy: append(then) if policy == "append" else branch(then, length or "10%")}


def _recipe(text: str) -> Recipe:
    value = parse(text)
    if not isinstance(value, Recipe):
        raise SpecError(f"expected a recipe without a horizon, got {text!r:.60}")
    return value


def _all(
    schedule: Schedule, step: int, horizon: Horizon | None, policies: dict[str, str | Policy], most: float
) -> tuple[dict[str, Continuation], dict[str, dict[str, Any]]]:
    """What each makes of it, and why some are refused."""
    ways: dict[str, Continuation] = {}
    refused: dict[str, dict[str, Any]] = {}
    for name, policy in policies.items():
        try:
            ways[name] = continue_(schedule, step, horizon, policy, most=most)
        except GlidepathError as error:
            refused[name] = {"refused": str(error)}
    return ways, refused


def _numbers(named: tuple[str, Continuation]) -> tuple[str, dict[str, Any]]:
    name, way = named
    seam = {"last": way.seam.last, "next": way.seam.next, "ratio": way.seam.ratio}
    return name, seam | {"schedule": str(way.after), "spec": to_spec(way.after)}


def _words(ways: dict[str, Continuation], refused: dict[str, dict[str, Any]]) -> str:
    wide = max(map(len, [*ways, *refused]))
    lines = [f"  {name:<{wide}}  {way.seam}" for name, way in ways.items()]
    lines += [f"  {name:<{wide}}  refused: {why['refused']}" for name, why in refused.items()]
    if len(ways) == 1 and not refused:
        lines += ["", f"  {next(iter(ways.values())).after}"]
    return "\n".join(lines)
