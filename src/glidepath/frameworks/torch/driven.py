"""What drives an optimizer's groups along a course: a filler of groups, and its values for any steps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from torch.optim import Optimizer

from glidepath.frameworks.torch.groups import Filler, names_of
from glidepath.frameworks.torch.plans import PlanFiller
from glidepath.schedules.course import Course
from glidepath.schedules.plan import Plan
from glidepath.schedules.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Driven:
    """A course, with all that writing it into the groups of one optimizer takes."""

    course: Course
    schedule: Schedule | Plan
    names: list[str]
    base_lrs: list[float]
    units: list[float]
    filler: Filler | PlanFiller
    values: Callable[[NDArray[Any]], list[Any]]  # of steps, what the filler takes for each


def driven(optimizer: Optimizer, course: Course, base_lrs: Sequence[float], units: Sequence[float]) -> Driven:
    """Ready to write, and nothing is written yet; raises AttachError for groups that cannot be driven so."""
    schedule, names = course.in_force, names_of(optimizer.param_groups)
    shares = [lr / unit for lr, unit in zip(base_lrs, units, strict=True)]
    if isinstance(schedule, Plan):
        plans = PlanFiller(schedule, optimizer.param_groups, names, shares)
        return Driven(course, schedule, names, list(base_lrs), list(units), plans, plans.rows)
    return Driven(course, schedule, names, list(base_lrs), list(units), Filler(shares), lambda s: schedule(s).tolist())
