"""timm.scheduler: class names and their arguments, all in updates or all in epochs.

A warmup overlays the curve unless it is a prefix. Source: timm 1.0.31, scheduler/*.py.
"""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import count
from math import ceil, floor, inf, isclose, log, tanh

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import joined, powered, reach
from glidepath.schedules.dialects.cycles import (
    HALF,
    LAST_BITS,
    MOST_PARTS,
    Way,
    along,
    firsts_of,
    fixed,
    grown,
    polynomial,
    stairs,
)
from glidepath.schedules.dialects.nesting import wholes
from glidepath.schedules.dialects.question import LARGEST, Answer, Question
from glidepath.schedules.dialects.wording import plainly
from glidepath.schedules.levels import Level
from glidepath.schedules.powers import power_law
from glidepath.schedules.recipes import arc, hold, steps, warmup
from glidepath.schedules.reshape import clip, combine, excerpt, repeat, scale
from glidepath.schedules.schedule import Recipe

TANH = (-7.0, 3.0)  # where our tanh shape begins and ends
FLAT = 100.0  # a tanh of it is 1 to the last bit
LEAST_WAY = 0.01  # from one end of the tanh to the other: less is a step, and no float finds its ends
LEAST_GROWTH = 1 + 1e-6  # of a cycle beyond the one before: timm finds cycles by a logarithm to that base
UNUSED = ("noise_pct", "noise_std", "noise_seed", "t_in_epochs", "initialize")  # of the curve
DECAYS = {"linear": "linear", "1-sqrt": "1-sqrt", "cosine": "cosine", "power": "polynomial", "exp": "exp-zero"}
LATE = "timm begins some cycles a step late, by rounding; read as in time"
# (begin, end, its highest rate, first step, the next cycle's first step) of a cycle -> the ways of it
Cycle = Callable[[float, float, float, int, int], list[Way]]


def _warmup(q: Question) -> tuple[int, float]:
    """(its length, its first rate, which is none without one)."""
    warm, first = q.whole("warmup_t", 0), q.number("warmup_lr_init", 0.0, low=0)
    return warm, first if warm else 0.0


def _warmed(q: Question, answer: Answer, *, prefix: bool, meets: bool = False) -> Answer:
    """The curve behind its warmup, or from where it is by the end of one that overlays it.

    The warmup goes up to the rate, or, where it `meets` the curve, to what that is at its end.
    """
    warm, first = _warmup(q)
    for name in UNUSED:
        q.take(name, None)
    if q.take("noise_range_t", None) is not None:
        raise SpecError(f"{q.of}: expected no noise_range_t, got one: a schedule has no random numbers")
    planned = answer.steps or 1
    if not warm:
        return _begun(q, answer, planned)
    if prefix:
        return replace(answer, recipe=joined(_line(warm, first, q.base_lr), answer.recipe), steps=warm + planned)
    total = max(planned, warm + 1)
    end = answer.recipe.over(total, peak=answer.peak)(warm) if meets else q.base_lr
    note = f"the warmup overlays the curve, which begins behind it at step {warm}: the peak may never be reached"
    curve = joined(_line(warm, first, end), excerpt(answer.recipe, total, begin=warm))
    return Answer(curve, answer.peak, total, (*answer.notes, note))


def _line(count: int, first: float, end: float) -> Recipe:
    make = warmup if first <= end else arc
    return make(count, start=fixed(first), to=fixed(end))


def _begun(q: Question, answer: Answer, planned: int) -> Answer:
    """The curve as timm is first asked for it: at step 1, behind one at the rate that the optimizer was made with."""
    if isclose(answer.recipe.over(planned, peak=answer.peak)(0), q.base_lr, rel_tol=LAST_BITS):
        return answer
    curve = joined(hold(1, at=fixed(q.base_lr)), excerpt(answer.recipe, planned, begin=1))
    return replace(answer, recipe=curve, steps=max(2, planned))


def _cycled(q: Question, low: float, cycle: Cycle, *, meets: bool = False) -> Answer:
    """Cycles, as many as the limit has it, then lr_min."""
    first, limit = q.whole("t_initial", low=1), q.whole("cycle_limit", 1)
    growth, factor = q.number("cycle_mul", 1.0, low=1), q.number("cycle_decay", 1.0, low=0)
    if 1 < growth < LEAST_GROWTH:
        raise SpecError(
            f"{q.of}: expected cycle_mul of 1 or from {LEAST_GROWTH!r} on, got {growth!r}, lost in rounding"
        )
    prefix, until = q.flag("warmup_prefix", default=False), _until(q, first, growth, limit)
    peak = max(q.base_lr, low, _warmup(q)[1])
    if growth == factor == 1 and limit > 1:
        once = along(q, cycle(0, first, q.base_lr, 0, first), first, _named(peak))
        answer = Answer(joined(repeat(joined(once), every=first, length=until), hold(at=fixed(low))), peak, until)
        return _warmed(q, answer, prefix=prefix, meets=meets)
    bounds = grown(q, first, growth, until)[:limit]
    tops = [_power(q, factor, i) * q.base_lr for i in range(len(bounds))]
    firsts, notes = _firsts(q, first, growth, [*(begin for begin, _ in bounds), *(end for _, end in bounds[-1:])])
    ways = [
        way
        for i, ((begin, end), top) in enumerate(zip(bounds, tops, strict=True))
        for way in cycle(begin, end, top, firsts[i], firsts[i + 1])
    ]
    peak = max(peak, *tops, 0.0)
    planned = firsts[-1] if firsts else 1
    curve = along(q, ways, planned, _named(peak))
    return _warmed(q, Answer(joined(curve, hold(at=fixed(low))), peak, planned, notes), prefix=prefix, meets=meets)


