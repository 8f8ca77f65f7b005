"""Reshaping: a recipe repeated, stretched, reversed, shifted, scaled, clipped, joined with another step by step.

Each gives a recipe of one part that holds the recipe inside, so it composes, writes itself and saves like
any other. The recipe inside is laid over its own stretch of steps: shares in it are shares of that.
"""

from fractions import Fraction

from glidepath.errors import ScheduleError, nearest, shown
from glidepath.schedules.compound import (
    MOST_CYCLES,
    Clip,
    Combine,
    Excerpt,
    Override,
    Remap,
    Repeat,
    Reverse,
    Scale,
    Shift,
    Stretch,
)
from glidepath.schedules.levels import Level, level, number
from glidepath.schedules.nested import OPERATIONS
from glidepath.schedules.schedule import Recipe
from glidepath.units import Amount, AmountLike, exact, optional


def repeat(
    recipe: Recipe,
    *,
    every: AmountLike | None = None,
    times: int | None = None,
    growth: float | int | str | Fraction = 1,
    factor: float = 1.0,
    length: AmountLike | None = None,
) -> Recipe:
    """A recipe again and again, each cycle `growth` (>= 1) times as long and with `factor` (0 to 1) times the peak.

    Either `every`, the length of the first cycle, or `times`, how many fill what there is. Cycle k begins at
    the exact sum of those before it, rounded half up. Warm restarts (Loshchilov and Hutter 2016, arXiv
    1608.03983) are `repeat(cosine(), every=10, growth=2)`; `warmup("10%") >> cosine()` inside warms each
    cycle up. Absolute levels inside do not move with the factor.

    >>> from glidepath import cosine
    >>> repeat(cosine(), every=2, growth=2).over(7, peak=1.0)(range(7)).round(3)
    array([1.   , 0.5  , 1.   , 0.854, 0.5  , 0.146, 1.   ])
    """
    if (every is None) == (times is None):
        raise ScheduleError("expected one of every= (the first cycle's length) and times=, got both or neither")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MOST_CYCLES):
        raise ScheduleError(f"expected times as a whole number from 1 to {MOST_CYCLES}, got {shown(times)}")
    first = None if every is None else Amount.of(every)
    grows = exact(number(growth, "the growth") if isinstance(growth, float) else growth)
    if grows < 1 or (first is not None and first.value == 0):
        raise ScheduleError(f"expected growth of at least 1 and every above 0, got {shown(growth)} and {shown(every)}")
    by = number(factor, "the factor of the cycles", below=1)
    return Recipe((Repeat(optional(length), _inner(recipe), first, times, grows, by),))


def stretch(
    recipe: Recipe,
    over: AmountLike,
    *,
    since: float = 0.0,
    until: float = 1.0,
    lead: float = 0.0,
    trail: float = 0.0,
    length: AmountLike | None = None,
) -> Recipe:
    """A recipe planned over one number of steps, read over another: its curve wider or narrower.

    `since` (>= 0) and `until` (above it) are the shares of it that are read; behind 1 its last value is held. What is
    read begins `lead` steps (>= 0) in front of the first one and ends `trail` steps (>= 0) in front of the end, as a
    curve does that was cut between two steps. Raises ScheduleError where they are none.

    >>> from glidepath import cosine
    >>> stretch(cosine(), 100).over(10, peak=1.0)(5) == cosine().over(100, peak=1.0)(50)
    True
    >>> stretch(cosine(), 100, since=0.5).over(10, peak=1.0)(5) == cosine().over(100, peak=1.0)(75)
    True
    """
    planned = Amount.of(over)
    if planned.value == 0:
        raise ScheduleError("expected `over` above 0 in a stretch, got 0")
    shares = number(since, "since"), number(until, "until")
    if not shares[0] < shares[1]:
        raise ScheduleError(f"expected since before until in a stretch, got {shares[0]:g} and {shares[1]:g}")
    ends = number(lead, "lead"), number(trail, "trail")
    return Recipe((Stretch(optional(length), _inner(recipe), planned, *shares, *ends),))


def reverse(recipe: Recipe, *, length: AmountLike | None = None) -> Recipe:
    """A recipe from its last step to its first: step t of n gets that of n - 1 - t.

    >>> from glidepath import linear
    >>> reverse(linear()).over(4, peak=1.0)(range(4))
    array([0.25, 0.5 , 0.75, 1.  ])
    """
    return Recipe((Reverse(optional(length), _inner(recipe)),))


