"""ignite.handlers: class names and their arguments; update i has the value of event_index i.

That is what a scheduler gives which is attached to ITERATION_STARTED, as its documentation asks.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise, takewhile
from math import isclose
from typing import Any

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects import torch
from glidepath.schedules.dialects.curves import joined, reach
from glidepath.schedules.dialects.cycles import LAST_BITS, MOST_PARTS, Way, along, fixed, stairs
from glidepath.schedules.dialects.nesting import inner, named, rows, wholes
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.levels import absolute
from glidepath.schedules.recipes import hold, steps
from glidepath.schedules.reshape import excerpt, repeat

OF_A_HANDLER = ("param_name", "save_history", "param_group_index", "create_new", "output_simulated_values")
MULTIPLIERS = ("cycle_mult", "start_value_mult", "end_value_mult")
HALF = 0.5
TORCH_OUTSIDE = "ignite asks torch's schedulers outside of their step, which most answer wrongly; read as torch counts"


def linear_cyclical(q: Question) -> Answer:
    """LinearCyclicalScheduler: to end_value and back in each cycle, or with `monotonic` there alone."""
    return _cyclical(q, "linear", one_way=q.flag("monotonic", default=False))


def cosine_annealing(q: Question) -> Answer:
    """CosineAnnealingScheduler: a cosine to end_value in each cycle."""
    return _cyclical(q, "cosine", one_way=True)


def _cyclical(q: Question, shape: str, *, one_way: bool) -> Answer:
    """Cycles whose length and values are multiplied from each to the next, with a way back between them if asked."""
    start, end = q.number("start_value", low=0), q.number("end_value", low=0)
    size, warm = q.whole("cycle_size", low=2), q.whole("warmup_duration", 0)
    multipliers = [q.number(name, 1.0, low=0) for name in MULTIPLIERS]
    if warm and not one_way:
        raise SpecError(f"{q.of}: expected warmup_duration with monotonic=True alone, got {warm}")
    cycles = _cycles(q, (start, end), (size, warm), multipliers, shape if one_way else None)
    until = reach(q)
    if multipliers == [1.0] * len(MULTIPLIERS):
        one = list(takewhile(lambda way: way.end <= size + warm, cycles))
        return Answer(repeat(joined(along(q, one, size + warm)), every=size + warm), max(start, end), until)
    ways = list(takewhile(lambda way: way.begin < until, cycles))
    return Answer(joined(along(q, ways, until)), max(max(way.start, way.to) for way in ways), until)


def _cycles(
    q: Question, values: tuple[float, float], sizes: tuple[int, int], by: list[float], shape: str | None
) -> Iterator[Way]:
    """The ways of one cycle after the other; without a shape there and back again by straight lines."""
    (start, end), (size, warm), begin = values, sizes, 0
    for _ in range(MOST_PARTS):
        if not size:
            raise SpecError(
                f"{q.of}: expected cycle_mult for which no cycle shrinks to nothing within the run, got {by[0]:g}"
            )
        turn = begin + size
        if shape is None:
            yield Way(begin, begin + size * HALF, start, end)
            yield Way(begin + size * HALF, turn, end, start)
        else:
            yield Way(begin, turn, start, end, shape)
        start *= by[1]
        if warm:
            yield Way(turn, turn + warm, end, start)
        begin, end = turn + warm, end * by[2]
        size, warm = int(size * by[0]), int(warm * by[0])
    raise SpecError(f"{q.of}: expected at most {MOST_PARTS} cycles that differ, got more")


def piecewise_linear(q: Question) -> Answer:
    """PiecewiseLinear: straight lines from each pair of milestones_values to the next."""
    pairs = rows(q, "milestones_values", least=1)
    if not all(isinstance(pair, (list, tuple)) and len(pair) == len(("milestone", "value")) for pair in pairs):
        raise SpecError(f"{q.of}: expected milestones_values as pairs of a milestone and a value, got {shown(pairs)}")
    tables = [Question(q.of, {"milestone": at, "value": to}, q.base_lr, q.steps, q.faithful) for at, to in pairs]
    knots = [(table.whole("milestone"), table.number("value", low=0)) for table in tables]
    if any(behind < before for (before, _), (behind, _) in pairwise(knots)):
        raise SpecError(f"{q.of}: expected milestones that increase, got {shown([at for at, _ in knots])}")
    first, (last, end) = knots[0][1], knots[-1]
    ways = [Way(a, b, v, w) for (a, v), (b, w) in pairwise([(0, first), *knots])]
    return Answer(joined(along(q, ways, last), hold(at=fixed(end))), max(value for _, value in knots), last + 1)


def exponential(q: Question) -> Answer:
    """ExpStateScheduler: initial_value gamma^i."""
    return _powers(q, 1)


def step(q: Question) -> Answer:
    """StepStateScheduler: initial_value gamma^floor(i / step_size)."""
    return _powers(q, q.whole("step_size", low=1))


def _powers(q: Question, every: int) -> Answer:
    first, gamma = q.number("initial_value", low=0), q.number("gamma", low=0, high=1)
    return Answer(steps(every, factor=gamma), first, reach(q))


def multi_step(q: Question) -> Answer:
    """MultiStepStateScheduler: initial_value gamma^(milestones at or before i)."""
    first, gamma = q.number("initial_value", low=0), q.number("gamma", low=0, high=1)
    named_at = sorted(wholes(q, "milestones", least=0))
    changes = [(0, first), *((at, first * gamma ** (k + 1)) for k, at in enumerate(named_at))]
    return Answer(stairs(q, changes, changes[-1][0] + 1), first, changes[-1][0] + 1)


def concat(q: Question) -> Answer:
    """ConcatScheduler: each of `schedulers` from its own start for as long as `durations` says, the last for ever."""
    tables, durations = rows(q, "schedulers", least=2), wholes(q, "durations", least=1, low=1)
    if len(tables) != len(durations) + 1:
        raise SpecError(f"{q.of}: expected durations of all schedulers but the last, got {shown(durations)}")
    begin = sum(durations)
    answers = [inner(q, "schedulers", table, OWN, steps=n) for table, n in zip(tables, durations, strict=False)]
    answers.append(inner(q, "schedulers", tables[-1], OWN, behind=begin))
    *first, last = [joined(hold(0, at=absolute(answer.peak)), answer.recipe) for answer in answers]
    planned = [max(n, answer.steps or 1) for n, answer in zip(durations, answers, strict=False)]
    parts = [excerpt(recipe, over, length=n) for recipe, over, n in zip(first, planned, durations, strict=True)]
    total = begin + (answers[-1].steps or 1)
    return Answer(joined(*parts, last), max(answer.peak for answer in answers), total, answers[-1].notes)


def with_warmup(q: Question) -> Answer:
    """create_lr_scheduler_with_warmup: W updates from the first value to the last, both of them used, then the other.

    What follows is not to repeat the last value: a schedule of torch goes on with its step 1, and one of ignite that
    begins with that value is taken a step earlier.
    """
    start, count = q.number("warmup_start_value", low=0), q.whole("warmup_duration", low=2)
    given = q.take("lr_scheduler")
    kind = named(q, "lr_scheduler", given, {**torch.NAMES, **OWN})[0]
    own = kind in OWN
    then = inner(q, "lr_scheduler", given, OWN if own else torch.NAMES, behind=count)
    planned = max(reach(q), then.steps or 1)
    first = then.recipe.over(planned, peak=then.peak)(0)
    end = q.base_lr if own else first
    if q.take("warmup_end_value", None) is not None:
        end = q.number("warmup_end_value", low=0)
    same = _asked_first(kind, given, first) == end if q.faithful else isclose(first, end, rel_tol=LAST_BITS)
    ways = [Way(0, count - 1, start, end)]
    ways += [Way(count - 1, count, end, end)] if not own or not same else []
    ways += [Way(count, count + 1, first, first)] if not own and not same else []
    rest = joined(hold(0, at=absolute(then.peak)), then.recipe) if own else excerpt(then.recipe, planned, begin=1)
    peak = max(start, end, then.peak)
    if not own and peak > then.peak:
        raise SpecError(
            f"{q.of}: expected a warmup at or below {then.peak:g}, the rate of torch's schedule, got {peak:g}"
        )
    return Answer(joined(along(q, ways, count + 1), rest), peak, count + 1 + planned, then.notes)


def _asked_first(kind: str, given: Mapping[str, Any], first: float) -> float:
    """The first value to the last bit, by which ignite knows whether it would be repeated."""
    if kind != "LinearCyclicalScheduler" or given.get("monotonic"):
        return first
    end = float(given["end_value"])
    return end + (float(given["start_value"]) - end)


def torch_scheduler(q: Question) -> Answer:
    """LRScheduler: what torch counts; ignite itself gives most of them other values."""
    if q.faithful:
        raise SpecError(
            f"{q.of}: expected faithful=False, got True: what ignite gives here differs from torch to torch"
        )
    q.take("use_legacy", None)
    answer = inner(q, "lr_scheduler", q.take("lr_scheduler"), torch.NAMES)
    return Answer(answer.recipe, answer.peak, answer.steps, (*answer.notes, TORCH_OUTSIDE))


def _handled(read: Callable[[Question], Answer]) -> Callable[[Question], Answer]:
    """A reader that leaves what says nothing of the curve."""

    def reader(q: Question) -> Answer:
        for name in OF_A_HANDLER:
            q.take(name, None)
        return read(q)

    return reader


READERS: dict[str, Callable[[Question], Answer]] = {
    "LinearCyclicalScheduler": linear_cyclical,
    "CosineAnnealingScheduler": cosine_annealing,
    "PiecewiseLinear": piecewise_linear,
    "PiecewiseLinearStateScheduler": piecewise_linear,
    "ExpStateScheduler": exponential,
    "StepStateScheduler": step,
    "MultiStepStateScheduler": multi_step,
    "ConcatScheduler": concat,
    "create_lr_scheduler_with_warmup": with_warmup,
    "LRScheduler": torch_scheduler,
}
NAMES = {name: _handled(read) for name, read in READERS.items()}
# Within another one; a schedule of torch goes by a name of its own.
OWN = {name: read for name, read in NAMES.items() if name not in ("create_lr_scheduler_with_warmup", "LRScheduler")}
