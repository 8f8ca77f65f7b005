"""An answer in its plainest words: rates of its own that are the peak said so, a fall from where it is as a decay."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from glidepath.schedules.compound import Clip, Excerpt
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.levels import Absolute, Level
from glidepath.schedules.parts import Arc, Decay, Hold, Part, Warmup
from glidepath.schedules.schedule import Recipe

Reader = Callable[[Question], Answer]
WHOLE = (0.0, 1.0, False)  # since, until and beyond of an arc from its start to its end
LAID_ALIKE = (Clip, Excerpt)  # they hold a recipe under the same peak


def plainly(read: Reader, *ignored: str) -> Reader:
    """A reader whose levels at the peak are 1; `ignored` are fields that say nothing of the curve."""

    def reader(q: Question) -> Answer:
        for name in ignored:
            q.take(name, None)
        answer = read(q)
        return replace(answer, recipe=_plain(answer.recipe, answer.peak))

    return reader


def _plain(recipe: Recipe, peak: float) -> Recipe:
    parts: list[Part] = []
    enters: Level | None = 1.0  # every recipe begins at the peak
    for part in (_named(part, peak) for part in recipe.parts):
        if isinstance(part, Hold) and part.at == enters:
            part = replace(part, at=None)
        elif isinstance(part, Arc) and part.start == enters and _falls(part, peak):
            part = Decay(part.length, part.to, part.shape, part.power)
        enters = _leaves(part, enters)
        if not (isinstance(part, Hold) and part.at is None and part.length and part.length.value == 0):
            parts.append(part)
    return Recipe(tuple(parts))


def _named(part: Part, peak: float) -> Part:
    """The part with each level that is the peak as 1."""
    return replace(part, **{f.name: _value(part, getattr(part, f.name), peak) for f in fields(part)})


def _value(part: Part, value: Any, peak: float) -> Any:
    if isinstance(value, Recipe) and isinstance(part, LAID_ALIKE):
        return _plain(value, peak)
    return 1.0 if isinstance(value, Absolute) and value.value == peak else value


def _falls(arc: Arc, peak: float) -> bool:
    start, to = (level.value if isinstance(level, Absolute) else level * peak for level in (arc.start, arc.to))
    return (arc.since, arc.until, arc.beyond) == WHOLE and to < start


def _leaves(part: Part, enters: Level | None) -> Level | None:
    """The level that the next part begins with, where the words say it."""
    if isinstance(part, Hold):
        return enters if part.at is None else part.at
    return part.to if isinstance(part, (Warmup, Decay)) else None
