"""The schedules of transformers: readings against the installed one at random sizes, past the end too."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from dialect_sizes import EXACT, PAST, anything
from hypothesis import given
from hypothesis import strategies as st
from transformers import optimization
from transformers.trainer_utils import SchedulerType

import glidepath as gp
from glidepath.errors import GlidepathError
from glidepath.schedules import dialects

BASE = 0.3


def theirs(name: str, config: dict[str, Any], count: int) -> np.ndarray:
    """Base rate times the multiplier of each step, where it has one."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    own = {key: value for key, value in config.items() if key not in ("num_warmup_steps", "num_training_steps")}
    warm, total = config.get("num_warmup_steps", 0), config.get("num_training_steps")
    scheduler = optimization.get_scheduler(name, optimizer, warm, total, own)
    multiplier = scheduler.lr_lambdas[0]
    return np.array([BASE * multiplier(step) for step in range(count)])


def agrees(name: str, config: dict[str, Any], total: int) -> None:
    expected = theirs(name, config, PAST * total)
    faithful = dialects.read("transformers", name, config, base_lr=BASE, horizon=total, faithful=True).schedule
    np.testing.assert_allclose(faithful(range(PAST * total)), expected, rtol=0, atol=EXACT)
    mended = dialects.read("transformers", name, config, base_lr=BASE, horizon=total)
    values = mended.schedule(range(PAST * total))
    same = np.isclose(values[:total], expected[:total], rtol=0, atol=EXACT)
    assert same.all() or "by rounding" in mended.notes[0]
    assert (values[total:] <= max(values[total - 1], values[total]) + EXACT).all()


warm, way, share = st.integers(0, 30), st.integers(1, 60), st.floats(0, 1)
waves = st.one_of(st.just(0.5), st.floats(0.1, 6), st.integers(1, 5))
floors = st.one_of(
    st.builds(lambda rate: {"min_lr_rate": rate}, share), st.builds(lambda low: {"min_lr": low}, st.floats(0, BASE))
)
shapes = st.sampled_from(["linear", "cosine", "1-sqrt"])
own: dict[str, Any] = {
    "linear": st.just({}),
    "constant": st.just({}),
    "constant_with_warmup": st.just({}),
    "inverse_sqrt": st.one_of(st.just({}), st.builds(lambda s: {"timescale": s}, st.integers(1, 90))),
    "cosine": st.builds(lambda n: {"num_cycles": n}, waves),
    "cosine_with_min_lr": st.builds(lambda n, low: {"num_cycles": n, **low}, waves, floors),
    "cosine_with_restarts": st.builds(lambda n: {"num_cycles": n}, st.one_of(st.integers(1, 70), st.floats(0.3, 9))),
    "polynomial": st.fixed_dictionaries({"lr_end": st.floats(0, 0.2), "power": st.floats(0.3, 3)}),
    "cosine_warmup_with_min_lr": st.builds(
        lambda n, low, first: {"num_cycles": n, "warmup_lr_rate": first, **low}, waves, floors, st.none() | share
    ),
}


@given(st.sampled_from(sorted(own)), warm, way, st.data())
def test_transformers_itself_gives_these_values_three_horizons_past_the_end_too(name, warm, way, data):
    agrees(name, {"num_warmup_steps": warm, "num_training_steps": warm + way, **data.draw(own[name])}, warm + way)


@given(warm, warm, way, share, shapes, shapes, waves, st.sampled_from(["total", "flat", "both"]))
def test_warmup_stable_decay_in_all_its_shapes(warm, flat, down, low, up, fall, cycles, given_as):
    config = {"num_warmup_steps": warm, "num_decay_steps": down, "min_lr_ratio": low, "warmup_type": up}
    config |= {"decay_type": fall, "num_cycles": cycles}
    config |= {"num_training_steps": warm + flat + down} if given_as == "total" else {"num_stable_steps": flat}
    total = warm + flat + down
    expected = theirs("warmup_stable_decay", config, PAST * total)
    if given_as == "both":
        config |= {"num_training_steps": total}
    kept = dialects.read("transformers", "warmup_stable_decay", config, base_lr=BASE).schedule
    assert kept.horizon.steps == total
    np.testing.assert_allclose(kept(range(PAST * total)), expected, rtol=0, atol=EXACT)


