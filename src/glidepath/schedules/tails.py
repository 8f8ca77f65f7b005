"""What may follow the peak of a sampled curve: each shape turned into a straight line, and the line fitted."""

from collections.abc import Callable, Iterator
from math import ceil, exp, inf, isfinite, log, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glidepath.schedules.powers import power_law
from glidepath.schedules.recipes import arc, decay, hold
from glidepath.schedules.reshape import clip
from glidepath.schedules.schedule import Recipe

Shares = NDArray[np.float64]
INNER = 0.02  # of the way: nearer to its ends a shape is too flat, or too steep, to tell where it is
LEAST = 3  # values on a curve of two or three unknowns
DIGITS = 7  # that a float32 has
MEANT = 4e-7  # relative: some four roundings of float32
SQUARE_ROOT = 0.5
STEEPEST = 20  # a power above it is an exponential in disguise

# What is left of a decay's way -> the share of it that is done: the inverse of its shape.
INVERSES: dict[str, Callable[[Shares], Shares]] = {
    "cosine": lambda left: np.arccos(2 * left - 1) / pi,
    "1-sqrt": lambda left: (1 - left) ** 2,
    "half-cosine": lambda left: 2 * np.arccos(left) / pi,
    "rex": lambda left: (1 - left) / (1 - left / 2),
}


def rounded(value: float) -> float:
    """A number with as few digits as it was meant with, where float32 left it a last bit beside."""
    near = (float(f"{value:.{digits}g}") for digits in range(1, DIGITS))
    return next((short for short in near if abs(short - value) <= MEANT * abs(value)), value)


def falls(shares: Shares, top: int) -> Iterator[Recipe]:
    """What may lead from the peak at step `top` on through the shares of the peak: recipes, likely or not."""
    floor = rounded(float(shares[-1]))
    yield from _exponential(shares, top, floor)
    for exponent in (SQUARE_ROOT, 1.0):
        yield from _power(shares, top, floor, exponent)
    for low in dict.fromkeys((floor, 0.0)):
        for shape in INVERSES:
            yield from _shaped(shares, top, low, shape)
        yield from _polynomial(shares, top, low)


def _straight(x: NDArray[Any], y: Shares) -> tuple[float, float]:
    """(slope, height at 0) of the straight line through points, by least squares."""
    middle, mean = float(x.mean()), float(y.mean())
    slope = float(((x - middle) * (y - mean)).sum() / ((x - middle) ** 2).sum())
    return slope, mean - slope * middle


def _line(at: NDArray[np.int64], values: Shares) -> tuple[float, float]:
    """(the slope, the step at which it crosses 0) of the straight line through values at steps."""
    middle = float(at.mean())
    slope, height = _straight(at - middle, values)
    return slope, middle - height / slope if slope else inf


def _step(time: float) -> int:
    """The nearest whole step, or -1 where the line said nothing of it."""
    return round(time) if isfinite(time) else -1


def _inner(left: Shares) -> NDArray[np.int64]:
    return np.flatnonzero((left > INNER) & (left < 1 - INNER))


def _behind(top: int, begin: int, *rest: Recipe) -> Recipe:
    """The peak held up to where the fall begins."""
    recipes = [hold(begin - top), *rest] if begin > top else list(rest)
    return Recipe(tuple(part for recipe in recipes for part in recipe.parts))


def _shaped(shares: Shares, top: int, low: float, shape: str) -> Iterator[Recipe]:
    left = (shares - low) / (1 - low)
    at = _inner(left)
    at = at[at > top]
    if low == 1 or at.size < LEAST:
        return
    slope, begin = _line(at, INVERSES[shape](left[at]))
    if slope > 0:
        yield from _cut(shares, top, _step(begin), _step(begin + 1 / slope), low, shape, 1.0)


def _cut(shares: Shares, top: int, begin: int, end: int, low: float, shape: str, power: float) -> Iterator[Recipe]:
    """A decay from `begin` to `end`, or as much of it as the horizon has room for."""
    horizon = shares.size - 1
    if top <= begin < end <= horizon:
        yield _behind(top, begin, decay(end - begin, to=low, shape=shape, power=power), hold())
    elif top <= begin < horizon < end:
        until = (horizon - begin) / (end - begin)
        yield _behind(top, begin, arc(horizon - begin, start=1.0, to=low, shape=shape, power=power, until=until))


def _polynomial(shares: Shares, top: int, low: float) -> Iterator[Recipe]:
    """(1 - u)^k: what is left over its slope is a straight line to the end; k is then a slope of logarithms."""
    left = (shares - low) / (1 - low)
    at = _inner(left)
    at = at[(at > top) & (at < shares.size - 1)]
    if low == 1 or at.size < LEAST:
        return
    _, crossing = _line(at, left[at] / ((left[at - 1] - left[at + 1]) / 2))
    reached = int(np.argmax(left[top:] <= 0)) + top
    for end in dict.fromkeys((reached, shares.size - 1, _step(crossing))):
        if end > at[-1]:
            power, height = _straight(np.log(end - at), np.log(left[at]))
            if 0 < power < STEEPEST:
                begin = end - _step(exp(min(-height / power, log(end + 1))))
                yield from _cut(shares, top, begin, end, low, "polynomial", rounded(round(power, DIGITS - 2)))


def _above(shares: Shares, top: int, floor: float) -> NDArray[np.int64]:
    """The steps behind `top` before the curve is held at its floor; all of them where it is not."""
    held = bool(shares[-1] == shares[-2])
    at = np.flatnonzero((shares > floor * (1 + INNER) if held else shares > 0) & (shares < 1 - MEANT))
    return at[at > top]


def _exponential(shares: Shares, top: int, floor: float) -> Iterator[Recipe]:
    at = _above(shares, top, floor)
    if at.size < LEAST or not 0 < floor < 1:
        return
    slope, crossing = _line(at, np.log(shares[at]))
    begin, horizon = _step(crossing), shares.size - 1
    if not slope < 0 or not top <= begin < horizon:
        return
    span = log(floor) / slope
    length = ceil(round(span, 2)) if shares[-1] == shares[-2] else horizon - begin
    if abs(span - length) < INNER:
        yield _behind(top, begin, decay(length, to=floor, shape="exponential"), hold())
    yield _behind(top, begin, arc(length, start=1.0, to=floor, shape="exponential", until=length / span), hold())


def _power(shares: Shares, top: int, floor: float, exponent: float) -> Iterator[Recipe]:
    """(1 + (t - b)/s)^-exponent, and the same held at its floor."""
    at = _above(shares, top, floor)
    if at.size < LEAST:
        return
    slope, begin = _line(at, shares[at] ** (-1 / exponent) - 1)
    first = _step(begin)
    if not slope > 0 or first < top:
        return
    scale = 1 / slope
    whole = max(1, _step(scale))
    own = whole == first and abs(scale - whole) <= INNER
    rate = 1.0 if abs(scale - whole) <= INNER else rounded(whole / scale)
    law = power_law(exponent=exponent, timescale=None if own else whole, rate=rate)
    yield _behind(top, first, law)
    law = power_law(exponent=exponent, timescale=whole, rate=rate)
    yield _behind(top, first, clip(law, low=floor))
