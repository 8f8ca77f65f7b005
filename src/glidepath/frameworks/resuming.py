"""A checkpoint of a schedule alone, the course of its run and the step, beside what the code asks for."""

from collections.abc import Mapping
from typing import Any

from glidepath.errors import CheckpointError, ScheduleError, shown
from glidepath.schedules.continuation import MOST_UP, Policy
from glidepath.schedules.course import FIELDS, Course, course, refuse_policy, settled
from glidepath.schedules.schedule import Schedule

LARGEST = 2**53  # steps; float64 counts no further


def is_step(step: object) -> bool:
    """Whether it is a whole number that an update can have."""
    return isinstance(step, int) and not isinstance(step, bool) and 0 <= step < LARGEST


def resumed(
    state: Any, requested: Schedule, policy: str | Policy | None = None, *, most: float = MOST_UP
) -> tuple[Course, int]:
    """The course that a run goes on with, and the step from which.

    Raises CheckpointError for what is no state of ours, and what `settled` raises where the code asks for another
    schedule than the state has.
    """
    if not isinstance(requested, Schedule):
        raise ScheduleError(f"expected a schedule to go on with, got {shown(requested)}: write recipe.over(...)")
    if policy is not None:
        refuse_policy(policy)
    if not isinstance(state, Mapping) or not {"spec", "step"} <= set(state) <= {"step", *FIELDS}:
        came = sorted(map(str, state)) if isinstance(state, Mapping) else type(state).__name__
        raise CheckpointError(f"expected a state with spec and step, as checkpoint gives it, got {came!s:.120}")
    stored, step = course(state), state["step"]
    if not is_step(step):
        raise CheckpointError(f"expected $.step as a whole number of at least 0, got {shown(step, 40)}")
    in_force(stored)
    return settled(stored, requested, step, policy, most=most), step


def in_force(going: Course) -> Schedule:
    """The schedule that a course goes by; raises CheckpointError where it is a plan."""
    value = going.in_force
    if isinstance(value, Schedule):
        return value
    raise CheckpointError("expected the checkpoint of a schedule, got that of a plan, which this door does not drive")
