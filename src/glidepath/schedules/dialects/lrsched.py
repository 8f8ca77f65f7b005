"""lrsched: its functions by their keyword arguments, all required; a schedule inside of another is a table.

`{"name": "cosine", "base_lr": 1.0, ...}` stands for the call of that function. The rates are their own.
"""

from collections.abc import Callable

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects.curves import joined, levels, reach
from glidepath.schedules.dialects.nesting import inner, rows
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.powers import inverse_sqrt
from glidepath.schedules.recipes import arc, hold, steps, warmup
from glidepath.schedules.reshape import combine, excerpt, remap, repeat, scale
from glidepath.schedules.schedule import Recipe


def _rates(q: Question, *names: str) -> list[float]:
    """The largest of these rates, and each as a share of it."""
    values = [q.number(name, low=0) for name in names]
    return [max(values), *_shares(values)]


def _shares(values: list[float]) -> list[float]:
    peak = max(values) or 1.0  # a peak of 0 is refused later, in a sentence
    return [value / peak for value in values]


def constant(q: Question) -> Answer:
    """constant: lr."""
    return Answer(hold(), q.number("lr", low=0), q.horizon())


def step_decay(q: Question) -> Answer:
    """step_decay: base_lr * drop^floor(t / step_size)."""
    falls = steps(q.whole("step_size", low=1), factor=q.number("drop", low=0, high=1))
    return Answer(falls, q.number("base_lr", low=0), reach(q))


def multi_step(q: Question) -> Answer:
    """multi_step: base_lr * gamma^(milestones at or before t); one named twice counts twice, gamma may be above 1."""
    named, gamma, base = q.take("milestones"), q.number("gamma", low=0), q.number("base_lr", low=0)
    if not isinstance(named, (list, tuple)) or not all(type(at) is int and at > 0 for at in named):
        raise SpecError(f"{q.of}: expected milestones as a list of whole numbers above 0, got {shown(named)}")
    values = [base]
    for _ in named:
        values.append(values[-1] * gamma)
    first, *shares = _shares(values)
    changes = dict(zip(sorted(named), shares, strict=True))
    return Answer(levels(list(changes.items()), first), max(values), reach(q, max(named, default=0) + 1))


def exponential(q: Question) -> Answer:
    """exponential: base_lr * gamma^t."""
    return Answer(steps(1, factor=q.number("gamma", low=0, high=1)), q.number("base_lr", low=0), reach(q))


def exponential_decay(q: Question) -> Answer:
    """exponential_decay: base_lr * decay_rate^(t / decay_steps)."""
    falls = steps(q.whole("decay_steps", low=1), factor=q.number("decay_rate", low=0, high=1), smooth=True)
    return Answer(falls, q.number("base_lr", low=0), reach(q))


def _way(q: Question, first: str, last: str, shape: str, power: float = 1.0) -> Answer:
    """From one rate to another over total_steps, up or down, and held there."""
    (peak, start, to), total = _rates(q, first, last), q.whole("total_steps", low=1)
    return Answer(joined(arc(total, start=start, to=to, shape=shape, power=power), hold(at=to)), peak, total)


def linear(q: Question) -> Answer:
    """linear: a line."""
    return _way(q, "base_lr", "end_lr", "linear")


def cosine(q: Question) -> Answer:
    """cosine: half a wave."""
    return _way(q, "base_lr", "min_lr", "cosine")


def polynomial(q: Question) -> Answer:
    """polynomial: (1 - t/T)^power."""
    return _way(q, "base_lr", "end_lr", "polynomial", q.number("power", low=0))


def polynomial_decay(q: Question) -> Answer:
    """polynomial_decay: the same by another name of its first rate."""
    return _way(q, "start_lr", "end_lr", "polynomial", q.number("power", low=0))


def cosine_restarts(q: Question) -> Answer:
    """cosine_restarts: half a wave in every cycle of period * t_mult^k steps."""
    (peak, start, to), growth = _rates(q, "base_lr", "min_lr"), q.whole("t_mult", low=1)
    once = arc(start=start, to=to, shape="cosine")
    return Answer(repeat(once, every=q.whole("period", low=1), growth=growth), peak, reach(q))


def inverse(q: Question) -> Answer:
    """inverse_sqrt: t/W, then sqrt(W/t)."""
    up = q.whole("warmup_steps", low=1)
    return Answer(
        joined(warmup(up, start=0), inverse_sqrt(timescale=up)), q.number("base_lr", low=0), max(reach(q), up)
    )


def one_cycle(q: Question) -> Answer:
    """one_cycle: half a wave up to the share pct_start, rounded to whole steps, and half a wave down to the last."""
    top, total, share = q.number("max_lr", low=0), q.whole("total_steps", low=2), q.number("pct_start", low=0, high=1)
    divisors = [q.number(name, low=0) for name in ("initial_div", "final_div")]
    if not 0 < share < 1 or 0 in divisors:
        raise SpecError(
            f"{q.of}: expected pct_start between 0 and 1 and divisors above 0, got {share:g} and {divisors}"
        )
    up = min(max(1, round(share * total)), total - 1)
    rates = [top / divisors[0], top, top / divisors[1]]
    start, high, end = _shares(rates)
    rise = arc(up, start=start, to=high, shape="cosine")
    fall = arc(total - up, start=high, to=end, shape="cosine")
    return Answer(joined(rise, fall, hold(at=end)), max(rates), total)


