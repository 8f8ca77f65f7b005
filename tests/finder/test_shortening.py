"""A schedule made shorter has the same shape in fewer steps, whatever its amounts were written in."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "schedules"))
from strategies import plans  # the plans of another room, which importlib mode does not find

import glidepath as gp
from glidepath.finder.shortening import shortened

PLANS = plans(horizons=st.integers(1, 2_000), absolute=False, most=4)
STEPS = st.one_of(st.integers(1, 10), st.integers(1, 2_000))
PEAK = 0.2


def rated(steps: int = 700) -> gp.Horizon:
    """100 epochs, 700k tokens, 11.2k samples."""
    return gp.Horizon(steps, steps_per_epoch=7, tokens_per_step=1_000, samples_per_step=16)


def values(schedule: gp.Schedule) -> np.ndarray:
    return schedule(np.arange(schedule.horizon.steps))


# ---- Laws. ----


@settings(max_examples=100)
@given(plan=PLANS, steps=STEPS, peak=st.floats(1e-6, 1e3))
def test_any_schedule_can_be_shortened_to_any_steps(plan, steps, peak):
    found = shortened(plan.schedule, steps, peak=peak)
    assert found.horizon.steps == steps
    assert found.peak == peak
    assert np.isfinite(values(found)).all()
    assert 0 <= values(found).min() <= values(found).max() <= peak * (1 + 1e-9)


@given(plan=PLANS, steps=st.integers(1, 500), times=st.floats(1e-3, 1e3))
def test_the_peak_is_a_factor(plan, steps, times):
    here, there = (values(shortened(plan.schedule, steps, peak=peak)) for peak in (1.0, times))
    assert there == pytest.approx(here * times, rel=1e-6, abs=1e-9 * times)


@given(plan=PLANS)
def test_what_is_not_shortened_is_the_same(plan):
    """Where there is no warmup in front, which may be made longer or shorter than its share."""
    if plan.parts[0][0] != "warmup":
        whole = plan.schedule
        found = shortened(whole, plan.steps, peak=plan.top)
        assert values(found) == pytest.approx(values(whole), rel=1e-6, abs=1e-9 * plan.top)


@given(steps=st.integers(1, 2_000), share=st.integers(0, 100), length=st.integers(1, 2_000))
def test_shares_stay_shares(steps, share, length):
    recipe = gp.hold() >> gp.decay(f"{share}%")
    assert shortened(recipe.over(length, peak=1.0), steps, peak=PEAK) == recipe.over(steps, peak=PEAK)


@given(steps=st.integers(1, 700), epochs=st.integers(0, 100))
def test_steps_epochs_tokens_and_samples_are_the_same_shares(steps, epochs):
    amounts = [7 * epochs, f"{epochs}%", f"{epochs} epochs", f"{7_000 * epochs} tokens", f"{112 * epochs} samples"]
    recipes = [gp.hold(amount) >> gp.cosine() for amount in amounts]
    found = [shortened(recipe.over(rated(), peak=1.0), steps, peak=PEAK) for recipe in recipes]
    assert all(values(one).tolist() == values(found[0]).tolist() for one in found)


# ---- Tables. ----


RECIPES = {
    "cosine": gp.cosine(to=0.1),
    "decay in steps": gp.hold() >> gp.decay(140),
    "decay in epochs": gp.hold() >> gp.decay("20 epochs", shape="1-sqrt"),
    "decay in tokens": gp.hold("350k tokens") >> gp.linear(),
    "stairs": gp.steps(175, factor=0.5),
    "stairs in epochs": gp.steps("25 epochs", factor=0.5),
    "inverse square root": gp.inverse_sqrt(timescale=70),
    "repeat": gp.repeat(gp.cosine(), every=175),
    "repeat of epochs": gp.repeat(gp.cosine(), every="25 epochs"),
    "reverse": gp.reverse(gp.cosine()),
    "reverse of tokens": gp.reverse(gp.hold("350k tokens") >> gp.linear()),
    "clip behind a hold": gp.hold("20%") >> gp.clip(gp.cosine(), low=0.2),
    "excerpt": gp.excerpt(gp.cosine(), 1_400),
    "points in steps": gp.points([(0, 0.1), (350, 1.0), (700, 0.0)]),
    "points in shares": gp.points([(0, 0.1), ("50%", 1.0), ("100%", 0.0)]),
    "points in epochs": gp.points([(0, 0.1), ("50 epochs", 1.0), ("100 epochs", 0.0)]),
}


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("steps", [44, 70, 350])
def test_a_share_of_the_branch_is_where_the_whole_is_there(name, steps):
    whole = RECIPES[name].over(rated(), peak=1.0)
    at = np.arange(steps)
    same = whole(np.round(at * 700 / steps).astype(int))
    found = shortened(whole, steps, peak=1.0)
    off = abs(found(at) - same)
    assert np.median(off) < 0.03
    assert (off < 0.1).mean() > 0.85  # beside a stair, and at a restart, one may be a step ahead


WARMUPS = ["warmup(10%) >> cosine()", "warmup(70) >> cosine()", "warmup(10 epochs) >> hold() >> decay(20%)"]


@pytest.mark.parametrize("text", [*WARMUPS, "warmup(300) >> linear()", "warmup(1) >> cosine()"])
@pytest.mark.parametrize("steps", [20, 44, 70, 350])
def test_a_warmup_in_front_leaves_room_for_the_rest(text, steps):
    found = values(shortened(gp.parse(text).over(rated(), peak=1.0), steps, peak=1.0))
    assert found.argmax() <= 0.6 * steps
    assert found.max() > 0.9
    assert found[-1] < 0.3
    assert (np.diff(found[: found.argmax()]) > 0).all()


FULL = ["warmup(10%) >> hold(70%) >> decay(20%)", "warmup(70) >> hold(560) >> decay(70)", "warmup(90%) >> linear(10%)"]


@pytest.mark.parametrize("text", [*FULL, "warmup(10 epochs) >> hold(80 epochs) >> decay(10 epochs)", "warmup(100%)"])
@pytest.mark.parametrize("steps", [1, 2, 7, 40, 43, 87])
def test_parts_that_fill_the_horizon_fit_into_fewer_steps(text, steps):
    found = shortened(gp.parse(text).over(rated(), peak=1.0), steps, peak=PEAK)
    assert values(found).max() <= PEAK


@pytest.mark.parametrize("peak", [0.2, 0.05, 0.001])
def test_an_absolute_floor_does_not_stop_a_lower_peak(peak):
    whole = gp.cosine(to=gp.absolute(0.01)).over(700, peak=0.1)
    found = values(shortened(whole, 44, peak=peak))
    assert found.max() == pytest.approx(peak)
    assert (np.diff(found) <= 0).all()


def test_one_step_is_enough():
    assert shortened(gp.cosine().over(700, peak=1.0), 1, peak=PEAK)(0) == PEAK


def test_a_schedule_without_a_peak_gets_one():
    assert shortened(gp.cosine().over(700), 70, peak=PEAK)(0) == PEAK


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"steps": -1}, {"steps": 1.5}, {"peak": 0}, {"peak": float("nan")}])
def test_what_cannot_be_is_refused(wrong, complaint):
    how = {"steps": 10, "peak": PEAK, **wrong}
    complaint(shortened, gp.cosine().over(700, peak=1.0), how["steps"], peak=how["peak"])
