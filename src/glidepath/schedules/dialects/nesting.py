"""What a configuration holds within: another schedule, a table with its `name` (or `type`) and fields; a list."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from glidepath.errors import SpecError, nearest, shown
from glidepath.schedules.dialects.question import LARGEST, Answer, Question
from glidepath.schedules.dialects.spelling import spelled
from glidepath.units import half_up

DEEPEST = 5  # schedules within schedules
WITHIN = " > "
NAMED = ("name", "type")


def inner(
    q: Question,
    field: str,
    value: Any,
    readers: Mapping[str, Callable[[Question], Answer]],
    *,
    behind: int = 0,
    steps: int | None = None,
) -> Answer:
    """What the schedule in a field comes to, over `steps` of its own, or over what is left `behind` so many.

    The answer's steps are as many as its parts need, at least.
    """
    name, config = named(q, field, value, readers)
    if name not in readers:
        hint = nearest(shown(name), readers)
        raise SpecError(f"{q.of}: expected a schedule that is read in {field}, got {shown(name)}: {hint}")
    where = f"{q.of}{WITHIN}{name}"
    if where.count(WITHIN) > DEEPEST:
        raise SpecError(f"{q.of}: expected at most {DEEPEST} schedules within each other, got more")
    if steps is None and q.steps is not None:
        steps = q.steps if q.faithful else max(1, q.steps - behind)  # a faithful reading goes on for long
    within = Question(where, config, q.base_lr, steps, q.faithful, planned=q.planned)
    answer = readers[name](within)
    within.finish()
    fixed = sum(half_up(part.length.value) for part in answer.recipe.parts if part.length is not None)
    return replace(answer, steps=max(answer.steps or 1, fixed))


def fresh(read: Callable[[Question], Answer], *ignored: str) -> Callable[[Question], Answer]:
    """A reader of a schedule that begins at its step 0; `ignored` are fields that say nothing of the curve."""

    def reader(q: Question) -> Answer:
        for name in ignored:
            q.take(name, None)
        if q.whole("last_epoch", -1, low=-1) != -1:
            raise SpecError(f"{q.of}: expected last_epoch of -1, got another: a schedule is read from its step 0 on")
        return read(q)

    return reader


def named(q: Question, field: str, value: Any, readers: Mapping[str, object]) -> tuple[str, Mapping[str, Any]]:
    """The name of a schedule, as its reader has it where there is one, and its own fields."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise SpecError(f'{q.of}: expected {field} as a table with a "name" and its fields, got {shown(value)}')
    name = next((value[key] for key in NAMED if key in value), None)
    if not isinstance(name, str):
        raise SpecError(f"{q.of}: expected {field} with the name of a schedule, got {shown(name)}")
    return spelled(name, readers) or name, {key: given for key, given in value.items() if key not in NAMED}


def numbers(q: Question, field: str, *, least: int, high: float = LARGEST) -> list[float]:
    """A field that is a list of numbers from 0 to `high`."""
    return [
        Question(q.of, {field: value}, q.base_lr, q.steps, q.faithful).number(field, low=0, high=high)
        for value in rows(q, field, least=least)
    ]


def wholes(q: Question, field: str, *, least: int, low: int = 0) -> list[int]:
    """A field that is a list of whole numbers of at least `low`."""
    return [
        Question(q.of, {field: value}, q.base_lr, q.steps, q.faithful).whole(field, low=low)
        for value in rows(q, field, least=least)
    ]


def rows(q: Question, field: str, *, least: int) -> list[Any]:
    """A field that is a list."""
    value = q.take(field)
    if not isinstance(value, (list, tuple)) or len(value) < least:
        raise SpecError(f"{q.of}: expected {field} as a list of at least {least}, got {shown(value)}")
    return list(value)
