"""Configurations of other libraries, against values that those libraries gave and against the installed ones."""

import math
import warnings
from typing import Any

import numpy as np
import optax
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from glidepath.errors import GlidepathError
from glidepath.schedules import dialects


def stepped(make: Any, count: int) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler, values = make(optimizer), []
        for _ in range(count):
            values.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
    return values


configs = st.one_of(
    st.tuples(
        st.just("ConstantLR"), st.fixed_dictionaries({"factor": st.floats(0.1, 1), "total_iters": st.integers(0, 30)})
    ),
    st.tuples(
        st.just("LinearLR"),
        st.fixed_dictionaries(
            {
                "start_factor": st.floats(0.1, 1),
                "end_factor": st.floats(0, 1),
                "total_iters": st.integers(1, 40),
            }
        ),
    ),
    st.tuples(st.just("ExponentialLR"), st.fixed_dictionaries({"gamma": st.floats(0.8, 1)})),
    st.tuples(st.just("StepLR"), st.fixed_dictionaries({"step_size": st.integers(1, 30), "gamma": st.floats(0.1, 1)})),
    st.tuples(
        st.just("MultiStepLR"),
        st.fixed_dictionaries({"milestones": st.lists(st.integers(0, 60), max_size=4), "gamma": st.floats(0.1, 1)}),
    ),
    st.tuples(
        st.just("PolynomialLR"), st.fixed_dictionaries({"total_iters": st.integers(1, 40), "power": st.floats(0.5, 3)})
    ),
    st.tuples(
        st.just("CosineAnnealingLR"),
        st.fixed_dictionaries({"T_max": st.integers(1, 40), "eta_min": st.floats(0, 0.2)}),
    ),
    st.tuples(
        st.just("CosineAnnealingWarmRestarts"),
        st.fixed_dictionaries({"T_0": st.integers(1, 20), "T_mult": st.integers(1, 3), "eta_min": st.floats(0, 0.2)}),
    ),
    st.tuples(
        st.just("CyclicLR"),
        st.fixed_dictionaries(
            {
                "base_lr": st.floats(0, 0.1),
                "max_lr": st.floats(0.2, 1),
                "step_size_up": st.integers(1, 20),
                "step_size_down": st.integers(1, 20),
                "cycle_momentum": st.just(value=False),
            }
        ),
    ),
)


@given(configs)
def test_torch_itself_gives_these_values_three_horizons_past_the_end_too(configured):
    name, config = configured
    reading = dialects.read("torch", name, config, base_lr=0.3, horizon=160, faithful=True)
    theirs = stepped(lambda optimizer: getattr(torch.optim.lr_scheduler, name)(optimizer, **config), 160)
    np.testing.assert_allclose(reading.schedule(range(160)), theirs, rtol=0, atol=1e-12)


@given(
    st.integers(8, 80),
    st.floats(0.2, 0.8),
    st.sampled_from(["cos", "linear"]),
    st.booleans(),
    st.floats(2, 50),
    st.floats(2, 1e4),
)
def test_torchs_one_cycle_at_any_share(total, share, strategy, three, first, final):
    if three and 2 * share * total - 2 >= total - 1:
        return
    config = {
        "max_lr": 0.7,
        "total_steps": total,
        "pct_start": share,
        "anneal_strategy": strategy,
        "three_phase": three,
        "div_factor": first,
        "final_div_factor": final,
        "cycle_momentum": False,
    }
    theirs = stepped(lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(optimizer, **config), total)
    ours = dialects.read("torch", "OneCycleLR", config).schedule
    np.testing.assert_allclose(ours(range(total)), theirs, rtol=0, atol=1e-12)
    assert ours(total) == ours(5 * total) == pytest.approx(theirs[-1], abs=1e-12)


