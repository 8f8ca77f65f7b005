"""A loss that leaps up within the first part of a run, above where it started."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glidepath.diagnosis.view import View, noise_of

EARLY = 0.15  # of the run: its first part
LEAP = 0.3  # of the fall below the start: a leap
OF_NOISE = 4.5  # deviations of a row, of the second half of the run, which is calmer
THREE, TEN = 3, 10
BACK, ABOVE = 0.7, 1.5  # of the leap; times what later pairs of rows come to
ROWS, LASTS, HIGH = 8, 5, 0.9  # rows behind a leap, and how many are above a quantile of the later ones
SMALL, CLEAR = 1.1, 5.0  # of the fall: a leap that must be clear of the noise where it is, by so many deviations
TWO = 2  # rows in a row: one alone is a spike


@dataclass(frozen=True, slots=True)
class Leap:
    """From `start` to `top` at `step`, since `begin`; `best` is the lowest level behind it, `of_fall` its height.

    It is `healed` where it was a row that was made good.
    """

    begin: int
    step: int
    start: float
    top: float
    best: float
    of_fall: float
    healed: bool


def leap_of(view: View) -> Leap | None:
    """The leap of a run, if it has one: two rows in a row clearly above the first, or one far above all later ones."""
    early = view.losses[: max(2 * TWO, view.row(int(view.first + EARLY * view.span)))]
    both = np.minimum(early[1:], early[:-1])
    noise = noise_of(view.losses[len(view.losses) // 2 :])
    return _of_rows(view, int(both.argmax()), both.max() - early[0], noise) or _of_one_row(view, early, noise)


def _of_rows(view: View, place: int, height: float, noise: float) -> Leap | None:
    """A leap of two rows or more."""
    start = float(view.losses[0])
    if height <= max(LEAP * (start - _best(view.losses[place:])), OF_NOISE * noise):
        return None
    far = _overshoots(view, start, float(view.losses[place]))
    return _leap(view, place) if far and (_is_alone(view, place) or not _is_noise(view, place, start)) else None


def _of_one_row(view: View, early: NDArray[np.float64], noise: float) -> Leap | None:
    """A single row that no later one comes near, or a short leap that was never made good."""
    place, start = int(early.argmax()), float(early[0])
    before, behind = min(_best(early[: place + 1]), start), view.losses[place + 1 :]
    if early[place] - start <= OF_NOISE * noise or not len(behind):
        return None
    if _best(behind) < before - TWO * noise:
        return _leap(view, place, healed=True) if _is_alone(view, place) else None
    if not _overshoots(view, start, float(early[place])):
        return None
    worse = float(np.median(behind) - np.median(early[:place])) > TWO * noise * (1 / place + 1 / len(behind)) ** 0.5
    damaged = worse and place >= THREE and _is_alone(view, place)
    return _leap(view, place) if damaged or not _is_noise(view, place, start) else None


def _leap(view: View, place: int, *, healed: bool = False) -> Leap:
    start, top, best = float(view.losses[0]), float(view.losses[place]), _best(view.losses[place + healed :])
    fall = max(start - best, 0.0)
    begin = int(np.flatnonzero(view.losses[: place + 1] <= start + (top - start) / TEN)[-1])
    of_fall = (top - start) / fall if fall > 0 else float("inf")
    return Leap(int(view.steps[begin]), int(view.steps[place]), start, top, best, of_fall, healed)


def _is_alone(view: View, place: int) -> bool:
    """Whether a row lies clearly above the start, and no later one half as far, above that or its neighbours."""
    height, behind = view.losses[place] - view.losses[0], view.losses[place + 1 + ROWS :]
    if len(behind) < LASTS:
        return False
    windows = np.lib.stride_tricks.sliding_window_view(behind, LASTS)
    apart = windows[:, LASTS // 2] - np.median(windows, axis=1)
    return bool(height > max(LEAP * view.fall, TWO * float(behind.max() - view.losses[0]), TWO * float(apart.max())))


def _overshoots(view: View, start: float, top: float) -> bool:
    """Whether the loss came back from its leap at least in part, or explodes; what only rises is no loss."""
    level = view.windows()[1]
    late, middle = float(np.median(level[-THREE:])), float(np.median(level[len(level) // 2 :][:THREE]))
    pairs = np.minimum(view.losses[1:], view.losses[:-1])
    clear = top - late > ABOVE * max(float(pairs[len(pairs) // 2 :].max()) - late, 0.0)
    return (late < start + BACK * (top - start) and clear) or late - middle > TWO * (middle - start)


def _is_noise(view: View, place: int, start: float) -> bool:
    """Whether the rows behind a leap are such as they are later on, or it is of the size of the noise there."""
    later, behind = view.losses[len(view.losses) // 2 :], view.losses[place + 1 : place + 1 + ROWS]
    above = float(np.median(later)) + THREE * noise_of(later)
    if max((behind > above).sum(), (behind > np.quantile(later, HIGH)).sum()) < LASTS:
        return True
    height, noise = float(view.losses[place]) - start, noise_of(view.losses[place + 1 : place + 1 + 2 * TEN])
    return height < SMALL * (start - _best(view.losses[place:])) and height < CLEAR * noise


def _best(losses: NDArray[np.float64]) -> float:
    """The lowest median of three rows."""
    if len(losses) < THREE:
        return float("inf")
    return float(np.median(np.lib.stride_tricks.sliding_window_view(losses, THREE), axis=1).min())
