"""The trunk: a schedule as it was until a step, in parts that mean the same over every horizon."""

from dataclasses import dataclass
from math import inf

from glidepath.errors import ScheduleError, shown
from glidepath.schedules.compound import Excerpt
from glidepath.schedules.levels import Absolute, Level
from glidepath.schedules.recipes import hold
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.units import Amount, Horizon


@dataclass(frozen=True, slots=True)
class Trunk:
    """A schedule of which the updates before `step` (>= 0) are done."""

    schedule: Schedule
    step: int

    def __post_init__(self) -> None:
        """Refuse what is no place in a schedule."""
        if not isinstance(self.schedule, Schedule):
            raise ScheduleError(f"expected a schedule to go on from, got {shown(self.schedule)}")
        if isinstance(self.step, bool) or not isinstance(self.step, int) or self.step < 0:
            raise ScheduleError(f"expected the step as a whole number of at least 0, got {shown(self.step)}")

    @property
    def last(self) -> float:
        """The learning rate of the last update that is done; before any, that of the first."""
        return self.schedule(max(0, self.step - 1))

    @property
    def level(self) -> Level:
        """The last learning rate as a recipe gives it."""
        return self._level(self.last)

    def _level(self, value: float) -> Level:
        return value if self.schedule.peak is None else Absolute(value)

    @property
    def left(self) -> int:
        """The steps of its own horizon that are left, at least 0."""
        return max(0, self.schedule.horizon.steps - self.step)

    def _cuts(self) -> list[Excerpt]:
        """The whole schedule as excerpts of exact steps; what was gone on with before has those already."""
        parts, horizon = self.schedule.recipe.parts, self.schedule.horizon
        exact = [part for part in parts if isinstance(part, Excerpt) and part.length is not None and _in_steps(part)]
        if len(exact) == len(parts):
            return exact
        return [_excerpt(self.schedule.recipe, horizon.steps, 0, horizon.steps)]

    def past(self) -> list[Excerpt]:
        """What is done, to the bit."""
        return self.between(0, self.step)

    def future(self) -> list[Excerpt]:
        """What its own horizon has left."""
        return self.between(self.step, self.schedule.horizon.steps)

    def between(self, first: int, stop: int) -> list[Excerpt]:
        """The schedule from one step to before another; behind its end its last value is held."""
        found, begin = list[Excerpt](), 0
        for cut in self._cuts():
            end = begin + _steps(cut.length)
            low, high = max(first, begin), min(stop, end)
            if low < high:
                found.append(_excerpt(cut.recipe, _steps(cut.over), _steps(cut.begin) + low - begin, high - low))
            begin = end
        if stop > (held := max(first, begin)):
            found.append(_excerpt(hold(at=self._level(self.schedule(begin))), 1, 0, stop - held))
        return found

    def then(self, tail: Recipe | list[Excerpt], horizon: Horizon) -> Schedule:
        """The trunk and a tail behind it, which is laid over the steps that the horizon leaves."""
        room = horizon.steps - self.step
        behind = tail if isinstance(tail, list) else [_excerpt(tail, room, 0, room)]
        return Recipe((*self.past(), *behind)).over(horizon, peak=self.schedule.peak)

    def over(self, length: int | str | Horizon) -> Horizon:
        """Another horizon, with the rates of this one where it has none; refused where nothing would be left."""
        horizon = length if isinstance(length, Horizon) else Horizon.of(length)
        if horizon.steps <= self.step:
            raise ScheduleError(
                f"expected a horizon behind step {self.step}, from which to go on, got {horizon.steps} steps: "
                "lengthen it"
            )
        return Horizon(horizon.steps, **(horizon.rates or self.schedule.horizon.rates))


@dataclass(frozen=True, slots=True)
class Seam:
    """Where two schedules meet: the learning rate of the `last` update before `step`, and the one `next`, at it."""

    step: int
    last: float
    next: float

    @property
    def ratio(self) -> float:
        """The next in shares of the last: 1 where nothing moves, infinity up from 0."""
        if self.last == self.next:
            return 1.0
        return self.next / self.last if self.last else inf

    def __str__(self) -> str:
        return f"step {self.step}: {self.last:.6g}, then {self.next:.6g} (x{self.ratio:.3g})"


def _excerpt(recipe: Recipe, over: int, begin: int, length: int) -> Excerpt:
    return Excerpt(Amount.of(length), recipe, Amount.of(over), Amount.of(begin))


def _steps(amount: Amount | None) -> int:
    return 0 if amount is None else int(amount.value)


def _in_steps(part: Excerpt) -> bool:
    return all(amount.unit == "steps" for amount in (part.length, part.over, part.begin) if amount is not None)
