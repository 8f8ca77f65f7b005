"""A resumed optax run has the learning rates and the parameters of the uninterrupted one, or it says no."""

import json
import runpy
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import glidepath as gp
from glidepath.errors import CheckpointError, ResumeConflict
from glidepath.frameworks.jax import checkpoint, learning_rate, resume
from glidepath.schedules.continuation import append, branch, rewarm

FLOAT32 = 2e-6
SHORT = gp.parse("cosine()").over(10, peak=1.0)
LONG = gp.parse("cosine()").over(20, peak=1.0)
PLAN = gp.parse("(warmup(4) >> cosine(to=0.1)).over(12, peak=0.1)")
START = {"weights": jnp.linspace(-1, 1, 6), "bias": jnp.zeros(())}


def loss(params: Any, step: Any) -> Any:
    """Of a regression on a batch that its update picks."""
    x = jax.random.normal(jax.random.key(step), (8, 6))
    error = x @ params["weights"] + params["bias"] - jnp.sin(x).sum(1)
    return (error**2).mean()


def train(schedule: gp.Schedule, updates: range, params: Any = START, state: Any = None) -> tuple[list[float], Any]:
    """The learning rates that compiled updates of AdamW used, and (parameters, optimizer state) behind them."""
    optimizer = optax.adamw(schedule)
    state, used = optimizer.init(params) if state is None else state, []

    @jax.jit
    def update(params: Any, state: Any, step: Any) -> Any:
        moves, state = optimizer.update(jax.grad(loss)(params, step), state, params)
        return optax.apply_updates(params, moves), state

    for step in updates:
        params, state = update(params, state, step)
        used.append(learning_rate(state, schedule))
    return used, (params, state)


def seen(schedule: Any, count: int, updates: int) -> list[float]:
    """What SGD moves a parameter by from a count on: the learning rates as optax really applies them."""
    optimizer = optax.sgd(schedule)
    state = optax.tree_utils.tree_set(optimizer.init(jnp.zeros(())), count=jnp.asarray(count))
    used = []
    for _ in range(updates):
        moves, state = optimizer.update(jnp.ones(()), state)
        used.append(-float(moves))
    return used


@cache
def text_at(step: int) -> str:
    _, (_, state) = train(SHORT, range(step))
    return json.dumps(checkpoint(SHORT, state))


def saved_at(step: int) -> Any:
    """A checkpoint of the short run through JSON, as a file has it."""
    return json.loads(text_at(step))


def conflict(*arguments: Any) -> str:
    with pytest.raises(ResumeConflict) as raised:
        resume(*arguments)
    return str(raised.value)


# T1: a finished run of 10 is to have 20.


def test_bare_optax_starts_a_finished_run_again_in_silence():
    assert seen(optax.cosine_decay_schedule(1.0, 10), 9, 1)[0] < 0.03
    assert seen(optax.cosine_decay_schedule(1.0, 20), 10, 1)[0] == pytest.approx(0.5)


def test_a_finished_run_is_not_extended_without_a_policy():
    message = conflict(saved_at(10), LONG)
    assert "$.horizon.steps  10      20" in message
    assert "the last learning rate was 0.0244717" in message
    ways = (
        "stored 0 (x0) requested 0.5 (x20.4; more than a tenth up, refused unless most= allows it) hold 0.0244717 (x1) "
    )
    assert ways + "stretch 0.0244717 (x1) anneal_from_here 0.0244717 (x1) rewarm(...)" in " ".join(message.split())


LAST = SHORT(9)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("stored", [0.0] * 10),
        ("hold", [LAST] * 10),
        ("stretch", [LAST] * 10),  # nothing of the plan is left
        ("anneal_from_here", [LAST * (1 - step / 10) for step in range(10)]),
        (append(gp.hold(5) >> gp.hold(at=0.01)), [LAST] * 5 + [0.01] * 5),
        (branch(gp.linear(), 5), [LAST * max(0, 1 - step / 5) for step in range(10)]),
    ],
    ids=["stored", "hold", "stretch", "anneal_from_here", "append", "branch"],
)
def test_a_finished_run_extended_by_a_policy_never_rises(policy, expected):
    schedule = resume(saved_at(10), LONG, policy)
    used = seen(schedule, 10, 10)
    np.testing.assert_allclose(used, expected, rtol=0, atol=FLOAT32)
    assert (np.diff([LAST, *used]) <= FLOAT32).all()
    assert schedule(range(10)).tolist() == SHORT(range(10)).tolist()  # what is done stays


def test_a_finished_run_rewarmed_goes_up_three_updates_and_then_down():
    used = seen(resume(saved_at(10), LONG, rewarm(3, to=0.3)), 10, 11)
    assert (np.diff([LAST, *used[1:4]]) > 0).all()
    assert used[3] == pytest.approx(0.3)
    assert (np.diff(used[3:]) < 0).all()
    assert used[-1] == pytest.approx(0, abs=FLOAT32)


def test_a_run_stopped_in_the_middle_is_annealed_from_its_last_value():
    used = seen(resume(saved_at(5), LONG, "anneal_from_here"), 5, 16)
    assert used[0] == pytest.approx(SHORT(4), rel=1e-6)
    assert used[-1] == 0


