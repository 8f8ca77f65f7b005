"""The parts of a recipe as functions: `warmup("2%") >> hold() >> decay("20%", shape="1-sqrt")`.

Each gives a recipe of one part. A length is an amount (`2_000`, `"10%"`, `"3 epochs"`); without one the part
takes what is left. A level (`start`, `to`) is a multiple of the peak, 0 to 1, or `absolute(1e-5)`.
"""

from collections.abc import Collection
from math import inf

import numpy as np

from glidepath.errors import ScheduleError, nearest, shown
from glidepath.schedules.levels import Absolute, Level, level, number
from glidepath.schedules.parts import Arc, Decay, Hold, Steps, Warmup
from glidepath.schedules.schedule import Recipe
from glidepath.schedules.shapes import ENDLESS, EXPONENTIAL, FALLING, POWERED, RISING, between
from glidepath.units import Amount, AmountLike, optional


def warmup(length: AmountLike, *, start: Level | None = None, to: Level = 1.0, shape: str = "linear") -> Recipe:
    """Up to the peak: step t of n gets start + (to - start) f(t/n), so `to` is reached by the step after it.

    Without `start` it begins at to/(n+1), which for the linear shape is (t+1)/(n+1): no update is wasted at
    0. `start=0` is the textbook t/n. Shapes: linear, cosine, exponential (equal factors; start above 0).

    >>> warmup(3).over(3, peak=1.0)([0, 1, 2, 3])
    array([0.25, 0.5 , 0.75, 1.  ])
    """
    known(shape, RISING, "warmup")
    begin = None if start is None else level(start, "the start of the warmup")
    above_zero(begin, shape, "start")
    end = level(to, "the target of the warmup")
    above_zero(end, shape, "to")
    return Recipe((Warmup(Amount.of(length), begin, end, shape),))


def hold(length: AmountLike | None = None, *, at: Level | None = None) -> Recipe:
    """The value of the part before it, kept, or the level `at`; the peak where it comes first.

    `hold(0, at=1.0)` is a jump: the next part begins there.

    >>> hold().over(2, peak=0.1)([0, 1])
    array([0.1, 0.1])
    """
    return Recipe((Hold(optional(length), None if at is None else level(at, "the level of the hold")),))


def decay(
    length: AmountLike | None = None,
    *,
    to: Level = 0.0,
    shape: str = "linear",
    power: float = 1.0,
    endpoint: bool = False,
) -> Recipe:
    """Down from the value before it: step t of n gets v + (to - v) f(t/n), so `to` is reached one step past.

    With `endpoint=True` the last step itself lands on `to`, f(t/(n-1)), as numpy.linspace has it. Shapes:
    linear, cosine, 1-sqrt, polynomial (leaves (1-u)^power), exponential (equal factors; `to` above 0),
    half-cosine, cosine-power, k-cosine, exp-zero, log (each of the four with power), rex, sqrt-in, tanh; their
    formulas are in `shapes`.

    >>> decay(to=0.2, endpoint=True).over(3, peak=1.0)([0, 1, 2])
    array([1. , 0.6, 0.2])
    """
    known(shape, FALLING, "decay")
    end = level(to, "the end of the decay")
    above_zero(end, shape, "to")
    return Recipe((Decay(optional(length), end, shape, _power(power, shape), flag(endpoint, "endpoint")),))


