"""A plan in an optimizer: which group has which name, and the place in torch of each hyper-parameter."""

from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np
import torch
from numpy.typing import NDArray

from glidepath.errors import AttachError, nearest, shown
from glidepath.frameworks.torch.groups import Filler, Group, driver_of, refuse_others
from glidepath.schedules.plan import Plan
from glidepath.schedules.plan_values import Driver
from glidepath.schedules.schedule import Schedule

# Where torch has each hyper-parameter, the first that a group has: the key, and the index in what stands there.
PLACES: dict[str, tuple[tuple[str, int | None], ...]] = {
    "momentum": (("momentum", None), ("betas", 0)),
    "beta1": (("betas", 0),),
    "beta2": (("betas", 1),),
    "weight_decay": (("weight_decay", None),),
}  # the batch size is no optimizer's: plan.at(step)["batch_size"]
Row = Sequence[float]  # the value of each driver at one update


class PlanFiller:
    """Writes what a plan says into every group, from one row of values an update.

    `ratios` are what each group's learning rate is of the schedule that drives it, its factor in the plan included.
    """

    def __init__(self, plan: Plan, groups: Sequence[Group], names: Sequence[str], shares: Sequence[float]) -> None:
        """`names`: of the optimizer's groups, "" for none; `shares`: each base learning rate of its unit.

        Raises AttachError for a group that cannot be driven.
        """
        known = [name if name in plan.groups else None for name in names]
        self.ratios = [share * plan.group(name).factor for share, name in zip(shares, known, strict=True)]
        self._drivers: dict[Driver, int] = {}  # each asked once for every step, however many groups it drives
        driving = [driver_of(plan, name) for name in names]
        self._lanes = [self._lane(driving, schedule) for schedule in dict.fromkeys(driving)]
        self._places = [
            (index, *_place(groups[index], name, names[index] or f"number {index}"), self._column(driver))
            for index, group in enumerate(known)
            for name, driver in plan.drivers(group).items()
            if name in PLACES
        ]

    def _lane(self, driving: Sequence[Schedule], schedule: Schedule) -> tuple[list[int], Filler, int]:
        """The groups that one schedule drives."""
        driven = [index for index, one in enumerate(driving) if one == schedule]
        return driven, Filler([self.ratios[index] for index in driven]), self._column(schedule)

    def _column(self, driver: Driver) -> int:
        return self._drivers.setdefault(driver, len(self._drivers))

    def rows(self, steps: NDArray[Any]) -> list[Row]:
        """What `fill` takes, a row for each of the steps."""
        rows: list[Row] = np.stack([driver(steps) for driver in self._drivers], axis=1).tolist()
        return rows

    def fill(self, groups: Sequence[Group], row: Row) -> None:
        """The hyper-parameters of one update; raises AttachError for a group taken away meanwhile."""
        refuse_others(groups, len(self.ratios))
        for indexes, filler, column in self._lanes:
            filler.fill([groups[index] for index in indexes], row[column])
        for index, key, position, column in self._places:
            _write(groups[index], key, position, row[column])

    def lrs(self, row: Row) -> list[float | torch.Tensor]:
        """The learning rates of the groups."""
        columns = {index: column for indexes, _, column in self._lanes for index in indexes}
        return [ratio * row[columns[index]] for index, ratio in enumerate(self.ratios)]


def names_groups(schedule: Schedule | Plan) -> TypeGuard[Plan]:
    """Whether it is a plan that names groups, so that the optimizer's names matter."""
    return isinstance(schedule, Plan) and len(schedule.groups) > 0


def unnamed(schedule: Schedule | Plan, names: Sequence[str]) -> list[str]:
    """The groups that a plan which names groups does not name, which run with its own values; by name or number."""
    if not names_groups(schedule):
        return []
    return [name or f"number {index}" for index, name in enumerate(names) if name not in schedule.groups]


def absent(schedule: Schedule | Plan, names: Sequence[str]) -> list[str]:
    """The groups that a plan names and this optimizer does not have."""
    return [name for name in schedule.groups if name not in names] if names_groups(schedule) else []


def refuse_unknown(schedule: Schedule | Plan, names: Sequence[str]) -> None:
    """Raises AttachError where a plan names groups and none of them is here."""
    if names_groups(schedule) and not any(name in schedule.groups for name in names):
        one = next(filter(None, names), "")
        raise AttachError(
            f"expected a group that the plan names, got {shown(list(names))}: name them when the optimizer is made, "
            f'{{"params": ..., "name": {next(iter(schedule.groups))!r}}}; {nearest(one, schedule.groups)}'
        )


def _place(group: Group, name: str, label: str) -> tuple[str, int | None]:
    """Where a group has a hyper-parameter."""
    for key, position in PLACES[name]:
        if key in group and (position is None or _reaches(group[key], position)):
            return key, position
    raise AttachError(
        f"expected an optimizer that has {name}, got one without it in group {shown(label)}: leave it out of the plan, "
        f"or give it to the groups that have it, Group({name}=...)"
    )


def _reaches(values: object, position: int) -> bool:
    return isinstance(values, (tuple, list)) and position < len(values)


def _write(group: Group, key: str, position: int | None, value: float) -> None:
    """The value into its place: a number is replaced, a tensor filled, one of several changed among the others."""
    there = group[key] if position is None else group[key][position]
    if type(there) is not float and isinstance(there, torch.Tensor):  # to ask for Tensor costs more than all the rest
        there.fill_(value)
    elif position is None:
        group[key] = value
    else:
        group[key] = (*group[key][:position], value, *group[key][position + 1 :])