def shift(recipe: Recipe, by: AmountLike, *, length: AmountLike | None = None) -> Recipe:
    """A recipe that begins later; its first value is held until then, and what no longer fits is cut off.

    >>> from glidepath import linear
    >>> shift(linear(), 2).over(4, peak=1.0)(range(4))
    array([1.  , 1.  , 1.  , 0.75])
    """
    return Recipe((Shift(optional(length), _inner(recipe), Amount.of(by)),))


def excerpt(recipe: Recipe, over: AmountLike, *, begin: AmountLike = 0, length: AmountLike | None = None) -> Recipe:
    """Some of a recipe planned over `over` steps: from its step `begin` on, as long as there is room.

    >>> from glidepath import linear
    >>> excerpt(linear(), 10, begin=5).over(3, peak=1.0)(range(3))
    array([0.5, 0.4, 0.3])
    """
    planned = Amount.of(over)
    if planned.value == 0:
        raise ScheduleError("expected `over` above 0 in an excerpt, got 0")
    return Recipe((Excerpt(optional(length), _inner(recipe), planned, Amount.of(begin)),))


def scale(recipe: Recipe, factor: float, *, length: AmountLike | None = None) -> Recipe:
    """A recipe times a factor (0 to 1), absolute levels included.

    >>> from glidepath import hold
    >>> scale(hold(), 0.5).over(2, peak=1.0)(0)
    0.5
    """
    return Recipe((Scale(optional(length), _inner(recipe), number(factor, "the factor of the scale", below=1)),))


def clip(recipe: Recipe, *, low: Level = 0.0, high: Level = 1.0, length: AmountLike | None = None) -> Recipe:
    """A recipe kept from `low` to `high`, both levels.

    >>> from glidepath import linear
    >>> clip(linear(), low=0.4).over(4, peak=1.0)(range(4))
    array([1.  , 0.75, 0.5 , 0.4 ])
    """
    ends = level(low, "the low end of the clip"), level(high, "the high end of the clip")
    return Recipe((Clip(optional(length), _inner(recipe), *ends),))


def combine(recipe: Recipe, other: Recipe, *, by: str, length: AmountLike | None = None) -> Recipe:
    """Two recipes over the same steps, joined step by step: by="product", "maximum", "minimum" or "sum".

    The product is of multiples of the peak, so it stays one; the sum is kept at or below the peak.

    >>> from glidepath import cosine, hold
    >>> combine(cosine(), hold(at=0.5), by="maximum").over(4, peak=1.0)(range(4)).round(3)
    array([1.   , 0.854, 0.5  , 0.5  ])
    """
    if by not in OPERATIONS:
        raise ScheduleError(f"expected by= as a way to combine, got {shown(by)}: {nearest(shown(by), OPERATIONS)}")
    return Recipe((Combine(optional(length), _inner(recipe), _inner(other), by),))


def remap(recipe: Recipe, *, low: Level = 0.0, high: Level = 1.0, length: AmountLike | None = None) -> Recipe:
    """A recipe by the straight line that takes 0 to `low` and the peak to `high`, levels in any order.

    With low=1 and high=0.85 it is the momentum that moves against a one-cycle learning rate.

    >>> from glidepath import linear
    >>> remap(linear(), low=0.2).over(4, peak=1.0)(range(5)).round(3)
    array([1. , 0.8, 0.6, 0.4, 0.2])
    """
    ends = level(low, "the low end of the remap"), level(high, "the high end of the remap")
    return Recipe((Remap(optional(length), _inner(recipe), *ends),))


def override(
    recipe: Recipe, other: Recipe, *, begin: AmountLike, over: AmountLike, length: AmountLike | None = None
) -> Recipe:
    """A recipe with another one in a window: from `begin` on for `over`; behind it the first goes on where it would be.

    The other enters at the value of the first there, so `hold()` freezes it and `hold(at=0.1)` drops it.

    >>> from glidepath import hold, linear
    >>> override(linear(), hold(), begin=1, over=2).over(4, peak=1.0)(range(4))
    array([1.  , 0.75, 0.75, 0.25])
    """
    window = Amount.of(begin), Amount.of(over)
    return Recipe((Override(optional(length), _inner(recipe), _inner(other), *window),))


def _inner(recipe: object) -> Recipe:
    if not isinstance(recipe, Recipe):
        raise ScheduleError(f"expected a recipe to reshape, such as cosine(), got {shown(recipe)}")
    return recipe
