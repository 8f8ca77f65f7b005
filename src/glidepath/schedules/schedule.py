"""The two values of this room: a recipe, which knows no horizon, and the schedule that it becomes."""

from dataclasses import dataclass, field, fields
from typing import Any, Self, overload

import numpy as np
from numpy.typing import NDArray

from glidepath.errors import ScheduleError, shown
from glidepath.schedules import evaluation, layout, written
from glidepath.schedules.levels import number
from glidepath.schedules.parts import Part
from glidepath.schedules.pieces import Piece
from glidepath.units import Amount, Horizon

DEEPEST = 50  # recipes within recipes: more than anybody reads, and far from the end of Python's stack


@dataclass(frozen=True, slots=True, repr=False)
class Recipe:
    """Parts in sequence that know no horizon and no peak; immutable; `a >> b` is b behind a, and associative.

    `repr` gives the code that makes it again, `str` the one-line text.

    >>> from glidepath import warmup, hold, decay
    >>> warmup(2_000) >> hold() >> decay("20%", shape="1-sqrt")
    warmup(2000) >> hold() >> decay('20%', shape='1-sqrt')
    """

    parts: tuple[Part, ...]
    depth: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse an empty recipe, recipes too deep in each other, and a second part that would take what is left."""
        object.__setattr__(
            self, "depth", 1 + max((one.depth for part in self.parts for one in _inside(part)), default=0)
        )
        if self.depth > DEEPEST:
            raise ScheduleError(f"expected recipes within recipes at most {DEEPEST} deep, got more")
        if not self.parts:
            raise ScheduleError("expected a recipe of at least one part, got none: write hold()")
        open_ended = [part for part in self.parts if part.length is None]
        if len(open_ended) > 1:
            named = ", ".join(written.call(part, quoted=False) for part in open_ended)
            raise ScheduleError(
                f"expected at most one part without a length, which takes what is left, got {len(open_ended)} "
                f'({named}): give the others one, as in decay("20%")'
            )

    def __rshift__(self, other: Self) -> Self:
        """This recipe, then the other: `warmup("2%") >> cosine()`."""
        if not isinstance(other, Recipe):
            return NotImplemented
        return type(self)(self.parts + other.parts)

    def over(self, horizon: int | str | Amount | Horizon, *, peak: float | None = None) -> "Schedule":
        """The schedule that this recipe is over a horizon (steps, "100k", or a `Horizon` with rates).

        `peak` (> 0) is the largest learning rate; without one the schedule is a multiplier, at most 1.
        Raises ScheduleError or AmountError where the parts do not fit.

        >>> from glidepath import cosine
        >>> cosine().over(4, peak=1.0)([0, 1, 2, 3, 4])
        array([1.        , 0.85355339, 0.5       , 0.14644661, 0.        ])
        """
        return Schedule(self, horizon if isinstance(horizon, Horizon) else Horizon.of(horizon), peak)

    def __str__(self) -> str:
        return written.sequence(self.parts, quoted=False)

    def __repr__(self) -> str:
        return written.sequence(self.parts, quoted=True)


@dataclass(frozen=True, slots=True, weakref_slot=True, repr=False)  # jax.jit keeps weak references
class Schedule:
    """A learning rate for every step: a recipe over a horizon with a peak. Immutable, no state, closed form.

    `schedule(step)` is the value that applied update number `step` uses, from 0. It takes an int, or an array
    of any shape (numpy, torch, JAX, traced too), and gives float64 of that shape (JAX: its default float).
    A step below 0 reads as 0, one past the horizon holds the last value; NaN is refused, empty gives empty.

    >>> from glidepath import warmup, cosine
    >>> schedule = (warmup(3) >> cosine(to=0.1)).over(10, peak=1.0)
    >>> schedule(0), schedule(3), schedule(10)
    (0.25, 1.0, 0.1)
    """

    recipe: Recipe
    horizon: Horizon
    peak: float | None = None
    pieces: tuple[Piece, ...] = field(init=False, repr=False, compare=False)
    boundaries: tuple[int, ...] = field(init=False, repr=False, compare=False)
    line: evaluation.Line = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Place every part: whole steps first, then learning rates from the first part to the last."""
        if not isinstance(self.recipe, Recipe):
            raise ScheduleError(f"expected a recipe, such as warmup('2%') >> cosine(), got {self.recipe!r}")
        if not isinstance(self.horizon, Horizon):
            raise ScheduleError(f"expected a Horizon, got {shown(self.horizon)}: write recipe.over(...)")
        if self.peak is not None:
            object.__setattr__(self, "peak", checked(self.peak))
        enters = 1.0 if self.peak is None else self.peak
        begins, pieces = layout.placed(self.recipe.parts, self.horizon, enters=enters, peak=self.peak)
        object.__setattr__(self, "boundaries", begins)
        object.__setattr__(self, "pieces", pieces)
        object.__setattr__(self, "line", evaluation.Line(begins, pieces))

    @overload
    def __call__(self, step: int) -> float: ...
    @overload
    def __call__(self, step: NDArray[Any] | list[int] | range) -> NDArray[np.float64]: ...
    @overload
    def __call__(self, step: Any) -> Any: ...
    def __call__(self, step: Any) -> Any:
        """The learning rate of an update, or of an array of them."""
        return evaluation.evaluate(self.line, step)

    def __str__(self) -> str:
        return self._written(str(self.recipe))

    def __repr__(self) -> str:
        return self._written(repr(self.recipe))

    def _written(self, recipe: str) -> str:
        steps = self.horizon if self.horizon.rates else self.horizon.steps
        peak = "" if self.peak is None else f", peak={self.peak!r}"
        return f"({recipe}).over({steps!r}{peak})"


def _inside(part: Part) -> list[Recipe]:
    """The recipes that a part holds."""
    values = (getattr(part, one.name) for one in fields(part))
    return [value for value in values if isinstance(value, Recipe)]


def checked(peak: object, what: str = "the peak") -> float:
    """A learning rate that everything is a multiple of: refused unless above 0 and finite."""
    try:
        value = number(peak, what)
    except ScheduleError:
        value = 0.0
    if value == 0:
        raise ScheduleError(f"expected {what} as a finite number above 0, got {shown(peak)}")
    return value
