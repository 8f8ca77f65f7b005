"""paddle.optimizer.lr: a class for what comes behind the warmup, within a LinearWarmup where there is one."""

from glidepath.schedules.dialects.writers.facts import Candidates, Config, Facts, changes, cycles_of, drops, even, rises
from glidepath.schedules.dialects.writers.legs import POWER, STAIRS
from glidepath.schedules.dialects.writers.torch import one_cycle as torch_one_cycle
from glidepath.schedules.shapes import EXPONENTIAL

EXPONENT = -0.5  # of the model's width in the schedule of Noam


def paddle(f: Facts) -> Candidates:
    """The plainest class first."""
    if not f.warm:
        yield from _behind(f)
    else:
        up = {"warmup_steps": f.warm, "start_lr": f.first, "end_lr": f.top}
        if f.constant:
            yield "LinearWarmup", {"learning_rate": f.top, **up}
        for name, config in _behind(f):
            yield "LinearWarmup", {"learning_rate": {"name": name, **config}, **up}
    yield from _alone(f)


def _behind(f: Facts) -> Candidates:
    """What comes behind the warmup, from its own step 0 on."""
    leg = f.behind[0]
    rate, steps = {"learning_rate": leg.start}, leg.every
    if all(one.level or one.shape == STAIRS for one in f.behind):
        found = [(at - f.warm, value) for at, value in changes(f.behind)]
        every, gamma = even(found)
        places, factor = drops(found)
        yield "StepDecay", {**rate, "step_size": every, "gamma": gamma}
        yield "MultiStepDecay", {**rate, "milestones": sorted(set(places)), "gamma": factor}
        yield (
            "PiecewiseDecay",
            {"boundaries": [at for at, _ in found[1:]] or [f.steps], "values": _values(found)},
        )
    if leg.shape == EXPONENTIAL and leg.start:
        yield "ExponentialDecay", {**rate, "gamma": (leg.to / leg.start) ** (1 / steps)}
    if leg.shape == POWER and leg.power == 1:
        yield "InverseTimeDecay", {**rate, "gamma": 1 / (leg.end - leg.begin)}
    if len(f.behind) <= 2:
        yield "CosineAnnealingDecay", {**rate, "T_max": steps, "eta_min": leg.to}
        yield "PolynomialDecay", {**rate, "decay_steps": steps, "end_lr": leg.to, "power": leg.power}
    growth = max(1, round(cycles_of(f.behind).growth))
    yield "CosineAnnealingWarmRestarts", {**rate, "T_0": steps, "T_mult": growth, "eta_min": leg.to}


def _values(found: list[tuple[int, float]]) -> list[float]:
    values = [value for _, value in found]
    return values if len(values) > 1 else values * 2


def _alone(f: Facts) -> Candidates:
    """Classes with the warmup within them."""
    if f.down.shape == POWER:
        width = {"d_model": 1, "warmup_steps": max(1, f.warm), "learning_rate": f.top * max(1, f.warm) ** -EXPONENT}
        yield "NoamDecay", width
    for _, config in torch_one_cycle(f):
        yield "OneCycleLR", _one_cycle(config)
    if rises(f.legs[0]) and len(f.legs) > 1:
        cycles = cycles_of(f.legs)
        config = {"base_learning_rate": f.legs[0].start, "max_learning_rate": f.legs[0].to}
        config |= {"step_size_up": cycles.up, "step_size_down": cycles.down.every}
        for mode in ("triangular", "triangular2"):
            yield "CyclicLR", {**config, "mode": mode}


def _one_cycle(config: Config) -> Config:
    low = config["max_lr"] / config["div_factor"] / config["final_div_factor"]
    kept = {name: config[name] for name in ("total_steps", "anneal_strategy", "three_phase")}
    rates = {"max_learning_rate": config["max_lr"], "divide_factor": config["div_factor"], "end_learning_rate": low}
    return {**kept, **rates, "phase_pct": config["pct_start"]}
