"""paddle.optimizer.lr: class names and their arguments; the rates are their own, base_lr is not asked."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from math import ceil, exp, log

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects.curves import joined, reach
from glidepath.schedules.dialects.cycles import (
    Way,
    along,
    firsts_of,
    fixed,
    grown,
    phases,
    polynomial,
    restarts,
    stairs,
    triangles,
    widening,
)
from glidepath.schedules.dialects.nesting import fresh, inner, numbers, wholes
from glidepath.schedules.dialects.question import LARGEST, Answer, Question
from glidepath.schedules.levels import absolute
from glidepath.schedules.powers import inverse_sqrt, power_law
from glidepath.schedules.recipes import arc, hold, steps, warmup
from glidepath.schedules.reshape import repeat

HALF = 0.5
STRATEGIES = {"cos": "cosine", "linear": "linear"}


def noam(q: Question) -> Answer:
    """NoamDecay: p d^-1/2 min(t^-1/2, t W^-3/2)."""
    width, count = q.number("d_model", low=0), q.whole("warmup_steps", low=1)
    if width == 0:
        raise SpecError(f"{q.of}: expected d_model above 0, got 0")
    peak = q.number("learning_rate", 1.0, low=0) * width**-HALF * count**-HALF
    return Answer(
        joined(warmup(count, start=0, to=absolute(peak)), inverse_sqrt(timescale=count)), peak, reach(q, count)
    )


def piecewise(q: Question) -> Answer:
    """PiecewiseDecay: values[i] before boundaries[i], the last value behind them all."""
    ends = numbers(q, "boundaries", least=1)
    values = numbers(q, "values", least=len(ends) + 1)
    changes, begin = [], 0
    for end, value in zip(ends, values, strict=False):
        if ceil(end) > begin:
            changes.append((begin, value))
            begin = ceil(end)
    changes.append((begin, values[-1]))
    return Answer(stairs(q, changes, begin + 1), max(values), begin + 1)


def natural_exponential(q: Question) -> Answer:
    """NaturalExpDecay: p e^(-gamma t)."""
    peak, gamma = q.number("learning_rate", low=0), q.number("gamma", low=0)
    if gamma == 0:
        raise SpecError(f"{q.of}: expected gamma above 0, got 0")
    every = max(
        1, round(min(1 / gamma, LARGEST))
    )  # about the time constant, so that no last bit of the factor is raised to t
    return Answer(steps(every, factor=exp(-gamma * every), smooth=True), peak, reach(q))


def inverse_time(q: Question) -> Answer:
    """InverseTimeDecay: p / (1 + gamma t)."""
    peak, gamma = q.number("learning_rate", low=0), q.number("gamma", low=0)
    return Answer(power_law(exponent=1.0, timescale=1, rate=gamma) if gamma else hold(), peak, reach(q))


def exponential(q: Question) -> Answer:
    """ExponentialDecay: p gamma^t."""
    return Answer(steps(1, factor=q.number("gamma", low=0, high=1)), q.number("learning_rate", low=0), reach(q))


def step(q: Question) -> Answer:
    """StepDecay: p gamma^floor(t / S)."""
    every, gamma = q.whole("step_size", low=1), q.number("gamma", 0.1, low=0, high=1)
    return Answer(steps(every, factor=gamma), q.number("learning_rate", low=0), reach(q))


def multi_step(q: Question) -> Answer:
    """MultiStepDecay: p gamma^(milestones at or before t); they increase."""
    peak, gamma = q.number("learning_rate", low=0), q.number("gamma", 0.1, low=0, high=1)
    named = wholes(q, "milestones", least=0)
    if any(b <= a for a, b in pairwise(named)):
        raise SpecError(f"{q.of}: expected milestones that increase, got {shown(named)}")
    changes = [(0, peak), *((at, peak * gamma ** (k + 1)) for k, at in enumerate(named))]
    last = changes[-1][0] + 1
    return Answer(stairs(q, changes, last), peak, last)


def polynomial_decay(q: Question) -> Answer:
    """PolynomialDecay: (p - end)(1 - t/n)^power + end; with `cycle` n grows to the next multiple of itself."""
    first, low = q.number("learning_rate", low=0), q.number("end_lr", 0.0001, low=0)
    count, power = q.whole("decay_steps", low=1), q.number("power", 1.0, low=0)
    if not q.flag("cycle", default=False):
        curve = along(q, [Way(0, count, first, low, *polynomial(power))], count)
        return Answer(joined(curve, hold(at=fixed(low))), max(first, low), count)
    until = reach(q, count)
    curve = along(q, widening(count, first, low, power), until)
    return Answer(joined(curve), max(first, low), until)


def linear(q: Question) -> Answer:
    """LinearLR: p (s + (e - s) min(t, N) / N)."""
    peak, count = q.number("learning_rate", low=0), q.whole("total_steps", low=1)
    start = q.number("start_factor", 1 / 3, low=0, high=1)
    end = q.number("end_factor", 1.0, low=0, high=1)
    if start == 0:
        raise SpecError(f"{q.of}: expected start_factor above 0, got 0")
    curve = along(q, [Way(0, count, peak * start, peak * end)], count)
    return Answer(joined(curve, hold(at=fixed(peak * end))), peak, count)


def cosine(q: Question) -> Answer:
    """CosineAnnealingDecay: m + (p - m)(1 + cos(pi t / T)) / 2, which turns round at T."""
    first, count, low = q.number("learning_rate", low=0), q.whole("T_max", low=1), q.number("eta_min", 0, low=0)
    peak, fall = max(first, low), along(q, [Way(0, count, first, low, "cosine")], count)
    if q.faithful:
        back = arc(count, start=fixed(low), to=fixed(first), shape="cosine")
        return Answer(repeat(joined(fall, back), every=2 * count), peak, reach(q, count))
    notes = (f"paddle turns round at step {count}; read as held at {low:g}",)
    return Answer(joined(fall, hold(at=fixed(low))), peak, count, notes)


def warm_restarts(q: Question) -> Answer:
    """CosineAnnealingWarmRestarts: a cosine in every cycle of T_0 T_mult^k steps."""
    rate, count, low = q.number("learning_rate", low=0), q.whole("T_0", low=1), q.number("eta_min", 0, low=0)
    one = arc(start=fixed(rate), to=fixed(low), shape="cosine")
    return Answer(repeat(one, every=count, growth=q.whole("T_mult", 1, low=1)), max(rate, low), reach(q))


def _asked_restarts(q: Question) -> Answer:
    """The same as LinearWarmup asks for it: by a logarithm, which is rounded and begins some cycles a step late."""
    growth, count = q.whole("T_mult", 1, low=1), q.whole("T_0", low=1)
    if growth == 1 or not q.faithful:
        return warm_restarts(q)
    rate, low, until = q.number("learning_rate", low=0), q.number("eta_min", 0, low=0), reach(q)
    bounds = grown(q, count, growth, until)
    firsts = firsts_of([begin for begin, _ in bounds], lambda step: int(log(step / count * (growth - 1) + 1, growth)))
    return Answer(joined(along(q, restarts(bounds, firsts, lambda _: (rate, low)), until)), max(rate, low), until)


def one_cycle(q: Question) -> Answer:
    """OneCycleLR: as torch's, with its own last rate."""
    peak, count = q.number("max_learning_rate", low=0), q.whole("total_steps", low=1)
    divisor, low = q.number("divide_factor", 25.0, low=0), q.number("end_learning_rate", 0.0001, low=0)
    share, three = q.number("phase_pct", 0.3, low=0, high=1), q.flag("three_phase", default=False)
    shape = STRATEGIES[q.choice("anneal_strategy", "cos", tuple(STRATEGIES))]
    if divisor == 0:
        raise SpecError(f"{q.of}: expected divide_factor above 0, got 0")
    rates = (peak / divisor, peak, low)
    curve = along(q, phases(q, count, share, rates, shape, three=three), count + 1)
    notes = () if q.faithful else (f"paddle leaves its last rate at step {count}; read as held at {low:g}",)
    return Answer(joined(curve, hold(at=fixed(low))), max(rates), count + 1, notes)