def stable(q: Question) -> Answer:
    """warmup_stable_decay: a line up, base_lr, and a line or 1 - sqrt down; without decay_steps base_lr stays."""
    peak, base, end, start = _rates(q, "base_lr", "final_lr", "warmup_start")
    up, down, total = q.whole("warmup_steps"), q.whole("decay_steps"), q.whole("total_steps", low=1)
    shape = q.choice("decay_shape", "", ("linear", "1-sqrt"))
    if up + down > total:
        raise SpecError(f"{q.of}: expected warmup_steps and decay_steps within {total} steps, got {up} and {down}")
    rise, flat = arc(up, start=start, to=base) if up else None, hold(total - up - down, at=base)
    fall = arc(down, start=base, to=end, shape=shape) if down else None
    return Answer(joined(rise, flat, fall, hold(at=end if down else base)), peak, total)


def _triangles(size: int, factor: float = 1.0) -> Recipe:
    """0 up to 1 and down again, the peak of each `factor` times that of the one before."""
    once = joined(arc(size, start=0.0, to=1.0), arc(size, start=1.0, to=0.0))
    return repeat(once, every=2 * size, factor=factor)


def triangular(q: Question) -> Answer:
    """triangular: min_lr up to max_lr and down again."""
    peak, low, high = _rates(q, "min_lr", "max_lr")
    return Answer(remap(_triangles(q.whole("step_size", low=1)), low=low, high=high), peak, reach(q))


def triangular2(q: Question) -> Answer:
    """triangular2: half as high in every cycle."""
    peak, low, high = _rates(q, "min_lr", "max_lr")
    return Answer(remap(_triangles(q.whole("step_size", low=1), 0.5), low=low, high=high), peak, reach(q))


def exp_range(q: Question) -> Answer:
    """exp_range: gamma^t as high at step t."""
    (peak, low, high), gamma = _rates(q, "min_lr", "max_lr"), q.number("gamma", low=0, high=1)
    both = combine(_triangles(q.whole("step_size", low=1)), steps(1, factor=gamma), by="product")
    return Answer(remap(both, low=low, high=high), peak, reach(q))


def with_warmup(q: Question) -> Answer:
    """with_warmup: a line from start_lr to the first value of the schedule inside, which begins behind it."""
    up, start = q.whole("warmup_steps", low=1), q.number("start_lr", low=0)
    behind = inner(q, "schedule", q.take("schedule"), NAMES, behind=up)
    target, peak = _value(behind, 0), max(behind.peak, start)
    rise = arc(up, start=start / peak, to=target / peak)
    return Answer(joined(rise, _shrunk(behind, peak)), peak, up + (behind.steps or 1))


def sequential(q: Question) -> Answer:
    """sequential: `phases` of [steps, schedule]; behind the last one its last value is held."""
    phases = [_phase(q, pair) for pair in rows(q, "phases", least=1)]
    peak = max(answer.peak for _, answer in phases)
    parts = [excerpt(_shrunk(answer, peak), max(n, answer.steps or 1), length=n) for n, answer in phases]
    last, answer = phases[-1]
    return Answer(joined(*parts, hold(at=_value(answer, last - 1) / peak)), peak, sum(n for n, _ in phases))


def _phase(q: Question, pair: object) -> tuple[int, Answer]:
    if not isinstance(pair, (list, tuple)) or len(pair) != 2 or type(pair[0]) is not int or pair[0] < 1:
        raise SpecError(f"{q.of}: expected a phase as [steps, schedule], got {shown(pair)}")
    return pair[0], inner(q, "phases", pair[1], NAMES, steps=pair[0])


def _value(answer: Answer, step: int) -> float:
    return answer.recipe.over(answer.steps or 1, peak=answer.peak)(step)


def _shrunk(answer: Answer, peak: float) -> Recipe:
    """The recipe under a peak that is at least its own."""
    return answer.recipe if answer.peak == peak else scale(answer.recipe, answer.peak / peak)


NAMES: dict[str, Callable[[Question], Answer]] = {
    "constant": constant,
    "step_decay": step_decay,
    "multi_step": multi_step,
    "exponential": exponential,
    "exponential_decay": exponential_decay,
    "linear": linear,
    "cosine": cosine,
    "polynomial": polynomial,
    "polynomial_decay": polynomial_decay,
    "cosine_restarts": cosine_restarts,
    "inverse_sqrt": inverse,
    "one_cycle": one_cycle,
    "warmup_stable_decay": stable,
    "triangular": triangular,
    "triangular2": triangular2,
    "exp_range": exp_range,
    "with_warmup": with_warmup,
    "sequential": sequential,
}
