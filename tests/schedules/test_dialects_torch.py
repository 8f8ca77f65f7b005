"""Torch's schedulers: readings against the installed torch at random sizes, three horizons past the end too."""

import inspect
import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from dialect_sizes import EXACT, PAST, spoil
from hypothesis import assume, given
from hypothesis import strategies as st

from glidepath.errors import GlidepathError
from glidepath.schedules import dialects

BASE = 0.3
RUN = 40
SCHEDULERS = {
    name: kind
    for name, kind in inspect.getmembers(torch.optim.lr_scheduler, inspect.isclass)
    if issubclass(kind, torch.optim.lr_scheduler.LRScheduler) and not name.strip("_").startswith("LRScheduler")
}


def build(optimizer: Any, name: str, config: dict[str, Any]) -> Any:
    kind = torch.optim.swa_utils.SWALR if name == "SWALR" else SCHEDULERS[name]
    if "schedulers" not in config:
        return kind(optimizer, **config)
    inner = [build(optimizer, one["name"], one["config"]) for one in config["schedulers"]]
    return kind(optimizer, inner, config["milestones"]) if "milestones" in config else kind(inner, optimizer)


def stepped(name: str, config: dict[str, Any], count: int) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    values = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = build(optimizer, name, config)
        values.append(optimizer.param_groups[0]["lr"])
        for _ in range(count - 1):
            optimizer.step()
            try:
                scheduler.step()
            except ZeroDivisionError:  # behind the last step of a one cycle that never comes down
                break
            values.append(optimizer.param_groups[0]["lr"])
    return values


def agrees(name: str, config: dict[str, Any], count: int = PAST * RUN) -> None:
    """The faithful reading is what torch gives; the other one the same within its plan and never out of bounds."""
    theirs = np.array(stepped(name, config, count))
    faithful = dialects.read("torch", name, config, base_lr=BASE, horizon=RUN, faithful=True).schedule
    np.testing.assert_allclose(faithful(range(count)), theirs, rtol=10 * EXACT, atol=EXACT)
    mended = dialects.read("torch", name, config, base_lr=BASE, horizon=RUN).schedule
    assert (mended(range(count)) >= 0).all()
    assert (mended(range(count)) <= mended.peak * (1 + EXACT)).all()


def of(name: str, **fields: Any) -> Any:
    return st.tuples(st.just(name), st.fixed_dictionaries(fields))


share, rate, some = st.floats(0, 1), st.floats(0.05, 1), st.integers(1, 60)
multiplying = st.one_of(
    of("ConstantLR", factor=rate, total_iters=some),
    of("LinearLR", start_factor=rate, end_factor=share, total_iters=some),
    of("ExponentialLR", gamma=st.one_of(st.floats(0.8, 1), st.just(0))),
    of("StepLR", step_size=some, gamma=st.one_of(share, st.just(0))),
    of("MultiStepLR", milestones=st.lists(st.integers(0, 60), max_size=4), gamma=share),
    of("PolynomialLR", total_iters=some, power=st.one_of(st.floats(0.3, 3), st.just(0))),
)
cosines = st.one_of(
    of("CosineAnnealingLR", T_max=some, eta_min=st.floats(0, BASE)),
    of("CosineAnnealingWarmRestarts", T_0=some, T_mult=st.integers(1, 3), eta_min=st.floats(0, BASE)),
)
others = st.one_of(
    of("ConstantLR", factor=share, total_iters=st.just(0)),
    of("LinearLR", start_factor=rate, total_iters=st.just(0)),
    of("PolynomialLR", total_iters=st.just(0), power=st.floats(0.3, 3)),
    of("ExponentialLR", gamma=st.floats(1, 1.2)),
    of("StepLR", step_size=some, gamma=st.floats(1, 1.4)),
    of("MultiStepLR", milestones=st.lists(st.integers(0, 60), max_size=4), gamma=st.floats(1, 9)),
    of("CosineAnnealingLR", T_max=some, eta_min=st.floats(0, 1)),
    of("CosineAnnealingWarmRestarts", T_0=some, T_mult=st.integers(1, 3), eta_min=st.floats(0, 1)),
    of("SWALR", swa_lr=share, anneal_epochs=st.integers(0, 60), anneal_strategy=st.sampled_from(["cos", "linear"])),
    of(
        "CyclicLR",
        base_lr=share,
        max_lr=rate,
        step_size_up=some,
        step_size_down=st.one_of(st.none(), st.integers(0, 60)),
        mode=st.sampled_from(["triangular", "triangular2", "exp_range"]),
        gamma=st.one_of(share, st.floats(0.9, 1), st.just(0)),
        cycle_momentum=st.just(value=False),
    ),
)


