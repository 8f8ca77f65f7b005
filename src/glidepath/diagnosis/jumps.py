"""Jumps of a level: the row from which a loss is higher than it was, by far more than it ever moves by itself."""

import numpy as np
from numpy.typing import NDArray

from glidepath.diagnosis.excursion import NORMAL_MEDIAN

Values = NDArray[np.float64]
TWO, FIVE, TWENTY = 2, 5, 20  # rows behind a row and before it
TEN, RANKED, BEFORE = 10, 15, 30  # rows behind and before whose ranks are compared; rows that tell a spread
CLEARER = 1.5  # times the highest rise elsewhere
FAR = 1.5  # spreads of the rises, above the highest by chance
OUTRANKS = 0.85  # of the pairs: 2.9 deviations of the Mann-Whitney count for 10 against 15
LASTS = 0.17  # of the first rows: a level that other data bring is learnt away slowly
CLEAR = 2.5  # standard errors between the rows further behind and those before
OF_NORMAL = 1.57  # the square of a median's error over that of a mean (pi / 2)


def jump_of(losses: Values) -> int | None:
    """The row from which five rise most above the twenty before, where that is far above all other rises."""
    if len(losses) < 2 * TWENTY:
        return None
    rises = _rises(losses)
    place = int(rises.argmax())
    if not _stands_out(rises, place):
        return None
    near = range(place + TEN, min(place + TWENTY + TWO, len(losses) - FIVE) + 1)
    row = max(near, key=lambda one: losses[one : one + FIVE].mean() - losses[one - FIVE : one].mean())
    return row if lasts(losses, row) else None


def lasts(losses: Values, row: int) -> bool:
    """Whether the rows behind a row outrank those before it, and those further behind are still higher."""
    before, behind = losses[max(0, row - TWENTY) : row], losses[row : row + TWENTY + FIVE]
    if len(before) < TEN or len(behind) < TEN or _outranked(before[-RANKED:], behind[:TEN]) < OUTRANKS:
        return False
    level, spread = float(np.median(before)), _spread(before)
    return _still(float(behind[:TWO].max()), behind[TWO : TWO + FIVE], level, spread) or _still(
        _calm_mean(behind[:FIVE]), behind[FIVE:], level, spread
    )


def _still(first: float, later: Values, level: float, spread: float) -> bool:
    """Whether later rows lie above a level by a good part of what the first did, and more than by chance."""
    rise = float(np.median(later)) - level
    error = spread * (OF_NORMAL / TWENTY + OF_NORMAL / len(later)) ** 0.5
    return bool(rise > max(LASTS * (first - level), CLEAR * error))


def _outranked(before: Values, behind: Values) -> float:
    """Of all pairs, the share in which the later is the higher one."""
    return float((behind[:, None] > before).mean())


def _calm_mean(rows: Values) -> float:
    """The mean without the highest."""
    return float((rows.sum() - rows.max()) / (len(rows) - 1))


def _rises(values: Values) -> Values:
    """Of the mean of five rows, the highest left out, above the median of the twenty before, for each row."""
    windows = np.lib.stride_tricks.sliding_window_view
    behind = windows(values, FIVE)[TWENTY:]
    means = (behind.sum(axis=1) - behind.max(axis=1)) / (FIVE - 1)
    result: Values = means - np.median(windows(values, TWENTY), axis=1)[: len(means)]
    return result


def _stands_out(rises: Values, place: int) -> bool:
    """Whether one rise is far above all others, and above what chance does among so many."""
    far = FAR + (2 * np.log(len(rises) + TWENTY)) ** 0.5
    near = rises[max(0, place - BEFORE - TWENTY) : max(0, place - TWENTY)]
    apart = rises[np.abs(np.arange(len(rises)) - place) > TWENTY + FIVE]
    others = float(apart.max()) if len(apart) else 0.0
    return bool(rises[place] > max(far * _spread(rises), far * _spread(near), CLEARER * others))


def _spread(values: Values) -> float:
    return NORMAL_MEDIAN * float(np.median(np.abs(values - np.median(values)))) if len(values) else 0.0