def cyclic(q: Question) -> Answer:
    """CyclicLR: from base_learning_rate up and down again, lower each time in two of its three modes."""
    base, peak = q.number("base_learning_rate", low=0), q.number("max_learning_rate", low=0)
    up = q.whole("step_size_up", low=1)
    down = up if q.take("step_size_down", None) is None else q.whole("step_size_down", low=1)
    mode = q.choice("mode", "triangular", ("triangular", "triangular2", "exp_range"))
    gamma = q.number("exp_gamma", 1.0, low=0, high=1)
    q.choice("scale_mode", "cycle", ("cycle", "iterations"))
    if q.take("scale_fn", None) is not None:
        raise SpecError(f"{q.of}: expected no scale_fn, got one: a schedule is data, not a function")
    return Answer(triangles(mode, (base, peak), (up, down), gamma), max(base, peak), reach(q))


def linear_warmup(q: Question) -> Answer:
    """LinearWarmup: start_lr + (end_lr - start_lr) t/W, then a rate or another schedule from its own step 0 on."""
    count, start, end = q.whole("warmup_steps", low=1), q.number("start_lr", low=0), q.number("end_lr", low=0)
    if end <= start:
        raise SpecError(f"{q.of}: expected end_lr above start_lr, got {end:g} and {start:g}")
    up, within = warmup(count, start=fixed(start), to=absolute(end)), q.take("learning_rate")
    if not isinstance(within, Mapping):
        rate = q.number("learning_rate", low=0)
        return Answer(joined(up, hold(at=fixed(rate))), max(end, rate), count + 1)
    then = inner(q, "learning_rate", within, WITHIN, behind=count)
    jump = None if then.peak == end else hold(0, at=absolute(then.peak))
    planned = count + (then.steps or 1)
    return Answer(joined(up, jump, then.recipe), max(end, then.peak), planned, then.notes)


READERS: dict[str, Callable[[Question], Answer]] = {
    "NoamDecay": noam,
    "PiecewiseDecay": piecewise,
    "NaturalExpDecay": natural_exponential,
    "InverseTimeDecay": inverse_time,
    "PolynomialDecay": polynomial_decay,
    "LinearWarmup": linear_warmup,
    "ExponentialDecay": exponential,
    "MultiStepDecay": multi_step,
    "StepDecay": step,
    "CosineAnnealingDecay": cosine,
    "OneCycleLR": one_cycle,
    "CyclicLR": cyclic,
    "LinearLR": linear,
    "CosineAnnealingWarmRestarts": warm_restarts,
}
NAMES = {name: fresh(read, "verbose") for name, read in READERS.items()}
WITHIN = {**NAMES, "CosineAnnealingWarmRestarts": fresh(_asked_restarts, "verbose")}  # a warmup
