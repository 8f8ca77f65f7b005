"""A learning rate cut into the fewest bends that say every point of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from glidepath.diagnosis.bends import POWER_LAW, SLACK, Bend, Points
from glidepath.diagnosis.guessing import fitted, straight
from glidepath.diagnosis.precision import Numbers

Places = NDArray[np.int64]
# The plainest first: what two shapes say equally well is said by the plainer.
SHAPES = (
    "linear",
    "cosine",
    "1-sqrt",
    "exponential",
    POWER_LAW,
    "half-cosine",
    "polynomial",
    "exp-zero",
    "rex",
    "log",
    "tanh",
    "k-cosine",
    "cosine-power",
)
PLAIN = SHAPES[:5]
LEVEL, LEVEL_SHARE = 4, 0.05  # points, and their share of all, from which on a level ends what leads to it
FEW_SAID, SHORT = 8, 4  # points, or one in so many, that a bend must say of a stretch that no one bend says whole
MOST_DRAWN = 1  # stretches without a shape, behind which the whole curve is taken to have none
MOST_SCRAPS = 5  # curves through few points, behind which it has none either
DRAWN = 5e-4  # of the largest: how near straight lines come to what has no shape
FEWEST_POINTS = 4  # on a shape with two levels and two bounds, that it says more than it was told
JUMP = 0.02  # of the largest value: a smaller change between two points is no jump
STEEPER = 6.0  # times the slopes on both sides: 1 - sqrt begins 2.4 times as steep as it goes on
LONGER = 1.25  # times the points of a straight line: what a curve must say more


@dataclass(frozen=True, slots=True)
class Drawn:
    """Straight lines through points, where no shape is known."""

    steps: Numbers
    values: Numbers

    def __call__(self, steps: Numbers) -> Numbers:
        """The learning rates at steps."""
        return np.interp(steps, self.steps, self.values)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The points `first` to `last`, both included, and the bend that says them."""

    first: int
    last: int
    bend: Bend | Drawn


def stretches(points: Points, most: int) -> list[Stretch] | None:
    """The bends from the first point to the last; None where it takes more than `most`, or too many are a guess."""
    bounds, found = _bounds(points), list[Stretch]()
    if (np.diff(bounds) >= LEVEL).sum() > most:  # no bend says two levels
        return None
    stops = _stops(points, bounds)
    begin, enters = 0, None
    while begin < len(points):
        if len(found) == most or _has_no_shape(found):
            return None
        end = _turn(points, begin, int(stops[np.searchsorted(stops, begin)]))
        size, bend = _longest(points[begin : end + 1], enters)
        if size > 1 and begin + size < len(points):
            size -= _kept_once(bend, points[begin : begin + size])
        found.append(Stretch(begin, begin + size - 1, bend))
        begin += size
        enters = _leaves(bend, points.steps[begin - 1])
    return found


def _has_no_shape(found: list[Stretch]) -> bool:
    return sum(isinstance(one.bend, Drawn) for one in found) == MOST_DRAWN or sum(map(_is_scrap, found)) == MOST_SCRAPS


def _is_scrap(one: Stretch) -> bool:
    """Whether it is a curve through so few points that others would say them too."""
    return isinstance(one.bend, Bend) and one.bend.shape != "linear" and one.last - one.first < FEW_SAID


def _kept_once(bend: Bend | Drawn, points: Points) -> bool:
    """Whether only the last point lies behind the end of a bend, which is then the beginning of the next."""
    if isinstance(bend, Drawn) or bend.start == bend.to:
        return False
    told = 2 * SLACK * points.open_[-1] * (bend.end - bend.begin) / abs(bend.to - bend.start)  # how exactly, in steps
    return bool(points.steps[-2] <= bend.end < points.steps[-1] - told)


def _leaves(bend: Bend | Drawn, last: float) -> float | None:
    """The level at which a bend has come to its end; None where it has not."""
    ended = isinstance(bend, Bend) and bend.end < last and bend.shape != POWER_LAW
    return bend.to if ended and isinstance(bend, Bend) else None


def _bounds(points: Points) -> Places:
    """The first points of levels that are kept, each behind a move by more than the print leaves open."""
    moves = np.abs(np.diff(points.values)) > points.open_[1:] + points.open_[:-1]
    return np.flatnonzero(np.concatenate([[True], moves, [True]]))


