"""pytorch-scheduler: its classes and the short names of its registry. Warmups are t/W; the floors are absolute."""

from collections.abc import Callable
from itertools import count, pairwise
from math import exp, floor, log, sqrt, tanh

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects.curves import falling, joined, powered, reach, textbook
from glidepath.schedules.dialects.nesting import inner, rows
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.dialects.restarts import Cycle, alike, different
from glidepath.schedules.levels import absolute
from glidepath.schedules.points import points
from glidepath.schedules.powers import inverse_sqrt, power_law
from glidepath.schedules.recipes import arc, decay, hold, warmup
from glidepath.schedules.reshape import clip, combine, excerpt, remap, repeat
from glidepath.schedules.schedule import Recipe

MOST_POINTS = 10_000  # of a curve that no part of ours draws, and that is read point by point
FASTEST = 1e6  # growth of a cycle, above which one more is longer than any run
TANH = (-7.0, 3.0)  # where our tanh shape begins and ends


def _plan(q: Question) -> tuple[int, int]:
    """(steps in all, those of the warmup)."""
    total, up = q.whole("total_steps", q.steps, low=1), q.whole("warmup_steps", 0)
    if up >= total:
        raise SpecError(f"{q.of}: expected warmup_steps below total_steps, got {up} and {total}")
    return total, up


def _falls(q: Question, total: int, up: int, flat: int, shape: str) -> Answer:
    """Up, the peak for some steps, and a fall to min_lr at the end."""
    if up + flat >= total:
        raise SpecError(f"{q.of}: expected a decay of at least one of {total} steps, got {up + flat} before it")
    low = q.number("min_lr", 0.0, low=0)
    stable = hold(flat, at=1.0) if flat else None
    fall = falling(total - up - flat, low, shape)
    return Answer(joined(textbook(up), stable, fall, hold()), q.base_lr, total)


def identity(q: Question) -> Answer:
    """IdentityScheduler: the rate."""
    return Answer(hold(), q.base_lr, q.horizon())


def rex(q: Question) -> Answer:
    """RexScheduler: (1 - q) / (1 - q/2)."""
    total = q.whole("total_steps", q.steps, low=1)
    return Answer(joined(decay(total, shape="rex"), hold()), q.base_lr, total)


def linear_decay(q: Question) -> Answer:
    """LinearDecayScheduler: a line to min_lr."""
    total, up = _plan(q)
    return _falls(q, total, up, 0, "linear")


def cosine_warmup(q: Question) -> Answer:
    """CosineWithWarmupScheduler: half a wave to min_lr."""
    total, up = _plan(q)
    return _falls(q, total, up, 0, "cosine")


def warmup_hold_cosine(q: Question) -> Answer:
    """WarmupHoldCosineScheduler: the same behind some steps at the peak."""
    total, up = _plan(q)
    return _falls(q, total, up, q.whole("hold_steps", 0), "cosine")


def stable(q: Question) -> Answer:
    """WSDScheduler: warmup, stable, and a decay in one of three shapes."""
    total, up = _plan(q)
    shape = {"sqrt": "1-sqrt"}.get(kind := q.choice("decay_type", "cosine", ("cosine", "linear", "sqrt")), kind)
    return _falls(q, total, up, q.whole("stable_steps"), shape)


def trapezoid(q: Question) -> Answer:
    """TrapezoidalScheduler: the decay has a length of its own; without one min_lr follows on the last step."""
    total, up, down = q.whole("total_steps", q.steps, low=1), q.whole("warmup_steps"), q.whole("decay_steps")
    if up + down > total:
        raise SpecError(f"{q.of}: expected warmup_steps and decay_steps within {total} steps, got {up} and {down}")
    low = q.number("min_lr", 0.0, low=0)
    curve = joined(textbook(up), hold(total - up - down, at=1.0), falling(down, low, "linear"), hold())
    return Answer(curve, q.base_lr, total)


def flat_cosine(q: Question) -> Answer:
    """FlatCosineScheduler: the peak for a share of the steps, rounded down, then half a wave."""
    total, share = q.whole("total_steps", q.steps, low=1), q.number("flat_fraction", 0.7, low=0, high=1)
    return _falls(q, total, 0, floor(total * share), "cosine")


def k_decay(q: Question) -> Answer:
    """KDecayScheduler: half a wave of (t/T)^k."""
    total, power = q.whole("total_steps", q.steps, low=1), q.number("k", 1.0, low=0)
    low = absolute(q.number("min_lr", 0.0, low=0))
    return Answer(joined(decay(total, to=low, shape="k-cosine", power=power), hold()), q.base_lr, total)


def chebyshev(q: Question) -> Answer:
    """ChebyshevScheduler: half a wave at (t + 1/2)/T, the last step held."""
    total, low = q.whole("total_steps", q.steps, low=1), absolute(q.number("min_lr", 0.0, low=0))
    half = 1 / (2 * total)
    fall = arc(total - 1, start=1.0, to=low, shape="cosine", since=half, until=1 - half)
    return Answer(joined(fall, hold()), q.base_lr, total)


