"""fairseq.optim.lr_scheduler: registered names and class names with their fields; update t has num_updates t.

Epochs (several lr of fixed, epoch2lr of manual) need a horizon that knows steps_per_epoch.
"""

import re
from collections.abc import Callable, Mapping
from math import ceil, floor, isclose, log

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects.curves import joined, reach
from glidepath.schedules.dialects.cycles import (
    MOST_PARTS,
    Way,
    along,
    firsts_of,
    fixed,
    grown,
    polynomial,
    restarts,
    stairs,
)
from glidepath.schedules.dialects.nesting import numbers
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.powers import inverse_sqrt
from glidepath.schedules.recipes import arc, hold, steps, warmup
from glidepath.schedules.reshape import clip, combine, repeat
from glidepath.schedules.schedule import Recipe

LATE = "fairseq begins some cycles an update late, because its logarithm is rounded; read as on time"
DIPS = "fairseq lets the top of later cycles fall below lr; read as never below it"
KEYS = r"[0-9]{1,20}((,[0-9]{1,20}){0,1000}|-[0-9]{1,20})"
DECAY_PERIODS = ("lr_decay_period", "lr_deacy_period")  # the field's name, and the one that its releases have


def _rates(q: Question) -> list[float]:
    """The field lr, a list; the optimizer's rate where there is none."""
    given = q.take("lr", q.base_lr)
    return numbers(q, "lr", least=1) if isinstance(given, (list, tuple)) else [q.number("lr", q.base_lr, low=0)]


def _rate(q: Question) -> float:
    rates = _rates(q)
    if len(rates) > 1:
        raise SpecError(f"{q.of}: expected one lr, got {len(rates)}: fixed alone has one for every epoch")
    return rates[0]


def _warm(q: Question, peak: float, first: float, default: int = 0) -> tuple[int, Recipe | None, float]:
    """(W, t/W of the way from warmup_init_lr, or from `first` where that is below 0, to the peak; the larger one)."""
    count, start = q.whole("warmup_updates", default), q.number("warmup_init_lr", -1.0)
    start = start if start >= 0 else first
    return count, along(q, [Way(0, count, start, peak)], count), max(start, peak) if count else peak


def cosine(q: Question) -> Answer:
    """cosine: a warmup, then cycles of t_mult^i periods from lr to min_lr, both times lr_shrink^i."""
    peak, low = _rate(q), q.number("min_lr", 0.0, low=0)
    warm, up, top = _warm(q, peak, low)
    growth, shrink = q.number("t_mult", 1.0, low=1), q.number("lr_shrink", 0.1, low=0, high=1)
    period, updates = q.number("lr_period_updates", -1.0), q.number("max_update", q.steps or 0)
    period = period if period > 0 else updates - warm
    if period < 1 or peak <= low:
        raise SpecError(
            f"{q.of}: expected a period of at least 1 and lr above min_lr, got {period:g}, {peak:g} and {low:g}"
        )
    until = reach(q, warm + ceil(period))
    if growth == 1 and shrink == 1 and period == int(period):
        one = arc(start=fixed(peak), to=fixed(low), shape="cosine")
        return Answer(joined(up, repeat(one, every=int(period))), top, until)
    bounds = grown(q, period, growth, until - warm)
    firsts = firsts_of([begin for begin, _ in bounds], lambda step: _cycle(step, period, growth))
    late = firsts != [ceil(begin) for begin, _ in bounds]
    if not q.faithful:
        firsts = [ceil(begin) for begin, _ in bounds]
    ways = restarts(bounds, firsts, lambda i: (peak * shrink**i, low * shrink**i))
    return Answer(joined(up, along(q, ways, until - warm)), top, until, (LATE,) if late and not q.faithful else ())


def _cycle(step: int, period: float, growth: float) -> int:
    """The cycle that fairseq counts an update to, by a rounded logarithm where cycles grow."""
    if growth == 1:
        return floor(step / period)
    return floor(log(1 - step / period * (1 - growth), growth))


