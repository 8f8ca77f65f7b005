"""A schedule in a Keras model: what its updates used, what is logged, and that it saves with the model."""

import csv
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from driving_keras import BATCHES, INPUT, compiled, keras, used

import glidepath as gp
import glidepath.frameworks.keras as keras_door
from glidepath.errors import AttachError, CheckpointError
from glidepath.frameworks.keras import LearningRate, LearningRateLog, attach, checkpoint
from glidepath.runs.journal import read_journal
from glidepath.schedules.amendments import Amendment
from glidepath.schedules.course import Course

# Keras's own, of what it saves and of numpy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NEAR = 5e-6  # the weight comes down in float32
PLAN = gp.parse("(warmup(3) >> cosine(to=0.1)).over(12, peak=1.0)")


def same(values: Any, steps: range, schedule: gp.Schedule = PLAN) -> bool:
    return len(values) == len(steps) and np.allclose(values, schedule(steps), rtol=0, atol=NEAR)


class Both(keras.metrics.Metric):
    """Two numbers."""

    def update_state(self, *data: Any, **named: Any) -> None:
        pass

    def result(self) -> Any:
        return keras.ops.ones(2)


def attached(accumulation: int | None = None, **kind: Any) -> Any:
    model = compiled(accumulation=accumulation, **kind)
    attach(model, PLAN)
    return model


def test_every_update_uses_the_schedule_and_past_the_end_it_is_held():
    assert same(used(attached(), 15), range(15))


def test_a_learning_rate_goes_into_the_constructor_too():
    assert same(used(compiled(LearningRate(PLAN)), 5), range(5))


# Accumulation: ten batches, so that 4 leaves the last window of the epoch partial, and the next epoch fills it.


def test_bare_keras_counts_micro_batches_in_silence():
    theirs = keras.optimizers.schedules.PolynomialDecay(1.0, 8, 0.0)
    assert used(compiled(theirs, 2), 6) == pytest.approx([0.875, 0.625, 0.375])


