"""`glidepath list`: the schedules that have a name."""

import json
from dataclasses import asdict

import click
import numpy as np

from glidepath.plots.terminal import sparkline
from glidepath.schedules.families import FAMILIES, Family

STEPS, WIDTH = 12_000, 24  # of a thumbnail: long enough for a warmup of thousands, narrow enough for a line


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
def command(as_json: bool) -> None:
    """List the schedules that have a name; each name is a SOURCE for show, diff and check."""
    if as_json:
        click.echo(json.dumps([asdict(family) for family in FAMILIES]))
        return
    for family in FAMILIES:
        click.echo(_entry(family))


def _entry(family: Family) -> str:
    values = family.recipe.over(STEPS)(np.arange(STEPS))
    lines = [f"{sparkline(values, WIDTH)}  {family.name}", f"{family.text}", f"{family.formula}   [{family.source}]"]
    return "\n".join([lines[0], *(f"{'':{WIDTH + 2}}{line}" for line in [*lines[1:], f"for {family.use}"])])