def tanh_decay(q: Question) -> Answer:
    """TanhDecayScheduler: (1 - tanh(s (2t/T - 1))) / 2 of the way from min_lr, and min_lr from T on.

    It is a stretch of our shape, which goes from tanh(-7) to tanh(3).
    """
    total, low = q.whole("total_steps", q.steps, low=1), q.number("min_lr", 0.0, low=0)
    steepness, width = q.number("steepness", 3.0, low=0), TANH[1] - TANH[0]
    start, to = (absolute(low + (q.base_lr - low) * (1 - tanh(end)) / 2) for end in TANH)
    since, until = ((end - TANH[0]) / width for end in (-steepness, steepness))
    fall = arc(total, start=start, to=to, shape="tanh", since=since, until=until, beyond=True)
    return Answer(joined(fall, hold(at=absolute(low))), q.base_lr, total)


def slanted(q: Question) -> Answer:
    """SlantedTriangularScheduler: up from 1/ratio until a share of the steps, rounded down, and down again."""
    total, share = q.whole("total_steps", q.steps, low=1), q.number("cut_frac", 0.1, low=0, high=1)
    least, cut = 1 / max(1.0, q.number("ratio", 32.0, low=0)), floor(total * share)
    if cut == total:
        raise SpecError(f"{q.of}: expected cut_frac below 1, got {share:g}: there is no way down")
    up = warmup(cut, start=least) if cut else hold(1, at=least)
    since = 0.0 if cut else 1 / total
    fall = arc(total - max(1, cut), start=1.0, to=least, since=since)
    return Answer(joined(up, fall, hold(at=least)), q.base_lr, total)


def hyperbolic(q: Question) -> Answer:
    """HyperbolicLRScheduler: p + (p - min) (f(x) - f(0)), f(x) = sqrt((n - x)(2u - n - x)) / u, u the upper bound.

    f(x)/f(0) is the product of sqrt(1 - x/n) and sqrt(1 - x/(2u - n)).
    """
    total, up, bound, low = _bounded(q)
    count, peak = total - up, q.base_lr
    far = arc(start=1.0, to=0.0, shape="polynomial", power=0.5, until=count / (2 * bound - count))
    both = combine(arc(start=1.0, to=0.0, shape="polynomial", power=0.5), far, by="product")
    end = absolute(peak - (peak - low) * _hyperbola(count, bound, 0))
    fall = remap(both, low=end, length=count)
    return Answer(joined(_from(up, low), fall, hold(at=end)), peak, total)


def exp_hyperbolic(q: Question) -> Answer:
    """ExpHyperbolicLRScheduler: p (p / min)^(f(x) - f(0)), point by point."""
    total, up, bound, low = _bounded(q)
    count, peak = total - up, q.base_lr
    if not 0 < low <= peak or count > MOST_POINTS:
        raise SpecError(
            f"{q.of}: expected min_lr above 0 and up to the rate {peak:g}, and at most {MOST_POINTS} steps behind "
            f"the warmup, got {low:g} and {count}"
        )
    rate, first = log(peak / low), _hyperbola(count, bound, 0)
    knots = [(x, exp(rate * (_hyperbola(count, bound, x) - first))) for x in range(count)]
    return Answer(joined(_from(up, low), points(knots, length=count), hold(at=exp(-rate * first))), peak, total)


def _bounded(q: Question) -> tuple[int, int, float, float]:
    """(steps in all, those of the warmup, the upper bound, the floor)."""
    total, up = _plan(q)
    return total, up, q.number("upper_bound", low=total), q.number("min_lr", 1e-6, low=0)


def _hyperbola(count: int, bound: float, x: int) -> float:
    return sqrt((count - x) / bound * (2 - (count + x) / bound))


def _from(up: int, low: float) -> Recipe | None:
    return warmup(up, start=absolute(low)) if up else None


def polynomial(q: Question) -> Answer:
    """PolynomialScheduler: (1 - q)^power to min_lr; with `cycle` from the warmup on again and again."""
    (total, up), power = _plan(q), q.number("power", 1.0, low=0)
    once = joined(textbook(up), falling(total - up, q.number("min_lr", 0.0, low=0), "polynomial", power))
    if q.take("cycle", default=False):
        return Answer(repeat(once, every=total), q.base_lr, reach(q, total))
    return Answer(joined(once, hold()), q.base_lr, total)


def power_decay(q: Question) -> Answer:
    """PowerDecayScheduler: (t/W)^-alpha, or (t+1)^-alpha without a warmup, kept at min_lr; total_steps ends nothing."""
    (total, up), alpha = _plan(q), q.number("alpha", 0.5, low=0)
    law = power_law(exponent=alpha, timescale=max(1, up))
    curve = joined(textbook(up), clip(law, low=absolute(q.number("min_lr", 0.0, low=0))))
    return Answer(curve, q.base_lr, reach(q, total))


