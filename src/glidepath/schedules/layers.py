"""What changes made one after another come to: of a stretch, a factor and a cap, each once, whatever was done before.

A cap over a factor over a stretch is a form that each of the three keeps, so that a schedule which is amended a
thousand times is no deeper than one that was amended once.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate
from math import ceil, inf

from glidepath.schedules.compound import Clip, Excerpt, Scale, Stretch, share_of
from glidepath.schedules.levels import Absolute, Level
from glidepath.schedules.reshape import clip, scale, stretch
from glidepath.schedules.schedule import Recipe
from glidepath.units import Amount

LAST_BITS = 1e-9  # of a step: where a part ends is a float, and rounded by as much after some hundred changes


@dataclass(frozen=True, slots=True)
class Layers:
    """`recipe` over `over` steps, from its step `begin` to `end`, in `length` steps; times `factor`, at most `high`.

    It begins `lead` of a step in front of its first one and ends `trail` in front of its end. `high` is a learning
    rate, or a multiplier where there is no peak.
    """

    recipe: Recipe
    over: int
    begin: float
    end: float
    length: int
    factor: float = 1.0
    high: float = inf
    lead: float = 0.0
    trail: float = 0.0

    def times(self, factor: float) -> "Layers":
        """Scaled, the cap too."""
        return replace(self, factor=self.factor * factor, high=self.high * factor)

    def below(self, high: float) -> "Layers":
        """Capped."""
        return replace(self, high=min(self.high, high))

    def excerpt(self, peak: float | None) -> Excerpt:
        """As a part of a recipe, which is exact where nothing is stretched."""
        whole = self.end - self.begin == self.length and float(self.begin).is_integer()
        recipe, over, begin = self.recipe, self.over, int(self.begin)
        if not whole or self.lead or self.trail:
            since, until = self.begin / self.over, self.end / self.over
            recipe = stretch(recipe, self.over, since=since, until=until, lead=self.lead, trail=self.trail)
            over, begin = self.length, 0
        if self.factor != 1:
            recipe = scale(recipe, self.factor)
        if self.high < inf:
            recipe = clip(recipe, high=self.high if peak is None else Absolute(self.high))
        return Excerpt(Amount.of(self.length), recipe, Amount.of(over), Amount.of(begin))


def layers(part: Excerpt, peak: float | None) -> Layers:
    """The layers of an excerpt of exact steps."""
    recipe, length, over, begin = part.recipe, _steps(part.length), _steps(part.over), _steps(part.begin)
    factor, high = 1.0, inf
    if isinstance(one := _single(recipe), Clip) and one.low == 0:
        recipe, high = one.recipe, _value(one.high, peak)
    if isinstance(one := _single(recipe), Scale):
        recipe, factor = one.recipe, one.factor
    if isinstance(one := _single(recipe), Stretch) and one.over.unit == "steps":
        return replace(_stretched(one, over, begin, length), factor=factor, high=high)
    return Layers(recipe, over, begin, begin + length, length, factor, high)


def _stretched(part: Stretch, over: int, begin: int, length: int) -> Layers:
    """The steps from `begin` on of a stretch over `over`, which keeps its own ends where they are not cut off."""
    planned = _steps(part.over)
    first, pace = part.line(planned, over)
    since, until = first + pace * begin, first + pace * (begin + length)
    found = Layers(part.recipe, planned, since, until, length)
    if begin == 0:
        found = replace(found, begin=share_of(planned, part.since), lead=part.lead)
    return found if begin + length < over else replace(found, end=share_of(planned, part.until), trail=part.trail)


def spread(parts: list[Layers], steps: int) -> list[Layers]:
    """All of them over another number of steps (>= 1), evenly, wherever they were cut; what has no step is left out.

    Step s is read at s N/M of the N steps that they had, and belongs to the part that has begun by then.
    """
    pace = Fraction(steps, sum(part.length for part in parts))
    ends = list(accumulate(part.length for part in parts))
    begun = [pace * (end - part.length - Fraction(part.lead)) for end, part in zip(ends, parts, strict=True)]
    over = [pace * (end - Fraction(part.trail)) for end, part in zip(ends, parts, strict=True)]
    firsts = [*map(_behind, begun), steps]
    return [
        replace(part, length=stop - first, lead=max(0.0, float(first - since)), trail=max(0.0, float(stop - until)))
        for part, since, until, first, stop in zip(parts, begun, over, firsts, firsts[1:], strict=False)
        if stop > first
    ]


def _behind(place: Fraction) -> int:
    """The first whole step at or behind a place, which is whole where it is so but for the last bits."""
    return round(place) if abs(place - round(place)) < LAST_BITS else ceil(place)


def _single(recipe: Recipe) -> object:
    """The one part of a recipe that takes all of its steps, or None."""
    return recipe.parts[0] if len(recipe.parts) == 1 and recipe.parts[0].length is None else None


def _value(level: Level, peak: float | None) -> float:
    return level.value if isinstance(level, Absolute) else level * (1.0 if peak is None else peak)


def _steps(amount: Amount | None) -> int:
    return 0 if amount is None else int(amount.value)
