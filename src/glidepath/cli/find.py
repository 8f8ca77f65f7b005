"""`glidepath find`: the peak learning rate of a training, by trying it."""

import sys
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from glidepath.cli.options import AT_LEAST_ONE, FINDINGS, Answer, answers
from glidepath.cli.searching import BUDGET, Search
from glidepath.errors import FinderError, LabError, shown
from glidepath.finder.suggestion import Suggestion, Sweep, Trial
from glidepath.frameworks.sweeping import MOST_SEEDS
from glidepath.plots.figure import Figure
from glidepath.plots.numbers import number
from glidepath.plots.probes import probe_figure
from glidepath.plots.range_tests import range_test_figure
from glidepath.plots.terminal import draw
from glidepath.schedules.schedule import Schedule
from glidepath.schedules.spec import to_spec

INTERRUPTED = 130  # the exit code that shells know
USUAL = "warmup(5%) >> cosine(to=0.1)"
RUNS = f"What to spend, in whole runs (default: {BUDGET})."


@click.command("find")
@click.argument("script", metavar="SCRIPT:FUNCTION")
@click.option("--schedule", default=USUAL, metavar="SOURCE", help=f"As for show (default: {USUAL}).")
@click.option("--horizon", metavar="LENGTH", help='The whole run: 10k, or "3 epochs" where the loader has a length.')
@click.option("--budget", type=float, metavar="RUNS", help=RUNS)
@click.option("--centre", type=float, metavar="RATE", help="Where to begin; else it is found.")
@click.option("--record", type=click.Path(path_type=Path, dir_okay=False), help="A file to go on from when stopped.")
@click.option("--range-test", is_flag=True, help="Only sweeps, of 100 updates: it needs no horizon, and says less.")
@click.option("--seeds", type=click.IntRange(1, MOST_SEEDS), metavar="N", help="Sweeps of the range test (default: 1).")
@click.option("--clip", type=click.FloatRange(0, min_open=True), metavar="NORM", help="The largest gradient norm.")
@click.option("--accumulation", type=AT_LEAST_ONE, metavar="N", help="Batches of an update (default: 1).")
@click.option("--steps-per-epoch", type=AT_LEAST_ONE, metavar="STEPS", help="Updates of an epoch; else the loader's.")
@click.option("--tokens-per-step", type=AT_LEAST_ONE, metavar="TOKENS", help="Tokens of an update.")
@click.option("--samples-per-step", type=AT_LEAST_ONE, metavar="SAMPLES", help="Samples of an update.")
@answers
@click.pass_context
def command(context: click.Context, /, script: str, answer: Answer, **asked: Any) -> None:
    """Find the peak of a schedule by short trainings of what FUNCTION, in the file or module SCRIPT, returns.

    FUNCTION takes no arguments and returns (model, optimizer, loss, loader) of torch, where loss(batch) is a scalar
    tensor; perhaps a fifth, validation(), the loss to judge by; a dict of these; or a function
    train(schedule, steps, seed) which trains from the start, in any framework, and returns the losses.

    \b
    Examples:
      glidepath find train.py:build --horizon "3 epochs"
      glidepath find train.py:build --horizon 10k --record probe.jsonl
      glidepath find train.py:build --range-test --png sweep.png

    Exit code 0 with a peak, 1 where the trainings speak for none, 2 for wrong use, 130 interrupted.
    """
    answer.before()  # the search has a bar of its own
    if answer.png is not None and not answer.png.parent.is_dir():  # said before the search, not behind it
        raise LabError(f"expected a folder that is there for --png, got {shown(str(answer.png))}")
    search = Search(script, asked)
    try:
        with _apart(answer):
            found = search.found()
    except FinderError as error:
        if not search.begun:
            raise
        _refuse(search.trials, answer, str(error))
        context.exit(FINDINGS)
    except KeyboardInterrupt:
        if asked["record"] is not None:
            raise
        click.echo("glidepath: interrupted; with --record FILE the same command would go on", err=True)
        context.exit(INTERRUPTED)
    figure = _figure(found)
    answer.say(_numbers(found, search.schedule), lambda: _words(found, search.schedule, figure))
    answer.draw(lambda: figure)  # last, so that a full disk takes no more than the picture


def _apart(answer: Answer) -> AbstractContextManager[Any]:
    """Keeps what the script prints out of JSON."""
    return redirect_stdout(sys.stderr) if answer.as_json else nullcontext()


def _refuse(trials: list[Trial], answer: Answer, why: str) -> None:
    """The sentence, and what was tried."""
    if trials or answer.as_json:
        numbers = {"refused": why, "evidence": [_evidence(one) for one in trials]}
        answer.say(numbers, lambda: draw(probe_figure(trials)))
    click.echo(f"glidepath: {why}", err=True)
    if trials:
        answer.draw(lambda: probe_figure(trials))


def _figure(found: Suggestion) -> Figure:
    trials = [one for one in found.evidence if isinstance(one, Trial)]
    sweeps = [one for one in found.evidence if isinstance(one, Sweep)]
    return probe_figure(trials, found) if trials else range_test_figure(sweeps, found)


def _numbers(found: Suggestion, schedule: Schedule | None) -> dict[str, Any]:
    peaked = schedule and replace(schedule, peak=found.lr)
    return {
        **{name: getattr(found, name) for name in ("lr", "low", "high", "confidence", "reasons", "cost")},
        "schedule": peaked and {"text": str(peaked), "code": repr(peaked), "spec": to_spec(peaked)},
        "evidence": [_evidence(one) for one in found.evidence],
    }


def _evidence(one: Sweep | Trial) -> dict[str, Any]:
    if isinstance(one, Trial):
        return asdict(one) | {"loss": one.loss}
    return {name: getattr(one, name).values.tolist() for name in ("lrs", "losses", "smoothed")}


def _words(found: Suggestion, schedule: Schedule | None, figure: Figure) -> str:
    horizon = schedule and schedule.horizon.steps
    share = f", {found.cost / horizon:.0%} of a run of {horizon}" if horizon else ""
    code = repr(replace(schedule, peak=found.lr)) if schedule else f"recipe.over(horizon, peak={found.lr!r})"
    lines = [
        draw(figure),
        "",
        f"peak {number(found.lr)}, from {number(found.low)} to {number(found.high)}, confidence {found.confidence:.0%}",
        *(f"  {reason}" for reason in found.reasons),
        f"cost {found.cost} updates{share}",
        f"use  {code}",
    ]
    return "\n".join(lines)
