"""Layout: where each part of a recipe begins and ends on a horizon, in whole steps.

Lengths are added up exactly and each boundary is rounded half up once, so that shares which add up to 100%
fill the horizon to the step. Parts behind the one that takes what is left are measured from the end.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, pairwise

from glidepath.errors import ScheduleError
from glidepath.schedules.parts import Part, Seat
from glidepath.schedules.pieces import Piece
from glidepath.units import Horizon, half_up

MOST_SHOWN = 6  # parts in a complaint, which is one sentence


def lengths(parts: Sequence[Part], horizon: Horizon) -> tuple[int, ...]:
    """The whole steps of each part; they add up to the horizon where one part takes what is left.

    Raises ScheduleError where two parts have no length, or where the parts need more than the horizon.
    """
    exact = [None if part.length is None else horizon.steps_of(part.length) for part in parts]
    needed = sum((steps for steps in exact if steps is not None), Fraction(0))
    if needed > horizon.steps:
        raise ScheduleError(
            f"expected parts of at most {horizon.steps} steps, the horizon, got {_listed(parts, exact)}: "
            "shorten a part or lengthen the horizon"
        )
    open_end = next((index for index, steps in enumerate(exact) if steps is None), len(exact))
    before = _rounded(exact[:open_end])
    after = [max(before[-1], horizon.steps - bound) for bound in reversed(_rounded(exact[:open_end:-1]))]
    bounds = before if open_end == len(exact) else [*before, *after]
    return tuple(end - begin for begin, end in pairwise(bounds))


def placed(
    parts: Sequence[Part], horizon: Horizon, *, enters: float, peak: float | None
) -> tuple[tuple[int, ...], tuple[Piece, ...]]:
    """(the step at which each part begins, its closed form): whole steps first, then learning rates in order."""
    sizes = lengths(parts, horizon)
    begins = tuple(accumulate(sizes, initial=0))[:-1]
    pieces: list[Piece] = []
    for part, begin, size in zip(parts, begins, sizes, strict=True):
        entering = pieces[-1].end if pieces else enters
        pieces.append(part.place(Seat(begin, size, entering, horizon, peak)))
    return begins, tuple(pieces)


def _rounded(exact: Sequence[Fraction | None]) -> list[int]:
    """The running sums from 0 on, each rounded."""
    return [
        half_up(bound) for bound in accumulate((steps for steps in exact if steps is not None), initial=Fraction(0))
    ]


def _listed(parts: Sequence[Part], exact: Sequence[Fraction | None]) -> str:
    shown = [f"{part.length} = {half_up(n)}" for part, n in zip(parts, exact, strict=True) if n is not None]
    return " + ".join(shown) if len(shown) <= MOST_SHOWN else f"{len(shown)} parts that need more"
