"""torch.optim.lr_scheduler: class names and their arguments; values are those in force for update t."""

from itertools import pairwise
from math import ceil

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import falling, joined, levels, slope
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.levels import absolute
from glidepath.schedules.recipes import arc, hold, steps, warmup
from glidepath.schedules.reshape import repeat
from glidepath.schedules.schedule import Recipe


def constant(q: Question) -> Answer:
    """ConstantLR: p * factor for t < total_iters, then p."""
    factor, count = q.number("factor", 1 / 3, low=0, high=1), q.whole("total_iters", 5)
    if count == 0 and q.faithful:
        return Answer(hold(at=factor), q.base_lr, q.steps)
    notes = () if count else ("total_iters=0 leaves torch at the factor for ever; read as no factor at all",)
    return Answer(joined(hold(count, at=factor), hold(at=1.0)), q.base_lr, q.steps, notes)


def linear_lr(q: Question) -> Answer:
    """LinearLR: p * (s + (e - s) min(t, N) / N)."""
    start, end = q.number("start_factor", 1 / 3, low=0, high=1), q.number("end_factor", 1.0, low=0, high=1)
    count = q.whole("total_iters", 5)
    if count == 0 and q.faithful:
        return Answer(hold(at=start), q.base_lr, q.steps)
    notes = () if count else ("total_iters=0 leaves torch at the start factor for ever; read as the end factor",)
    return Answer(joined(slope(count, start, end), hold(at=end)), q.base_lr, q.steps, notes)


def exponential(q: Question) -> Answer:
    """ExponentialLR: p * gamma^t."""
    return Answer(steps(1, factor=q.number("gamma", low=0, high=1)), q.base_lr, q.horizon())


def step(q: Question) -> Answer:
    """StepLR: p * gamma^floor(t / S)."""
    every, gamma = q.whole("step_size", low=1), q.number("gamma", 0.1, low=0, high=1)
    return Answer(steps(every, factor=gamma), q.base_lr, q.horizon())


def multi_step(q: Question) -> Answer:
    """MultiStepLR: p * gamma^(milestones at or before t); one named twice counts twice."""
    named, gamma = q.take("milestones"), q.number("gamma", 0.1, low=0, high=1)
    if not isinstance(named, (list, tuple)) or not all(isinstance(at, int) and at >= 0 for at in named):
        raise SpecError(f"{q.of}: expected milestones as a list of whole numbers, got {named!r:.60}")
    ordered = sorted(named)
    changes = {at: gamma ** (last + 1) for last, at in enumerate(ordered)}
    return Answer(levels(list(changes.items()), 1.0), q.base_lr, q.steps or (ordered or [1])[-1] + 1)


def polynomial(q: Question) -> Answer:
    """PolynomialLR: p * (1 - min(t, N) / N)^power."""
    count, power = q.whole("total_iters", 5, low=1), q.number("power", 1.0, low=0)
    return Answer(joined(falling(count, 0.0, "polynomial", power), hold()), q.base_lr, q.steps or count)


def cosine_annealing(q: Question) -> Answer:
    """CosineAnnealingLR: m + (p - m)(1 + cos(pi t / T)) / 2, which climbs again behind T."""
    count, low = q.whole("T_max", low=1), q.number("eta_min", 0.0, low=0)
    if q.faithful:
        cycle = joined(falling(count, low), warmup(count, start=absolute(low), shape="cosine"))
        return Answer(repeat(cycle, every=2 * count), q.base_lr, q.steps or count)
    notes = (f"torch climbs again behind step {count}; read as held at {low:g}",)
    return Answer(joined(falling(count, low), hold()), q.base_lr, q.steps or count, notes)


def warm_restarts(q: Question) -> Answer:
    """CosineAnnealingWarmRestarts: a cosine in every cycle of T_0 * T_mult^k steps."""
    first, growth, low = q.whole("T_0", low=1), q.whole("T_mult", 1, low=1), q.number("eta_min", 0.0, low=0)
    cycles = repeat(arc(start=1.0, to=absolute(low), shape="cosine"), every=first, growth=growth)
    return Answer(cycles, q.base_lr, q.horizon())


def one_cycle(q: Question) -> Answer:
    """OneCycleLR: phases that end at pct T - 1 and T - 1, between two steps where pct T is no whole number."""
    peak = q.number("max_lr", low=0)
    total = q.take("total_steps", None)
    epochs, per_epoch = q.take("epochs", None), q.take("steps_per_epoch", None)
    count = total if total is not None else (epochs or 0) * (per_epoch or 0)
    if isinstance(count, bool) or not isinstance(count, int) or count < 2:
        raise SpecError(
            f"{q.of}: expected total_steps, or epochs and steps_per_epoch, as whole numbers, got {count!r:.40}"
        )
    share, three = q.number("pct_start", 0.3, low=0, high=1), bool(q.take("three_phase", False))
    shape = {"cos": "cosine", "linear": "linear"}[q.choice("anneal_strategy", "cos", ("cos", "linear"))]
    first, final = q.number("div_factor", 25.0, low=1), q.number("final_div_factor", 1e4, low=1)
    for momentum in ("cycle_momentum", "base_momentum", "max_momentum"):
        q.take(momentum, None)
    start, low = peak / first, peak / first / final
    ends = [share * count - 1, 2 * share * count - 2, count - 1] if three else [share * count - 1, count - 1]
    rates = [start, peak, start, low] if three else [start, peak, low]
    if ends[0] <= 0:
        raise SpecError(f"{q.of}: expected pct_start * total_steps above 1, got {share * count:g}: there is no way up")
    notes = ("torch rises, or goes below 0, behind its last step; read as held there",)
    return Answer(joined(*_phases(ends, rates, shape), hold()), peak, count, notes)


def _phases(ends: list[float], rates: list[float], shape: str) -> list[Recipe]:
    """An arc for each phase, cut at whole steps: a step that lies on an end still belongs to the phase before."""
    parts, begin, before = [], 0, 0.0
    for end, (here, there) in zip(ends, pairwise(rates), strict=True):
        stop, way = int(end) + 1, end - before
        start, to = absolute(here), absolute(there)
        since, until = (begin - before) / way, (stop - before) / way
        parts.append(arc(stop - begin, start=start, to=to, shape=shape, since=since, until=until))
        begin, before = stop, end
    return parts


def cyclic(q: Question) -> Answer:
    """CyclicLR, triangular: from base_lr up to max_lr and down again."""
    base, peak = q.number("base_lr", low=0), q.number("max_lr", low=0)
    up = q.whole("step_size_up", 2000, low=1)
    down = q.take("step_size_down", None) or up
    q.choice("mode", "triangular", ("triangular",))
    for momentum in ("cycle_momentum", "base_momentum", "max_momentum", "gamma", "scale_mode"):
        q.take(momentum, None)
    cycle = joined(warmup(up, start=absolute(base)), falling(ceil(down), base, "linear"))
    return Answer(repeat(cycle, every=up + ceil(down)), peak, q.horizon())


NAMES = {
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
}
