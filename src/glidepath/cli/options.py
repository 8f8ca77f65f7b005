"""What commands share: the options for what a source leaves open, and those for how the answer is given."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from math import isfinite
from pathlib import Path
from typing import Any

import click

from glidepath.cli.waiting import waiting
from glidepath.errors import AmountError
from glidepath.plots.figure import Figure
from glidepath.schedules.dialects.documents import Terms
from glidepath.units import UNITS, Amount, Horizon

Command = Callable[..., None]
WIDTH, HEIGHT = 9.0, 5.0  # inches of a picture
FINDINGS = 1  # the exit code of a finding, or of a difference
PICTURES = (".png", ".svg")
# rate of a horizon -> (the option that gives it, an example, the name that Horizon.of has for it)
RATES = {
    "steps_per_epoch": ("--steps-per-epoch", "1251", "batches_per_epoch"),
    "tokens_per_step": ("--tokens-per-step", "4194304", "tokens_per_step"),
    "samples_per_step": ("--samples-per-step", "256", "batch_size"),
}
AT_LEAST_ONE = click.IntRange(min=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command answers: in words, or as JSON, and with a picture in a file where one was asked for.

    `before` is called before anything is said.
    """

    png: Path | None
    as_json: bool
    before: Callable[[], None]

    def give(
        self, numbers: Any, words: Callable[[], str], figure: Callable[[], Figure], *, height: float = HEIGHT
    ) -> None:
        """Write the picture, then say the answer; neither words nor figure are made where nobody wants them."""
        self.draw(figure, height=height)
        self.say(numbers, words)

    def draw(self, figure: Callable[[], Figure], *, height: float = HEIGHT) -> None:
        """Write the picture, where one was asked for."""
        if self.png is not None:
            from glidepath.plots.image import save  # here, so that words wait for no drawing library

            save(figure(), self.png, size=(WIDTH, height))

    def say(self, numbers: Any, words: Callable[[], str]) -> None:
        """Say the answer."""
        said = json.dumps(_strict(numbers), allow_nan=False) if self.as_json else words()
        self.before()
        click.echo(said)


def _strict(value: Any) -> Any:
    """Plain values with null for a number that JSON does not have: the loss of a run that diverged."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _strict(inner) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_strict(inner) for inner in value]
    return value


def asks(command: Command) -> Command:
    """The options for what a source does not say itself, given to the command as `terms`."""

    @click.option("--horizon", help='How long to train, where the source does not say: 100k, "90 epochs", "2B tokens".')
    @click.option("--peak", type=float, metavar="RATE", help="The largest learning rate, where it does not say.")
    @click.option("--steps-per-epoch", type=AT_LEAST_ONE, metavar="STEPS", help="Updates of an epoch.")
    @click.option("--tokens-per-step", type=AT_LEAST_ONE, metavar="TOKENS", help="Tokens of an update.")
    @click.option("--samples-per-step", type=AT_LEAST_ONE, metavar="SAMPLES", help="Samples of an update.")
    @wraps(command)
    def asking(*arguments: Any, horizon: str | None, peak: float | None, **named: Any) -> None:
        rates = {name: named.pop(name) for name in RATES}
        whole = None if horizon is None else planned(horizon, rates)
        command(*arguments, terms=Terms(whole, rates["steps_per_epoch"], peak), **named)

    return asking


def planned(text: str, rates: Mapping[str, int | None]) -> Horizon:
    """The horizon that a text means, or which option it wants beside it."""
    rate = UNITS[Amount.of(text).unit]
    if rate is not None and rates[rate] is None:
        option, example, _ = RATES[rate]
        raise AmountError(f"expected {option} beside --horizon {text!r}, got none: write {option} {example}")
    return Horizon.of(text, **{RATES[name][-1]: value for name, value in rates.items()})  # type: ignore[arg-type]


def answers(command: Command) -> Command:
    """The options for how the answer is given, given to the command as `answer`."""

    @click.option(
        "--png", type=click.Path(path_type=Path), callback=_picture, help="Draw into this file, .png or .svg."
    )
    @click.option("--json", "as_json", is_flag=True, help="Answer as JSON, without words.")
    @wraps(command)
    def answering(*arguments: Any, png: Path | None, as_json: bool, **named: Any) -> None:
        with waiting(click.get_current_context().command_path) as done:
            command(*arguments, answer=Answer(png, as_json, done), **named)

    return answering


def _picture(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:  # noqa: ARG001
    """Refuse a file that could not be drawn into before there is anything to draw."""
    if path is not None and path.suffix.lower() not in PICTURES:
        raise click.BadParameter(f"expected a file ending in .png or .svg, got {str(path)!r}")
    return path
