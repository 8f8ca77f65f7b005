"""keras.optimizers.schedules: class names and their get_config; the rates are their own."""

from itertools import count as counting
from math import ceil, floor, log

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects import exponentials
from glidepath.schedules.dialects.curves import joined, reach
from glidepath.schedules.dialects.cycles import Way, along, fixed, grown, polynomial, restarts, stairs, widening
from glidepath.schedules.dialects.nesting import numbers, rows
from glidepath.schedules.dialects.question import LARGEST, Answer, Question
from glidepath.schedules.dialects.wording import Reader, plainly
from glidepath.schedules.powers import inverse_time
from glidepath.schedules.recipes import decay, hold
from glidepath.schedules.reshape import repeat


def cosine(q: Question) -> Answer:
    """CosineDecay: a warmup to `warmup_target`, then a cosine over `decay_steps`, which leave the warmup out."""
    first, count = q.number("initial_learning_rate", low=0), q.whole("decay_steps", low=1)
    alpha, warm, peak = q.number("alpha", 0.0, low=0), q.whole("warmup_steps", 0), first
    notes: tuple[str, ...] = ()
    if q.take("warmup_target", None) is not None:
        peak = q.number("warmup_target", low=0)
    elif warm:
        warm, notes = 0, ("keras warms up only to a warmup_target; read without a warmup, as keras runs it",)
    up = Way(0, warm, first, peak)
    curve = along(q, [up, Way(warm, warm + count, peak, peak * alpha, "cosine")], warm + count)
    rates = (peak, peak * alpha, first if warm else 0.0)
    return Answer(joined(curve, hold()), max(rates), warm + count, () if q.faithful else notes)


def warm_restarts(q: Question) -> Answer:
    """CosineDecayRestarts: cycles t_mul times as long and with m_mul times the way down each."""
    first, length = q.number("initial_learning_rate", low=0), q.whole("first_decay_steps", low=1)
    growth, factor = q.number("t_mul", 2.0, low=1), q.number("m_mul", 1.0, low=0)
    low, until = first * q.number("alpha", 0.0, low=0, high=1), reach(q)
    notes = () if growth == 1 or q.faithful else (LOGARITHM,)
    if growth.is_integer() and (factor == 1 or (factor < 1 and low == 0)):
        cycle = decay(to=fixed(low), shape="cosine")
        return Answer(repeat(cycle, every=length, growth=int(growth), factor=factor), first, until, notes)
    bounds = grown(q, length, growth, until)
    if factor > 1 and len(bounds) * log(factor) > log(LARGEST):
        raise SpecError(f"{q.of}: expected m_mul of cycles that stay below {LARGEST:g}, got {factor:g}")
    tops = [low + (first - low) * factor**cycle for cycle in range(len(bounds))]
    firsts = [ceil(begin) for begin, _ in bounds]
    curve = along(q, restarts(bounds, firsts, lambda cycle: (tops[cycle], low)), until)
    return Answer(joined(curve), max(tops), until, notes)


LOGARITHM = "keras finds the cycle by a rounded logarithm, and may begin one a step late; read as begun on time"


def exponential(q: Question) -> Answer:
    """ExponentialDecay: init * rate^(t / n), in stairs where asked."""
    first, rate, every, staircase = _decay(q)
    if rate > 1:
        return exponentials.growing(q, first, rate, every, way=reach(q), staircase=staircase)
    return Answer(exponentials.falling(first, rate, every, begin=0, staircase=staircase), first, reach(q))


def inverse(q: Question) -> Answer:
    """InverseTimeDecay: init / (1 + rate t / n), in stairs where asked."""
    first, rate, every, staircase = _decay(q)
    if not staircase or rate == 0:
        return Answer(joined(hold(0, at=fixed(first)), inverse_time(timescale=every, rate=rate)), first, reach(q))
    treads = ((k * every, first / (1 + rate * k)) for k in counting())
    return Answer(stairs(q, treads, reach(q)), first, reach(q))


def _decay(q: Question) -> tuple[float, float, int, bool]:
    first, every = q.number("initial_learning_rate", low=0), q.whole("decay_steps", low=1)
    return first, q.number("decay_rate", low=0), every, q.flag("staircase", default=False)


def power(q: Question) -> Answer:
    """PolynomialDecay: (init - end)(1 - t/n)^power + end; with `cycle` n grows to the next multiple of itself."""
    first, count = q.number("initial_learning_rate", low=0), q.whole("decay_steps", low=1)
    end, exponent = q.number("end_learning_rate", 1e-4, low=0), q.number("power", 1.0, low=0)
    cycle, peak = q.flag("cycle", default=False), max(first, end)
    if exponent == 0:  # 0 to the power of 0 is 1
        return Answer(hold(at=fixed(first)), first, count)
    if not cycle:
        curve = along(q, [Way(0, count, first, end, *polynomial(exponent))], count)
        return Answer(joined(curve, hold()), peak, count)
    until = reach(q, count)
    return Answer(joined(along(q, widening(count, first, end, exponent), until)), peak, until)


def piecewise(q: Question) -> Answer:
    """PiecewiseConstantDecay: a boundary, cut down to a whole step, still belongs to the value before it."""
    named = rows(q, "boundaries", least=1)
    ends = [floor(end) for end in numbers(q, "boundaries", least=1)]
    values = numbers(q, "values", least=1)
    if len(values) != len(ends) + 1 or sorted(ends) != ends:
        raise SpecError(
            f"{q.of}: expected boundaries in order, and one value more, got {shown(named)} and {len(values)} values"
        )
    changes = [(begin, value) for begin, value in zip([0, *(end + 1 for end in ends)], values, strict=True)]
    return Answer(stairs(q, changes, ends[-1] + 2), max(values), ends[-1] + 2)


READERS: dict[str, Reader] = {
    "CosineDecay": cosine,
    "CosineDecayRestarts": warm_restarts,
    "ExponentialDecay": exponential,
    "InverseTimeDecay": inverse,
    "PolynomialDecay": power,
    "PiecewiseConstantDecay": piecewise,
}
NAMES = {name: plainly(read, "name") for name, read in READERS.items()}