@given(st.integers(0, 30), st.integers(31, 120), st.floats(0, 0.5), st.sampled_from([1.0, 2.0]))
def test_optax_itself_gives_the_warmup_cosine(warm, total, end, exponent):
    config = {
        "init_value": 0.1,
        "peak_value": 0.8,
        "warmup_steps": warm,
        "decay_steps": total,
        "end_value": end,
        "exponent": exponent,
    }
    theirs = optax.warmup_cosine_decay_schedule(**config)
    ours = dialects.read("optax", "warmup_cosine_decay_schedule", config).schedule
    steps = range(0, 4 * total, 3)
    np.testing.assert_allclose(ours(steps), [float(theirs(step)) for step in steps], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("constant_schedule", {"value": 0.3}),
        ("linear_schedule", {"init_value": 0.1, "end_value": 0.9, "transition_steps": 17, "transition_begin": 4}),
        ("polynomial_schedule", {"init_value": 0.9, "end_value": 0.1, "power": 3.0, "transition_steps": 17}),
        ("exponential_decay", {"init_value": 0.9, "transition_steps": 7, "decay_rate": 0.6, "transition_begin": 5}),
        ("exponential_decay", {"init_value": 0.9, "transition_steps": 7, "decay_rate": 0.6, "staircase": True}),
        ("cosine_decay_schedule", {"init_value": 0.9, "decay_steps": 23, "alpha": 0.2}),
        ("piecewise_constant_schedule", {"init_value": 0.9, "boundaries_and_scales": {5: 0.5, 11: 0.2}}),
    ],
)
def test_optax_itself_gives_these_values(name, config):
    theirs = getattr(optax, name)(**config)
    ours = dialects.read("optax", name, config, horizon=80).schedule
    np.testing.assert_allclose(ours(range(80)), [float(theirs(step)) for step in range(80)], rtol=0, atol=1e-6)


def hf_cosine(step: int, warm: int, total: int) -> float:
    if step < warm:
        return step / max(1, warm)
    return max(0.0, 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm))))


@given(st.integers(0, 20), st.integers(21, 90))
def test_the_cosine_of_transformers_climbs_only_when_asked(warm, total):
    config = {"num_warmup_steps": warm, "num_training_steps": total}
    mended = dialects.read("transformers", "cosine", config)
    kept = dialects.read("transformers", "cosine", config, faithful=True)
    theirs = [hf_cosine(step, warm, total) for step in range(3 * total)]
    np.testing.assert_allclose(kept.schedule(range(3 * total)), theirs, rtol=0, atol=1e-12)
    np.testing.assert_allclose(mended.schedule(range(total)), theirs[:total], rtol=0, atol=1e-12)
    assert mended.schedule(2 * total) == pytest.approx(0, abs=1e-15)
    assert "climbs again" in mended.notes[0]
    assert kept.notes == ()


def test_a_share_as_warmup_is_rounded_up_as_transformers_does():
    config = {"num_warmup_steps": 0.07, "num_training_steps": 100}
    assert dialects.read("transformers", "linear", config).schedule(8) == 1.0


