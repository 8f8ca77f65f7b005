"""`glidepath diff`: where, and by how much, two schedules differ."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from glidepath.cli.sources import schedule_of
from glidepath.plots.numbers import number
from glidepath.plots.schedules import schedules_figure
from glidepath.plots.terminal import draw
from glidepath.schedules.measure import Difference, differences
from glidepath.schedules.schedule import Schedule

DIFFERENT = 1  # the exit code of a finding


@click.command("diff")
@click.argument("left")
@click.argument("right")
@click.option("--horizon", help='How long to train: "100k" steps.')
@click.option("--peak", type=float, help="The largest learning rate.")
@click.option("--png", type=click.Path(path_type=Path), help="Write the picture here too (.png or .svg).")
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON, without the picture.")
@click.pass_context
def command(
    context: click.Context,
    left: str,
    right: str,
    horizon: str | None,
    peak: float | None,
    png: Path | None,
    as_json: bool,
) -> None:
    """Compare LEFT and RIGHT, sources as for show; exit code 1 where they differ."""
    pair = {f"left: {left}": schedule_of(left, horizon, peak), f"right: {right}": schedule_of(right, horizon, peak)}
    one, other = pair.values() if len(pair) > 1 else [*pair.values()] * 2
    found = differences(one, other)
    figure = schedules_figure(pair)
    if png is not None:
        from glidepath.plots.image import save

        save(figure, png)
    if as_json:
        click.echo(json.dumps({"equal": found is None, "difference": found and asdict(found)}))
    else:
        click.echo(f"{draw(figure)}\n\n{_words(one, other, found)}")
    context.exit(0 if found is None else DIFFERENT)


def _words(left: Schedule, right: Schedule, found: Difference | None) -> str:
    if found is None:
        return "  the same learning rate at every step"
    lines = [
        f"  they part at step {found.first} and differ at {found.share:.1%} of the steps",
        f"  most at step {found.most}: {number(found.left)} and {number(found.right)}",
    ]
    if left.horizon.steps != right.horizon.steps:
        lines.append(f"  horizons of {left.horizon.steps} and {right.horizon.steps} steps")
    if left.peak != right.peak:
        lines.append(f"  peaks of {number(left.peak or 1.0)} and {number(right.peak or 1.0)}")
    return "\n".join(lines)
