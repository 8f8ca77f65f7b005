"""Where other libraries surprise: what each gives there by its own formula, and what a mended reading has instead.

The numbers of the traps are those of the list of the peers. Those that are no formula of a schedule have no row: what
a training loop does with one (2, 3, 10, 16, 28), rules that read the loss (8), finders (13, 14), tensors (29).
"""

from math import cos, log, pi, sqrt
from typing import Any

import pytest

from glidepath.errors import GlidepathError
from glidepath.schedules import dialects

RUN = 10  # steps
LOW = 1 / 25 / 1e4  # where torch's one cycle ends, as a share of its peak


def wave(share: float) -> float:
    return (1 + cos(pi * share)) / 2


def between(low: float, share: float) -> float:
    return low + (1 - low) * share


def within(*schedulers: dict[str, Any], at: int) -> dict[str, Any]:
    return {
        "schedulers": [{"name": "LinearLR", "start_factor": 0.1, "total_iters": 3}, *schedulers],
        "milestones": [at],
    }


CYCLE = {"max_lr": 1, "total_steps": RUN}
PLAN = {"num_warmup_steps": 3, "num_training_steps": RUN}
STAGES = {"warmup": 3, "decay": 3, "decay_fraction": None, "t_max": RUN}
LATE = {"learning_rate": 0.5, "min_decay_lr": 0, "total_training_steps": RUN}
TITAN = {"warmup_steps": 3, "training_steps": RUN}
PACKAGE = {"t_max": RUN, "max_lr": 1, "min_lr": 0.1, "warmup_steps": 3}
COOLDOWN = {"num_warmup_steps": 3, "num_stable_steps": 3, "num_decay_steps": 4, "min_lr_ratio": 0.3}
ONE_CYCLE = {"name": "OneCycleLR", **CYCLE}
# (trap, library, name, configuration, step, what the library gives, the mended value, a word of the note or none)
TRAPS: list[tuple[int, str, str, dict[str, Any], int, float, float, str]] = [
    (1, "torch", "OneCycleLR", {**CYCLE, "anneal_strategy": "linear"}, RUN, 1 + (LOW - 1) * 8 / 7, LOW, "below 0"),
    (1, "torch", "OneCycleLR", CYCLE, RUN, between(LOW, wave(8 / 7)), LOW, "rises"),
    (5, "torch", "SequentialLR", within(ONE_CYCLE, at=3), 1, between(0.1, 1 / 3) / 25, between(0.1, 1 / 3), "the rate"),
    (7, "torch", "LinearLR", {"start_factor": 0.1, "total_iters": 0}, 5, 0.1, 1.0, "for ever"),
    (7, "torch", "ConstantLR", {"factor": 0.1, "total_iters": 0}, 5, 0.1, 1.0, "for ever"),
    (9, "torch", "OneCycleLR", {**CYCLE, "pct_start": 0.0}, 0, between(LOW, wave(1 / 10)), between(LOW, wave(0.1)), ""),
    (9, "torch", "OneCycleLR", {**CYCLE, "pct_start": 1.0}, 8, between(0.04, wave(1 / 9)), between(
        0.04, wave(1 / 9)), "has not come down"),
    (11, "composer", "ConstantWithWarmupScheduler", {"t_warmup": "4ba", "scale_warmup": True, "ssr": 2.0,
        "max_duration": "10ba"}, 3, 3 / (4 * 2.0), 3 / (4 * 2.0), "Trainer"),
    (11, "composer", "ConstantWithWarmupScheduler", {"t_warmup": "4ba", "scale_warmup": True, "ssr": 2.0,
        "max_duration": "10ba"}, 4, 1.0, 1.0, "Trainer"),
    (15, "transformers", "cosine", PLAN, 12, wave(9 / 7), 0.0, "climbs again"),
    (15, "transformers", "cosine_with_min_lr", {**PLAN, "min_lr_rate": 0.1}, 12, between(0.1, wave(9 / 7)), 0.1,
        "climbs again"),
    (15, "transformers", "linear", {"num_warmup_steps": 0.07, "num_training_steps": 100}, 7, 7 / 8, 7 / 8, ""),
    (17, "deepspeed", "WarmupCosineLR", {"total_num_steps": RUN, "warmup_num_steps": 3, "warmup_type": "linear",
        "warmup_min_ratio": 0.1, "cos_min_ratio": 0.01}, 0, 0.0, 0.0, ""),
    (17, "deepspeed", "WarmupCosineLR", {"total_num_steps": RUN, "warmup_num_steps": 3, "warmup_type": "linear",
        "warmup_min_ratio": 0.1, "cos_min_ratio": 0.01}, 4, between(0.01, wave(1 / 7)), between(0.01, wave(1 / 7)), ""),
    (17, "deepspeed", "WarmupLR", {"warmup_num_steps": 4, "warmup_max_lr": 1}, 3, log(3) / log(4), log(3) / log(4), ""),
    (18, "nanotron", "lr_scheduler_builder", {**LATE, "lr_warmup_steps": 3, "lr_decay_starting_step": 6}, 7,
        0.0, 0.5 * 3 / 4, "a second time"),
    (18, "nanotron", "lr_scheduler_builder", {**LATE, "lr_decay_steps": 0}, 5, 0.5 * 0.5, 0.5, "squares"),
    (18, "nanotron", "lr_scheduler_builder", {**LATE, "lr_warmup_steps": 3, "lr_warmup_style": None}, 1,
        0.5 / 3, 0.5 / 3, ""),
    (19, "olmo-core", "WSD", STAGES, 12, (RUN - 12) / 3, 0.0, "goes below"),
    (19, "olmo-core", "PowerLR", STAGES, 12, (3 / 7) ** 0.51 * (RUN - 12) / 3, 0.0, "goes below"),
    (19, "olmo-core", "CosWithWarmupAndLinearDecay", STAGES, 12, between(0.1, wave(4 / 7)) * (RUN - 12) / 3, 0.0,
        "goes below"),
    (19, "olmo-core", "WSD", {**STAGES, "warmup": 0}, 0, 1.0, 1.0, ""),
    (20, "torchtitan", "LRSchedulersContainer", TITAN, 12, 1 - 9 / 7, 0.0, "below"),
    (20, "torchtitan", "LRSchedulersContainer", {**TITAN, "decay_type": "sqrt"}, 12,
        1 - sqrt(9 / 7), 0.0, "below"),
    (21, "pytorch_optimizer", "PolyScheduler", PACKAGE, 8, 0.1 + 0.9 * sqrt(8 - 4), 1.0, "climbs"),
    (21, "pytorch_optimizer", "LinearScheduler", PACKAGE, 13, 1 - 0.9 * 9 / 7, 0.1, "below min_lr"),
    (21, "pytorch_optimizer", "get_wsd_schedule", {**COOLDOWN, "cooldown_type": "linear"}, 9, 1 - 3 / 4, 0.3, "jumps"),
    (21, "pytorch_optimizer", "REXScheduler", {"total_steps": RUN, "max_lr": 1, "min_lr": 0.1}, 0, 0.1, 0.1, ""),
    (22, "mmengine", "CosineAnnealingLR", {"eta_min": 0.1, "begin": 0, "end": 5, "by_epoch": False}, 9,
        between(0.1, wave(4 / 5)), between(0.1, wave(4 / 5)), ""),
    (23, "timm", "MultiStepLRScheduler", {"decay_t": [3, 6], "decay_rate": 0.5}, 2, 0.5, 0.5, ""),
    (23, "timm", "CosineLRScheduler", {"t_initial": RUN, "warmup_t": 3, "warmup_lr_init": 0.1}, 3, wave(3 / 10),
        wave(3 / 10), "overlays"),
    (25, "fairseq", "tri_stage", {"max_update": RUN, "phase_ratio": [0.7, 0.2, 0.1]}, 5, between(0.01, 5 / 7),
        between(0.01, 5 / 7), ""),
    (26, "gpt-neox", "AnnealingLR", {"start_lr": 1, "warmup_iter": 3, "total_iters": RUN, "decay_style": "cosine",
        "min_lr": 0.1}, 0, 1 / 3, 1 / 3, ""),
    (26, "gpt-neox", "AnnealingLR", {"start_lr": 1, "warmup_iter": 3, "total_iters": RUN, "decay_style": "cosine",
        "min_lr": 0.1}, 12, between(0.1, wave(9 / 7)), 0.1, "climbs again"),
    (27, "pytorch-scheduler", "WarmupScheduler", {"warmup_steps": 4, "warmup_type": "exponential",
        "base_scheduler": {"name": "IdentityScheduler"}}, 1, (1 / 4) ** 2, (1 / 4) ** 2, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("library", "name", "config", "step", "theirs", "mended", "note"),
    [row[1:] for row in TRAPS],
    ids=[f"{row[0]}-{row[1]}-{row[2]}" for row in TRAPS],
)
def test_a_trap_is_kept_in_a_faithful_reading_and_mended_or_noted_in_another(
    library, name, config, step, theirs, mended, note
):
    faithful = dialects.read(library, name, config, horizon=RUN, faithful=True)
    reading = dialects.read(library, name, config, horizon=RUN)
    assert faithful.schedule(step) == pytest.approx(theirs, rel=1e-9, abs=1e-12)
    assert reading.schedule(step) == pytest.approx(mended, rel=1e-9, abs=1e-12)
    assert note in " ".join(reading.notes)
    assert note or reading.schedule(step) == faithful.schedule(step)


INNER = {"name": "SequentialLR", **within({"name": "ConstantLR", "factor": 0.5, "total_iters": 9}, at=2)}
# (trap, library, name, configuration, what the complaint says, the mended values from step 3 on or none)
REFUSED: list[tuple[int, str, str, dict[str, Any], str, list[float]]] = [
    (4, "torch", "SequentialLR", within(INNER, at=3), "fails with", [0.1, 0.4, 0.5]),
    (6, "torch", "SequentialLR", within({"name": "MultiplicativeLR"}, at=3), "MultiplicativeLR", []),
    (7, "torch", "ConstantLR", {"factor": 0, "total_iters": 3}, "divides", [1.0]),
    (9, "torch", "OneCycleLR", {**CYCLE, "pct_start": 0.1}, "divided by 0", []),
    (12, "ignite", "LRScheduler", {"lr_scheduler": {"name": "CosineAnnealingLR", "T_max": RUN}}, "from torch",
        [wave(3 / 10)]),
    (22, "mmengine", "LinearLR", {"start_factor": 0, "by_epoch": False}, "divides", []),
    (24, "paddle", "CyclicLR", {"base_learning_rate": 0.1, "max_learning_rate": 1, "step_size_up": 2,
        "scale_mode": "print(1)"}, "scale_mode", []),
    (25, "fastai", "fit_flat_cos", {"start_epoch": 2}, "start_epoch", []),
    (25, "fastai", "fit_sgdr", {"n_cycles": 2, "cycle_len": 1, "cycle_mult": 1}, "cycle_mult", []),
    (27, "pytorch-scheduler", "WarmupScheduler", {"warmup_steps": 3, "base_scheduler": {
        "name": "CosineAnnealingLR", "T_max": 7}}, "'CosineAnnealingLR'", []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("library", "name", "config", "why", "mended"),
    [row[1:] for row in REFUSED],
    ids=[f"{row[0]}-{row[1]}-{row[2]}" for row in REFUSED],
)
def test_a_trap_that_has_no_numbers_is_refused_and_mended_where_it_was_meant_well(library, name, config, why, mended):
    with pytest.raises(GlidepathError, match=why):
        dialects.read(library, name, config, horizon=RUN, faithful=True)
    if not mended:
        with pytest.raises(GlidepathError, match=why):
            dialects.read(library, name, config, horizon=RUN)
        return
    reading = dialects.read(library, name, config, horizon=RUN)
    assert reading.schedule(range(3, 3 + len(mended))) == pytest.approx(mended, abs=1e-5)
    assert reading.notes


def test_a_stable_phase_below_zero_leaves_the_peak_out_or_is_refused():
    config = {"num_warmup_steps": 6, "num_decay_steps": 6, "num_training_steps": RUN, "decay_type": "linear"}
    faithful = dialects.read("transformers", "warmup_stable_decay", config, faithful=True)
    theirs = [*(t / 6 for t in range(6)), *(1 - (t - (RUN - 6)) / 6 for t in range(6, RUN)), 0.0]
    assert faithful.schedule(range(RUN + 1)) == pytest.approx(theirs, abs=1e-12)
    with pytest.raises(GlidepathError, match="within 10 steps"):
        dialects.read("transformers", "warmup_stable_decay", config)


def test_a_polynomial_that_the_rate_is_below_is_refused_and_one_without_a_decay_is_read():
    with pytest.raises(GlidepathError, match="lr_end below the rate"):
        dialects.read("transformers", "polynomial", PLAN, base_lr=1e-7)
    whole = {"num_warmup_steps": RUN, "num_training_steps": RUN}
    reading = dialects.read("transformers", "polynomial", whole)
    assert reading.schedule(range(RUN)) == pytest.approx([t / RUN for t in range(RUN)], abs=1e-12)
