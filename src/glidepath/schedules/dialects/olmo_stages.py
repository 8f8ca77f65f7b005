"""OLMo-core's schedulers of several stages: WSDS, ComposableScheduler and the decay that overrides one."""

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects.curves import joined
from glidepath.schedules.dialects.cycles import Way, along, multiple
from glidepath.schedules.dialects.nesting import rows
from glidepath.schedules.dialects.olmo_plan import answered, fields, phase
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.recipes import arc, hold
from glidepath.schedules.reshape import excerpt
from glidepath.schedules.schedule import Recipe


def periods(q: Question) -> Answer:
    """WSDS: periods of a stable phase and a line down; the first step of a period still belongs to the one before."""
    fields(q)
    q.take("t_max", None)
    lengths, tops = _lengths(q), _tops(q)
    warm = phase(q, "warmup", lengths[0], older=False)
    downs = [phase(q, "decay", length, older=False) for length in lengths]
    low, start = q.number("decay_min_lr", 0.0, low=0), q.number("warmup_min_lr", 0.0, low=0)
    room = [lengths[0] - warm, *lengths[1:]]
    if any(down > length for down, length in zip(downs, room, strict=True)) or 0 in downs[:-1]:
        raise SpecError(f"{q.of}: expected a decay within each period, behind the warmup, got {downs} in {room}")
    if max(low, start) >= min(tops):
        raise SpecError(f"{q.of}: expected decay_min_lr and warmup_min_lr below {min(tops):g}, got {low:g}, {start:g}")
    ways = [Way(0, warm, start, tops[0])]
    for k, end in enumerate(accumulate(lengths)):
        begin, fall = end - room[k], end - downs[k]
        first = begin + 1 if k else begin
        ways += [Way(begin, begin + 1, low, low)] if k else []
        ways.append(Way(begin, fall, tops[k], tops[k], first=first))
        ways.append(Way(fall, end, tops[k], low, first=max(first, fall)))
    peak, total = max(tops), sum(lengths)
    curve = joined(along(q, ways, total, multiple(peak)), hold(at=low / peak))
    return answered(q, curve, total + 1, peak=peak)


def _lengths(q: Question) -> list[int]:
    lengths = rows(q, "period_lengths", least=1)
    if not all(type(length) is int and length > 0 for length in lengths):
        raise SpecError(f"{q.of}: expected period_lengths as whole numbers above 0, got {shown(lengths)}")
    return lengths


def _tops(q: Question) -> list[float]:
    """The peak of each period."""
    count = len(rows(q, "period_lengths", least=1))
    if q.take("period_lr_multipliers", None) is None:
        return [q.base_lr] * count
    given = rows(q, "period_lr_multipliers", least=count)
    if len(given) != count or not all(type(value) in (int, float) and value > 0 for value in given):
        raise SpecError(f"{q.of}: expected {count} period_lr_multipliers above 0, got {shown(given)}")
    return [q.base_lr * value for value in given]


def composable(q: Question) -> Answer:
    """ComposableScheduler: stages from their start, or the end of the one before, to their end, whatever t_max is."""
    fields(q)
    q.take("t_max", None)
    ways, before, end = [], q.base_lr, 0
    for number, table in enumerate(rows(q, "stages", least=1)):
        stage = _within(q, f"stages[{number}]", table)
        length, shape = stage.whole("duration", low=1), stage.choice("shape", "linear", ("linear", "cosine"))
        start, to = _rate(stage, "start_lr", before), _rate(stage, "end_lr", None)
        stage.finish()
        ways.append(Way(end, end + length, start, to, shape))
        before, end = to, end + length
    peak = max(q.base_lr, *(max(way.start, way.to) for way in ways))
    curve = joined(along(q, ways, end, multiple(peak)), hold(at=before / peak))
    return overridden(q, curve, end + 1, peak)


def overridden(q: Question, recipe: Recipe, steps: int, peak: float) -> Answer:
    """The recipe, or from the start of `override_decay` on a way from its rate there to another."""
    if q.take("override_decay", None) is None:
        return answered(q, recipe, steps, peak=peak)
    decay = _within(q, "override_decay", q.take("override_decay"))
    begin, length = decay.whole("start"), decay.whole("duration", low=1)
    shape, to = decay.choice("shape", "linear", ("linear", "cosine")), _rate(decay, "end_lr", None)
    decay.finish()
    if to > peak:
        raise SpecError(f"{decay.of}: expected its end at or below {peak:g}, the largest rate, got {to:g}")
    over = max(steps, begin + 1)
    start = recipe.over(over, peak=peak)(begin) / peak
    fall = arc(length, start=start, to=to / peak, shape=shape)
    curve = joined(excerpt(recipe, over, length=begin), fall, hold(at=to / peak))
    return answered(q, curve, max(over, begin + length + 1), peak=peak)


def _within(q: Question, field: str, table: Any) -> Question:
    """The questions to a table inside of the configuration."""
    if not isinstance(table, Mapping) or not all(isinstance(key, str) for key in table):
        raise SpecError(f"{q.of}: expected {field} as a table of fields, got {shown(table)}")
    inside = Question(f"{q.of} {field}", table, q.base_lr, q.steps, q.faithful)
    inside.take("_CLASS_", None)
    return inside


def _rate(stage: Question, name: str, default: float | None) -> float:
    """A rate named as itself or as a fraction of the initial one."""
    fraction = f"{name}_fraction"
    given = [field for field in (name, fraction) if stage.take(field, None) is not None]
    if not given and default is not None:
        return default
    if len(given) != 1:
        raise SpecError(f"{stage.of}: expected one of {name} and {fraction}, got {' and '.join(given) or 'neither'}")
    return stage.number(given[0], low=0) * (stage.base_lr if given[0] == fraction else 1.0)
