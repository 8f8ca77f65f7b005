"""Parts: what a recipe is made of, before it knows a horizon or a peak.

Each part turns into a piece once it is told where it stands: `place` takes the whole steps and the
learning rates that a recipe's `over` found.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import isclose
from typing import ClassVar

import numpy as np

from glidepath.errors import ScheduleError
from glidepath.schedules import pieces, untuned
from glidepath.schedules.levels import Level, placed
from glidepath.schedules.pieces import SQUARE_ROOT, Piece, Power, Ramp, Slope, Stairs
from glidepath.schedules.shapes import between
from glidepath.units import Amount, Horizon

LAST_BITS = 1e-12  # some thousand units in the last place of a float64, far below any learning rate meant


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a part stands: its first step, its length, the learning rate it enters at, and the whole's terms."""

    begin: int
    length: int
    enters: float
    horizon: Horizon
    peak: float | None

    def level(self, value: Level, what: str) -> float:
        """A level of the recipe as a learning rate here."""
        return placed(value, self.peak, what)


@dataclass(frozen=True, slots=True)
class Part(ABC):
    """One piece of a recipe; a `length` of None takes what is left of the horizon.

    `word` is its name in code, text and spec alike; `first` is the argument that may stand without its name.
    """

    word: ClassVar[str]
    first: ClassVar[str] = "length"
    length: Amount | None

    @abstractmethod
    def place(self, seat: Seat) -> Piece:
        """The closed form of this part at its seat."""


def _at_most(value: float, limit: float, who: str, verb: str) -> float:
    """`value`, refused above `limit`; a last bit above it, which products leave, counts as equal."""
    if value <= limit or isclose(value, limit, rel_tol=LAST_BITS):
        return min(value, limit)
    raise ScheduleError(
        f"expected {who} at or below {limit:g}, where it {verb}, got {value:g}: a warmup goes up, a decay goes down"
    )


@dataclass(frozen=True, slots=True)
class Warmup(Part):
    """See `glidepath.warmup`."""

    word = "warmup"
    start: Level | None = None
    to: Level = 1.0
    shape: str = "linear"

    def place(self, seat: Seat) -> Piece:
        """A ramp up; without a start it begins at 1/(n+1) of its target, so that no update is wasted at 0."""
        to = seat.level(self.to, "the target of the warmup")
        if self.start is None:
            return Ramp(seat.length, to / (seat.length + 1), to, self.shape)
        start = seat.level(self.start, "the start of the warmup")
        return Ramp(seat.length, _at_most(start, to, "the warmup to start", "ends"), to, self.shape)


@dataclass(frozen=True, slots=True)
class Hold(Part):
    """See `glidepath.hold`."""

    word = "hold"
    at: Level | None = None

    def place(self, seat: Seat) -> Piece:
        """A ramp that stays where it is, or where it was told to be."""
        value = seat.enters if self.at is None else seat.level(self.at, "the level of the hold")
        return Ramp(seat.length, value, value, "linear")


@dataclass(frozen=True, slots=True)
class Decay(Part):
    """See `glidepath.decay`."""

    word = "decay"
    to: Level = 0.0
    shape: str = "linear"
    power: float = 1.0
    endpoint: bool = False

    def place(self, seat: Seat) -> Piece:
        """A ramp down from where the part before it ended."""
        to = seat.level(self.to, "the end of the decay")
        to = _at_most(to, seat.enters, "the decay to end", "begins")
        return Ramp(seat.length, seat.enters, to, self.shape, self.power, self.endpoint)


@dataclass(frozen=True, slots=True)
class Arc(Part):
    """See `glidepath.arc`."""

    word = "arc"
    start: Level = 0.0
    to: Level = 1.0
    shape: str = "linear"
    power: float = 1.0
    since: float = 0.0
    until: float = 1.0
    beyond: bool = False

    def place(self, seat: Seat) -> Piece:
        """A stretch of a shape; where it is cut the value there is where it enters."""
        origin, to = seat.level(self.start, "the start of the arc"), seat.level(self.to, "the end of the arc")
        enters = float(between(origin, to, self.since, shape=self.shape, power=self.power, xp=np))
        return pieces.Arc(seat.length, enters, origin, to, self.shape, self.power, self.since, self.until, self.beyond)


@dataclass(frozen=True, slots=True)
class Steps(Part):
    """See `glidepath.steps`."""

    word = "steps"
    first = "every"
    every: Amount
    factor: float = 0.1
    smooth: bool = False

    def place(self, seat: Seat) -> Piece:
        """Stairs whose tread is at least one step, however short the horizon."""
        every = max(1, seat.horizon.place(self.every))
        return (Slope if self.smooth else Stairs)(seat.length, seat.enters, self.factor, every)


@dataclass(frozen=True, slots=True)
class PowerLaw(Part):
    """See `glidepath.power_law`."""

    word = "power_law"
    exponent: float = SQUARE_ROOT
    timescale: Amount | None = None
    rate: float = 1.0

    def place(self, seat: Seat) -> Piece:
        """A power whose timescale, where none is named, is the number of steps before it."""
        scale = seat.begin if self.timescale is None else seat.horizon.place(self.timescale)
        return Power(seat.length, seat.enters, max(1, scale), self.exponent, self.rate)


@dataclass(frozen=True, slots=True)
class Untuned(Part):
    """See `glidepath.untuned`."""

    word = "untuned"
    beta2: float = 0.999
    shape: str = "linear"

    def place(self, seat: Seat) -> Piece:
        """The form, up to where the part before it ended."""
        first = float(untuned.FORMS[self.shape](0.0, self.beta2, np)) * seat.enters
        return untuned.Untuned(seat.length, first, seat.enters, self.beta2, self.shape)
