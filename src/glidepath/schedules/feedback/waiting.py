"""Waiting: a rule that looks at the loss only behind the warmup of a schedule."""

from dataclasses import replace
from typing import Any, TypeVar

from glidepath.errors import ScheduleError, shown
from glidepath.schedules.feedback.rule import Rule
from glidepath.schedules.measure import measure
from glidepath.schedules.schedule import Schedule

R = TypeVar("R", bound=Rule[Any])


def after_warmup(rule: R, schedule: Schedule) -> R:
    """The rule with its `after` set to the length of the schedule's warmup, the steps in which it rises to its peak.

    Without a warmup that is 0. For another share of the horizon write `after=schedule.horizon.place("5%")`.
    Raises ScheduleError for what is not a rule and a schedule.

    >>> from glidepath import cosine, warmup
    >>> from glidepath.schedules.feedback import plateau
    >>> after_warmup(plateau(0.01), (warmup("5%") >> cosine()).over(2_000, peak=3e-4))
    plateau(minimum_descent=0.01, after=100)
    """
    if not isinstance(rule, Rule) or not isinstance(schedule, Schedule):
        raise ScheduleError(f"expected a rule and a schedule, got {shown(rule)} and {shown(schedule)}")
    return replace(rule, after=measure(schedule).warmup)
