"""Pieces: parts that have found their whole steps and their learning rates, each one closed form.

A piece answers for its local steps t, 0 to its length n, where t = n is what the next part begins with.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf, log
from typing import Any, ClassVar

import numpy as np

from glidepath.schedules.shapes import between

SQUARE_ROOT = 0.5  # the exponent that is one


@dataclass(frozen=True, slots=True)
class Piece(ABC):
    """A closed form over `length` >= 0 whole steps; it enters at `start` and stays between its two ends."""

    # Whether it hands its steps on to pieces inside: those take whole steps as they are, that float32 would round.
    holds: ClassVar[bool] = False
    length: int
    start: float
    low: float = field(init=False, repr=False, compare=False)
    high: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keep the two ends in order, which no value of the piece leaves by as much as a last bit."""
        object.__setattr__(self, "low", min(self.start, self.end))
        object.__setattr__(self, "high", max(self.start, self.end))

    @property
    def reach(self) -> int:
        """The largest whole number that it reckons with."""
        return self.length

    @abstractmethod
    def at(self, t: Any, xp: Any) -> Any:
        """The learning rate at local steps t (floats, 0 to n, any shape), before it is kept within the ends."""

    @property
    def end(self) -> float:
        """The learning rate at local step n: what the next part begins with."""
        return float(self.at(float(self.length), np))

    def spread(self, begin: int, end: int) -> Iterator[tuple[int, "Piece"]]:  # noqa: ARG002 - for those with pieces in
        """(its first step, a piece) of each closed form that it is made of, where it stands from `begin` to `end`."""
        yield begin, self


def read(piece: Piece, t: Any, xp: Any) -> Any:
    """A piece at local steps t: floats, or whole steps of JAX, which only a piece that holds others can use."""
    if piece.holds or largest(t, xp) == inf:
        return piece.at(t, xp)
    return piece.at(xp.asarray(t, dtype=xp.result_type(float)), xp)


def largest(t: Any, xp: Any) -> float:
    """The largest whole step of an array's type: infinity unless JAX counts in it, whose steps stay whole here."""
    counts = xp.__name__ not in ("numpy", "torch") and t.dtype.kind in "iu"
    return int(xp.iinfo(t.dtype).max) if counts else inf


def kept(t: Any, length: int, xp: Any) -> Any:
    """Steps kept from 0 to a length, in their own type."""
    most = largest(t, xp)
    return xp.clip(t, 0.0, float(length)) if most == inf else xp.clip(t, 0, min(length, most))


@dataclass(frozen=True, slots=True)
class Ramp(Piece):
    """From `start` to `to` along a shape; with `endpoint` the last step, not the one after it, is `to`."""

    to: float
    shape: str
    power: float = 1.0
    endpoint: bool = False

    def at(self, t: Any, xp: Any) -> Any:
        """`between(start, to)` at u = t/n, or t/(n-1) up to 1 with `endpoint`."""
        if self.last < 1:  # no way to go: the target, whatever t is
            return t * 0 + self.to
        return self.along(t, self.start, self.to, float(self.last), xp)

    def along(self, t: Any, start: Any, to: Any, last: Any, xp: Any) -> Any:
        """The ramp's curve between other ends and over other lengths, each a number or an array like t."""
        u = t / last
        if self.endpoint:
            u = xp.where(u > 1, u * 0 + 1, u)
        return between(start, to, u, shape=self.shape, power=self.power, xp=xp)

    @property
    def last(self) -> int:
        """The local step at which it is at its target."""
        return self.length - self.endpoint

    @property
    def end(self) -> float:
        """Exactly `to`."""
        return self.to


@dataclass(frozen=True, slots=True)
class Arc(Piece):
    """A stretch of a shape: from `origin` to `to`, of which t goes from the share `since` to the share `until`.

    With `beyond` the shape's formula goes on outside of 0 to 1, else it is held there.
    """

    origin: float
    to: float
    shape: str
    power: float
    since: float
    until: float
    beyond: bool = False

    def at(self, t: Any, xp: Any) -> Any:
        """`between(origin, to)` at u from `since` to `until`, exact at both."""
        share = t / float(max(1, self.length))
        u = self.since * (1 - share) + self.until * share
        u = u if self.beyond else xp.clip(u, 0, 1)
        return between(self.origin, self.to, u, shape=self.shape, power=self.power, xp=xp)


@dataclass(frozen=True, slots=True)
class Stairs(Piece):
    """start * factor^floor(t / every)."""

    factor: float
    every: int

    def at(self, t: Any, xp: Any) -> Any:
        """The stair that t stands on, by repeated squaring: products alone, so that all libraries agree."""
        count = xp.floor(t / float(self.every))
        value, power = t * 0 + self.start, self.factor
        for _ in range((self.length // self.every).bit_length()):
            half = xp.floor(count / 2)
            value = xp.where(count - 2 * half == 1, value * power, value)
            count, power = half, power * power
        return value


@dataclass(frozen=True, slots=True)
class Slope(Piece):
    """start * factor^(t / every), without stairs."""

    factor: float
    every: int

    def at(self, t: Any, xp: Any) -> Any:
        """The exponential at t."""
        return self.start * xp.exp(t / float(self.every) * log(self.factor))


@dataclass(frozen=True, slots=True)
class Power(Piece):
    """start * (s / (s + r t))^exponent with the timescale s and the rate r."""

    timescale: int
    exponent: float
    rate: float

    def at(self, t: Any, xp: Any) -> Any:
        """The power law at t; the root and the quotient are exact to the last bit in every library, a power is not."""
        ratio = float(self.timescale) / (float(self.timescale) + self.rate * t)
        if self.exponent == SQUARE_ROOT:
            return self.start * xp.sqrt(ratio)
        return self.start * (ratio if self.exponent == 1 else xp.pow(ratio, self.exponent))