@pytest.mark.parametrize("accumulation", [2, 4, 8])
def test_accumulation_does_not_move_the_schedule(accumulation):
    model = attached(accumulation)
    assert same(used(model, BATCHES, epochs=2), range(2 * BATCHES // accumulation))
    assert checkpoint(model)["step"] == 2 * BATCHES // accumulation


def test_a_learning_rate_that_counts_otherwise_than_its_optimizer_is_refused_before_the_first_update(complaint):
    fit = compiled(LearningRate(PLAN), 4).fit
    message = complaint(fit, INPUT, INPUT, verbose=0, callbacks=[LearningRateLog()])
    assert "accumulation=4" in message
    assert same(used(compiled(LearningRate(PLAN, accumulation=4), 4), 8, LearningRateLog()), range(2))


def test_updates_that_a_loss_scale_skips_are_not_counted():
    inputs = INPUT.copy()
    inputs[[0, 1, 4]] = np.inf
    model = attached(loss_scale=True)
    assert same(used(model, BATCHES, inputs=inputs), range(BATCHES - 3))
    assert checkpoint(model)["step"] == BATCHES - 3


def test_attached_to_a_trained_model_the_next_update_uses_it():
    model = compiled(0.5)
    assert used(model, 2) == [0.5, 0.5]
    attach(model, PLAN)
    assert same(used(model, 3), range(2, 5))


def test_an_optimizer_alone_is_driven_too():
    weight = keras.Variable([1.0])
    optimizer = keras.optimizers.SGD(0.5, gradient_accumulation_steps=2)
    attach(optimizer, PLAN)
    for _ in range(4):
        optimizer.apply([keras.ops.ones(1)], [weight])
    assert keras.ops.convert_to_numpy(weight.value) == pytest.approx(1 - PLAN(0) - PLAN(1))


# What is logged.


def test_bare_keras_logs_no_learning_rate(tmp_path):
    model = compiled(keras.optimizers.schedules.CosineDecay(1.0, 10))
    used(model, 3, keras.callbacks.CSVLogger(str(tmp_path / "log.csv")))
    assert "learning_rate" not in model.history.history
    assert "learning_rate" not in (tmp_path / "log.csv").read_text()


def test_the_history_and_the_callbacks_behind_have_the_last_learning_rate_of_each_epoch(tmp_path):
    path, model = tmp_path / "log.csv", attached(2)
    used(model, 4, LearningRateLog(), keras.callbacks.CSVLogger(str(path)), epochs=2)
    assert model.history.history["learning_rate"] == [PLAN(1), PLAN(3)]
    with path.open() as file:
        assert [float(row["learning_rate"]) for row in csv.DictReader(file)] == [PLAN(1), PLAN(3)]


@pytest.mark.parametrize("every", [0, 3])
def test_a_journal_has_every_applied_update_once(tmp_path, every):
    log = LearningRateLog(tmp_path / "run.jsonl", every=every)
    model = attached(2)
    seen = used(model, BATCHES, log) + used(model, BATCHES, log)
    run = read_journal(tmp_path / "run.jsonl")
    assert run.segments == (0, 5)
    assert run.settings["spec"] == gp.to_spec(PLAN)
    assert list(run["lr"].steps) == list(range(10))
    assert list(run["lr"].values) == PLAN(range(10)).tolist()
    assert same(seen, range(10))
    assert list(run["loss"].steps) == [4, 9]


def test_what_was_used_is_written_under_way_where_it_is_asked_for(tmp_path):
    class Killed(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002 - the interface of Keras
            if batch == 7:
                raise KeyboardInterrupt

    log = LearningRateLog(tmp_path / "run.jsonl", every=3)
    model = attached()
    with pytest.raises(KeyboardInterrupt):
        used(model, BATCHES, log, Killed())
    assert list(read_journal(tmp_path / "run.jsonl")["lr"].values) == PLAN(range(6)).tolist()
    used(model, 1, log)  # the same callback again, as in a notebook


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="Keras has it not on torch")
def test_batches_in_one_execution_are_all_logged(tmp_path):
    model = compiled()
    model.compile(keras.optimizers.SGD(1.0), "mean_absolute_error", steps_per_execution=5)
    attach(model, PLAN)
    used(model, BATCHES, LearningRateLog(tmp_path / "run.jsonl"))
    assert list(read_journal(tmp_path / "run.jsonl")["lr"].values) == PLAN(range(BATCHES)).tolist()


def test_a_metric_of_several_numbers_is_not_journaled(tmp_path):
    model = compiled()
    model.compile(keras.optimizers.SGD(1.0), "mean_absolute_error", metrics=[Both()])
    attach(model, PLAN)
    used(model, 3, LearningRateLog(tmp_path / "run.jsonl"))
    assert set(read_journal(tmp_path / "run.jsonl").curves) == {"lr", "loss", "epoch", "learning_rate"}


# Saved and loaded.


def test_a_learning_rate_is_a_plain_dict_and_back():
    course = Course(gp.cosine().over(3), PLAN).amend(Amendment(4, "scale", 0.5))
    rate = LearningRate(course, accumulation=2)
    config = json.loads(json.dumps(rate.get_config()))
    back = LearningRate.from_config(config)
    assert (back.schedule, back.course, back.accumulation) == (rate.schedule, course, 2)
    assert back.schedule(4) == PLAN(4) / 2
    schedules = keras.optimizers.schedules
    assert schedules.deserialize(schedules.serialize(rate)).get_config() == rate.get_config()


def test_it_saves_and_loads_with_its_model(tmp_path):
    model = attached(2)
    used(model, 6)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert checkpoint(loaded) == checkpoint(model) == {"spec": gp.to_spec(PLAN), "step": 3, "accumulation": 2}
    assert same(used(loaded, 4), range(3, 5))


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        (lambda: attach(None, PLAN), "compiled Keras model"),
        (lambda: attach(keras.Sequential([]), PLAN), "compile the model first"),
        (lambda: attach(compiled(), gp.cosine()), "recipe.over"),
        (lambda: LearningRate(0.1), "recipe.over"),
        (lambda: LearningRate(PLAN, accumulation=0), "at least 1 micro-batch"),
        (lambda: LearningRate(PLAN, accumulation=2.0), "at least 1 micro-batch"),
        (lambda: LearningRateLog(every=-1), "micro-batches"),
        (lambda: checkpoint(compiled()), "attach(model, schedule)"),
        (lambda: used(compiled(), 1, LearningRateLog()), "attach(model, schedule)"),
        (lambda: LearningRate.from_config({"spec": 1, "step": 2}), "config of a learning rate"),
        (lambda: LearningRate.from_config({"spec": gp.to_spec(gp.cosine())}), "the recipe cosine()"),
        (lambda: LearningRate.from_config({"spec": gp.to_spec(gp.Plan(PLAN))}), "recipe.over"),
    ],
)
def test_what_cannot_be_is_one_sentence(complaint, call, shown):
    assert shown in complaint(call)


def test_complaints_are_ours():
    with pytest.raises(AttachError):
        attach(3, PLAN)
    with pytest.raises(CheckpointError):
        LearningRate.from_config(None)


def test_the_doors_import_no_framework_before_it_is_used():
    doors = "glidepath.frameworks.keras, glidepath.frameworks.jax"
    code = f"import sys, {doors}; print({{'keras', 'jax', 'torch'}} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_an_unknown_name_of_the_door_is_an_attribute_error():
    with pytest.raises(AttributeError, match="atach"):
        keras_door.atach  # noqa: B018 - the looking up is it
