"""`glidepath recommend` as a person and as a script runs it."""

import json
import subprocess

import pytest

import glidepath as gp
from glidepath.advice import TASKS, recommend, to_plain
from starting import Started

NARROW = 80


def glidepath(*arguments: str) -> subprocess.CompletedProcess[str]:
    return Started("glidepath.cli.main", "recommend", *arguments).finished()


def test_the_worked_example_in_words():
    result = glidepath("fine-tuning", "--optimizer", "adamw", "--horizon", "10k")
    assert (result.returncode, result.stderr) == (0, "")
    for said in (
        "recipe  warmup(5%) >> cosine(to=0.1)",
        "peak  2e-5 to 5e-5, begin with 3e-5",
        "warmup  5% = 500 of 10000 steps",
        "[published: Devlin et al. 2018, arXiv 1810.04805]",
        "folklore: said by many, measured by nobody",
        "What to watch",
        "underfits",
        "spikes",
        "┤",
    ):
        assert said in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= NARROW


@pytest.mark.parametrize("task", TASKS)
def test_every_task_answers_as_json_with_the_same_numbers(task):
    answer = json.loads(glidepath(task, "--json").stdout)
    assert answer == to_plain(recommend(task)) | {"schedule": None}


def test_json_has_the_schedule_over_the_horizon():
    arguments = ("cnn", "--batch-size", "1024", "--horizon", "90 epochs", "--steps-per-epoch", "100", "--json")
    answer = json.loads(glidepath(*arguments).stdout)
    schedule = gp.from_spec(answer["schedule"]["spec"])
    assert (schedule.horizon.steps, schedule.peak) == (9_000, 0.4)
    assert answer["schedule"]["warmup_steps"] == answer["schedule"]["boundaries"][1] == 500
    assert answer["horizon"] == {"steps": 9_000, "steps_per_epoch": "100"}


def test_a_picture_and_a_peak_of_ones_own(tmp_path):
    path = tmp_path / "advice.png"
    result = glidepath("pre-training", "--model", "125M", "--peak", "2e-3", "--png", str(path))
    assert (result.returncode, result.stderr) == (0, "")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert "peak 2e-3" in result.stdout


def test_help_has_examples_and_fits_a_narrow_terminal():
    lines = glidepath("--help").stdout.splitlines()
    assert sum(line.strip().startswith("glidepath recommend ") for line in lines) >= 3
    assert max(map(len, lines)) <= NARROW


@pytest.mark.parametrize("horizon", ["1", "2", "1000000000000"])
def test_any_horizon_is_drawn(horizon):
    for task in ("pre-training", "small-data"):
        assert glidepath(task, "--horizon", horizon).returncode == 0


def test_a_rule_is_said_as_text():
    assert "rule    early_stop(" in glidepath("small-data").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument 'TASK'"),
        (("fine-tunning",), "did you mean 'fine-tuning'"),
        (("cnn", "--optimizer", "adamw"), "expected sgd for cnn"),
        (("lora", "--model", "bert"), "number of parameters"),
        (("lora", "--batch-size", "0"), "not in the range"),
        (("lora", "--horizon", "3 epochs"), "write --steps-per-epoch"),
        (("lora", "--peak", "-1"), "above 0"),
        (("lora", "--png", "x.gif"), "ending in .png or .svg"),
    ],
)
def test_wrong_use_ends_in_one_sentence_and_the_code_two(arguments, said):
    result = glidepath(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr
    assert result.stderr.startswith("glidepath: ")
