"""Parts that hold recipes: each lays them over its own stretch of steps and gives one piece."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import inf, isclose

import numpy as np

from glidepath.errors import ScheduleError
from glidepath.schedules import layout
from glidepath.schedules.levels import Level
from glidepath.schedules.nested import Affine, Both, Mapped, Nested, Periodic, Warped
from glidepath.schedules.parts import Part, Seat
from glidepath.schedules.pieces import Piece
from glidepath.schedules.schedule import Recipe
from glidepath.units import Amount, Horizon, half_up

LAST_BITS = 1e-14  # some roundings of a float64
MOST_CYCLES = 10_000  # that differ from each other; equal ones may be any number


def laid(recipe: Recipe, steps: int, seat: Seat, *, peak: float | None, enters: float | None = None) -> Piece:
    """A recipe as one piece of so many steps, with the rates of the seat's horizon; entering at the peak or as told."""
    if steps == 0:
        return _empty(laid(recipe, 1, seat, peak=peak, enters=enters))
    horizon = Horizon(steps, **seat.horizon.rates)
    begin_at = _unit(peak) if enters is None else enters
    begins, pieces = layout.placed(recipe.parts, horizon, enters=begin_at, peak=peak)
    return Nested(steps, pieces[0].start, begins, pieces)


def _empty(one: Piece) -> Piece:
    """No steps: what the recipe ends with, which the next part begins with."""
    return Mapped(0, one.end, one, 1.0, one.end, one.end)


def _unit(peak: float | None) -> float:
    """The learning rate that a multiplier of 1 is."""
    return 1.0 if peak is None else peak


@dataclass(frozen=True, slots=True)
class Repeat(Part):
    """See `glidepath.repeat`."""

    word = "repeat"
    first = "recipe"
    recipe: Recipe
    every: Amount | None = None
    times: int | None = None
    growth: Fraction = Fraction(1)
    factor: float = 1.0

    def place(self, seat: Seat) -> Piece:
        """Equal cycles as one piece over and over, others one by one."""
        bounds = self._bounds(seat)
        if self.growth == 1 and self.factor == 1 and len({b - a for a, b in pairwise(bounds)}) == 1 and bounds[1]:
            inner = laid(self.recipe, bounds[1], seat, peak=seat.peak)
            return Periodic(seat.length, inner.start, inner)
        cycles = [laid(self.recipe, b - a, seat, peak=self._peak(seat, k)) for k, (a, b) in enumerate(pairwise(bounds))]
        return Nested(seat.length, cycles[0].start, tuple(bounds[:-1]), tuple(cycles))

    def _peak(self, seat: Seat, cycle: int) -> float | None:
        if seat.peak is None and (cycle == 0 or self.factor == 1):
            return None
        return _unit(seat.peak) * self.factor**cycle

    def _bounds(self, seat: Seat) -> list[int]:
        """The steps at which cycles begin, and where the last one ends: each the rounded exact sum."""
        if self.every is None:
            total = self._sum(self.times or 1)
            return [half_up(seat.length * self._sum(k) / total) for k in range((self.times or 1) + 1)]
        first = max(1, seat.horizon.place(self.every))
        if self.growth == 1 and self.factor == 1:
            return [0, first]
        bounds = [0]
        while bounds[-1] < seat.length or len(bounds) == 1:
            bounds.append(half_up(first * self._sum(len(bounds))))
            if len(bounds) > MOST_CYCLES:
                raise ScheduleError(f"expected at most {MOST_CYCLES} cycles that differ, got more: lengthen every")
        return bounds

    def _sum(self, cycles: int) -> Fraction:
        """1 + g + g^2 + ... of so many cycles."""
        if self.growth == 1:
            return Fraction(cycles)
        return (self.growth**cycles - 1) / (self.growth - 1)


@dataclass(frozen=True, slots=True)
class Stretch(Part):
    """See `glidepath.stretch`."""

    word = "stretch"
    first = "recipe"
    recipe: Recipe
    over: Amount
    since: float = 0.0
    until: float = 1.0
    lead: float = 0.0
    trail: float = 0.0

    def place(self, seat: Seat) -> Piece:
        """The recipe over its own number of steps, or a share of them, read faster or more slowly."""
        inner = laid(self.recipe, max(1, seat.horizon.place(self.over)), seat, peak=seat.peak)
        first, pace = self.line(inner.length, max(1, seat.length))
        return Warped(seat.length, float(inner.at(float(first), np)), inner, first, pace)

    def line(self, steps: int, length: int) -> tuple[float, float]:
        """The step of the recipe's `steps` that the first of `length` reads, and how many each next one is behind."""
        first, last = share_of(steps, self.since), share_of(steps, self.until)
        if length <= self.trail - self.lead:
            raise ScheduleError(f"expected a stretch of more than {self.trail - self.lead:g} steps, got {length}")
        pace = (last - first) / (length - self.trail + self.lead)
        return (first + self.lead * pace if self.lead else first), pace


