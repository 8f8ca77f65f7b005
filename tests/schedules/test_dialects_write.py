"""What is written for a library and read again is the schedule: for every library and what `read` gives of it."""

import json
from typing import Any

import numpy as np
import pytest
import test_dialects_clusters as clusters
import test_dialects_lrsched as lrsched
import test_dialects_olmo as olmo
import test_dialects_packages as packages
import test_dialects_trainers as trainers
from dialect_sizes import EXACT, GOLDEN, records, sizes
from hypothesis import given
from hypothesis import strategies as st

import glidepath as gp
from glidepath.errors import GlidepathError, SpecError
from glidepath.schedules import dialects
from glidepath.schedules.dialects.writers.writing import LIBRARIES

HORIZON = 60
OLMO = {"t_warmup": 10, "t_max": HORIZON}
COMPOSER = {"t_warmup": "10ba", "t_max": "60ba"}
ITERS = {"by_epoch": False}
LIST = [{"type": "LinearLR", "start_factor": 0.1, "end": 11}, {"type": "CosineAnnealingLR", "T_max": 40, "begin": 11}]
PADDLE = {"learning_rate": 0.3}
WITHIN = {"name": "CosineAnnealingDecay", "learning_rate": 0.3, "T_max": 50}
FAIRSEQ = {"lr": [0.3], "warmup_updates": 10}
PLAN = {"num_warmup_steps": 10, "num_training_steps": HORIZON}
# library, name, configuration of those that the tables of their own tests do not have
TABLE: list[tuple[str, str, dict[str, Any]]] = [
    ("torch", "ConstantLR", {"factor": 0.5, "total_iters": 10}),
    ("torch", "LinearLR", {"start_factor": 0.1, "total_iters": 10}),
    ("torch", "ExponentialLR", {"gamma": 0.9}),
    ("torch", "StepLR", {"step_size": 20}),
    ("torch", "MultiStepLR", {"milestones": [10, 10, 30], "gamma": 0.5}),
    ("torch", "PolynomialLR", {"total_iters": HORIZON, "power": 2.0}),
    ("torch", "CosineAnnealingLR", {"T_max": HORIZON, "eta_min": 0.01}),
    ("torch", "CosineAnnealingWarmRestarts", {"T_0": 7, "T_mult": 2}),
    ("torch", "OneCycleLR", {"max_lr": 0.3, "total_steps": HORIZON + 1}),
    ("torch", "OneCycleLR", {"max_lr": 0.3, "total_steps": HORIZON + 1, "three_phase": True}),
    ("torch", "CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 7, "cycle_momentum": False}),
    ("transformers", "linear", PLAN),
    ("transformers", "cosine", PLAN),
    ("transformers", "cosine_with_restarts", {**PLAN, "num_cycles": 5}),
    ("transformers", "polynomial", {**PLAN, "power": 2.0}),
    ("transformers", "constant", {}),
    ("transformers", "constant_with_warmup", {"num_warmup_steps": 10}),
    ("transformers", "inverse_sqrt", {"num_warmup_steps": 10}),
    ("transformers", "cosine_with_min_lr", {**PLAN, "min_lr": 0.01}),
    ("transformers", "cosine_warmup_with_min_lr", {**PLAN, "min_lr_rate": 0.1}),
    ("transformers", "warmup_stable_decay", {**PLAN, "num_decay_steps": 20, "decay_type": "1-sqrt"}),
    ("timm", "CosineLRScheduler", {"t_initial": HORIZON, "lr_min": 0.01, "warmup_t": 10, "warmup_lr_init": 0.001}),
    ("timm", "CosineLRScheduler", {"t_initial": 50, "warmup_t": 10, "warmup_prefix": True}),
    ("timm", "CosineLRScheduler", {"t_initial": 20, "cycle_limit": 3, "cycle_decay": 0.5}),
    ("timm", "CosineLRScheduler", {"t_initial": HORIZON, "k_decay": 2.0}),
    ("timm", "PolyLRScheduler", {"t_initial": HORIZON, "power": 2.0}),
    ("timm", "StepLRScheduler", {"decay_t": 20, "decay_rate": 0.5}),
    ("timm", "MultiStepLRScheduler", {"decay_t": [20, 40], "decay_rate": 0.5}),
    ("timm", "WSDLRScheduler", {"t_initial": 50, "decay_t": 20, "decay_fn": "1-sqrt", "warmup_t": 10}),
    ("optax", "constant_schedule", {"value": 0.3}),
    ("optax", "linear_schedule", {"init_value": 0.3, "end_value": 0.1, "transition_steps": 20}),
    ("optax", "polynomial_schedule", {"init_value": 0.3, "end_value": 0.1, "transition_steps": 20, "power": 2.0}),
    ("optax", "exponential_decay", {"init_value": 0.3, "transition_steps": 20, "decay_rate": 0.5}),
    ("optax", "cosine_decay_schedule", {"init_value": 0.3, "decay_steps": 40, "alpha": 0.1, "exponent": 2.0}),
    (
        "optax",
        "warmup_cosine_decay_schedule",
        {"init_value": 0.01, "peak_value": 0.3, "warmup_steps": 10, "decay_steps": 50},
    ),
    ("optax", "piecewise_constant_schedule", {"init_value": 0.3, "boundaries_and_scales": {"20": 0.5, "40": 0.1}}),
    (
        "keras",
        "CosineDecay",
        {"initial_learning_rate": 0.01, "decay_steps": 50, "warmup_target": 0.3, "warmup_steps": 9},
    ),
    ("keras", "ExponentialDecay", {"initial_learning_rate": 0.3, "decay_steps": 20, "decay_rate": 0.5}),
    ("keras", "PolynomialDecay", {"initial_learning_rate": 0.3, "decay_steps": 40, "power": 2.0}),
    ("keras", "PiecewiseConstantDecay", {"boundaries": [20, 40], "values": [0.3, 0.1, 0.2]}),
    ("paddle", "NoamDecay", {"d_model": 64, "warmup_steps": 10}),
    ("paddle", "PiecewiseDecay", {"boundaries": [20, 40], "values": [0.3, 0.1, 0.2]}),
    ("paddle", "InverseTimeDecay", {**PADDLE, "gamma": 0.1}),
    ("paddle", "PolynomialDecay", {**PADDLE, "decay_steps": 40, "power": 2.0}),
    ("paddle", "ExponentialDecay", {**PADDLE, "gamma": 0.9}),
    ("paddle", "MultiStepDecay", {**PADDLE, "milestones": [20, 40]}),
    ("paddle", "StepDecay", {**PADDLE, "step_size": 20}),
    ("paddle", "CosineAnnealingDecay", {**PADDLE, "T_max": HORIZON}),
    ("paddle", "CosineAnnealingWarmRestarts", {**PADDLE, "T_0": 7, "T_mult": 2}),
    ("paddle", "OneCycleLR", {"max_learning_rate": 0.3, "total_steps": HORIZON + 1}),
    ("paddle", "CyclicLR", {"base_learning_rate": 0.01, "max_learning_rate": 0.3, "step_size_up": 7}),
    ("paddle", "LinearWarmup", {"learning_rate": WITHIN, "warmup_steps": 10, "start_lr": 0.0, "end_lr": 0.3}),
    ("composer", "StepScheduler", {"step_size": "20ba"}),
    ("composer", "MultiStepScheduler", {"milestones": ["20ba", "40ba"]}),
    ("composer", "ConstantScheduler", {"alpha": 0.5, "t_max": "61ba"}),
    ("composer", "LinearScheduler", {"t_max": "60ba", "alpha_f": 0.1}),
    ("composer", "ExponentialScheduler", {"gamma": 0.9, "decay_period": "10ba"}),
    ("composer", "CosineAnnealingScheduler", {"t_max": "60ba", "alpha_f": 0.1}),
    ("composer", "CosineAnnealingWarmRestartsScheduler", {"t_0": "7ba", "t_mult": 2.0}),
    ("composer", "PolynomialScheduler", {"t_max": "60ba", "power": 2.0}),
    ("composer", "ConstantWithWarmupScheduler", {"t_warmup": "10ba"}),
    ("composer", "LinearWithWarmupScheduler", COMPOSER),
    ("composer", "CosineAnnealingWithWarmupScheduler", COMPOSER),
    ("composer", "PolynomialWithWarmupScheduler", COMPOSER),
    ("composer", "MultiStepWithWarmupScheduler", {"t_warmup": "10ba", "milestones": ["20ba", "40ba"]}),
    ("mmengine", "ConstantLR", {"factor": 0.5, "end": 11, **ITERS}),
    ("mmengine", "LinearLR", {"start_factor": 0.1, "end": 11, **ITERS}),
    ("mmengine", "StepLR", {"step_size": 20, **ITERS}),
    ("mmengine", "MultiStepLR", {"milestones": [20, 40], **ITERS}),
    ("mmengine", "ExponentialLR", {"gamma": 0.9, **ITERS}),
    ("mmengine", "CosineAnnealingLR", {"T_max": HORIZON, "eta_min": 0.01, **ITERS}),
    ("mmengine", "PolyLR", {"power": 2.0, "end": 41, **ITERS}),
    ("mmengine", "OneCycleLR", {"eta_max": 0.3, "total_steps": HORIZON + 1, **ITERS}),
    ("mmengine", "CosineRestartLR", {"periods": [30, 30], "restart_weights": [1, 0.5], "eta_min": 0.01, **ITERS}),
    ("mmengine", "param_scheduler", {"schedulers": [{**row, **ITERS} for row in LIST]}),
    ("fastai", "fit_one_cycle", {"lr_max": 0.3}),
    ("fastai", "fit_flat_cos", {"lr": 0.3}),
    ("fastai", "fit_sgdr", {"n_cycles": 3, "cycle_len": 1, "lr_max": 0.3}),
    ("fastai", "SchedExp", {"start": 0.3, "end": 0.01}),
    ("ignite", "CosineAnnealingScheduler", {"start_value": 0.3, "end_value": 0.01, "cycle_size": HORIZON}),
    ("ignite", "LinearCyclicalScheduler", {"start_value": 0.01, "end_value": 0.3, "cycle_size": 20}),
    ("ignite", "PiecewiseLinear", {"milestones_values": [[10, 0.1], [20, 0.3], [50, 0.0]]}),
    ("ignite", "ExpStateScheduler", {"initial_value": 0.3, "gamma": 0.9}),
    ("ignite", "StepStateScheduler", {"initial_value": 0.3, "gamma": 0.5, "step_size": 20}),
    ("ignite", "MultiStepStateScheduler", {"initial_value": 0.3, "gamma": 0.5, "milestones": [10, 30]}),
    ("olmo", "cosine_with_warmup", OLMO),
    ("olmo", "linear_with_warmup", OLMO),
    ("olmo", "inverse_sqrt_with_warmup", OLMO),
    ("olmo", "max_scheduler", OLMO),
    ("olmo", "constant", {}),
    ("olmo", "cosine_linear_envelope", OLMO),
    ("olmo", "constant_with_warmup", OLMO),
    ("fairseq", "cosine", {**FAIRSEQ, "lr_period_updates": 50, "min_lr": 0.01}),
    ("fairseq", "fixed", FAIRSEQ),
    ("fairseq", "inverse_sqrt", FAIRSEQ),
    ("fairseq", "polynomial_decay", {**FAIRSEQ, "total_num_update": HORIZON, "power": 2.0}),
    ("fairseq", "tri_stage", {"lr": [0.3], "warmup_steps": 10, "hold_steps": 20, "decay_steps": 30}),
    ("fairseq", "triangular", {"lr": [0.01], "max_lr": 0.3, "lr_period_updates": 20, "lr_shrink": 0.5}),
    ("fairseq", "step", {"lr": [0.3], "lr_decay_period": 20, "lr_decay": 0.5}),
    ("fairseq", "manual", {"lr": [0.3], "update2lr": {"10": 0.1, "40": 0.2}}),
    ("fairseq2", "CosineAnnealingLR", {"cycle_len": 50, "num_warmup_steps": 10, "final_lr": 0.01}),
    ("fairseq2", "MyleLR", {"num_warmup_steps": 10}),
    ("fairseq2", "NoamLR", {"num_warmup_steps": 10}),
    ("fairseq2", "PolynomialDecayLR", {"num_steps": HORIZON, "num_warmup_steps": 10, "power": 2.0}),
    ("fairseq2", "TriStageLR", {"num_steps": HORIZON, "stage_ratio": [0.1, 0.4, 0.5]}),
    ("fairseq2", "PassthroughLR", {}),
]
CASES = (clusters.megatron, clusters.deepspeed, lrsched.lrsched, olmo.olmo_core)
CASES = (*CASES, packages.scheduler, packages.optimizer, trainers.others)
# Whose curves are products or tables of points, which no other schedule that was written by hand is.
ALONE = {"exp_range", "get_chebyshev_schedule", "PolyScheduler", "HyperbolicLRScheduler", "ExpHyperbolicLRScheduler"}
MENDED = "; read as"
PEERS = {"OLMo-core": "olmo-core", "nanoGPT": "nanogpt", "megatron-core": "megatron"}


def is_read_again(schedule: gp.Schedule, library: str) -> None:
    """What is written is plain data and read again the schedule; what only we mend of the library is refused."""
    try:
        name, config = dialects.write(schedule, library)
    except SpecError as error:
        if MENDED not in str(error):
            raise
        return
    assert json.loads(json.dumps(config)) == config
    steps = range(schedule.horizon.steps + 1)
    peak = schedule.peak or 1.0
    again = [
        dialects.read(library, name, config, base_lr=peak, horizon=schedule.horizon, faithful=faithful).schedule
        for faithful in (False, True)
    ]
    assert min(np.abs(one(steps) - schedule(steps)).max() for one in again) <= EXACT * peak


def test_every_library_that_is_read_is_written():
    assert tuple(LIBRARIES) == dialects.libraries()


@pytest.mark.parametrize(("library", "name", "config"), TABLE, ids=lambda one: one if isinstance(one, str) else "")
def test_a_schedule_of_a_library_is_written_and_read_again(library, name, config):
    is_read_again(dialects.read(library, name, config, base_lr=0.3, horizon=HORIZON).schedule, library)


@pytest.mark.parametrize("cases", CASES, ids=lambda cases: cases.__name__)
@given(data=st.data())
def test_schedules_of_random_sizes_are_written_and_read_again(cases, data):
    s = data.draw(sizes)
    library, name, config, _ = data.draw(st.sampled_from([case for case in cases(s) if case[1] not in ALONE]))
    reading = dialects.read(library, name, config, base_lr=s.peak, horizon=s.total)
    is_read_again(reading.schedule, library)


def read_records() -> list[tuple[str, gp.Schedule]]:
    """The schedules of the peers' own configurations, where they are read as they stand."""
    found = []
    for record in records({one: one for one in (*dialects.libraries(), *PEERS)}):
        library = PEERS.get(record["peer"], record["peer"])
        steps = max(2, len(record["values"]))
        try:
            reading = dialects.read(
                library, record["schedule"], record["config"], base_lr=record["base_lr"], horizon=steps
            )
        except GlidepathError:
            continue
        if record["schedule"] not in ALONE and "stable_fn" not in record["config"]:
            found.append((library, reading.schedule))
    return found


def test_schedules_of_the_peers_records_are_written_and_read_again():
    schedules = read_records()
    assert len(schedules) > 40 or not GOLDEN.exists()
    for library, schedule in schedules:
        is_read_again(schedule, library)
