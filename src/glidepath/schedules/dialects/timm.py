"""timm.scheduler: class names and their arguments, stepped by updates.

A warmup overlays the curve unless it is a prefix.
"""

from fractions import Fraction

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import joined, levels
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.levels import absolute
from glidepath.schedules.recipes import arc, decay, hold, steps, warmup
from glidepath.schedules.reshape import excerpt, repeat
from glidepath.schedules.schedule import Recipe
from glidepath.units import exact, half_up

NOISE = ("noise_range_t", "noise_pct", "noise_std", "noise_seed", "t_in_epochs", "initialize")


def _warmed(q: Question, curve: Recipe, planned: int, *, prefix: bool | None = None) -> Answer:
    """The curve behind its warmup, or from where the warmup leaves it, which is timm's default."""
    warm, first = q.whole("warmup_t", 0), q.number("warmup_lr_init", 0.0, low=0)
    before = bool(q.take("warmup_prefix", False)) if prefix is None else prefix
    for name in NOISE:
        if q.take(name, None) and name == "noise_range_t":
            raise SpecError(f"{q.of}: expected no noise_range_t, got one: a schedule has no random numbers")
    if not warm:
        return Answer(joined(curve), q.base_lr, max(planned, q.steps or 1))
    up = warmup(warm, start=absolute(first))
    if before:
        return Answer(joined(up, curve), q.base_lr, max(warm + planned, q.steps or 1))
    total = max(planned, q.steps or 1, warm + 1)
    notes = (f"the warmup overlays the curve, which begins behind it at step {warm}: the peak may never be reached",)
    return Answer(joined(up, excerpt(curve, total, begin=warm)), q.base_lr, total, notes)


def _cycles(q: Question, one: Recipe, low: float) -> tuple[Recipe, int]:
    """Cycles of one curve, as many as the limit has it, then the floor; and the steps of all of them."""
    first, limit = q.whole("t_initial", low=1), q.whole("cycle_limit", 1, low=0)
    growth, factor = exact(q.number("cycle_mul", 1.0, low=1)), q.number("cycle_decay", 1.0, low=0, high=1)
    if limit == 0:
        return repeat(one, every=first, growth=growth, factor=factor), first
    total = sum((first * growth**k for k in range(limit)), Fraction(0))
    if total.denominator != 1:
        raise SpecError(f"{q.of}: expected cycles of whole steps, got {float(total):g} in all")
    length = half_up(total)
    cycles = one if limit == 1 else repeat(one, every=first, growth=growth, factor=factor)
    return joined(excerpt(cycles, length, length=length), hold(at=absolute(low))), length


def cosine(q: Question) -> Answer:
    """CosineLRScheduler: m + (g^i p - m)(1 + cos(pi t^k / T^k)) / 2 in cycle i."""
    low, power = q.number("lr_min", 0.0, low=0), q.number("k_decay", 1.0, low=0)
    if power == 1:
        one = arc(start=1.0, to=absolute(low), shape="cosine")
    else:
        one = arc(start=1.0, to=absolute(low), shape="k-cosine", power=power)
    curve, planned = _cycles(q, one, low)
    return _warmed(q, curve, planned)


def polynomial(q: Question) -> Answer:
    """PolyLRScheduler: m + (p - m)(1 - t/T)^power; its power is 0.5 unless told."""
    low, power = q.number("lr_min", 0.0, low=0), q.number("power", 0.5, low=0)
    if q.number("k_decay", 1.0) != 1:
        raise SpecError(f"{q.of}: expected k_decay of 1, got another: write it with nested powers yourself")
    curve, planned = _cycles(q, arc(start=1.0, to=absolute(low), shape="polynomial", power=power), low)
    return _warmed(q, curve, planned)


def step(q: Question) -> Answer:
    """StepLRScheduler: p * rate^floor(t / S)."""
    every, rate = q.whole("decay_t", low=1), q.number("decay_rate", 1.0, low=0, high=1)
    return _warmed(q, steps(every, factor=rate), q.horizon())


def multi_step(q: Question) -> Answer:
    """MultiStepLRScheduler: drops one step before each of `decay_t`."""
    named, rate = q.take("decay_t"), q.number("decay_rate", 1.0, low=0, high=1)
    if not isinstance(named, (list, tuple)) or not all(isinstance(at, int) and at >= 1 for at in named):
        raise SpecError(f"{q.of}: expected decay_t as a list of whole numbers from 1, got {named!r:.60}")
    changes = {at - 1: rate ** (last + 1) for last, at in enumerate(sorted(named))}
    return _warmed(q, levels(list(changes.items()), 1.0), q.horizon())


def stable(q: Question) -> Answer:
    """WSDLRScheduler: the peak, then a decay that ends at t_initial; the warmup comes before both."""
    total, down, low = q.whole("t_initial", low=1), q.whole("decay_t", low=1), q.number("lr_min", 0.0, low=0)
    shape = q.choice("decay_fn", "linear", ("linear", "sqrt", "cosine"))
    q.choice("stable_fn", "constant", ("constant",))
    if down > total:
        raise SpecError(f"{q.of}: expected decay_t of at most t_initial, got {down} and {total}")
    fall = decay(down, to=absolute(low), shape={"sqrt": "1-sqrt"}.get(shape, shape))
    return _warmed(q, joined(hold(total - down), fall, hold()), total, prefix=True)


NAMES = {
    "CosineLRScheduler": cosine,
    "PolyLRScheduler": polynomial,
    "StepLRScheduler": step,
    "MultiStepLRScheduler": multi_step,
    "WSDLRScheduler": stable,
}