def fixed_rates(q: Question) -> Answer:
    """fixed: (t + 1)/W of the epoch's lr; from epoch force_anneal on the last one times lr_shrink each epoch."""
    rates, warm = _rates(q), q.whole("warmup_updates", 0)
    shrink, anneal = q.number("lr_shrink", 0.1, low=0, high=1), q.take("force_anneal", None)
    up = warmup(warm - 1, start=1 / warm) if warm > 1 else None
    if len(rates) == 1 and anneal is None:
        return Answer(joined(up, hold(at=1.0)), rates[0], warm + 1)
    begin = None if anneal is None else q.whole("force_anneal", low=1)
    epoch, until = q.rate("steps_per_epoch"), reach(q, warm)
    epochs = len(rates) if begin is None else ceil(until / epoch)
    values = (_of_epoch(number, rates, begin, shrink) for number in range(1, epochs + 1))
    levels = stairs(q, ((ceil(epoch * k), value) for k, value in enumerate(values)), until)
    curve = levels if up is None else combine(joined(up, hold(at=1.0)), levels, by="product")
    return Answer(curve, max(rates), until)


def _of_epoch(number: int, rates: list[float], anneal: int | None, shrink: float) -> float:
    """The lr of an epoch, from 1 on."""
    if anneal is None or number < anneal:
        return rates[min(number, len(rates)) - 1]
    return rates[-1] * shrink ** (number + 1 - anneal)


def inverse_square_root(q: Question) -> Answer:
    """inverse_sqrt: a warmup, then p sqrt(W / t)."""
    peak = _rate(q)
    warm, up, top = _warm(q, peak, 0.0, 4000)
    if not warm:
        raise SpecError(f"{q.of}: expected warmup_updates of at least 1, by which fairseq divides, got 0")
    return Answer(joined(up, inverse_sqrt(timescale=warm)), top, reach(q, warm))


def polynomial_decay(q: Question) -> Answer:
    """polynomial_decay: t/W up to step W, then (1 - u)^power down to end_learning_rate at total_num_update."""
    peak, warm, low = _rate(q), q.whole("warmup_updates", 0), q.number("end_learning_rate", 0.0, low=0)
    shape, total = polynomial(q.number("power", 1.0, low=0)), q.number("total_num_update", q.steps, low=1)
    if q.take("force_anneal", None) is not None:
        raise SpecError(f"{q.of}: expected no force_anneal, which keeps whatever rate an epoch began with, got one")
    until = max(ceil(total), warm + 1)
    down = [Way(warm, total, peak, low, *shape)] if total > warm else [Way(warm, warm + 1, peak, peak)]
    ways = [*([Way(0, warm, 0.0, peak)] if warm else []), *down]
    return Answer(joined(along(q, ways, until), hold(at=fixed(low))), max(peak, low), until)


def tri_stage(q: Question) -> Answer:
    """tri_stage: up from init_lr_scale, a hold, and equal factors down to final_lr_scale."""
    peak, names = _rate(q), ("warmup_steps", "hold_steps", "decay_steps")
    warm, flat, down = (q.whole(name, 0) for name in names)
    first = q.number("init_lr_scale", 0.01, low=0, high=1)
    last, updates = q.number("final_lr_scale", 0.01, low=0, high=1), q.number("max_update", q.steps or 0, low=0)
    if q.take("phase_ratio", None) is not None:
        shares = numbers(q, "phase_ratio", least=3, high=1)
        if len(shares) != len(names) or not isclose(sum(shares), 1):
            raise SpecError(f"{q.of}: expected phase_ratio as three shares that add up to 1, got {shown(shares)}")
        warm, flat, down = (int(updates * share) for share in shares)
    if not down:
        raise SpecError(f"{q.of}: expected a decay of at least 1 step, by which fairseq divides, got 0")
    return three_stages(q, peak, (warm, flat, down), (first, last))


def three_stages(q: Question, peak: float, sizes: tuple[int, int, int], scales: tuple[float, float]) -> Answer:
    """A warmup, a hold and an exponential decay."""
    warm, flat, _ = sizes
    first, last = scales
    if last == 0:
        raise SpecError(f"{q.of}: expected a final scale above 0, which equal factors can reach, got 0")
    bounds = [(0, warm, first, 1.0), (warm, warm + flat, 1.0, 1.0), (warm + flat, sum(sizes), 1.0, last)]
    ways = [Way(*bound, shape) for bound, shape in zip(bounds, ("linear", "linear", "exponential"), strict=True)]
    curve = along(q, ways, sum(sizes), lambda value: value)
    return Answer(joined(curve, hold(at=last)), peak, sum(sizes))


