"""keras.optimizers.schedules: class names and their get_config; the rates are their own."""

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import falling, joined
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.levels import absolute
from glidepath.schedules.recipes import decay, hold, steps, warmup


def cosine(q: Question) -> Answer:
    """CosineDecay: a warmup to `warmup_target`, then a cosine over `decay_steps`, which leave the warmup out."""
    q.take("name", None)
    first, count = q.number("initial_learning_rate", low=0), q.whole("decay_steps", low=1)
    alpha, warm = q.number("alpha", 0.0, low=0, high=1), q.take("warmup_steps", 0) or 0
    target = q.take("warmup_target", None)
    if target is None:
        return Answer(joined(decay(count, to=alpha, shape="cosine"), hold()), first, count)
    peak = q.number("warmup_target", low=0)
    up = warmup(warm, start=absolute(first)) if warm else None
    return Answer(joined(up, decay(count, to=alpha, shape="cosine"), hold()), peak, warm + count)


def exponential(q: Question) -> Answer:
    """ExponentialDecay: init * rate^(t / n), in stairs where asked."""
    q.take("name", None)
    first, every = q.number("initial_learning_rate", low=0), q.whole("decay_steps", low=1)
    rate, stairs = q.number("decay_rate", low=0, high=1), bool(q.take("staircase", False))
    return Answer(steps(every, factor=rate, smooth=not stairs), first, q.horizon())


def polynomial(q: Question) -> Answer:
    """PolynomialDecay: (init - end)(1 - t/n)^power + end."""
    q.take("name", None)
    first, count = q.number("initial_learning_rate", low=0), q.whole("decay_steps", low=1)
    end, power = q.number("end_learning_rate", 1e-4, low=0), q.number("power", 1.0, low=0)
    if q.take("cycle", False):
        raise SpecError(f"{q.of}: expected cycle=False, got True: its cycles grow with the step")
    return Answer(joined(falling(count, end, "polynomial", power), hold()), first, count)


def piecewise(q: Question) -> Answer:
    """PiecewiseConstantDecay: a boundary still belongs to the value before it."""
    q.take("name", None)
    boundaries, values = q.take("boundaries"), q.take("values")
    if len(values) != len(boundaries) + 1:
        raise SpecError(f"{q.of}: expected one value more than boundaries, got {len(values)} and {len(boundaries)}")
    parts, begin = [], 0
    for boundary, value in zip(boundaries, values, strict=False):
        parts.append(hold(int(boundary) + 1 - begin, at=absolute(float(value))))
        begin = int(boundary) + 1
    recipe = joined(*parts, hold(at=absolute(float(values[-1]))))
    return Answer(recipe, max(float(value) for value in values), q.steps or begin + 1)


NAMES = {
    "CosineDecay": cosine,
    "ExponentialDecay": exponential,
    "PolynomialDecay": polynomial,
    "PiecewiseConstantDecay": piecewise,
}
