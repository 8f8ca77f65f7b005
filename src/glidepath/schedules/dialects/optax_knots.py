"""The schedules of optax between knots: steps, and the values there as products of scales."""

import re
from itertools import pairwise
from typing import Any

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects.curves import joined
from glidepath.schedules.dialects.cycles import Way, along, fixed, stairs
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.recipes import hold

WHOLE = r"[0-9]{1,24}"


def piecewise(q: Question) -> Answer:
    """piecewise_constant_schedule: times its scale from each boundary on."""
    knots = _knots(q)
    last = knots[-1][0] + 1
    return Answer(stairs(q, knots, last), max(value for _, value in knots), last)


def _knots(q: Question) -> list[tuple[int, float]]:
    """(0, init_value), and each boundary in order with the product of the scales up to there."""
    value, named = q.number("init_value", low=0), q.take("boundaries_and_scales", None) or {}
    if not isinstance(named, dict):
        raise SpecError(f"{q.of}: expected boundaries_and_scales as a table of steps and scales, got {shown(named)}")
    return _products(q, value, {_boundary(q, at): scale for at, scale in named.items()})


def _boundary(q: Question, at: Any) -> int:
    """A step, which is text in a file of JSON."""
    step = int(at) if isinstance(at, str) and re.fullmatch(WHOLE, at) else at
    return Question(q.of, {"boundary": step}, q.base_lr, q.steps, q.faithful).whole("boundary")


def _products(q: Question, first: float, scales: dict[int, Any]) -> list[tuple[int, float]]:
    knots = [(0, first)]
    for at, scale in sorted(scales.items()):
        by = Question(q.of, {"scale": scale}, q.base_lr, q.steps, q.faithful).number("scale", low=0)
        knots.append((at, knots[-1][1] * by))
    return knots


def interpolated(q: Question) -> Answer:
    """piecewise_interpolate_schedule: on the way between those values, straight or by a cosine."""
    return _interpolated(q, _knots(q), q.choice("interpolate_type", "", ("linear", "cosine")))


def _interpolated(q: Question, knots: list[tuple[int, float]], shape: str) -> Answer:
    ways = [Way(begin, end, start, to, shape) for (begin, start), (end, to) in pairwise(knots)]
    last, value = knots[-1]
    return Answer(joined(along(q, ways, last), hold(at=fixed(value))), max(value for _, value in knots), last or 1)


def linear_onecycle(q: Question) -> Answer:
    """linear_onecycle_schedule: up, down to where it came from, then further, the knots at int(pct n)."""
    count, peak, up = _cycle(q)
    down, (first, last) = q.number("pct_final", 0.85, low=0), _divisors(q)
    scales = {int(up * count): first, int(down * count): 1 / first, count: 1 / last}
    return _interpolated(q, _products(q, peak / first, scales), "linear")


def cosine_onecycle(q: Question) -> Answer:
    """cosine_onecycle_schedule: up and down by half cosines, the peak at int(pct n)."""
    count, peak, up = _cycle(q)
    first, last = _divisors(q)
    scales = {int(up * count): first, count: 1 / (first * last)}
    return _interpolated(q, _products(q, peak / first, scales), "cosine")


def _cycle(q: Question) -> tuple[int, float, float]:
    steps, peak = q.whole("transition_steps", low=1), q.number("peak_value", low=0)
    return steps, peak, q.number("pct_start", 0.3, low=0)


def _divisors(q: Question) -> tuple[float, float]:
    first, last = (q.number(name, usual, low=0) for name, usual in (("div_factor", 25.0), ("final_div_factor", 1e4)))
    if not first or not last:
        raise SpecError(f"{q.of}: expected div_factor and final_div_factor above 0, got {first:g} and {last:g}")
    return first, last