def test_a_run_stopped_in_the_middle_is_stretched_over_the_steps_that_are_left():
    used = seen(resume(saved_at(5), LONG, "stretch"), 5, 15)
    np.testing.assert_allclose(used, SHORT(5 + np.arange(15) / 3), rtol=0, atol=FLOAT32)


def test_a_rise_is_refused_unless_allowed(complaint):
    assert "rises to at most 1.1 times" in complaint(resume, saved_at(10), LONG, "requested")
    assert resume(saved_at(10), LONG, "requested", most=30) == LONG


# T4: another peak on resume.


@pytest.mark.parametrize(("policy", "peak"), [("stored", 1.0), ("requested", 0.1)])
def test_a_changed_peak_is_loud_and_then_whole(policy, peak):
    lower = gp.cosine().over(10, peak=0.1)
    assert "$.peak  1.0     0.1" in conflict(saved_at(5), lower)
    shape = [value / SHORT.peak for value in SHORT(range(5, 10)).tolist()]
    used = seen(resume(saved_at(5), lower, policy), 5, 5)
    np.testing.assert_allclose(used, [peak * each for each in shape], rtol=0, atol=FLOAT32)


# T5: killed anywhere.


@pytest.mark.parametrize("step", [0, 1, 3, 4, 11, 13])
def test_resumed_at_a_step_it_is_the_uninterrupted_run_to_the_bit(step):
    whole, (ends, _) = train(PLAN, range(14))
    before, (params, state) = train(PLAN, range(step))
    saved = json.loads(json.dumps(checkpoint(PLAN, state)))
    after, (params, _) = train(resume(saved, PLAN), range(step, 14), params, state)
    assert before + after == whole == PLAN(range(14)).tolist()
    assert all(map(np.array_equal, jax.tree.leaves(params), jax.tree.leaves(ends)))


def test_resumed_in_a_new_process(tmp_path):
    whole, (ends, _) = train(PLAN, range(14))
    _, (params, state) = train(PLAN, range(6))
    leaves = jax.tree.leaves((params, state))
    np.savez(tmp_path / "arrays.npz", *map(np.asarray, leaves))
    (tmp_path / "schedule.json").write_text(json.dumps(checkpoint(PLAN, state)))
    command = [sys.executable, "-W", "error", __file__, str(tmp_path)]
    answer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert answer["used"] == whole[6:]
    assert answer["weights"] == np.asarray(ends["weights"]).tolist()


def in_a_new_process(folder: Path) -> None:
    """What the process above does."""
    schedule = resume(json.loads((folder / "schedule.json").read_text()), PLAN)
    form = jax.tree.structure((START, optax.adamw(schedule).init(START)))
    with np.load(folder / "arrays.npz") as file:
        params, state = jax.tree.unflatten(form, [jnp.asarray(file[name]) for name in file.files])
    used, (params, _) = train(schedule, range(6, 14), params, state)
    print(json.dumps({"used": used, "weights": np.asarray(params["weights"]).tolist()}))


def test_a_second_resume_with_the_same_code_asks_nothing():
    schedule = resume(saved_at(5), LONG, "stretch")
    _, (_, state) = train(schedule, range(8))
    again = json.loads(json.dumps(checkpoint(schedule, state, requested=LONG)))
    assert resume(again, LONG) == resume(again, LONG, "stretch") == schedule
    with pytest.raises(ResumeConflict):
        resume(again, PLAN)


EXAMPLE = Path(__file__).parents[2] / "examples" / "optax_adamw.py"


def test_the_example_does_what_it_says(capsys):
    assert EXAMPLE.read_text().count("\n") < 60
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    printed = " ".join(capsys.readouterr().out.split())
    assert "stretch 0.0439532 (x0.968)" in printed
    assert "requested 0.0764176 (x1.68; more" in printed
    assert "step 159 lr 0.0100 loss 0.5" in printed


def test_the_page_runs_as_it_stands_there(run_page):
    run_page("jax.md")


SPEC = gp.to_spec(SHORT)


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (None, "got NoneType"),
        ({}, "got []"),
        ({"spec": SPEC}, "got ['spec']"),
        ({"spec": SPEC, "step": 1, "more": 2}, "'more'"),
        ({"spec": SPEC, "step": -1}, "$.step"),
        ({"spec": SPEC, "step": 2.0}, "$.step"),
        ({"spec": SPEC, "step": 10**400}, "$.step"),
        ({"spec": gp.to_spec(gp.cosine()), "step": 1}, "got the recipe"),
        ({"spec": gp.to_spec(gp.Plan(SHORT)), "step": 1}, "got that of a plan"),
        ({"spec": {"parts": "x"}, "step": 1}, "$.spec"),
        ({"spec": SPEC, "step": 1, "base": 3}, "$.base"),
    ],
)
def test_what_is_no_state_is_refused(complaint, state, shown):
    assert shown in complaint(resume, state, LONG)
    with pytest.raises(CheckpointError):
        resume(state, LONG)


def test_what_is_no_schedule_and_no_policy_is_refused(complaint):
    assert "write recipe.over" in complaint(resume, saved_at(1), gp.cosine())
    assert "did you mean 'stretch'" in complaint(resume, saved_at(1), LONG, "strech")
    assert "horizon behind step 5" in complaint(resume, saved_at(5), gp.cosine().over(4, peak=1.0), "hold")


if __name__ == "__main__":
    in_a_new_process(Path(sys.argv[1]))
