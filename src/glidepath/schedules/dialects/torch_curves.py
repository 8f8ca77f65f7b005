"""Torch's schedulers one by one: class names and their arguments; values are those in force for update t.

Those that hold others are in `torch`. Source: torch 2.13, optim/lr_scheduler.py and optim/swa_utils.py.
"""

from collections.abc import Callable
from math import log

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import falling, joined, levels, reach, slope, swing
from glidepath.schedules.dialects.cycles import HALF, Way, along, fixed, phases, stairs, triangles
from glidepath.schedules.dialects.nesting import wholes
from glidepath.schedules.dialects.question import LARGEST, Answer, Question
from glidepath.schedules.levels import absolute
from glidepath.schedules.recipes import arc, hold, steps, warmup
from glidepath.schedules.reshape import combine, remap, repeat
from glidepath.schedules.schedule import Recipe

STRATEGIES = {"cos": "cosine", "linear": "linear"}


def constant(q: Question) -> Answer:
    """ConstantLR: p * factor for t < total_iters, then p."""
    factor, count = q.number("factor", 1 / 3, low=0, high=1), q.whole("total_iters", 5)
    if count == 0 and q.faithful:
        return Answer(hold(at=factor), q.base_lr)
    if count and not factor and q.faithful:
        raise SpecError(f"{q.of}: expected a factor above 0, got 0, by which torch divides at step {count}")
    stuck = "total_iters=0 leaves torch at the factor for ever; read as no factor at all"
    divided = f"torch divides by the factor of 0 at step {count}; read as the whole rate from there on"
    notes = () if count and factor else (divided if count else stuck,)
    return Answer(joined(hold(count, at=factor), hold(at=1.0)), q.base_lr, count, notes)


def linear_lr(q: Question) -> Answer:
    """LinearLR: p * (s + (e - s) min(t, N) / N)."""
    start, end = q.number("start_factor", 1 / 3, low=0, high=1), q.number("end_factor", 1.0, low=0, high=1)
    count = q.whole("total_iters", 5)
    if start == 0:
        raise SpecError(f"{q.of}: expected start_factor above 0, got 0, which torch refuses: write 1e-8")
    if count == 0 and q.faithful:
        return Answer(hold(at=start), q.base_lr)
    notes = () if count else ("total_iters=0 leaves torch at the start factor for ever; read as the end factor",)
    return Answer(joined(slope(count, start, end), hold(at=end)), q.base_lr, count, notes)


def exponential(q: Question) -> Answer:
    """ExponentialLR: p * gamma^t."""
    return _powers(q, 1, q.number("gamma", low=0))


def step(q: Question) -> Answer:
    """StepLR: p * gamma^floor(t / S)."""
    return _powers(q, q.whole("step_size", low=1), q.number("gamma", 0.1, low=0))


def _powers(q: Question, every: int, gamma: float) -> Answer:
    """p * gamma^floor(t / every); where it grows for ever, as far as the run is planned."""
    until = reach(q)
    if gamma == 0:  # whose power of 0 is 1
        return Answer(levels([(every, 0.0)], 1.0), q.base_lr, max(every, until))
    if gamma <= 1:
        return Answer(steps(every, factor=gamma), q.base_lr, until)
    last = (until - 1) // every
    top = _power(q, gamma, last)
    if every == 1 and last:
        up = joined(warmup(last, start=1 / top, shape="exponential"), hold())
    else:
        up = stairs(q, ((k * every, gamma ** (k - last)) for k in range(last + 1)), until, float)
    notes = () if q.faithful else (f"torch grows for ever; read as held behind step {until - 1}",)
    return Answer(up, q.base_lr * top, until, notes)


def _power(q: Question, gamma: float, exponent: int) -> float:
    """gamma^exponent, refused where the rate would be none."""
    if gamma > 1 and exponent * log(gamma) + log(q.base_lr) > log(LARGEST):
        raise SpecError(f"{q.of}: expected rates below {LARGEST:g}, got {q.base_lr:g} times {gamma:g}^{exponent}")
    return float(gamma**exponent)


