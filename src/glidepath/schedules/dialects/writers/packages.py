"""pytorch_optimizer and pytorch-scheduler: packages of schedulers for torch."""

from glidepath.schedules.dialects.writers.facts import Candidates, Config, Facts, changes, cycles_of, drops, even
from glidepath.schedules.dialects.writers.legs import POWER, tanh_at, tanh_floor
from glidepath.schedules.dialects.writers.torch import cyclic, one_cycle, warm_restarts

HALF = 0.5  # a share that is rounded down is safe in the middle of a step
COOLDOWNS = ("1-sqrt", "cosine", "linear")
KINDS = {"1-sqrt": "sqrt", "cosine": "cosine", "linear": "linear"}


def pytorch_optimizer(f: Facts) -> Candidates:
    """Its schedules without a lag, torch's that it hands on, its own one update late."""
    if f.constant and not f.warm:
        yield "ConstantLR", {"factor": f.top / f.peak, "total_iters": f.steps + 1}
    sizes = {"num_warmup_steps": f.warm, "num_stable_steps": f.flat, "num_decay_steps": f.end - f.begin}
    kind = {"cooldown_type": f.down.shape if f.down.shape in COOLDOWNS else "1-square"}
    for low in (f.low, f.rest[0].start if f.rest else f.down.low):
        yield "get_wsd_schedule", {**sizes, "min_lr_ratio": low / f.peak, **kind}
    yield from _torchs(f)
    yield "CosineAnnealingWarmupRestarts", _restarts(f)
    rates = {"max_lr": f.down.start, "min_lr": f.low, "init_lr": f.first if f.warm else 0.0}
    plan = {"t_max": max(1, f.end - 1), "warmup_steps": max(0, f.warm - 1)}
    yield ("LinearScheduler" if f.down.shape == "linear" else "CosineScheduler"), {**plan, **rates}
    climb = {**plan, **rates, "t_max": f.warm + 1, "max_lr": f.top, "min_lr": f.legs[0].start}
    yield "PolyScheduler", climb
    rex = next((leg for leg in f.legs if leg.shape == "rex"), f.down)
    yield "REXScheduler", {"total_steps": f.end, "max_lr": rex.start, "min_lr": rex.to}


def _torchs(f: Facts) -> Candidates:
    if f.stairs:
        every, gamma = even(changes(f.legs))
        places, factor = drops(changes(f.legs))
        yield "StepLR", {"step_size": every, "gamma": gamma}
        yield "MultiStepLR", {"milestones": places, "gamma": factor}
    if f.down.shape == "cosine":
        yield "CosineAnnealingLR", {"T_max": f.end, "eta_min": f.low}
    yield from one_cycle(f)
    yield from cyclic(f)
    yield from warm_restarts(f)


def _restarts(f: Facts) -> Config:
    cycles = cycles_of(f.legs)
    sizes = {"first_cycle_steps": cycles.length, "warmup_steps": cycles.up}
    rates = {"max_lr": cycles.down.start, "min_lr": cycles.down.to}
    return {**sizes, **rates, "cycle_mult": cycles.growth, "gamma": cycles.factor}


def pytorch_scheduler(f: Facts) -> Candidates:
    """Its classes; where none has that curve behind that warmup, the curve within a WarmupScheduler."""
    plan, low = {"total_steps": f.end, "warmup_steps": f.warm}, {"min_lr": f.low}
    if f.constant and not f.warm:
        yield "IdentityScheduler", {}
    if not f.flat and f.down.shape in ("cosine", "linear"):
        name = "CosineWithWarmupScheduler" if f.down.shape == "cosine" else "LinearDecayScheduler"
        yield name, {**plan, **low}
    yield from _of_a_shape(f, plan, low)
    kind = {"decay_type": KINDS.get(f.down.shape, "linear"), **low}
    if f.falls:
        yield "WSDScheduler", {**plan, "stable_steps": f.flat, **kind}
    if f.warm and f.first:
        yield (
            "SlantedTriangularScheduler",
            {"total_steps": f.end, "cut_frac": (f.warm + HALF) / f.end, "ratio": f.top / f.first},
        )
    yield "CosineAnnealingWarmupRestarts", _restarts(f)
    inner = {"name": "WSDScheduler", "total_steps": f.end - f.warm, "stable_steps": f.flat, **kind}
    rise = {"warmup_steps": f.warm, "warmup_type": "cosine" if f.up.shape == "cosine" else "linear"}
    for base in ({"name": "IdentityScheduler"}, inner):
        yield "WarmupScheduler", {**rise, "base_scheduler": base}
    yield "TrapezoidalScheduler", {**plan, "decay_steps": f.end - f.begin if f.falls else 0, **low}


def _of_a_shape(f: Facts, plan: Config, low: Config) -> Candidates:
    total = {"total_steps": f.end}
    stretch = {"total_steps": f.down.stop, "min_lr": tanh_floor(f.down)}
    candidates: dict[str, list[tuple[str, Config]]] = {
        "polynomial": [("PolynomialScheduler", {**plan, "power": f.down.power, **low})],
        "rex": [("RexScheduler", total)],
        "k-cosine": [("KDecayScheduler", {**total, "k": f.down.power, **low})],
        "cosine": [("ChebyshevScheduler", {"total_steps": f.down.every, **low})],
        "tanh": [("TanhDecayScheduler", {**stretch, "steepness": -tanh_at(f.down, f.down.first)})],
        POWER: [
            ("InverseSqrtScheduler", {"warmup_steps": max(1, f.warm)}),
            ("PowerDecayScheduler", {**plan, "total_steps": f.steps, "alpha": f.down.power, "min_lr": f.down.low}),
        ],
    }
    yield from candidates.get(f.down.shape, [])
