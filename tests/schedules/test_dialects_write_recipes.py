"""Recipes of ours in other libraries' words: written and verified, or refused in a sentence that says where."""

import json
import re
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import Plan
from strategies import plans

import glidepath as gp
from glidepath.errors import SpecError
from glidepath.schedules import dialects

LAST_BITS = 1e-12
SECONDS = 0.5
SHAPES = ("linear", "cosine", "1-sqrt", "exponential", "polynomial")
WARM = gp.warmup("10%", start=0)


def stable(shape: str) -> gp.Recipe:
    to, power = (0.01, 1.0) if shape == "exponential" else (0.0, 2.0 if shape == "polynomial" else 1.0)
    return WARM >> gp.hold() >> gp.decay("20%", shape=shape, to=to, power=power)


RECIPES = {
    "warmup cosine": WARM >> gp.cosine(to=0.1),
    "our warmup cosine": gp.warmup("10%") >> gp.cosine(to=0.1),
    "warmup linear": WARM >> gp.linear(),
    "our warmup linear": gp.warmup("10%") >> gp.linear(),
    "linear": gp.linear(),
    "cosine": gp.cosine(to=0.1),
    "constant": gp.hold(),
    "one-cycle": gp.warmup("30%", start=0.04, shape="cosine") >> gp.cosine(to=4e-6),
    "steps": gp.steps("30%"),
    "restarts": gp.repeat(gp.cosine(), every="10%", growth=2),
    "inverse sqrt": WARM >> gp.inverse_sqrt(),
    "polynomial": WARM >> gp.decay(shape="polynomial", power=2.0),
    **{f"stable {shape}": stable(shape) for shape in SHAPES},
}
# Who has which of them, over 1,000 steps as over 37; all others refuse it.
ALL = set(dialects.libraries())
LATE = {"gpt-neox", "deepspeed"}  # their warmups begin an update late
PLANS = {"transformers", "timm", "megatron", "nanotron", "pytorch_optimizer", "pytorch-scheduler"}
LEGS = {"torch", "optax", "fastai", "ignite", "mmengine"}
FROM_ZERO = {"composer", "nanotron", "litgpt", "pytorch_optimizer", "pytorch-scheduler"}
FROM_ANYWHERE = {"torch", "timm", "optax", "keras", "paddle", "fastai", "ignite", "megatron", "olmo-core", "olmo"}
FROM_ANYWHERE |= {"fairseq", "fairseq2", "lrsched", "transformers"}
STAIRS = {"torch", "timm", "optax", "keras", "paddle", "composer", "mmengine", "ignite", "fairseq", "lrsched"}
STAIRS |= {"pytorch_optimizer"}
ROOTS = {"transformers", "paddle", "megatron", "olmo-core", "olmo", "fairseq", "fairseq2", "lrsched"}
ROOTS |= {"pytorch-scheduler"}
LINES = (FROM_ANYWHERE | {"mmengine"}) - {"keras"}
WRITTEN: dict[str, set[str]] = {
    "warmup cosine": FROM_ANYWHERE | FROM_ZERO,
    "our warmup cosine": FROM_ANYWHERE | {"torchtitan", "nanogpt"},
    "warmup linear": LINES | FROM_ZERO - {"litgpt"} | {"deepspeed"},
    "our warmup linear": LINES - {"transformers", "fairseq"} | {"torchtitan"},
    "linear": ALL - {"deepspeed", "torchtune", "litgpt", "nanogpt"},
    "cosine": ALL - {"deepspeed", "torchtune"},
    "constant": ALL - {"torchtune"},
    "one-cycle": {"torch", "paddle", "mmengine", "fastai", "ignite", "olmo-core", "lrsched", "pytorch_optimizer"},
    "steps": STAIRS,
    "restarts": STAIRS | {"fairseq2"},
    "inverse sqrt": ROOTS,
    "polynomial": {"torch", "mmengine", "transformers", "timm", "optax", "paddle", "composer", "fairseq", "fairseq2"}
    | {"pytorch-scheduler"},
    "stable linear": PLANS | LEGS | {"lrsched", "olmo-core"},
    "stable cosine": PLANS | LEGS | {"olmo-core"},
    "stable 1-sqrt": PLANS | {"lrsched"},
    "stable exponential": LEGS | {"fairseq", "fairseq2", "lrsched"},
    "stable polynomial": {"torch", "optax", "mmengine"},
}


def apart(schedule: gp.Schedule, library: str, name: str, config: dict[str, Any]) -> float:
    """How far the better of our readings of it, mended and faithful, is from the schedule, as a share of the peak."""
    steps, peak = range(schedule.horizon.steps + 1), schedule.peak or 1.0
    gaps = []
    for faithful in (False, True):
        again = dialects.read(library, name, config, base_lr=peak, horizon=schedule.horizon, faithful=faithful)
        gaps.append(float(np.abs(again.schedule(steps) - schedule(steps)).max()) / peak)
    return min(gaps)


