"""A recipe found again in a curve that was only sampled: a closure, a lambda, a log."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from glidepath.errors import GlidepathError, ScheduleError, shown
from glidepath.schedules.points import MOST_KNOTS, points
from glidepath.schedules.recipes import decay, hold, steps, warmup
from glidepath.schedules.schedule import Recipe
from glidepath.schedules.tails import Shares, falls, rounded

Family = Callable[[Shares], Iterator[Recipe]]
AGREES = 2e-6  # of the peak: some ten roundings of float32, in which most of these curves are computed
LAST_BITS = 1e-6  # of the peak: a second difference below it is such rounding, four times over
FEW_PARTS, MOST_PARTS = 6, 200  # more is a drawing, for points


def fitted(values: Any) -> Recipe | None:
    """The recipe whose values at steps 0 to n, over a horizon of n, are these; None where none is recognised.

    `values` are n + 1 learning rates (finite, at least 0), the last of them what the curve is held at. Tried are a
    constant, levels, straight lines between whole steps, and a linear or cosine warmup with a hold and a decay behind
    it: cosine, 1-sqrt, half-cosine, rex, polynomial, exponential, inverse square root and inverse time, each with a
    floor. A fit counts where every value agrees within 2e-6 of the peak, `peak_of(values)`. Raises ScheduleError for
    what is no such curve.

    >>> from glidepath import warmup, cosine
    >>> fitted((warmup(10) >> cosine(to=0.1)).over(100, peak=0.3)(range(101)))
    warmup(10) >> decay(90, to=0.1, shape='cosine') >> hold()
    """
    curve = checked(values)
    if not curve.any() or curve.size < 2:
        return None
    shares = curve / peak_of(curve)
    for family in FAMILIES:
        found = next((recipe for recipe in _possible(family, shares) if _agrees(recipe, shares)), None)
        if found is not None:
            return found
    return None


def drawn(values: Any) -> Recipe | None:
    """Points through every one of the values of steps 0 to n; None for more than 10 000 steps, or nothing above 0."""
    curve = checked(values)
    if curve.size > MOST_KNOTS + 1 or not curve.any():
        return None
    shares = np.minimum(curve / peak_of(curve), 1.0)
    return points([(step, share) for step, share in enumerate(shares[:MOST_KNOTS].tolist())])


def peak_of(values: Any) -> float:
    """The largest value as it was meant: 0.3 for what float32 makes of it."""
    return rounded(float(np.max(checked(values))))


def checked(values: Any) -> Shares:
    """The values as an array, refused unless they are finite numbers of at least 0."""
    try:
        curve = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        curve = np.array(np.nan)
    limit = AGREES * curve.max(initial=0.0)  # below 0 by no more than float32 rounds
    if curve.ndim != 1 or not curve.size or not np.isfinite(curve).all() or (curve < -limit).any():
        raise ScheduleError(f"expected finite learning rates of at least 0, one a step, got {shown(values)}")
    return np.maximum(curve, 0.0)


def _possible(family: Family, shares: Shares) -> Iterator[Recipe]:
    """The recipes of a family, as long as they can be."""
    try:
        with np.errstate(all="ignore"):
            yield from family(shares)
    except GlidepathError:
        return


def _agrees(recipe: Recipe, shares: Shares) -> bool:
    try:
        values = recipe.over(shares.size - 1)(np.arange(shares.size))
    except GlidepathError:
        return False
    return bool(np.abs(values - shares).max() <= AGREES)


def _constant(shares: Shares) -> Iterator[Recipe]:  # noqa: ARG001 - every family has one signature
    yield hold()


def _levels(shares: Shares, most: int) -> Iterator[Recipe]:
    begins = [0, *(np.flatnonzero(np.abs(np.diff(shares)) > LAST_BITS) + 1).tolist()]
    if len(begins) > min(most, shares.size // 2):
        return
    at = [rounded(share) for share in shares[begins].tolist()]
    if len(begins) > 1 and at[0] == 1 and at[1]:
        yield steps(begins[1], factor=at[1])
    lengths = [*np.diff(begins).tolist(), None]
    yield _joined([hold(length, at=level) for length, level in zip(lengths, at, strict=True)])


def _lines(shares: Shares, most: int) -> Iterator[Recipe]:
    """Straight lines between the steps at which the slope changes."""
    bends = (np.flatnonzero(np.abs(np.diff(shares, 2)) > LAST_BITS) + 1).tolist()
    knots = [0, *bends, shares.size - 1]
    if len(knots) > min(most, max(3, shares.size // 2)):
        return
    level = [rounded(share) for share in shares[knots].tolist()]
    parts = [] if level[0] in (1, level[1]) or level[0] < level[1] else [hold(0, at=level[0])]
    for begin, end, start, to in zip(knots, knots[1:], level, level[1:], strict=False):
        parts.append(line(end - begin, start, to))
    yield _joined([*parts, hold()])


def line(length: int, start: float, to: float) -> Recipe:
    """A straight line from where the curve is."""
    if abs(to - start) <= AGREES:
        return hold(length, at=start)
    return climb(length, start, to) if to > start else decay(length, to=to)


def climb(length: int, start: float, to: float = 1.0, shape: str = "linear") -> Recipe:
    """A warmup, in the words of its usual start where it is that."""
    usual = shape == "linear" and abs(start - to / (length + 1)) <= AGREES
    return warmup(length, to=to, shape=shape) if usual else warmup(length, start=start, to=to, shape=shape)


def _warmed(shares: Shares) -> Iterator[Recipe]:
    """A warmup up to the first peak, and a fall behind it."""
    top = int(np.argmax(shares >= shares.max() - LAST_BITS / 8))  # of which float32 has two roundings
    first = rounded(float(shares[0]))
    ups = [climb(top, first), climb(top, first, shape="cosine")] if top else []
    rises = [up for up in ups if _agrees(up >> hold(), shares[: top + 1])]
    for fall in falls(shares, top) if rises or not top else ():
        yield rises[0] >> fall if rises else fall


def _joined(recipes: list[Recipe]) -> Recipe:
    return Recipe(tuple(part for recipe in recipes for part in recipe.parts))


# The fewest parts first: a short curve is many short lines too.
FAMILIES: tuple[Family, ...] = (
    _constant,
    partial(_levels, most=FEW_PARTS),
    partial(_lines, most=FEW_PARTS),
    _warmed,
    partial(_levels, most=MOST_PARTS),
    partial(_lines, most=MOST_PARTS),
)