def inverse(q: Question) -> Answer:
    """InverseSqrtScheduler: t/W, then sqrt(W/t)."""
    up = q.whole("warmup_steps", low=1)
    return Answer(joined(textbook(up), inverse_sqrt(timescale=up)), q.base_lr, max(reach(q), up))


def restarts(q: Question) -> Answer:
    """CosineAnnealingWarmupRestarts: rates of its own; cycle k, int(first mult^k) long, begins at min_lr."""
    first, up = q.whole("first_cycle_steps", low=1), q.whole("warmup_steps", 0)
    top, low = q.number("max_lr", 0.1, low=0), q.number("min_lr", 0.001, low=0)
    growth, factor = q.number("cycle_mult", 1.0, low=0, high=FASTEST), q.number("gamma", 1.0, low=0)
    if up >= first or low > top:
        raise SpecError(
            f"{q.of}: expected warmup_steps below first_cycle_steps and min_lr up to max_lr, got {up} and {first}, "
            f"{low:g} and {top:g}"
        )
    cycle = Cycle(low, top, up, idle=True)
    if growth == factor == 1:
        return alike(q, cycle, first)
    return different(q, cycle, (int(first * growth**k) for k in count()), factor)


def warmed(q: Question) -> Answer:
    """WarmupScheduler: t/W, half a wave or (t/W)^2, which it calls exponential; then another, `{"name": ...}`."""
    up, kind = q.whole("warmup_steps"), q.choice("warmup_type", "linear", ("linear", "cosine", "exponential"))
    behind = inner(q, "base_scheduler", q.take("base_scheduler"), NAMES, behind=up)
    base = absolute(q.base_lr)
    ramp = powered(up, 0.0, base, 2) if kind == "exponential" and up else None
    rise = arc(up, start=0.0, to=base, shape=kind) if kind != "exponential" else ramp
    curve = joined(rise, hold(0, at=base), behind.recipe)
    return Answer(curve, max(q.base_lr, behind.peak), up + (behind.steps or 1), behind.notes)


def composed(q: Question) -> Answer:
    """SequentialComposer: each from its milestone on, at its own step 0."""
    tables, milestones = rows(q, "schedulers", least=1), q.take("milestones")
    if not isinstance(milestones, (list, tuple)) or not all(type(m) is int for m in milestones):
        raise SpecError(f"{q.of}: expected milestones as a list of whole numbers, got {shown(milestones)}")
    begins = [0, *milestones]
    if len(begins) != len(tables) or begins != sorted(begins):
        raise SpecError(f"{q.of}: expected a milestone between any two schedulers, in order, got {shown(milestones)}")
    answers = [inner(q, "schedulers", table, NAMES, steps=q.steps) for table in tables]
    if any(answer.peak != q.base_lr for answer in answers):
        raise SpecError(f"{q.of}: expected schedulers of the optimizer's rate, got one with a max_lr of its own")
    cuts = [
        excerpt(answer.recipe, max(answer.steps or 1, end - begin), length=end - begin)
        for answer, (begin, end) in zip(answers, pairwise(begins), strict=False)
    ]
    curve = joined(*cuts, hold(0, at=1.0), answers[-1].recipe)
    return Answer(curve, q.base_lr, begins[-1] + (answers[-1].steps or 1))


# Its classes, and the short names that create_scheduler takes.
KINDS = {
    "IdentityScheduler": ("identity", identity),
    "RexScheduler": ("rex", rex),
    "LinearDecayScheduler": ("linear_decay", linear_decay),
    "CosineWithWarmupScheduler": ("cosine_with_warmup", cosine_warmup),
    "WarmupHoldCosineScheduler": ("warmup_hold_cosine", warmup_hold_cosine),
    "WSDScheduler": ("wsd", stable),
    "TrapezoidalScheduler": ("trapezoidal", trapezoid),
    "FlatCosineScheduler": ("flat_cosine", flat_cosine),
    "KDecayScheduler": ("k_decay", k_decay),
    "ChebyshevScheduler": ("chebyshev", chebyshev),
    "TanhDecayScheduler": ("tanh_decay", tanh_decay),
    "SlantedTriangularScheduler": ("slanted_triangular", slanted),
    "HyperbolicLRScheduler": ("hyperbolic", hyperbolic),
    "ExpHyperbolicLRScheduler": ("exp_hyperbolic", exp_hyperbolic),
    "PolynomialScheduler": ("polynomial", polynomial),
    "PowerDecayScheduler": ("power_decay", power_decay),
    "InverseSqrtScheduler": ("inverse_sqrt", inverse),
    "CosineAnnealingWarmupRestarts": ("cosine_annealing", restarts),
}
NAMES: dict[str, Callable[[Question], Answer]] = {
    **{name: read for name, (_, read) in KINDS.items()},
    **dict(KINDS.values()),
    "WarmupScheduler": warmed,
    "SequentialComposer": composed,
}
