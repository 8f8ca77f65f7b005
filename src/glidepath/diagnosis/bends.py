"""One bend of a learning rate: kept, led along a shape, kept; and the one that fits points best."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from math import log, pi
from math import tanh as tanh_of
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glidepath.diagnosis.precision import Numbers
from glidepath.schedules.shapes import between

Inverse = Callable[[Numbers, float], Numbers]
SLACK = 1.3  # times what the print leaves open: a fit that least squares, not the largest gap, has chosen
INNER = 0.02  # of the way: nearer to its ends a shape is too flat, or too steep, to tell where it is
BARELY = 8  # times what the print leaves open: what a shape that has hardly begun is told by
MOST_POINTS = 64  # a fit of five unknowns needs no more; all of them judge it
ROUNDS = 24  # of Gauss-Newton: it has ended long before, or never does
TINY = 1e-7  # of a parameter's scale: the step of its numeric derivative
LEAST_SLOPE = 1e-9  # added to the normal equations: a number that changes nothing stays where it is
DAMPED, TENFOLD, STUCK = 1e-3, 10.0, 1e6  # of Levenberg and Marquardt: at first, by what it moves, and no further
STANDS = 1e-9  # of the sum of squares: a round that gains less has ended
LAWSON = 6  # rounds of his weights (1961), which lead from the least squares to the least of the largest gaps
ENOUGH = 0.05  # of what the print leaves open: a fit as near as that needs no further round
FIRST, LAST = tanh_of(-7.0), tanh_of(3.0)  # of the shape "tanh"

# The share of the way that is gone, and the power -> the share of the part that is done.
POWER_LAW = "power law"
INVERSES: dict[str, Inverse] = {
    "linear": lambda gone, _: gone,
    "cosine": lambda gone, _: np.arccos(1 - 2 * gone) / pi,
    "1-sqrt": lambda gone, _: gone**2,
    "half-cosine": lambda gone, _: 2 * np.arccos(1 - gone) / pi,
    "rex": lambda gone, _: 2 * gone / (1 + gone),
    "polynomial": lambda gone, power: 1 - (1 - gone) ** (1 / power),
    "tanh": lambda gone, _: (7 + np.arctanh(FIRST + gone * (LAST - FIRST))) / 10,
    "k-cosine": lambda gone, power: (np.arccos(1 - 2 * gone) / pi) ** (1 / power),
    "cosine-power": lambda gone, power: np.arccos(2 * (1 - gone) ** (1 / power) - 1) / pi,
    "exp-zero": lambda gone, power: -np.log1p(np.expm1(-power) * gone) / power,
    "log": lambda gone, power: np.expm1(gone * log(power)) / (power - 1),
}
POWERS = {
    "polynomial": (2.0, 0.5, 0.9, 3.0),
    "k-cosine": (3.0, 1.5),
    "cosine-power": (2.0,),
    "exp-zero": (0.693, 2.0, 5.0, 20.0),
    "log": (100.0, 1000.0),
}


@dataclass(frozen=True, slots=True)
class Bend:
    """From the level `start`, kept until the step `begin`, to the level `to`, reached at `end` and kept.

    A power law begins in the same way, has its timescale from `begin` to `end`, and never ends.
    """

    shape: str
    start: float
    to: float
    begin: float
    end: float
    power: float = 1.0

    def __call__(self, steps: NDArray[np.generic]) -> Numbers:
        """The learning rates at steps."""
        share = (np.asarray(steps, dtype=np.float64) - self.begin) / (self.end - self.begin)
        if self.shape == POWER_LAW:
            return np.asarray(self.start * (1 + np.maximum(share, 0)) ** -self.power)
        share = np.clip(share, 0, 1)
        return np.asarray(between(self.start, self.to, share, shape=self.shape, power=self.power, xp=np))

    def fits(self, steps: Numbers, values: Numbers, open_: Numbers) -> bool:
        """Whether it says every value as exactly as the print does."""
        return bool((np.abs(self(steps) - values) <= SLACK * open_).all())

    @property
    def numbers(self) -> tuple[float, float, float, float, float]:
        """What a fit moves."""
        return self.start, self.to, self.begin, self.end, self.power


def fitted(shape: str, steps: Numbers, values: Numbers, open_: Numbers, enters: float | None = None) -> Bend | None:
    """The bend of a shape through points, from the level `enters` where that is known; None where it leaves any out."""
    few = _few(values)
    at, seen, limit = steps[few], values[few], open_[few]
    with np.errstate(all="ignore"):
        made = CLOSED.get(shape, partial(_guesses, shape))
        guesses = [one for one in made(at, seen, limit, enters) if np.isfinite(one(at)).all()]
        guesses = sorted(guesses, key=lambda one: float((np.abs(one(at) - seen) / limit).max()))
        polished = (one for guess in guesses[:TRIES] for one in (guess, _polished(guess, at, seen, limit)))
        return next((one for one in polished if one.fits(at, seen, limit) and one.fits(steps, values, open_)), None)


EARLIER, LATER = (0.0, 0.02, 0.08, 0.3), (0.0, 0.02, 0.3, 1.0)  # of the way seen: what may lie before and behind it
SELF_SIMILAR = ("linear", "polynomial", "exp-zero")  # whose pieces are such curves too: nothing tells where they began
TRIES = 2  # guesses that are worth a polish


def _few(values: Numbers) -> NDArray[np.int64]:
    """Some points, evenly among those that are no inner one of a level."""
    kept = values[1:-1] == values[:-2]
    moving = np.flatnonzero(np.concatenate([[True], ~(kept & (values[1:-1] == values[2:])), [True]]))
    return moving[np.unique(np.linspace(0, moving.size - 1, min(moving.size, MOST_POINTS)).round().astype(np.int64))]


def _guesses(
    shape: str,
    at: Numbers,
    seen: Numbers,
    limit: Numbers,
    enters: float | None,
) -> Iterator[Bend]:
    """Bends by straight lines through the inverse of the shape, for the levels that it may run between."""
    first, last = float(seen[0]), float(seen[-1])
    way = last - first
    before = EARLIER if shape not in SELF_SIMILAR else EARLIER[:1]
    tops = [enters, first] if enters is not None else [first - share * way for share in before]
    lows = [0.0 if way < 0 else last + 0.1 * way, *(last + share * way for share in LATER)]
    for start, to, power in product(dict.fromkeys(tops), dict.fromkeys(lows), POWERS.get(shape, (1.0,))):
        if start is None or start == to or (to - start) * way <= 0 or to < 0 or start < 0:
            continue
        gone = (seen - start) / (to - start)
        inner = (gone > INNER) & (gone < 1 - INNER)
        if inner.sum() < 2:  # it has hardly begun
            inner = (np.abs(seen - start) > BARELY * limit) & (gone > 0) & (gone < 1 - INNER)
        if inner.sum() < 2:
            continue
        share = INVERSES[shape](gone[inner], power)
        slope, height = straight(at[inner], share)
        if slope > 0:
            yield Bend(shape, start, to, -height / slope, (1 - height) / slope, power)


def straight(x: Numbers, y: Numbers, weight: Numbers | float = 1.0) -> tuple[float, float]:
    """(slope, height at 0) of the straight line through points, by least squares with weights."""
    share = np.broadcast_to(np.square(weight), x.shape)
    share = share / share.sum()
    middle, mean = float(share @ x), float(share @ y)
    spread = float(share @ (x - middle) ** 2)
    slope = float(share @ ((x - middle) * (y - mean))) / spread if spread else 0.0
    return slope, mean - slope * middle


def _polished(guess: Bend, at: Numbers, seen: Numbers, limit: Numbers, fixed: tuple[int, ...] = ()) -> Bend:
    """The bend that a damped Gauss-Newton makes of a guess, moving all numbers that are not `fixed`."""
    size, span = float(np.abs(seen).max()), float(at[-1] - at[0]) or 1.0
    scales = np.array([size, size, span, span, 1.0])
    free = [i for i in range(4 + (guess.shape in POWERS or guess.shape == POWER_LAW)) if i not in fixed]
    if not free:
        return guess
    best, damping = guess, DAMPED
    gap = (best(at) - seen) / limit
    for _ in range(ROUNDS):
        slopes = np.stack([(_moved(best, {i: TINY * scales[i]})(at) - seen) / limit - gap for i in free], axis=1) / TINY
        square = slopes.T @ slopes
        square += np.diag(damping * np.diag(square) + LEAST_SLOPE)
        try:
            step = -np.linalg.solve(square, slopes.T @ gap)
        except np.linalg.LinAlgError:  # a number that changes nothing, or everything
            break
        trial = _moved(best, dict(zip(free, (step * scales[free]).tolist(), strict=True)))
        off = (
            (trial(at) - seen) / limit if trial.end > trial.begin and min(trial.start, trial.to) >= 0 else gap * np.inf
        )
        if not float(off @ off) < float(gap @ gap):
            damping *= TENFOLD
            if damping > STUCK:
                break
            continue
        ended = float(gap @ gap) - float(off @ off) < STANDS * float(gap @ gap)
        best, gap, damping = trial, off, damping / TENFOLD
        if ended or np.abs(gap).max() < ENOUGH:
            break
    return best


def _moved(bend: Bend, by: dict[int, float]) -> Bend:
    start, to, begin, end, power = (value + by.get(i, 0.0) for i, value in enumerate(bend.numbers))
    return Bend(bend.shape, max(start, 0.0), max(to, 0.0), begin, end, max(power, 1e-3))


def _exponential(at: Numbers, seen: Numbers, limit: Numbers, enters: float | None) -> Iterator[Bend]:
    """Equal factors between two levels: a straight line of logarithms."""
    first, last = float(seen[0]) if enters is None else enters, float(seen[-1])
    if min(first, float(seen.min())) <= 0 or first == last:
        return
    inner = (np.abs(seen - first) > 2 * limit) & (np.abs(seen - last) > 2 * limit)
    inner = inner if inner.sum() > 1 else np.ones_like(inner)
    slope, height = straight(at[inner], np.log(seen[inner]))
    if slope and (slope > 0) == (last > first):
        begin, end = ((log(level) - height) / slope for level in (first, last))
        yield Bend("exponential", first, last, begin, end)


def _power_law(at: Numbers, seen: Numbers, limit: Numbers, enters: float | None) -> Iterator[Bend]:
    """start (1 + (t - begin) / scale)^-power: a straight line of the values to the power -1/power."""
    first = float(seen[0]) if enters is None else enters
    inner = np.abs(seen - seen[0]) > 2 * limit
    if min(first, float(seen.min())) <= 0 or inner.sum() < 2:
        return
    for power in (0.5, 1.0):
        slope, height = straight(at[inner], seen[inner] ** (-1 / power))
        if slope > 0:
            begin = (first ** (-1 / power) - height) / slope
            yield Bend(POWER_LAW, first, 0.0, begin, begin + first ** (-1 / power) / slope, power)


def _line(at: Numbers, seen: Numbers, limit: Numbers, enters: float | None) -> Iterator[Bend]:
    """A straight line through what is no level at its ends, from the first level to the last."""
    first, last = float(seen[0]) if enters is None else enters, float(seen[-1])
    inner = _moving(seen, limit) | (
        (np.arange(seen.size) == 0) & (enters is None) & (abs(seen[1] - seen[0]) > limit[0])
    )
    inner[-1] |= abs(float(seen[-1] - seen[-2])) > limit[-1]
    weight = 1 / limit[inner]
    for _ in range(LAWSON if weight.size > 1 and first != last else 0):
        slope, height = straight(at[inner], seen[inner], weight)
        if slope and (slope > 0) == (last > first):
            yield Bend("linear", first, last, (first - height) / slope, (last - height) / slope)
        weight = weight * np.sqrt(np.abs(slope * at[inner] + height - seen[inner]) / limit[inner] + ENOUGH)


def _moving(seen: Numbers, limit: Numbers) -> NDArray[np.bool_]:
    """What is neither at the first level nor at the last."""
    return np.asarray((np.abs(seen - seen[0]) > limit) & (np.abs(seen - seen[-1]) > limit))


def _root(at: Numbers, seen: Numbers, limit: Numbers, enters: float | None) -> Iterator[Bend]:
    """1 - sqrt: with its first level, the square of what is gone is straight; without it, the values over a root."""
    to = float(seen[-1]) if abs(float(seen[-1] - seen[-2])) <= limit[-1] else 0.0
    top, inner = float(seen[0]) if enters is None else enters, _moving(seen, limit)
    inner[-1] |= to == 0
    gone = top - seen[inner]
    if gone.size > 1 and gone.min() > 0:
        slope, height = straight(at[inner], gone**2, 1 / gone)
        begins = (-height / slope, round(-height / slope)) if slope > 0 else ()
        for begin in begins:
            rate = float((gone / np.sqrt(np.maximum(at[inner] - begin, TINY))).mean())
            yield _rooted(top, to, begin, rate)
    for begin in (at[0], at[0] - 1, *(at[0] - SOONER * (at[-1] - at[0])).tolist()):
        slope, height = straight(np.sqrt(at - begin), seen)
        if slope < 0 < height:
            yield _rooted(height, to, begin, -slope)


def _rooted(top: float, to: float, begin: float, rate: float) -> Bend:
    """top - rate sqrt(t - begin), down to a level."""
    return Bend("1-sqrt", top, to, begin, begin + max((top - to) / rate, TINY) ** 2)


SOONER = np.geomspace(1e-3, 10, 9)  # of the steps seen: how long before them a root may have begun


# Shapes whose bends are found in their own way.
CLOSED: dict[str, Callable[[Numbers, Numbers, Numbers, float | None], Iterator[Bend]]] = {
    "linear": _line,
    "1-sqrt": _root,
    "exponential": _exponential,
    POWER_LAW: _power_law,
}


def nudged(bend: Bend, steps: Numbers, values: Numbers, open_: Numbers, **numbers: Any) -> Bend | None:
    """The bend with some of its numbers set, and the others fitted again; None where it then leaves a point out."""
    set_ = replace(bend, **numbers)
    if set_.end <= set_.begin:
        return None
    if set_.fits(steps, values, open_):
        return set_
    few, fixed = _few(values), tuple(NAMES.index(name) for name in numbers)
    with np.errstate(all="ignore"):
        found = _polished(set_, steps[few], values[few], open_[few], fixed)
    return found if found.fits(steps, values, open_) else None


NAMES = ("start", "to", "begin", "end", "power")  # of the numbers of a bend
