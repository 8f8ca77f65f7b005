"""`fit(ckpt_path=)` under a schedule, beside what bare Lightning does: the same run, or a conflict that says so."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from driving_lightning import ITS_OWN, Module, trained
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR

import glidepath as gp
from glidepath.errors import AttachError, CheckpointError, ResumeConflict
from glidepath.frameworks import lightning
from glidepath.schedules.continuation import anneal_from_here, append, branch, rewarm

pytestmark = ITS_OWN

RECIPE = gp.parse("warmup(2) >> cosine()")
STEPS = 10
PLAN = RECIPE.over(STEPS, peak=1.0)
PLANNED = PLAN(range(STEPS)).tolist()
LAST = PLANNED[-1]
LONGER = RECIPE.over(20, peak=1.0)


def run(folder: Path, epochs: int = 1, recipe: gp.Recipe = RECIPE, *, way: Any = None, **args: Any) -> Module:
    """A training of so many epochs of ten updates, or what is left of it from a checkpoint on."""

    def configured(module: Module, optimizer: SGD) -> Any:
        return lightning.attach(module, optimizer, recipe, **(way or {}))

    return trained(configured, folder, max_epochs=epochs, **args)


def bare(folder: Path, epochs: int = 1, **args: Any) -> list[float]:
    def configured(_: Module, optimizer: SGD) -> Any:
        cosine = CosineAnnealingLR(optimizer, STEPS * epochs)
        return [optimizer], [{"scheduler": cosine, "interval": "step"}]

    return trained(configured, folder, max_epochs=epochs, **args).spy.first


# ---- What bare Lightning does, in silence. ----


def test_bare_a_finished_cosine_climbs_back_when_it_is_extended(tmp_path):
    bare(tmp_path)
    then = bare(tmp_path, 2, resume=STEPS)
    assert then == sorted(then)
    assert (then[0], then[-1]) == pytest.approx((0.0, 0.9755), abs=1e-4)


def test_bare_another_learning_rate_is_ignored(tmp_path):
    bare(tmp_path, stop=5)
    assert bare(tmp_path, lr=0.1, resume=5)[0] == pytest.approx(0.5)


# ---- The same plan: the run that was not interrupted, to the bit. ----


@pytest.mark.parametrize("at", range(1, STEPS))
def test_killed_anywhere_it_goes_on_to_the_bit(tmp_path, at):
    whole = run(tmp_path)
    run(tmp_path, stop=at)
    rest = run(tmp_path, resume=at)
    assert rest.spy.first == PLANNED[at:]
    assert at != 1 or whole.spy.first == PLANNED
    assert rest.lr_schedulers().last_epoch == STEPS


def test_bare_a_checkpoint_without_a_scheduler_begins_again(tmp_path):
    trained(lambda _, optimizer: optimizer, tmp_path, max_epochs=1, stop=5)
    assert bare(tmp_path, resume=5)[0] == 1.0


def test_a_checkpoint_without_a_scheduler_is_refused_until_its_step_is_said(tmp_path):
    trained(lambda _, optimizer: optimizer, tmp_path, max_epochs=1, stop=5)
    with pytest.raises(AttachError, match=r"at step 5 without: say where to go on, attach\(\.\.\., step=5\)"):
        run(tmp_path, resume=5)


@pytest.mark.parametrize("step", [5, 0])
def test_a_checkpoint_without_a_scheduler_goes_on_where_it_is_said(tmp_path, step):
    trained(lambda _, optimizer: optimizer, tmp_path, max_epochs=1, stop=5)
    assert run(tmp_path, resume=5, way={"step": step}).spy.first == PLANNED[step : step + 5]


def test_behind_an_epoch_the_weights_are_those_of_the_whole_run_too(tmp_path):
    whole = run(tmp_path, 2)
    run(tmp_path, 2, stop=10)
    rest = run(tmp_path, 2, resume=10)
    assert rest.spy.first == whole.spy.first[10:]
    assert all(map(torch.equal, rest.parameters(), whole.parameters()))


def test_another_accumulation_goes_on_at_the_same_update(tmp_path):
    run(tmp_path, 2, gp.parse("hold()"), stop=10)
    schedule = gp.parse("linear()").over(40, peak=1.0)

    def configured(module: Module, optimizer: SGD) -> Any:
        return lightning.attach(module, optimizer, schedule)

    trained(configured, tmp_path, max_epochs=1)
    rest = trained(configured, tmp_path, max_epochs=3, resume=10, accumulate_grad_batches=5)
    assert rest.spy.first == schedule(range(10, 14)).tolist()


# ---- Another plan: a conflict, before the first update, until a policy is named. ----


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"epochs": 2}, r"\$\.horizon\.steps +10 +20"),
        ({"lr": 0.1}, r"\$\.peak +1.0 +0.1"),
        ({"way": {"peak": 0.5}}, r"\$\.peak +1.0 +0.5"),
        ({"recipe": gp.parse("warmup(3) >> cosine()")}, "length"),
    ],
    ids=str,
)
def test_what_differs_is_said_field_by_field_with_the_next_learning_rate_under_each_policy(tmp_path, change, field):
    run(tmp_path, stop=5)
    with pytest.raises(ResumeConflict) as conflict:
        run(tmp_path, resume=5, **change)
    message = str(conflict.value)
    assert re.search(field, message)
    assert f"last learning rate was {PLANNED[4]:.6g}" in message
    for word in ("stored", "requested", "hold", "stretch", "anneal_from_here", "rewarm"):
        assert word in message


@pytest.mark.parametrize("policy", ["hold", "stored", "stretch", rewarm(3, to=0.3, then=gp.parse("linear()"))], ids=str)
def test_a_finished_run_is_extended_by_a_policy(tmp_path, policy):
    run(tmp_path)
    used = run(tmp_path, 2, resume=STEPS, way={"policy": policy}).spy.first
    flat = {"hold": LAST, "stretch": LAST, "stored": 0.0}
    if isinstance(policy, str):
        assert used == pytest.approx([flat[policy]] * 10, abs=1e-12)
    else:
        assert used[:4] == sorted(used[:4])
        assert used[3:] == sorted(used[3:], reverse=True)
        assert (used[0], max(used)) == pytest.approx((LAST, 0.3))


@pytest.mark.parametrize(
    ("policy", "allowed", "first"),
    [
        ("stored", {}, PLANNED[5]),
        ("hold", {}, PLANNED[4]),
        ("anneal_from_here", {}, PLANNED[4]),
        (anneal_from_here(to=0.1, shape="cosine"), {}, PLANNED[4]),
        (append(gp.parse("linear(to=0)")), {}, PLANNED[4]),
        (branch(gp.parse("decay(shape=1-sqrt)"), 5), {}, PLANNED[4]),
        ("requested", {"most": 2.0}, LONGER(5)),
    ],
    ids=str,
)
def test_a_stopped_run_is_extended_by_a_policy_and_resumed_under_it_again(tmp_path, policy, allowed, first):
    way = {"policy": policy, **allowed}
    run(tmp_path, stop=5)
    used = run(tmp_path, 2, resume=5, way=way).spy.first
    assert used[0] == pytest.approx(first)
    assert used == sorted(used, reverse=True)  # nothing warms up here, and nothing rises
    run(tmp_path, 2, resume=5, way=way, stop=12)
    assert run(tmp_path, 2, resume=12, way=way).spy.first == used[7:]
    assert run(tmp_path, 2, resume=12).spy.first == used[7:]  # the question is answered for this checkpoint


def test_a_seam_that_rises_is_refused_without_a_warmup(tmp_path):
    run(tmp_path)
    with pytest.raises(ResumeConflict, match=r"rises to at most 1\.1 times"):
        run(tmp_path, 2, resume=STEPS, way={"policy": "requested"})


@pytest.mark.parametrize(("policy", "peak"), [("requested", 0.1), ("stored", 1.0)])
def test_another_learning_rate_is_used_whole_or_not_at_all(tmp_path, policy, peak):
    run(tmp_path, stop=5)
    used = run(tmp_path, lr=0.1, resume=5, way={"policy": policy}).spy.first
    assert used == RECIPE.over(STEPS, peak=peak)(range(5, STEPS)).tolist()


def test_a_checkpoint_of_a_bare_scheduler_is_refused_by_name(tmp_path):
    bare(tmp_path, stop=3)
    with pytest.raises(CheckpointError, match="that of another at last_epoch=3"):
        run(tmp_path, resume=3)
