"""The bend of a shape through points: guessed by straight lines through the inverse of the shape, and polished."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from math import log, pi, tanh

import numpy as np
from numpy.typing import NDArray

from glidepath.diagnosis.bends import ENOUGH, POWER_LAW, POWERS, TINY, Bend, Points, few, polished
from glidepath.diagnosis.precision import Numbers

INNER = 0.02  # of the way: nearer to its ends a shape is too flat, or too steep, to tell where it is
BARELY = 8  # times what the print leaves open: what a shape that has hardly begun is told by
EARLIER, LATER = (0.0, 0.02, 0.08, 0.3), (0.0, 0.02, 0.3, 1.0)  # of the way seen: what may lie before and behind it
HIGHER = 0.1  # of the way seen: a rise that was under way, and the peak a little above it
SELF_SIMILAR = ("linear", "polynomial", "exp-zero")  # whose pieces are such curves too: nothing tells where they began
SOONER = np.geomspace(1e-3, 10, 9)  # of the steps seen: how long before them a root may have begun
TRIES = 2  # guesses that are worth a polish
LAWSON = 6  # rounds of his weights (1961), which lead from the least squares to the least of the largest gaps
TANH, ALONG = (-7.0, 3.0), 10.0  # what the shape "tanh" runs between, and how far that is
FIRST, LAST = map(tanh, TANH)

Inverse = Callable[[Numbers, float], Numbers]
# The share of the way that is gone, and the power -> the share of the part that is done.
INVERSES: dict[str, Inverse] = {
    "linear": lambda gone, _: gone,
    "cosine": lambda gone, _: np.arccos(1 - 2 * gone) / pi,
    "1-sqrt": lambda gone, _: gone**2,
    "half-cosine": lambda gone, _: 2 * np.arccos(1 - gone) / pi,
    "rex": lambda gone, _: 2 * gone / (1 + gone),
    "polynomial": lambda gone, power: 1 - (1 - gone) ** (1 / power),
    "tanh": lambda gone, _: (np.arctanh(FIRST + gone * (LAST - FIRST)) - TANH[0]) / ALONG,
    "k-cosine": lambda gone, power: (np.arccos(1 - 2 * gone) / pi) ** (1 / power),
    "cosine-power": lambda gone, power: np.arccos(2 * (1 - gone) ** (1 / power) - 1) / pi,
    "exp-zero": lambda gone, power: -np.log1p(np.expm1(-power) * gone) / power,
    "log": lambda gone, power: np.expm1(gone * log(power)) / (power - 1),
}


def fitted(shape: str, points: Points, enters: float | None = None) -> Bend | None:
    """The bend of a shape through points, from the level `enters` where that is known; None where it leaves any out."""
    some = few(points)
    with np.errstate(all="ignore"):
        made = CLOSED.get(shape, partial(_guesses, shape))(some, enters)
        guesses = [one for one in made if np.isfinite(one(some.steps)).all()]
        guesses.sort(key=lambda one: float((np.abs(one(some.steps) - some.values) / some.open_).max()))
        tried = (one for guess in guesses[:TRIES] for one in (guess, polished(guess, some)))
        return next((one for one in tried if one.fits(points)), None)


def _guesses(shape: str, points: Points, enters: float | None) -> Iterator[Bend]:
    """Bends for the levels that the shape may run between."""
    first, last = points.values[[0, -1]].tolist()
    way = last - first
    before = EARLIER if shape not in SELF_SIMILAR else EARLIER[:1]
    tops = [first - share * way for share in before] if enters is None else [enters, first]
    lows = [0.0 if way < 0 else last + HIGHER * way, *(last + share * way for share in LATER)]
    for start, to, power in product(dict.fromkeys(tops), dict.fromkeys(lows), POWERS.get(shape, (1.0,))):
        if min(start, to) >= 0 and (to - start) * way > 0:
            yield from _between(shape, start, to, power, points)


def _between(shape: str, start: float, to: float, power: float, points: Points) -> Iterator[Bend]:
    """The bend between two levels: by the points on the way, or by those that have left the first where few are."""
    gone = (points.values - start) / (to - start)
    inner = (gone > INNER) & (gone < 1 - INNER)
    if inner.sum() < 2:  # it has hardly begun
        inner = (np.abs(points.values - start) > BARELY * points.open_) & (gone > 0) & (gone < 1 - INNER)
    if inner.sum() < 2:
        return
    slope, height = straight(points.steps[inner], INVERSES[shape](gone[inner], power))
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


def _levels(points: Points, enters: float | None) -> tuple[float, float]:
    """The first level, which may be known, and the last."""
    return float(points.values[0]) if enters is None else enters, float(points.values[-1])


def _exponential(points: Points, enters: float | None) -> Iterator[Bend]:
    """Equal factors between two levels: a straight line of logarithms."""
    first, last = _levels(points, enters)
    if min(first, float(points.values.min())) <= 0 or first == last:
        return
    inner = (np.abs(points.values - first) > 2 * points.open_) & (np.abs(points.values - last) > 2 * points.open_)
    part = points[inner] if inner.sum() > 1 else points
    slope, height = straight(part.steps, np.log(part.values))
    if slope and (slope > 0) == (last > first):
        begin, end = ((log(level) - height) / slope for level in (first, last))
        yield Bend("exponential", first, last, begin, end)


def _power_law(points: Points, enters: float | None) -> Iterator[Bend]:
    """start (1 + (t - begin) / scale)^-power: a straight line of the values to the power -1/power."""
    first, _ = _levels(points, enters)
    part = points[np.abs(points.values - points.values[0]) > 2 * points.open_]
    if min(first, float(points.values.min())) <= 0 or len(part) < 2:
        return
    for power in POWERS[POWER_LAW]:
        slope, height = straight(part.steps, part.values ** (-1 / power))
        if slope > 0:
            begin = (first ** (-1 / power) - height) / slope
            yield Bend(POWER_LAW, first, 0.0, begin, begin + first ** (-1 / power) / slope, power)


def _line(points: Points, enters: float | None) -> Iterator[Bend]:
    """A straight line through what is no level at its ends, from the first level to the last."""
    first, last = _levels(points, enters)
    inner = _moving(points)
    inner[0] = enters is None and abs(points.values[1] - points.values[0]) > points.open_[0]
    inner[-1] = abs(points.values[-1] - points.values[-2]) > points.open_[-1]
    part = points[inner]
    weight = 1 / part.open_
    for _ in range(LAWSON if len(part) > 1 and first != last else 0):
        slope, height = straight(part.steps, part.values, weight)
        if slope and (slope > 0) == (last > first):
            yield Bend("linear", first, last, (first - height) / slope, (last - height) / slope)
        weight = weight * np.sqrt(np.abs(slope * part.steps + height - part.values) / part.open_ + ENOUGH)


def _moving(points: Points) -> NDArray[np.bool_]:
    """What is neither at the first level nor at the last."""
    ends = points.values[[0, -1]]
    return np.asarray((np.abs(points.values[:, None] - ends) > points.open_[:, None]).all(axis=1))


def _root(points: Points, enters: float | None) -> Iterator[Bend]:
    """1 - sqrt: with its first level, the square of what is gone is straight; without it, the values over a root."""
    top, last = _levels(points, enters)
    to = last if abs(float(points.values[-1] - points.values[-2])) <= points.open_[-1] else 0.0
    yield from _root_below(top, to, points)
    first, span = float(points.steps[0]), float(np.ptp(points.steps))
    for begin in (first, first - 1, *(first - SOONER * span).tolist()):
        slope, height = straight(np.sqrt(points.steps - begin), points.values)
        if slope < 0 < height:
            yield _rooted(height, to, begin, -slope)


def _root_below(top: float, to: float, points: Points) -> Iterator[Bend]:
    """The root that leads down from a level, by the points on its way; it may begin at a whole step."""
    inner = _moving(points)
    inner[-1] |= to == 0
    part = points[inner]
    gone = top - part.values
    if gone.size < 2 or gone.min() <= 0:
        return
    slope, height = straight(part.steps, gone**2, 1 / gone)
    for begin in (-height / slope, round(-height / slope)) if slope > 0 else ():
        rate = float((gone / np.sqrt(np.maximum(part.steps - begin, TINY))).mean())
        yield _rooted(top, to, begin, rate)


def _rooted(top: float, to: float, begin: float, rate: float) -> Bend:
    """top - rate sqrt(t - begin), down to a level."""
    return Bend("1-sqrt", top, to, begin, begin + max((top - to) / rate, TINY) ** 2)


# Shapes whose bends are found in their own way.
CLOSED: dict[str, Callable[[Points, float | None], Iterator[Bend]]] = {
    "linear": _line,
    "1-sqrt": _root,
    "exponential": _exponential,
    POWER_LAW: _power_law,
}
