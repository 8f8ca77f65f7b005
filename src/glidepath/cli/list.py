"""`glidepath list`: the schedules that have a name."""

from dataclasses import asdict, replace

import click
import numpy as np

from glidepath.cli.options import Answer, answers
from glidepath.plots.figure import Figure
from glidepath.plots.schedules import schedule_figure
from glidepath.plots.terminal import sparkline
from glidepath.schedules.families import FAMILIES, Family

STEPS, WIDTH = 12_000, 24  # of a thumbnail: long enough for a warmup of thousands, narrow enough for a line
PANEL = 0.9  # inches of one in the picture, with its name


@click.command("list")
@answers
def command(answer: Answer) -> None:
    """List the schedules that have a name; each name is a SOURCE for show, diff, check and convert.

    \b
    Examples:
      glidepath list
      glidepath list --png families.png
    """
    families = [asdict(family) for family in FAMILIES]
    answer.give(families, lambda: "\n".join(map(_entry, FAMILIES)), _figure, height=PANEL * len(families))


def _entry(family: Family) -> str:
    values = family.recipe.over(STEPS)(np.arange(STEPS))
    lines = [f"{sparkline(values, WIDTH)}  {family.name}", f"{family.text}", f"{family.formula}   [{family.source}]"]
    return "\n".join([lines[0], *(f"{'':{WIDTH + 2}}{line}" for line in [*lines[1:], f"for {family.use}"])])


def _figure() -> Figure:
    """Every family in a panel of its own, one below the other."""
    panels = [
        replace(schedule_figure(family.recipe.over(STEPS)).panels[0], y_label=family.name, marks=())
        for family in FAMILIES
    ]
    return Figure("Schedules that have a name", tuple(panels))
