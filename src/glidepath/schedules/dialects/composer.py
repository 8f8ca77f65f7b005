"""composer.optim.scheduler: class names and their arguments, beside the run's max_duration; the multiplier at batch i.

A time is a text such as "3ba", "0.1dur" or "1ep". Samples and tokens need a horizon that knows how many a step takes.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction
from math import ceil

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects.composer_time import Time, converted, field
from glidepath.schedules.dialects.curves import joined, reach
from glidepath.schedules.dialects.cycles import Way, along, multiple, polynomial, stairs
from glidepath.schedules.dialects.nesting import rows
from glidepath.schedules.dialects.question import LARGEST, Answer, Question
from glidepath.schedules.recipes import arc, hold, steps
from glidepath.schedules.reshape import repeat
from glidepath.schedules.schedule import Recipe

LAGS = "composer's Trainer uses at batch i the multiplier of batch i - 1; this is the scheduler's own"


def step(q: Question) -> Answer:
    """StepScheduler: gamma^floor(t / step_size)."""
    size, gamma = field(q, "step_size").steps, q.number("gamma", 0.1, low=0, high=1)
    until = reach(q)
    if size.denominator == 1:
        return _answer(q, steps(int(size), factor=gamma), until)
    if size < 1:
        return _answer(q, stairs(q, ((t, gamma ** int(t / size)) for t in range(until)), until, multiple(1)), until)
    treads = range(ceil(until / size) + 1)
    return _answer(q, stairs(q, ((ceil(k * size), gamma**k) for k in treads), until, multiple(1)), until)


def multi_step(q: Question) -> Answer:
    """MultiStepScheduler: gamma^(milestones at or before t)."""
    changes = _drops(q)
    return _answer(q, stairs(q, changes, changes[-1][0] + 1, multiple(1)), changes[-1][0] + 1)


def _drops(q: Question, begin: int = 0) -> list[tuple[int, float]]:
    """The multiplier from each milestone on, from step `begin` on."""
    gamma, ratio = q.number("gamma", 0.1, low=0, high=1), q.number("ssr", 1.0, low=0)
    times = (converted(q, "milestones", given, ratio) for given in rows(q, "milestones", least=0))
    drops = sorted(max(begin, ceil(time.steps)) for time in times)
    return [(begin, 1.0), *((at, gamma ** (k + 1)) for k, at in enumerate(drops))]


def constant(q: Question) -> Answer:
    """ConstantScheduler: alpha before t_max, then 1."""
    alpha, end = q.number("alpha", 1.0, low=0), ceil(field(q, "t_max", "1dur", least=0).steps)
    return _answer(q, stairs(q, [(0, alpha), (end, 1.0)], end + 1, multiple(max(alpha, 1))), end, max(alpha, 1))


def linear(q: Question) -> Answer:
    """LinearScheduler: from alpha_i to alpha_f at t_max."""
    first, last = q.number("alpha_i", 1.0, low=0), q.number("alpha_f", 0.0, low=0)
    return _curve(q, [Way(0, float(field(q, "t_max", "1dur").steps), first, last)])


def exponential(q: Question) -> Answer:
    """ExponentialScheduler: gamma^(t / decay_period), without stairs."""
    gamma, period = q.number("gamma", low=0, high=1), field(q, "decay_period", "1ep").steps
    return _answer(q, steps(period.numerator, factor=gamma**period.denominator, smooth=True), reach(q))


def cosine(q: Question) -> Answer:
    """CosineAnnealingScheduler: a cosine to alpha_f at t_max."""
    return _curve(q, [Way(0, float(field(q, "t_max", "1dur").steps), 1.0, q.number("alpha_f", 0.0, low=0), "cosine")])


def warm_restarts(q: Question) -> Answer:
    """CosineAnnealingWarmRestartsScheduler: cycles whose length is cut to whole units, t_mult times the last."""
    first, growth, low = field(q, "t_0"), q.number("t_mult", 1.0, low=0), q.number("alpha_f", 0.0, low=0)
    until, peak = reach(q), max(1.0, low)
    if first.steps.denominator == 1 and growth == int(growth) >= 1:
        one = arc(start=1 / peak, to=low / peak, shape="cosine")
        return _answer(q, repeat(one, every=int(first.steps), growth=int(growth)), until, peak)
    cycles = (Way(float(a), float(b), 1.0, low, "cosine") for a, b in _cycles(q, first, growth))
    return _answer(q, joined(along(q, cycles, until, multiple(peak))), until, peak)


def _cycles(q: Question, first: Time, growth: float) -> Iterable[tuple[Fraction, Fraction]]:
    begin, length = 0, first.value
    while length:
        yield begin / first.per_step, (begin + length) / first.per_step
        begin, length = begin + length, int(growth * length)
    raise SpecError(f"{q.of}: expected t_mult for which no cycle shrinks to nothing within the run, got {growth:g}")


def poly(q: Question) -> Answer:
    """PolynomialScheduler: alpha_f + (1 - alpha_f)(1 - t/t_max)^power."""
    end, low = float(field(q, "t_max", "1dur").steps), q.number("alpha_f", 0.0, low=0)
    return _curve(q, [Way(0, end, 1.0, low, *polynomial(q.number("power", low=0)))])


def multi_step_with_warmup(q: Question) -> Answer:
    """MultiStepWithWarmupScheduler: t/t_warmup, then the milestones, counted from step 0."""
    warm = _warmup(q, 1.0)
    begin = warm[-1].cut(int(LARGEST))[1] if warm else 0
    changes = [(at - begin, value) for at, value in _drops(q, begin)]
    last = changes[-1][0] + 1
    up = along(q, warm, begin, multiple(1))
    return _answer(q, joined(up, stairs(q, changes, last, multiple(1))), begin + last)


def constant_with_warmup(q: Question) -> Answer:
    """ConstantWithWarmupScheduler: t/t_warmup of alpha, then alpha."""
    alpha = q.number("alpha", 1.0, low=0)
    return _warmed(q, alpha, alpha)


def linear_with_warmup(q: Question) -> Answer:
    """LinearWithWarmupScheduler: t/t_warmup of alpha_i, then to alpha_f at t_max."""
    return _warmed(q, q.number("alpha_i", 1.0, low=0), q.number("alpha_f", 0.0, low=0))


def cosine_with_warmup(q: Question) -> Answer:
    """CosineAnnealingWithWarmupScheduler: t/t_warmup, then a cosine to alpha_f at t_max."""
    return _warmed(q, 1.0, q.number("alpha_f", 0.0, low=0), "cosine")


def poly_with_warmup(q: Question) -> Answer:
    """PolynomialWithWarmupScheduler: t/t_warmup, then (1 - u)^power to alpha_f at t_max."""
    return _warmed(q, 1.0, q.number("alpha_f", 0.0, low=0), *polynomial(q.number("power", 2.0, low=0)))


def _warmup(q: Question, top: float) -> list[Way]:
    """t/W up to `top`, before t_warmup; scale_warmup moves W alone, so that the ramp is cut or held at its end."""
    plain, scaled = field(q, "t_warmup", scaled=False, least=0), q.flag("scale_warmup", default=False)
    if not plain.value:
        return []
    end, planned = plain.steps, (field(q, "t_warmup") if scaled else plain).steps
    if planned >= end:
        return [Way(0, float(planned), 0.0, top, stop=ceil(end))]
    return [Way(0, float(planned), 0.0, top), Way(float(planned), float(end), top, top)]


def _warmed(q: Question, top: float, low: float, shape: str = "linear", power: float = 1.0) -> Answer:
    """A warmup, and a curve from where it should end to t_max; where there is no room for it, the top for ever."""
    warm, begin = _warmup(q, top), field(q, "t_warmup", scaled=False, least=0)
    end = field(q, "t_max", "1dur", least=0)
    _comparable(q, begin, end)
    first = ceil(begin.steps)
    if end.value <= begin.value:
        return _curve(q, [*warm, Way(first, first + 1, top, top)], top)
    return _curve(q, [*warm, Way(float(begin.steps), float(end.steps), top, low, shape, power, first=first)])


def _comparable(q: Question, begin: Time, end: Time) -> None:
    """Refuse what composer refuses: two units, and a t_max before the run's end."""
    if begin.unit != end.unit:
        raise SpecError(f"{q.of}: expected t_warmup and t_max in one unit, got {begin.unit} and {end.unit}")
    given = q.take("max_duration", None)
    if given is None:
        return
    run = converted(q, "max_duration", given, 1.0)
    if run.unit == end.unit and end.value < run.value:
        raise SpecError(
            f"{q.of}: expected t_max of at least max_duration, got {end.value}{end.unit} and {shown(given)}"
        )


