"""OLMo-core's olmo_core.optim.scheduler: its classes and registered names, counted as get_lr(initial_lr, t, t_max) is.

The trainer of OLMo-core asks for t + 1 at update t, because it counts the step before it takes it.
Floors are read as shares of the initial rate, which is the optimizer's. `t_max` is the steps of the run.
"""

from collections.abc import Callable
from dataclasses import replace
from math import cos, pi

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects.curves import joined, onward, reach
from glidepath.schedules.dialects.nesting import inner, rows
from glidepath.schedules.dialects.olmo_plan import answered, phase, plan, rise, share_of
from glidepath.schedules.dialects.olmo_stages import composable, overridden, periods
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.powers import inverse_sqrt, power_law
from glidepath.schedules.recipes import arc, hold, warmup
from glidepath.schedules.reshape import excerpt, remap, scale


def constant(q: Question) -> Answer:
    """ConstantScheduler: the rate."""
    return answered(q, hold(), plan(q))


def constant_with_warmup(q: Question) -> Answer:
    """ConstantWithWarmup: t/W, then the rate."""
    total = plan(q)
    up, steps = rise(q, total)
    return answered(q, joined(up, hold(at=1.0)), max(total, steps + 1))


def _decayed(q: Question, shape: str) -> Answer:
    total, low = plan(q), q.number("alpha_f", 0.1, low=0, high=1)
    up, steps = rise(q, total)
    fall = arc(total - steps, start=1.0, to=low, shape=shape) if steps < total else None
    return answered(q, joined(up, fall, hold(at=low)), max(total, steps + 1))


def linear(q: Question) -> Answer:
    """LinearWithWarmup: a line to alpha_f of the rate."""
    return _decayed(q, "linear")


def cosine(q: Question) -> Answer:
    """CosWithWarmup: half a wave to alpha_f of the rate."""
    return _decayed(q, "cosine")


def half_cosine(q: Question) -> Answer:
    """HalfCosWithWarmup: the second half of that wave; its first half's start, the rate, is never used."""
    total, low = plan(q), q.number("alpha_f", 0.1, low=0, high=1)
    up, steps = rise(q, total, low + (1 - low) / 2)
    fall = arc(total - steps, start=1.0, to=low, shape="cosine", since=0.5) if steps < total else None
    return answered(q, joined(up, fall, hold(at=low)), max(total, steps + 1))


def inverse(q: Question) -> Answer:
    """InvSqrtWithWarmup: alpha_f + (1 - alpha_f) sqrt(W/t) of the rate."""
    total, low = plan(q), q.number("alpha_f", 0.1, low=0, high=1)
    up, steps = rise(q, total)
    if up is None:
        raise SpecError(f"{q.of}: expected a warmup, got none: the curve falls from where it ends")
    return answered(q, joined(up, remap(inverse_sqrt(timescale=steps), low=low)), max(reach(q, total), steps))


def stable(q: Question) -> Answer:
    """WSD: t/W, the rate, and a line over the last steps, which goes on below its end."""
    total = plan(q)
    (up, steps), down = rise(q, total), phase(q, "decay", total, 0.1)
    low = share_of(q, "decay_min_lr")
    if not down:
        return answered(q, joined(up, hold(at=1.0)), max(total, steps + 1))
    if steps >= total:
        raise SpecError(f"{q.of}: expected a warmup below the {total} steps of the run, got {steps}")
    begin = total - down if total - down >= steps else steps + bool(steps)
    tail = onward(q, begin, total, 1.0, low, room=down)
    return answered(q, joined(up, hold(begin - steps, at=1.0), tail), reach(q, total), below=total)


def power(q: Question) -> Answer:
    """PowerLR: (t/W)^b, and a line over the last steps, which goes on below its end."""
    total, exponent = plan(q), -q.number("b", -0.51, high=0)
    (up, steps), down = rise(q, total), phase(q, "decay", total, 0.1)
    begin = total - down
    if not 0 < steps <= begin or not exponent:
        raise SpecError(
            f"{q.of}: expected a warmup, with the decay within {total} steps, and b below 0, got {steps} and {down}, "
            f"{-exponent:g}"
        )
    top = (begin / steps) ** -exponent
    low, law = share_of(q, "decay_min_lr", top), power_law(begin - steps, exponent=exponent, timescale=steps)
    if not down:
        return answered(q, joined(up, law, hold()), total)
    return answered(q, joined(up, law, onward(q, begin, total, top, low)), reach(q, total), below=total)


