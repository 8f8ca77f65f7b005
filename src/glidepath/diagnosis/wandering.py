"""How far a loss wanders by itself, slowly: what a rise must be clear of to be one."""

import numpy as np
from numpy.typing import NDArray

from glidepath.diagnosis.excursion import NORMAL_MEDIAN, Excursion
from glidepath.diagnosis.view import ROWS, View, noise_of

BLOCKS = 16  # into which rows are cut: their means have lost what is fast
LAGS = (1, 2, 3, 4)  # blocks apart, up to a quarter of them
FEWEST = 8  # rows that tell a wander
LATER = 5  # of the rows before a rise, the first fifth is the quick fall of a beginning
FAR = 25.0  # five wanders of the rest times five of its own: more than stationary noise with a memory comes to
FARTHER = 100.0  # ten times ten: where little is lost, or it came back by itself, as waves do
LITTLE = 0.4  # of the fall: what is less than nearly half
SOARED, LOUD = 6.0, 12.0  # wanders, and deviations of a calm row: a rise from a start that had not fallen yet
WILDER = 2.0  # times the noise behind it, or before: what diverges is wild up there; a reward that is learnt is not
FALLEN = 5.0  # wanders, or errors of its start: a fall below that is none, and what has not fallen cannot diverge


def wander(values: NDArray[np.float64]) -> float:
    """The deviation of a block's mean from those of its neighbours, whatever the trend; NaN for too few rows."""
    if len(values) < FEWEST:
        return float("nan")
    rows = max(1, len(values) // BLOCKS)
    means = values[: len(values) // rows * rows].reshape(-1, rows).mean(axis=1)
    return unrest(means)


def unrest(*slopes: NDArray[np.float64]) -> float:
    """The deviation of a level from those some places before it, on one slope or on several, whatever their trends."""
    moves = [one[lag:] - one[:-lag] for one in slopes for lag in LAGS if len(one) > lag]
    apart = np.concatenate([one - np.median(one) for one in moves])
    return NORMAL_MEDIAN * float(np.median(np.abs(apart))) / 2**0.5


def has_fallen(view: View) -> bool:
    """Whether the loss came down at all, by more than it wanders about: one of a game, or of a flat task, does not."""
    start = view.noise / ROWS**0.5  # of which the start is a median
    return bool(view.fall > FALLEN * max(wander(view.losses[len(view.losses) // LATER :]), start))


def is_clear(one: Excursion, view: View) -> bool:
    """Whether a rise is far more than what the loss did before it and behind it, and does within it, by itself."""
    begin, end = view.row(one.begin), len(view.losses) if one.end is None else view.row(one.end)
    outside = wander(np.concatenate([view.losses[begin // LATER : begin], view.losses[end:]]))
    inside = wander(view.losses[begin:end])
    if one.height > max(one.fall, LITTLE * view.fall) and has_fallen(view):
        return True
    if one.fall < FALLEN * outside:
        return False
    little = one.height < LITTLE * one.fall or one.end is not None
    return not one.height**2 < (FARTHER if little else FAR) * outside * inside  # unknown wanders do not count


def soared(one: Excursion, view: View) -> bool:
    """Whether a loss that had hardly begun to fall rose, for long, far above all that it does within and outside."""
    begin, end = view.row(one.begin), len(view.losses) if one.end is None else view.row(one.end)
    before, inside, behind = view.losses[:begin], view.losses[begin:end], view.losses[end:]
    calm = noise_of(behind) if len(behind) >= FEWEST else one.noise
    if one.stays is None or one.height <= max(one.fall, LOUD * calm) or noise_of(inside) < WILDER * calm:
        return False
    about = wander(inside), wander(np.concatenate([before, behind]))
    known = [value for value in about if np.isfinite(value)]
    return bool(known) and one.height > SOARED * max(known)
