"""Curves and runs: what is kept, and what is refused."""

import math
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from glidepath.runs.curve import Curve
from glidepath.runs.run import Run

Complaint = Callable[..., str]


def test_a_curve_keeps_its_steps_and_values_in_order() -> None:
    curve = Curve("loss", [3, 1, 2], [0.5, math.nan, 2])
    assert (curve.name, len(curve), curve.steps.dtype, curve.values.dtype) == ("loss", 3, np.int64, np.float64)
    assert curve.steps.tolist() == [3, 1, 2]
    assert math.isnan(curve.values[1])


def test_a_curve_copies_what_it_is_given() -> None:
    steps, values = np.arange(3), np.ones(3)
    curve = Curve("loss", steps, values)
    steps[0], values[0] = 99, 99.0
    assert (curve.steps[0], curve.values[0]) == (0, 1.0)


def test_an_empty_curve_has_no_points() -> None:
    assert len(Curve("loss", [], [])) == 0


def test_a_curve_cannot_be_changed() -> None:
    curve = Curve("loss", [0], [1.0])
    with pytest.raises(AttributeError):
        curve.name = "other"  # type: ignore[misc]


COLUMNS = [
    ([0, 1], [1.0]),
    ([[0, 1]], [[1.0, 2.0]]),
    (0, 1.0),
    ([0.5, 1.5], [1.0, 2.0]),
    ([math.nan], [1.0]),
    ([math.inf], [1.0]),
    (["a"], [1.0]),
    ([0], ["a"]),
    ([None], [1.0]),
    ([0, 1], [[1.0], [1.0, 2.0]]),
    ([10**30], [1.0]),
]


@pytest.mark.parametrize(("steps", "values"), COLUMNS, ids=repr)
def test_columns_that_are_no_curve_are_refused(complaint: Complaint, steps: Any, values: Any) -> None:
    assert "'loss'" in complaint(Curve, "loss", steps, values)


def test_a_curve_takes_whole_steps_that_came_as_floats() -> None:
    assert Curve("loss", np.array([0.0, 10.0]), [1.0, 2.0]).steps.tolist() == [0, 10]


def test_a_run_gives_its_curves_by_name(complaint: Complaint) -> None:
    loss = Curve("loss", [0], [1.0])
    run = Run(MappingProxyType({"loss": loss}))
    assert run["loss"] is loss
    assert (run.segments, dict(run.settings), run.notes) == ((0,), {}, ())
    assert "did you mean 'loss'?" in complaint(run.__getitem__, "los")
