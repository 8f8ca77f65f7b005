"""Configurations of Paddle, composer, mmengine, fastai, fairseq and ignite that cannot be read, or are mended."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glidepath import Horizon, parse
from glidepath.errors import GlidepathError, SpecError
from glidepath.schedules import dialects

LIBRARIES = ("paddle", "composer", "mmengine", "fastai", "fairseq", "fairseq2", "ignite")
HUGE = 10**400


def nested(depth: int) -> dict[str, Any]:
    config: Any = 0.5
    for _ in range(depth):
        config = {"name": "LinearWarmup", "learning_rate": config, "warmup_steps": 1, "start_lr": 0.0, "end_lr": 1.0}
    return {key: value for key, value in config.items() if key != "name"}


REFUSED: list[tuple[str, str, dict[str, Any], str]] = [
    ("paddle", "StepDecay", {"learning_rate": 0.1, "step_size": 3, "gama": 0.5}, "did you mean 'gamma'?"),
    ("paddle", "StepDecay", {"learning_rate": 0.1}, "step_size"),
    ("paddle", "StepDecay", {"learning_rate": math.nan, "step_size": 3}, "learning_rate as a number"),
    ("paddle", "StepDecay", {"learning_rate": 0.1, "step_size": HUGE}, "step_size"),
    ("paddle", "PiecewiseDecay", {"boundaries": [3], "values": [1.0, -0.5]}, "values"),
    ("paddle", "PiecewiseDecay", {"boundaries": [3, 5], "values": [1.0, 0.5]}, "at least 3"),
    ("paddle", "OneCycleLR", {"max_learning_rate": 1.0, "total_steps": 10, "phase_pct": 0.1}, "divided by 0"),
    ("paddle", "LinearWarmup", nested(9), "within each other"),
    (
        "paddle",
        "CyclicLR",
        {"base_learning_rate": 0, "max_learning_rate": 1, "step_size_up": 2, "scale_fn": abs},
        "data",
    ),
    ("paddle", "CosineAnnealingDecay", {"learning_rate": 0.1, "t_0": 5}, "T_max"),
    ("composer", "CosineAnnealingScheduler", {"t_max": "10"}, '"0.1dur"'),
    ("composer", "CosineAnnealingScheduler", {"t_max": 10}, "got 10"),
    ("composer", "CosineAnnealingScheduler", {"t_max": "0ba"}, "divides"),
    ("composer", "CosineAnnealingScheduler", {"t_max": "10tok"}, "tokens_per_step"),
    ("composer", "CosineAnnealingScheduler", {"t_max": "1.5ba"}, "1.5ba"),
    ("composer", "LinearWithWarmupScheduler", {"t_warmup": "3sp", "max_duration": "9ba"}, "samples_per_step"),
    ("composer", "LinearWithWarmupScheduler", {"t_warmup": "1ba", "t_max": "5ba", "max_duration": "9ba"}, "t_max of"),
    ("composer", "CosineAnnealingScheduler", {"T_max": "10ba"}, "did you mean 't_max'?"),
    ("mmengine", "StepLR", {"step_size": 3}, "steps_per_epoch"),
    ("mmengine", "LinearLR", {"start_factor": 0.0, "by_epoch": False, "end": 5}, "start_factor above 0"),
    ("mmengine", "LinearLR", {"begin": 5, "end": 5, "by_epoch": False}, "end behind begin"),
    ("mmengine", "CosineRestartLR", {"periods": [3], "by_epoch": False}, "eta_min"),
    ("mmengine", "CosineRestartLR", {"periods": [3, 4], "eta_min": 0.0, "by_epoch": False}, "as many"),
    ("mmengine", "param_scheduler", {"schedulers": [{"type": "StepRL"}]}, "did you mean 'StepLR'?"),
    ("mmengine", "param_scheduler", {"schedulers": []}, "at least 1"),
    ("fastai", "fit_sgdr", {"n_cycles": 2, "cycle_len": 1, "cycle_mult": 1}, "cycle_mult"),
    ("fastai", "fit_one_cycle", {"n_epoch": 2, "div": 0.0}, "div above 0"),
    ("fastai", "fit_one_cycle", {"n_epoch": 2, "start_epoch": 1}, "start_epoch"),
    ("fastai", "combine_scheds", {"pcts": [0.5, 0.6], "scheds": [{}, {}]}, "sum 1"),
    ("fairseq", "inverse_sqrt", {"warmup_updates": 0}, "divides"),
    ("fairseq", "tri_stage", {"warmup_steps": 4}, "divides"),
    ("fairseq", "cosine", {"lr": [0.1, 0.2]}, "one lr"),
    ("fairseq", "fixed", {"lr": [0.1, 0.2]}, "steps_per_epoch"),
    ("fairseq", "manual", {"update2lr": {"one": 0.1}}, '"4-9"'),
    ("fairseq", "polynomial_decay", {"T_max": 5}, "its own fields"),
    ("fairseq2", "MyleLR", {"num_warmup_steps": 0}, "at least 1"),
    ("ignite", "PiecewiseLinear", {"milestones_values": [(3, 0.1), (1, 0.2)]}, "increase"),
    ("ignite", "LinearCyclicalScheduler", {"start_value": 1, "end_value": 0, "cycle_size": 1}, "cycle_size"),
    ("ignite", "ConcatScheduler", {"schedulers": [{"name": "StepLR"}, {}], "durations": [3]}, "StepLR"),
    ("ignite", "LRScheduler", {"lr_scheduler": {"name": "StepLR", "step_size": 3}}, "faithful=False"),
]


@pytest.mark.parametrize(("library", "name", "config", "shown"), REFUSED)
def test_a_configuration_that_cannot_be_read_is_one_sentence(library, name, config, shown):
    with pytest.raises(SpecError) as caught:
        dialects.read(library, name, config, horizon=50, faithful=True)
    assert shown in str(caught.value)
    assert "\n" not in str(caught.value)


MENDED: list[tuple[str, str, dict[str, Any], str]] = [
    ("paddle", "CosineAnnealingDecay", {"learning_rate": 1.0, "T_max": 10}, "turns round at step 10"),
    (
        "paddle",
        "OneCycleLR",
        {"max_learning_rate": 1.0, "total_steps": 10, "anneal_strategy": "linear"},
        "leaves its last rate",
    ),
    ("mmengine", "CosineAnnealingLR", {"T_max": 10, "by_epoch": False}, "turns round at tick 10"),
    ("mmengine", "OneCycleLR", {"eta_max": 1.0, "total_steps": 10, "by_epoch": False}, "leaves its last rate"),
    ("fairseq", "triangular", {"lr": 0.1, "max_lr": 1.0, "lr_period_updates": 4}, "fall below lr"),
    ("fairseq2", "CosineAnnealingLR", {"cycle_len": 3, "num_warmup_steps": 0, "cycle_mul": 1.5}, "whole steps"),
]


@pytest.mark.parametrize(("library", "name", "config", "note"), MENDED)
def test_defects_are_mended_and_noted_or_kept(library, name, config, note):
    mended, kept = (dialects.read(library, name, config, horizon=40, faithful=faithful) for faithful in (False, True))
    assert note in mended.notes[0]
    assert kept.notes == ()
    assert (mended.schedule(range(40)) != kept.schedule(range(40))).any()
    assert (mended.schedule(range(160)) >= 0).all()


def test_paddles_straight_one_cycle_goes_below_0_when_asked():
    config = {"max_learning_rate": 1.0, "total_steps": 10, "anneal_strategy": "linear", "end_learning_rate": 0.0}
    kept = dialects.read("paddle", "OneCycleLR", config, horizon=11, faithful=True).schedule
    mended = dialects.read("paddle", "OneCycleLR", config, horizon=11).schedule
    assert kept(10) == pytest.approx(-1 / 7)
    assert mended(10) == 0.0


def test_composers_reading_says_that_its_trainer_lags():
    reading = dialects.read("composer", "LinearScheduler", {}, horizon=10)
    assert "Trainer" in reading.notes[0]
    assert str(reading.schedule.recipe) == "arc(10, start=1.0, to=0.0) >> hold(at=0.0)"


def test_mmengines_single_window_has_no_end_and_its_runners_ends_with_the_run():
    config = {"factor": 0.5, "by_epoch": False}
    single = dialects.read("mmengine", "ConstantLR", config, horizon=10).schedule
    listed = dialects.read(
        "mmengine", "param_scheduler", {"schedulers": [{"type": "ConstantLR", **config}]}, horizon=10
    )
    assert single(9) == 0.5
    assert listed.schedule([8, 9]).tolist() == [0.5, 1.0]


def test_every_reading_is_written_and_parsed_again():
    for library, name, config, _ in MENDED:
        schedule = dialects.read(library, name, config, horizon=40, faithful=True).schedule
        assert parse(str(schedule)) == schedule


FIELDS = [
    *("learning_rate", "T_max", "T_0", "eta_min", "gamma", "step_size", "milestones", "boundaries", "values", "power"),
    *("decay_steps", "end_lr", "cycle", "warmup_steps", "start_lr", "d_model", "total_steps", "max_learning_rate"),
    *("phase_pct", "base_learning_rate", "step_size_up", "mode", "t_max", "t_0", "t_mult", "t_warmup", "alpha_f"),
    *("max_duration", "ssr", "decay_period", "factor", "start_factor", "begin", "end", "by_epoch", "periods"),
    *("schedulers", "eta_max", "lr_max", "pct_start", "div", "n_cycles", "cycle_len", "cycle_mult", "scheds", "pcts"),
    *("lr", "lr_period_updates", "lr_shrink", "max_lr", "max_update", "warmup_updates", "update2lr", "phase_ratio"),
    *("cycle_len", "num_warmup_steps", "cycle_mul", "start_value", "end_value", "cycle_size", "milestones_values"),
    *("durations", "lr_scheduler", "warmup_duration", "warmup_start_value", "initial_value", "start", "num_it"),
]
anything = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(-5, 60), st.floats(), st.text(max_size=5)),
        *(st.just(HUGE), st.sampled_from(["3ba", "0.5dur", "1ep", "7tok", "cos", "linear", "triangular2", "∞ba"])),
        st.floats(0, 1),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([*FIELDS, "name", "type"]), inner, max_size=4),
    ),
    max_leaves=6,
)


@given(st.data())
def test_nothing_but_our_own_errors_escapes(data):
    library = data.draw(st.sampled_from(LIBRARIES))
    name = data.draw(st.sampled_from(dialects.names(library)))
    config = data.draw(st.dictionaries(st.sampled_from(FIELDS), anything, max_size=8))
    horizon = data.draw(st.sampled_from([1, 50, Horizon(60, steps_per_epoch=7, samples_per_step=3, tokens_per_step=9)]))
    faithful = data.draw(st.booleans())
    try:
        reading = dialects.read(library, name, config, horizon=horizon, faithful=faithful)
    except GlidepathError:
        return
    assert np.isfinite(reading.schedule(range(200))).all()