def multi_step(q: Question) -> Answer:
    """MultiStepLR: p * gamma^(milestones at or before t); one named twice counts twice."""
    named, gamma = sorted(wholes(q, "milestones", least=0)), q.number("gamma", 0.1, low=0)
    top = max(1.0, _power(q, gamma, len(named)))
    changes = [(0, 1.0), *((at, gamma ** (k + 1)) for k, at in enumerate(named))]
    until = changes[-1][0] + 1
    return Answer(stairs(q, changes, until, lambda value: value / top), q.base_lr * top, until)


def polynomial(q: Question) -> Answer:
    """PolynomialLR: p * (1 - min(t, N) / N)^power; p where either is 0."""
    count, power = q.whole("total_iters", 5), q.number("power", 1.0, low=0)
    if count == 0 or power == 0:
        return Answer(hold(), q.base_lr)
    return Answer(joined(falling(count, 0.0, "polynomial", power), hold()), q.base_lr, count)


def cosine_annealing(q: Question) -> Answer:
    """CosineAnnealingLR: m + (p - m)(1 + cos(pi t / T)) / 2, which turns round at T."""
    count, low = q.whole("T_max", low=1), q.number("eta_min", 0.0)
    peak, fall, notes = _half_wave(q, low, count)
    if q.faithful:
        back = arc(count, start=1.0, to=absolute(q.base_lr), shape="cosine")
        curve = swing(count, low) if low <= q.base_lr else repeat(joined(fall, back), every=2 * count)
        return Answer(curve, peak, reach(q, count))
    turns = "climbs" if low <= q.base_lr else "falls"
    notes += (f"torch {turns} again behind step {count}; read as held at {max(0.0, low):g}",)
    return Answer(joined(fall, hold()), peak, count, notes)


def warm_restarts(q: Question) -> Answer:
    """CosineAnnealingWarmRestarts: a cosine in every cycle of T_0 * T_mult^k steps."""
    first, growth, low = q.whole("T_0", low=1), q.whole("T_mult", 1, low=1), q.number("eta_min", 0.0)
    peak, one, notes = _half_wave(q, low)
    return Answer(repeat(one, every=first, growth=growth), peak, reach(q), notes)


def _half_wave(q: Question, low: float, count: int | None = None) -> tuple[float, Recipe, tuple[str, ...]]:
    """(the peak, half a wave from the rate to `low`, notes): up where that is above, held at 0 where it is below."""
    base = q.base_lr
    if low > base:
        return low, arc(count, start=absolute(base), to=1.0, shape="cosine"), ()
    if low >= 0:
        return base, falling(count, low) if count else arc(start=1.0, to=fixed(low), shape="cosine"), ()
    if q.faithful or low < -base:
        raise SpecError(
            f"{q.of}: expected eta_min of at least 0, got {low:g}: learning rates below 0 are not kept, and mended "
            f"from {-base:g} on"
        )
    gone = combine(arc(shape="cosine"), arc(to=absolute(-low), shape="cosine"), by="sum")  # at most the whole rate
    notes = (f"torch goes below 0, to {low:g}; read as held at 0",)
    return base, remap(gone, low=1.0, high=0.0, length=count), notes


def one_cycle(q: Question) -> Answer:
    """OneCycleLR: phases that end at pct T - 1 and T - 1, between two steps where pct T is no whole number."""
    peak, count = q.number("max_lr", low=0), _total(q)
    share, three = q.number("pct_start", 0.3, low=0, high=1), q.flag("three_phase", default=False)
    shape = STRATEGIES[q.choice("anneal_strategy", "cos", tuple(STRATEGIES))]
    first, final = q.number("div_factor", 25.0, low=0), q.number("final_div_factor", 1e4, low=0)
    if not first or not final:
        raise SpecError(f"{q.of}: expected div_factor and final_div_factor above 0, got {first:g} and {final:g}")
    rates = (peak / first, peak, peak / first / final)
    if share >= (HALF if three else 1):
        return _rising(q, count, share, rates, shape, three=three)
    curve = along(q, phases(q, count, share, rates, shape, three=three), count + 1)
    notes = () if q.faithful else ("torch rises, or goes below 0, behind its last step; read as held there",)
    return Answer(joined(curve, hold(at=fixed(rates[2]))), max(rates), count + 1, notes)


