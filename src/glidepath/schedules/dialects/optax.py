"""optax.schedules: function names and their arguments; the rates are their own, so base_lr is not asked."""

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import falling, joined
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.levels import absolute
from glidepath.schedules.recipes import arc, decay, hold, steps, warmup
from glidepath.schedules.schedule import Recipe


def constant(q: Question) -> Answer:
    """constant_schedule: the value."""
    return Answer(hold(), q.number("value", low=0), q.horizon())


def line(q: Question) -> Answer:
    """linear_schedule: (init - end)(1 - c/n) + end, c the count behind `transition_begin`."""
    return _power(q, 1.0)


def polynomial(q: Question) -> Answer:
    """polynomial_schedule: the same to a power."""
    return _power(q, q.number("power", low=0))


def _power(q: Question, power: float) -> Answer:
    first, last = q.number("init_value", low=0), q.number("end_value", low=0)
    count, begin = q.whole("transition_steps", low=1), q.whole("transition_begin", 0)
    peak = max(first, last)
    way = arc(count, start=absolute(first), to=absolute(last), shape="polynomial", power=power)
    return Answer(joined(hold(begin, at=absolute(first)), way, hold()), peak, begin + count)


def exponential(q: Question) -> Answer:
    """exponential_decay: init * rate^((t - begin)/n), in stairs where asked, not beyond `end_value`."""
    first, rate = q.number("init_value", low=0), q.number("decay_rate", low=0, high=1)
    every, begin = q.whole("transition_steps", low=1), q.whole("transition_begin", 0)
    staircase, end = bool(q.take("staircase", False)), q.take("end_value", None)
    if end is not None:
        raise SpecError(f"{q.of}: expected no end_value, which cuts the curve between two steps, got {end!r:.40}")
    falls = steps(every, factor=rate, smooth=not staircase)
    return Answer(joined(hold(begin), falls), first, q.horizon())


def cosine(q: Question) -> Answer:
    """cosine_decay_schedule: init ((1 - alpha)((1 + cos(pi t / n)) / 2)^exponent + alpha)."""
    first, count = q.number("init_value", low=0), q.whole("decay_steps", low=1)
    alpha, exponent = q.number("alpha", 0.0, low=0, high=1), q.number("exponent", 1.0, low=0)
    return Answer(joined(_cosine(count, alpha, exponent), hold()), first, count)


def _cosine(count: int, to: float, exponent: float) -> Recipe:
    if exponent == 1:
        return decay(count, to=to, shape="cosine")
    return decay(count, to=to, shape="cosine-power", power=exponent)


def warmup_cosine(q: Question) -> Answer:
    """warmup_cosine_decay_schedule: `decay_steps` holds the warmup."""
    first, peak, warm = q.number("init_value", low=0), q.number("peak_value", low=0), q.whole("warmup_steps")
    count, end, exponent = q.whole("decay_steps", low=1), q.number("end_value", 0.0, low=0), q.number("exponent", 1.0)
    if count <= warm:
        raise SpecError(f"{q.of}: expected decay_steps above warmup_steps, which they hold, got {count} and {warm}")
    up = warmup(warm, start=absolute(first)) if warm else None
    down = falling(count - warm, end) if exponent == 1 else _cosine(count - warm, end / peak, exponent)
    return Answer(joined(up, down, hold()), peak, count)


def piecewise(q: Question) -> Answer:
    """piecewise_constant_schedule: times its scale from each boundary on."""
    first, named = q.number("init_value", low=0), q.take("boundaries_and_scales", None) or {}
    parts, begin, value = [], 0, 1.0
    for boundary, scale in sorted((int(at), float(by)) for at, by in named.items()):
        parts.append(hold(boundary - begin, at=value))
        begin, value = boundary, value * scale
    return Answer(joined(*parts, hold(at=value)), first, q.steps or begin + 1)


NAMES = {
    "constant_schedule": constant,
    "linear_schedule": line,
    "polynomial_schedule": polynomial,
    "exponential_decay": exponential,
    "cosine_decay_schedule": cosine,
    "warmup_cosine_decay_schedule": warmup_cosine,
    "piecewise_constant_schedule": piecewise,
}
