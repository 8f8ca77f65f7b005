"""How exactly a log says its numbers: printed to some digits or decimals, in float32, or whole."""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
FLOAT32 = 2e-6  # of the largest: some ten roundings of float32, in which most schedules are computed
FEWEST, MOST = 3, 6  # digits that a log prints; a number of fewer is a round one, of more as good as float32
DECIMALS = 12  # tried at most: below them no learning rate is printed
SAME = 1e-9  # relative: a printed number read again
HALF = 0.5  # of the last digit: what printing may leave out


def exact(values: Numbers) -> Numbers:
    """What float32 leaves open of each value."""
    return np.full(values.shape, FLOAT32 * float(np.abs(values).max(initial=0.0)))


def printed(values: Numbers) -> Numbers:
    """What the print leaves open of each value: half a unit of its last digit or decimal, as the values show it.

    >>> [float(f"{one:.1g}") for one in printed(np.array([0.0001235, 0.0000998]))]
    [5e-08, 5e-08]
    """
    seen = np.abs(values[values != 0])
    open_ = exact(values)
    if not seen.size:
        return open_
    with np.errstate(all="ignore"):  # the largest and the smallest floats, which nobody prints
        digits = next((n for n in range(FEWEST, MOST + 1) if _same(seen, _cut(seen, n))), None)
        decimals = next((n for n in range(1, DECIMALS) if _same(seen, np.rint(seen * 10.0**n) / 10.0**n)), DECIMALS)
    if digits is None:
        return open_
    sizes = np.where(values == 0, seen.min(), np.abs(values))
    places = np.floor(np.log10(sizes)) - (digits - 1)
    return np.maximum(open_, HALF * np.maximum(10.0**places, 10.0**-decimals))


def _cut(seen: Numbers, digits: int) -> Numbers:
    scale = 10.0 ** (digits - 1 - np.floor(np.log10(seen)))
    return np.asarray(np.rint(seen * scale) / scale)


def _same(seen: Numbers, cut: Numbers) -> bool:
    return bool((np.abs(seen - cut) <= SAME * seen).all())


def shortest(value: float, within: float) -> float:
    """The number of the fewest digits that is no further than `within` away.

    >>> shortest(0.29998, 1e-4), shortest(1996.3, 5.0)
    (0.3, 2000.0)
    """
    if value == 0 or abs(value) <= within:
        return 0.0 if abs(value) <= within else value
    near = (float(f"{value:.{digits}g}") for digits in range(1, 2 * MOST))
    return next((short for short in near if abs(short - value) <= within), value)
