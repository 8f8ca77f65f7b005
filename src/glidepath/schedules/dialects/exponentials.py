"""Exponentials as optax and Keras have them: down or up, smooth or in stairs, from the first rate on."""

from dataclasses import replace
from itertools import chain, count
from math import ceil, log

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import joined
from glidepath.schedules.dialects.cycles import fixed, stairs
from glidepath.schedules.dialects.question import LARGEST, Answer, Question
from glidepath.schedules.levels import absolute
from glidepath.schedules.recipes import arc, hold, steps
from glidepath.schedules.reshape import clip
from glidepath.schedules.schedule import Recipe


def falling(first: float, rate: float, every: int, *, begin: int, staircase: bool, low: float = 0.0) -> Recipe:
    """first * rate^(t / every) behind step `begin`, not below `low`; the rate is from 0 to 1."""
    if rate == 0:  # 0 to the power of 0 is 1
        return joined(hold(begin + (every if staircase else 1), at=fixed(first)), hold(at=0.0))
    fall = joined(hold(begin, at=fixed(first)), steps(every, factor=rate, smooth=not staircase))
    return clip(fall, low=absolute(low)) if low else fall


def growing(q: Question, first: float, rate: float, every: int, *, way: int, staircase: bool, begin: int = 0) -> Answer:
    """The same with a rate above 1, which grows for ever: followed for `way` steps."""
    if first == 0 or way <= 0:
        return Answer(hold(at=fixed(first)), first, q.horizon())
    exponent = way // every if staircase else way / every
    if exponent * log(rate) + max(0.0, log(first)) > log(LARGEST):
        raise SpecError(f"{q.of}: expected a rate that stays below {LARGEST:g} over {way} steps, got {rate:g}")
    top = first * rate**exponent
    if top / first == 1:
        return Answer(hold(at=fixed(first)), first, begin + way)
    notes = () if q.faithful else (f"it grows for ever; read as held behind step {begin + way}",)
    return replace(limited(q, first, rate, every, top=top, staircase=staircase, begin=begin, way=way), notes=notes)


def limited(
    q: Question, first: float, rate: float, every: int, *, top: float, staircase: bool, begin: int, way: int = 0
) -> Answer:
    """The same up to `top` above the first rate, reached within `way` steps, or where the formula reaches it."""
    if first < 1 / LARGEST:
        raise SpecError(f"{q.of}: expected a first rate of 0 or at least {1 / LARGEST:g}, got {first:g}")
    span = every * log(top / first) / log(rate)
    if staircase:
        until = begin + (way or ceil(span / every) * every + 1)
        treads = ((begin + k * every, min(top, first * rate**k)) for k in count())
        return Answer(stairs(q, chain([(0, first)], treads), until), top, until)
    way = way or ceil(span)
    up = arc(way, start=fixed(first), to=absolute(top), shape="exponential", until=way / span)
    return Answer(joined(hold(begin, at=fixed(first)) if begin else None, up, hold()), top, begin + way)
