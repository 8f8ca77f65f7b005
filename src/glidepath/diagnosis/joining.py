"""Bends joined: where each ends and the next begins, in whole steps, and the round numbers that were meant."""

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glidepath.diagnosis.bends import POWER_LAW, Bend, Points, nudged
from glidepath.diagnosis.precision import Numbers, shortest
from glidepath.diagnosis.stretches import Drawn, Stretch

PARTS_OF_INTERVAL = (0.5, 0.1)  # of the steps between two points: how far a bound may be moved to a round number
ROOMS = 4_096  # places at which two bends are looked at for where they meet
BELOW_A_STEP = 0.5
PART_OF_STEP = 0.1  # that a line may be led too far, as its print has it
WHOLE = 1e-3  # of a step: a bound as near as that is at it
ROUND_POWER, EXACT_POWER = 0.02, 0.002  # of a power: 2 for 1.99, and where all else is round already
NEAR = 5e-3  # of a level: two bends that come no nearer do not meet
TINY = 1e-9  # of a timescale: a power law has no level further back


@dataclass(frozen=True, slots=True)
class Span:
    """A bend, or points, from the step `begin` up to the step `end`."""

    begin: int
    end: int
    bend: Bend | Drawn


def spans(points: Points, found: list[Stretch]) -> list[Span]:
    """The bends of the stretches with round numbers, from step 0 or the first point on, and their bounds."""
    meant = _without_flat_tops(_all_round(found, points), points)
    bounds = [0]
    for one, other in pairwise(meant):
        bounds.append(max(bounds[-1] + 1, _bound(one, other, points)))
    ends = [*bounds[1:], int(points.steps[-1]) + 1]
    whole = [
        Span(begin, end, _led(one, points, begin, end)) for begin, end, one in zip(bounds, ends, meant, strict=True)
    ]
    capped = [
        _capped(one, other, points[stretch.last : stretch.last + 1])
        for (one, other), stretch in zip(pairwise(whole), meant, strict=False)
    ]
    return [*capped, whole[-1]]