@pytest.mark.parametrize(
    ("library", "name", "config", "shown"),
    [
        ("torhc", "StepLR", {}, "did you mean 'torch'?"),
        ("torch", "StepRL", {}, "did you mean 'StepLR'?"),
        ("torch", "StepLR", {}, "step_size"),
        ("torch", "StepLR", {"step_size": 0}, "at least 1"),
        ("torch", "CosineAnnealingLR", {"T_max": 3, "eta_mn": 0.5}, "did you mean 'eta_min'?"),
        ("torch", "StepLR", {"step_size": 3}, "expected a horizon"),
        ("torch", "CosineAnnealingLR", {"T_max": "ten"}, "T_max"),
        ("torch", "CosineAnnealingLR", {"T_max": 10, "eta_min": math.nan}, "eta_min"),
        ("torch", "CosineAnnealingLR", {"T_max": 10, "eta_min": 2.0}, "at or below"),
        ("torch", "OneCycleLR", {"max_lr": 0.1}, "total_steps"),
        ("transformers", "cosine", {"num_training_steps": 10, "num_warmup_steps": 20}, "num_warmup_steps"),
        ("transformers", "warmup_stable_decay", {"num_training_steps": 9, "num_decay_steps": 20}, "within 9 steps"),
        ("optax", "linear_schedule", {"init_value": 0.0, "end_value": 1.0}, "transition_steps"),
        ("torch", "StepLR", ["step_size", 3], "a table"),
        ("nanogpt", "get_lr", {"learning_rate": 1.0, "min_lr": 0.1, "warmup_iters": 9, "lr_decay_iters": 9}, "below"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_one_sentence(library, name, config, shown):
    with pytest.raises(GlidepathError) as caught:
        dialects.read(library, name, config)
    assert shown in str(caught.value)
    assert "\n" not in str(caught.value)


values = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**9), st.floats(), st.text(max_size=5), st.just([1]), st.just({})
)
fields = [
    *("T_0", "T_max", "T_mult", "boundaries", "boundaries_and_scales"),
    *("decay_steps", "eta_min", "factor", "gamma", "init_value"),
    *("initial_learning_rate", "learning_rate", "max_lr", "milestones", "min_lr"),
    *("num_decay_steps", "num_training_steps", "num_warmup_steps", "peak_value", "power"),
    *("step_size", "total_iters", "total_steps", "values", "warmup_steps"),
]


@given(st.data())
def test_nothing_but_our_own_errors_escapes(data):
    library = data.draw(st.sampled_from(dialects.libraries()))
    name = data.draw(st.sampled_from(dialects.names(library)))
    config = data.draw(st.dictionaries(st.sampled_from(fields), values, max_size=6))
    try:
        reading = dialects.read(library, name, config, horizon=50)
    except GlidepathError:
        return
    assert np.isfinite(reading.schedule(range(200))).all()


def hf(name: str, step: int, warm: int, total: int, **more: float) -> float:
    """The multipliers of transformers, from its formulas."""
    if step < warm:
        return step / max(1, warm)
    share = (step - warm) / max(1, total - warm)
    if name == "linear":
        return max(0.0, 1 - share)
    if name == "constant_with_warmup":
        return 1.0
    if name == "cosine_with_restarts":
        return 0.0 if share >= 1 else 0.5 * (1 + math.cos(math.pi * ((more["num_cycles"] * share) % 1)))
    if name == "polynomial":
        return max(more["lr_end"], (1 - more["lr_end"]) * max(0.0, 1 - share) ** more["power"] + more["lr_end"])
    if name == "inverse_sqrt":
        scale = warm or 10_000
        return 1 / math.sqrt((step + scale - warm) / scale)
    floor = more["min_lr_rate"]
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("linear", {}),
        ("constant_with_warmup", {}),
        ("cosine_with_restarts", {"num_cycles": 3}),
        ("polynomial", {"lr_end": 0.01, "power": 2.0}),
        ("inverse_sqrt", {}),
        ("cosine_with_min_lr", {"min_lr_rate": 0.1}),
    ],
)
@pytest.mark.parametrize(("warm", "total"), [(0, 30), (6, 36), (1, 31)])
def test_the_names_of_transformers_are_their_formulas(name, more, warm, total):
    config = {"num_warmup_steps": warm, "num_training_steps": total, **more}
    ours = dialects.read("transformers", name, config).schedule
    theirs = [hf(name, step, warm, total, **more) for step in range(total + 1)]
    np.testing.assert_allclose(ours(range(total + 1)), theirs, rtol=0, atol=1e-12)


def test_the_warmup_with_a_floor_begins_at_a_share_of_its_length():
    config = {"num_warmup_steps": 4, "num_training_steps": 10, "min_lr_rate": 0.1}
    ours = dialects.read("transformers", "cosine_warmup_with_min_lr", config).schedule
    assert ours(range(4)).tolist() == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert ours(9) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("library", "name", "config"),
    [
        ("transformers", "cosine_with_min_lr", {"num_training_steps": 10}),
        ("transformers", "cosine_with_restarts", {"num_training_steps": 10, "num_cycles": 3}),
        ("timm", "CosineLRScheduler", {"t_initial": 10, "noise_range_t": 5}),
    ],
)
def test_what_no_schedule_of_ours_says_is_refused(library, name, config):
    with pytest.raises(GlidepathError) as caught:
        dialects.read(library, name, config, horizon=20)
    assert "expected" in str(caught.value)