@given(st.one_of(multiplying, cosines, others))
def test_torch_itself_gives_these_values_three_horizons_past_the_end_too(configured):
    agrees(*configured)


@given(
    st.integers(1, 80),
    st.one_of(share, st.sampled_from([0.0, 0.5, 1.0])),
    st.sampled_from(["cos", "linear"]),
    st.booleans(),
    st.floats(0.5, 50),
    st.floats(0.5, 1e4),
)
def test_torchs_one_cycle_at_any_share(total, start, strategy, three, first, final):
    config = {"max_lr": 0.7, "total_steps": total, "pct_start": start, "anneal_strategy": strategy}
    config |= {"three_phase": three, "div_factor": first, "final_div_factor": final, "cycle_momentum": False}
    try:
        theirs = stepped("OneCycleLR", config, 1)
    except ZeroDivisionError:
        with pytest.raises(GlidepathError, match=r"divided by 0|a way up"):
            dialects.read("torch", "OneCycleLR", config)
        return
    theirs = stepped("OneCycleLR", config, total + 1)
    kept = dialects.read("torch", "OneCycleLR", config, faithful=True).schedule
    mended = dialects.read("torch", "OneCycleLR", config).schedule
    known = min(len(theirs), total + (start < (0.5 if three else 1)))
    np.testing.assert_allclose(kept(range(known)), theirs[:known], rtol=0, atol=EXACT * max(1, kept.peak))
    np.testing.assert_allclose(mended(range(total)), theirs[:total], rtol=0, atol=EXACT * max(1, kept.peak))
    assert mended(total) == mended(5 * total) == pytest.approx(theirs[total - 1], abs=EXACT * max(1, kept.peak))


def tables(kinds: Any, least: int = 1) -> Any:
    named = st.builds(lambda one: {"name": one[0], "config": one[1]}, kinds)
    return st.lists(named, min_size=least, max_size=4)


@given(tables(st.one_of(multiplying, cosines)), st.data())
def test_schedulers_in_sequence_begin_anew_at_their_milestones(schedulers, data):
    cuts = st.lists(st.integers(0, 60), min_size=len(schedulers) - 1, max_size=len(schedulers) - 1)
    agrees("SequentialLR", {"schedulers": schedulers, "milestones": sorted(data.draw(cuts))})


@given(tables(multiplying))
def test_schedulers_in_a_chain_are_multiplied(schedulers):
    agrees("ChainedScheduler", {"schedulers": schedulers})


def test_a_warmup_and_a_cosine_read_as_one_line():
    config = {
        "schedulers": [
            {"name": "LinearLR", "start_factor": 0.1, "total_iters": 10},
            {"name": "CosineAnnealingLR", "config": {"T_max": 90}},
        ],
        "milestones": [10],
    }
    reading = dialects.read("torch", "SequentialLR", config, base_lr=BASE, horizon=100)
    assert str(reading.schedule.recipe) == "warmup(10, start=0.1) >> decay(90, shape=cosine) >> hold()"
    assert reading.schedule.horizon.steps == 100


LINEAR = {"name": "LinearLR", "start_factor": 0.1, "total_iters": 3}
CYCLE = {"name": "OneCycleLR", "max_lr": BASE, "total_steps": 10}
TWICE = {"name": "SequentialLR", "schedulers": [LINEAR, LINEAR], "milestones": [5]}


