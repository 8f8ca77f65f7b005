"""`glidepath list`, `diff` and `check` as a person and as a script run them."""

import json
import subprocess

import pytest

import glidepath as gp
from glidepath.schedules.families import FAMILIES
from starting import Started


def glidepath(*arguments: str) -> subprocess.CompletedProcess[str]:
    return Started("glidepath.cli.main", *arguments).finished()


def test_list_shows_every_family_with_its_recipe():
    result = glidepath("list")
    assert (result.returncode, result.stderr) == (0, "")
    assert all(family.name in result.stdout and family.text in result.stdout for family in FAMILIES)
    listed = json.loads(glidepath("list", "--json").stdout)
    assert [gp.parse(entry["text"]) for entry in listed] == [family.recipe for family in FAMILIES]


def test_a_name_is_a_source():
    shown = json.loads(glidepath("show", "wsd", "--horizon", "1000", "--json").stdout)
    assert gp.parse(shown["schedule"]).recipe == gp.parse("warmup(2%) >> hold() >> decay(20%, shape=1-sqrt)")


def test_diff_says_where_and_by_how_much(tmp_path):
    result = glidepath("diff", "cosine()", "linear()", "--horizon", "100", "--peak", "1", "--json")
    assert result.returncode == 1
    found = json.loads(result.stdout)
    left, right = gp.cosine().over(100, peak=1.0), gp.linear().over(100, peak=1.0)
    gaps = [abs(left(step) - right(step)) for step in range(100)]
    assert found["difference"]["first"] == 1
    assert gaps[found["difference"]["most"]] == max(gaps)
    assert glidepath("diff", "cosine()", "decay(shape=cosine)", "--horizon", "100").returncode == 0
    words = glidepath("diff", "cosine()", "linear()", "--horizon", "100", "--png", str(tmp_path / "d.png"))
    assert "part at step 1" in words.stdout
    assert (tmp_path / "d.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["cosine()", "--horizon", "1000"], ["no warmup"]),
        (["warmup(30%) >> cosine()", "--horizon", "1000", "--beta2", "0.9"], ["long warmup"]),
        (["warmup(1%) >> cosine()", "--horizon", "100k"], ["short warmup"]),
        (["warmup(10%, start=0) >> cosine()", "--horizon", "1000", "--beta2", "0.95"], ["first update at 0"]),
        (["warmup(10%) >> hold()", "--horizon", "1000", "--beta2", "0.95"], ["no decay"]),
        (["warmup(10%) >> cosine()", "--horizon", "1000", "--beta2", "0.95", "--run", "620"], ["decay not finished"]),
        (
            ["warmup(10%) >> cosine()", "--horizon", "1000", "--beta2", "0.95", "--run", "2000"],
            ["run goes on behind the horizon"],
        ),
        (["warmup(10%, to=0.5) >> cosine()", "--horizon", "1000", "--beta2", "0.95"], ["peak never reached"]),
        (["warmup(10%) >> cosine(to=0.1)", "--horizon", "1000", "--beta2", "0.95"], []),
        (["warmup(10%) >> hold() >> decay(2%)", "--horizon", "1000", "--beta2", "0.95"], ["floor never reached"]),
        (
            ["warmup(10%) >> repeat(cosine(), every=50%)", "--horizon", "1000", "--beta2", "0.9"],
            ["floor never reached"],
        ),
        (["warmup(10%) >> repeat(cosine(), times=2)", "--horizon", "1000", "--beta2", "0.9"], []),
    ],
)
def test_check_names_what_looks_wrong(arguments, names):
    result = glidepath("check", *arguments, "--json")
    assert [finding["name"] for finding in json.loads(result.stdout)["findings"]] == names
    assert result.returncode == (1 if names else 0)


def test_diff_says_in_which_dialect_each_side_is(tmp_path):
    """transformers and Megatron-LM agree on this curve to the last bits, though they write and count it in two ways."""
    left, right = tmp_path / "args.json", tmp_path / "train.sh"
    left.write_text(json.dumps({"lr_scheduler_type": "cosine", "learning_rate": 1e-3, "max_steps": 100}))
    right.write_text("torchrun pretrain_gpt.py \\\n  --lr 1e-3 --lr-decay-style cosine --train-iters 100\n")
    same = glidepath("diff", str(left), str(right))
    assert same.returncode == 0
    assert "transformers cosine and megatron cosine: the same learning rate at every step" in same.stdout
    right.write_text(right.read_text().strip() + " --min-lr 1e-4")
    other = glidepath("diff", str(left), str(right), "--json")
    assert other.returncode == 1
    found = json.loads(other.stdout)
    assert (found["left"]["library"], found["right"]["library"]) == ("transformers", "megatron")
    assert (found["difference"]["first"], found["difference"]["most"]) == (1, 100)


def test_check_finds_what_a_file_of_another_library_will_do(tmp_path):
    path = tmp_path / "args.json"
    path.write_text(json.dumps({"lr_scheduler_type": "cosine", "warmup_steps": 0.1, "max_steps": 1000}))
    climbing = glidepath("check", str(path), "--beta2", "0.95", "--json", "--png", str(tmp_path / "c.png"))
    assert climbing.returncode == 1
    findings = json.loads(climbing.stdout)["findings"]
    assert [finding["name"] for finding in findings] == ["first update at 0", "rises after the end"]
    assert "5e-05 at step 1900" in findings[1]["evidence"]
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ("linear --train-iters 900 --lr-decay-iters 1800", ["decay not finished", "no warmup"]),
        ("linear --train-iters 10", ["no warmup", "floor never reached"]),
        ("constant --min-lr 0.1 --train-iters 900", ["no warmup", "no decay", "never used"]),
        ("linear --train-iters 2000 --adam-beta2 0.99 --lr-warmup-iters 190", ["short warmup"]),
        ("linear --train-iters 2000 --adam-beta2 0.99 --lr-warmup-iters 210", []),
    ],
)
def test_check_knows_the_run_and_the_optimizer_of_a_command_line(arguments, names):
    text = f"pretrain_gpt.py --lr 1 --lr-warmup-init 1e-3 --lr-decay-style {arguments}"
    result = glidepath("check", text, "--json")
    assert [finding["name"] for finding in json.loads(result.stdout)["findings"]] == names


def test_a_picture_of_every_family(tmp_path):
    result = glidepath("list", "--png", str(tmp_path / "l.svg"))
    assert result.returncode == 0
    picture = (tmp_path / "l.svg").read_text()
    assert all(family.name in picture for family in FAMILIES)


@pytest.mark.parametrize("arguments", [["diff", "cosine()"], ["check", "cosin()", "--horizon", "9"], ["check", "wsd"]])
def test_wrong_use_is_exit_code_2(arguments):
    result = glidepath(*arguments)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
