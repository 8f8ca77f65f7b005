"""Schedules of optax, which are closures, found again by their values."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glidepath.errors import SpecError
from glidepath.frameworks.jax import read_schedule

FLOAT32 = 4e-6  # of the peak: twice what a fit may be beside
count, few, peak = st.integers(10, 200), st.integers(1, 30), st.floats(1e-4, 1)


@settings(max_examples=15)
@given(few, count, peak, st.floats(0, 0.9))
def test_the_modern_default_is_recognised_in_words(warm, more, top, low):
    schedule = optax.warmup_cosine_decay_schedule(0.0, top, warm, warm + more, top * low)
    reading = read_schedule(schedule, horizon=warm + more)
    assert reading.notes == ()
    theirs = [float(schedule(step)) for step in range(0, warm + more, 7)]
    ours = reading.schedule(range(0, warm + more, 7))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=FLOAT32 * top)


WSD = optax.join_schedules(
    [optax.linear_schedule(0, 1e-3, 10), optax.constant_schedule(1e-3), optax.linear_schedule(1e-3, 0, 20)], [10, 80]
)


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        (optax.constant_schedule(0.1), "(hold()).over(100, peak=0.1)"),
        (WSD, "(warmup(10, start=0.0) >> hold(70, at=1.0) >> decay(20) >> hold()).over(100, peak=0.001)"),
        (
            optax.piecewise_constant_schedule(1.0, {30: 0.1, 60: 0.1, 90: 0.1}),
            "(steps(30)).over(100, peak=1.0)",
        ),
        (
            optax.polynomial_schedule(0.3, 0.03, 2.0, 80),
            "(decay(80, to=0.1, shape=polynomial, power=2.0) >> hold()).over(100, peak=0.3)",
        ),
        (
            optax.exponential_decay(0.3, 100, 0.01),
            "(decay(100, to=0.01, shape=exponential) >> hold()).over(100, peak=0.3)",
        ),
        (
            optax.cosine_onecycle_schedule(100, 0.5, div_factor=10.0, final_div_factor=1e3),
            "(warmup(30, start=0.1, shape=cosine) >> decay(70, to=0.0001, shape=cosine) >> hold()).over(100, peak=0.5)",
        ),
        (lambda step: 0.3 * (step + 1) ** -0.5, "(inverse_sqrt(timescale=1)).over(100, peak=0.3)"),
    ],
)
def test_closures_are_recognised_in_words(schedule, text):
    reading = read_schedule(schedule, horizon=100)
    assert str(reading.schedule) == text
    assert reading.notes == ()


def test_what_is_not_recognised_is_drawn_with_a_note():
    def wavy(step: Any) -> Any:
        return 1 + jnp.sin(step / 3) / 2

    reading = read_schedule(wavy, horizon=300)
    assert "sampled at each of its 300 steps" in reading.notes[0]
    np.testing.assert_allclose(reading.schedule(range(300)), 1 + np.sin(np.arange(300) / 3) / 2, atol=1e-5)


def test_a_function_that_jax_cannot_trace_is_asked_step_by_step():
    reading = read_schedule(lambda step: 0.1 if step < 50 else 0.05, horizon="100")
    assert str(reading.schedule) == "(hold(50, at=1.0) >> hold(at=0.5)).over(100, peak=0.1)"


def broken(step: Any) -> float:
    raise KeyError(f"no {step}\nhere")


@pytest.mark.parametrize(
    ("schedule", "horizon", "shown"),
    [
        (0.1, 100, "a function of the step"),
        (broken, 100, "every step up to 100, got KeyError"),
        (broken, 100_000, "at most 10000 steps"),
        (optax.constant_schedule(0.1), 10**9, "steps to look at"),
        (lambda step: 1 + jnp.sin(step) / 2, 20_000, "shorten the horizon"),
        (lambda step: step * jnp.nan, 100, "finite learning rates"),
        (lambda step: jnp.ones(3) * step, 100, "finite learning rates"),
        (optax.constant_schedule(0.0), 100, "above 0"),
        (lambda: 0.1, 100, "TypeError"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(complaint, schedule, horizon, shown):
    assert shown in complaint(read_schedule, schedule, horizon=horizon)


def test_a_complaint_is_ours():
    with pytest.raises(SpecError):
        read_schedule(None, horizon=3)
