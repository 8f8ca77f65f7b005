"""Configurations of other libraries, against the values that those libraries gave when they ran."""

import json
from typing import Any

import numpy as np
import pytest
from dialect_sizes import EXACT, FLOAT32, GOLDEN

from glidepath.errors import GlidepathError
from glidepath.schedules import dialects

ROUNDED = ("optax", "keras")  # to float32
# Rules that read the loss; `read_rule` has them.
RULES = ("ReduceLROnPlateau", "reduce_on_plateau")
FALLING = {"name": "CosineAnnealingScheduler", "start_value": 1.0, "end_value": 0.0}
LINE = {"name": "torch.optim.lr_scheduler.LinearLR", "start_factor": 0.1, "total_iters": 3}
# What the records write as a call: its name, and the arguments by theirs.
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "ChainedScheduler(LinearLR(.1,1,3),ExponentialLR(.9))": (
        "ChainedScheduler",
        {"schedulers": [LINE, {"name": "ExponentialLR", "gamma": 0.9}]},
    ),
    "LinearWarmup(CosineAnnealingDecay(1,7),3,0,1)": (
        "LinearWarmup",
        {
            "learning_rate": {"name": "CosineAnnealingDecay", "learning_rate": 1, "T_max": 7},
            "warmup_steps": 3,
            "start_lr": 0,
            "end_lr": 1,
        },
    ),
    "CosineAnnealingScheduler(1,0,4)": (
        "CosineAnnealingScheduler",
        {"start_value": 1, "end_value": 0, "cycle_size": 4},
    ),
    "CosineAnnealingScheduler(1,0,4,cycle_mult=2,start_value_mult=.5)": (
        "CosineAnnealingScheduler",
        {"start_value": 1, "end_value": 0, "cycle_size": 4, "cycle_mult": 2, "start_value_mult": 0.5},
    ),
    "create_lr_scheduler_with_warmup(CosineAnnealingScheduler(1,0,6),0,4)": (
        "create_lr_scheduler_with_warmup",
        {"lr_scheduler": {**FALLING, "cycle_size": 6}, "warmup_start_value": 0, "warmup_duration": 4},
    ),
    "create_lr_scheduler_with_warmup(ExponentialLR(.5),0,4)": (
        "create_lr_scheduler_with_warmup",
        {
            "lr_scheduler": {"name": "ExponentialLR", "gamma": 0.5},
            "warmup_start_value": 0,
            "warmup_duration": 4,
        },
    ),
    "fit_flat_cos (pct_start .75)": ("fit_flat_cos", {"n_epoch": 1, "pct_start": 0.75}),
    "fit_sgdr(n_cycles=2,cycle_len=1,cycle_mult=2) N=9 batches": (
        "fit_sgdr",
        {"n_cycles": 2, "cycle_len": 1, "cycle_mult": 2},
    ),
    "with_warmup(cosine(1,.1,7),3,0)": (
        "with_warmup",
        {
            "schedule": {"name": "cosine", "base_lr": 1, "min_lr": 0.1, "total_steps": 7},
            "warmup_steps": 3,
            "start_lr": 0,
        },
    ),
    "one_cycle(10,.3,25,1e4)": (
        "one_cycle",
        {"max_lr": 1, "total_steps": 10, "pct_start": 0.3, "initial_div": 25, "final_div": 1e4},
    ),
    "warmup_stable_decay(3,4,10,'1-sqrt')": (
        "warmup_stable_decay",
        {
            "base_lr": 1,
            "warmup_steps": 3,
            "decay_steps": 4,
            "total_steps": 10,
            "final_lr": 0.1,
            "warmup_start": 0,
            "decay_shape": "1-sqrt",
        },
    ),
}


def golden() -> list[Any]:
    """All records, those of a call with its name and its arguments."""
    records = json.loads(GOLDEN.read_text())["records"] if GOLDEN.exists() else []
    for record in records:
        record["schedule"], record["config"] = CALLS.get(record["schedule"], (record["schedule"], record["config"]))
    return list(records)


@pytest.mark.skipif(not GOLDEN.exists(), reason="the values that the peers gave are not beside this checkout")
def test_the_golden_values_are_there():
    assert len(golden()) > 110
    assert {record["peer"] for record in golden()} > {"torch", "paddle", "composer", "mmengine", "OLMo-core"}


@pytest.mark.parametrize("record", golden(), ids=lambda r: f"{r['peer']}-{r['schedule']}")
def test_values_are_those_that_the_library_gave(record):
    library, name, config = record["peer"], record["schedule"], record["config"]
    values = [(step, value) for step, value in enumerate(record["values"]) if isinstance(value, float | int)]
    steps, rates = (np.array(column) for column in zip(*values, strict=True))
    if name in RULES:
        with pytest.raises(GlidepathError, match="read_rule"):
            dialects.read(library, name, config)
        return
    reading = dialects.read(
        library, name, config, base_lr=record["base_lr"], horizon=len(record["values"]), faithful=True
    )
    np.testing.assert_allclose(reading.schedule(steps), rates, rtol=0, atol=FLOAT32 if library in ROUNDED else EXACT)
