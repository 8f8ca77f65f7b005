"""Composer, mmengine, fastai and ignite: trainers with schedulers that are put one behind the other."""

from glidepath.schedules.dialects.writers.facts import (
    LONGEST,
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
from glidepath.schedules.dialects.writers.legs import STAIRS, Leg, flat
from glidepath.schedules.dialects.writers.torch import one_cycle as torch_one_cycle
from glidepath.schedules.shapes import EXPONENTIAL

FASTAI = {"linear": "SchedLin", "cosine": "SchedCos", EXPONENTIAL: "SchedExp"}
SIMPLE = ("linear", "cosine")


def composer(f: Facts) -> Candidates:
    """Its classes, all times in batches."""
    warm = {"t_warmup": f"{f.warm}ba"} if f.warm else {}
    low, end = {"alpha_f": f.low / f.peak}, {"t_max": f"{f.end}ba"}
    suffix = "WithWarmupScheduler" if f.warm else "Scheduler"
    if f.behind[0].level:
        until = f.behind[0].stop + f.constant
        yield f"Constant{suffix}", {"alpha": f.top / f.peak, "t_max": f"{until}ba", **warm}
    if all(leg.level or leg.shape == STAIRS for leg in f.behind):
        found = changes(f.behind)
        every, gamma = even(found)
        places, factor = drops(found)
        if not f.warm:
            yield "StepScheduler", {"step_size": f"{every}ba", "gamma": gamma}
        yield f"MultiStep{suffix}", {"milestones": [f"{at}ba" for at in places], "gamma": factor, **warm}
    if f.down.shape == EXPONENTIAL and f.down.start:
        config = {"gamma": f.down.to / f.down.start, "decay_period": f"{f.down.every}ba"}
        yield "ExponentialScheduler", config
    yield f"CosineAnnealing{suffix}", {**low, **end, **warm}
    yield f"Linear{suffix}", {"alpha_i": f.top / f.peak, **low, **end, **warm}
    yield "LinearScheduler", {"alpha_i": f.legs[0].start / f.peak, "alpha_f": f.legs[0].to / f.peak, **end}
    yield f"Polynomial{suffix}", {"power": f.down.power, **low, **end, **warm}
    cycles = cycles_of(f.legs)
    config = {"t_0": f"{cycles.down.every}ba", "t_mult": cycles.growth, "alpha_f": cycles.down.to / f.peak}
    yield "CosineAnnealingWarmRestartsScheduler", config


def mmengine(f: Facts) -> Candidates:
    """One class, else a list whose windows follow each other, else one whose windows share their first step."""
    steps = {"by_epoch": False}
    if f.single:
        name, config = _mmengine(f.legs[0], f.peak)
        yield name, {**config, **steps}
        config.pop("end")
        yield name, {**config, **steps}
    if f.stairs:
        found = changes(f.legs)
        every, gamma = even(found)
        places, factor = drops(found)
        yield "StepLR", {"step_size": every, "gamma": gamma, **steps}
        yield "MultiStepLR", {"milestones": places, "gamma": factor, **steps}
    for _, config in torch_one_cycle(f):
        renamed = {"eta_max": config.pop("max_lr"), **config}
        renamed.pop("cycle_momentum")
        yield "OneCycleLR", {**renamed, **steps}
    waves = [leg for leg in f.legs if leg.shape == "cosine"]
    if 0 < len(waves) <= LONGEST:
        ends = {"periods": [leg.every for leg in waves], "eta_min": waves[0].to}
        yield "CosineRestartLR", {**ends, "restart_weights": [leg.start / f.peak for leg in waves], **steps}
    for late in (1, 0) if f.few else ():
        yield "param_scheduler", {"schedulers": [{**row, **steps} for row in _windows(f, late)]}


def _windows(f: Facts, late: int) -> list[Config]:
    """A window for each leg that moves, up to its end, or where it is `late` with the step behind it."""
    rows, rate = [], f.peak
    for leg in f.legs:
        if leg.level and leg.start == rate:
            continue
        name, config = _mmengine(leg, rate)
        reaches = leg.first + config.pop("end")
        end = reaches if late or leg is f.legs[-1] else leg.stop
        rows.append({"type": name, "begin": leg.first, "end": end, **config})
        rate = leg.to
    return rows or [{"type": "ConstantLR", "factor": 1.0, "begin": 0, "end": f.steps + 1}]


def _mmengine(leg: Leg, rate: float) -> Candidate:
    """The class that draws a leg from the rate that it finds, and where its window ends, counted from its begin."""
    steps = leg.every
    if leg.shape == "cosine" and leg.to < leg.start:
        return "CosineAnnealingLR", {"T_max": steps, "eta_min": leg.to, "end": steps + 1}
    if leg.shape == "polynomial":
        return "PolyLR", {"power": leg.power, "eta_min": leg.to, "end": steps + 1}
    if leg.shape == STAIRS:
        return "StepLR", {"step_size": steps, "gamma": leg.power, "end": leg.stop - leg.first + 1}
    if leg.shape == EXPONENTIAL and leg.start:
        return "ExponentialLR", {"gamma": (leg.to / leg.start) ** (1 / steps), "end": steps + 1}
    start, to = (value / rate if rate else 0.0 for value in (leg.start, leg.to))
    start = max(start, NOTHING)
    if leg.level:
        return "ConstantLR", {"factor": start, "end": leg.stop - leg.first + 1}
    return "LinearLR", {"start_factor": start, "end_factor": to, "end": steps + 1}


def fastai(f: Facts) -> Candidates:
    """A fit, else a schedule for each leg, combined; the horizon is the batches of the fit."""
    legs = f.legs
    if len(legs) == 2 and legs[0].shape == legs[1].shape == "cosine" and 0 not in (legs[0].start, legs[1].to):
        divisors = {"div": legs[0].to / legs[0].start, "div_final": legs[0].to / legs[1].to}
        yield "fit_one_cycle", {"lr_max": legs[0].to, "pct_start": legs[0].end / f.steps, **divisors}
    if f.down.shape == "cosine" and not f.warm and f.low:
        config = {"lr": f.top, "pct_start": f.begin / f.steps, "div_final": f.top / f.low}
        yield "fit_flat_cos", config
    if len(legs) > 1 and all(leg.shape == "cosine" and leg.to == 0 for leg in legs):
        growth = max(2, round(cycles_of(legs).growth))
        yield "fit_sgdr", {"lr_max": legs[0].start, "n_cycles": len(legs), "cycle_len": 1, "cycle_mult": growth}
    if not f.few:
        return
    made = [_fastai(leg) for leg in _to_the_end(f)]
    if len(made) == 1:
        yield made[0]
    shares = [(leg.stop - leg.first) / f.steps for leg in _to_the_end(f)]
    yield "combine_scheds", {"pcts": shares, "scheds": [{"name": name, **config} for name, config in made]}


def _to_the_end(f: Facts) -> list[Leg]:
    return [leg for leg in f.legs if leg.first < f.steps] or [flat(0, f.steps, f.top)]


def _fastai(leg: Leg) -> Candidate:
    ends = {"start": leg.start, "end": leg.to}
    if leg.level:
        return "SchedNo", ends
    return FASTAI.get(leg.shape if min(ends.values()) or leg.shape in SIMPLE else "linear", "SchedLin"), ends


def ignite(f: Facts) -> Candidates:
    """One handler, else one for each leg in a ConcatScheduler."""
    if all(leg.shape == "linear" for leg in f.legs):
        knots = [[at, value] for leg in f.legs for at, value in ((leg.first, leg.start), (leg.stop, leg.to))]
        kept = [knot for before, knot in zip([[-1, 0.0], *knots], knots, strict=False) if knot != before]
        yield "PiecewiseLinear", {"milestones_values": kept}
    if f.stairs:
        places, gamma = drops(changes(f.legs))
        found = {"initial_value": f.legs[0].start, "gamma": gamma}
        yield "MultiStepStateScheduler", {**found, "milestones": places}
        every, factor = even(changes(f.legs))
        yield "StepStateScheduler", {"initial_value": f.legs[0].start, "gamma": factor, "step_size": every}
    cycles = cycles_of(f.legs)
    if not cycles.up:
        yield "CosineAnnealingScheduler", _cycle(cycles.down, cycles.growth, cycles.factor)
    elif rises(f.legs[0]):
        ends = {"start_value": f.legs[0].start, "end_value": f.legs[0].to, "cycle_size": cycles.length}
        yield "LinearCyclicalScheduler", ends
    if not f.few:
        return
    made = [_ignite(leg) for leg in f.legs]
    if len(made) == 1:
        yield made[0]
    schedulers = [{"name": name, **config} for name, config in made]
    schedulers += [{"name": "PiecewiseLinear", "milestones_values": [[0, f.legs[-1].to]]}]
    yield "ConcatScheduler", {"schedulers": schedulers, "durations": [leg.stop - leg.first for leg in f.legs]}


def _cycle(leg: Leg, growth: float = 1.0, factor: float = 1.0) -> Config:
    size = {"start_value": leg.start, "end_value": leg.to, "cycle_size": max(2, leg.every)}
    return size if growth == factor == 1 else {**size, "cycle_mult": growth, "start_value_mult": factor}


def _ignite(leg: Leg) -> Candidate:
    if leg.shape == "cosine":
        return "CosineAnnealingScheduler", _cycle(leg)
    if leg.shape == STAIRS:
        return "StepStateScheduler", {"initial_value": leg.start, "gamma": leg.power, "step_size": leg.every}
    if leg.shape == EXPONENTIAL and leg.start:
        return "ExpStateScheduler", {"initial_value": leg.start, "gamma": (leg.to / leg.start) ** (1 / leg.every)}
    return "PiecewiseLinear", {"milestones_values": [[0, leg.start], [leg.every, leg.to]]}