@given(st.integers(1, 30), st.integers(1, 30), shapes, waves)
def test_a_decay_that_begins_within_the_warmup_is_kept_only_when_asked(warm, down, fall, cycles):
    total = max(warm, down)
    config = {"num_warmup_steps": warm, "num_decay_steps": down, "num_training_steps": total, "decay_type": fall}
    config |= {"num_cycles": cycles}
    kept = dialects.read("transformers", "warmup_stable_decay", config, base_lr=BASE, faithful=True).schedule
    expected = theirs("warmup_stable_decay", config, PAST * total)
    np.testing.assert_allclose(kept(range(PAST * total)), expected, rtol=0, atol=EXACT)
    with pytest.raises(GlidepathError, match="within"):
        dialects.read("transformers", "warmup_stable_decay", config)


@pytest.mark.parametrize("name", [kind.value for kind in SchedulerType])
def test_every_scheduler_type_is_read_or_has_a_rule(complaint, name):
    if name in ("reduce_lr_on_plateau", "greedy"):
        assert "read_rule" in complaint(dialects.read, "transformers", name, {})
    else:
        assert name in dialects.names("transformers")


def test_a_cosine_climbs_only_when_asked_and_it_is_said():
    config = {"num_warmup_steps": 5, "num_training_steps": 50}
    mended = dialects.read("transformers", "cosine", config)
    kept = dialects.read("transformers", "cosine", config, faithful=True)
    assert mended.schedule(90) == pytest.approx(0, abs=EXACT)
    assert "climbs again" in mended.notes[0]
    assert kept.schedule(95) == pytest.approx(1.0)
    assert kept.notes == ()
    assert str(mended.schedule.recipe) == "warmup(5, start=0.0) >> decay(45, shape=cosine) >> hold()"


def test_even_cycles_read_as_one_repetition():
    config = {"num_training_steps": 60, "scheduler_specific_kwargs": {"num_cycles": 3}}
    ours = dialects.read("transformers", "cosine_with_restarts", config).schedule
    assert str(ours.recipe) == "repeat(cosine(), length=60, times=3) >> hold(at=0.0)"


def test_a_share_as_warmup_is_rounded_up_as_transformers_does():
    config = {"num_warmup_steps": 0.07, "num_training_steps": 100}
    assert dialects.read("transformers", "linear", config).schedule(8) == 1.0


ARGUMENTS = {
    "lr_scheduler_type": "cosine_with_min_lr",
    "learning_rate": 3e-4,
    "lr_scheduler_kwargs": {"min_lr_rate": 0.1},
}


@pytest.mark.parametrize(
    ("fields", "horizon", "total", "up"),
    [
        ({"warmup_steps": 12, "max_steps": 100}, None, 100, 12),
        ({"warmup_steps": 0.07, "max_steps": 100}, None, 100, 8),
        ({"warmup_ratio": 0.101, "max_steps": 100}, None, 100, 11),
        ({"warmup_steps": 4, "warmup_ratio": 0.5, "max_steps": 100}, None, 100, 4),
        ({"warmup_steps": 0.1, "num_train_epochs": 2.5}, 125, 125, 13),
        ({"warmup_ratio": 0.1, "max_steps": -1}, gp.Horizon(40, steps_per_epoch=20), 40, 4),
    ],
)
def test_training_arguments(fields, horizon, total, up):
    reading = dialects.read("transformers", "TrainingArguments", {**ARGUMENTS, **fields}, horizon=horizon)
    same = {"num_warmup_steps": up, "num_training_steps": total, "min_lr_rate": 0.1}
    expected = dialects.read("transformers", "cosine_with_min_lr", same, base_lr=3e-4)
    assert reading.schedule.recipe == expected.schedule.recipe
    assert reading.schedule.peak == 3e-4
    assert reading.schedule.horizon.steps == total


