"""`glidepath resume` and `glidepath amend`, on schedules and on the journals of real trainings."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch

import glidepath as gp
from glidepath.frameworks.torch import attach
from glidepath.runs.journal import read_journal
from starting import Started

PLAN = gp.parse("warmup(5) >> cosine()").over(60, peak=0.1)
RECIPE = "warmup(2%) >> cosine()"


def glidepath(*arguments: Any) -> subprocess.CompletedProcess[str]:
    return Started("glidepath.cli.main", *arguments).finished()


class Training:
    """A real one, recorded; its updates are made when asked for."""

    def __init__(self, path: Path, schedule: Any = PLAN) -> None:
        self.parameter = torch.nn.Parameter(torch.ones(2))
        self.optimizer = torch.optim.SGD([self.parameter], lr=1.0)
        self.scheduler = attach(self.optimizer, schedule, journal=path)

    def train(self, updates: int) -> None:
        for _ in range(updates):
            self.parameter.grad = torch.ones(2)
            self.optimizer.step()


def test_every_policy_is_shown_with_its_seam(tmp_path):
    answer = glidepath("resume", RECIPE, "--horizon", "1k", "--peak", "3e-4", "--at", "900", "--to", "2k", "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    policies = json.loads(answer.stdout)["policies"]
    assert set(policies) == {"stored", "hold", "stretch", "anneal_from_here", "rewarm(1%)"}
    planned = gp.parse(RECIPE).over(1_000, peak=3e-4)
    for policy in policies.values():
        after = gp.from_spec(policy["spec"])
        assert (policy["last"], policy["next"]) == (planned(899), after(900))
    picture = tmp_path / "ways.svg"
    words = glidepath("resume", RECIPE, "--horizon", "1k", "--at", "900", "--to", "2k", "--png", picture)
    assert words.returncode == 0
    assert "gone on with" in words.stdout
    assert "rewarm(1%)" in picture.read_text()


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--at", "900", "--policy", "hold"], 0, "hold"),
        (["--at", "900", "--policy", "rewarm", "--length", "2%"], 0, "rewarm"),
        (["--at", "900", "--policy", "branch", "--length", "50", "--recipe", "linear()"], 0, "over(950"),
        (["--at", "900", "--policy", "append", "--recipe", "linear()"], 0, "linear()"),
        (["--at", "900", "--policy", "append", "--recipe", "hold(at=1)"], 1, "rises to at most"),
        (["--at", "900", "--policy", "append"], 2, "--recipe"),
        (["--at", "900", "--policy", "branch", "--recipe", "linear()"], 2, "--length"),
        (["--at", "900", "--policy", "squash"], 2, "squash"),
        (["--at", "900", "--to", "800", "--policy", "hold"], 1, "expected a horizon behind step 900"),
        (["--at", "900", "--to", "nine"], 2, "expected an amount"),
        ([], 2, "write --at 5000"),
    ],
)
def test_one_policy_answers_with_its_schedule_and_an_exit_code(options, code, said):
    answer = glidepath("resume", RECIPE, "--horizon", "1k", *options)
    assert answer.returncode == code
    assert said in answer.stdout + answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_run_is_amended_while_it_runs_and_resumed_from_its_journal(tmp_path):
    path = tmp_path / "run" / "journal.jsonl"
    training = Training(path)
    training.train(20)
    answer = glidepath("amend", path.parent, "--scale", 0.5, "--json")
    assert json.loads(answer.stdout)["amendment"] == {"step": 20, "scale": 0.5}
    training.train(5)
    # between updates 20 and 21 it was read: 20 was ready already
    lrs = read_journal(path)["lr"].values
    assert lrs[20:].tolist() == [PLAN(20), *(PLAN(step) / 2 for step in range(21, 25))]
    assert glidepath("amend", path, "--hold").returncode == 0
    training.train(3)
    assert glidepath("amend", path, "--release").returncode == 0
    training.train(2)
    answer = json.loads(glidepath("resume", path, "--to", "90", "--policy", "stretch", "--json").stdout)
    assert (answer["step"], answer["policies"]["stretch"]["last"]) == (30, training.scheduler.get_last_lr()[0])
    amendments = [next(key for key in table if key != "step") for table in read_journal(path).amendments]
    assert amendments == ["scale", "hold", "release"]


def test_the_learning_rates_of_a_plan_are_amended(tmp_path):
    path = tmp_path / "journal.jsonl"
    Training(path, gp.Plan(PLAN, momentum=0.5)).train(10)
    answer = json.loads(glidepath("amend", path, "--cap", "0.01", "--json").stdout)
    assert answer["next"] == 0.01


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "expected one change, got none"),
        (["--scale", "0.5", "--hold"], "expected one change, got scale and hold"),
        (["--scale", "2"], "scale"),
        (["--scale", "nan"], "scale"),
        (["--release"], "expected a hold before its release"),
        (["--horizon", "5"], "expected a horizon behind step 10"),
        (["--hold", "--policy", "hold"], "amendment"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_and_not_left_for_the_run(tmp_path, options, said):
    path = tmp_path / "journal.jsonl"
    Training(path).train(10)
    answer = glidepath("amend", path, *options)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert said in answer.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["journal.jsonl"]


def test_what_is_no_recorded_run(tmp_path):
    path = tmp_path / "journal.jsonl"
    assert glidepath("amend", path, "--hold").returncode == 2
    path.write_text('{"segment": 0, "settings": {}}\n{"step": 0, "loss": 1}\n')
    answer = glidepath("amend", path, "--hold")
    assert (answer.returncode, "expected the journal of a schedule" in answer.stderr) == (2, True)
