"""`glidepath convert` as a person and as a script run it: any source into any form."""

import json
import subprocess

import numpy as np
import pytest

import glidepath as gp
from glidepath.schedules import dialects
from glidepath.schedules.plan import Plan
from starting import Started

RECIPE = "warmup(2%) >> cosine(to=0.1)"
ARGUMENTS = "train.py --learning_rate 3e-4 --lr_scheduler_type cosine --warmup_ratio 0.03 --max_steps 1000"
MEGATRON = "pretrain_gpt.py --lr 3e-4 --min-lr 3e-5 --lr-decay-style cosine --lr-warmup-iters 30 --train-iters 1000"


def glidepath(*arguments: str) -> subprocess.CompletedProcess[str]:
    return Started("glidepath.cli.main", *arguments).finished()


@pytest.mark.parametrize(
    ("form", "read"), [("toml", gp.from_toml), ("json", gp.from_json), ("text", gp.parse), ("code", lambda text: text)]
)
def test_our_own_forms_are_read_back(form, read):
    recipe = gp.parse(RECIPE)
    result = glidepath("convert", RECIPE, form)
    assert (result.returncode, result.stderr) == (0, "")
    assert read(result.stdout.strip()) == (repr(recipe) if form == "code" else recipe)
    bound = glidepath("convert", RECIPE, form, "--horizon", "1k", "--peak", "0.1").stdout.strip()
    schedule = recipe.over(1_000, peak=0.1)
    assert read(bound) == (repr(schedule) if form == "code" else schedule)


@pytest.mark.parametrize(("suffix", "read"), [(".toml", gp.from_toml), (".json", gp.from_json)])
def test_a_file_of_another_library_becomes_one_of_ours(tmp_path, suffix, read):
    source, target = tmp_path / "train.sh", tmp_path / f"schedule{suffix}"
    source.write_text(MEGATRON)
    result = glidepath("convert", str(source), str(target), "--png", str(tmp_path / "s.svg"))
    assert (result.returncode, result.stderr) == (0, "")
    found = read(target.read_text())
    np.testing.assert_allclose(found(range(1_000))[[0, 15, 30]], [0.0, 1.5e-4, 3e-4])
    assert "<svg" in (tmp_path / "s.svg").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["train.sh", target.name, "s.svg"])


@pytest.mark.skipif("write" not in vars(dialects), reason="no schedule is written in a library's words yet")
@pytest.mark.parametrize("library", ["transformers", "deepspeed", "megatron", "torch", "optax"])
def test_what_is_written_for_a_library_is_the_same_schedule(tmp_path, library):
    schedule = "(warmup(10, start=0) >> linear()).over(100, peak=0.1)"
    result = glidepath("convert", schedule, library)
    if result.returncode == 2:  # it has no such curve, and says so
        assert "Traceback" not in result.stderr
        return
    path = tmp_path / "theirs.txt"
    path.write_text(result.stdout)
    assert glidepath("diff", schedule, str(path)).returncode == 0


def test_a_plan_is_converted_whole(tmp_path):
    plan = Plan(gp.cosine().over(100, peak=0.1), weight_decay=0.1)
    source, target = tmp_path / "plan.toml", tmp_path / "plan.json"
    source.write_text(gp.to_toml(plan))
    assert glidepath("convert", str(source), str(target)).returncode == 0
    assert gp.from_json(target.read_text()) == plan


def test_notes_go_to_the_standard_error_or_into_the_json():
    result = glidepath("convert", ARGUMENTS, "text")
    assert result.returncode == 0
    assert "climbs again behind its last step" in result.stderr
    assert len(result.stdout.splitlines()) == 1
    answer = json.loads(glidepath("convert", ARGUMENTS, "text", "--json").stdout)
    assert answer["library"] == "transformers"
    assert answer["written"] == result.stdout.strip()
    assert "climbs again" in answer["notes"][0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([RECIPE], "TO"),
        ([RECIPE, "tml"], "did you mean 'toml'"),
        ([RECIPE, "transformers"], "--horizon"),
        ([RECIPE, "s.yaml"], "expected a form or a library"),
        ([RECIPE, "nowhere/s.toml"], "nowhere/s.toml"),
        (["missing.sh", "toml"], "missing.sh"),
        (["--", "--lr 1 --train-iters 5 --lr-warmup-itrs 3", "toml"], "lr_warmup_iters"),
    ],
)
def test_wrong_use_is_one_sentence_and_leaves_nothing(arguments, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = glidepath("convert", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_there_stays_where_it_cannot_be_written(tmp_path):
    target = tmp_path / "s.toml"
    target.write_text("mine")
    assert glidepath("convert", "cosin()", str(target)).returncode == 2
    assert target.read_text() == "mine"
