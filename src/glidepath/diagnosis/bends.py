"""One bend of a learning rate: kept, led along a shape, kept; and one made to fit points better."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glidepath.diagnosis.precision import Numbers
from glidepath.schedules.shapes import between

POWER_LAW = "power law"
POWERS = {  # of the shapes that have one: those that a fit begins at
    "polynomial": (2.0, 0.5, 0.9, 3.0),
    "k-cosine": (3.0, 1.5),
    "cosine-power": (2.0,),
    "exp-zero": (0.693, 2.0, 5.0, 20.0),
    "log": (100.0, 1000.0),
    POWER_LAW: (0.5, 1.0),
}
SLACK = 1.3  # times what the print leaves open: a fit that least squares, not the largest gap, has chosen
MOST_POINTS = 64  # a fit of five unknowns needs no more; all of them judge it
LEAST = {"start": 0.0, "to": 0.0, "power": 1e-3}  # of them: a power of 0 is a level
ROUNDS = 24  # of Gauss-Newton: it has ended long before, or never does
TINY = 1e-7  # of a parameter's scale: the step of its numeric derivative
LEAST_SLOPE = 1e-9  # added to the normal equations: a number that changes nothing stays where it is
DAMPED, TENFOLD, STUCK = 1e-3, 10.0, 1e6  # of Levenberg and Marquardt: at first, by what it moves, and no further
STANDS = 1e-9  # of the sum of squares: a round that gains less has ended
ENOUGH = 0.05  # of what the print leaves open: a fit as near as that needs no further round


@dataclass(frozen=True, slots=True)
class Points:
    """Learning rates at steps, and what is left open of each."""

    steps: Numbers
    values: Numbers
    open_: Numbers

    def __getitem__(self, part: slice | NDArray[np.generic]) -> "Points":
        return Points(self.steps[part], self.values[part], self.open_[part])

    def __len__(self) -> int:
        return int(self.steps.size)


@dataclass(frozen=True, slots=True)
class Bend:
    """From the level `start`, kept until the step `begin`, to the level `to`, reached at `end` and kept.

    A power law begins in the same way, has its timescale from `begin` to `end`, and never ends.
    """

    shape: str
    start: float
    to: float
    begin: float
    end: float
    power: float = 1.0

    def __call__(self, steps: NDArray[np.generic]) -> Numbers:
        """The learning rates at steps."""
        share = (np.asarray(steps, dtype=np.float64) - self.begin) / self.length
        if self.shape == POWER_LAW:
            return np.asarray(self.start * (1 + np.maximum(share, 0)) ** -self.power)
        share = np.clip(share, 0, 1)
        return np.asarray(between(self.start, self.to, share, shape=self.shape, power=self.power, xp=np))

    @property
    def length(self) -> float:
        """The steps from `begin` to `end`."""
        return self.end - self.begin

    @property
    def rises(self) -> bool:
        """Whether it leads up."""
        return self.to > self.start

    @property
    def falls(self) -> bool:
        """Whether it leads down."""
        return self.to < self.start

    def at(self, step: float) -> float:
        """The learning rate at one step."""
        return float(self(np.array([float(step)]))[0])

    def fits(self, points: Points) -> bool:
        """Whether it says every value as exactly as the print does."""
        return bool((np.abs(self(points.steps) - points.values) <= SLACK * points.open_).all())


def nudged(bend: Bend, points: Points, **numbers: Any) -> Bend | None:
    """The bend with some of its numbers set, and the others fitted again; None where it then leaves a point out."""
    set_ = replace(bend, **numbers)
    if set_.end <= set_.begin:
        return None
    if set_.fits(points):
        return set_
    with np.errstate(all="ignore"):
        found = polished(set_, few(points), fixed=tuple(numbers))
    return found if found.fits(points) else None


def few(points: Points) -> Points:
    """Some points, evenly among those that are no inner one of a level."""
    same = points.values[1:] == points.values[:-1]
    moving = np.flatnonzero(np.concatenate([[True], ~(same[:-1] & same[1:]), [True]]))
    return points[moving[np.unique(np.linspace(0, moving.size - 1, min(moving.size, MOST_POINTS)).round().astype(int))]]


def polished(guess: Bend, points: Points, fixed: tuple[str, ...] = ()) -> Bend:
    """The bend that a damped Gauss-Newton makes of a guess, moving all numbers that are not `fixed`."""
    scales = {name: scale for name, scale in _scales(guess, points).items() if name not in fixed}
    best, gap, damping = guess, _gaps(guess, points), DAMPED
    for _ in range(ROUNDS if scales else 0):
        trial = _step(best, gap, points, scales, damping)
        off = _gaps(trial, points)
        before, gained = float(gap @ gap), float(gap @ gap) - float(off @ off)
        if trial.end > trial.begin and gained > 0:
            best, gap, damping = trial, off, damping / TENFOLD
            if gained < STANDS * before or np.abs(gap).max() < ENOUGH:
                break
        else:
            damping *= TENFOLD
            if damping > STUCK:
                break
    return best


def _scales(bend: Bend, points: Points) -> dict[str, float]:
    """The numbers that the shape has, and about how much each may be."""
    size, span = float(np.abs(points.values).max()), float(np.ptp(points.steps)) or 1.0
    scales = {"start": size, "to": size, "begin": span, "end": span}
    return scales | {"power": 1.0} if bend.shape in POWERS else scales


def _gaps(bend: Bend, points: Points) -> Numbers:
    """How far off each point is, in what the print leaves open of it."""
    return np.asarray((bend(points.steps) - points.values) / points.open_)


def _step(best: Bend, gap: Numbers, points: Points, scales: dict[str, float], damping: float) -> Bend:
    """One damped step down the slopes of the gaps, which are numeric; none where they say nothing."""
    moved = (_moved(best, {name: TINY * scale}) for name, scale in scales.items())
    slopes = np.stack([_gaps(one, points) - gap for one in moved], axis=1) / TINY
    square = slopes.T @ slopes
    square += np.diag(damping * np.diag(square) + LEAST_SLOPE)
    try:
        step = -np.linalg.solve(square, slopes.T @ gap)
    except np.linalg.LinAlgError:  # a number that changes nothing, or everything
        return best
    return _moved(best, {name: by * scale for by, (name, scale) in zip(step.tolist(), scales.items(), strict=True)})


def _moved(bend: Bend, by: dict[str, float]) -> Bend:
    moved: dict[str, Any] = {
        name: max(getattr(bend, name) + more, LEAST.get(name, -np.inf)) for name, more in by.items()
    }
    return replace(bend, **moved)