def written_or_refused(schedule: gp.Schedule, library: str) -> tuple[str, dict[str, Any], str]:
    """(name, configuration, the complaint where there is none)."""
    try:
        return (*dialects.write(schedule, library), "")
    except SpecError as error:
        return "", {}, str(error)


@pytest.mark.parametrize("steps", [1_000, 37])
@pytest.mark.parametrize("title", RECIPES)
def test_each_library_has_it_or_says_where_it_differs(title, steps):
    schedule = RECIPES[title].over(steps, peak=3e-4)
    written = set()
    for library in dialects.libraries():
        name, config, complaint = written_or_refused(schedule, library)
        if complaint:
            assert re.search(r"at step \d+ by [\d.e-]+ of the peak: ", complaint), complaint
            continue
        assert apart(schedule, library, name, config) <= LAST_BITS
        written.add(library)
    assert written == WRITTEN[title]


@given(plans(horizons=st.integers(1, 400), most=4), st.sampled_from(dialects.libraries()))
@settings(max_examples=300)
def test_any_recipe_is_written_rightly_or_refused_in_a_sentence(plan: Plan, library: str):
    name, config, complaint = written_or_refused(plan.schedule, library)
    if complaint:
        assert re.fullmatch(r"[\w.-]+: expected .* got .*", complaint), complaint
        return
    assert json.loads(json.dumps(config)) == config
    assert apart(plan.schedule, library, name, config) <= LAST_BITS


LONG = {
    "warmup cosine": gp.warmup("2%") >> gp.cosine(to=0.1),
    "many cycles": gp.repeat(gp.cosine(), every=10),
    "many stairs": gp.steps(1, factor=0.9999),
    "no library's": gp.untuned(),
}


@pytest.mark.parametrize("library", ["torch", "transformers", "timm", "optax", "fastai", "olmo-core", "lrsched"])
@pytest.mark.parametrize("title", LONG)
def test_a_hundred_thousand_steps_are_compared_in_a_moment(title, library):
    schedule, begin = LONG[title].over(100_000, peak=3e-4), perf_counter()
    written_or_refused(schedule, library)
    assert perf_counter() - begin < 4 * SECONDS  # which it takes alone; machines are busy


@pytest.mark.parametrize("library", ["torch", "transformers", "optax"])
def test_a_horizon_that_nobody_could_look_at_step_by_step(library, limit):
    with limit(5):
        name, config = dialects.write((WARM >> gp.cosine(to=0.1)).over(10**12, peak=1.0), library)
    assert apart_at(10**12, library, name, config) <= LAST_BITS


def apart_at(steps: int, library: str, name: str, config: dict[str, Any]) -> float:
    again = dialects.read(library, name, config, horizon=steps).schedule
    ours = (WARM >> gp.cosine(to=0.1)).over(steps, peak=1.0)
    asked = np.linspace(0, steps, 77).astype(np.int64)
    return float(np.abs(again(asked) - ours(asked)).max())


def test_the_hint_says_which_start_would_fit(complaint):
    schedule = (gp.warmup(10) >> gp.cosine()).over(100, peak=1.0)
    assert "write warmup(10, start=0)" in complaint(dialects.write, schedule, "torchtune")
    assert "write warmup(10)" in complaint(dialects.write, (WARM >> gp.cosine()).over(100, peak=1.0), "nanogpt")


def test_numbers_are_written_as_people_write_them():
    schedule = (gp.warmup(10, start=0) >> gp.cosine(to=0.1)).over(100, peak=3e-4)
    assert dialects.write(schedule, "OLMo core") == (
        "CosWithWarmup",
        {"t_max": 100, "alpha_f": 0.1, "warmup": 10, "warmup_min_lr": 0.0},
    )


def test_a_multiplier_is_written_for_a_rate_of_1():
    schedule = gp.linear().over(10)
    name, config = dialects.write(schedule, "transformers")
    assert dialects.read("transformers", name, config).schedule(5) == schedule(5)


@pytest.mark.parametrize(
    ("schedule", "library", "shown"),
    [
        (gp.hold(), "torch", "write recipe.over(steps, peak=...)"),
        (None, "torch", "expected a schedule"),
        (gp.hold().over(9), "torhc", "did you mean 'torch'"),
        (gp.hold().over(9), None, "expected a library"),
    ],
)
def test_what_is_no_schedule_or_no_library_is_refused(complaint, schedule, library, shown):
    assert shown in complaint(dialects.write, schedule, library)


def test_what_a_library_would_not_hold_is_refused_with_what_it_does(complaint):
    schedule = (gp.warmup(10, start=0) >> gp.cosine(40) >> gp.hold()).over(100, peak=1.0)
    assert "goes on in waves behind step 50" in complaint(dialects.write, schedule, "torchtune")
