"""How a number is written in a picture, and where the ticks of an axis stand."""

import math
from collections.abc import Sequence
from itertools import pairwise

SUFFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
SMALL, HUGE = 1e-2, 1e15  # below and from here on, powers of ten: 3e-4, 1e15
DIGITS = 4  # as many as a reader takes in at a glance
WHOLE_DIGITS = 3  # 999 has as many: with fewer, "g" would write it as a power of ten
NOISE = 1e-9  # of a tick's distance: what is left of it is rounding, not a value
# The multiples of a power of ten that ticks may stand at: on a linear axis, and on a log one, finest first.
STEPS = (1.0, 2.0, 5.0, 10.0)
DECADE_STEPS = ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))
CLOSER = 0.75  # of the wanted distance may lie between two ticks, before the next round one is taken
FEWEST_TICKS = 3  # fewer do not show how an axis runs


def number(value: float, digits: int = DIGITS) -> str:
    """The number as a reader of learning rates writes it, to `digits` (>= 3) significant ones.

    >>> number(3e-4), number(12_000), number(2.25), number(0.0), number(1.5e9), number(float("nan"))
    ('3e-4', '12k', '2.25', '0', '1.5B', 'nan')
    """
    if not math.isfinite(value):
        return str(value)
    rounded = float(f"{value:.{digits - 1}e}")
    size = abs(rounded)
    if size == 0:
        return "0"
    if size < SMALL or size >= HUGE:
        return _power(rounded, digits)
    scale, suffix = next(((s, letter) for s, letter in SUFFIXES if size >= s), (1.0, ""))
    return f"{rounded / scale:.{max(digits, WHOLE_DIGITS)}g}{suffix}"


def _power(value: float, digits: int) -> str:
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(exponent)}"


def linear_ticks(low: float, high: float, count: int, *, whole: bool = False) -> list[float]:
    """About `count` round numbers from `low` to `high` (low < high); `whole` keeps them to integers.

    >>> linear_ticks(0, 100_000, 2)
    [0.0, 50000.0, 100000.0]
    """
    raw = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (*STEPS, 2 * STEPS[-1]) if m * power >= CLOSER * raw)
    step = max(step, 1.0) if whole else step
    first, last = math.ceil(low / step - NOISE), math.floor(high / step + NOISE)
    return [index * step for index in range(first, last + 1)]


def log_ticks(low: float, high: float, count: int) -> list[float]:
    """At most about `count` ticks from `low` to `high` (0 < low < high): powers of ten, and between them.

    >>> log_ticks(1e-5, 1.0, 4)
    [1e-05, 0.001, 0.1]
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for multiples in DECADE_STEPS:
        ticks = _within([m * 10.0**e for e in range(first, last + 1) for m in multiples], low, high)
        if len(ticks) <= count:
            return ticks if len(ticks) >= FEWEST_TICKS else linear_ticks(low, high, count)
    every = math.ceil(len(ticks) / max(count, 1))
    return ticks[::every]


def _within(ticks: list[float], low: float, high: float) -> list[float]:
    return [tick for tick in ticks if low * (1 - NOISE) <= tick <= high * (1 + NOISE)]


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """The labels of ascending ticks, with as many digits as tell neighbours apart, in one manner.

    >>> tick_labels([0.0, 0.005, 0.01]), tick_labels([0.0, 0.005, 0.02]), tick_labels([100_000, 100_001])
    (['0', '5e-3', '1e-2'], ['0', '0.005', '0.02'], ['100k', '100.001k'])
    """
    steps = [after - before for before, after in pairwise(ticks) if after > before]
    largest = max((abs(tick) for tick in ticks), default=0.0)
    digits = DIGITS
    if steps and largest:
        digits = max(DIGITS, 2 + math.floor(math.log10(largest)) - math.floor(math.log10(min(steps))))
    digits = min(digits, 15)  # all that a float64 holds
    return [_in_manner(tick, digits, largest) for tick in ticks]


def _in_manner(tick: float, digits: int, largest: float) -> str:
    if largest < 2 * SMALL:
        return _power(tick, digits) if tick else "0"
    if 0 < abs(tick) < SMALL and largest <= 10 * SMALL:
        return f"{tick:.{digits - 1}f}".rstrip("0")
    return number(tick, digits)
