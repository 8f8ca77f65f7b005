"""Better: when a loss counts as an improvement on the best one so far."""

from math import inf

from glidepath.errors import ScheduleError, shown
from glidepath.schedules.levels import number

THRESHOLD_MODES = ("rel", "abs")


def improved(
    value: float,
    best: float | None,
    *,
    mode: str,
    threshold: float,
    threshold_mode: str,
    faithful: bool = False,
    minimum_change: float = 0.0,
) -> bool:
    """Whether `value` is better than `best` (None: there is none yet) by more than the threshold.

    mode "min", "abs": value < best - threshold - minimum_change; "rel": value < best - threshold |best| -
    minimum_change. "max" is its mirror image. NaN is never better, and neither is what is infinitely bad. `faithful`
    writes best (1 - threshold), as torch, optax and transformers do, which for a negative best calls a worse value
    better.

    >>> improved(-1.0003, -1.00031, mode="min", threshold=1e-4, threshold_mode="rel")
    False
    >>> improved(-1.0003, -1.00031, mode="min", threshold=1e-4, threshold_mode="rel", faithful=True)
    True
    """
    is_min = mode == "min"
    if best is None:
        return value < inf if is_min else value > -inf
    if threshold_mode == "abs":
        bar = best - threshold if is_min else best + threshold
    else:
        towards_zero = is_min if faithful else is_min == (best >= 0)
        bar = best * (1 - threshold if towards_zero else 1 + threshold)
    return value < bar - minimum_change if is_min else value > bar + minimum_change


def threshold_of(value: object, threshold_mode: str) -> float:
    """`value` as a threshold (>= 0, a relative one below 1: a loss that falls by all of itself is 0)."""
    real = number(value, "threshold")
    if threshold_mode == "rel" and real >= 1:
        raise ScheduleError(f'expected threshold below 1 with threshold_mode="rel", got {shown(value)}')
    return real


def bar_of(best: float | None, *, mode: str, threshold: float, threshold_mode: str, minimum_change: float = 0.0) -> str:
    """The words for what was not reached: "below 0.9 by more than 0.0001 of it"."""
    if best is None:
        return "that is a number"
    side = "below" if mode == "min" else "above"
    share = " of it" if threshold_mode == "rel" else ""
    besides = f" and {minimum_change:g}" if minimum_change else ""
    return f"{side} {best:.6g} by more than {threshold:g}{share}{besides}"