def share_of(steps: int, share: float) -> float:
    """A share of some steps: an int where it is whole but for the last bits, which a product leaves."""
    place = steps * share
    return round(place) if isclose(place, round(place), rel_tol=LAST_BITS) else place


@dataclass(frozen=True, slots=True)
class Reverse(Part):
    """See `glidepath.reverse`."""

    word = "reverse"
    first = "recipe"
    recipe: Recipe

    def place(self, seat: Seat) -> Piece:
        """The recipe from its last step to its first."""
        inner = laid(self.recipe, seat.length, seat, peak=seat.peak)
        last = max(0, seat.length - 1)
        return Warped(seat.length, float(inner.at(float(last), np)), inner, last, -1)


@dataclass(frozen=True, slots=True)
class Shift(Part):
    """See `glidepath.shift`."""

    word = "shift"
    first = "recipe"
    recipe: Recipe
    by: Amount

    def place(self, seat: Seat) -> Piece:
        """The recipe some steps later; its first value is held until then."""
        inner = laid(self.recipe, seat.length, seat, peak=seat.peak)
        return Warped(seat.length, inner.start, inner, -seat.horizon.place(self.by), 1)


@dataclass(frozen=True, slots=True)
class Excerpt(Part):
    """See `glidepath.excerpt`."""

    word = "excerpt"
    first = "recipe"
    recipe: Recipe
    over: Amount
    begin: Amount = Amount.of(0)  # noqa: RUF009 - a frozen value

    def place(self, seat: Seat) -> Piece:
        """The recipe over its own steps, from one of them on."""
        inner = laid(self.recipe, max(1, seat.horizon.place(self.over)), seat, peak=seat.peak)
        begin = min(seat.horizon.place(self.begin), inner.length)
        return Warped(seat.length, float(inner.at(float(begin), np)), inner, begin, 1)


@dataclass(frozen=True, slots=True)
class Clip(Part):
    """See `glidepath.clip`."""

    word = "clip"
    first = "recipe"
    recipe: Recipe
    low: Level = 0.0
    high: Level = 1.0

    def place(self, seat: Seat) -> Piece:
        """The recipe kept between two levels."""
        inner = laid(self.recipe, seat.length, seat, peak=seat.peak)
        low, high = seat.level(self.low, "the low end of the clip"), seat.level(self.high, "the high end of the clip")
        if low > high:
            raise ScheduleError(f"expected low at or below high in a clip, got {low:g} and {high:g}")
        return Mapped(seat.length, inner.start, inner, 1.0, low, high)


@dataclass(frozen=True, slots=True)
class Scale(Part):
    """See `glidepath.scale`."""

    word = "scale"
    first = "recipe"
    recipe: Recipe
    factor: float = 1.0

    def place(self, seat: Seat) -> Piece:
        """The recipe times the factor."""
        inner = laid(self.recipe, seat.length, seat, peak=seat.peak)
        return Mapped(seat.length, inner.start * self.factor, inner, self.factor, 0.0, inf)


@dataclass(frozen=True, slots=True)
class Combine(Part):
    """See `glidepath.combine`."""

    word = "combine"
    first = "recipe"
    recipe: Recipe
    other: Recipe
    by: str

    def place(self, seat: Seat) -> Piece:
        """Both recipes over the same steps."""
        left, right = (laid(recipe, seat.length, seat, peak=seat.peak) for recipe in (self.recipe, self.other))
        unit = _unit(seat.peak)
        both = Both(seat.length, left.start, left, right, self.by, unit)
        return both if self.by != "sum" else Mapped(seat.length, both.start, both, 1.0, 0.0, unit)


@dataclass(frozen=True, slots=True)
class Remap(Part):
    """See `glidepath.remap`."""

    word = "remap"
    first = "recipe"
    recipe: Recipe
    low: Level = 0.0
    high: Level = 1.0

    def place(self, seat: Seat) -> Piece:
        """The recipe by the line through both levels."""
        inner = laid(self.recipe, seat.length, seat, peak=seat.peak)
        zero, one = seat.level(self.low, "the low end of the remap"), seat.level(self.high, "the high end of the remap")
        return Affine(seat.length, inner.start, inner, zero, one, _unit(seat.peak))


@dataclass(frozen=True, slots=True)
class Override(Part):
    """See `glidepath.override`."""

    word = "override"
    first = "recipe"
    recipe: Recipe
    other: Recipe
    begin: Amount
    over: Amount

    def place(self, seat: Seat) -> Piece:
        """The recipe, the other one in the window, and the recipe again from where it would be by then."""
        inner = laid(self.recipe, seat.length, seat, peak=seat.peak)
        begin = min(seat.horizon.place(self.begin), seat.length)
        end = min(begin + seat.horizon.place(self.over), seat.length)
        enters = float(inner.at(float(begin), np))
        window = laid(self.other, end - begin, seat, peak=seat.peak, enters=enters)
        rest = Warped(seat.length - end, float(inner.at(float(end), np)), inner, end, 1)
        return Nested(seat.length, inner.start, (0, begin, end), (inner, window, rest))
