"""`glidepath check`: what looks wrong in a schedule, before it costs a run."""

import json
from dataclasses import asdict

import click

from glidepath.cli.sources import schedule_of
from glidepath.schedules.lint import BETA2, concerns
from glidepath.units import Horizon

FINDINGS = 1  # the exit code of a finding


@click.command("check")
@click.argument("source")
@click.option("--horizon", help='How long the schedule is planned for: "100k" steps.')
@click.option("--peak", type=float, help="The largest learning rate.")
@click.option("--run", "run_length", help="How long the run really is, where that is another length.")
@click.option("--beta2", type=click.FloatRange(0, 1, max_open=True), default=BETA2, help="Of an Adam-like optimizer.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def command(
    context: click.Context,
    source: str,
    horizon: str | None,
    peak: float | None,
    run_length: str | None,
    beta2: float,
    as_json: bool,
) -> None:
    """Say what looks wrong in SOURCE, as for show; exit code 1 where anything does."""
    schedule = schedule_of(source, horizon, peak)
    run_steps = None if run_length is None else Horizon.of(run_length).steps
    found = concerns(schedule, run_steps=run_steps, beta2=beta2)
    if as_json:
        click.echo(json.dumps({"schedule": str(schedule), "findings": [asdict(concern) for concern in found]}))
    elif not found:
        click.echo(f"nothing looks wrong in {schedule}")
    for concern in () if as_json else found:
        click.echo(f"{concern.name}: {concern.evidence}\n  {concern.remedy}")
    context.exit(FINDINGS if found else 0)
