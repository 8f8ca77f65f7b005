"""What is written for a library is what is read of it."""

import json

import numpy as np
import pytest

import glidepath as gp
from glidepath.schedules import dialects
from glidepath.schedules.dialects.documents import Terms, read, write
from glidepath.schedules.dialects.documents.writing import WRITERS, _named

# library -> one of its schedules, its arguments
CONFIGS = [
    ("transformers", "linear", {"num_warmup_steps": 10, "num_training_steps": 100}),
    (
        "transformers",
        "cosine_with_min_lr",
        {"num_warmup_steps": 10, "num_training_steps": 100, "min_lr_rate": 0.1},
    ),
    (
        "megatron",
        "OptimizerParamScheduler",
        {
            "max_lr": 0.3,
            "min_lr": 0.03,
            "init_lr": 0.0,
            "lr_warmup_steps": 10,
            "lr_decay_steps": 100,
            "lr_decay_style": "WSD",
            "lr_wsd_decay_style": "minus_sqrt",
            "wsd_decay_steps": 20,
        },
    ),
    (
        "deepspeed",
        "WarmupDecayLR",
        {"warmup_max_lr": 0.3, "warmup_num_steps": 10, "total_num_steps": 100, "warmup_type": "linear"},
    ),
    ("torch", "PolynomialLR", {"total_iters": 100, "power": 2.0}),
    ("timm", "CosineLRScheduler", {"t_initial": 100, "lr_min": 0.01}),
]


@pytest.mark.parametrize(("library", "name", "config"), CONFIGS, ids=lambda one: one if isinstance(one, str) else "")
def test_a_configuration_as_a_text_is_the_same_schedule(library, name, config):
    schedule = dialects.read(library, name, config, base_lr=0.3, horizon=100).schedule
    bound = schedule.recipe.over(max(100, schedule.horizon.steps), peak=0.3)
    text = WRITERS.get(library, _named)(bound, library, name, config)
    found = read(text).value
    np.testing.assert_allclose(found(range(100)), bound(range(100)), rtol=1e-12, atol=1e-15)  # type: ignore[operator]


def test_deepspeed_gets_the_optimizers_rate_where_it_is_the_peak():
    schedule = gp.hold().over(20, peak=0.3)
    text = json.loads(WRITERS["deepspeed"](schedule, "deepspeed", "WarmupLR", {"warmup_num_steps": 10}))
    assert text["optimizer"] == {"params": {"lr": 0.3}}


@pytest.mark.parametrize("library", WRITERS)
def test_a_multiplier_has_no_rate_to_write(complaint, library):
    schedule = gp.hold().over(20)
    assert "--peak" in complaint(WRITERS[library], schedule, library, "WarmupLR", {})


def test_a_form_that_nobody_has_and_a_recipe_for_a_library_are_refused(complaint):
    assert "did you mean 'toml'" in complaint(write, gp.hold(), "tml")
    assert "--horizon" in complaint(write, gp.hold(), "torch")


def test_our_own_forms_keep_the_terms_out():
    recipe = gp.warmup("2%") >> gp.cosine()
    assert write(recipe, "code") == repr(recipe)
    for form in ("toml", "json", "text"):
        assert read(write(recipe, form), Terms(gp.Horizon(10), peak=1.0)).value == recipe