def _named(peak: float) -> Callable[[float], Level]:
    """How rates become levels: the peak is one of every peak."""
    return lambda value: 1.0 if value == peak else fixed(value)


def _until(q: Question, first: int, growth: float, limit: int) -> int:
    """Where the last cycle ends; the end of the run where there are more than anybody draws."""
    try:
        whole = first * (limit if growth == 1 else (growth**limit - 1) / (growth - 1))
    except OverflowError:
        whole = inf
    too_many = limit > MOST_PARTS and q.steps is not None
    return reach(q) if whole > LARGEST or (too_many and whole > reach(q)) else ceil(whole)


def _firsts(q: Question, first: int, growth: float, begins: list[float]) -> tuple[list[int], tuple[str, ...]]:
    """(the first step of each cycle, notes): timm asks a logarithm, whose last bit may be missing."""
    here = [ceil(begin) for begin in begins]
    if growth == 1:
        return here, ()
    late = firsts_of(begins, lambda step: floor(log(1 - step / first * (1 - growth), growth)))
    return (late, ()) if q.faithful or late == here else (here, (LATE,))


def _power(q: Question, rate: float, exponent: int) -> float:
    """rate^exponent, refused where the learning rate would be none."""
    if rate > 1 and exponent * log(rate) + log(q.base_lr) > log(LARGEST):
        raise SpecError(f"{q.of}: expected rates below {LARGEST:g}, got {q.base_lr:g} times {rate:g}^{exponent}")
    return float(rate**exponent)


def cosine(q: Question) -> Answer:
    """CosineLRScheduler: m + (g^i p - m)(1 + cos(pi t^k / T^k)) / 2 in cycle i."""
    low, power = q.number("lr_min", 0.0, low=0), q.number("k_decay", 1.0, low=0)
    shape = ("cosine", 1.0) if power == 1 else ("k-cosine", power)

    def cycle(begin: float, end: float, top: float, first: int, stop: int) -> list[Way]:
        return [Way(min(begin, first), end, top, low, *shape, first=first, stop=stop)]

    return _cycled(q, low, cycle)


def hyperbolic_tangent(q: Question) -> Answer:
    """TanhLRScheduler: m + (g^i p - m)(1 - tanh(lb (1 - t/T) + ub t/T)) / 2, a stretch of our shape; then m."""
    low, lower = q.number("lr_min", 0.0, low=0), q.number("lb", TANH[0], low=-FLAT, high=FLAT)
    upper = q.number("ub", TANH[1], low=-FLAT, high=FLAT)
    if upper - lower < LEAST_WAY:
        raise SpecError(f"{q.of}: expected lb at least {LEAST_WAY:g} below ub, got {lower:g} and {upper:g}")
    places = [(end - lower) / (upper - lower) for end in TANH]  # of the shape's ends, as shares of the cycle

    def cycle(begin: float, end: float, top: float, first: int, stop: int) -> list[Way]:
        since, until = (begin + share * (end - begin) for share in places)
        start, to = (low + HALF * (top - low) * (1 - tanh(at)) for at in TANH)
        return [Way(since, until, start, to, "tanh", first=first, stop=stop, beyond=True)]

    return _cycled(q, low, cycle, meets=True)


def poly(q: Question) -> Answer:
    """PolyLRScheduler: m + (g^i p - m)(1 - t^k/T^k)^power, point by point where neither power is 1."""
    low, power, k = q.number("lr_min", 0.0, low=0), q.number("power", HALF, low=0), q.number("k_decay", 1.0, low=0)

    def cycle(begin: float, end: float, top: float, first: int, stop: int) -> list[Way]:
        begin = min(begin, first)
        if power == 0:
            return [Way(begin, end, top, top, first=first, stop=stop)]
        if k == 1:
            return [Way(begin, end, top, low, *polynomial(power), first=first, stop=stop)]
        if power == 1:
            return [Way(begin, end, top, low, "polynomial", k, first=first, stop=stop, backwards=True)]
        if stop - first > MOST_PARTS:
            raise SpecError(f"{q.of}: expected at most {MOST_PARTS} steps with both power and k_decay, got more")
        shares = (max(0.0, 1 - ((t - begin) / (end - begin)) ** k) ** power for t in range(first, stop))
        values = (low + (top - low) * share for share in shares)
        return [Way(t, t + 1, value, value) for t, value in enumerate(values, start=first)]

    return _cycled(q, low, cycle)


