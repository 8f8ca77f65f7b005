"""`glidepath diff`: where, and by how much, two schedules differ."""

from dataclasses import asdict, replace

import click
import numpy as np

from glidepath.cli.options import FINDINGS, Answer, answers, asks
from glidepath.cli.sources import Source
from glidepath.errors import SpecError
from glidepath.plots.figure import Figure, Panel, Series
from glidepath.plots.numbers import number
from glidepath.plots.schedules import schedules_figure
from glidepath.plots.terminal import draw
from glidepath.schedules.dialects.documents import Terms
from glidepath.schedules.measure import Difference, differences, measure
from glidepath.schedules.schedule import Schedule

MORE, HALF = "right minus left", 0.5  # the name of the second panel, and its height beside the first


@click.command("diff")
@click.argument("left")
@click.argument("right")
@asks
@answers
@click.pass_context
def command(context: click.Context, left: str, right: str, terms: Terms, answer: Answer) -> None:
    """Compare LEFT and RIGHT, sources as for show, in any two dialects: as a picture and in words.

    \b
    Examples:
      glidepath diff wsd cosine --horizon 100k --peak 3e-4
      glidepath diff training_args.json pretrain.sh --png difference.png

    Exit code 0 where they agree at every step, 1 where they differ, 2 for wrong use.
    """
    (one, here), (other, there) = (Source.of(source).schedule(terms) for source in (left, right))
    if terms.peak is None and None in (here.peak, there.peak) and here.peak != there.peak:
        raise SpecError(
            f"expected a peak for the schedule without one, got none: write --peak {here.peak or there.peak:g}"
        )
    found = differences(here, there)
    names = f"left, {one.title}: {left}", f"right, {other.title}: {right}"
    figure = _figure(names, here, there)
    numbers = {
        "left": {"library": one.library, "name": one.name, "schedule": str(here)},
        "right": {"library": other.library, "name": other.name, "schedule": str(there)},
        "equal": found is None,
        "difference": found and asdict(found),
    }
    titles = "left and right" if one.title == other.title else f"{one.title} and {other.title}"
    answer.give(numbers, lambda: f"{draw(figure)}\n\n{_words(titles, here, there, found)}", lambda: figure)
    context.exit(0 if found is None else FINDINGS)


def _figure(names: tuple[str, str], left: Schedule, right: Schedule) -> Figure:
    """Both over one another, and below what the right one has more."""
    both = schedules_figure({names[0]: left, names[1]: right})
    steps = np.unique(np.concatenate([series.x for series in both.panels[0].series]).astype(np.int64))
    more = Series(MORE, steps, right(steps) - left(steps))
    return replace(both, panels=(*both.panels, Panel((more,), "step", MORE, height=HALF)))


def _words(titles: str, left: Schedule, right: Schedule, found: Difference | None) -> str:
    if found is None:
        return f"  {titles}: the same learning rate at every step"
    areas = measure(left).area, measure(right).area
    lines = [
        f"  {titles} part at step {found.first} and differ at {found.share:.1%} of the steps",
        f"  most at step {found.most}: {number(found.left)} and {number(found.right)}",
        f"  areas, sums of all updates: {number(areas[0])} and {number(areas[1])}",
    ]
    if left.horizon.steps != right.horizon.steps:
        lines.append(f"  horizons of {left.horizon.steps} and {right.horizon.steps} steps")
    if left.peak != right.peak:
        lines.append(f"  peaks of {number(left.peak or 1.0)} and {number(right.peak or 1.0)}")
    return "\n".join(lines)
