"""A schedule over the same samples in steps of another size: lengths in steps become samples, the rest stays."""

from dataclasses import fields, replace
from fractions import Fraction
from typing import Any

from glidepath.errors import BatchError, GlidepathError
from glidepath.schedules.compound import Stretch
from glidepath.schedules.parts import Part, Untuned, Warmup
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.units import Amount, Horizon, half_up


def horizon_of(horizon: Horizon, before: int, after: int) -> Horizon:
    """The horizon at the end of the same samples, with the rates of a step of `after` samples."""
    more = Fraction(after, before)
    epochs, tokens = horizon.steps_per_epoch, horizon.tokens_per_step
    return Horizon(
        max(1, half_up(horizon.steps / more)),
        steps_per_epoch=None if epochs is None else epochs / more,
        samples_per_step=Fraction(after),
        tokens_per_step=None if tokens is None else tokens * more,
    )


def replanned(
    schedule: Schedule, horizon: Horizon, *, before: int, factor: float, beta2: float | None, warmup: int | None
) -> Schedule:
    """A schedule of steps of `before` samples over a horizon that knows its own, with `factor` times the peak.

    `beta2` is for a warmup that it sets; `warmup` the steps of the first one, where it is not to shrink. Raises
    BatchError where the parts do not fit any more.
    """
    known = schedule.horizon.samples_per_step
    if known not in (None, before):
        raise BatchError(
            f"expected the schedule and the setup with one batch, got {known} and {before} samples a step: mend one"
        )
    parts = [_part(part, before, horizon, beta2) for part in schedule.recipe.parts]
    if warmup is not None and isinstance(parts[0], Warmup):
        parts[0] = replace(parts[0], length=Amount.of(warmup))
    full = schedule.boundaries[-1] + schedule.pieces[-1].length == schedule.horizon.steps
    if full and all(part.length is not None for part in parts):
        parts[-1] = replace(parts[-1], length=None)  # it ended with the horizon, and its rounding goes with that
    try:
        return Recipe(tuple(parts)).over(horizon, peak=None if schedule.peak is None else schedule.peak * factor)
    except GlidepathError as error:
        raise BatchError(
            f"expected a schedule that fits {horizon.steps} steps, got one that does not: {error}"
        ) from None


def _part(part: Part, before: int, horizon: Horizon, beta2: float | None) -> Part:
    """A part and all inside of it, with its steps as samples."""
    made: dict[str, Any] = {one.name: _value(getattr(part, one.name), before, horizon, beta2) for one in fields(part)}
    if isinstance(part, Untuned) and beta2 is not None:
        made["beta2"] = beta2
    if isinstance(part, Stretch):  # its ends are in steps, and may be between two
        pace = before / float(horizon.samples_per_step or before)
        made |= {"lead": part.lead * pace, "trail": part.trail * pace}
    return type(part)(**made)


def _value(value: Any, before: int, horizon: Horizon, beta2: float | None) -> Any:
    if isinstance(value, Amount) and value.unit == "steps":
        return Amount(value.value * before, "samples")
    if isinstance(value, Recipe):
        return Recipe(tuple(_part(part, before, horizon, beta2) for part in value.parts))
    if isinstance(value, tuple):  # the knots of a drawing: pairs of a place and a level
        return tuple(_value(one, before, horizon, beta2) for one in value)
    return value
