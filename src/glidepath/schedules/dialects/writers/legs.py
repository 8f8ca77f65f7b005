"""Legs: a placed schedule taken apart into plain curves one behind the other, whatever its parts hold within them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count, islice, pairwise
from math import ceil, isclose, isfinite, tanh
from typing import Any

import numpy as np

from glidepath.schedules import nested, pieces
from glidepath.schedules.pieces import SQUARE_ROOT, Piece
from glidepath.schedules.schedule import Schedule
from glidepath.schedules.shapes import EXPONENTIAL, SHAPES, between

MOST = 500  # legs that are looked at: more than a configuration lists
FARTHEST = 1e24  # steps that a shape may begin or end at, the longest horizon
LAST_BITS = 1e-12  # of a value or a time: smaller differences are rounding
NEAR = 1e-9  # of a step
TANH = (-7.0, 3.0)  # where our shape of that name begins and ends
SYMMETRIC = ("linear", "cosine")  # read backwards they are what they were
STAIRS, POWER, OTHER = "stairs", "power", "other"  # curves that are no shapes: two laws, and what has no name here


@dataclass(frozen=True, slots=True)
class Leg:
    """A shape from `start` at the time `begin` to `to` at `end`, taken at the steps from `first` to before `stop`.

    Stairs go down by the factor `power` every end - begin steps, a power law is half as far up at `end` and has
    `power` as exponent; neither comes below `low`, nor does any other leg. Exponential goes on behind its end.
    """

    first: int
    stop: int
    begin: float
    end: float
    start: float
    to: float
    shape: str = "linear"
    power: float = 1.0
    low: float = 0.0

    @property
    def level(self) -> bool:
        """Whether it stays where it is."""
        return self.shape == "linear" and self.start == self.to

    @property
    def every(self) -> int:
        """The steps of its shape."""
        return max(1, round(abs(self.end - self.begin)))


def flat(first: int, stop: int, value: float) -> Leg:
    """A value for some steps."""
    return Leg(first, stop, first, stop, value, value)


def tanh_at(leg: Leg, time: float) -> float:
    """The argument that the tanh of a leg has at a time."""
    return TANH[0] + (TANH[1] - TANH[0]) * (time - leg.begin) / ((leg.end - leg.begin) or 1)


def tanh_floor(leg: Leg) -> float:
    """What a leg would lead to if its tanh went on for ever."""
    first, last = ((1 - tanh(end)) / 2 for end in TANH)  # what is left of the way at the ends of our shape
    return max(0.0, leg.to - (leg.start - leg.to) * last / (first - last))


def legs_of(schedule: Schedule) -> tuple[Leg, ...]:
    """The legs of a schedule, of a very long list the first ones."""
    found = _chained(schedule.pieces, schedule.boundaries, schedule.horizon.steps)
    tidied: list[Leg] = []
    for leg in islice((_plain(leg) for leg in found), MOST):
        before = tidied[-1] if tidied else None
        if before and before.level and leg.level and isclose(before.start, leg.start, rel_tol=LAST_BITS):
            tidied[-1] = replace(before, stop=leg.stop, end=leg.stop)
        else:
            tidied.append(leg)
    return tuple(tidied + _behind(schedule, tidied))


def _behind(schedule: Schedule, legs: list[Leg]) -> list[Leg]:
    """What a last part of no steps jumps to, as a leg behind the horizon."""
    end, last = schedule.horizon.steps, schedule.pieces[-1]
    if not legs:
        return [flat(0, end, last.end)]
    if last.length or (legs[-1].to == last.end and legs[-1].stop == legs[-1].end):
        return []
    return [flat(end, end + 1, last.end)]


def _plain(leg: Leg) -> Leg:
    """The leg by its simplest name: whole times, lines from where they are taken, no shape of power 1."""
    leg = replace(leg, begin=_near(leg.begin), end=_near(leg.end))
    backwards = leg.shape in (STAIRS, POWER) and leg.begin > leg.end
    if backwards or leg.begin == leg.end or not (abs(leg.begin) < FARTHEST and abs(leg.end) < FARTHEST):
        return replace(leg, begin=leg.first, end=leg.stop, shape=OTHER)
    if leg.shape == "sqrt-in":
        leg = replace(leg, shape="polynomial", power=SQUARE_ROOT)
    if leg.power == 1 and leg.shape in ("polynomial", "cosine-power", "k-cosine"):
        leg = replace(leg, shape="linear" if leg.shape == "polynomial" else "cosine")
    if leg.begin > leg.end and leg.shape in SYMMETRIC:
        leg = replace(leg, begin=leg.end, end=leg.begin, start=leg.to, to=leg.start)
    if isclose(leg.start, leg.to, rel_tol=LAST_BITS) and leg.shape in (*SHAPES, EXPONENTIAL):
        return flat(leg.first, leg.stop, leg.start)
    if leg.shape == "linear" and (leg.begin, leg.end) != (leg.first, leg.stop):
        start, to = (_line(leg, time) for time in (leg.first, leg.stop))
        return replace(leg, begin=leg.first, end=leg.stop, start=start, to=to)
    return leg


def _line(leg: Leg, time: float) -> float:
    share = (time - leg.begin) / (leg.end - leg.begin)
    return float(between(leg.start, leg.to, share, shape="linear", power=1.0, xp=np))


def _near(time: float) -> float:
    """A time as it was meant, where quotients have left it beside a whole step."""
    return round(time) if isfinite(time) and isclose(time, round(time), rel_tol=LAST_BITS, abs_tol=NEAR) else time


def _chained(parts: Iterable[Piece], begins: Iterable[int], length: int) -> Iterator[Leg]:
    """The legs of pieces in a row, which begin at these steps of a whole."""
    bounds = pairwise([*begins, length])
    for piece, (begin, end) in zip(parts, bounds, strict=True):
        yield from _moved(_legs(piece), begin, begin, end)


def _moved(legs: Iterable[Leg], by: float, first: int, stop: int) -> Iterator[Leg]:
    """The legs so many steps later, as far as they lie within a window."""
    for leg in legs:
        here, there = max(first, round(leg.first + by)), min(stop, round(leg.stop + by))
        if here >= stop:
            return
        if here < there:
            yield replace(leg, first=here, stop=there, begin=leg.begin + by, end=leg.end + by)


def _legs(piece: Piece) -> Iterator[Leg]:
    """The legs of one piece, from its own step 0 on."""
    if piece.length:
        yield from KINDS.get(type(piece), _other)(piece)


def _other(piece: Any) -> Iterator[Leg]:
    n = piece.length
    yield Leg(0, n, 0, n, piece.start, piece.end, OTHER)


def _ramp(piece: Any) -> Iterator[Leg]:
    n = piece.length - piece.endpoint
    if n:
        yield Leg(0, n, 0, n, piece.start, piece.to, piece.shape, piece.power)
    if piece.endpoint:
        yield flat(n, n + 1, piece.to)


def _arc(piece: Any) -> Iterator[Leg]:
    """The stretch of its shape between 0 and 1, and the holds on either side of it."""
    n, rate = piece.length, (piece.until - piece.since) / piece.length
    if rate == 0:
        yield flat(0, n, piece.start)
        return
    begin = -piece.since / rate
    leg = Leg(0, n, begin, begin + 1 / rate, piece.origin, piece.to, piece.shape, piece.power)
    held = not piece.beyond and max(piece.since, piece.until) > 1
    edge = min(n, max(0, ceil(_near(leg.end)))) if held else n if rate > 0 else 0
    moving, still = ((0, edge), (edge, n)) if rate > 0 else ((edge, n), (0, edge))
    parts = [replace(leg, first=moving[0], stop=moving[1]), flat(still[0], still[1], piece.to)]
    yield from (part for part in sorted(parts, key=lambda part: part.first) if part.first < part.stop)


def _stairs(piece: Any) -> Iterator[Leg]:
    yield Leg(0, piece.length, 0, piece.every, piece.start, 0.0, STAIRS, piece.factor)


def _slope(piece: Any) -> Iterator[Leg]:
    yield Leg(0, piece.length, 0, piece.every, piece.start, piece.start * piece.factor, EXPONENTIAL)


def _power(piece: Any) -> Iterator[Leg]:
    if piece.rate == 0 or piece.exponent == 0:
        yield flat(0, piece.length, piece.start)
        return
    yield Leg(0, piece.length, 0, piece.timescale / piece.rate, piece.start, 0.0, POWER, piece.exponent)


def _nested(piece: Any) -> Iterator[Leg]:
    return _chained(piece.pieces, piece.begins, piece.length)


def _periodic(piece: Any) -> Iterator[Leg]:
    period = piece.inner.length
    for cycle in count():
        if cycle * period >= piece.length:
            return
        yield from _moved(_legs(piece.inner), cycle * period, 0, piece.length)


def _warped(piece: Any) -> Iterator[Leg]:
    """The legs inside at other times, in the other order where time runs backwards; held outside of them."""
    legs = list(islice(_legs(piece.inner), MOST))
    back, n = piece.scale < 0, piece.length
    ends = [(_timed(leg, piece), _step(leg.first, piece), _step(leg.stop, piece)) for leg in legs]
    at = 0
    for leg, a, b in reversed(ends) if back else ends:
        first, stop = max(at, b + 1 if back else a), min(n, a + 1 if back else b)
        if first > at:
            yield flat(at, min(first, n), piece.start)
        if first < stop:
            yield replace(leg, first=first, stop=stop)
            at = stop
    if at < n:
        yield flat(at, n, piece.inner.start if back else piece.inner.end)


def _timed(leg: Leg, piece: Any) -> Leg:
    begin, end = ((time - piece.offset) / piece.scale for time in (leg.begin, leg.end))
    return replace(leg, begin=begin, end=end)


def _step(inner: int, piece: Any) -> int:
    """The first step at or behind a step of the piece inside."""
    return ceil(_near((inner - piece.offset) / piece.scale))


def _mapped(piece: Any) -> Iterator[Leg]:
    k, cut = piece.factor, piece.inner.low * piece.factor < piece.floor
    for leg in _legs(piece.inner):
        yield replace(leg, start=leg.start * k, to=leg.to * k, low=piece.floor if cut else leg.low * k)


def _both(piece: Any) -> Iterator[Leg]:
    """Those of the first of two, the nearest that there is."""
    return _legs(piece.left)


def _affine(piece: Any) -> Iterator[Leg]:
    def line(value: float) -> float:
        return float(piece.zero + (piece.one - piece.zero) * value / piece.unit)

    for leg in _legs(piece.inner):
        kind = OTHER if leg.shape in (EXPONENTIAL, STAIRS) else leg.shape
        yield replace(leg, start=line(leg.start), to=line(leg.to), low=line(leg.low), shape=kind)


KINDS: dict[type[Piece], Callable[[Any], Iterator[Leg]]] = {
    pieces.Ramp: _ramp,
    pieces.Arc: _arc,
    pieces.Stairs: _stairs,
    pieces.Slope: _slope,
    pieces.Power: _power,
    nested.Nested: _nested,
    nested.Periodic: _periodic,
    nested.Warped: _warped,
    nested.Mapped: _mapped,
    nested.Affine: _affine,
    nested.Both: _both,
}