def test_what_training_arguments_leave_out_or_never_use_is_said():
    notes = dialects.read(
        "transformers",
        "TrainingArguments",
        {"lr_scheduler_type": "SchedulerType.CONSTANT", "warmup_steps": 3},
        horizon=9,
    ).notes
    assert "5e-05" in notes[0]
    assert "never used" in notes[1]


@pytest.mark.parametrize(
    ("name", "config", "shown"),
    [
        ("cosine", {"num_training_steps": 10, "num_warmup_steps": 20}, "num_warmup_steps"),
        ("cosine", {"num_training_steps": 10, "num_cycles": 0}, "num_cycles from"),
        ("cosine", {"num_training_steps": 10, "num_cycles": 1e9}, "half waves"),
        ("cosine", {"num_training_steps": 10, "min_lr": 0.1}, "its own fields"),
        ("cosine", {"num_training_steps": 10, "last_epoch": 5}, "last_epoch"),
        ("cosine_with_restarts", {"num_training_steps": 10**6, "num_cycles": 1e9}, "at most 10000 cycles"),
        ("cosine_with_min_lr", {"num_training_steps": 10}, "one of min_lr and min_lr_rate"),
        ("cosine_with_min_lr", {"num_training_steps": 10, "min_lr": 2.0}, "at or below"),
        ("cosine_with_min_lr", {"num_training_steps": 10, "scheduler_specific_kwargs": {"min_lr": "x"}}, "as a number"),
        ("linear", {"num_training_steps": 9, "scheduler_specific_kwargs": {"num_training_steps": 8}}, "nowhere else"),
        ("linear", {"num_training_steps": 9, "scheduler_specific_kwargs": {"power": 8}}, "its own fields"),
        ("polynomial", {"num_training_steps": 10, "lr_end": 1.0}, "below the rate"),
        ("inverse_sqrt", {"num_training_steps": 10, "timescale": 0}, "at least 1"),
        ("warmup_stable_decay", {"num_training_steps": 9, "num_decay_steps": 20}, "within 9 steps"),
        ("warmup_stable_decay", {"num_training_steps": 9, "num_decay_steps": 2, "decay_type": "rex"}, "1-sqrt"),
        ("warmup_stable_decay", {"num_decay_steps": 2}, "num_training_steps"),
        ("TrainingArguments", {"lr_scheduler_type": "cosin", "max_steps": 9}, "did you mean 'cosine'?"),
        ("TrainingArguments", {"lr_scheduler_type": 16**10_000, "max_steps": 9}, "too large to show"),
        ("TrainingArguments", {"max_steps": 9, "lr_scheduler_kwargs": {1: 2}}, "nowhere else"),
        ("TrainingArguments", {"lr_scheduler_type": "cosine"}, "or a horizon"),
        ("TrainingArguments", {"max_steps": 9, "lr_scheduler_kwargs": {"num_warmup_steps": 3}}, "nowhere else"),
        ("TrainingArguments", {"max_steps": 9, "lr_scheduler_kwargs": {"min_lr": 3}}, "its own fields"),
        ("TrainingArguments", {"max_steps": 9, "learning_rate": 0}, "learning_rate"),
        ("TrainingArguments", {"max_steps": 9, "warmup": 1}, "its own fields"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_one_sentence(complaint, name, config, shown):
    assert shown in complaint(dialects.read, "transformers", name, config)


@given(st.sampled_from(sorted(own)), st.data())
def test_nothing_but_our_own_errors_escapes(limit, name, data):
    config = {"num_warmup_steps": 3, "num_training_steps": 20, **data.draw(own[name])}
    config[data.draw(st.sampled_from([*sorted(config), "scheduler_specific_kwargs"]))] = data.draw(anything)
    values = np.zeros(1)
    with limit(5):
        try:
            values = dialects.read("transformers", name, config, base_lr=BASE, horizon=50).schedule(range(200))
        except GlidepathError as error:
            values = np.array([len(str(error)), "\n" in str(error)])
            assert math.isfinite(values[0])
    assert np.isfinite(values).all()
