"""The noise scale: exact where there is no noise in the norms, covered by its interval, refused below a count."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glidepath.batch import NoiseScale
from glidepath.errors import BatchError, CheckpointError

SEEDS = 300
SMALL, DIMENSIONS = 8, 20


def told(meter: NoiseScale, noise: float, *, steps: int, micro: int, seed: int) -> NoiseScale:
    """A gradient of length 1 under normal noise of the trace `noise` a sample, seen in micro-batches."""
    draw = np.random.default_rng(seed)
    gradient = np.full(DIMENSIONS, DIMENSIONS**-0.5)
    seen = gradient + draw.standard_normal((steps, micro, DIMENSIONS)) * math.sqrt(noise / DIMENSIONS / SMALL)
    small, big = np.square(seen).sum(axis=2).mean(axis=1), np.square(seen.mean(axis=1)).sum(axis=1)
    for one, other in zip(small.tolist(), big.tolist(), strict=True):
        meter.tell(one, other, small=SMALL, big=SMALL * micro)
    return meter


@given(st.floats(1e-6, 1e6), st.floats(1e-3, 1e3), st.integers(1, 100), st.integers(1, 100))
def test_the_pair_has_no_bias(gradient, noise, small, more):
    """The two expectations give the two unknowns back, whatever the sizes."""
    big = small + more
    meter = NoiseScale()
    for _ in range(20):
        meter.tell(gradient + noise / small, gradient + noise / big, small=small, big=big)
    rest = 1e-12 * (1 + noise / gradient) * big / more  # the digits that the difference has lost
    assert meter.state["noise"] == pytest.approx(noise, rel=1e-9 * big / more * (1 + gradient * small / noise))
    assert meter.state["gradient"] == pytest.approx(gradient, rel=1e-9 + rest)


@pytest.mark.parametrize(
    ("noise", "micro", "steps"), [(50, 8, 20), (50, 2, 20), (500, 8, 20), (500, 8, 100), (500, 2, 50), (5_000, 8, 50)]
)
def test_the_interval_covers_the_truth_as_often_as_it_says(noise, micro, steps):
    covered = given_up = 0
    for seed in range(SEEDS):
        try:
            reading = told(NoiseScale(), noise, steps=steps, micro=micro, seed=seed).reading()
        except BatchError:
            given_up += 1
            continue
        covered += reading.low <= noise <= reading.high
    answered = SEEDS - given_up
    assert covered / answered > 0.95 - 3 * math.sqrt(0.05 * 0.95 / answered) - 0.01


def test_a_wider_confidence_is_a_wider_interval():
    meter = told(NoiseScale(), 50, steps=50, micro=8, seed=1)
    narrow, wide = meter.reading(confidence=0.8), meter.reading(confidence=0.99)
    assert str(narrow).startswith("noise scale 4") or str(narrow).startswith("noise scale 5")
    assert wide.low < narrow.low < narrow.noise_scale < narrow.high < wide.high


def test_where_the_gradient_is_lost_only_a_lower_end_is_known_and_a_bad_one_is_refused():
    said = []
    for seed in range(40):
        meter = told(NoiseScale(), 5_000, steps=20, micro=2, seed=seed)
        try:
            reading = meter.reading()
        except BatchError as error:
            said.append(str(error))
            continue
        if math.isinf(reading.high):
            assert str(reading).startswith("noise scale of at least")
    assert said
    assert all("expected a gradient that shows in its noise" in one and "at least" in one for one in said)


def test_it_refuses_below_a_count_and_follows_behind_it():
    meter = NoiseScale()
    with pytest.raises(BatchError, match="at least 20 steps for a noise scale, got 0"):
        meter.reading()
    told(meter, 50, steps=19, micro=8, seed=0)
    with pytest.raises(BatchError, match="got 19 that count as 19: tell more"):
        meter.reading()
    told(meter, 50, steps=1, micro=8, seed=1)
    assert meter.reading().steps == 20
    forgetful = told(NoiseScale(decay=0.5), 50, steps=100, micro=8, seed=0)
    with pytest.raises(BatchError, match="count as 3: take a decay nearer to 1"):
        forgetful.reading()


def test_it_follows_a_training():
    meter = told(NoiseScale(decay=0.95), 50, steps=200, micro=8, seed=0)
    told(meter, 500, steps=200, micro=8, seed=1)
    reading = meter.reading()
    assert reading.low < 500 < reading.high
    assert reading.low > 100


def test_sizes_may_change_under_way():
    meter = told(NoiseScale(), 50, steps=60, micro=4, seed=0)
    told(meter, 50, steps=60, micro=16, seed=1)
    reading = meter.reading()
    assert reading.low < 50 < reading.high


def test_steps_that_are_not_finite_are_left_out_and_counted():
    meter, clean = NoiseScale(), NoiseScale()
    for one in (meter, clean):
        told(one, 50, steps=30, micro=8, seed=0)
    for bad in (math.inf, math.nan, 1e300):
        meter.tell(bad, 1.0, small=8, big=64)
        meter.tell(1.0, bad, small=8, big=64)
    assert meter.reading().left_out == 6
    assert meter.state | {"left_out": 0} == clean.state


@given(st.integers(0, 60), st.integers(0, 60))
def test_a_saved_meter_goes_on_to_the_bit(before, after):
    meter = told(NoiseScale(decay=0.9), 50, steps=before, micro=2, seed=0)
    again = NoiseScale.of(json.loads(json.dumps(meter.state)))
    assert told(again, 50, steps=after, micro=2, seed=1).state == told(meter, 50, steps=after, micro=2, seed=1).state


def test_no_noise_at_all_is_a_noise_scale_of_0():
    meter = NoiseScale()
    for _ in range(20):
        meter.tell(2.0, 2.0, small=8, big=64)
    assert (meter.reading().noise_scale, meter.reading().low) == (0.0, 0.0)
    nothing = NoiseScale()
    for _ in range(20):
        nothing.tell(0.0, 0.0, small=8, big=64)
    with pytest.raises(BatchError, match="shows in its noise"):
        nothing.reading()


@pytest.mark.parametrize(
    "change",
    [
        {"small_squared": -1.0},
        {"big_squared": "1"},
        {"big_squared": None},
        {"small_squared": True},
        {"small_squared": 10**400},
        {"small": 0},
        {"small": 8.0},
        {"big": 8},
        {"big": 4},
        {"big": math.inf},
        {"big": 10**30},
    ],
)
def test_what_is_no_step_is_refused(complaint, change):
    complaint(NoiseScale().tell, **({"small_squared": 2.0, "big_squared": 1.0, "small": 8, "big": 64} | change))


@pytest.mark.parametrize("decay", [1.0, -0.1, math.nan, "0.9", None])
def test_a_decay_out_of_range_is_refused(complaint, decay):
    assert "decay" in complaint(NoiseScale, decay=decay)


@pytest.mark.parametrize("confidence", [0.2, 1.0, math.nan, "95%"])
def test_a_confidence_out_of_range_is_refused(complaint, confidence):
    meter = told(NoiseScale(), 50, steps=30, micro=8, seed=0)
    assert "confidence" in complaint(meter.reading, confidence=confidence)


@pytest.mark.parametrize(
    "change",
    [
        {"decay": 2.0},
        {"steps": -1},
        {"steps": 1.5},
        {"left_out": "0"},
        {"gradient": math.nan},
        {"noise": None},
        {"spread": [1.0]},
        {"spread": "123"},
        {"spread": [1.0, math.inf, 0.0]},
        {"shares": 0.0},
        {"shares": 5e-324},
        {"shares": 2.0},
        {"gradient": 1e300},
        {"more": 1},
    ],
)
def test_a_state_that_is_none_is_refused(change):
    with pytest.raises(CheckpointError, match="expected the state of a noise scale"):
        NoiseScale.of(NoiseScale().state | change)


@pytest.mark.parametrize("state", [None, [], "state", 3])
def test_no_state_is_refused(state):
    with pytest.raises(CheckpointError):
        NoiseScale.of(state)
