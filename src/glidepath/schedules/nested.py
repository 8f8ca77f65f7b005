"""Pieces made of other pieces: a whole recipe inside one part, moved in time or in value, or two of them at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np

from glidepath.schedules.evaluation import Line, evaluate
from glidepath.schedules.pieces import Piece, Ramp, kept, largest, read

LAST_BITS = 1e-9  # of a step: nearer than this to a whole one it is that one, but for rounding


@dataclass(frozen=True, slots=True)
class Nested(Piece):
    """The pieces of a recipe, which begin at `begins`, as one piece."""

    holds = True
    begins: tuple[int, ...]
    pieces: tuple[Piece, ...]
    line: Line = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """It stays between the lowest and the highest of its pieces."""
        object.__setattr__(self, "line", Line(self.begins, self.pieces))
        object.__setattr__(self, "low", min(piece.low for piece in self.pieces))
        object.__setattr__(self, "high", max(piece.high for piece in self.pieces))

    def at(self, t: Any, xp: Any) -> Any:  # noqa: ARG002 - evaluation knows the namespace from t
        """The value of the piece that t falls into."""
        return evaluate(self.line, t)

    @property
    def reach(self) -> int:
        """Where the last piece ends, or what one inside reckons with."""
        return max(self.length, *(piece.reach for piece in self.pieces))

    def spread(self, begin: int, end: int) -> Iterator[tuple[int, Piece]]:
        """The pieces of the recipe, as far as they begin by the end, and its last value where they leave room."""
        for offset, piece in zip(self.begins, self.pieces, strict=True):
            if begin + offset <= end:
                yield from piece.spread(begin + offset, min(end, begin + offset + piece.length))
        if (held := begin + self.line.end) < end:
            last = min(max(self.pieces[-1].end, self.pieces[-1].low), self.pieces[-1].high)
            yield held, Ramp(end - held, last, last, "linear")


@dataclass(frozen=True, slots=True)
class Warped(Piece):
    """Another piece at other steps: `inner` at offset + scale t, kept within it."""

    holds = True
    inner: Piece
    offset: float  # an int where it is whole, which JAX keeps exact
    scale: float

    def __post_init__(self) -> None:
        """The values are those of the piece inside."""
        object.__setattr__(self, "low", self.inner.low)
        object.__setattr__(self, "high", self.inner.high)

    def at(self, t: Any, xp: Any) -> Any:
        """The piece inside, at its own step."""
        place = self.offset + self.scale * t
        if not float(self.scale).is_integer():  # a jump falls on a whole step, and rounding must not come before it
            place = xp.where(abs(place - xp.round(place)) < LAST_BITS, xp.round(place), place)
        return read(self.inner, kept(place, self.inner.length, xp), xp)

    @property
    def reach(self) -> int:
        """Its own steps, those of the piece inside, and the way to it."""
        ends = self.offset, self.offset + self.scale * self.length
        return max(self.length, self.inner.reach, *(ceil(abs(end)) for end in ends))


@dataclass(frozen=True, slots=True)
class Periodic(Piece):
    """Another piece again and again: `inner` at t modulo its length."""

    holds = True
    inner: Piece

    def __post_init__(self) -> None:
        """The values are those of the piece inside."""
        object.__setattr__(self, "low", self.inner.low)
        object.__setattr__(self, "high", self.inner.high)

    def at(self, t: Any, xp: Any) -> Any:
        """The piece inside, at its step of this cycle; the step behind the last cycle ends it, it begins no other."""
        period = self.inner.length
        cycle = t // period
        begun = xp.where(cycle * period == min(self.length, largest(t, xp)), cycle - 1, cycle)
        return read(self.inner, t - begun * period, xp)

    @property
    def reach(self) -> int:
        """The steps of one cycle."""
        return self.inner.reach

    def spread(self, begin: int, end: int) -> Iterator[tuple[int, Piece]]:
        """The piece inside, once for each cycle."""
        for start in range(begin, max(end, begin + 1), self.inner.length):
            yield from self.inner.spread(start, min(end, start + self.inner.length))


@dataclass(frozen=True, slots=True)
class Mapped(Piece):
    """Another piece times `factor`, kept from `floor` to `ceiling`."""

    holds = True
    inner: Piece
    factor: float
    floor: float
    ceiling: float

    def __post_init__(self) -> None:
        """The values lie within the limits."""
        low, high = (min(max(v * self.factor, self.floor), self.ceiling) for v in (self.inner.low, self.inner.high))
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    def at(self, t: Any, xp: Any) -> Any:
        """The value inside, scaled and clipped."""
        return xp.clip(self.factor * read(self.inner, t, xp), self.floor, self.ceiling)

    @property
    def reach(self) -> int:
        """That of the piece inside."""
        return self.inner.reach


@dataclass(frozen=True, slots=True)
class Affine(Piece):
    """Another piece by a straight line: `zero` where it is 0, `one` where it is `unit`."""

    holds = True
    inner: Piece
    zero: float
    one: float
    unit: float

    def __post_init__(self) -> None:
        """A line keeps the ends of the piece inside, or turns them round."""
        low, high = sorted((self._of(self.inner.low), self._of(self.inner.high)))
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    def _of(self, value: Any) -> Any:
        share = value / self.unit
        return self.zero * (1 - share) + self.one * share

    def at(self, t: Any, xp: Any) -> Any:
        """The line at the value inside."""
        return self._of(read(self.inner, t, xp))

    @property
    def reach(self) -> int:
        """That of the piece inside."""
        return self.inner.reach


def product(left: Any, right: Any, unit: float, xp: Any) -> Any:  # noqa: ARG001 - all have one signature
    """Of two multiples of the unit: one of the unit too, not of its square, and never above either."""
    return left * (right / unit)


def maximum(left: Any, right: Any, unit: float, xp: Any) -> Any:  # noqa: ARG001
    """The larger of the two, step by step."""
    return xp.where(left >= right, left, right)


def minimum(left: Any, right: Any, unit: float, xp: Any) -> Any:  # noqa: ARG001
    """The smaller of the two, step by step."""
    return xp.where(left <= right, left, right)


def total(left: Any, right: Any, unit: float, xp: Any) -> Any:  # noqa: ARG001
    """left + right."""
    return left + right


OPERATIONS: dict[str, Callable[[Any, Any, float, Any], Any]] = {
    "product": product,
    "maximum": maximum,
    "minimum": minimum,
    "sum": total,
}


@dataclass(frozen=True, slots=True)
class Both(Piece):
    """Two pieces at once: `operation` of both values; `unit` is the learning rate that a multiplier of 1 is."""

    holds = True
    left: Piece
    right: Piece
    operation: str
    unit: float

    def __post_init__(self) -> None:
        """The operations rise with both, so the ends come from the ends."""
        object.__setattr__(self, "low", self._of(self.left.low, self.right.low))
        object.__setattr__(self, "high", self._of(self.left.high, self.right.high))

    def _of(self, left: float, right: float) -> float:
        return float(OPERATIONS[self.operation](left, right, self.unit, np))

    def at(self, t: Any, xp: Any) -> Any:
        """The operation on both values at t."""
        return OPERATIONS[self.operation](read(self.left, t, xp), read(self.right, t, xp), self.unit, xp)

    @property
    def reach(self) -> int:
        """The larger of the two."""
        return max(self.left.reach, self.right.reach)
