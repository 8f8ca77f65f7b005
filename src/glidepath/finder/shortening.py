"""A schedule made shorter: the same shares of fewer steps, for a branch that is to show what the whole run would."""

from dataclasses import fields, replace
from fractions import Fraction
from math import floor
from typing import Any

from glidepath.errors import ScheduleError
from glidepath.schedules.parts import Part, Warmup
from glidepath.schedules.points import Points
from glidepath.schedules.reshape import scale, stretch
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.units import Amount, Horizon

WARM = 2  # of a branch, at most half is warmup
DECIMALS = 10**12  # of a share, which is written in decimals; cut off, so that shares never come to more than all


def shortened(schedule: Schedule, steps: int, *, peak: float) -> Schedule:
    """The schedule over `steps` (>= 1) and to another peak.

    Lengths become the shares that they are of its horizon; but a warmup in front keeps its steps, up to half of all,
    because the largest stable learning rate depends on how many there were; what does not fit behind it is cut in
    proportion. A recipe that holds another is read faster instead.

    >>> from glidepath import cosine, decay, hold, warmup
    >>> shortened((warmup(50) >> hold() >> decay(200)).over(1_000, peak=0.1), 80, peak=0.2)
    (warmup(40) >> hold() >> decay('20%')).over(80, peak=0.2)
    """
    parts, horizon = schedule.recipe.parts, schedule.horizon
    if any(isinstance(part, Points) or _holds_another(part) for part in parts):
        return _read_faster(schedule, steps, peak)
    warm, others = _warm(parts[0], horizon, steps), [_shares(part, horizon) for part in parts[1:]]
    room = steps - Horizon(steps).place(warm.length or 0)
    try:
        if steps == horizon.steps and not isinstance(parts[0], Warmup):
            return schedule.recipe.over(horizon, peak=peak)  # as written: decimals of a share may miss half a step
        return Recipe((warm, *_fitted(others, room, steps))).over(steps, peak=peak)
    except ScheduleError:  # an absolute level above this peak, a part that is nothing in so few steps
        return _read_faster(schedule, steps, peak)


def _holds_another(part: Part) -> bool:
    return any(isinstance(getattr(part, one.name), Recipe) for one in fields(part))


def _read_faster(schedule: Schedule, steps: int, peak: float) -> Schedule:
    """The curve that it is, in as few steps; where an absolute level is above the peak, all of it scaled."""
    recipe, horizon = stretch(schedule.recipe, schedule.horizon.steps), replace(schedule.horizon, steps=steps)
    try:
        return recipe.over(horizon, peak=peak)
    except ScheduleError:
        top = schedule.peak or 1.0
        if not peak > 0:
            raise
        return scale(recipe, peak / top).over(horizon, peak=top)


def _warm(part: Part, horizon: Horizon, steps: int) -> Part:
    if not isinstance(part, Warmup) or part.length is None:
        return _shares(part, horizon)
    return replace(part, length=Amount.of(min(horizon.place(part.length), steps // WARM)))


def _fitted(parts: list[Part], room: int, steps: int) -> list[Part]:
    """The parts behind the warmup, each a little shorter where they have not the room that they had."""
    taken = sum((part.length.value for part in parts if part.length is not None), Fraction(0)) * steps
    if taken <= room:
        return parts
    less = room / taken
    return [one if one.length is None else replace(one, length=_cut(one.length.value * less)) for one in parts]


def _shares(part: Part, horizon: Horizon) -> Part:
    amounts: dict[str, Any] = {one.name: getattr(part, one.name) for one in fields(part)}
    return replace(part, **{name: _share(one, horizon) for name, one in amounts.items() if isinstance(one, Amount)})


def _share(amount: Amount, horizon: Horizon) -> Amount:
    return amount if amount.unit == "%" else _cut(horizon.steps_of(amount) / horizon.steps)


def _cut(share: Fraction) -> Amount:
    return Amount(Fraction(floor(share * DECIMALS), DECIMALS), "%")
