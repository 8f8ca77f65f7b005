"""Megatron-LM, GPT-NeoX, DeepSpeed, torchtitan, nanotron, nanoGPT and llm.c: training at scale, each with one plan."""

from glidepath.schedules.dialects.writers.facts import Candidates, Config, Facts
from glidepath.schedules.dialects.writers.legs import POWER
from glidepath.schedules.shapes import EXPONENTIAL

MEGATRON = {"linear": "linear", "cosine": "cosine", "1-sqrt": "minus_sqrt", "exp-zero": "exponential"}
TITAN = {"linear": "linear", "cosine": "cosine", "1-sqrt": "sqrt"}
NANOTRON = ("linear", "cosine", "1-sqrt")


def megatron(f: Facts) -> Candidates:
    """OptimizerParamScheduler, all lengths in updates."""
    low = max(f.low, f.down.low)
    plan = {"max_lr": f.top, "min_lr": low, "init_lr": f.first, "lr_warmup_steps": f.warm, "lr_decay_steps": f.end}
    name = "OptimizerParamScheduler"
    if f.constant:
        longer = {"lr_decay_steps": max(f.steps, f.warm + 1), "min_lr": 0.0}
        yield name, {**plan, **longer, "lr_decay_style": "constant"}
    if f.down.shape in ("linear", "cosine"):
        yield name, {**plan, "lr_decay_style": f.down.shape}
    if f.down.shape == POWER:
        behind = (
            {"lr_decay_steps": f.down.stop - 1, "min_lr": f.rest[0].start} if f.rest else {"lr_decay_steps": f.steps}
        )
        yield name, {**plan, **behind, "lr_decay_style": "inverse-square-root"}
    style = {"lr_decay_style": "WSD", "lr_wsd_decay_style": MEGATRON.get(f.down.shape, "linear")}
    yield name, {**plan, **style, "wsd_decay_steps": f.end - f.begin}


def gpt_neox(f: Facts) -> Candidates:
    """AnnealingLR, in each of its styles."""
    rates = {"start_lr": f.top, "min_lr": max(f.low, f.down.low)}
    plan = {"warmup_iter": f.warm, "total_iters": f.end}
    if f.constant:
        longer = {"total_iters": max(f.steps, f.warm + 1), "min_lr": 0.0}
        yield "AnnealingLR", {**rates, **plan, **longer, "decay_style": "constant"}
    style = f.down.shape if f.down.shape in ("cosine", EXPONENTIAL) else "linear"
    for warm in (f.warm, 1):
        for low in (rates["min_lr"], f.down.low):
            yield "AnnealingLR", {**rates, **plan, "min_lr": low, "warmup_iter": warm, "decay_style": style}


def deepspeed(f: Facts) -> Candidates:
    """WarmupLR and its kin, one update late; OneCycle, which is not."""
    count = max(2, f.up.every + (f.up.shape == "log"))
    kind = {"warmup_num_steps": count, "warmup_type": "log" if f.up.shape == "log" else "linear"}
    start = f.first if f.warm else f.top
    rates = {"warmup_min_lr": start, "warmup_max_lr": f.top}
    yield "WarmupLR", {**rates, **kind}
    ratios = {"warmup_min_ratio": f.first / f.peak, "cos_min_ratio": f.low / f.peak}
    for total in (max(1, f.end - 1), f.end, count):  # at which it jumps, where that is the end of the warmup
        yield "WarmupDecayLR", {**rates, **kind, "total_num_steps": total, "warmup_min_lr": f.low}
        yield "WarmupCosineLR", {**ratios, **kind, "total_num_steps": total}
    yield "OneCycle", {**_triangle(f), "cycle_momentum": False}
    if f.warm == f.steps and f.first:
        size = {"lr_range_test_min_lr": f.first, "lr_range_test_step_size": f.steps}
        yield "LRRangeTest", {**size, "lr_range_test_step_rate": f.top / f.first - 1}


def _triangle(f: Facts) -> Config:
    """Up and down by lines, and 1 / (1 + rate t) behind it."""
    sizes = {"cycle_first_step_size": max(1, f.warm), "cycle_second_step_size": f.end - f.warm}
    config: Config = {"cycle_min_lr": f.low, "cycle_max_lr": f.top, **sizes}
    behind = f.rest[0] if f.rest else None
    if behind and behind.shape == POWER:
        config |= {"decay_step_size": 1, "decay_lr_rate": 1 / (behind.end - behind.begin)}
    return config


def torchtitan(f: Facts) -> Candidates:
    """As it counts now, and as its first releases did, whose warmup is ours."""
    kind = {"decay_type": TITAN.get(f.down.shape, "linear")}
    low = f.low / f.peak if f.falls else 1.0
    down, total = f.end - f.begin, f.end
    if f.constant:
        down, kind = 0, {"decay_type": "linear"}
    warm = f.warm + 1 if f.warm else 0
    plan = {"total_steps": total, **kind, "decay_ratio": down / total}
    yield "LRSchedulersContainer", {"warmup_steps": warm, **plan, "min_lr_factor": low}
    yield "LRSchedulersContainer", {"warmup_steps": 1, **plan, "min_lr_factor": low}
    older = {**plan, "decay_ratio": max(0, down - 1) / total, "lr_min": low}
    yield "LRSchedulersContainer", {"warmup_steps": f.warm, **older}


def nanotron(f: Facts) -> Candidates:
    """lr_scheduler_builder; without a warmup its style is constant, because a linear one has update 0 at 0."""
    low = {"learning_rate": f.top, "min_decay_lr": f.low}
    style = {"lr_warmup_steps": f.warm, "lr_warmup_style": "linear" if f.warm else "constant"}
    kind = {"lr_decay_style": f.down.shape if f.down.shape in NANOTRON else "linear"}
    if f.constant:
        held = {**style, "lr_warmup_steps": max(1, f.warm), "lr_decay_steps": 0, "min_decay_lr": f.top}
        yield "lr_scheduler_builder", {**low, **held, **kind}
    plan = {"lr_decay_starting_step": f.begin, "lr_decay_steps": f.end - f.begin}
    yield "lr_scheduler_builder", {**low, **style, **kind, **plan}


def nanogpt(f: Facts) -> Candidates:
    """get_lr, which warms up as we do."""
    if f.constant and not f.warm:
        yield "get_lr", {"learning_rate": f.top, "decay_lr": False, "max_iters": f.steps}
    plan = {"warmup_iters": f.warm, "lr_decay_iters": max(f.end, f.warm + 1), "max_iters": f.steps}
    yield "get_lr", {"learning_rate": f.top, "min_lr": f.low, **plan}


def llm_c(f: Facts) -> Candidates:
    """Its types; the update behind a warmup is at the peak once more."""
    name = {"cosine": "cosine", "1-sqrt": "wsd"}.get(f.down.shape, "constant" if f.constant else "linear")
    ends = {"learning_rate": f.top, "final_learning_rate_frac": f.low / f.top if f.top else 1.0}
    for warm in (f.warm + 1, 1) if f.warm or f.flat == 1 else (0,):
        yield name, {**ends, "warmup_iterations": warm, "train_num_batches": f.end}
    if f.warm and f.constant:
        yield "linear", {**ends, "warmup_iterations": f.warm + 1, "train_num_batches": max(f.end, f.warm + 2)}
