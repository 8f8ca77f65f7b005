"""What changes made one after another come to: of a stretch, a factor and a cap, each once, whatever was done before.

A cap over a factor over a stretch is a form that each of the three keeps, so that a schedule which is amended a
thousand times is no deeper than one that was amended once.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf

from glidepath.schedules.compound import Clip, Excerpt, Scale, Stretch, share_of
from glidepath.schedules.levels import Absolute, Level
from glidepath.schedules.reshape import clip, scale, stretch
from glidepath.schedules.schedule import Recipe
from glidepath.units import Amount


@dataclass(frozen=True, slots=True)
class Layers:
    """`recipe` over `over` steps, from its step `begin` to `end`, in `length` steps; times `factor`, at most `high`.

    `high` is a learning rate, or a multiplier where there is no peak.
    """

    recipe: Recipe
    over: int
    begin: float
    end: float
    length: int
    factor: float = 1.0
    high: float = inf

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
        if not whole:
            since, until = self.begin / self.over, self.end / self.over
            recipe, over, begin = stretch(recipe, self.over, since=since, until=until), self.length, 0
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
        planned = _steps(one.over)
        first, last = share_of(planned, one.since), share_of(planned, one.until)
        pace = (last - first) / over
        return Layers(one.recipe, planned, first + pace * begin, first + pace * (begin + length), length, factor, high)
    return Layers(recipe, over, begin, begin + length, length, factor, high)


def spread(parts: list[Layers], steps: int) -> list[Layers]:
    """All of them over another number of steps (>= 1), evenly, wherever they were cut; what has no step is left out.

    Step s is read at s N/M of the N steps that they had, and belongs to the part that has begun by then. Where they are
    spread again, a part lasts to the whole step behind its end: a jump between two of them may come that much later.
    """
    total, done, begun, found = sum(part.length for part in parts), 0, 0, list[Layers]()
    for part in parts:
        first, done = done, done + part.length
        end = -(-done * steps // total)
        if end > begun:
            found.append(_cut(part, Fraction(begun * total, steps) - first, Fraction(total, steps), end - begun))
        begun = end
    return found


def _cut(part: Layers, since: Fraction, pace: Fraction, length: int) -> Layers:
    """A part from `since` of its steps on, at `pace` of them a step."""
    unit = (part.end - part.begin) / part.length  # steps of its recipe in one of its own
    begin = part.begin + unit * float(since)
    return replace(part, begin=begin, end=begin + unit * float(pace * length), length=length)


def _single(recipe: Recipe) -> object:
    """The one part of a recipe that takes all of its steps, or None."""
    return recipe.parts[0] if len(recipe.parts) == 1 and recipe.parts[0].length is None else None


def _value(level: Level, peak: float | None) -> float:
    return level.value if isinstance(level, Absolute) else level * (1.0 if peak is None else peak)


def _steps(amount: Amount | None) -> int:
    return 0 if amount is None else int(amount.value)
