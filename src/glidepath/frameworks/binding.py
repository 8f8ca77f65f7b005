"""A recipe bound to what a trainer knows: its updates, the learning rate of its optimizer, the rates of its data."""

from collections.abc import Callable, Iterable

from torch.optim import Optimizer

from glidepath.errors import AmountError, AttachError, shown
from glidepath.frameworks.torch.joining import base_lr_of
from glidepath.schedules.continuation import Policy
from glidepath.schedules.course import refuse_policy
from glidepath.schedules.plan import Plan
from glidepath.schedules.schedule import Recipe, Schedule, checked
from glidepath.units import Horizon

Given = Recipe | Schedule | Plan


def refuse_strange(schedule: object, peak: object, policy: str | Policy | None) -> None:
    """Raises AttachError for what is no recipe and no schedule, or for a peak beside a schedule, which has its own."""
    if not isinstance(schedule, Given):
        raise AttachError(f"expected a recipe or a schedule, got {shown(schedule)}: as text, gp.parse(...)")
    if peak is not None and not isinstance(schedule, Recipe):
        raise AttachError(f"expected no peak beside a schedule, which has its own, got {shown(peak)}")
    if peak is not None:
        checked(peak)
    if policy is not None:
        refuse_policy(policy)


def bound(
    schedule: Given, peak: float | None, optimizers: Iterable[Optimizer], steps: int, rated: Callable[[int], Horizon]
) -> Schedule | Plan:
    """A recipe over so many steps, with the largest learning rate of the optimizers as peak where none is given.

    `rated` gives the horizon with the rates of the data. It is asked only where the recipe counts in them: else more
    data, or another batch, for as many updates would be another schedule, and a conflict when the run goes on.
    """
    if not isinstance(schedule, Recipe):
        return schedule
    if peak is None:
        peak = max(base_lr_of(group) for optimizer in optimizers for group in optimizer.param_groups)
    try:
        return schedule.over(steps, peak=peak)
    except AmountError:
        return schedule.over(rated(steps), peak=peak)
