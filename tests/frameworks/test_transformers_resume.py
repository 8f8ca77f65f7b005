"""`resume_from_checkpoint` under a schedule, beside what a bare Trainer does: the same run, or a conflict."""

import re
from pathlib import Path
from typing import Any

import pytest
from driving_transformers import data, logged, trainer_of

import glidepath as gp
from glidepath.errors import CheckpointError, ResumeConflict
from glidepath.frameworks.transformers import attach
from glidepath.schedules.continuation import anneal_from_here, append, branch, rewarm

RECIPE = gp.parse("warmup(2) >> cosine()")
PLAN = RECIPE.over(10, peak=1.0)
STEPS = 10
STOP = 5  # which checkpoints lie apart: most of a training this small would be writing them


def run(
    folder: Path, at: int | None, *, stop: int | None = None, recipe: Any = RECIPE, way: Any = None, **args: Any
) -> Any:
    """A training, or what is left of it from a checkpoint on; under `recipe=None` a bare one."""
    trainer, watch = trainer_of(folder, stop=stop, **{"max_steps": STEPS, "save_steps": STOP, **args})
    if recipe is not None:
        attach(trainer, recipe, **(way or {}))
    trainer.train(resume_from_checkpoint=None if at is None else str(folder / f"checkpoint-{at}"))
    return trainer, watch.spy.first


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of ten updates to the end, with a checkpoint behind each."""
    folder = tmp_path_factory.mktemp("finished")
    run(folder, None, save_steps=1)
    return folder


# ---- What a bare Trainer does, in silence. ----


def test_bare_a_finished_run_jumps_up_when_it_is_extended(tmp_path):
    _, first = run(tmp_path, None, recipe=None, lr_scheduler_type="linear")
    _, then = run(tmp_path, 10, recipe=None, lr_scheduler_type="linear", max_steps=20)
    assert first[-1] == pytest.approx(0.1)
    assert then[:2] == pytest.approx([0.0, 0.45])  # one update of the old curve, then the new one


def test_bare_a_stopped_run_that_is_extended_jumps_too(tmp_path):
    run(tmp_path, None, stop=STOP, recipe=None, lr_scheduler_type="linear")
    _, then = run(tmp_path, 5, recipe=None, lr_scheduler_type="linear", max_steps=20)
    assert then[1] / then[0] == pytest.approx(1.4)


def test_bare_another_learning_rate_is_ignored(tmp_path):
    run(tmp_path, None, stop=STOP, recipe=None, lr_scheduler_type="linear")
    _, then = run(tmp_path, 5, recipe=None, lr_scheduler_type="linear", learning_rate=0.1)
    assert then == pytest.approx([0.5, 0.4, 0.3, 0.2, 0.1])


def test_bare_a_checkpoint_without_its_scheduler_begins_again(tmp_path):
    run(tmp_path, None, stop=STOP, recipe=None, lr_scheduler_type="linear")
    (tmp_path / "checkpoint-5" / "scheduler.pt").unlink()
    assert run(tmp_path, 5, recipe=None, lr_scheduler_type="linear")[1][0] == 1.0


# ---- The same plan: the run that was not interrupted, to the bit. ----


@pytest.mark.parametrize("at", range(1, STEPS))
def test_killed_anywhere_it_goes_on_to_the_bit(finished, tmp_path, at):
    used, losses = PLAN(range(STEPS)).tolist(), logged(finished, STEPS, "loss")
    trainer, _ = trainer_of(tmp_path, max_steps=STEPS)
    attach(trainer, RECIPE)
    trainer.train(resume_from_checkpoint=str(finished / f"checkpoint-{at}"))
    assert logged(tmp_path, STEPS) == used  # those before the interruption are in the checkpoint
    assert logged(tmp_path, STEPS, "loss") == losses


def test_a_checkpoint_without_its_scheduler_goes_on_at_its_step(tmp_path):
    run(tmp_path, None, stop=STOP)
    (tmp_path / "checkpoint-5" / "scheduler.pt").unlink()
    assert run(tmp_path, 5)[1] == PLAN(range(5, STEPS)).tolist()


@pytest.mark.parametrize("args", [{"per_device_train_batch_size": 2, "gradient_accumulation_steps": 2}])
def test_the_same_batch_in_other_pieces_is_the_same_run(tmp_path, args):
    epochs = gp.parse("warmup(0.2 epochs) >> cosine()")
    run(tmp_path, None, stop=STOP, recipe=epochs)
    assert run(tmp_path, 5, recipe=epochs, **args)[1] == PLAN(range(5, STEPS)).tolist()


def test_more_data_for_as_many_updates_is_no_conflict(tmp_path):
    run(tmp_path, None, stop=STOP)
    assert run(tmp_path, 5, dataset=data(80))[1] == PLAN(range(5, STEPS)).tolist()


# ---- Another plan: a conflict, before the first update, until a policy is named. ----


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"max_steps": 20}, r"\$\.horizon\.steps +10 +20"),
        ({"learning_rate": 0.1}, r"\$\.peak +1.0 +0.1"),
        ({"way": {"peak": 0.5}}, r"\$\.peak +1.0 +0.5"),
        ({"recipe": gp.parse("warmup(3) >> cosine()")}, r"length"),
    ],
    ids=str,
)
def test_what_differs_is_said_field_by_field_with_the_next_learning_rate_under_each_policy(finished, change, field):
    with pytest.raises(ResumeConflict) as conflict:
        run(finished, 5, **change)
    message = str(conflict.value)
    assert re.search(field, message)
    assert f"last learning rate was {PLAN(4):.6g}" in message
    for word in ("stored", "requested", "hold", "stretch", "anneal_from_here", "rewarm"):
        assert word in message


LAST = float(PLAN(9))
LONGER = RECIPE.over(20, peak=1.0)
WAYS = {
    "hold": [LAST] * 10,
    "stored": [0.0] * 10,
    "stretch": [LAST] * 10,  # nothing of the plan is left
}


@pytest.mark.parametrize("policy", WAYS)
def test_a_finished_run_is_extended_by_a_policy(finished, tmp_path, policy):
    trainer, watch = trainer_of(tmp_path, max_steps=20)
    attach(trainer, RECIPE, policy=policy)
    trainer.train(resume_from_checkpoint=str(finished / "checkpoint-10"))
    assert watch.spy.first == pytest.approx(WAYS[policy], abs=1e-12)
    assert logged(tmp_path, 20) == pytest.approx(PLAN(range(10)).tolist() + WAYS[policy], abs=1e-12)


@pytest.mark.parametrize(
    ("policy", "allowed", "first", "rises"),
    [
        ("stored", {}, float(PLAN(5)), False),
        ("hold", {}, float(PLAN(4)), False),
        ("anneal_from_here", {}, float(PLAN(4)), False),
        ("stretch", {}, None, False),
        (anneal_from_here(to=0.1, shape="cosine"), {}, float(PLAN(4)), False),
        (append(gp.parse("linear(to=0)")), {}, float(PLAN(4)), False),
        (rewarm(3, then=gp.parse("linear()")), {}, float(PLAN(4)), True),
        (branch(gp.parse("decay(shape=1-sqrt)"), 5), {}, float(PLAN(4)), False),
        ("requested", {"most": 2.0}, float(LONGER(5)), False),
    ],
    ids=str,
)
def test_a_stopped_run_is_extended_by_a_policy_and_resumed_under_it_again(tmp_path, policy, allowed, first, rises):
    way = {"policy": policy, **allowed}
    run(tmp_path, None, stop=STOP)
    trainer, used = run(tmp_path, 5, max_steps=20, way=way)
    assert first is None or used[0] == pytest.approx(first)
    assert (used != sorted(used, reverse=True)) == rises
    assert used == trainer.lr_scheduler.schedule(range(5, 20)).tolist()
    assert run(tmp_path, 10, max_steps=20, way=way)[1] == used[5:]
    assert run(tmp_path, 10, max_steps=20)[1] == used[5:]  # the question is answered for this checkpoint


def test_a_seam_that_rises_is_refused_without_a_warmup(finished):
    with pytest.raises(ResumeConflict, match=r"rises to at most 1\.1 times"):
        run(finished, 10, max_steps=20, way={"policy": "requested"})


@pytest.mark.parametrize(("policy", "peak"), [("requested", 0.1), ("stored", 1.0)])
def test_another_learning_rate_is_used_whole_or_not_at_all(tmp_path, policy, peak):
    run(tmp_path, None, stop=STOP)
    _, used = run(tmp_path, 5, learning_rate=0.1, way={"policy": policy})
    assert used == RECIPE.over(10, peak=peak)(range(5, 10)).tolist()


def test_a_checkpoint_of_a_bare_trainer_is_refused_by_name(tmp_path):
    run(tmp_path, None, stop=3, recipe=None, save_steps=3)
    with pytest.raises(CheckpointError, match="that of another at last_epoch=3"):
        run(tmp_path, 3)