@pytest.mark.parametrize(
    ("name", "config", "first", "said"),
    [
        ("SequentialLR", {"schedulers": [LINEAR, TWICE], "milestones": [5]}, 0.1, "within another"),
        ("ChainedScheduler", {"schedulers": [LINEAR, TWICE]}, 0.01, "within another"),
        ("ChainedScheduler", {"schedulers": [LINEAR, {"name": "CosineAnnealingLR", "T_max": 5}]}, 0.1, "write over"),
    ],
)
def test_what_torch_breaks_is_read_as_it_is_meant_and_said(complaint, name, config, first, said):
    reading = dialects.read("torch", name, config, base_lr=BASE, horizon=20)
    assert any(said in note for note in reading.notes)
    assert reading.schedule(0) == pytest.approx(first * BASE)
    assert said in complaint(dialects.read, "torch", name, config, base_lr=BASE, horizon=20, faithful=True)


own_rates = st.one_of(
    of("OneCycleLR", max_lr=rate, total_steps=st.just(9 * RUN), cycle_momentum=st.just(value=False)),
    of("CyclicLR", base_lr=share, max_lr=rate, step_size_up=some, cycle_momentum=st.just(value=False)),
)


@given(tables(st.one_of(multiplying, cosines)), tables(own_rates), st.data())
def test_a_sequence_of_schedulers_that_overwrite_the_first_rate_is_what_torch_makes_of_it(plain, written, data):
    schedulers = data.draw(st.permutations([*plain[:2], *written[:2]]))
    cuts = st.lists(st.integers(1, 60), min_size=len(schedulers) - 1, max_size=len(schedulers) - 1)
    config = {"schedulers": schedulers, "milestones": sorted(data.draw(cuts))}
    theirs = stepped("SequentialLR", config, PAST * RUN)
    try:
        ours = dialects.read("torch", "SequentialLR", config, base_lr=BASE, horizon=RUN, faithful=True).schedule
    except GlidepathError as error:
        assume("at most one OneCycleLR" not in str(error))
        raise
    np.testing.assert_allclose(ours(range(len(theirs))), theirs, rtol=10 * EXACT, atol=EXACT)


def test_a_mended_sequence_with_a_one_cycle_begins_at_the_rate_of_the_optimizer():
    config = {"schedulers": [LINEAR, CYCLE], "milestones": [5]}
    reading = dialects.read("torch", "SequentialLR", config, base_lr=BASE, horizon=20)
    assert reading.schedule([0, 4, 5]) == pytest.approx([0.1 * BASE, BASE, BASE / 25])
    assert any("begin with" in note for note in reading.notes)


def test_a_sequence_within_a_sequence_begins_anew_too():
    config = {"schedulers": [LINEAR, TWICE], "milestones": [7]}
    ours = dialects.read("torch", "SequentialLR", config, base_lr=1.0, horizon=20).schedule
    assert ours([0, 3, 7, 10, 11, 12, 15]).tolist() == pytest.approx([0.1, 1, 0.1, 1, 1, 0.1, 1])


@given(st.integers(1, 30), st.floats(-BASE, -0.01))
def test_a_cosine_to_below_zero_is_held_at_zero(count, low):
    theirs = np.maximum(0, stepped("CosineAnnealingLR", {"T_max": count, "eta_min": low}, count))
    config = {"T_max": count, "eta_min": low}
    mended = dialects.read("torch", "CosineAnnealingLR", config, base_lr=BASE)
    np.testing.assert_allclose(mended.schedule(range(count)), theirs, rtol=0, atol=EXACT)
    assert mended.schedule(9 * count) == 0
    assert "below 0" in mended.notes[0]
    cycles = dialects.read(
        "torch", "CosineAnnealingWarmRestarts", {"T_0": count, "eta_min": low}, base_lr=BASE, horizon=3 * count
    )
    np.testing.assert_allclose(cycles.schedule(range(3 * count)), np.tile(theirs, 3), rtol=0, atol=EXACT)


