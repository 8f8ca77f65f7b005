"""A curve at other steps, and a run on another clock."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from glidepath.errors import JournalError
from glidepath.runs.clocks import on
from glidepath.runs.curve import Curve
from glidepath.runs.resampling import at, log_bins, windows
from glidepath.runs.run import Run
from glidepath.runs.shifting import moved

VALUES = arrays(np.float64, st.integers(1, 200), elements=st.floats(-1e6, 1e6))


@given(VALUES, st.integers(1, 50))
def test_the_means_of_windows_weighed_by_their_points_are_the_mean_of_all(values, width):
    curve = Curve("loss", range(values.size), values)
    found = windows(curve, width=width)
    weights = [len(values[begin : begin + width]) for begin in range(0, values.size, width)]
    assert np.average(found.values, weights=weights) == pytest.approx(values.mean(), rel=1e-9, abs=1e-6)


@given(VALUES)
def test_windows_of_one_step_change_nothing(values):
    curve = Curve("loss", range(values.size), values)
    np.testing.assert_array_equal(windows(curve, width=1).values, values)


@given(VALUES, st.integers(1, 40))
def test_log_bins_stay_inside_of_the_curve_and_grow(values, per_decade):
    found = log_bins(Curve("loss", range(values.size), values), per_decade=per_decade)
    slack = 1e-9 * np.abs(values).max()
    assert values.min() - slack <= found.values.min() <= found.values.max() <= values.max() + slack
    assert (np.diff(found.steps) > 0).all()


def test_what_is_not_finite_is_left_out_of_a_window_unless_it_has_nothing_else():
    found = windows(Curve("loss", [0, 1, 2, 3], [np.nan, 2.0, np.inf, np.nan]), width=2)
    np.testing.assert_array_equal(found.values, [2.0, np.nan])


@given(VALUES)
def test_at_its_own_steps_a_curve_has_its_own_values(values):
    curve = Curve("loss", range(values.size), values)
    np.testing.assert_array_equal(at(curve, curve.steps), values)


def test_nothing_is_known_outside_of_a_curve():
    assert np.isnan(at(Curve("loss", [], []), [0, 1])).all()
    assert np.isnan(at(Curve("loss", [5, 6], [1.0, 1.0]), [4, 7])).all()


@pytest.mark.parametrize("width", [0, -1, 1.5, True, "2"])
def test_a_width_that_is_none_is_refused(width):
    with pytest.raises(JournalError, match="expected a"):
        windows(Curve("loss", [0], [1.0]), width=width)
    with pytest.raises(JournalError, match="expected at least one window"):
        log_bins(Curve("loss", [0], [1.0]), per_decade=width)


RUN = Run(
    {"loss": Curve("loss", [0, 10, 20], [3.0, 2.0, 1.0])},
    segments=(0, 10),
    settings={"samples_per_step": 64, "tokens_per_step": 2048.0, "steps_per_epoch": 5},
)


@pytest.mark.parametrize(
    ("clock", "steps", "segments"),
    [
        ("steps", [0, 10, 20], (0, 10)),
        ("samples", [0, 640, 1280], (0, 640)),
        ("tokens", [0, 20480, 40960], (0, 20480)),
        ("epochs", [0, 2, 4], (0, 2)),
    ],
)
def test_a_run_on_another_clock(clock, steps, segments):
    found = on(RUN, clock)
    assert found["loss"].steps.tolist() == steps
    assert found["loss"].values.tolist() == [3.0, 2.0, 1.0]
    assert (found.segments, found.clock) == (segments, clock)


@given(st.sampled_from(["samples", "tokens"]))
def test_back_on_the_clock_of_updates_it_is_the_run_that_it_was(clock):
    again = on(on(RUN, clock), "steps")
    assert again["loss"].steps.tolist() == [0, 10, 20]
    assert again.segments == RUN.segments


def test_what_the_run_counted_itself_goes_before_a_rate():
    """A batch that grew: twice the tokens of an update from update 10 on."""
    tokens = Curve("tokens", [0, 10, 20], [0.0, 100.0, 300.0])
    run = Run({"loss": RUN["loss"], "tokens": tokens}, settings={"tokens_per_step": 1})
    assert on(run, "tokens")["loss"].steps.tolist() == [0, 100, 300]


@pytest.mark.parametrize(
    ("run", "clock", "words"),
    [
        (RUN, "hours", "expected a clock, got 'hours'"),
        (Run({"loss": RUN["loss"]}), "tokens", "expected 'tokens_per_step' in the settings"),
        (Run({"loss": RUN["loss"]}, settings={"tokens_per_step": -1}), "tokens", "got -1"),
        (Run({"loss": RUN["loss"]}, clock="rows"), "tokens", "expected a run whose steps count"),
    ],
)
def test_a_clock_that_nothing_tells_is_refused(run, clock, words):
    with pytest.raises(JournalError, match=words):
        on(run, clock)


@given(st.integers(-3, 3))
def test_learning_rates_are_moved_and_nothing_else_is(by):
    rate = Curve("lr", range(10), range(10))
    run = Run({"lr": rate, "lr/head": rate, "loss": rate})
    found = moved(run, by)
    for name in ("lr", "lr/head"):
        assert found[name].steps.tolist() == [step + by for step in range(10) if step + by >= 0]
        assert (found[name].values == found[name].steps - by).all()
    assert found["loss"].steps.tolist() == list(range(10))
    assert len(found.notes) == bool(by)
