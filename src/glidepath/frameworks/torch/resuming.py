"""A scheduler's checkpoint, looked at before anything is changed by it: whole, and of the same run, or refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np
from torch.optim import Optimizer

from glidepath.errors import AttachError, CheckpointError, ResumeConflict, shown
from glidepath.frameworks.resuming import is_step
from glidepath.frameworks.torch.driven import Driven, driven
from glidepath.frameworks.torch.groups import names_of
from glidepath.frameworks.torch.joining import Joined, rates_with
from glidepath.frameworks.torch.plans import names_groups
from glidepath.frameworks.torch.recording import Lane
from glidepath.frameworks.torch.telling import Telling
from glidepath.schedules.continuation import MOST_UP, Policy
from glidepath.schedules.course import REQUESTED, Course, course, settled

SAME_RATIO = 1e-9  # two ratios this close differ by rounding, as loaded learning rates do
FIELDS = ("spec", "last_epoch", "base_lrs", "units")
OPTIONAL = ("base", "amendments", "names", "joined", "heard", "_step_count", "_last_lr")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a resume goes by where the code asks for another plan, where the run is recorded, and who hears of it."""

    policy: str | Policy | None = None
    most: float = MOST_UP
    lane: Lane | None = None
    telling: Telling = field(default_factory=Telling)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a scheduler saved: its course, the next update, and of each group what it was made with."""

    course: Course
    step: int
    base_lrs: list[float]
    units: list[float]
    names: list[str]
    joined: Joined
    heard: list[int]

    @property
    def shares(self) -> list[float]:
        """Each group's base learning rate in units of what the peak stands for."""
        return [lr / unit for lr, unit in zip(self.base_lrs, self.units, strict=True)]


def checked(state: Any) -> Checkpoint:
    """The checkpoint of a state dict of ours; raises CheckpointError for what is none."""
    _refuse_strange(state)
    step, heard = state["last_epoch"], state.get("heard", [])
    if not is_step(step):
        raise CheckpointError(f"expected $.last_epoch as a whole number of at least 0, got {shown(step, 40)}")
    if not isinstance(heard, list) or not all(map(is_step, heard)):
        raise CheckpointError(f"expected $.heard as a list of whole numbers, got {shown(heard)}")
    base_lrs = _rates(state, "base_lrs")
    units = _rates(state, "units")
    if len(units) != len(base_lrs) or not all(units):
        raise CheckpointError(f"expected $.units as {len(base_lrs)} numbers above 0, got {shown(units)}")
    names = state.get("names", [""] * len(base_lrs))
    if not isinstance(names, list) or len(names) != len(base_lrs):
        raise CheckpointError(f"expected $.names as a list of {len(base_lrs)} names, got {shown(names)}")
    return Checkpoint(course(state), step, base_lrs, units, names, _joined(state.get("joined", {})), heard)


def _is_of_another(state: Any) -> bool:
    """Whether it is what torch's own schedulers save."""
    return isinstance(state, Mapping) and "last_epoch" in state and "spec" not in state


def adopted(state: Mapping[str, Any], to: Driven) -> Mapping[str, Any]:
    """The state of another scheduler as one of this plan at the same update; any other state as it is."""
    if not _is_of_another(state):
        return state
    return to.course.state() | {"last_epoch": state["last_epoch"], "base_lrs": to.base_lrs, "units": to.units}


def _refuse_strange(state: Any) -> None:
    if _is_of_another(state):
        step = shown(state["last_epoch"], 20)
        raise CheckpointError(
            f"expected the state of a Glidepath scheduler, got that of another at last_epoch={step}: go on from there "
            f'with attach(optimizer, schedule, step={step}), or policy="requested" where a framework loads it'
        )
    if not isinstance(state, Mapping) or not set(FIELDS) <= set(state) <= {*FIELDS, *OPTIONAL}:
        came = sorted(map(str, state)) if isinstance(state, Mapping) else type(state).__name__
        raise CheckpointError(f"expected the state of a Glidepath scheduler ({', '.join(FIELDS)}), got {came!s:.120}")