@pytest.mark.parametrize("name", [*SCHEDULERS, "SWALR"])
def test_every_scheduler_of_torch_is_read_or_refused_in_a_sentence(complaint, name):
    if name == "ReduceLROnPlateau":
        assert "read_rule" in complaint(dialects.read, "torch", name, {})
    elif name in ("LambdaLR", "MultiplicativeLR"):
        assert "a function" in complaint(dialects.read, "torch", name, {"lr_lambda": None})
    else:
        assert name in dialects.names("torch")


@pytest.mark.parametrize(
    ("name", "config", "shown"),
    [
        ("StepRL", {}, "did you mean 'StepLR'?"),
        ("StepLR", {}, "step_size"),
        ("StepLR", {"step_size": 0}, "at least 1"),
        ("StepLR", {"step_size": 3}, "expected a horizon"),
        ("StepLR", {"step_size": 3, "cycle_momentum": True}, "its own fields"),
        ("StepLR", ["step_size", 3], "a table"),
        ("MultiStepLR", {"milestones": [10**30]}, "milestones"),
        ("MultiStepLR", {"milestones": [1] * 400, "gamma": 1e9}, "rates below"),
        ("ExponentialLR", {"gamma": -0.5}, "gamma from 0"),
        ("LinearLR", {"start_factor": 0.0}, "start_factor above 0"),
        ("CosineAnnealingLR", {"T_max": 3, "eta_mn": 0.5}, "did you mean 'eta_min'?"),
        ("CosineAnnealingLR", {"T_max": "ten"}, "T_max"),
        ("CosineAnnealingLR", {"T_max": 10, "eta_min": math.nan}, "eta_min"),
        ("CosineAnnealingLR", {"T_max": 10, "eta_min": -2.0}, "eta_min of at least 0"),
        ("OneCycleLR", {"max_lr": 0.1}, "total_steps"),
        ("OneCycleLR", {"max_lr": 0.1, "epochs": [1], "steps_per_epoch": 5}, "epochs"),
        ("OneCycleLR", {"max_lr": [0.1], "total_steps": 5}, "max_lr as a number"),
        ("OneCycleLR", {"max_lr": 0.1, "total_steps": 10**30}, "total_steps"),
        ("OneCycleLR", {"max_lr": 0.1, "total_steps": 9, "div_factor": 0}, "div_factor"),
        ("OneCycleLR", {"max_lr": 0.1, "total_steps": 10, "pct_start": 0.1}, "divided by 0"),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.2, "step_size_down": "ten"}, "step_size_down"),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.2, "mode": "square"}, "triangular2"),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.2, "scale_fn": "x"}, "scale_fn"),
        ("SequentialLR", {"schedulers": [LINEAR], "milestones": [3]}, "a milestone between"),
        ("SequentialLR", {"schedulers": [], "milestones": []}, "a list of at least 1"),
        ("SequentialLR", {"schedulers": [LINEAR, {"name": "SWALR"}], "milestones": [3]}, "'SWALR'"),
        ("SequentialLR", {"schedulers": [LINEAR, {**CYCLE, "max_lr": 9.0}], "milestones": [3]}, "up to the rate"),
        ("ChainedScheduler", {"schedulers": [LINEAR] * 9}, "at most 4"),
        ("SequentialLR", {"schedulers": [LINEAR] * 99, "milestones": [*range(98)]}, "at most 64"),
        (
            "ChainedScheduler",
            {"schedulers": [{**TWICE, "schedulers": [TWICE, LINEAR]}]},
            "is read in schedulers",
        ),
        ("ChainedScheduler", {"schedulers": [{"name": "ExponentialLR", "gamma": 2.0}]}, "above the rate"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_one_sentence(complaint, name, config, shown):
    horizon = None if shown == "expected a horizon" else 20
    assert shown in complaint(dialects.read, "torch", name, config, base_lr=BASE, horizon=horizon)


@given(st.one_of(multiplying, cosines, others), st.data())
def test_nothing_but_our_own_errors_escapes(limit, configured, data):
    name, config = configured
    with limit(5):
        spoil(data, ("torch", name, config, lambda _: 0.0), BASE)