def _capped(one: Span, other: Span, last: Points) -> Span:
    """A line that was led higher than the fall behind it begins, only so high: (t+1)/W is at its peak at W-1."""
    rise, fall = one.bend, other.bend
    if not (isinstance(rise, Bend) and isinstance(fall, Bend) and rise.shape == "linear" and rise.rises and fall.falls):
        return one
    level, seen = fall.at(other.begin), float(last.steps[0])
    there = rise.begin + rise.length * (level - rise.start) / (rise.to - rise.start)
    if not max(seen - WHOLE, rise.begin + 1) <= there <= one.end - PART_OF_STEP:
        return one
    exact = abs(rise.at(round(there)) - level) <= 2 * last.open_[0]
    end = float(round(there)) if exact else max(seen, float(there // 1))
    return replace(one, bend=replace(rise, to=level if exact else rise.at(end), end=end))


def _all_round(found: list[Stretch], points: Points) -> list[Stretch]:
    """The stretches with round numbers, each from the level that the one before it has come to."""
    meant, gap = list[Stretch](), interval(points.steps)
    for one in found:
        enters = _left(meant[-1], points) if meant else None
        meant.append(replace(one, bend=_round(one.bend, points[one.first : one.last + 1], gap, enters)))
    return meant


def _bound(one: Stretch, other: Stretch, points: Points) -> int:
    """The step at which the other one begins."""
    early = _earlier(one, other, points)
    begin, end = float(points.steps[one.last]), float(points.steps[other.first])
    return _meet(one.bend, other.bend, begin, end, float(points.open_[one.last])) if early is None else early


def _led(one: Stretch, points: Points, begin: int, end: int) -> Bend | Drawn:
    """The bend led on to its bounds, unless a level that it keeps was seen before them, or it falls from long ago."""
    bend, first, last = one.bend, points.steps[one.first], points.steps[one.last]
    if isinstance(bend, Drawn):
        return bend
    early = bend.begin <= first + WHOLE and (begin or first <= interval(points.steps) or bend.rises)
    return led(bend, begin if early else bend.begin, end if bend.end >= last - WHOLE else bend.end)


def interval(steps: Numbers | NDArray[np.int64]) -> float:
    """The steps between two points, usually."""
    return float(np.median(np.diff(steps))) if steps.size > 1 else 1.0


def _left(one: Stretch, points: Points) -> float | None:
    """The level that a stretch has come to and was seen at; None where it was still under way."""
    return one.bend.to if isinstance(one.bend, Bend) and one.bend.end <= points.steps[one.last] + WHOLE else None


def _round(bend: Bend | Drawn, points: Points, gap: float, enters: float | None) -> Bend | Drawn:
    """The bend with the roundest numbers that still says all points, from the level `enters` where that is known."""
    if isinstance(bend, Drawn):
        return bend
    if bend.start == bend.to:
        return _levelled(bend, points)
    seen = _seen_levels(bend, points)
    if enters is not None and bend.begin < points.steps[0] and abs(bend.start - enters) <= 2 * points.open_[0]:
        seen["start"] = enters
    for share in PARTS_OF_INTERVAL:
        for numbers in _rounder(bend, max(BELOW_A_STEP, share * gap)):
            found = nudged(bend, points, **numbers, **seen)
            if found is not None:
                return _levelled(found, points, seen)
    return _levelled(bend, points)


def _seen_levels(bend: Bend, points: Points) -> dict[str, Any]:
    """The levels at the ends of a bend that were logged more than once, and the one of 0, which no fit is to move."""
    same = np.abs(np.diff(points.values)) <= points.open_[1:]
    levels = {"start": points.values[0]} if same[0] and bend.begin >= points.steps[1] - WHOLE else {}
    if (same[-1] and bend.end <= points.steps[-2] + WHOLE) or bend.to == 0:
        levels["to"] = points.values[-1] if bend.to else 0.0
    return {name: shortest(float(level), float(points.open_.min())) for name, level in levels.items()}


def _rounder(bend: Bend, within: float) -> Iterator[dict[str, Any]]:
    begin, end = shortest(bend.begin, within), bend.begin + shortest(bend.length, within)
    if bend.power != 1:
        yield {"begin": round(begin), "end": round(begin + bend.length), "power": shortest(bend.power, ROUND_POWER)}
    if bend.shape == "1-sqrt":  # whose end may lie far off
        yield {"begin": round(begin)}
    yield {"begin": round(begin), "end": round(begin) + shortest(bend.length, within)}
    yield {"begin": round(begin), "end": round(end)}
    yield {"begin": round(bend.begin), "end": round(bend.end)}


def _levelled(bend: Bend, points: Points, seen: Container[str] = ()) -> Bend:
    """With levels of few digits, each where the points allow it, but for those that were seen."""
    for name in (one for one in ("start", "to", "power") if one not in seen):
        value, open_ = getattr(bend, name), float(points.open_.min())
        changed: dict[str, Any] = {name: shortest(value, open_ if name != "power" else EXACT_POWER)}
        trial = replace(bend, **changed)
        if trial.fits(points):
            bend = trial
    return bend


def _meet(one: Bend | Drawn, other: Bend | Drawn, begin: float, end: float, open_: float) -> int:
    """The step behind `begin`, at most `end`, from which the other bend holds; `open_` is left open at `begin`."""
    if isinstance(one, Drawn) or isinstance(other, Drawn):
        return int(end)
    before = led(one, one.begin, end) if one.end >= begin - WHOLE else one
    behind = led(other, begin, other.end) if other.begin <= end + WHOLE else other
    at = np.unique(np.linspace(begin, end, ROOMS).round())
    gaps = np.abs(before(at) - behind(at))
    best = int(np.argmin(gaps))
    crossed = at[(before(at) > behind(at)) & (at > begin)] if one.rises and other.falls else at[:0]
    denied = crossed.size and not best and gaps[0] > 2 * open_  # the row at `begin` is not of the other
    if gaps[best] <= NEAR * max(one.start, one.to, other.start) and not denied:
        return round(other.begin) if begin < other.begin < end and _near(before, other) else int(at[best])
    if one.rises and other.begin < begin:
        return _reached(before, other, at[1:])
    natural = [bend for bend in (other.begin, one.end) if begin + WHOLE < bend < end - WHOLE]
    if natural and not denied:
        return round(natural[0])
    return int(crossed[0]) if crossed.size else _roundest(int(begin) + 1, int(end))


def _without_flat_tops(found: list[Stretch], points: Points) -> list[Stretch]:
    """The stretches without those that stand still and that the bend behind them says too."""
    kept = list[Stretch]()
    for one in reversed(found):
        flat = isinstance(one.bend, Bend) and one.bend.start == one.bend.to
        if flat and kept and _says(kept[-1].bend, points[one.first : kept[-1].first], points.steps[one.first]):
            kept[-1] = replace(kept[-1], first=one.first)
        else:
            kept.append(one)
    return kept[::-1]


def _says(bend: Bend | Drawn, part: Points, first: float) -> bool:
    """Whether a bend that began before a step says the points behind it."""
    return isinstance(bend, Bend) and bend.shape not in LED and bend.begin <= first and bend.fits(part)


def _earlier(one: Stretch, other: Stretch, points: Points) -> int | None:
    """Where the other bend begins among the last points of the one, that it says too: at a flat top."""
    if isinstance(one.bend, Drawn) or isinstance(other.bend, Drawn) or other.bend.shape in LED:
        return None
    begin, ended = other.bend.begin, one.bend.shape not in LED or one.bend.end <= other.bend.begin + 1
    among = points[int(np.searchsorted(points.steps, begin)) : one.last + 1]
    inside = points.steps[one.first] < begin < points.steps[one.last]
    return round(begin) if ended and inside and other.bend.fits(among) else None


def _near(one: Bend, other: Bend) -> bool:
    return abs(one.at(other.begin) - other.start) <= NEAR * max(one.start, one.to)


def _reached(one: Bend, other: Bend, at: Numbers) -> int:
    """Where a rise is as high as the fall behind it began, or the last step: a warmup laid over a decay."""
    high = np.flatnonzero(one(at) >= other.start * (1 - NEAR))
    return int(at[high[0]]) if high.size else int(at[-1])


def _roundest(low: int, high: int) -> int:
    """The whole number from low to high with the most zeros behind."""
    unit = int(10 ** len(str(high)))
    while -(-low // unit) * unit > high:
        unit //= 10
    return -(-low // unit) * unit


def led(bend: Bend, begin: float, end: float) -> Bend:
    """The same curve from another beginning to another end, where it has no such places of its own."""
    if bend.shape not in LED or bend.start == bend.to or (begin, end) == (bend.begin, bend.end):
        return bend
    length = bend.length
    since, until = (begin - bend.begin) / length, (end - bend.begin) / length
    start, to = (LED[bend.shape](bend, share) for share in (since, until))
    if bend.shape == "linear":
        return _above_zero(Bend(bend.shape, start, to, begin, end))
    if bend.shape == "exponential":
        return replace(bend, start=start, to=to, begin=begin, end=end)
    if bend.shape == "1-sqrt":  # which tells where it began
        return _root_to(bend, end)
    if bend.rises or not -1 < since <= 0:
        return bend
    end = begin + length * (1 + since) if bend.shape == POWER_LAW else bend.end  # the one has its timescale there
    return replace(bend, start=start, begin=begin, end=end)


def _root_to(bend: Bend, end: float) -> Bend:
    """The same 1 - sqrt up to another end, or to where it is at 0."""
    if end <= bend.begin:
        return bend
    length = bend.length
    to = LED[bend.shape](bend, (end - bend.begin) / length)
    if to < 0:
        return replace(bend, to=0.0, end=bend.begin + length * (bend.start / (bend.start - bend.to)) ** 2)
    return replace(bend, to=to, end=end)


def _above_zero(line: Bend) -> Bend:
    """A straight line without what it would have below 0."""
    slope = (line.to - line.start) / line.length
    if line.start < 0:
        return replace(line, start=0.0, begin=line.begin - line.start / slope)
    return replace(line, to=0.0, end=line.end - line.to / slope) if line.to < 0 else line


# The level of a bend at a share of its length, outside of it too.
LED: dict[str, Callable[[Bend, float], float]] = {
    "linear": lambda bend, share: bend.start + (bend.to - bend.start) * share,
    "exponential": lambda bend, share: bend.start * (bend.to / bend.start) ** share,
    "polynomial": lambda bend, share: bend.to + (bend.start - bend.to) * max(1 - share, 0.0) ** bend.power,
    "1-sqrt": lambda bend, share: bend.start + (bend.to - bend.start) * max(share, 0.0) ** 0.5,
    POWER_LAW: lambda bend, share: bend.start * max(1 + share, TINY) ** -bend.power,
}