def _total(q: Question) -> int:
    """total_steps, or else the steps of all epochs."""
    if q.take("total_steps", None) is not None:
        q.take("epochs", None)
        q.take("steps_per_epoch", None)
        return q.whole("total_steps", low=1)
    if q.take("epochs", None) is None or q.take("steps_per_epoch", None) is None:
        raise SpecError(f"{q.of}: expected total_steps, or epochs and steps_per_epoch, got neither")
    return q.whole("epochs", low=1) * q.whole("steps_per_epoch", low=1)


def _rising(
    q: Question, count: int, share: float, rates: tuple[float, float, float], shape: str, *, three: bool
) -> Answer:
    """A cycle whose way up takes so much that the last phase has at most its last step."""
    up, last = share * count - 1, count - 1
    if up == 0:
        raise SpecError(f"{q.of}: expected a way up of another length than one step, got {share:g} of {count}")
    first, peak, low = rates
    ways = [Way(0, up, first, peak, shape)]
    ways += [Way(up, 2 * up, peak, first, shape)] if three else []
    ways += [Way(2 * up, last, first, low, shape)] if three and 2 * up < last else []
    way = ways[-1] if ways[-1].begin < last else ways[0]
    end = hold(at=fixed(way.at((last - way.begin) / (way.end - way.begin))))
    notes = () if q.faithful else (f"torch has not come down by its last step, {last}; read as held from there on",)
    return Answer(joined(along(q, ways, last), end), max(rates), count, notes)


def cyclic(q: Question) -> Answer:
    """CyclicLR: from base_lr up to max_lr and down again, lower each time in two of its three modes."""
    base, peak = q.number("base_lr", low=0), q.number("max_lr", low=0)
    up = q.whole("step_size_up", 2000, low=1)
    down = up if q.take("step_size_down", None) is None else q.whole("step_size_down")
    mode = q.choice("mode", "triangular", ("triangular", "triangular2", "exp_range"))
    if q.take("scale_fn", None) is not None:
        raise SpecError(f"{q.of}: expected no scale_fn, got one: a schedule is data, not a function")
    return Answer(
        triangles(mode, (base, peak), (up, down), q.number("gamma", 1.0, low=0, high=1)), max(base, peak), reach(q)
    )


def averaging(q: Question) -> Answer:
    """SWALR: from the optimizer's rate to swa_lr within anneal_epochs, at swa_lr at once where there are none."""
    end, count = q.number("swa_lr", low=0), q.whole("anneal_epochs", 10)
    shape = STRATEGIES[q.choice("anneal_strategy", "cos", tuple(STRATEGIES))]
    peak = max(q.base_lr, end)
    if count == 0:
        return Answer(hold(at=fixed(end)), peak)
    up = arc(count, start=absolute(q.base_lr), to=1.0, shape=shape) if end > q.base_lr else None
    return Answer(joined(up or falling(count, end, shape), hold()), peak, count)


def by_function(q: Question) -> Answer:
    """LambdaLR and MultiplicativeLR, whose argument is a function."""
    raise SpecError(
        f"{q.of}: expected a schedule that is data, got one by a function (lr_lambda): write its formula in our parts, "
        "such as warmup('2%') >> cosine(to=0.1)"
    )


# Fields that say nothing of the learning rate.
MOMENTUM = ("cycle_momentum", "base_momentum", "max_momentum")
UNUSED: dict[str, tuple[str, ...]] = {"OneCycleLR": MOMENTUM, "CyclicLR": (*MOMENTUM, "scale_mode")}
READERS: dict[str, Callable[[Question], Answer]] = {
    "ConstantLR": constant,
    "LinearLR": linear_lr,
    "ExponentialLR": exponential,
    "StepLR": step,
    "MultiStepLR": multi_step,
    "PolynomialLR": polynomial,
    "CosineAnnealingLR": cosine_annealing,
    "CosineAnnealingWarmRestarts": warm_restarts,
    "OneCycleLR": one_cycle,
    "CyclicLR": cyclic,
    "SWALR": averaging,
    "LambdaLR": by_function,
    "MultiplicativeLR": by_function,
}
