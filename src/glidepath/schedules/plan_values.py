"""What drives one hyper-parameter of a plan: a number, a schedule, or a weight decay coupled to the learning rate."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from glidepath.errors import ScheduleError, shown
from glidepath.schedules.levels import number
from glidepath.schedules.recipes import hold
from glidepath.schedules.schedule import Recipe, Schedule

LARGEST_BATCH = 2.0**53  # float64 counts no further
# name -> the smallest value, and the one that all values are below
RANGES = {
    "momentum": (0.0, 1.0),
    "beta1": (0.0, 1.0),
    "beta2": (0.0, 1.0),
    "weight_decay": (0.0, inf),
    "batch_size": (1.0, LARGEST_BATCH),
}


@dataclass(frozen=True, slots=True)
class Coupled:
    """See `coupled`."""

    value: float
    most: float

    def __post_init__(self) -> None:
        """Refuse a largest value below the one at the peak."""
        object.__setattr__(self, "value", number(self.value, "the coupled weight decay"))
        object.__setattr__(self, "most", number(self.most, "the most of the coupled weight decay"))
        if not 0 < self.value <= self.most:
            raise ScheduleError(
                f"expected a coupled weight decay above 0 and at or below its most, got {self.value:g} and "
                f"{self.most:g}: write coupled(0.1, most=1.0)"
            )

    def __repr__(self) -> str:
        return f"coupled({self.value!r}, most={self.most!r})"


def coupled(value: float, *, most: float) -> Coupled:
    """The weight decay that moves against the learning rate so that their product stays what it is at the peak.

    min(most, value * peak / lr(t)), with the schedule that drives the group's learning rate; a constant factor of
    the group cancels. Below lr = peak * value / most the product falls with the learning rate, down to 0: `most`
    (>= value > 0) is what keeps the decay finite there.

    AdamW takes lr * decay of each weight away (Loshchilov and Hutter 2019, arXiv 1711.05101), so a weight is an
    average over the last 1/(lr * decay) updates, a span that otherwise grows as the learning rate falls
    (Wang and Aitchison 2024, arXiv 2405.13698).

    >>> from glidepath import Plan, linear
    >>> plan = Plan(linear().over(4, peak=0.1), weight_decay=coupled(0.2, most=0.6))
    >>> plan.at(range(5))["weight_decay"].round(3)
    array([0.2  , 0.267, 0.4  , 0.6  , 0.6  ])
    """
    return Coupled(value, most)


@dataclass(frozen=True, slots=True)
class CoupledTo:
    """A coupled weight decay beside the learning rates it is coupled to: a value for every step."""

    decay: Coupled
    lr: Schedule

    def __call__(self, step: Any) -> Any:
        """The weight decay of an update, or of an array of them."""
        share: Any = self.lr(step) / (self.lr.peak or 1.0)
        single = isinstance(share, float)
        with np.errstate(divide="ignore", over="ignore"):  # what it leaves, infinity, is above every most
            decay: Any = self.decay.value / (np.float64(share) if single else share)
        return float(min(decay, self.decay.most)) if single else decay.clip(max=self.decay.most)


Value = Schedule | Coupled | float
Driver = Callable[[Any], Any]


def driver(value: Value, lr: Schedule) -> Driver:
    """The value for every step that a number, a schedule or a coupling is; equal ones are equal and hash alike."""
    if isinstance(value, Coupled):
        return CoupledTo(value, lr)
    if isinstance(value, Schedule):
        return value
    return hold().over(1, peak=value) if value else hold(at=0).over(1)


def checked(name: str, value: object) -> Any:
    """The value of a field of a plan or a group (None for none), refused where a step of it would be out of range."""
    if name == "factor":
        return number(value, "the factor of a group")
    if value is None or (name == "weight_decay" and isinstance(value, Coupled)):
        return value
    if isinstance(value, Schedule):
        if name != "lr":
            _within(name, value)
        return value
    if name == "lr" or isinstance(value, Recipe):
        raise ScheduleError(f"expected {name} as a schedule, got {shown(value)}: bind it, recipe.over(steps, peak=...)")
    return _number(name, value)


def _within(name: str, schedule: Schedule) -> None:
    """No schedule goes below 0. A batch size below 1 is read as 1, so that a ramp may begin at 0, but not all of it."""
    if name == "batch_size" and schedule.peak is None:
        raise ScheduleError(
            "expected batch_size as a schedule with a peak, got a multiplier: write .over(..., peak=512)"
        )
    least, below = RANGES[name]
    lowest, highest = min(piece.low for piece in schedule.pieces), max(piece.high for piece in schedule.pieces)
    if not least <= highest < below:
        raise ScheduleError(
            f"expected {name} {_range(name)}, got a schedule from {lowest:g} to {highest:g}: clip or remap it"
        )


def _number(name: str, value: object) -> float:
    least, below = RANGES[name]
    try:
        real = number(value, name)
    except ScheduleError:
        raise ScheduleError(f"expected {name} as a number {_range(name)} or a schedule, got {shown(value)}") from None
    is_whole = name != "batch_size" or real == int(real)
    if not least <= real < below or not is_whole:
        raise ScheduleError(f"expected {name} {_range(name)}, got {shown(value)}")
    return int(real) if name == "batch_size" else real


def _range(name: str) -> str:
    least, below = RANGES[name]
    if name == "batch_size":
        return f"as whole samples from {least:g} to below {below:g}"
    return f"of at least {least:g}" if below == inf else f"from {least:g} to below {below:g}"
