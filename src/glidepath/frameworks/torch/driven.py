"""What drives an optimizer's groups along a course: a filler of groups, and its values for any steps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.optim import Optimizer

from glidepath.frameworks.torch.groups import Filler, names_of
from glidepath.frameworks.torch.plans import PlanFiller
from glidepath.schedules.course import Course
from glidepath.schedules.plan import Plan
from glidepath.schedules.schedule import Schedule

# Learning rates computed in one vectorised call: few enough to be ready in a blink (some 0.1 ms), enough
# that the cost of the call is nothing per step.
AHEAD = 4_096
Values = Callable[[NDArray[Any]], list[Any]]  # of steps, what a filler takes for each


class Ahead:
    """The values of the updates from one on, a block of them ready at a time."""

    def __init__(self, values: Values, step: int) -> None:
        """Make the block from `step` on ready."""
        self._values = values
        self._load(step)

    def _load(self, step: int) -> None:
        self._first, self._block = step, self._values(np.arange(step, step + AHEAD))

    def at(self, step: int) -> Any:
        """The value of an update; of any, but those that follow one another are quick."""
        place = step - self._first
        if 0 <= place < AHEAD:
            return self._block[place]
        if place == AHEAD:
            self._load(step)
            return self._block[0]
        return self._values(np.array([step]))[0]


@dataclass(frozen=True, slots=True)
class Driven:
    """A course, with all that writing it into the groups of one optimizer takes."""

    course: Course
    schedule: Schedule | Plan
    names: list[str]
    base_lrs: list[float]
    units: list[float]
    filler: Filler | PlanFiller
    values: Values


def driven(optimizer: Optimizer, course: Course, base_lrs: Sequence[float], units: Sequence[float]) -> Driven:
    """Ready to write, and nothing is written yet; raises AttachError for groups that cannot be driven so."""
    schedule, names = course.in_force, names_of(optimizer.param_groups)
    shares = [lr / unit for lr, unit in zip(base_lrs, units, strict=True)]
    if isinstance(schedule, Plan):
        plans = PlanFiller(schedule, optimizer.param_groups, names, shares)
        return Driven(course, schedule, names, list(base_lrs), list(units), plans, plans.rows)
    return Driven(course, schedule, names, list(base_lrs), list(units), Filler(shares), lambda s: schedule(s).tolist())