def cosine_and_line(q: Question) -> Answer:
    """CosWithWarmupAndLinearDecay: the last line cuts the wave, or the warmup, short; it goes on below its end."""
    total, low = plan(q), q.number("alpha_f", 0.1, low=0, high=1)
    down = phase(q, "decay", total, 0.1)
    (up, steps), begin = rise(q, total), total - down
    if steps >= total or begin < 0:
        raise SpecError(f"{q.of}: expected warmup and decay below {total} steps, got {steps} and {down}")
    if begin < steps:
        start, until = share_of(q, "warmup_min_lr"), begin / steps
        head, top = arc(begin, start=start, to=1.0, until=until), start + (1 - start) * until
    else:
        until = (begin - steps) / (total - steps)
        head = joined(up, arc(begin - steps, start=1.0, to=low, shape="cosine", until=until))
        top = low + (1 - low) * (1 + cos(pi * until)) / 2
    if not down:
        return answered(q, joined(head, hold(at=low)), total)
    tail = onward(q, begin, total, top, share_of(q, "decay_min_lr", top))
    return answered(q, joined(head, tail), reach(q, total), below=total)


def exponential(q: Question) -> Answer:
    """ExponentialScheduler: up by equal factors from lr_min, for a range test."""
    total, low = plan(q), q.number("lr_min", 1e-9, low=0) / q.base_lr
    return answered(q, joined(warmup(total, start=low, shape="exponential"), hold(at=1.0)), total)


def sequential(q: Question) -> Answer:
    """SequentialScheduler: each from the last rate of the one before, whose last step it leaves to that one."""
    total, tables = plan(q), rows(q, "schedulers", least=1)
    left, base, parts = total, q.base_lr, list[tuple[Answer, int, int]]()
    for table, end in zip(tables, [*_ends(q, len(tables)), total], strict=True):
        if not base > 0:
            raise SpecError(
                f"{q.of}: expected schedulers that end above 0 before another, got one that ends at {base:g}"
            )
        steps = min(left, end)
        answer = inner(replace(q, base_lr=base), "schedulers", table, SINGLE, steps=steps)
        over = max(answer.steps or 1, steps + 1)
        parts.append((answer, over, steps))
        base, left = answer.recipe.over(over, peak=answer.peak)(steps), left - steps
        if not left:
            break
    top, begin, curve = max(answer.peak for answer, _, _ in parts), 0, None
    for answer, over, steps in parts:
        cut, length = excerpt(answer.recipe, over, begin=begin), steps + 1 - begin
        curve, begin = joined(curve, scale(cut, answer.peak / top, length=length)), 1
    return overridden(q, joined(curve, hold()), total + 1, top)


def _ends(q: Question, schedulers: int) -> list[int]:
    """How long each scheduler but the last runs."""
    field = "schedulers_max" if q.take("schedulers_max", None) is not None else "schedulers_max_steps"
    ends = rows(q, field, least=max(0, schedulers - 1))[: schedulers - 1]
    if not all(type(end) is int and end > 0 for end in ends):
        raise SpecError(f"{q.of}: expected {field} as whole numbers above 0, got {shown(ends)}")
    return ends


# Its classes, and the names that it registers them by.
KINDS: dict[str, tuple[str, Callable[[Question], Answer]]] = {
    "ConstantScheduler": ("constant", constant),
    "ConstantWithWarmup": ("constant_with_warmup", constant_with_warmup),
    "WSD": ("wsd", stable),
    "PowerLR": ("power_lr", power),
    "LinearWithWarmup": ("linear_with_warmup", linear),
    "InvSqrtWithWarmup": ("inv_sqrt_with_warmup", inverse),
    "CosWithWarmup": ("cos_with_warmup", cosine),
    "HalfCosWithWarmup": ("half_cos_with_warmup", half_cosine),
    "CosWithWarmupAndLinearDecay": ("cos_with_warmup_and_linear_decay", cosine_and_line),
    "ComposableScheduler": ("composable", composable),
    "WSDS": ("wsds", periods),
    "ExponentialScheduler": ("exponential", exponential),
}
SINGLE = {
    **{name: read for name, (_, read) in KINDS.items()},
    **dict(KINDS.values()),
}
NAMES: dict[str, Callable[[Question], Answer]] = {**SINGLE, "SequentialScheduler": sequential, "sequential": sequential}
