"""A scheduler's checkpoint, looked at before anything is changed by it: whole, and of the same run, or refused."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import numpy as np

from glidepath.errors import CheckpointError, GlidepathError, ResumeConflict, shown
from glidepath.schedules.plan import Plan
from glidepath.schedules.plan_spec import fields_apart
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.schedules.spec import from_spec, to_spec

LARGEST = 2**53  # steps; float64 counts no further
SAME_RATIO = 1e-9  # two ratios this close differ by rounding, as loaded learning rates do
FIELDS = ("spec", "step", "base_lrs")


def checked(state: Any) -> tuple[int, list[float]]:
    """The step and the base learning rates of a state of ours, which has `names` too where a plan names groups."""
    if not isinstance(state, Mapping) or set(state) - {"names"} != set(FIELDS):
        came = sorted(map(str, state)) if isinstance(state, Mapping) else type(state).__name__
        raise CheckpointError(f"expected the state of a Glidepath scheduler ({', '.join(FIELDS)}), got {came!s:.120}")
    step, base_lrs = state["step"], state["base_lrs"]
    if not is_step(step):
        raise CheckpointError(f"expected $.step as a whole number of at least 0, got {shown(step, 40)}")
    if not isinstance(base_lrs, list) or not base_lrs or not all(map(_is_rate, base_lrs)):
        raise CheckpointError(f"expected $.base_lrs as a list of numbers, got {shown(base_lrs)}")
    names = state.get("names", [""] * len(base_lrs))
    if not isinstance(names, list) or len(names) != len(base_lrs):
        raise CheckpointError(f"expected $.names as a list of {len(base_lrs)} names, got {shown(names)}")
    return step, list(base_lrs)


def is_step(step: object) -> bool:
    """Whether it is a whole number that an update can have."""
    return isinstance(step, int) and not isinstance(step, bool) and 0 <= step < LARGEST


def _is_rate(lr: object) -> bool:
    return isinstance(lr, float) and 0 <= lr < inf


def refuse_another(spec: Any, schedule: Schedule | Plan, step: int) -> None:
    """Raises ResumeConflict where a stored spec is not that of this schedule, CheckpointError where it is none."""
    try:
        stored = from_spec(spec)
    except GlidepathError as error:
        raise CheckpointError(f"expected $.spec as the spec of a schedule, got none: {error}") from error
    here, there = _as_plan(stored), _as_plan(schedule)
    if here == there:
        return
    which = f"of {schedule}, got one of {stored}"
    if isinstance(stored, Plan) or isinstance(schedule, Plan):
        which = f"of this plan, got one where {fields_apart(to_spec(here), to_spec(there))},"
    raise ResumeConflict(
        f"expected the checkpoint {which} at step {step}: attach the stored schedule, or go on under the new one with "
        f"attach(optimizer, schedule, step={step})"
    )


def _as_plan(value: Recipe | Schedule | Plan) -> Recipe | Plan:
    """A schedule alone is the plan that says nothing else."""
    return Plan(value) if isinstance(value, Schedule) else value


def refuse_renamed(stored: object, names: Sequence[str], step: int) -> None:
    """Raises ResumeConflict where the groups of an optimizer under a plan have other names, or another order."""
    if stored != names:
        raise ResumeConflict(
            f"expected groups named {shown(names)}, got a checkpoint at step {step} of {shown(stored)}: make the "
            "optimizer as it was"
        )


def refuse_unlike(stored: Sequence[float], ratios: Sequence[float], step: int) -> None:
    """Raises ResumeConflict where groups had learning rates in other ratios."""
    if len(stored) != len(ratios) or not np.allclose(stored, ratios, rtol=SAME_RATIO, atol=0):
        raise ResumeConflict(
            f"expected groups with learning rates in the ratios {ratios}, got a checkpoint with {stored}: make the "
            f"optimizer as it was, or go on with attach(optimizer, schedule, step={step})"
        )
