"""Curves that several libraries share, in our parts."""

from itertools import pairwise
from math import ceil

from glidepath.errors import SpecError
from glidepath.schedules.dialects.question import Question
from glidepath.schedules.levels import Level, absolute
from glidepath.schedules.recipes import arc, cosine, decay, hold, linear, warmup
from glidepath.schedules.reshape import excerpt, repeat
from glidepath.schedules.schedule import Recipe


def textbook(steps: int) -> Recipe | None:
    """A warmup by t/W, the first update at 0; None where there is none."""
    return warmup(steps, start=0) if steps else None


def joined(*recipes: Recipe | None) -> Recipe:
    """The recipes in sequence, without those that are not there."""
    there = [recipe for recipe in recipes if recipe is not None]
    return Recipe(tuple(part for recipe in there for part in recipe.parts))


def levels(changes: list[tuple[int, float]], first: float) -> Recipe:
    """`first`, and from each step of `changes` on another multiple of the peak."""
    begins = [0, *(step for step, _ in changes)]
    values = [first, *(value for _, value in changes)]
    parts = [hold(end - begin, at=value) for (begin, end), value in zip(pairwise(begins), values[:-1], strict=True)]
    return joined(*parts, hold(at=values[-1]))


def waves(length: float, halves: int, low: float) -> Recipe:
    """Half waves of a cosine, each of `length` steps (any number above 0), from the peak to `low` and back.

    Where a half wave ends between two steps, the next begins at the step behind it, on its way already.
    """
    bounds = [ceil(k * length) for k in range(halves + 1)]
    parts = []
    for k, (begin, end) in enumerate(pairwise(bounds)):
        if begin == end:  # a half wave between two steps
            continue
        floor = absolute(low) if low else 0.0
        start, to = (floor, 1.0) if k % 2 else (1.0, floor)
        since, until = max(0.0, begin / length - k), end / length - k
        parts.append(arc(end - begin, start=start, to=to, shape="cosine", since=since, until=until))
    return joined(*parts)


def slope(steps: int, start: float, to: float) -> Recipe:
    """A straight line between two multiples of the peak, up or down."""
    if to >= start:
        return warmup(steps, start=start, to=to)
    return joined(hold(0, at=start), linear(steps, to=to))


def falling(steps: int, to: float, shape: str = "cosine", power: float = 1.0) -> Recipe:
    """A decay to an absolute learning rate; 0 needs no such word."""
    end = absolute(to) if to else 0.0
    if shape == "cosine":
        return cosine(steps, to=end)
    return decay(steps, to=end, shape=shape, power=power)


# The horizon and three more: how far a faithful reading follows a library that goes on behind its end.
FAITHFUL = 4
MOST_WAVES = 10_000  # half waves, each a part of its own where they do not begin at whole steps


def reach(q: Question, planned: int | None = None) -> int:
    """The steps to lay a curve over that goes on: those planned, and three more horizons in a faithful reading."""
    steps = max(planned or 0, q.steps or 0) or q.horizon()
    return steps * FAITHFUL if q.faithful else steps


def onward(
    q: Question, begin: int, end: int, start: Level, to: Level, shape: str = "linear", room: int | None = None
) -> Recipe:
    """Along a shape that ends at step `end`, from step `begin` on; held behind it.

    The shape takes the last `room` steps, those from `begin` on unless told. A faithful reading goes on by its
    formula, below 0 where that leads.
    """
    way = end - begin
    room = way if room is None else room
    since = (room - way) / room
    if not q.faithful:
        return joined(arc(way, start=start, to=to, shape=shape, since=since), hold(at=to))
    more = reach(q, end) - begin
    return arc(more, start=start, to=to, shape=shape, since=since, until=since + more / room, beyond=True)


def swing(steps: int, low: float) -> Recipe:
    """A cosine from the peak to an absolute learning rate and up again, for ever."""
    return repeat(joined(falling(steps, low), warmup(steps, start=absolute(low), shape="cosine")), every=2 * steps)


def swinging(q: Question, steps: int, low: float) -> Recipe:
    """A cosine to an absolute learning rate, held there; a faithful reading climbs again, and falls again."""
    return swing(steps, low) if q.faithful else joined(falling(steps, low), hold())


def powered(steps: int, start: Level, to: Level, power: float) -> Recipe:
    """start + (to - start)(t/n)^power: the polynomial decay read backwards, so that it begins slowly."""
    return arc(steps, start=to, to=start, shape="polynomial", power=power, since=1.0, until=0.0)


def waving(q: Question, half: float, steps: int, low: float) -> Recipe:
    """So many steps of half waves of a cosine, each of `half` steps, from the peak to `low` and back."""
    if half >= steps:
        return arc(steps, start=1.0, to=absolute(low), shape="cosine", until=steps / half)
    if steps > half * MOST_WAVES:
        raise SpecError(f"{q.of}: expected at most {MOST_WAVES} half waves, got {steps / half:g}: lower the cycles")
    curve = swing(int(half), low) if half.is_integer() else waves(half, ceil(steps / half) + 1, low)
    return excerpt(curve, steps + 2 * ceil(half), length=steps)  # with the wave that the step behind the end is on
