"""transformers, timm, torchtune and litgpt: a warmup by t/W, and waves or lines behind it."""

from glidepath.schedules.dialects.writers.facts import (
    LONGEST,
    Candidates,
    Config,
    Facts,
    changes,
    cycles_of,
    drops,
    even,
)
from glidepath.schedules.dialects.writers.legs import POWER, STAIRS, tanh_at, tanh_floor

KINDS = ("linear", "cosine", "1-sqrt")


def transformers(f: Facts) -> Candidates:
    """The names of SchedulerType, the common ones first."""
    plan = {"num_warmup_steps": f.warm, "num_training_steps": f.end}
    share = {"min_lr_rate": f.low / f.peak}
    if f.constant:
        yield ("constant_with_warmup", plan) if f.warm else ("constant", {"num_training_steps": f.end})
    yield "linear", plan
    yield "cosine", plan
    if f.down.shape == "cosine":
        yield "cosine_with_min_lr", {**plan, **share}
        later = {"num_warmup_steps": f.begin + 1, "num_training_steps": f.end + 1, **share}
        yield "cosine_warmup_with_min_lr", later
        yield "cosine_warmup_with_min_lr", {**later, "warmup_lr_rate": f.first / f.peak}
    if f.down.shape in ("linear", "polynomial"):
        yield "polynomial", {**plan, "lr_end": f.low, "power": f.down.power}
    if f.down.shape == POWER:
        yield "inverse_sqrt", {**plan, "num_training_steps": f.steps, "timescale": f.down.every}
    cycles, (end, waves) = cycles_of(f.behind), f.waves
    yield "cosine_with_restarts", {**plan, "num_training_steps": cycles.end, "num_cycles": cycles.limit}
    for name, floor in (("cosine", {}), ("cosine_with_min_lr", share)) if waves <= LONGEST else ():
        yield name, {**plan, **floor, "num_training_steps": end, "num_cycles": waves}
    ratio = {"min_lr_ratio": f.low / f.peak} if f.low else {}
    kinds = {"decay_type": f.down.shape if f.down.shape in KINDS else "linear"}
    if f.warm and f.up.shape != "linear":
        kinds["warmup_type"] = f.up.shape if f.up.shape in KINDS else "1-sqrt"
    yield "warmup_stable_decay", {**plan, "num_decay_steps": f.end - f.begin, **kinds, **ratio}


def timm(f: Facts) -> Candidates:
    """A warmup before the curve, and one that overlays it."""
    before: Config = {"warmup_t": f.warm, "warmup_lr_init": f.first, "warmup_prefix": True} if f.warm else {}
    over: Config = {"warmup_t": f.warm, "warmup_lr_init": f.first} if f.warm else {}
    for warm, at in ((before, f.warm), (over, 0)):
        if f.constant or f.down.shape == STAIRS or all(leg.level for leg in f.behind):
            yield from _timm_stairs(f, at, warm)
        curve = {"t_initial": f.end - at if f.end > at else f.end, "lr_min": f.low}
        kind = {"k_decay": f.down.power} if f.down.shape == "k-cosine" else {}
        yield "CosineLRScheduler", {**curve, **kind, **warm}
        yield "PolyLRScheduler", {**curve, "power": f.down.power, **warm}
        if f.down.shape == "tanh":
            ends = {"lb": tanh_at(f.down, at), "ub": tanh_at(f.down, f.down.stop), "lr_min": tanh_floor(f.down)}
            yield "TanhLRScheduler", {"t_initial": f.down.stop - at, **ends, **warm}
        yield from _timm_cycles(f, warm)
    down: Config = {"decay_t": max(1, f.end - f.begin), "decay_fn": f.down.shape if f.down.shape in KINDS else "linear"}
    if f.down.shape == "polynomial":
        down |= {"decay_fn": "power", "decay_power": f.down.power}
    before.pop("warmup_prefix", None)
    yield "WSDLRScheduler", {"t_initial": max(1, f.end - f.warm), **down, "lr_min": f.low, **before}


def _timm_stairs(f: Facts, at: int, warm: Config) -> Candidates:
    found = [(max(0, step - at), value) for step, value in changes(f.behind)]
    every, rate = even(found)
    places, factor = drops(found)
    yield "StepLRScheduler", {"decay_t": every, "decay_rate": rate, **warm}
    yield "MultiStepLRScheduler", {"decay_t": [place + 1 for place in places], "decay_rate": factor, **warm}


def _timm_cycles(f: Facts, warm: Config) -> Candidates:
    cycles = cycles_of(f.behind)
    config = {"t_initial": cycles.down.every, "lr_min": cycles.down.to, "cycle_mul": cycles.growth}
    config |= {"cycle_decay": cycles.factor}
    config |= {"cycle_limit": cycles.limit}
    yield "CosineLRScheduler", {**config, **warm}
    yield "PolyLRScheduler", {**config, "power": cycles.down.power, **warm}


def torchtune(f: Facts) -> Candidates:
    """Its one schedule."""
    plan = {"num_warmup_steps": f.warm, "num_training_steps": f.end}
    yield "get_cosine_schedule_with_warmup", plan
    end, waves = f.waves
    if waves <= LONGEST:
        yield "get_cosine_schedule_with_warmup", {**plan, "num_training_steps": end, "num_cycles": waves}


def litgpt(f: Facts) -> Candidates:
    """That of its finetuning, and that of its pretraining, whose rates are its own."""
    yield "get_lr_scheduler", {"warmup_steps": f.warm, "max_steps": f.end}
    ends = {"learning_rate": f.top, "min_lr": f.low}
    yield "get_lr", {**ends, "warmup_iters": f.warm, "max_iters": f.end}
    yield "get_lr", {**ends, "warmup_iters": f.warm, "max_iters": max(f.end, f.warm + 1)}
