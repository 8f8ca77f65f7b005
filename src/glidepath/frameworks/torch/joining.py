"""Groups that come to an optimizer under way: they join at the value of the moment, or by a warmup of their own."""

from collections.abc import Sequence
from typing import Any

import torch

from glidepath.errors import AttachError, shown
from glidepath.frameworks.torch.driven import Driven
from glidepath.frameworks.torch.groups import Group, driver_of, names_of, refuse_others

WARMUP = "warmup"  # the key of a group that wants one: its length in steps
Joined = dict[int, tuple[int, int]]  # group -> the update at which it came, and the length of its warmup


def base_lr_of(group: Group) -> float:
    """What a group was created with: remembered from the first scheduler on, for a later one finds it moved."""
    return float(group["initial_lr"] if "initial_lr" in group else group["lr"])


def warmup_of(group: Group) -> int:
    """The length of the warmup that a group asks for, 0 for none."""
    length = group.get(WARMUP, 0)
    if isinstance(length, bool) or not isinstance(length, int) or length < 0:
        raise AttachError(f'expected the "warmup" of a group as whole steps from 0, got {shown(length)}')
    return length


def rates_with(groups: Sequence[Group], to: Driven) -> tuple[list[float], list[float]]:
    """The base learning rates and the units of all groups that are there now, those that came meanwhile among them.

    A unit is that of their schedule, which nobody's place moves; a group that brings a schedule of its own is the
    largest that it drives. Raises AttachError where a group was taken away.
    """
    count = len(to.base_lrs)
    if len(groups) < count:
        refuse_others(groups, count)
    driving = [driver_of(to.schedule, name) for name in names_of(groups)]
    known = dict(zip(driving, to.units, strict=False))
    base_lrs = [*to.base_lrs, *map(base_lr_of, groups[count:])]
    for schedule, lr in zip(driving[count:], base_lrs[count:], strict=True):
        known.setdefault(schedule, 1.0 if schedule.peak is None or not lr else lr)
    return base_lrs, [*to.units, *(known[schedule] for schedule in driving[count:])]


def share_at(step: int, joined: tuple[int, int]) -> float:
    """The share of its value that a group uses at a step: (k + 1)/(n + 1) at update k of a warmup of n, then 1."""
    since, length = joined
    return min(1.0, (step - since + 1) / (length + 1))


def warm(groups: Sequence[Group], joined: Joined, step: int) -> None:
    """Groups on their way, just filled, down to their share."""
    for index, one in joined.items():
        lr: Any = groups[index]["lr"]
        if isinstance(lr, torch.Tensor):
            lr.mul_(share_at(step, one))
        else:
            groups[index]["lr"] = lr * share_at(step, one)
