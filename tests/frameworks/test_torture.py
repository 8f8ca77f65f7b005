"""Some lives of `make torture`, and what it has found."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from driving import Spy, adamw, schedule_of, sgd, update

from glidepath.frameworks.torch import attach
from glidepath.schedules.continuation import continue_

TORTURE = Path(__file__).parents[2] / "benchmarks" / "torture"
LIVES, SECONDS = 15, 200  # some ten seconds on a machine that has nothing else to do


def tortured(*program: str, lives: int, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *program, "--cycles", str(lives), "--seed", "20", "--workers", "2"]
    around = {**os.environ, "TMPDIR": str(folder)}
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, env=around)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="lives are forked")
def test_some_lives_use_what_was_worked_out_by_hand(tmp_path):
    answer = tortured(str(TORTURE), lives=LIVES, folder=tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert f"0 of {LIVES} lives wrong, 0 lost" in answer.stdout
    for what in ("kills", "policies", "requests", "changes", "checkpoints cut", "in 2", "in 3"):
        assert int(re.search(rf"{what} (\d+)", answer.stdout)[1]) > 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="lives are forked")
def test_a_learning_rate_that_is_wrong_is_found(tmp_path):
    broken = (
        "import sys, runpy; sys.argv = sys.argv[1:]; sys.path.insert(0, sys.argv[0]); import reference;"
        "reference.MOST_UP, old = 1.0, reference._way;"
        "reference._way = lambda start, end, u, shape: old(start, end, u * (1 + 1e-6), shape);"
        "reference.FORMULAS['hold'] = lambda *told: lambda t: told[3] * (1 + 1e-6);"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    answer = tortured("-c", broken, str(TORTURE), lives=4, folder=tmp_path)
    assert answer.returncode == 1, answer.stderr
    assert "should have used" in answer.stdout


# ---- Found by it. ----


ORDERS = [
    ("attach", "optimizer", "scheduler"),
    ("attach", "scheduler", "optimizer"),
    ("optimizer", "attach", "scheduler"),
]


@pytest.mark.parametrize("order", ORDERS, ids=", ".join)
@pytest.mark.parametrize("make", [sgd, adamw])
@pytest.mark.parametrize("tensor", [False, True])
def test_an_optimizer_loaded_in_any_order_begins_with_what_the_policy_says(order, make, tensor):
    """Behind the scheduler it brought the learning rate of the plan before, for one update."""
    old, new = (schedule_of(horizon=horizon) for horizon in (12, 24))
    lrs = [torch.tensor(1.0, dtype=torch.float64) if tensor else 1.0 for _ in range(2)]
    first, optimizer = map(make, lrs)
    saved = attach(first, old)
    update(first, 6)
    for way in order:
        if way == "attach":
            scheduler = attach(optimizer, new, policy="hold")
        elif way == "optimizer":
            optimizer.load_state_dict(first.state_dict())
        else:
            scheduler.load_state_dict(saved.state_dict())
    spy = Spy(optimizer)
    update(optimizer, 3)
    assert spy.first == continue_(old, 6, 24, "hold").after(range(6, 9)).tolist()
