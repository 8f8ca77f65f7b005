"""A resumed Keras run has the learning rates and the weights of the uninterrupted one, or it says no."""

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from driving_keras import INPUT, TARGET, compiled, keras, used

import glidepath as gp
from glidepath.errors import CheckpointError, ResumeConflict
from glidepath.frameworks.keras import attach, checkpoint, resume
from glidepath.schedules.continuation import rewarm

# Keras's own, of what it saves and of numpy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NEAR = 5e-6
SHORT = gp.parse("cosine()").over(10, peak=1.0)
LONG = gp.parse("cosine()").over(20, peak=1.0)
PLAN = gp.parse("(warmup(4) >> cosine(to=0.1)).over(12, peak=0.1)")
LAST = SHORT(9)


def trained(updates: int, schedule: gp.Schedule = SHORT, accumulation: int | None = None) -> Any:
    model = compiled(accumulation=accumulation)
    attach(model, schedule)
    if updates:
        used(model, updates * (accumulation or 1))
    return model


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that has made the ten updates it was planned for, as a file."""
    path = tmp_path_factory.mktemp("finished") / "model.keras"
    trained(10).save(path)
    return path


def weights(model: Any) -> list[Any]:
    return [value.tolist() for value in model.get_weights()]


def conflict(*arguments: Any) -> str:
    with pytest.raises(ResumeConflict) as raised:
        resume(*arguments)
    return str(raised.value)


# T1: a finished run of 10 is to have 20.


def test_bare_keras_starts_a_finished_run_again_in_silence():
    theirs = keras.optimizers.schedules.CosineDecay
    model = compiled(theirs(1.0, 10))
    assert used(model, 10)[-1] < 0.03
    model.optimizer.learning_rate = theirs(1.0, 20)
    model.make_train_function(force=True)
    assert used(model, 1)[0] == pytest.approx(0.5, abs=NEAR)


def test_bare_keras_with_weights_alone_starts_from_the_top_in_silence():
    theirs = keras.optimizers.schedules.CosineDecay(1.0, 10)
    model, restarted = compiled(theirs), compiled(theirs)
    assert used(model, 8)[-1] < 0.3
    restarted.set_weights(model.get_weights())
    assert used(restarted, 1)[0] == pytest.approx(1.0)


def test_a_finished_run_is_not_extended_without_a_policy(finished):
    model = keras.saving.load_model(finished)
    message = conflict(model, LONG)
    assert "$.horizon.steps  10      20" in message
    assert "the last learning rate was 0.0244717" in message
    words = " ".join(message.split())
    assert "requested 0.5 (x20.4; more than a tenth up" in words
    assert "hold 0.0244717 (x1)" in words
    assert checkpoint(model)["spec"] == gp.to_spec(SHORT)  # nothing was changed


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("stored", [0.0] * 10),
        ("hold", [LAST] * 10),
        ("stretch", [LAST] * 10),
        ("anneal_from_here", [LAST * (1 - step / 10) for step in range(10)]),
    ],
)
def test_a_finished_run_extended_by_a_policy_never_rises(finished, policy, expected):
    model = keras.saving.load_model(finished)
    resume(model, LONG, policy)
    seen = used(model, 10) or [0.0] * 10  # a weight that does not move tells of no update
    np.testing.assert_allclose(seen, expected, rtol=0, atol=NEAR)
    assert checkpoint(model)["step"] == 20


def test_a_finished_run_rewarmed_goes_up_three_updates_and_then_down(finished):
    model = keras.saving.load_model(finished)
    resume(model, LONG, rewarm(3, to=0.3))
    seen = used(model, 10)
    assert (np.diff(seen[:4]) > 0).all()
    assert seen[3] == pytest.approx(0.3, abs=NEAR)
    assert (np.diff(seen[3:]) < 0).all()


# T4: another peak on resume.


@pytest.mark.parametrize(("policy", "peak"), [("stored", 1.0), ("requested", 0.1)])
def test_a_changed_peak_is_loud_and_then_whole(tmp_path, policy, peak):
    trained(5).save(tmp_path / "model.keras")
    model, lower = keras.saving.load_model(tmp_path / "model.keras"), gp.cosine().over(10, peak=0.1)
    assert "$.peak  1.0     0.1" in conflict(model, lower)
    resume(model, lower, policy)
    np.testing.assert_allclose(used(model, 5), peak * SHORT(range(5, 10)), rtol=0, atol=NEAR)


# T5: killed anywhere.


@pytest.mark.parametrize("step", [0, 1, 3, 4, 11, 13])
def test_resumed_at_a_step_it_is_the_uninterrupted_run_to_the_bit(tmp_path, step):
    whole, model = trained(14, PLAN), trained(step, PLAN)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    resume(loaded, PLAN)
    used(loaded, 14 - step)
    assert weights(loaded) == weights(whole)


PROCESS = """
import json, sys
sys.path.insert(0, {folder!r})
from driving_keras import keras, used
import glidepath as gp
from glidepath.frameworks.keras import resume
model = keras.saving.load_model({path!r}, custom_objects=None)
resume(model, gp.from_json({spec!r}))
print(json.dumps([used(model, 8), [value.tolist() for value in model.get_weights()]]))
"""


def test_resumed_in_a_new_process(tmp_path):
    model, path = trained(6, PLAN), tmp_path / "model.keras"
    model.save(path)
    expected = [used(model, 8), weights(model)]
    program = PROCESS.format(folder=str(Path(__file__).parent), path=str(path), spec=gp.to_json(PLAN))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == expected


@pytest.mark.parametrize(("before", "after"), [(None, None), (2, 2), (2, 5), (None, 4), (2, None)])
def test_weights_alone_go_on_with_the_state_beside_them(before, after):
    model = trained(6, PLAN, before)
    state = json.loads(json.dumps(checkpoint(model)))
    fresh = compiled(accumulation=after)
    fresh.set_weights(model.get_weights())
    resume(fresh, PLAN, state=state)
    assert used(fresh, 3 * (after or 1)) == pytest.approx(PLAN(range(6, 9)).tolist(), abs=NEAR)


def test_weights_that_bring_the_count_go_on_from_it(tmp_path):
    model = trained(6, PLAN, 2)
    state = checkpoint(model)
    model.save_weights(tmp_path / "model.weights.h5")
    for accumulation in (2, 3):
        fresh = compiled(accumulation=accumulation)
        attach(fresh, PLAN)
        fresh.optimizer.build(fresh.trainable_variables)
        fresh.load_weights(tmp_path / "model.weights.h5")
        resume(fresh, PLAN, state=state)
        assert checkpoint(fresh)["step"] == 6
        assert used(fresh, accumulation) == pytest.approx([PLAN(6)], abs=NEAR)


def test_a_second_resume_with_the_same_code_asks_nothing(tmp_path):
    path, model = tmp_path / "model.keras", trained(5)
    schedule = resume(model, LONG, "stretch").schedule
    used(model, 3)
    model.save(path)
    again = keras.saving.load_model(path)
    assert resume(again, LONG).schedule == resume(again, LONG, "stretch").schedule == schedule
    assert checkpoint(again) == checkpoint(model)
    with pytest.raises(ResumeConflict):
        resume(again, PLAN)


def test_a_killed_fit_with_a_backup_goes_on(tmp_path):
    class Killed(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - the interface of Keras
            if epoch == 1:
                raise KeyboardInterrupt

    data = (INPUT[:3], TARGET[:3])
    how: dict[str, Any] = {"batch_size": 1, "epochs": 4, "shuffle": False, "verbose": 0}
    whole, killed, again = trained(0, PLAN), trained(0, PLAN), trained(0, PLAN)
    whole.fit(*data, **how)
    with pytest.raises(KeyboardInterrupt):
        killed.fit(*data, callbacks=[keras.callbacks.BackupAndRestore(tmp_path), Killed()], **how)
    again.fit(*data, callbacks=[keras.callbacks.BackupAndRestore(tmp_path)], **how)
    assert checkpoint(again)["step"] == 12
    assert weights(again) == weights(whole)


EXAMPLE = Path(__file__).parents[2] / "examples" / "keras_fit.py"


def test_the_example_does_what_it_says(capsys):
    assert EXAMPLE.read_text().count("\n") < 60
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    printed = capsys.readouterr().out
    assert "epoch 9   lr 0.0101   loss 0.3" in printed
    assert "as planned: True" in printed


def test_the_page_runs_as_it_stands_there(run_page):
    run_page("keras.md")


SPEC = gp.to_spec(SHORT)


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (3, "got int"),
        ({"spec": SPEC}, "got ['spec']"),
        ({"spec": SPEC, "step": 5, "accumulation": 0}, "at least 1 micro-batch"),
        ({"spec": SPEC, "step": 5}, "expected the optimizer at step 5, as its checkpoint, got it at step 2"),
    ],
)
def test_what_is_no_state_of_this_model_is_refused(complaint, state, shown):
    model = trained(2)
    assert shown in complaint(lambda: resume(model, SHORT, state=state))
    assert checkpoint(model)["step"] == 2


def test_a_complaint_is_ours():
    with pytest.raises(CheckpointError):
        resume(trained(0), SHORT, state={})