def arc(
    length: AmountLike | None = None,
    *,
    start: Level = 0.0,
    to: Level = 1.0,
    shape: str = "linear",
    power: float = 1.0,
    since: float = 0.0,
    until: float = 1.0,
    beyond: bool = False,
) -> Recipe:
    """A stretch of a shape, up or down: start + (to - start) f(u), where u goes from `since` to `until`.

    Both are at least 0, in any order; above 1 the shape has ended, between two steps perhaps. For curves that
    were planned over other steps than they are cut at, as other libraries do. With `beyond` the formula goes
    on outside of 0 to 1 (linear, polynomial, 1-sqrt, tanh, exp-zero, exponential), below 0 too if it says so.

    >>> arc(start=1.0, to=0.0, since=0.5).over(2, peak=1.0)([0, 1])
    array([0.5 , 0.25])
    """
    flag(beyond, "beyond")
    known(shape, ENDLESS if beyond else FALLING, "arc" + " with beyond" * beyond)
    ends = level(start, "the start of the arc"), level(to, "the end of the arc")
    above_zero(ends[0], shape, "start")
    above_zero(ends[1], shape, "to")
    least = -inf if beyond else 0
    shares = number(since, "since", above=least), number(until, "until", above=least)
    exponent = _power(power, shape)
    _finite(shape, exponent, shares)
    return Recipe((Arc(optional(length), *ends, shape, exponent, *shares, beyond),))


def _finite(shape: str, power: float, shares: tuple[float, float]) -> None:
    """Refuse a stretch at whose ends the shape has no value, such as the root of what is below 0."""
    for share in shares:
        with np.errstate(all="ignore"):
            value = between(1.0, 0.5, np.float64(share), shape=shape, power=power, xp=np)
        if not np.isfinite(value):
            raise ScheduleError(f"expected since and until where {shape} has a value, got {share!r}")


def cosine(length: AmountLike | None = None, *, to: Level = 0.0, endpoint: bool = False) -> Recipe:
    """`decay` with the cosine shape: `warmup("2%") >> cosine(to=0.1)` is the modern default."""
    return decay(length, to=to, shape="cosine", endpoint=endpoint)


def linear(length: AmountLike | None = None, *, to: Level = 0.0, endpoint: bool = False) -> Recipe:
    """`decay` with the linear shape; to 0 by default (Bergsma et al. 2025, arXiv 2502.15938)."""
    return decay(length, to=to, shape="linear", endpoint=endpoint)


def steps(every: AmountLike, *, factor: float = 0.1, smooth: bool = False, length: AmountLike | None = None) -> Recipe:
    """Step decay: the value before it times factor^floor(t / every); factor above 0 and at most 1.

    With `smooth=True` it is factor^(t / every), the exponential through the stairs' edges.

    `every` counts from where the part begins and is at least one step, however short the horizon. The
    classic drops by 10 at each 30 % of the run (He et al. 2015, arXiv 1512.03385).

    >>> steps("30%").over(10, peak=1.0)([0, 2, 3, 6]).round(3)
    array([1.  , 1.  , 0.1 , 0.01])
    """
    drop = number(factor, "the factor of the steps", below=1)
    tread = Amount.of(every)
    if drop == 0 or tread.value == 0:
        raise ScheduleError(
            f"expected steps with every and factor above 0, got every={shown(every)} and factor={factor!r}"
        )
    return Recipe((Steps(optional(length), tread, drop, flag(smooth, "smooth")),))


def flag(value: object, name: str) -> bool:
    """`value`, refused unless it is True or False."""
    if not isinstance(value, bool):
        raise ScheduleError(f"expected {name} as True or False, got {shown(value)}")
    return value


def known(shape: object, shapes: Collection[str], part: str) -> None:
    """Refuse a shape that a part has not."""
    if shape not in shapes:
        raise ScheduleError(f"expected a shape of {part}, got {shown(shape)}: {nearest(shown(shape), shapes)}")


def _power(power: object, shape: str) -> float:
    exponent = number(power, "the power")
    if exponent == 0 or (exponent != 1 and shape not in POWERED):
        raise ScheduleError(
            f"expected power above 0, and only with shape {' or '.join(POWERED)}, got {shown(power)} with {shape!r}"
        )
    return exponent


def above_zero(end: Level | None, shape: str, name: str) -> None:
    """Refuse 0 where a shape goes by equal factors, which neither leave nor reach it."""
    value = end.value if isinstance(end, Absolute) else end
    if shape == EXPONENTIAL and value == 0:
        raise ScheduleError(f'expected {name} above 0 with shape="exponential", got 0: write {name}=0.01')