def step(q: Question) -> Answer:
    """StepLRScheduler: p * rate^floor(t / S), where S need not be whole."""
    every, rate, until = q.number("decay_t", low=0), q.number("decay_rate", 1.0, low=0), reach(q)
    prefix, base = q.flag("warmup_prefix", default=True), q.base_lr
    if every == 0:
        raise SpecError(f"{q.of}: expected decay_t above 0, got 0")
    if 0 < rate <= 1 and every.is_integer():
        curve, top = joined(hold(0, at=fixed(base)), steps(int(every), factor=rate)), base
    else:
        top = base * max(1.0, _power(q, rate, int((until - 1) // every)))
        drops = ((ceil(k * Fraction(every)), base * rate**k) for k in (range(2) if rate == 0 else count()))
        curve = stairs(q, drops, until)
    return _warmed(q, Answer(curve, max(top, _warmup(q)[1]), until), prefix=prefix)


def multi_step(q: Question) -> Answer:
    """MultiStepLRScheduler: a drop one step before each of `decay_t`."""
    named, rate = wholes(q, "decay_t", least=0), q.number("decay_rate", 1.0, low=0)
    prefix, base = q.flag("warmup_prefix", default=True), q.base_lr
    if named != sorted(named):
        raise SpecError(f"{q.of}: expected decay_t in order, as timm takes it, got {named!s:.60}")
    top = base * max(1.0, _power(q, rate, len(named)))
    drops = [(0, base), *((max(0, at - 1), base * rate ** (k + 1)) for k, at in enumerate(named))]
    until = drops[-1][0] + 1
    return _warmed(q, Answer(stairs(q, drops, until), max(top, _warmup(q)[1]), until), prefix=prefix)


def stable(q: Question) -> Answer:
    """WSDLRScheduler: m + (max(p s(t), m) - m) d(t), where s is 1 or a power law and d ends at t_initial."""
    total, down, low = q.whole("t_initial", low=1), q.whole("decay_t", low=1), q.number("lr_min", 0.0, low=0)
    if down > total:
        raise SpecError(f"{q.of}: expected decay_t of at most t_initial, got {down} and {total}")
    top, flat, fade = max(q.base_lr, low), total - down, _fade(q, down)
    peak, floor_level = max(top, _warmup(q)[1]), fixed(low)
    law = _law(q)
    if law is None:
        curve = joined(hold(flat, at=fixed(top)), fade(fixed(top), floor_level))
    else:
        law = law if peak == q.base_lr else scale(law, q.base_lr / peak)
        curve = combine(
            clip(law, low=floor_level) if low else law,
            joined(hold(flat, at=1.0), fade(1.0, 0.0)),
            by="product",
            length=total,
        )
        if low:
            rise = joined(hold(flat, at=0.0), fade(0.0, floor_level))
            curve = combine(curve, rise, by="sum", length=total)
    return _warmed(q, Answer(joined(curve, hold(at=floor_level)), peak, total), prefix=True)


def _law(q: Question) -> Recipe | None:
    """(1 + t/s)^-power, where s is the warmup's length unless told; None for a constant."""
    kind, power = (
        q.choice("stable_fn", "constant", ("constant", "rsqrt", "power")),
        q.number("stable_power", HALF, low=0),
    )
    named = q.take("stable_timescale", None) is not None
    if kind == "constant":
        return None
    scale_in_steps = q.number("stable_timescale", low=0) if named else float(_warmup(q)[0])
    if scale_in_steps == 0 or power == 0:
        raise SpecError(
            f"{q.of}: expected a stable_timescale (the length of the warmup unless told) and a stable_power above 0, "
            f"got {scale_in_steps:g} and {power:g}"
        )
    exponent = power if kind == "power" else HALF
    if scale_in_steps.is_integer():
        return power_law(exponent=exponent, timescale=int(scale_in_steps))
    return power_law(exponent=exponent, timescale=1, rate=1 / scale_in_steps)


def _fade(q: Question, down: int) -> Callable[[Level, Level], Recipe]:
    """The decay's shape, from one level to another."""
    kind = q.choice("decay_fn", "1-sqrt", tuple(DECAYS))
    power, ratio = q.number("decay_power", HALF, low=0), q.number("decay_ratio", 0.1, low=0, high=1)
    if power == 0 or ratio in (0, 1):
        raise SpecError(
            f"{q.of}: expected decay_power above 0 and decay_ratio between 0 and 1, got {power:g} and {ratio:g}"
        )
    if kind == "power":
        return lambda start, to: powered(down, start, to, power)
    rate = -log(ratio) if kind == "exp" else 1.0
    return lambda start, to: arc(down, start=start, to=to, shape=DECAYS[kind], power=rate)


READERS: dict[str, Callable[[Question], Answer]] = {
    "CosineLRScheduler": cosine,
    "TanhLRScheduler": hyperbolic_tangent,
    "PolyLRScheduler": poly,
    "StepLRScheduler": step,
    "MultiStepLRScheduler": multi_step,
    "WSDLRScheduler": stable,
}
NAMES = {name: plainly(read) for name, read in READERS.items()}
