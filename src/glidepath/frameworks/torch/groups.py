"""The learning rates of an optimizer's groups: a float is replaced, a tensor is filled in place.

In place, because a captured graph or compiled code reads the tensor that it knows.
"""

from collections.abc import Sequence
from operator import is_
from typing import Any

import torch
from numpy.typing import NDArray

from glidepath.errors import AttachError
from glidepath.schedules.plan import Plan
from glidepath.schedules.schedule import Schedule

Group = dict[str, Any]

# Tensors of these kinds are written through numpy, a tenth of the cost of `fill_`, and rounded alike.
SHARED = (torch.float64, torch.float32)


class Filler:
    """Writes `ratio * lr` into every group, one by one; tensors of the processor through numpy views, if all are."""

    def __init__(self, ratios: Sequence[float]) -> None:
        """`ratios`: what each group's learning rate is of the schedule's value."""
        self.ratios = list(ratios)
        self._tensors: list[torch.Tensor] = []
        self._places: list[int] = []
        self._views: list[NDArray[Any]] = []  # of the tensors' own memory

    def fill(self, groups: Sequence[Group], lr: float) -> None:
        """The learning rates for the schedule's value `lr`; raises AttachError for a group taken away meanwhile."""
        if self._views and self._all_known(groups):
            for view, ratio in zip(self._views, self.ratios, strict=True):
                view[()] = ratio * lr
            return
        refuse_others(groups, len(self.ratios))
        for group, ratio in zip(groups, self.ratios):  # noqa: B905 - as long as each other, and quicker unasked
            if type(group["lr"]) is not float:  # an isinstance of Tensor would cost more than all the rest
                self._learn(groups, lr)
                return
            group["lr"] = ratio * lr

    def lrs(self, lr: float) -> list[float | torch.Tensor]:
        """The learning rates of the groups for the schedule's value `lr`."""
        return [ratio * lr for ratio in self.ratios]

    def _all_known(self, groups: Sequence[Group]) -> bool:
        """Whether every group has the tensor it had, on the memory it had."""
        lrs = [group["lr"] for group in groups]
        return (
            len(lrs) == len(self._tensors)
            and all(map(is_, lrs, self._tensors))
            and list(map(torch.Tensor.data_ptr, lrs)) == self._places
        )

    def _learn(self, groups: Sequence[Group], lr: float) -> None:
        """Numbers replaced and tensors filled, one by one; where all are of a kind to share, they are remembered."""
        for group, ratio in zip(groups, self.ratios, strict=True):
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].fill_(ratio * lr)
            else:
                group["lr"] = ratio * lr
        tensors = [group["lr"] for group in groups]
        shared = all(isinstance(t, torch.Tensor) and t.is_cpu and t.dtype in SHARED for t in tensors)
        self._tensors = tensors if shared else []
        self._places = [tensor.data_ptr() for tensor in self._tensors]
        self._views = [tensor.detach().numpy() for tensor in self._tensors]


def refuse_others(groups: Sequence[Group], count: int) -> None:
    """Raises AttachError where a group was taken away since `count` were attached."""
    if len(groups) != count:
        raise AttachError(
            f"expected the {count} groups that were attached, got {len(groups)}: attach again, "
            "with step=scheduler.last_epoch"
        )


def units_of(value: Schedule | Plan, names: Sequence[str], base_lrs: Sequence[float]) -> list[float]:
    """For each group the base learning rate that the peak of its schedule stands for; 1 without a peak.

    That of the largest of all the groups that the same schedule drives. Raises AttachError where they are all at 0.
    """
    driving = [driver_of(value, name) for name in names]
    largest: dict[Schedule, float] = {}
    for schedule, lr in zip(driving, base_lrs, strict=True):
        largest[schedule] = max(lr, largest.get(schedule, 0.0))
    for schedule, most in largest.items():
        if schedule.peak is not None and not most > 0:
            raise AttachError(
                f"expected a group with a learning rate above 0, got {list(base_lrs)}, whose ratios nobody can know: "
                "make the optimizer with lr=1.0, the schedule's peak sets the rest"
            )
    return [1.0 if schedule.peak is None else largest[schedule] for schedule in driving]


def driver_of(value: Schedule | Plan, name: str) -> Schedule:
    """The schedule that drives the learning rate of a group of this name."""
    if isinstance(value, Schedule):
        return value
    found: Schedule = value.values(name if name in value.groups else None)["lr"]
    return found


def names_of(groups: Sequence[Group]) -> list[str]:
    """The name of each group, `group["name"]`; "" where it has none."""
    return [name if isinstance(name := group.get("name"), str) else "" for group in groups]
