"""What comes in from outside, refused in one sentence where it is no such number."""

from math import inf

from glidepath.errors import BatchError, ScheduleError, shown
from glidepath.schedules.levels import number
from glidepath.units.exact import whole

MOST = 2**53  # samples, processes, steps: float64 counts no further


def real(value: object, what: str, *, above: float = 0, below: float = inf) -> float:
    """A finite number from `above` to `below`."""
    try:
        return number(value, what, above=above, below=below)
    except ScheduleError as error:
        raise BatchError(str(error)) from None


def positive(value: object, what: str) -> float:
    """A finite number above 0."""
    if (found := real(value, what)) == 0:
        raise BatchError(f"expected {what} above 0, got {shown(value)}")
    return found


def count(value: object, what: str, *, least: int = 1) -> int:
    """A whole number of at least `least`."""
    found = whole(value)
    if found is None or not least <= found <= MOST:
        raise BatchError(f"expected {what} as a whole number from {least} to 2**53, got {shown(value)}")
    return found