def triangular(q: Question) -> Answer:
    """triangular: from lr up to max_lr and down again, the top times lr_shrink each cycle, lr too with shrink_min."""
    low, peak, shrink = _rate(q), q.number("max_lr", low=0), q.number("lr_shrink", 0.1, low=0, high=1)
    half, both = floor(q.number("lr_period_updates", 5000, low=2) / 2), q.flag("shrink_min", default=False)
    if peak <= low:
        raise SpecError(f"{q.of}: expected max_lr above lr, got {peak:g} and {low:g}")
    ends, until = (fixed(low), fixed(peak)), reach(q)
    if shrink == 1:
        one = joined(arc(half, start=ends[0], to=ends[1]), arc(half, start=ends[1], to=ends[0]))
        return Answer(repeat(one, every=2 * half), peak, until)
    ways: list[Way] = []
    for i in range(min(ceil(until / (2 * half)), MOST_PARTS)):
        top, bottom = peak * shrink**i, low * shrink**i if both else low
        top = top if q.faithful else max(top, bottom)
        middle = (2 * i + 1) * half
        ways += [Way(middle - half, middle, bottom, top), Way(middle, middle + half, top, bottom)]
    notes = (DIPS,) if not both and not q.faithful and peak * shrink ** (len(ways) // 2 - 1) < low else ()
    return Answer(joined(along(q, ways, until), hold()), peak, until, notes)


def step(q: Question) -> Answer:
    """step: a warmup, then p lr_decay^floor(t / lr_decay_period), never below min_lr."""
    peak, low = _rate(q), q.number("min_lr", 0.0, low=0)
    if peak <= low:
        raise SpecError(f"{q.of}: expected lr above min_lr, got {peak:g} and {low:g}")
    warm, up, top = _warm(q, peak, low)
    named = [name for name in DECAY_PERIODS if q.take(name, None) is not None]
    every = q.whole(named[0], low=1) if named else 25_000
    factor = q.number("lr_decay", 0.5, low=0, high=1)
    floor_at = (lambda recipe: clip(recipe, low=fixed(low))) if low else (lambda recipe: recipe)
    drops = floor_at(joined(hold(0, at=fixed(peak)) if top > peak else None, steps(every, factor=factor)))
    return Answer(joined(up, drops), top, reach(q, warm))


def manual(q: Question) -> Answer:
    """manual: the rates of epoch2lr and update2lr from those epochs and updates on; an update goes before an epoch."""
    rates = _rates(q)
    epochs, updates = _table(q, "epoch2lr"), _table(q, "update2lr")
    first = epochs.get(1, updates.get(1, rates[0]))
    if epochs:
        size, until = q.rate("steps_per_epoch"), min(updates, default=None)
        begins = {ceil(size * (number - 1)): rate for number, rate in epochs.items() if number > 0}
        updates = {**{at: rate for at, rate in begins.items() if until is None or at < until}, **updates}
    changes = sorted({0: first, **updates}.items())
    last = changes[-1][0] + 1
    return Answer(stairs(q, changes, last), max(rate for _, rate in changes), max(last, q.steps or 1))


def _table(q: Question, name: str) -> dict[int, float]:
    """Keys such as "1", "2,3" and "4-9" to rates."""
    given = q.take(name, {})
    if not isinstance(given, Mapping):
        raise SpecError(f'{q.of}: expected {name} as a table such as {{"1-9": 0.1}}, got {shown(given)}')
    table: dict[int, float] = {}
    for key, value in given.items():
        rate = Question(q.of, {name: value}, q.base_lr, q.steps, q.faithful).number(name, low=0)
        table.update(dict.fromkeys(_keys(q, name, str(key)), rate))
    return table


def _keys(q: Question, name: str, key: str) -> range | list[int]:
    words = key.replace(" ", "")
    if re.fullmatch(KEYS, words) is None:
        raise SpecError(f'{q.of}: expected keys of {name} as "1", "2,3" or "4-9", got {shown(key)}')
    if "-" not in words:
        return [int(word) for word in words.split(",")]
    first, last = (int(word) for word in words.split("-"))
    if last - first > MOST_PARTS:
        raise SpecError(f"{q.of}: expected keys of {name} over at most {MOST_PARTS} updates, got {shown(key)}")
    return range(first, last + 1)


REGISTERED: dict[str, tuple[str, Callable[[Question], Answer]]] = {
    "cosine": ("CosineLRSchedule", cosine),
    "fixed": ("FixedLRSchedule", fixed_rates),
    "inverse_sqrt": ("InverseSquareRootSchedule", inverse_square_root),
    "polynomial_decay": ("PolynomialDecayLRSchedule", polynomial_decay),
    "tri_stage": ("TriStageLRSchedule", tri_stage),
    "triangular": ("TriangularLRSchedule", triangular),
    "step": ("StepLRSchedule", step),
    "manual": ("ManualSchedule", manual),
}
NAMES = {name: read for registered, (by, read) in REGISTERED.items() for name in (registered, by)}
