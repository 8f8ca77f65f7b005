"""Curves that other libraries plan between points of time which need be no whole steps: phases, restarts, stairs."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil, cos, isclose, pi

import numpy as np

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import joined
from glidepath.schedules.dialects.question import Question
from glidepath.schedules.levels import Level, absolute
from glidepath.schedules.recipes import arc, decay, hold, steps, warmup
from glidepath.schedules.reshape import combine, remap, repeat, reverse
from glidepath.schedules.schedule import Recipe
from glidepath.schedules.shapes import RISING, between

HALF = 0.5
LAST_BITS = 1e-12  # of a time: far below the share of a step that anything is planned by
MOST_PARTS = 10_000  # of one recipe: far more than anybody draws, and still placed within a blink


def fixed(value: float) -> Level:
    """A learning rate that does not move with the peak; 0 needs no such word."""
    return absolute(value) if value else 0.0


def multiple(peak: float) -> Callable[[float], Level]:
    """How learning rates become multiples of this peak."""
    return lambda value: value / peak


@dataclass(frozen=True, slots=True)
class Way:
    """A shape from the value `start` to `to` between two times, counted in steps from where the curve begins.

    It is taken from the step `first` up to before `stop`: those at or behind its two times, unless told. With
    `beyond` the shape's formula goes on where a step lies behind its end; `backwards` is 1 - f(1 - u).
    """

    begin: float
    end: float
    start: float
    to: float
    shape: str = "linear"
    power: float = 1.0
    first: int | None = None
    stop: int | None = None
    beyond: bool = False
    backwards: bool = False

    def cut(self, until: int) -> tuple[int, int]:
        """The steps that it is taken at, before `until`."""
        first = ceil(self.begin) if self.first is None else self.first
        stop = ceil(self.end) if self.stop is None else self.stop
        return max(0, first), min(until, stop)

    def at(self, share: float) -> float:
        """The value at a share (0 to 1) of the way."""
        start, to, gone = (self.to, self.start, 1 - share) if self.backwards else (self.start, self.to, share)
        return float(between(start, to, gone, shape=self.shape, power=self.power, xp=np))


def along(q: Question, ways: Iterable[Way], until: int, level: Callable[[float], Level] = fixed) -> Recipe | None:
    """The ways one behind the other, up to before step `until`, with their values as levels; None for no steps."""
    parts: list[Recipe] = []
    before: float | None = None
    for count, way in enumerate(ways):
        first, stop = way.cut(until)
        if first >= until:
            break
        if count == MOST_PARTS:
            raise SpecError(f"{q.of}: expected at most {MOST_PARTS} parts within {until} steps, got more")
        if stop > first:
            parts.append(_part(way, first, stop, before, level))
            before = way.to if stop == way.end else None
    return joined(*parts) if parts else None


def _part(way: Way, first: int, stop: int, before: float | None, level: Callable[[float], Level]) -> Recipe:
    start, to, length = level(way.start), level(way.to), stop - first
    if way.start == way.to:
        return hold(length, at=to)
    whole = first == way.begin and stop == way.end and not way.backwards
    if whole and way.to > way.start and way.shape in RISING:
        return warmup(length, start=start, to=to, shape=way.shape)
    if whole and way.to < way.start == before:
        return decay(length, to=to, shape=way.shape, power=way.power)
    since, until = ((step - way.begin) / (way.end - way.begin) for step in (first, stop))
    if way.backwards and first == way.begin:  # a root is steep here, and shows the last bit of u
        rest = _part(way, first + 1, stop, None, level) if length > 1 else None
        return joined(hold(1, at=start), rest)
    if way.backwards:
        each = (until - since) / length
        return reverse(_arc(way, length, to, start, max(0.0, 1 - until + each), 1 - since + each), length=length)
    return _arc(way, length, start, to, since, until)


def _arc(way: Way, length: int, start: Level, to: Level, since: float, until: float) -> Recipe:
    shape, power, beyond = way.shape, way.power, way.beyond
    return arc(length, start=start, to=to, shape=shape, power=power, since=since, until=until, beyond=beyond)


def polynomial(power: float) -> tuple[str, float]:
    """The shape of (1 - u)^power, and the power that it takes."""
    return ("linear", 1.0) if power == 1 else ("polynomial", power)


def widening(count: int, first: float, to: float, power: float) -> Iterator[Way]:
    """(1 - t/n)^power with n the multiple of `count` at or behind t: at each multiple itself it is at its end."""
    close, (shape, exponent) = 0, polynomial(power)
    while True:
        yield Way(0, close + count, first, to, shape, exponent, first=close + (close > 0))
        close += count
        yield Way(close, close + 1, to, to)


def phases(
    q: Question, count: int, share: float, rates: tuple[float, float, float], shape: str, *, three: bool
) -> list[Way]:
    """The one cycle of torch and its kin over T steps: from rates[0] to rates[1] at share T - 1, to rates[2] at T - 1.

    With `three` it goes down as it came first. They answer one step more by the shape's formula: up again, or below
    the end. Refuses shares for which they divide by 0.
    """
    if share * count == 1 or share >= (HALF if three else 1):
        raise SpecError(
            f"{q.of}: expected a share of the way up below {HALF if three else 1}, and not one update long, where it "
            f"is divided by 0, got {share:g} of {count}"
        )
    up, last = share * count - 1, count - 1
    first, peak, low = rates
    ways = [Way(0, up, first, peak, shape)]
    ways += [Way(up, 2 * up, peak, first, shape), Way(2 * up, last, first, low, shape)] if three else []
    ways += [] if three else [Way(up, last, peak, low, shape)]
    end = ways[-1]
    if not q.faithful:
        return ways
    if shape == "linear":
        return [*ways, replace(end, first=last, stop=last + 2, beyond=True)]
    behind = low + (end.start - low) * (1 + cos(pi * (count - end.begin) / (last - end.begin))) / 2
    return [*ways, Way(last, count, low, low), Way(count, count + 1, behind, behind)]


def grown(q: Question, first: float, growth: float, until: int) -> list[tuple[float, float]]:
    """Where cycles begin and end up to step `until`, each `growth` times as long as the one before, from `first` on."""
    bounds: list[tuple[float, float]] = []
    while not bounds or bounds[-1][1] < until:
        i = len(bounds)
        begin = i * first if growth == 1 else (1 - growth**i) / (1 - growth) * first
        bounds.append((_near(begin), _near(begin + growth**i * first)))
        if i == MOST_PARTS:
            raise SpecError(f"{q.of}: expected at most {MOST_PARTS} cycles within {until} steps, got more")
    return bounds


def firsts_of(begins: list[float], cycle: Callable[[int], int]) -> list[int]:
    """The first step that a library counts to each cycle: the one at or behind its begin, or a neighbour of that."""
    near = ((ceil(begin), i) for i, begin in enumerate(begins))
    return [next((c for c in (n - 1, n) if c >= 0 and cycle(c) >= i), n + 1) for n, i in near]


def restarts(
    bounds: list[tuple[float, float]], firsts: list[int], ends: Callable[[int], tuple[float, float]]
) -> list[Way]:
    """A cosine in each cycle between its two values, taken from its first step."""
    stops = [*firsts[1:], None]
    return [
        Way(min(begin, first), end, *ends(i), "cosine", first=first, stop=stop)
        for i, ((begin, end), first, stop) in enumerate(zip(bounds, firsts, stops, strict=True))
    ]


def _near(time: float) -> float:
    """A time as it was meant where products have left it a last bit beside a whole step."""
    return round(time) if isclose(time, round(time), rel_tol=LAST_BITS) else time


def stairs(
    q: Question, changes: Iterable[tuple[int, float]], until: int, level: Callable[[float], Level] = fixed
) -> Recipe:
    """A value from each step of `changes` on, in order and from step 0 on; held behind `until`."""
    kept: list[tuple[int, float]] = []
    for count, (step, value) in enumerate(changes):
        if step >= until:
            break
        if count == MOST_PARTS:
            raise SpecError(f"{q.of}: expected at most {MOST_PARTS} stairs within {until} steps, got more")
        if kept and kept[-1][0] == step:
            kept.pop()
        if not kept or kept[-1][1] != value:
            kept.append((step, value))
    parts = [hold(end - begin, at=level(value)) for (begin, value), (end, _) in pairwise(kept)]
    return joined(*parts, hold(at=level(kept[-1][1])))


def triangles(mode: str, ends: tuple[float, float], sizes: tuple[int, int], gamma: float) -> Recipe:
    """Up from the first rate to the second and down again, in two of three modes each time lower.

    Half as high in every cycle ("triangular2"), or by gamma to the power of the step ("exp_range").
    """
    low, high = (fixed(end) for end in ends)
    up, down = sizes
    if mode == "triangular":
        return repeat(joined(arc(up, start=low, to=high), arc(down, start=high, to=low)), every=up + down)
    waves = repeat(joined(arc(up), arc(down, start=1.0, to=0.0)), every=up + down)
    halved, each = mode == "triangular2", up + down
    if gamma == 0 and not halved:
        return hold(at=low)
    shrunk = steps(each, factor=HALF) if halved else steps(1, factor=gamma)
    return remap(combine(waves, shrunk, by="product"), low=low, high=high)
