"""optax.schedules: function names and their arguments; the rates are their own, so base_lr is not asked."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects import exponentials
from glidepath.schedules.dialects.curves import joined, reach
from glidepath.schedules.dialects.cycles import Way, along, fixed, polynomial
from glidepath.schedules.dialects.nesting import inner, rows, wholes
from glidepath.schedules.dialects.optax_knots import cosine_onecycle, interpolated, linear_onecycle, piecewise
from glidepath.schedules.dialects.question import LARGEST, Answer, Question
from glidepath.schedules.dialects.sequence import one_behind_another
from glidepath.schedules.dialects.wording import Reader, plainly
from glidepath.schedules.recipes import hold

ANY = -int(LARGEST)  # optax takes lengths below 1, as what switches a schedule off


def constant(q: Question) -> Answer:
    """constant_schedule: the value."""
    value = q.number("value", low=0)
    return Answer(hold(at=fixed(value)), value, q.horizon())


def line(q: Question) -> Answer:
    """linear_schedule: (init - end)(1 - c/n) + end, c the count behind `transition_begin`."""
    return _power(q, 1.0)


def power(q: Question) -> Answer:
    """polynomial_schedule: the same to a power."""
    return _power(q, q.number("power", low=0))


def _power(q: Question, exponent: float) -> Answer:
    first, last = q.number("init_value", low=0), q.number("end_value", low=0)
    count, (begin, notes) = q.whole("transition_steps", low=ANY), _begin(q)
    if count < 1 or exponent == 0:
        return _switched_off(q, first, "transition_steps" if exponent else "power", count if exponent else 0)
    way = Way(begin, begin + count, first, last, *polynomial(exponent))
    ways = along(q, [Way(0, begin, first, first), way], begin + count)
    return Answer(joined(ways, hold()), max(first, last), begin + count, notes)


def _begin(q: Question) -> tuple[int, tuple[str, ...]]:
    """The steps before a transition, and a note where optax takes 0 instead."""
    begin = q.whole("transition_begin", 0, low=ANY)
    notes = () if begin >= 0 or q.faithful else (f"optax takes a transition_begin of {begin} as 0",)
    return max(0, begin), notes


def _switched_off(q: Question, value: float, name: str, given: float) -> Answer:
    """The first value for ever, which optax takes some arguments for without a word."""
    notes = () if q.faithful else (f"optax stays at {value:g} for ever, because {name} is {given:g}",)
    return Answer(hold(at=fixed(value)), value, q.horizon(), notes)


def exponential(q: Question) -> Answer:
    """exponential_decay: init * rate^((t - begin)/n), in stairs where asked, not beyond `end_value`."""
    return _exponential(q, q.number("init_value", low=0))


def _exponential(q: Question, first: float, behind: int = 0) -> Answer:
    rate, every = q.number("decay_rate", low=0), q.whole("transition_steps", low=ANY)
    (begin, notes), staircase = _begin(q), q.flag("staircase", default=False)
    end = None if q.take("end_value", None) is None else q.number("end_value", low=0)
    if every < 1 or rate == 0:
        return _switched_off(q, first, "decay_rate" if every > 0 else "transition_steps", min(every, rate))
    if end is not None and (end >= first if rate < 1 else end <= first):
        return Answer(hold(at=fixed(end)), end, q.horizon(), notes)
    if rate == 1 or first == 0:
        return Answer(hold(at=fixed(first)), first, q.horizon(), notes)
    if rate > 1 and end is not None:
        up = exponentials.limited(q, first, rate, every, begin=begin, staircase=staircase, top=end)
        return replace(up, notes=notes)
    left = max(1, reach(q) - behind)
    if rate > 1:
        up = exponentials.growing(q, first, rate, every, begin=begin, way=left - begin, staircase=staircase)
        return replace(up, notes=(*notes, *up.notes))
    fall = exponentials.falling(first, rate, every, begin=begin, staircase=staircase, low=end or 0.0)
    return Answer(fall, first, left, notes)


def cosine(q: Question) -> Answer:
    """cosine_decay_schedule: init ((1 - alpha)((1 + cos(pi t / n)) / 2)^exponent + alpha)."""
    first, count = q.number("init_value", low=0), q.whole("decay_steps", low=1)
    last = first * q.number("alpha", 0.0, low=0)
    return Answer(joined(along(q, [_wave(q, 0, count, first, last)], count), hold()), max(first, last), count)


def _wave(q: Question, begin: int, end: int, first: float, last: float) -> Way:
    """A cosine to the power of `exponent`."""
    exponent = q.number("exponent", 1.0, low=0)
    if exponent == 1:
        return Way(begin, end, first, last, "cosine")
    return Way(begin, end, first, last if exponent else first, "cosine-power", exponent)


def warmup_cosine(q: Question) -> Answer:
    """warmup_cosine_decay_schedule: `decay_steps` holds the warmup."""
    up, peak, warm = _warmup(q)
    count, end = q.whole("decay_steps", low=1), q.number("end_value", 0.0, low=0)
    if count <= warm:
        raise SpecError(f"{q.of}: expected decay_steps above warmup_steps, which they hold, got {count} and {warm}")
    last = end if peak else 0.0
    ways = along(q, [up, _wave(q, warm, count, peak, last)], count)
    return Answer(joined(ways, hold()), max(up.start, peak, last), count)


def _warmup(q: Question) -> tuple[Way, float, int]:
    """The way to `peak_value`, which need not go up."""
    first, peak, warm = q.number("init_value", low=0), q.number("peak_value", low=0), q.whole("warmup_steps")
    return Way(0, warm, first if warm else peak, peak), peak, warm


def warmup_constant(q: Question) -> Answer:
    """warmup_constant_schedule: linear_schedule by other names, so that no warmup is its first value for ever."""
    first, last, count = q.number("init_value", low=0), q.number("peak_value", low=0), q.whole("warmup_steps", low=ANY)
    if count < 1:
        return _switched_off(q, first, "warmup_steps", count)
    return Answer(joined(along(q, [Way(0, count, first, last)], count), hold()), max(first, last), count)


def warmup_exponential(q: Question) -> Answer:
    """warmup_exponential_decay_schedule: a linear warmup, then exponential_decay from its own step 0 on."""
    up, peak, warm = _warmup(q)
    then = _exponential(q, peak, behind=warm)
    ways = along(q, [up], warm)
    top = max(up.start, up.to) if warm else 0.0
    return Answer(joined(ways, then.recipe), max(top, then.peak), warm + (then.steps or 1), then.notes)


def sgdr(q: Question) -> Answer:
    """sgdr_schedule: one warmup_cosine_decay_schedule behind another, each over its own decay_steps."""
    name = "warmup_cosine_decay_schedule"
    tables = [{**_table(q, "cosine_kwargs", row), "name": name} for row in rows(q, "cosine_kwargs", least=1)]
    cycles = [inner(q, "cosine_kwargs", table, {name: warmup_cosine}) for table in tables]
    return one_behind_another(cycles, [int(table["decay_steps"]) for table in tables[:-1]])


def join(q: Question) -> Answer:
    """join_schedules: each child, {"name": ..., "config": {...}}, from its own step 0 at its boundary on."""
    tables = [_table(q, "schedules", row) for row in rows(q, "schedules", least=1)]
    begins = [0, *wholes(q, "boundaries", least=0)]
    if len(begins) != len(tables) or sorted(begins) != begins:
        raise SpecError(
            f"{q.of}: expected boundaries in order, one fewer than schedules, got {shown(begins[1:])} for {len(tables)}"
        )
    lengths = [end - begin for begin, end in pairwise(begins)]
    children = [
        inner(q, "schedules", {**_config(q, table), "name": table.get("name")}, READERS, behind=begin, steps=length)
        for table, begin, length in zip(tables, begins, [*(max(1, n) for n in lengths), None], strict=True)
    ]
    return one_behind_another(children, lengths)


def _table(q: Question, field: str, row: Any) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise SpecError(f"{q.of}: expected {field} as a list of tables, got {shown(row)} in it")
    return row


def _config(q: Question, table: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a child: in a table of their own, or beside its name."""
    if "config" in table:
        return _table(q, "config", table["config"])
    return {key: value for key, value in table.items() if key != "name"}


READERS: dict[str, Reader] = {
    "constant_schedule": constant,
    "linear_schedule": line,
    "polynomial_schedule": power,
    "exponential_decay": exponential,
    "cosine_decay_schedule": cosine,
    "warmup_constant_schedule": warmup_constant,
    "warmup_cosine_decay_schedule": warmup_cosine,
    "warmup_exponential_decay_schedule": warmup_exponential,
    "piecewise_constant_schedule": piecewise,
    "piecewise_interpolate_schedule": interpolated,
    "linear_onecycle_schedule": linear_onecycle,
    "cosine_onecycle_schedule": cosine_onecycle,
    "sgdr_schedule": sgdr,
    "join_schedules": join,
}
NAMES = {name: plainly(read) for name, read in READERS.items()}
