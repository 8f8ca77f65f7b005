"""Points: a curve through whatever places somebody names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from glidepath.errors import AmountError, ScheduleError, shown
from glidepath.schedules.levels import Level, level
from glidepath.schedules.nested import Nested
from glidepath.schedules.parts import Part, Seat
from glidepath.schedules.pieces import Piece, Ramp
from glidepath.schedules.recipes import above_zero, known
from glidepath.schedules.schedule import Recipe
from glidepath.schedules.shapes import FALLING, POWERED
from glidepath.units import Amount, AmountLike, optional

MOST_KNOTS = 10_000  # far above what anybody draws, and still placed within a blink
Knot = tuple[Amount, Level]


def knots_of(given: object) -> tuple[Knot, ...]:
    """The knots that a table or a list of pairs names: amounts from where the part begins, and levels."""
    pairs = list(given.items()) if isinstance(given, Mapping) else given
    if not isinstance(pairs, (list, tuple)) or not 0 < len(pairs) <= MOST_KNOTS:
        raise ScheduleError(
            f'expected 1 to {MOST_KNOTS} points such as {{0: 0.1, "10%": 1.0, "100%": 0.0}}, got {shown(given)}'
        )
    return tuple(_knot(pair) for pair in pairs)


def _knot(pair: Any) -> Knot:
    if not isinstance(pair, (list, tuple)) or len(pair) != 2:
        raise ScheduleError(f"expected a point as a place and a level, got {shown(pair)}")
    try:
        place = Amount.of(pair[0])
    except AmountError as error:
        raise ScheduleError(f"the place of a point: {error}") from error
    return place, level(pair[1], f"the level at {place}")


@dataclass(frozen=True, slots=True)
class Points(Part):
    """See `glidepath.points`."""

    word = "points"
    first = "knots"
    knots: tuple[Knot, ...]
    shape: str = "linear"

    def place(self, seat: Seat) -> Piece:
        """The first level until its place, a ramp from each to the next, and the last level from its place on."""
        values = [seat.level(value, f"the level at {at}") for at, value in self.knots]
        bounds = [0, *self._placed(seat), seat.length]
        ends = list(pairwise([values[0], *values, values[-1]]))
        ramps: Iterable[Piece] = (
            Ramp(stop - begin, start, to, self.shape)
            for (begin, stop), (start, to) in zip(pairwise(bounds), ends, strict=True)
        )
        return Nested(seat.length, values[0], tuple(bounds[:-1]), tuple(ramps))

    def _placed(self, seat: Seat) -> list[int]:
        """The whole steps of the knots, in order and within the part."""
        places = [seat.horizon.place(at) for at, _ in self.knots]
        for before, here in pairwise([0, *places, seat.length]):
            if here < before:
                raise ScheduleError(
                    f"expected points in order, within the {seat.length} steps of their part, got one at step {before}"
                    f" before {here}: mend their places or lengthen the part"
                )
        return places


def points(knots: object, *, shape: str = "linear", length: AmountLike | None = None) -> Recipe:
    """A curve through points: `points({0: 0.1, "10%": 1.0, "100%": absolute(1e-5)})`, a table or a list of pairs.

    Places are amounts from where the part begins, in order; levels are multiples of the peak or absolute.
    Between two points it goes by the shape: linear, exponential (a straight line in the logarithm; levels
    above 0) or any other of `decay` that has no power. Before the first and behind the last it is held; two
    points at one place are a jump.

    >>> points([(0, 0.0), (2, 1.0), (4, 0.5)]).over(6, peak=1.0)(range(6))
    array([0.  , 0.5 , 1.  , 0.75, 0.5 , 0.5 ])
    """
    known(shape, [name for name in FALLING if name not in POWERED], "points")
    table = knots_of(knots)
    for _, height in table:
        above_zero(height, shape, "each level")
    return Recipe((Points(optional(length), table, shape),))
