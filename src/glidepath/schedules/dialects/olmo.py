"""OLMo's SchedulerConfig by the names of its SchedulerType, counted as get_lr(initial_lr, t, max_steps) is.

Its trainer, too, asks for t + 1 at update t. A warmup begins at a tenth of the rate unless told.
"""

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import joined, reach
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.powers import inverse_sqrt
from glidepath.schedules.recipes import arc, hold, warmup
from glidepath.schedules.reshape import combine, remap
from glidepath.schedules.schedule import Recipe

COUNTED = "counted as OLMo's get_lr does; its trainer asks for t + 1 at update t"
TENTH = 0.1  # of the rate: where a warmup begins, and its default alpha_f


def _asked(q: Question) -> tuple[Recipe | None, int, int, float]:
    """(the warmup, its steps, the steps of the run, alpha_f)."""
    for name in ("name", "grad_clip_warmup_steps", "grad_clip_warmup_factor"):
        q.take(name, None)
    if q.choice("units", "steps", ("steps", "tokens")) == "tokens":
        raise SpecError(f'{q.of}: expected units of steps, got "tokens": give t_warmup and t_max in steps')
    up, total = int(q.number("t_warmup", 100, low=0)), q.steps
    if q.take("t_max", None) is not None:
        total = int(q.number("t_max", low=1))
    start = TENTH
    if q.take("warmup_min_lr", None) is not None:
        start = q.number("warmup_min_lr", low=0) / q.base_lr
    ramp = warmup(up, start=start) if up else None
    return ramp, up, total or q.horizon(), q.number("alpha_f", TENTH, low=0, high=1)


def _answer(q: Question, recipe: Recipe, steps: int) -> Answer:
    return Answer(recipe, q.base_lr, steps, () if q.faithful else (COUNTED,))


def constant(q: Question) -> Answer:
    """constant: the rate."""
    _, _, total, _ = _asked(q)
    return _answer(q, hold(), total)


def constant_with_warmup(q: Question) -> Answer:
    """constant_with_warmup: the rate behind the warmup."""
    ramp, up, total, _ = _asked(q)
    return _answer(q, joined(ramp, hold(at=1.0)), max(total, up + 1))


def _decayed(q: Question, shape: str) -> Answer:
    ramp, up, total, low = _asked(q)
    fall = arc(total - up, start=1.0, to=low, shape=shape) if up < total else None
    return _answer(q, joined(ramp, fall, hold(at=low)), max(total, up + 1))


def cosine(q: Question) -> Answer:
    """cosine_with_warmup: half a wave to alpha_f of the rate."""
    return _decayed(q, "cosine")


def linear(q: Question) -> Answer:
    """linear_with_warmup: a line to alpha_f of the rate."""
    return _decayed(q, "linear")


def _root(q: Question, ramp: Recipe | None, up: int) -> Recipe:
    if ramp is None:
        raise SpecError(f"{q.of}: expected t_warmup above 0, got 0: the curve falls from where the warmup ends")
    return joined(ramp, inverse_sqrt(timescale=up))


def inverse(q: Question) -> Answer:
    """inverse_sqrt_with_warmup: sqrt(W/t), without a floor."""
    ramp, up, total, _ = _asked(q)
    return _answer(q, _root(q, ramp, up), max(reach(q, total), up))


def largest(q: Question) -> Answer:
    """max_scheduler: the larger of the cosine and the inverse square root."""
    ramp, up, total, _ = _asked(q)
    curve = combine(_decayed(q, "cosine").recipe, _root(q, ramp, up), by="maximum")
    return _answer(q, curve, max(reach(q, total), up))


def envelope(q: Question) -> Answer:
    """cosine_linear_envelope: a line times half a wave, from the rate to alpha_f of it."""
    ramp, up, total, low = _asked(q)
    both = combine(arc(start=1.0, to=0.0), arc(start=1.0, to=0.0, shape="cosine"), by="product")
    fall = remap(both, low=low, length=total - up) if up < total else None
    return _answer(q, joined(ramp, fall, hold(at=low)), max(total, up + 1))


NAMES = {
    "cosine_with_warmup": cosine,
    "linear_with_warmup": linear,
    "inverse_sqrt_with_warmup": inverse,
    "max_scheduler": largest,
    "constant": constant,
    "cosine_linear_envelope": envelope,
    "constant_with_warmup": constant_with_warmup,
}
