"""`glidepath show`: a schedule or a run, as a picture and in numbers."""

import json
from pathlib import Path
from typing import Any

import click

from glidepath.cli.sources import bound, read
from glidepath.plots.figure import Figure
from glidepath.plots.numbers import number
from glidepath.plots.schedules import schedule_figure
from glidepath.plots.terminal import draw
from glidepath.runs.run import Run
from glidepath.schedules.measure import measure
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.schedules.spec import to_spec


@click.command("show")
@click.argument("source")
@click.option("--horizon", help='How long to train: "100k" steps.')
@click.option("--peak", type=float, help="The largest learning rate.")
@click.option("--png", type=click.Path(path_type=Path), help="Write the picture here too (.png or .svg).")
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON, without the picture.")
def command(source: str, horizon: str | None, peak: float | None, png: Path | None, as_json: bool) -> None:
    """Draw SOURCE: a schedule as text, "warmup(2%) >> cosine(to=0.1)", a .json or .toml spec, or a .jsonl journal."""
    value = read(source)
    figure, numbers = _run(value, source) if isinstance(value, Run) else _schedule(bound(value, horizon, peak))
    if png is not None:
        from glidepath.plots.image import save

        save(figure, png)
    click.echo(json.dumps(numbers) if as_json else f"{draw(figure)}\n\n{_lines(numbers)}")


def _schedule(schedule: Schedule) -> tuple[Figure, dict[str, Any]]:
    steps = schedule.horizon.steps
    measured = measure(schedule)
    key = {"first update": 0, "peak": measured.peak_step, "half of the area": measured.half}
    key |= {"last update": steps - 1, "after the end": steps}
    numbers = {
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
    return schedule_figure(schedule), numbers


def _run(run: Run, source: str) -> tuple[Figure, dict[str, Any]]:
    from glidepath.plots.runs import run_figure  # here and below, so that a curve in the terminal waits for nothing

    for note in run.notes:
        click.echo(note, err=True)
    last = {name: {"step": int(c.steps[-1]), "value": float(c.values[-1])} for name, c in run.curves.items()}
    numbers = {"run": source, "segments": list(run.segments), "last": last, "notes": list(run.notes)}
    return run_figure(run, title=source), numbers


def _lines(numbers: dict[str, Any]) -> str:
    """The numbers as aligned lines: a schedule's parts and key points, or a run's last values."""
    if "run" in numbers:
        rows = [(name, f"step {last['step']}", number(last["value"])) for name, last in numbers["last"].items()]
    else:
        rows = [
            (p["part"], f"steps {p['from']} to {p['from'] + p['steps']}", number(p["lr"])) for p in numbers["parts"]
        ]
        rows += [(name, f"step {at['step']}", number(at["lr"])) for name, at in numbers["points"].items()]
        rows += [("area, sum of all updates", f"{numbers['decaying']:.0%} decaying", number(numbers["area"]))]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return "\n".join(f"  {a:<{widths[0]}}  {b:<{widths[1]}}  {c}" for a, b, c in rows)
