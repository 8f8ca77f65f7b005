"""Schedule objects of the installed Keras, read by their class and configuration."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from glidepath.frameworks.keras import read_schedule

FLOAT32 = 1e-6


@pytest.fixture(scope="module")
def schedules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """keras.optimizers.schedules on torch; imported once, because that is slow, its home not the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        import keras

        yield keras.optimizers.schedules


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 70, "warmup_target": 0.5, "warmup_steps": 10}),
        ("CosineDecayRestarts", {"initial_learning_rate": 0.5, "first_decay_steps": 20, "t_mul": 1.0, "m_mul": 0.9}),
        ("ExponentialDecay", {"initial_learning_rate": 0.5, "decay_steps": 7, "decay_rate": 0.9}),
        ("InverseTimeDecay", {"initial_learning_rate": 0.5, "decay_steps": 7, "decay_rate": 0.9, "staircase": True}),
        ("PolynomialDecay", {"initial_learning_rate": 0.5, "decay_steps": 60, "power": 2.0, "cycle": True}),
        ("PiecewiseConstantDecay", {"boundaries": [np.int64(10), 60], "values": np.array([0.5, 0.2, 0.1])}),
    ],
)
def test_an_object_is_read_with_the_values_that_it_gives(schedules, name, config):
    theirs = getattr(schedules, name)(**config)
    ours = read_schedule(theirs, horizon=80).schedule
    np.testing.assert_allclose(ours(range(80)), [float(theirs(step)) for step in range(80)], rtol=0, atol=FLOAT32)


def test_an_object_without_an_end_needs_a_horizon(schedules, complaint):
    assert "expected a horizon" in complaint(read_schedule, schedules.ExponentialDecay(0.5, 7, 0.9))


class Mine:
    def get_config(self) -> Any:
        return {"rate": 1.0}


@pytest.mark.parametrize("what", [0.1, None, Mine, object()])
def test_what_is_no_schedule_is_refused(complaint, what):
    assert "expected a LearningRateSchedule of Keras" in complaint(read_schedule, what)


def test_a_class_of_ones_own_is_refused(complaint):
    assert "expected a schedule of keras, got 'Mine'" in complaint(read_schedule, Mine())