def _curve(q: Question, ways: list[Way], last: float | None = None) -> Answer:
    """The ways, then the value that they end with."""
    peak = max(max(way.start, way.to) for way in ways) or 1.0
    until = max(way.cut(int(LARGEST))[1] for way in ways)
    end = ways[-1].to if last is None else last
    return _answer(q, joined(along(q, ways, until, multiple(peak)), hold(at=end / peak)), until, peak)


def _answer(q: Question, recipe: Recipe, until: int, peak: float = 1.0) -> Answer:
    return Answer(recipe, q.base_lr * peak, until, (LAGS,))


def _of_a_run(read: Callable[[Question], Answer]) -> Callable[[Question], Answer]:
    """A reader of a schedule whose run may say its length and its ratio."""

    def reader(q: Question) -> Answer:
        for name in ("max_duration", "ssr"):
            q.take(name, None)
        return read(q)

    return reader


READERS: dict[str, Callable[[Question], Answer]] = {
    "StepScheduler": step,
    "MultiStepScheduler": multi_step,
    "ConstantScheduler": constant,
    "LinearScheduler": linear,
    "ExponentialScheduler": exponential,
    "CosineAnnealingScheduler": cosine,
    "CosineAnnealingWarmRestartsScheduler": warm_restarts,
    "PolynomialScheduler": poly,
    "MultiStepWithWarmupScheduler": multi_step_with_warmup,
    "ConstantWithWarmupScheduler": constant_with_warmup,
    "LinearWithWarmupScheduler": linear_with_warmup,
    "CosineAnnealingWithWarmupScheduler": cosine_with_warmup,
    "PolynomialWithWarmupScheduler": poly_with_warmup,
}
NAMES = {name: _of_a_run(read) for name, read in READERS.items()}
