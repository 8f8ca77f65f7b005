"""`glidepath find` as a person and as a script run it: real trainings of scripts in files."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import glidepath as gp
from glidepath.cli.main import desk
from starting import Started

# A noisy quadratic in numpy: a training in any framework, of which a probe takes no time.
NUMBERS = """
import os
import signal
from pathlib import Path

import numpy as np


def train(schedule, steps, seed, *, noise=0.5):
    rng, weights = np.random.default_rng(seed), np.full(50, 3.0)
    curvature, losses = np.geomspace(0.02, 2, 50), []
    for step in range(steps):
        losses.append(float((curvature * weights**2).sum() / 2))
        if not losses[-1] < 1e9:
            return [*losses, float("inf")]
        weights = weights - schedule(step) * curvature * (weights + noise * rng.normal(size=50))
    return losses


def build():
    print("from the script")
    return train


def held_out():
    def trained(schedule, steps, seed):
        losses = train(schedule, steps, seed)
        return np.array(losses), losses[-1] + 1
    return trained


def noise():
    return lambda schedule, steps, seed: np.random.default_rng(int(schedule(0) * 1e6)).normal(1, 0.1, steps)


def diverging():
    return lambda schedule, steps, seed: [1.0, float("nan")]


def stopped():
    def stopping(schedule, steps, seed):
        calls = Path("calls")
        calls.write_text(calls.read_text() + "x" if calls.exists() else "x")
        if len(calls.read_text()) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return train(schedule, steps, seed)
    return stopping


def number():
    return 3


def failing():
    def broken(schedule, steps, seed):
        return {}["loss"]
    return broken


def leaving():
    raise SystemExit(3)


def asking(question):
    return train


def silent():
    return lambda schedule, steps, seed: None


def huge():
    return lambda schedule, steps, seed: [10**400]


THREE = 3
"""

# A small torch regression, with a loader; beside it, what people hand back wrongly.
MODELS = """
import torch
from numbers_beside import train


def build():
    torch.manual_seed(0)
    x = torch.randn(1024, 8)
    y = x.sin().sum(1, keepdim=True)
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), 64, shuffle=True)

    def loss(batch):
        return (model(batch[0]) - batch[1]).square().mean()

    return model, torch.optim.AdamW(model.parameters()), loss, loader


def named():
    model, optimizer, loss, loader = build()
    batch = next(iter(loader))
    return {"model": model, "optimizer": optimizer, "loss": loss, "loader": loader, "validation": lambda: loss(batch)}


def sgd():
    model, _, loss, loader = build()
    return model, torch.optim.SGD(model.parameters(), 0.1), loss, loader


def three():
    return build()[:3]


def alone():
    return build()[0]


def misspelt():
    return named() | {"losses": None}


def bare():
    return {"model": build()[0]}


def swapped():
    model, optimizer, loss, loader = build()
    return optimizer, model, loss, loader


def vector():
    model, optimizer, _, loader = build()
    return model, optimizer, lambda batch: model(batch[0]), loader


def shapes():
    model, optimizer, _, loader = build()
    return model, optimizer, lambda batch: model(batch[0][:, :3]).mean(), loader


def constant():
    model, optimizer, _, loader = build()
    return model, optimizer, lambda batch: torch.zeros(()), loader


