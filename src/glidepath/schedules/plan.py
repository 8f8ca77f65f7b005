"""The plan: every hyper-parameter of a training, for every group and every step, as one value."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from math import isfinite
from typing import Any

from glidepath.errors import ScheduleError, shown
from glidepath.schedules.groups import Group, Groups, group_of
from glidepath.schedules.plan_values import RANGES, Driver, Value, checked, driver
from glidepath.schedules.schedule import Schedule


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """Learning rates by group, and the other hyper-parameters of a training, from one value. Immutable, no state.

    `lr` is the schedule of the learning rate; `groups` says by name what a group does otherwise: a factor, or a
    `Group`. `momentum`, `beta1` and `beta2` (0 to below 1), `weight_decay` (>= 0) and `batch_size` (whole, >= 1) are
    numbers, or schedules whose values are meant as they are; `weight_decay` may be `coupled`. None leaves it alone.
    `momentum` is an Adam's beta1 too, so a plan has one of the two. Raises ScheduleError for what is out of range.

    >>> from glidepath import arc, cosine
    >>> momentum = (arc(2, start=0.95, to=0.85) >> arc(start=0.85, to=0.95)).over(4)
    >>> plan = Plan(cosine().over(4, peak=0.1), groups={"head": 10}, momentum=momentum, weight_decay=0.01)
    >>> plan.at(2, group="head")
    {'lr': 0.5, 'momentum': 0.85, 'weight_decay': 0.01}
    """

    lr: Schedule
    _: KW_ONLY
    groups: Mapping[str, Group | float] = field(default_factory=dict)
    momentum: Schedule | float | None = None
    beta1: Schedule | float | None = None
    beta2: Schedule | float | None = None
    weight_decay: Value | None = None
    batch_size: Schedule | int | None = None

    def __post_init__(self) -> None:
        """Refuse what is out of range, in the plan and in what each group makes of it."""
        if not isinstance(self.lr, Schedule):
            raise ScheduleError(
                f"expected lr as a schedule, got {shown(self.lr)}: bind it, recipe.over(steps, peak=...)"
            )
        object.__setattr__(self, "groups", Groups(self.groups))
        for name in RANGES:
            object.__setattr__(self, name, checked(name, getattr(self, name)))
        for group in (None, *self.groups):
            self._check(group)

    def _check(self, group: str | None) -> None:
        where = "" if group is None else f" in group {shown(group)}"
        values, factor = self.values(group), self.group(group).factor
        if "momentum" in values and "beta1" in values:
            raise ScheduleError(f"expected one of momentum and beta1{where}, got both: an Adam's beta1 is its momentum")
        if not isfinite(factor * max(piece.high for piece in values["lr"].pieces)):
            raise ScheduleError(f"expected a finite learning rate{where}, got {factor:g} times {values['lr']}")

    def group(self, name: str | None) -> Group:
        """What a group does otherwise; None is what no name is given for. Raises ScheduleError for an unknown name."""
        return Group() if name is None else group_of(self.groups, name)

    def values(self, group: str | None = None) -> dict[str, Any]:
        """What the plan says of a group, by name: `lr`, before the factor, and each hyper-parameter that is set."""
        said = {name: value for name in ("lr", *RANGES) if (value := getattr(self, name)) is not None}
        return said | self.group(group).own

    def drivers(self, group: str | None = None) -> dict[str, Driver]:
        """The values of a group as functions of the step: `lr` before the factor, `batch_size` before rounding."""
        values = self.values(group)
        return {name: driver(value, values["lr"]) for name, value in values.items()}

    def at(self, step: Any, *, group: str | None = None) -> dict[str, Any]:
        """Every hyper-parameter of an update, or of an array of updates, by name; `group` names a group of the plan.

        A step gives floats, an array (numpy, torch, JAX) gives arrays of its shape; the edges are those of a schedule.
        `batch_size` is rounded half up and at least 1: an int, or whole numbers in the array.
        """
        values = {name: value(step) for name, value in self.drivers(group).items()}
        values["lr"] = self.group(group).factor * values["lr"]
        if "batch_size" in values:
            values["batch_size"] = _whole(values["batch_size"])
        return values

    def __repr__(self) -> str:
        groups = f", groups={self.groups!r}" if self.groups else ""
        more = "".join(f", {name}={value!r}" for name, value in self.values().items() if name != "lr")
        return f"Plan({self.lr!r}{groups}{more})"


def _whole(size: Any) -> Any:
    """Half up, and at least 1."""
    return max(1, int(size + 0.5)) if isinstance(size, float) else ((size + 0.5) // 1).clip(1)
