"""Levels: a learning rate as a recipe gives it, a multiple of the peak or an absolute value."""

from dataclasses import dataclass
from math import inf, isfinite

from glidepath.errors import ScheduleError, shown


@dataclass(frozen=True, slots=True)
class Absolute:
    """A learning rate (>= 0, finite) that does not move with the peak."""

    value: float

    def __post_init__(self) -> None:
        """Refuse what is not a finite number of at least 0."""
        object.__setattr__(self, "value", number(self.value, "an absolute learning rate"))

    def __repr__(self) -> str:
        return f"absolute({self.value!r})"


# A multiple of the peak, or an absolute learning rate.
Level = float | Absolute


def absolute(value: float) -> Absolute:
    """A learning rate that does not move with the peak: `decay(to=absolute(1e-5))`.

    >>> absolute(1e-5)
    absolute(1e-05)
    """
    return Absolute(value)


def number(value: object, what: str, *, above: float = 0, below: float = inf) -> float:
    """`value` as a float, refused unless it is finite and from `above` to `below`; `what` names it in the complaint."""
    try:
        real = inf if isinstance(value, bool) or not hasattr(value, "__float__") else float(value)
    except OverflowError:
        real = inf
    except (TypeError, ValueError):  # an array of many
        raise ScheduleError(f"expected {what} as a number, got {shown(value)}") from None
    if isfinite(real) and above <= real <= below:
        return real or 0.0  # -0.0 would print, and divide, as another number than 0
    raise ScheduleError(f"expected {what} as a finite number{_limits(above, below)}, got {shown(value)}")


def _limits(above: float, below: float) -> str:
    if above == -inf:
        return ""
    return f" of at least {above:g}" if below == inf else f" from {above:g} to {below:g}"


def level(value: object, what: str) -> Level:
    """A level as a recipe holds it: an `Absolute`, or a multiple of the peak from 0 to 1."""
    if isinstance(value, Absolute):
        return value
    try:
        return number(value, what, below=1)
    except ScheduleError as error:
        raise ScheduleError(f"{error}: write a multiple of the peak (0.1) or absolute(1e-5)") from None


def placed(value: Level, peak: float | None, what: str) -> float:
    """The learning rate that a level is under this peak; without a peak, the multiplier itself.

    Raises ScheduleError for an absolute level where there is no peak, or one above it.
    """
    if not isinstance(value, Absolute):
        return value if peak is None else value * peak
    if peak is None:
        raise ScheduleError(f"expected a peak, because {what} is {value!r}: write .over(..., peak=...)")
    if value.value > peak:
        raise ScheduleError(f"expected {what} at or below the peak {peak!r}, got {value!r}")
    return value.value
