"""OLMo and OLMo-core, fairseq and fairseq2: warmups by t/W, and curves of their own behind them."""

from glidepath.schedules.dialects.writers.facts import Candidates, Config, Facts, changes, cycles_of, rises, share
from glidepath.schedules.dialects.writers.legs import POWER, STAIRS, Leg
from glidepath.schedules.shapes import EXPONENTIAL

ABOVE = 1 + 1e-12  # a share of so much more is not rounded down to one step less
LINES = ("linear", "cosine")


def olmo_core(f: Facts) -> Candidates:
    """The class for it, else a ComposableScheduler of a stage for each leg."""
    rise = {"warmup": f.warm, "warmup_min_lr": f.first if f.warm else 0.0}
    plan = {"t_max": f.end, "alpha_f": f.low / f.peak, **rise}
    if f.constant:
        yield ("ConstantWithWarmup", rise) if f.warm else ("ConstantScheduler", {})
    if f.up.shape == EXPONENTIAL:
        yield "ExponentialScheduler", {"t_max": f.up.every, "lr_min": f.first}
    names = {"linear": ["LinearWithWarmup"], "cosine": ["CosWithWarmup", "HalfCosWithWarmup"]}
    if not f.flat:
        yield from ((name, plan) for name in names.get(f.down.shape, []))
    if f.down.shape == POWER:
        yield "InvSqrtWithWarmup", {**plan, "alpha_f": f.down.low / f.peak}
        yield "PowerLR", _power(f, rise)
    down = {"decay": f.end - f.begin, "decay_min_lr": f.low}
    yield "WSD", {"t_max": f.end, **rise, **down}
    last = f.rest[0] if f.rest else f.down
    down = {"decay": last.stop - last.first, "decay_min_lr": last.to}
    yield "CosWithWarmupAndLinearDecay", {**plan, "t_max": last.stop, **down}
    yield from _periods(f)
    if f.few:
        yield "ComposableScheduler", {"stages": [_stage(leg) for leg in f.legs]}


def _power(f: Facts, rise: Config) -> Config:
    """PowerLR, with the line behind it where there is one."""
    last = f.rest[0] if f.rest else None
    down = {"decay": last.stop - last.first if last else 0, "decay_min_lr": last.to if last else 0.0}
    return {"t_max": last.stop if last else f.steps, "b": -f.down.power, **rise, **down}


def _periods(f: Facts) -> Candidates:
    """WSDS, whose periods begin with the last value of the one before."""
    falling = [leg for leg in f.legs if leg.shape == "linear" and leg.to < leg.start]
    if len(falling) < 2:
        return
    ends = [leg.stop for leg in falling]
    lengths = [end - begin for begin, end in zip([0, *ends], ends, strict=False)]
    config = {"period_lengths": lengths, "decay": max(1, falling[0].every), "decay_min_lr": f.low}
    tops = [leg.start / f.peak for leg in falling]
    config |= {"period_lr_multipliers": tops, "warmup": f.warm, "warmup_min_lr": f.first}
    yield "WSDS", {name: value for name, value in config.items() if name != "period_lr_multipliers"}
    yield "WSDS", config


def _stage(leg: Leg) -> Config:
    shape = leg.shape if leg.shape in LINES else "linear"
    return {"duration": max(1, leg.stop - leg.first), "shape": shape, "start_lr": leg.start, "end_lr": leg.to}


def olmo(f: Facts) -> Candidates:
    """The names of its SchedulerType."""
    plan = {"t_warmup": f.warm, "t_max": f.end, "alpha_f": f.low / f.peak, "warmup_min_lr": f.first}
    if f.constant:
        yield ("constant_with_warmup", {"t_warmup": f.warm, "warmup_min_lr": f.first}) if f.warm else ("constant", {})
    yield "cosine_with_warmup", plan
    yield "linear_with_warmup", plan
    if f.down.shape == POWER:
        yield "inverse_sqrt_with_warmup", plan
    yield "cosine_linear_envelope", plan
    yield "max_scheduler", plan
    yield "max_scheduler", {**plan, "alpha_f": 0.0}


