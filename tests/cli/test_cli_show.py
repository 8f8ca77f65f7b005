"""`glidepath show` as a person and as a script runs it."""

import json
import subprocess

import pytest

import glidepath as gp
from glidepath.runs.journal import Journal
from starting import Started

RECIPE = "warmup(2%) >> cosine(to=0.1)"


def glidepath(*arguments: str) -> subprocess.CompletedProcess[str]:
    return Started("glidepath.cli.main", *arguments).finished()


def test_a_recipe_is_drawn_with_its_whole_numbers():
    result = glidepath("show", RECIPE, "--horizon", "100k", "--peak", "3e-4")
    assert (result.returncode, result.stderr) == (0, "")
    assert "steps 0 to 2000" in result.stdout
    assert "3e-4" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_json_has_what_the_schedule_says():
    result = glidepath("show", RECIPE, "--horizon", "1000", "--peak", "1", "--json")
    numbers = json.loads(result.stdout)
    schedule = gp.parse(RECIPE).over(1_000, peak=1.0)
    assert gp.from_spec(numbers["spec"]) == schedule == gp.parse(numbers["schedule"])
    assert numbers["points"]["last update"] == {"step": 999, "lr": schedule(999)}
    assert [part["steps"] for part in numbers["parts"]] == [20, 980]


@pytest.mark.parametrize(("suffix", "write"), [(".json", gp.to_json), (".toml", gp.to_toml)])
def test_a_spec_file_and_a_picture(tmp_path, suffix, write):
    spec = tmp_path / f"schedule{suffix}"
    spec.write_text(write(gp.parse(RECIPE).over(100, peak=0.1)))
    result = glidepath("show", str(spec), "--png", str(tmp_path / "s.png"))
    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "s.png").read_bytes().startswith(b"\x89PNG")


def test_a_file_of_another_library_with_what_it_leaves_out(tmp_path):
    path = tmp_path / "args.yaml"
    path.write_text("lr_scheduler_type: cosine\nwarmup_ratio: 0.1\nnum_train_epochs: 2\n")
    result = glidepath("show", str(path), "--steps-per-epoch", "50", "--json")
    numbers = json.loads(result.stdout)
    assert (numbers["library"], numbers["name"], numbers["run_steps"]) == ("transformers", "cosine", 100)
    assert numbers["assumed"] == ["learning_rate=5e-05"]
    assert numbers["points"]["peak"] == {"step": 10, "lr": 5e-5}
    assert "climbs again" in result.stderr
    words = glidepath("show", str(path), "--steps-per-epoch", "50")
    assert "learning_rate=5e-05" in words.stdout
    assert "half of the area" in words.stdout


def test_of_many_parts_the_first_and_the_last_are_shown():
    text = "train.py --sched cosine --epochs 90 --lr 0.1 --warmup-epochs 5"
    words = glidepath("show", text, "--steps-per-epoch", "1251")
    assert words.returncode == 0
    assert "parts more" in words.stdout
    assert len(words.stdout.splitlines()) < 60
    assert max(map(len, words.stdout.splitlines())) <= 90
    numbers = json.loads(
        glidepath("show", text, "--horizon", "90 epochs", "--steps-per-epoch", "1251", "--json").stdout
    )
    assert numbers["points"]["last update"]["step"] == 90 * 1251 - 1
    assert len(numbers["parts"]) > 80


def test_a_run_that_ends_before_its_decay_says_where():
    text = "pretrain.py --lr 1 --lr-decay-style linear --train-iters 100 --lr-decay-iters 200"
    points = json.loads(glidepath("show", text, "--json").stdout)["points"]
    assert points["last update of the run"] == {"step": 99, "lr": pytest.approx(1 - 99 / 200)}


def test_a_journal_cut_in_the_middle_is_shown_and_said(tmp_path):
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        for step in range(5):
            journal.write({"step": step, "lr": 0.1, "loss": 1.0 / (step + 1)})
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    result = glidepath("show", str(path), "--json")
    assert result.returncode == 0
    assert "line 6: cut in the middle, left out" in result.stderr
    assert json.loads(result.stdout)["last"]["loss"] == {"step": 3, "value": 0.25}
    assert path.read_bytes() == whole[:-9]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", RECIPE], "expected a horizon"),
        (["show", RECIPE, "--horizon", "0"], "at least 1 step"),
        (["show", RECIPE, "--horizon", "0.5"], "whole steps"),
        (["show", RECIPE, "--horizon", "100", "--peak", "nan"], "above 0"),
        (["show", RECIPE, "--horizon", "100", "--peak", "-1"], "above 0"),
        (["show", "warmup(20) >> hold(90)", "--horizon", "100"], "expected parts of at most 100 steps"),
        (["show", "hold() >> cosine()", "--horizon", "100"], "at most one part without a length"),
        (["show", "warmup(0.02)", "--horizon", "100"], "whole steps"),
        (["show", "warmupp(2%)", "--horizon", "100"], "did you mean 'warmup'?"),
        (["show", "missing.json"], "missing.json"),
        (["show", "missing.jsonl"], "missing.jsonl"),
        (["show", "missing.sh"], "missing.sh"),
        (["show", "."], "directory"),
        (["show", "train.py --sched cosine --lr 1"], "--steps-per-epoch"),
        (["show", RECIPE, "--horizon", "3 epochs"], "epochs"),
        (["show", "wsd", "--horizon", "10", "--steps-per-epoch", "0"], "--steps-per-epoch"),
        (["shw"], "shw"),
        (["demo", "--text", "missing.txt", "--out", "nowhere"], "missing.txt"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(arguments, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = glidepath(*arguments)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []  # nothing half-written