def _stops(points: Points, bounds: Places) -> Places:
    """The last points before a jump, the last ones of a level that is kept for long, and the last of all."""
    change = np.diff(points.values)
    slope = np.abs(change) / np.diff(points.steps)
    around = np.maximum(np.append(0.0, slope[:-1]), np.append(slope[1:], 0.0))
    jump = (np.abs(change) > JUMP * points.values.max()) & (slope > STEEPER * around)
    kept = bounds[2:][np.diff(bounds)[1:] > max(LEVEL, LEVEL_SHARE * len(points))] - 1  # the first may be a flat top
    return np.unique(np.concatenate([np.flatnonzero(jump), kept, [len(points) - 1]]))


def _turn(points: Points, begin: int, end: int) -> int:
    """The last point before the values turn round: by more than the print leaves open, however slowly."""
    values, open_ = points.values[begin : end + 1], SLACK * 2 * points.open_[begin : end + 1]
    moved = np.flatnonzero(np.abs(values - values[0]) > open_)
    if not moved.size:
        return end
    upward = values * np.sign(values[moved[0]] - values[0])
    top = np.maximum.accumulate(upward)
    back = np.flatnonzero(upward < top - open_)
    if not back.size:
        return end
    return begin + int(np.flatnonzero(upward[: back[0]] >= top[back[0]] - points.open_[begin])[-1])


def _longest(points: Points, enters: float | None) -> tuple[int, Bend | Drawn]:
    """How many points the bend says that says the most of them from the first on, and the bend."""
    whole = _whole(points, enters)
    if whole is not None:
        return whole
    size, bend = _flat_or_straight(points)
    for shape in PLAIN[1:]:
        least = max(FEWEST_POINTS, int(size * LONGER) + 1)
        size, bend = _most(partial(_fitted, points, shape, enters), least, len(points) - 1) or (size, bend)
    if size < min(FEW_SAID, len(points) / SHORT):
        return len(points), drawn(points)
    return size, bend


def _whole(points: Points, enters: float | None) -> tuple[int, Bend] | None:
    """The plainest bend that says all points, or all but the last: the turn may lie before that."""
    middle, first = float(np.median(points.values)), float(points.steps[0])
    level = Bend("linear", middle, middle, first, first + 1)
    if level.fits(points):
        return len(points), level
    for shape in SHAPES if len(points) >= FEWEST_POINTS else ():
        fewer = shape in PLAIN and len(points) > FEWEST_POINTS
        for size in range(len(points), len(points) - 1 - fewer, -1):
            bend = fitted(shape, points[:size], enters)
            if bend is not None:
                return size, bend
    return None


def _most(said: Callable[[int], Bend | None], least: int, most: int) -> tuple[int, Bend] | None:
    """The most points, from `least` to `most`, that a bend says, and the bend: by twice as many, then by halves."""
    bend = said(least) if least <= most else None
    if bend is None:
        return None
    best, beyond = (least, bend), most + 1
    while beyond - best[0] > 1:
        size = min(2 * best[0], (best[0] + beyond + 1) // 2)
        bend = said(size)
        if bend is None:
            beyond = size
        else:
            best = size, bend
    return best


def _fitted(points: Points, shape: str, enters: float | None, size: int) -> Bend | None:
    return fitted(shape, points[:size], enters)


def drawn(points: Points) -> Drawn:
    """The fewest of the points, about, through which straight lines come near all of them (Douglas and Peucker)."""
    near, kept, open_spans = DRAWN * points.values.max(), {0, len(points) - 1}, [(0, len(points) - 1)]
    while open_spans:
        first, last = open_spans.pop()
        inner = slice(first, last + 1)
        ends = [first, last]
        gap = np.abs(np.interp(points.steps[inner], points.steps[ends], points.values[ends]) - points.values[inner])
        far = first + int(np.argmax(gap))
        if gap.max() > near and first < far < last:
            kept.add(far)
            open_spans += [(first, far), (far, last)]
    order = sorted(kept)
    return Drawn(points.steps[order], points.values[order])


def _flat_or_straight(points: Points) -> tuple[int, Bend]:
    """The longest level or straight line from the first point on."""
    first, value = float(points.steps[0]), float(points.values[0])
    same = np.abs(points.values - value) <= 2 * points.open_
    flat = int(same.size if same.all() else np.argmin(same))
    level = flat, Bend("linear", value, value, first, first + 1)
    if len(points) == 1 or flat > 2:  # a line needs two
        return level
    line = _most(lambda size: _line(points[:size]), 2, len(points))
    return level if line is None or line[0] < flat else line


def _line(points: Points) -> Bend | None:
    slope, height = straight(points.steps, points.values, 1 / points.open_)
    ends = points.steps[[0, -1]]
    start, to = np.maximum(slope * ends + height, 0.0).tolist()
    line = Bend("linear", start, to, *ends.tolist())
    return line if line.fits(points) else None
