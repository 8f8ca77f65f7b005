"""optax.schedules and keras.optimizers.schedules, whose rates are their own."""

from itertools import pairwise

from glidepath.schedules.dialects.writers.facts import Candidate, Candidates, Facts, changes, cycles_of, drops, even
from glidepath.schedules.dialects.writers.legs import POWER, STAIRS, Leg
from glidepath.schedules.shapes import EXPONENTIAL


def optax(f: Facts) -> Candidates:
    """The function with the warmup within it, else one for each leg, joined."""
    if f.warm and f.falls and not f.flat:
        power = {"exponent": f.down.power} if f.down.shape == "cosine-power" else {}
        ends = {"init_value": f.first, "peak_value": f.top, "end_value": f.low}
        yield (
            "warmup_cosine_decay_schedule",
            {**ends, "warmup_steps": f.warm, "decay_steps": f.end, **power},
        )
    legs = [_optax(leg) for leg in f.legs]
    if f.single:
        yield legs[0]
    if f.stairs:
        found = changes(f.legs)
        scales = {str(at): b / a for (_, a), (at, b) in pairwise(found) if a}
        yield "piecewise_constant_schedule", {"init_value": found[0][1], "boundaries_and_scales": scales}
    schedules = [{"name": name, "config": config} for name, config in legs]
    if f.few:
        yield "join_schedules", {"schedules": schedules, "boundaries": [leg.first for leg in f.legs[1:]]}


def _optax(leg: Leg) -> Candidate:
    """The function that draws a leg; the nearest one where none does."""
    if leg.level:
        return "constant_schedule", {"value": leg.start}
    if leg.shape in ("cosine", "cosine-power") and leg.to < leg.start:
        exponent = {"exponent": leg.power} if leg.shape == "cosine-power" else {}
        return (
            "cosine_decay_schedule",
            {"init_value": leg.start, "decay_steps": leg.every, "alpha": leg.to / leg.start, **exponent},
        )
    if leg.shape == STAIRS or (leg.shape == EXPONENTIAL and leg.start):
        rate = leg.power if leg.shape == STAIRS else leg.to / leg.start
        config = {"init_value": leg.start, "transition_steps": leg.every, "decay_rate": rate}
        return "exponential_decay", {**config, "staircase": True} if leg.shape == STAIRS else config
    ends = {"init_value": leg.start, "end_value": leg.to, "transition_steps": leg.every}
    if leg.shape == "polynomial":
        return "polynomial_schedule", {**ends, "power": leg.power}
    return "linear_schedule", ends


def keras(f: Facts) -> Candidates:
    """One class; of warmups they know the one before a cosine."""
    down = f.down
    if f.constant and not f.warm:
        yield "PiecewiseConstantDecay", {"boundaries": [f.steps], "values": [f.top, f.top]}
    if f.stairs:
        found = changes(f.legs)
        every, factor = even(found)
        yield (
            "ExponentialDecay",
            {"initial_learning_rate": found[0][1], "decay_steps": every, "decay_rate": factor, "staircase": True},
        )
        yield (
            "PiecewiseConstantDecay",
            {"boundaries": [at - 1 for at, _ in found[1:]], "values": [value for _, value in found]},
        )
    first, steps = {"initial_learning_rate": down.start}, {"decay_steps": down.every}
    if down.shape == EXPONENTIAL and down.start:
        yield "ExponentialDecay", {**first, **steps, "decay_rate": down.to / down.start}
    if down.shape == POWER and down.power == 1:
        yield "InverseTimeDecay", {**first, **steps, "decay_rate": 1.0}
    if down.shape in ("linear", "polynomial"):
        yield "PolynomialDecay", {**first, **steps, "end_learning_rate": down.to, "power": down.power}
    alpha = down.to / f.top if f.top else 0.0
    warm = {"initial_learning_rate": f.first, "warmup_target": f.top, "warmup_steps": f.warm} if f.warm else first
    yield "CosineDecay", {**warm, **steps, "alpha": alpha}
    cycles = cycles_of(f.legs)
    share = cycles.down.to / cycles.down.start if cycles.down.start else 0.0
    config = {"initial_learning_rate": cycles.down.start, "first_decay_steps": cycles.down.every, "alpha": share}
    yield "CosineDecayRestarts", {**config, "t_mul": cycles.growth, "m_mul": cycles.factor}


def lrsched(f: Facts) -> Candidates:
    """The function of its own, else one for each leg, one behind the other."""
    ends = {"base_lr": f.top, "final_lr": f.low, "warmup_start": f.first if f.warm else 0.0}
    steps = {"warmup_steps": f.warm, "decay_steps": f.end - f.begin if f.falls else 0, "total_steps": f.end}
    shape = f.down.shape if f.down.shape == "1-sqrt" else "linear"
    yield "warmup_stable_decay", {**ends, **steps, "decay_shape": shape}
    if f.down.shape == POWER:
        yield "inverse_sqrt", {"base_lr": f.top, "warmup_steps": max(1, f.warm)}
    cycles = cycles_of(f.legs)
    growth = max(1, round(cycles.growth))
    ends = {"base_lr": cycles.down.start, "min_lr": cycles.down.to}
    yield "cosine_restarts", {**ends, "period": cycles.down.every, "t_mult": growth}
    if f.stairs:
        places, gamma = drops(changes(f.legs))
        yield "multi_step", {"base_lr": f.legs[0].start, "milestones": places, "gamma": gamma}
    ends = {"min_lr": f.legs[0].start, "max_lr": f.legs[0].to, "step_size": cycles.up}
    if cycles.up:
        yield "triangular", ends
        yield "triangular2", ends
    made = [_lrsched(leg) for leg in f.legs]
    if f.single:
        name, config = made[0]
        yield name, config
    phases = [
        [leg.stop - leg.first, {"name": name, **config}] for leg, (name, config) in zip(f.legs, made, strict=True)
    ]
    last = f.legs[-1]
    end = last.start if last.shape == STAIRS else last.to
    if f.few:
        yield "sequential", {"phases": [*phases, [1, {"name": "constant", "lr": end}]]}


def _lrsched(leg: Leg) -> Candidate:
    first, steps = {"base_lr": leg.start}, {"total_steps": leg.every}
    if leg.level:
        return "constant", {"lr": leg.start}
    if leg.shape == STAIRS:
        return "step_decay", {**first, "step_size": leg.every, "drop": leg.power}
    if leg.shape == EXPONENTIAL and leg.start:
        return "exponential_decay", {**first, "decay_rate": leg.to / leg.start, "decay_steps": leg.every}
    if leg.shape == "cosine":
        return "cosine", {**first, "min_lr": leg.to, **steps}
    if leg.shape == "polynomial":
        return "polynomial", {**first, "end_lr": leg.to, "power": leg.power, **steps}
    return "linear", {**first, "end_lr": leg.to, **steps}
