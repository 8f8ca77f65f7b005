"""Bends and their bounds as a recipe."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from glidepath.diagnosis.bends import POWER_LAW, Bend
from glidepath.diagnosis.joining import Span
from glidepath.diagnosis.stretches import Drawn
from glidepath.schedules.points import points
from glidepath.schedules.powers import power_law
from glidepath.schedules.recipes import arc, decay, hold, warmup
from glidepath.schedules.schedule import Recipe
from glidepath.schedules.shapes import EXPONENTIAL, RISING

SAME = 2e-6  # of the peak: levels no further apart are one
EXACT = SAME / 10  # of the peak: a level of few digits was meant so
OF_THE_WAY = 1e-9  # nearer to an end of its shape a bend is at it
SELF_SIMILAR = ("linear", EXPONENTIAL)  # of which any piece is one again
DIGITS = 6  # of a multiple of the peak, where it was meant with so few
NOWHERE = -1.0  # the level behind a part that leads to none of its own
LEAST = 1e-12  # of the peak: what equal factors may lead to


def recipe(all_spans: Sequence[Span], peak: float, near: float = SAME) -> Recipe:
    """The recipe of bends that join, its levels as multiples of a peak; those `near` each other are taken for one."""
    level, parts = 1.0, list[Recipe]()
    for number, span in enumerate(all_spans):
        seat = Seat(level, peak, max(near, SAME), ends=number == len(all_spans) - 1)
        for part, to in _said(span, seat):
            parts.append(part)
            level = to
    return Recipe(tuple(part for one in parts for part in one.parts))


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a bend stands: the level before it, the peak, what is one level, and whether nothing follows."""

    enters: float
    peak: float
    near: float
    ends: bool

    def share(self, level: float) -> float:
        """A level as a multiple of the peak, the round one that was meant."""
        share = level / self.peak
        meant = dict.fromkeys((self.enters, 1.0, 0.0), self.near) | {round(share, DIGITS): EXACT}
        close = (one for one, near in meant.items() if one >= 0 and abs(share - one) <= near)
        return min(1.0, next(close, share))

    def entering(self, level: float) -> "Seat":
        """The same behind another level."""
        return replace(self, enters=level)


def _said(span: Span, seat: Seat) -> Iterator[tuple[Recipe, float]]:
    """Parts, each with the level that it leads to."""
    bend, length = span.bend, span.end - span.begin
    if isinstance(bend, Drawn):
        levels = np.minimum(bend.values / seat.peak, 1).tolist()
        knots = [(int(at) - span.begin, level) for at, level in zip(bend.steps, levels, strict=True)]
        yield points([(at, level) for at, level in knots if 0 <= at <= length], length=length), NOWHERE
    elif bend.start == bend.to:
        yield _kept(None if seat.ends else length, seat.share(bend.to), seat)
    elif bend.shape == POWER_LAW:
        yield from _law(span, bend, seat)
    else:
        yield from _moving(span, bend, seat)


def _kept(length: int | None, share: float, seat: Seat) -> tuple[Recipe, float]:
    return (hold(length) if share == seat.enters else hold(length, at=share)), share


def _law(span: Span, bend: Bend, seat: Seat) -> Iterator[tuple[Recipe, float]]:
    begin = min(max(span.begin, round(bend.begin)), span.end)
    scale = bend.length + begin - bend.begin
    start = seat.share(bend.at(begin))
    if begin > span.begin or start != seat.enters:
        yield _kept(begin - span.begin, start, seat)
    whole = max(1, round(scale))
    rate = 1.0 if abs(whole - scale) <= seat.near * scale else whole / scale
    power = round(bend.power, 2) if abs(bend.power - round(bend.power, 2)) <= seat.near else bend.power
    yield power_law(span.end - begin, exponent=power, timescale=whole, rate=rate), NOWHERE


def _moving(span: Span, bend: Bend, seat: Seat) -> Iterator[tuple[Recipe, float]]:
    """What is kept before, the shape or the piece of it that lies within the bounds, and what is kept behind."""
    low, high = (min(max(span.begin, round(bound)), span.end) for bound in (bend.begin, bend.end))
    if low > span.begin:
        start = seat.share(bend.start)
        yield _kept(low - span.begin, start, seat)
        seat = seat.entering(start)
    level = NOWHERE
    if high > low:
        for part, level in _shaped(bend, low, high, seat):
            yield part, level
    if high < span.end:
        yield _kept(None if seat.ends else span.end - high, seat.share(bend.to), seat.entering(level))


def _shaped(bend: Bend, low: int, high: int, seat: Seat) -> Iterator[tuple[Recipe, float]]:
    """The bend from a step to another one: all of it, or the piece of its shape that lies there."""
    since, until = ((bound - bend.begin) / bend.length for bound in (low, high))
    if abs(since) <= OF_THE_WAY and abs(until - 1) <= OF_THE_WAY:
        yield from _whole(bend, bend.start, bend.to, high - low, seat)
    elif bend.shape in SELF_SIMILAR:
        yield from _whole(bend, bend.at(low), bend.at(high), high - low, seat)
    else:
        start, to = seat.share(bend.start), seat.entering(NOWHERE).share(bend.to)
        least, most = (min(max(share, 0.0), 1.0) for share in (since, until))
        yield arc(high - low, start=start, to=to, shape=bend.shape, power=bend.power, since=least, until=most), NOWHERE


def _whole(bend: Bend, first: float, last: float, length: int, seat: Seat) -> Iterator[tuple[Recipe, float]]:
    """All of a shape, from a level to another one: as a warmup or a decay where it is one."""
    start, to, shape, power = seat.share(first), seat.entering(NOWHERE).share(last), bend.shape, bend.power
    if shape == EXPONENTIAL:
        start, to = max(start, LEAST), max(to, LEAST)
    if to > start and shape in RISING:
        usual = shape == "linear" and abs(start - to / (length + 1)) <= seat.near
        yield warmup(length, start=None if usual else start, to=to, shape=shape), to
    elif to > start:
        yield arc(length, start=start, to=to, shape=shape, power=power), to
    else:
        if start != seat.enters:
            yield hold(0, at=start), start
        yield decay(length, to=to, shape=shape, power=power), to
