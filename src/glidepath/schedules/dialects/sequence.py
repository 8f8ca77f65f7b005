"""Schedules of a library one behind the other, each read from its own step 0 on."""

from collections.abc import Sequence
from dataclasses import replace

from glidepath.schedules.dialects.curves import joined
from glidepath.schedules.dialects.question import Answer
from glidepath.schedules.reshape import excerpt
from glidepath.schedules.schedule import Recipe
from glidepath.units import Amount, half_up


def one_behind_another(answers: Sequence[Answer], lengths: Sequence[int]) -> Answer:
    """Each answer for so many steps, the last one for what is left; their levels are rates of their own."""
    cut = [first_steps(answer.recipe, length) for answer, length in zip(answers, lengths, strict=False)]
    used = [answer for answer, length in zip(answers, [*lengths, 1], strict=True) if length]
    planned = sum(lengths) + (answers[-1].steps or 1)
    notes = tuple(dict.fromkeys(note for answer in used for note in answer.notes))
    return Answer(joined(*cut, answers[-1].recipe), max(answer.peak for answer in used), planned, notes)


def first_steps(recipe: Recipe, count: int) -> Recipe | None:
    """The first so many steps of a recipe, its last part as long as that leaves it; None for none."""
    *known, last = recipe.parts
    fixed = sum(half_up(part.length.value) for part in known if part.length is not None)
    if not count:
        return None
    if fixed > count:
        return excerpt(recipe, fixed, length=count)
    rest = (replace(last, length=Amount.of(count - fixed)),) if count > fixed else ()
    return Recipe((*known, *rest))