def fairseq(f: Facts) -> Candidates:
    """Its registered names."""
    lr = {"lr": [f.top], "warmup_updates": f.warm}
    first = {"warmup_init_lr": f.first} if f.warm else {}
    if f.constant:
        yield "fixed", lr
        yield "fixed", {**lr, "warmup_updates": f.warm + 1}
    cycles = cycles_of(f.behind)
    shrink = {"t_mult": cycles.growth, "lr_shrink": cycles.factor, "lr_period_updates": cycles.down.every}
    if f.down.shape == "cosine":
        yield "cosine", {**lr, **first, "min_lr": cycles.down.to, **shrink}
    if f.down.shape == POWER:
        yield "inverse_sqrt", {**lr, **first}
    if f.down.shape == EXPONENTIAL:
        sizes = {"warmup_steps": f.warm, "hold_steps": f.flat, "decay_steps": f.end - f.begin}
        scales = {"init_lr_scale": share(f.first, f.top), "final_lr_scale": share(f.low, f.top)}
        yield "tri_stage", {"lr": [f.top], **sizes, **scales}
    yield from _levels(f, {**lr, **first})
    if rises(f.legs[0]):
        yield from _triangles(f)
    end = {"end_learning_rate": f.low, "power": f.down.power, "total_num_update": f.end}
    yield "polynomial_decay", {**lr, **end}


def _levels(f: Facts, warm: Config) -> Candidates:
    leg = f.behind[0]
    if leg.shape == STAIRS:
        yield "step", {**warm, "lr_decay_period": leg.every, "lr_decay": leg.power, "min_lr": leg.low}
    if f.stairs:
        found = changes(f.legs)
        yield "manual", {"lr": [found[0][1]], "update2lr": {str(at): value for at, value in found if at}}


def _triangles(f: Facts) -> Candidates:
    cycles = cycles_of(f.legs)
    ends = {"lr": [f.legs[0].start], "max_lr": f.legs[0].to, "lr_period_updates": cycles.length}
    for both in (False, True):
        yield "triangular", {**ends, "lr_shrink": _factor(f), "shrink_min": both}


def _factor(f: Facts) -> float:
    """How the top goes from one triangle to the next."""
    tops = [leg.to for leg in f.legs if rises(leg)]
    return share(tops[1], tops[0]) if len(tops) > 1 and tops[1] <= tops[0] else 1.0


def fairseq2(f: Facts) -> Candidates:
    """The optimizer's rate; a warmup from start_lr."""
    rise = {"num_warmup_steps": f.warm, **({"start_lr": f.first} if f.warm else {})}
    if f.constant and not f.warm:
        yield "PassthroughLR", {}
    cycles = cycles_of(f.behind)
    if f.down.shape == "cosine":
        cycle = {"cycle_len": cycles.down.every, "final_lr": cycles.down.to}
        yield "CosineAnnealingLR", {**rise, **cycle, "cycle_mul": cycles.growth, "lr_mul": cycles.factor}
    if f.down.shape == POWER:
        yield "MyleLR", rise
        yield "NoamLR", {"num_warmup_steps": f.warm}
    if f.down.shape == EXPONENTIAL:
        shares = [size * ABOVE / f.end for size in (f.warm, f.flat, f.end - f.begin)]
        scales = {"start_lr_scale": share(f.first, f.top), "final_lr_scale": share(f.low, f.top)}
        yield "TriStageLR", {"num_steps": f.end, "stage_ratio": shares, **scales}
    held = {"final_lr": f.top} if f.constant else {"final_lr": f.low}
    total = max(f.end, f.warm + 1)
    yield "PolynomialDecayLR", {**rise, "num_steps": total, "power": f.down.power, **held}
