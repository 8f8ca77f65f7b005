"""What commands share: the options for what a source leaves open, and those for how the answer is given."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from glidepath.plots.figure import Figure
from glidepath.schedules.dialects.documents import Terms
from glidepath.units import Horizon

Command = Callable[..., None]
WIDTH, HEIGHT = 9.0, 5.0  # inches of a picture
FINDINGS = 1  # the exit code of a finding, or of a difference


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command answers: in words, or as JSON, and with a picture in a file where one was asked for."""

    png: Path | None
    as_json: bool

    def give(
        self, numbers: Any, words: Callable[[], str], figure: Callable[[], Figure], *, height: float = HEIGHT
    ) -> None:
        """Write the picture, then say the answer; neither words nor figure are made where nobody wants them."""
        if self.png is not None:
            from glidepath.plots.image import save  # here, so that words wait for no drawing library

            save(figure(), self.png, size=(WIDTH, height))
        click.echo(json.dumps(numbers) if self.as_json else words())


def asks(command: Command) -> Command:
    """The options for what a source does not say itself, given to the command as `terms`."""

    @click.option("--horizon", help='How long to train, where the source does not say: "100k" steps, "90 epochs".')
    @click.option("--peak", type=float, help="The largest learning rate, where the source does not say.")
    @click.option("--steps-per-epoch", type=click.IntRange(min=1), help="Updates of an epoch, for a source in epochs.")
    @wraps(command)
    def asking(
        *arguments: Any, horizon: str | None, peak: float | None, steps_per_epoch: int | None, **named: Any
    ) -> None:
        planned = None if horizon is None else Horizon.of(horizon, batches_per_epoch=steps_per_epoch)
        command(*arguments, terms=Terms(planned, steps_per_epoch, peak), **named)

    return asking


def answers(command: Command) -> Command:
    """The options for how the answer is given, given to the command as `answer`."""

    @click.option("--png", type=click.Path(path_type=Path), help="Write a picture to this file (.png or .svg).")
    @click.option("--json", "as_json", is_flag=True, help="Answer as JSON, without words.")
    @wraps(command)
    def answering(*arguments: Any, png: Path | None, as_json: bool, **named: Any) -> None:
        command(*arguments, answer=Answer(png, as_json), **named)

    return answering
