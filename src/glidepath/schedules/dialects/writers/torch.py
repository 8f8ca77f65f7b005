"""torch.optim.lr_scheduler: one class where one does, else a SequentialLR with a class for each leg."""

from glidepath.schedules.dialects.writers.facts import (
    NOTHING,
    Candidate,
    Candidates,
    Config,
    Facts,
    changes,
    cycles_of,
    drops,
    even,
    rises,
)
from glidepath.schedules.dialects.writers.legs import STAIRS, Leg
from glidepath.schedules.shapes import EXPONENTIAL

FIRST = 25.0  # the div_factor of OneCycleLR
STRATEGIES = {"cosine": "cos", "linear": "linear"}


def torch(f: Facts) -> Candidates:
    """The plainest class first."""
    if f.constant and not f.warm:
        yield "ConstantLR", {"factor": f.top / f.peak, "total_iters": f.steps + 1}
    if f.single:
        yield _scheduler(f.legs[0], f.peak)
    yield from _stairs(f)
    if len(f.legs) > 2:
        yield from cyclic(f)
    yield from one_cycle(f)
    yield from warm_restarts(f)
    if f.few or _restarts(f):
        yield "SequentialLR", _sequence(f)


def _stairs(f: Facts) -> Candidates:
    if f.stairs:
        found = changes(f.legs)
        every, factor = even(found)
        places, gamma = drops(found)
        yield "StepLR", {"step_size": every, "gamma": factor}
        yield "MultiStepLR", {"milestones": places, "gamma": gamma}


def cyclic(f: Facts) -> Candidates:
    """CyclicLR, where the rate goes up and down by lines."""
    if rises(f.legs[0]) and len(f.legs) > 1:
        cycles = cycles_of(f.legs)
        sizes = {"step_size_up": cycles.up, "step_size_down": cycles.down.every}
        yield (
            "CyclicLR",
            {"base_lr": f.legs[0].start, "max_lr": f.legs[0].to, **sizes, "cycle_momentum": False},
        )


def one_cycle(f: Facts) -> Candidates:
    """OneCycleLR, whose last phase ends at step T - 1."""
    legs = [leg for leg in f.legs if leg.shape in STRATEGIES and not leg.level]
    if legs and legs[0].begin == -1 and legs[0].to:  # its way up is over before it begins
        legs = [Leg(-1, -1, -1, -1, legs[0].start / FIRST, legs[0].start, legs[0].shape), *legs]
    if len(legs) < 2 or not rises(legs[0]) or 0 in (legs[0].start, legs[-1].to):
        return
    three = len(legs) > 2
    total = round(legs[-1].end) + 1
    config: Config = {"max_lr": legs[0].to, "total_steps": total, "pct_start": (legs[0].end + 1) / total}
    config |= {"anneal_strategy": STRATEGIES[legs[0].shape], "three_phase": three, "cycle_momentum": False}
    config |= {"div_factor": legs[0].to / legs[0].start, "final_div_factor": legs[0].start / legs[-1].to}
    yield "OneCycleLR", config


def warm_restarts(f: Facts) -> Candidates:
    """CosineAnnealingWarmRestarts, where the rate falls again."""
    cycles = cycles_of(f.legs)
    if not cycles.up:
        growth = max(1, round(cycles.growth))
        yield "CosineAnnealingWarmRestarts", {"T_0": cycles.down.every, "T_mult": growth, "eta_min": cycles.down.to}


def _sequence(f: Facts) -> Config:
    """A class for each leg; warm restarts in place of the legs behind a warmup where one class has all of them."""
    legs = [*f.legs[: len(f.legs) - len(f.behind)], f.behind[0]] if _restarts(f) else list(f.legs)
    made = [_scheduler(leg, f.peak) for leg in legs]
    if _restarts(f):
        made[-1] = next(warm_restarts(_behind(f)))
    if "total_iters" in made[-1][1]:
        made[-1][1]["total_iters"] += made[-1][0] == "ConstantLR"  # behind which it would be the optimizer's rate
    schedulers = [{"name": name, "config": config} for name, config in made]
    return {"schedulers": schedulers, "milestones": [leg.first for leg in legs[1:]]}


def _restarts(f: Facts) -> bool:
    cosines = [leg for leg in f.behind if leg.shape == "cosine" and leg.start == f.peak]
    return len(cosines) == len(f.behind) > 1


def _behind(f: Facts) -> Facts:
    """The facts of what comes behind the warmup."""
    return Facts(f.schedule, f.behind, f.up, 0, f.behind[0], f.behind[1:])


def _scheduler(leg: Leg, peak: float) -> Candidate:
    """The class that draws a leg from the optimizer's rate; the nearest one where none does."""
    steps = leg.every
    if leg.shape == "cosine" and leg.start == peak:
        return "CosineAnnealingLR", {"T_max": steps, "eta_min": leg.to}
    if leg.shape == "polynomial" and leg.start == peak:
        return "PolynomialLR", {"total_iters": steps, "power": leg.power}
    if leg.shape == STAIRS:
        return "StepLR", {"step_size": steps, "gamma": leg.power}
    if leg.shape == EXPONENTIAL and leg.start:
        return "ExponentialLR", {"gamma": (leg.to / leg.start) ** (1 / steps)}
    if leg.level:
        return "ConstantLR", {"factor": leg.start / peak, "total_iters": leg.stop - leg.first}
    factors = {"start_factor": max(NOTHING, leg.start / peak), "end_factor": leg.to / peak}
    return "LinearLR", {**factors, "total_iters": steps}
