"""A watch in the doors: a real training that diverges where its learning rate is too high, warned of, stopped, cut."""

import json
import warnings
from itertools import count

import numpy as np
import pytest
import torch

import glidepath as gp
from glidepath.errors import AttachError, DivergedError
from glidepath.frameworks.torch import attach, cut
from glidepath.frameworks.watching import Guard
from glidepath.runs.journal import read_journal

STEPS = 400
# A linear regression by SGD: the curvature is 2, so that it goes apart where the learning rate is above 1.
GOOD, TOO_HIGH = 0.3, 1.3
WARMUP = 250


def schedule(peak):
    return (gp.warmup(WARMUP) >> gp.hold()).over(STEPS, peak=peak)


class Training:
    """The regression, one batch an update."""

    def __init__(self):
        self.draw = torch.Generator().manual_seed(0)
        self.weights = torch.nn.Parameter(torch.full((4,), 3.0))
        self.optimizer = torch.optim.SGD([self.weights], lr=1.0)

    def update(self):
        x = torch.randn(64, 4, generator=self.draw)
        loss = (x @ self.weights - 0.1 * torch.randn(64, generator=self.draw)).square().mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss


def trained(peak, watch, journal=None, steps=STEPS):
    training = Training()
    scheduler = attach(training.optimizer, schedule(peak), watch=watch, journal=journal)
    losses = []
    for _ in range(steps):
        loss = training.update()
        losses.append(float(loss.detach()))
        scheduler.tell(loss)
    return scheduler, losses


def test_a_good_training_is_let_alone(tmp_path):
    scheduler, losses = trained(GOOD, "stop", tmp_path / "journal.jsonl")
    run = read_journal(tmp_path / "journal.jsonl")
    np.testing.assert_allclose(run["loss"].values, losses)
    assert run["loss"].steps.tolist() == list(range(STEPS))
    assert not scheduler.course.amendments


def test_a_divergence_is_said():
    with pytest.warns(UserWarning, match="divergence at step"):
        trained(TOO_HIGH, "warn", steps=WARMUP)


def test_a_divergence_stops_the_training_early():
    training = Training()
    scheduler = attach(training.optimizer, schedule(TOO_HIGH), watch="stop")
    done = count()

    def until_it_stops():
        for _ in zip(range(STEPS), done):  # noqa: B905 - as far as it comes
            scheduler.tell(training.update())

    with pytest.raises(DivergedError, match="divergence at step"):
        until_it_stops()
    assert next(done) < WARMUP


def test_a_cut_brings_it_back_and_is_kept_in_the_journal(tmp_path):
    path = tmp_path / "journal.jsonl"
    with pytest.warns(UserWarning, match="divergence"):
        scheduler, losses = trained(TOO_HIGH, cut(0.4, warmup=20), path)
    (change,) = scheduler.course.amendments
    assert (change.kind, change.value, change.warmup) == ("scale", 0.4, 20)
    assert np.mean(losses[-20:]) < 0.1
    run = read_journal(path)
    assert [table["scale"] for table in run.amendments] == [0.4]
    used = run["lr"].values
    np.testing.assert_allclose(used, scheduler.schedule(range(STEPS)))
    assert used[change.step] < used[change.step - 1] / 10
    kept = [json.loads(text) for text in path.read_text().splitlines()]
    assert next(one["finding"]["kind"] for one in kept if "finding" in one) == "divergence"


def test_behind_the_last_cut_it_stops():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(DivergedError, match=r"divergence|not finite"):
            trained(1.6, cut(0.95, warmup=1, most=2))


def test_a_loss_that_is_no_number_stops_where_a_cut_could_not_help():
    training = Training()
    scheduler = attach(training.optimizer, schedule(GOOD), watch="cut")

    def spoiled():
        for _ in range(100):
            training.update()
            scheduler.tell(float("nan"))

    with pytest.warns(UserWarning, match="not finite"), pytest.raises(DivergedError, match="not finite"):
        spoiled()
    assert not scheduler.course.amendments


def test_a_cut_is_there_after_a_resume():
    with pytest.warns(UserWarning, match="divergence"):
        scheduler, _ = trained(TOO_HIGH, cut(0.4, warmup=20))
    training = Training()
    again = attach(training.optimizer, schedule(TOO_HIGH))
    again.load_state_dict(scheduler.state_dict())
    assert again.schedule(range(STEPS)).tolist() == scheduler.schedule(range(STEPS)).tolist()


def test_several_optimizers_are_cut_together():
    training = Training()
    idle = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedulers = attach([training.optimizer, idle], schedule(TOO_HIGH), watch=cut(0.4, warmup=20))

    def together():
        for _ in range(STEPS):
            loss = training.update()
            idle.step()
            schedulers.tell(loss)

    with pytest.warns(UserWarning, match="divergence"):
        together()
    assert [len(one.course.amendments) for one in schedulers] == [1, 1]


@pytest.mark.parametrize("watch", ["halt", 3, ["warn"], True])
def test_a_watch_that_is_none_is_refused(watch):
    with pytest.raises(AttachError, match="expected watch="):
        attach(Training().optimizer, schedule(GOOD), watch=watch)
    with pytest.raises(AttachError, match="expected watch="):
        Guard(watch)


@pytest.mark.parametrize(
    "terms", [{"scale": 0}, {"scale": 1.0}, {"scale": True}, {"warmup": 0}, {"warmup": 1.5}, {"most": 0}]
)
def test_a_cut_that_is_none_is_refused(terms):
    with pytest.raises(AttachError, match="of a cut"):
        cut(**terms)


@pytest.mark.parametrize("loss", ["1", None, torch.zeros(2), True, 1j])
def test_a_loss_that_is_none_is_refused(loss):
    training = Training()
    scheduler = attach(training.optimizer, schedule(GOOD))
    training.update()
    with pytest.raises(AttachError, match="expected loss as a number"):
        scheduler.tell(loss)


def test_what_no_update_saw_is_refused():
    with pytest.raises(AttachError, match=r"behind optimizer\.step"):
        attach(Training().optimizer, schedule(GOOD)).tell(1.0)


def test_an_update_that_was_not_applied_is_not_told_twice(tmp_path):
    training = Training()
    scheduler = attach(training.optimizer, schedule(GOOD), journal=tmp_path / "journal.jsonl")
    training.update()
    scheduler.tell(2.0)
    scheduler.tell(float("inf"))  # mixed precision left this one out
    assert read_journal(tmp_path / "journal.jsonl")["loss"].values.tolist() == [2.0]
