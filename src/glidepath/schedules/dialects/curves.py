"""Curves that several libraries share, in our parts."""

from itertools import pairwise
from math import ceil

from glidepath.schedules.levels import absolute
from glidepath.schedules.recipes import arc, cosine, decay, hold, linear, warmup
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
    parts = [hold(end - begin, at=value) for (begin, end), value in zip(pairwise(begins), values, strict=False)]
    return joined(*parts, hold(at=values[-1]))


def waves(length: float, halves: int, low: float) -> Recipe:
    """Half waves of a cosine, each of `length` steps (any number above 0), from the peak to `low` and back.

    Where a half wave ends between two steps, the next begins at the step behind it, on its way already.
    """
    bounds = [ceil(k * length) for k in range(halves + 1)]
    parts = []
    for k, (begin, end) in enumerate(pairwise(bounds)):
        start, to = (absolute(low), 1.0) if k % 2 else (1.0, absolute(low))
        since, until = max(0.0, begin / length - k), end / length - k
        parts.append(arc(end - begin, start=start, to=to, shape="cosine", since=since, until=until))
    return joined(*parts)


def slope(steps: int, start: float, to: float) -> Recipe:
    """A straight line between two multiples of the peak, up or down."""
    if to >= start:
        return warmup(steps, start=start, to=to)
    return joined(hold(0, at=start), linear(steps, to=to))


def falling(steps: int, to: float, shape: str = "cosine", power: float = 1.0) -> Recipe:
    """A decay to an absolute learning rate."""
    if shape == "cosine":
        return cosine(steps, to=absolute(to))
    return decay(steps, to=absolute(to), shape=shape, power=power)
