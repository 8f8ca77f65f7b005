"""A schedule made shorter: the same shares of fewer steps, for a branch that is to show what the whole run would."""

from dataclasses import fields, replace
from fractions import Fraction
from math import floor
from typing import Any

from glidepath.schedules.parts import Part, Warmup
from glidepath.schedules.reshape import stretch
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.units import Amount, Horizon

WARM = 2  # of a branch, at most half is warmup
DECIMALS = 10**12  # of a share, which is written in decimals; cut off, so that shares never come to more than all


def shortened(schedule: Schedule, steps: int, *, peak: float) -> Schedule:
    """The schedule over `steps` (>= 1) and to another peak.

    Lengths become the shares that they are of its horizon; but a warmup in front keeps its steps, up to half of all,
    because the largest stable learning rate depends on how many there were. A recipe that holds another is read faster
    instead.

    >>> from glidepath import cosine, decay, hold, warmup
    >>> shortened((warmup(50) >> hold() >> decay(200)).over(1_000, peak=0.1), 80, peak=0.2)
    (warmup(40) >> hold() >> decay('20%')).over(80, peak=0.2)
    """
    parts, horizon = schedule.recipe.parts, schedule.horizon
    if any(isinstance(getattr(part, one.name), Recipe) for part in parts for one in fields(part)):
        return stretch(schedule.recipe, horizon.steps).over(steps, peak=peak)
    first, *others = parts
    short = Recipe((_warm(first, horizon, steps), *(_shares(part, horizon) for part in others)))
    return short.over(steps, peak=peak)


def _warm(part: Part, horizon: Horizon, steps: int) -> Part:
    if not isinstance(part, Warmup) or part.length is None:
        return _shares(part, horizon)
    return replace(part, length=Amount.of(min(horizon.place(part.length), steps // WARM)))


def _shares(part: Part, horizon: Horizon) -> Part:
    amounts: dict[str, Any] = {one.name: getattr(part, one.name) for one in fields(part)}
    return replace(part, **{name: _share(one, horizon) for name, one in amounts.items() if isinstance(one, Amount)})


def _share(amount: Amount, horizon: Horizon) -> Amount:
    if amount.unit == "%":
        return amount
    return Amount(Fraction(floor(horizon.steps_of(amount) * DECIMALS / horizon.steps), DECIMALS), "%")
