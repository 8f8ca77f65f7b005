"""`glidepath show`: a schedule or a run, as a picture and in numbers."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from glidepath.cli.options import Answer, answers, asks
from glidepath.cli.running import SPEC, running
from glidepath.cli.sources import Source
from glidepath.plots.figure import Figure
from glidepath.plots.lettering import fit
from glidepath.plots.numbers import number
from glidepath.plots.schedules import schedule_figure
from glidepath.plots.terminal import draw
from glidepath.runs.run import Run
from glidepath.schedules.dialects.documents import OURS, Document, Terms
from glidepath.schedules.measure import completion, measure
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.schedules.spec import to_spec

WIDEST = 44  # columns of a part's text, so that its steps and its rate fit beside it
MOST_PARTS = 12  # lines of parts in words; a schedule of more is shown by its first and last ones


@click.command("show")
@click.argument("source")
@asks
@answers
def command(source: str, terms: Terms, answer: Answer) -> None:
    """Draw SOURCE and say its key points.

    A SOURCE is a schedule as text, a name of glidepath list, a file, or - for the standard input. What a file holds
    is recognised: a spec of ours as JSON or TOML, the arguments of transformers, Megatron-LM or timm as JSON, YAML or
    a command line in a script, a DeepSpeed JSON, a library's own configuration with its name, the journal of a run.

    \b
    Examples:
      glidepath show "warmup(2%) >> cosine(to=0.1)" --horizon 100k --peak 3e-4
      glidepath show training_args.json --steps-per-epoch 1251 --png schedule.png
      glidepath convert wsd torch --horizon 9000 | glidepath show - --json
    """
    given = Source.of(source)
    value = given.value(terms)
    figure, numbers = _run(value, given.name) if isinstance(value, Run) else _document(value, given, terms)
    answer.give(numbers, lambda: f"{draw(figure)}\n\n{_lines(numbers)}", lambda: figure)


def _document(document: Document, given: Source, terms: Terms) -> tuple[Figure, dict[str, Any]]:
    given.noted(document)
    schedule = given.bound(document, terms)
    about = {
        "library": document.library,
        "name": document.name,
        "notes": list(document.notes),
        "assumed": list(document.assumed),
        "run_steps": document.run_steps,
    }
    return schedule_figure(schedule), about | _schedule(schedule, document.run_steps)


def _schedule(schedule: Schedule, run_steps: int | None) -> dict[str, Any]:
    steps = schedule.horizon.steps
    measured = measure(schedule)
    key = {"first update": 0, "peak": measured.peak_step, "half of the area": measured.half}
    key |= {"last update": steps - 1, "after the end": steps}
    if run_steps is not None and run_steps < steps:
        key |= {"last update of the run": run_steps - 1}
    return {
        "schedule": str(schedule),
        "spec": to_spec(schedule),
        "parts": [
            {"part": str(Recipe((part,))), "from": begin, "steps": piece.length, "lr": schedule(begin)}
            for part, begin, piece in zip(schedule.recipe.parts, schedule.boundaries, schedule.pieces, strict=True)
        ],
        "area": measured.area,
        "decaying": measured.decaying,
        "points": {name: {"step": step, "lr": schedule(step)} for name, step in key.items()},
    }


def _run(run: Run, source: str) -> tuple[Figure, dict[str, Any]]:
    from glidepath.plots.runs import run_figure  # here, so that a curve in the terminal waits for nothing

    for note in run.notes:
        click.echo(note, err=True)
    last = {name: {"step": int(c.steps[-1]), "value": float(c.values[-1])} for name, c in run.curves.items()}
    numbers: dict[str, Any] = {"run": source, "segments": list(run.segments), "last": last, "notes": list(run.notes)}
    if SPEC in run.settings:
        now = running(Path(source))
        numbers |= {"horizon": now.schedule.horizon.steps, "completion": completion(now.schedule, now.step)}
        numbers |= {"amendments": [dict(table) for table in run.amendments]}
    return run_figure(run, title=source), numbers


def _lines(numbers: Mapping[str, Any]) -> str:
    """The numbers as aligned lines: a schedule's parts and key points, or a run's last values."""
    if "run" in numbers:
        rows = [(name, f"step {last['step']}", number(last["value"])) for name, last in numbers["last"].items()]
        rows += [(kind, f"from step {table['step']}", str(table[kind])) for kind, table in _changes(numbers)]
        if "completion" in numbers:
            rows += [("of the decay", f"horizon {numbers['horizon']}", f"{numbers['completion']:.0%} done")]
    else:
        title = f"{numbers['library']} {numbers['name']}".strip()
        rows = [("read as", title, "")] if numbers["library"] != OURS else []
        rows += _parts(numbers["parts"])
        rows += [(name, f"step {at['step']}", number(at["lr"])) for name, at in numbers["points"].items()]
        rows += [("area, sum of all updates", f"{numbers['decaying']:.0%} decaying", number(numbers["area"]))]
        rows += [("not said, so its own default", one, "") for one in numbers["assumed"]]
    return _aligned(rows)


def _changes(numbers: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The kind of each change that was made to a run under way, and its table."""
    for table in numbers.get("amendments", []):
        yield next(name for name in table if name not in ("step", "policy")), table


def _parts(parts: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """A line for each part, of many only the first and the last ones."""
    half = MOST_PARTS // 2
    many = len(parts) > MOST_PARTS
    for part in (*parts[:half], *parts[-half:]) if many else parts:
        if many and part is parts[-half]:
            yield (f"... {len(parts) - 2 * half} parts more, all in --json", "", "")
        steps = f"steps {part['from']} to {part['from'] + part['steps']}"
        yield (fit(part["part"], WIDEST, "..."), steps, number(part["lr"]))


def _aligned(rows: Sequence[tuple[str, str, str]]) -> str:
    """Rows of three columns, the first two as wide as their widest."""
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return "\n".join(f"  {a:<{widths[0]}}  {b:<{widths[1]}}  {c}".rstrip() for a, b, c in rows)
