"""`glidepath recommend`: a recipe for a task, with a reason and a source for each number."""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from textwrap import wrap
from typing import Any

import click

from glidepath.advice import EVIDENCE, TASKS, Advice, Change, Interval, Number, recommend, to_plain
from glidepath.cli.options import AT_LEAST_ONE, Answer, answers, asks
from glidepath.plots.figure import Figure
from glidepath.plots.numbers import number
from glidepath.plots.schedules import schedule_figure, schedules_figure
from glidepath.plots.terminal import draw
from glidepath.schedules.dialects.documents import Terms
from glidepath.schedules.schedule import Schedule
from glidepath.schedules.spec import to_spec
from glidepath.units import Horizon

DRAWN = 10_000  # steps of the picture where no horizon was given: shares look alike over any
ROWS = 16  # of the picture in the terminal, so that the numbers stay near
COLUMNS, WIDEST = 80, 100  # of the words: the VT100's, and as far as an eye reads a line


@click.command("recommend")
@click.argument("task")
@click.option("--optimizer", metavar="NAME", help="adamw, adam, sgd, lion or muon; else the one usual for the task.")
@click.option("--batch-size", type=AT_LEAST_ONE, metavar="SAMPLES", help="Samples of an update.")
@click.option("--model", metavar="SIZE", help='Parameters of the model: 125M, 7B, or a name such as "llama-3-8b".')
@asks
@answers
def command(
    task: str, optimizer: str | None, batch_size: int | None, model: str | None, terms: Terms, answer: Answer
) -> None:
    """Recommend a recipe and its numbers for TASK, each with its reason and its source.

    A TASK is pre-training, fine-tuning, lora, cnn, small-data or reinforcement-learning. Beside each source stands
    how well the number is known: measured, published, convention or folklore.

    \b
    Examples:
      glidepath recommend fine-tuning --horizon 10k
      glidepath recommend pre-training --model 125M --horizon 50k --png plan.png
      glidepath recommend cnn --batch-size 1024 --json
    """
    advice = recommend(task, optimizer=optimizer, horizon=terms.horizon, batch_size=batch_size, model=model)
    schedule = advice.schedule(terms.horizon or Horizon(DRAWN), peak=terms.peak)
    own = terms.peak is not None
    numbers = to_plain(advice) | _schedule(advice, schedule)
    answer.give(numbers, lambda: _words(advice, schedule, own=own), lambda: _figure(advice, schedule, own=own))


def _schedule(advice: Advice, schedule: Schedule) -> dict[str, Any]:
    """The schedule itself, where there is a horizon to lay it over."""
    if advice.horizon is None:
        return {"schedule": None}
    return {
        "schedule": {
            "text": str(schedule),
            "spec": to_spec(schedule),
            "boundaries": list(schedule.boundaries),
            "warmup_steps": schedule.horizon.place(str(advice.warmup.value)),
            "first": schedule(0),
            "last": schedule(schedule.horizon.steps - 1),
        }
    }


def _figure(advice: Advice, schedule: Schedule, *, own: bool) -> Figure:
    """The schedule at the peak to begin with and at both ends of the interval; or at a peak of one's own."""
    title = f"{advice.task}, {advice.optimizer}: {advice.recipe}"
    if own:
        return replace(schedule_figure(schedule), title=title)
    peaks = {"high": advice.peak.high, "begin with": advice.peak.lr, "low": advice.peak.low}
    drawn = {f"{name} {number(lr)}": replace(schedule, peak=lr) for name, lr in peaks.items()}
    assumed = f"drawn over {DRAWN:,} steps, since no horizon was given" if advice.horizon is None else ""
    return replace(schedules_figure(drawn), title=title, note=assumed)


def _words(advice: Advice, schedule: Schedule, *, own: bool) -> str:
    width = min(shutil.get_terminal_size((COLUMNS, ROWS)).columns, WIDEST)
    lines = [
        draw(_figure(advice, schedule, own=own), height=ROWS),
        "",
        *_wrapped(f"{advice.task} with {advice.optimizer}: {TASKS[advice.task].about}", width),
        f"  recipe  {advice.recipe}",
        *(f"  rule    {rule}" for rule in advice.rules),
        *_section("Numbers", ((_named(one, advice.horizon), one.reason, one) for one in advice.numbers), width),
        *_section("What to watch", (("", one.what, one) for one in advice.watch), width),
        *_section("What to change when", ((one.when, _changed(one), one) for one in advice.changes), width),
        *_section("Beside it", (("", one.what, one) for one in advice.notes), width),
        "",
        *(line for word in _evidence(advice) for line in _wrapped(f"{word}: {EVIDENCE[word]}", width)),
    ]
    return "\n".join(lines)


def _section(title: str, items: Iterable[tuple[str, str, Any]], width: int) -> Iterator[str]:
    """A title and its items: a head where there is one, the text, and its evidence and source."""
    yield from ("", title)
    for head, text, item in items:
        if head:
            yield from _wrapped(head, width, "  ")
        yield from _wrapped(text, width, "    ")
        yield from _wrapped(f"[{item.evidence}: {item.source}]", width, "    ")


def _named(one: Interval | Number, horizon: Horizon | None) -> str:
    """A number by name and value, a warmup in whole steps too."""
    if isinstance(one, Interval):
        return f"peak  {number(one.low)} to {number(one.high)}, begin with {number(one.lr)}"
    name = one.name.replace("_", " ")
    if one.name == "warmup" and horizon is not None and horizon.place(str(one.value)):
        return f"{name}  {one.value} = {horizon.place(str(one.value))} of {horizon.steps} steps"
    return f"{name}  {_value(one)}"


def _value(one: Number) -> str:
    if one.value is None:
        return "none"
    values = one.value if isinstance(one.value, tuple) else (one.value,)
    return ", ".join(value if isinstance(value, str) else f"{value:g}" for value in values)


def _changed(change: Change) -> str:
    """What to change, with the recipe that it gives."""
    return change.what if change.recipe is None else f"{change.what}: {change.recipe}"


def _evidence(advice: Advice) -> list[str]:
    """The words of evidence that the advice uses, the strongest first."""
    used = {one.evidence for one in (*advice.numbers, *advice.watch, *advice.changes, *advice.notes)}
    return [word for word in EVIDENCE if word in used]


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return wrap(text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