def _rates(state: Mapping[str, Any], field: str) -> list[float]:
    rates = state[field]
    if not isinstance(rates, list) or not rates or not all(map(_is_rate, rates)):
        raise CheckpointError(f"expected $.{field} as a list of numbers, got {shown(rates)}")
    return list(rates)


def _joined(table: Any) -> Joined:
    if not isinstance(table, Mapping) or not all(
        isinstance(name, str)
        and name.isdecimal()
        and isinstance(pair, list)
        and len(pair) == 2
        and all(map(is_step, pair))
        for name, pair in table.items()
    ):
        raise CheckpointError(f"expected $.joined as groups with two steps each, got {shown(table)}")
    return {int(name): (pair[0], pair[1]) for name, pair in table.items()}


def _is_rate(lr: object) -> bool:
    return isinstance(lr, float) and 0 <= lr < inf


def refuse_renamed(stored: object, names: Sequence[str], step: int) -> None:
    """Raises ResumeConflict where the groups of an optimizer under a plan have other names, or another order."""
    if stored != names:
        raise ResumeConflict(
            f"expected groups named {shown(names)}, got a checkpoint at step {step} of {shown(stored)}: make the "
            "optimizer as it was"
        )


def refuse_unlike(stored: Sequence[float], shares: Sequence[float], step: int) -> None:
    """Raises ResumeConflict where groups had learning rates in other ratios."""
    if not np.allclose(stored, shares, rtol=SAME_RATIO, atol=0):
        raise ResumeConflict(
            f"expected groups with learning rates in the ratios {shares}, got a checkpoint at step {step} with "
            f'{stored}: name those to go on with, attach(..., policy="requested") or "stored"'
        )


def refuse_count(stored: Sequence[float], count: int, step: int) -> None:
    """Raises ResumeConflict where an optimizer has fewer or more groups than it had."""
    if len(stored) != count:
        raise ResumeConflict(
            f"expected the {count} groups of the optimizer, got a checkpoint with {len(stored)} at step {step}: add "
            f"those that joined before loading, or go on with attach(optimizer, schedule, step={step})"
        )


def prepared(
    optimizer: Optimizer, to: Driven, found: Checkpoint, policy: str | Policy | None, most: float
) -> tuple[Checkpoint, Driven]:
    """What a checkpoint makes of a scheduler, looked at whole before anything is changed by it."""
    groups = optimizer.param_groups
    refuse_count(found.base_lrs, len(groups), found.step)
    going = settled(found.course, to.course.asked, found.step, policy, most=most)
    if names_groups(going.in_force):
        refuse_renamed(found.names, names_of(groups), found.step)
    base_lrs, units = rates_with(groups, to)
    if policy is None:
        refuse_unlike(found.shares, [lr / unit for lr, unit in zip(base_lrs, units, strict=True)], found.step)
    if policy != REQUESTED:
        base_lrs, units = found.base_lrs, found.units
    try:
        return found, driven(optimizer, going, base_lrs, units)
    except AttachError as error:
        raise CheckpointError(f"$.base_lrs: {error}") from error


def state_of(to: Driven, step: int, joined: Joined, last: list[Any], heard: list[int] | None) -> dict[str, Any]:
    """What a scheduler saves, in plain types; `last` are the learning rates that torch's own would tell."""
    state = to.course.state() | {"last_epoch": step, "_step_count": step + 1, "_last_lr": last}
    state |= {"base_lrs": list(to.base_lrs), "units": list(to.units)}
    if names_groups(to.schedule):
        state["names"] = list(to.names)
    if joined:
        state["joined"] = {str(index): list(one) for index, one in joined.items()}
    return state if heard is None else state | {"heard": heard}