def once():
    model, optimizer, loss, loader = build()
    return model, optimizer, loss, iter(list(loader))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Iterator[Path]:
    """Where the scripts are; what they leave in the interpreter is taken back."""
    (tmp_path / "numbers_beside.py").write_text(NUMBERS)
    (tmp_path / "models.py").write_text(MODELS)
    (tmp_path / "wrong.py").write_text("def build(:\n")
    (tmp_path / "lonely.py").write_text("import nothing_of_that_name\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith(("numbers_beside", "models", "wrong", "lonely")):
            del sys.modules[name]


def glidepath(*arguments: str) -> subprocess.CompletedProcess[str]:
    return Started("glidepath.cli.main", "find", *arguments).finished()


def found(*arguments: str) -> int:
    return desk(["find", *arguments], standalone_mode=False)


def answered(capsys, *arguments: str) -> Any:
    assert found(*arguments, "--json") in (None, 0)
    return json.loads(capsys.readouterr().out)


def test_a_probe_in_words_with_its_cost_before_and_a_picture(folder):
    result = glidepath("numbers_beside.py:build", "--horizon", "1k", "--png", "probe.svg")
    assert result.returncode == 0
    assert result.stderr == "probe: at most 500 updates, 50% of a run of 1000; nothing of them stays\n"
    assert "62 steps" in result.stdout
    assert "chosen" in result.stdout
    assert "  of 3 branches of 62 steps" in result.stdout or "  of 4 branches of 62 steps" in result.stdout
    assert "of a run of 1000\nuse  (warmup('5%') >> cosine(to=0.1)).over(1000, peak=" in result.stdout
    assert (folder / "probe.svg").read_text().startswith("<?xml")


def test_json_is_all_that_the_standard_output_gets_and_its_spec_is_the_schedule_to_use(capsys):
    answer = answered(capsys, "numbers_beside.py:build", "--schedule", "wsd", "--horizon", "1000")
    assert 0 < answer["low"] < answer["lr"] < answer["high"]
    assert 0 < answer["confidence"] <= 1
    assert answer["cost"] <= 500
    assert sum(trial["cost"] for trial in answer["evidence"]) < answer["cost"]
    schedule = gp.from_spec(answer["schedule"]["spec"])
    assert (schedule.peak, schedule.horizon.steps) == (answer["lr"], 1_000)
    assert answer["schedule"]["code"] == repr(schedule)


def test_the_peak_found_trains_better_than_one_a_decade_off(capsys):
    lr = answered(capsys, "numbers_beside.py:build", "--horizon", "1k")["lr"]
    from numbers_beside import train

    recipe = gp.warmup("5%") >> gp.cosine(to=0.1)
    there, below, above = (train(recipe.over(1_000, peak=peak), 1_000, 5)[-1] for peak in (lr, lr / 10, lr * 10))
    assert there < min(below, above)


def test_a_torch_model_gives_what_the_library_gives(capsys):
    from glidepath.frameworks.torch import probe

    answer = answered(capsys, "models.py:build", "--horizon", "60 epochs", "--clip", "1")
    from models import build

    *parts, loader = build()
    schedule = (gp.warmup("5%") >> gp.cosine(to=0.1)).over(960)
    same = probe(*parts, schedule, batches=loader, clip=1.0, quiet=True)
    assert (answer["lr"], answer["low"], answer["high"], answer["cost"]) == (same.lr, same.low, same.high, same.cost)
    assert gp.from_spec(answer["schedule"]["spec"]).horizon.steps == 960


def test_a_dict_with_a_validation_under_accumulation_and_an_epoch_is_that_of_updates(capsys):
    found("models:named", "--horizon", "40 epochs", "--accumulation", "2", "--budget", "0.7", "--json")
    trials = json.loads(capsys.readouterr().out)["evidence"]
    assert {trial["steps"] for trial in trials} == {20, 40}  # of 320
    assert all(trial["loss"] == trial["validation"] for trial in trials)


def test_a_range_test_of_a_torch_model_needs_no_horizon(folder, capsys):
    assert found("models.py:sgd", "--range-test", "--seeds", "2", "--png", "sweep.png") in (None, 0)
    words = capsys.readouterr()
    assert "range test: at most 200 updates, 100 for each of 2 seeds" in words.err
    assert "mean of the seeds" in words.out
    assert words.out.splitlines()[-1].startswith("use  recipe.over(horizon, peak=")
    assert (folder / "sweep.png").read_bytes().startswith(b"\x89PNG")


def test_a_range_test_of_a_train_function_costs_all_that_it_was_asked_for(capsys):
    answer = answered(capsys, "numbers_beside.py:build", "--range-test", "--seeds", "3", "--horizon", "500")
    assert len(answer["evidence"]) == 3
    assert max(len(sweep["losses"]) for sweep in answer["evidence"]) <= 100
    assert 200 < answer["cost"] <= 300
    assert gp.from_spec(answer["schedule"]["spec"]).peak == answer["lr"]


def test_a_validation_loss_of_a_train_function_is_what_branches_are_judged_by(capsys):
    answer = answered(capsys, "numbers_beside.py:held_out", "--horizon", "1k", "--centre", "0.5")
    assert all(trial["loss"] == trial["validation"] for trial in answer["evidence"])


def test_a_schedule_in_another_library_s_words_has_its_own_horizon(capsys):
    text = (
        '{"learning_rate": 5e-5, "max_steps": 1000, "warmup_ratio": 0.1, "lr_scheduler_type": "constant_with_warmup"}'
    )
    answer = answered(capsys, "numbers_beside.py:build", "--schedule", text, "--centre", "0.5")
    schedule = gp.from_spec(answer["schedule"]["spec"])
    assert (schedule.horizon.steps, schedule.peak, schedule.boundaries[1]) == (1_000, answer["lr"], 100)


def test_noise_is_refused_with_the_code_of_a_finding_and_what_was_tried(folder, capsys):
    arguments = ("numbers_beside.py:noise", "--horizon", "1k", "--centre", "0.1", "--png", "noise.png")
    assert found(*arguments, "--json") == 1
    words = capsys.readouterr()
    answer = json.loads(words.out)
    assert "this is noise" in answer["refused"]
    assert len(answer["evidence"]) > 4
    assert words.err.splitlines()[-1] == f"glidepath: {answer['refused']}"
    assert (folder / "noise.png").exists()
    assert found(*arguments) == 1
    assert "peak learning rate" in capsys.readouterr().out


def test_noise_is_refused_by_a_range_test_too(capsys):
    assert found("numbers_beside.py:noise", "--range-test", "--json") == 1
    assert json.loads(capsys.readouterr().out)["evidence"] == []


def test_trainings_that_all_diverge_are_refused_and_named_below_the_picture(capsys):
    assert found("numbers_beside.py:diverging", "--horizon", "1k", "--centre", "1") == 1
    words = capsys.readouterr()
    assert "at least 2 branches that train" in words.err
    assert "diverged" in words.out


def test_an_interrupted_search_goes_on_from_its_record(folder):
    arguments = ("numbers_beside.py:stopped", "--horizon", "1k", "--centre", "0.5", "--json")
    record = ("--record", "probe.jsonl")
    cut = glidepath(*arguments, *record)
    assert (cut.returncode, cut.stdout) == (130, "")
    assert "goes on from there" in cut.stderr
    assert len((folder / "probe.jsonl").read_text().splitlines()) == 3  # whose probe it is, and two trials
    whole = glidepath(*arguments, *record)
    calls = len((folder / "calls").read_text())
    assert whole.returncode == 0
    answer = json.loads(whole.stdout)
    assert calls == len(answer["evidence"]) + 1  # but for the one that was cut off, no branch was trained twice
    assert glidepath(*arguments, *record).stdout == whole.stdout
    assert len((folder / "calls").read_text()) == calls
    assert json.loads(glidepath(*arguments).stdout) == answer


def test_an_interrupt_without_a_record_says_how_to_keep_what_is_done():
    result = glidepath("numbers_beside.py:stopped", "--horizon", "1k", "--centre", "0.5")
    assert (result.returncode, result.stdout) == (130, "")
    assert "--record FILE" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("script", "options", "part"),
    [
        ("numbers_beside.py", "", "write train.py:build"),
        ("numbers_beside.py:", "", "write train.py:build"),
        ("nothing.py:build", "", "a script that is there, got 'nothing.py'"),
        ("nothing.at.all:build", "", "a script that is there"),
        ("../up:build", "", "a script that is there"),
        (".:build", "", "a script that is there"),
        ("wrong.py:build", "", "SyntaxError in "),
        ("lonely.py:build", "", "lonely.py, line 1: No module named 'nothing_of_that_name'"),
        ("lonely:build", "", "lonely.py, line 1: No module named 'nothing_of_that_name'"),
        ("numbers_beside.py:biuld", "", "did you mean 'build'"),
        ("numbers_beside.py:THREE", "", "a function for numbers_beside.py:THREE, got 3"),
        ("numbers_beside.py:asking", "", "without arguments"),
        ("numbers_beside.py:number", "", "got 3"),
        ("numbers_beside.py:leaving", "", "SystemExit in "),
        ("numbers_beside.py:failing", "--horizon 1k --centre 1", "got KeyError in "),
        ("numbers_beside.py:silent", "--horizon 1k --centre 1", "losses, or (losses, validation loss), got None"),
        ("numbers_beside.py:huge", "--horizon 1k --centre 1", "losses, or (losses, validation loss), got [1000"),
        ("numbers_beside.py:build", "", "--horizon"),
        ("numbers_beside.py:build", "--horizon 10", "at least 320 steps"),
        ("numbers_beside.py:build", "--horizon 3epochs", "--steps-per-epoch"),
        ("numbers_beside.py:build", "--horizon 1k --schedule cosin()", "cosin"),
        ("numbers_beside.py:build", "--horizon 1k --budget nan", "the budget"),
        ("numbers_beside.py:build", "--horizon 1k --budget 0.01", "raise it to 0.19"),
        ("numbers_beside.py:build", "--horizon 1k --centre 0", "a centre above 0"),
        ("numbers_beside.py:build", "--horizon 1k --clip 1", "--clip only with a model"),
        ("numbers_beside.py:build", "--horizon 1k --accumulation 2", "--accumulation only with a model"),
        ("models.py:build", "--horizon 1k --clip nan", "--clip"),
        ("numbers_beside.py:build", "--horizon 1k --seeds 2", "--seeds only with --range-test"),
        ("numbers_beside.py:build", "--range-test --budget 1", "--budget only with a probe"),
        ("numbers_beside.py:build", "--horizon 1k --record models.py", "the record of a probe"),
        ("numbers_beside.py:build", "--horizon 1k --png nowhere/a.png", "a folder that is there"),
        ("models.py:three", "", "(model, optimizer, loss, loader)"),
        ("models.py:alone", "", "got Sequential"),
        ("models.py:misspelt", "", "did you mean 'loss'"),
        ("models.py:bare", "", "got no optimizer"),
        ("models.py:swapped", "", "as a torch.nn.Module, got AdamW"),
        ("models.py:vector", "--horizon 400", "loss(batch) to return a scalar tensor"),
        ("models.py:shapes", "--horizon 400", "mat1 and mat2 shapes"),
        ("models.py:constant", "--horizon 400", "does not require grad"),
        ("models.py:once", "--horizon 400", "which can be gone through anew"),
    ],
)
def test_wrong_use_is_one_sentence(script, options, part, complaint):
    assert part in complaint(found, script, *options.split())


def test_wrong_use_is_exit_code_2_and_an_error_of_the_script_has_no_traceback():
    result = glidepath("numbers_beside.py:failing", "--horizon", "1k", "--centre", "1", "--json")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1].endswith("'loss'")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("options", ["--clip 0", "--seeds 0", "--accumulation 0", "--png a.gif"])
def test_an_option_out_of_its_range_is_refused(options):
    with pytest.raises(click.ClickException):
        found("numbers_beside.py:build", *options.split())


def test_the_help_has_examples():
    assert "glidepath find train.py:build" in glidepath("--help").stdout
