"""`glidepath scale` as a person and as a script run it."""

import json
import subprocess
from typing import Any

import pytest

import glidepath as gp
from glidepath.batch import RULES
from glidepath.cli.main import desk
from starting import Started


def glidepath(*arguments: str) -> subprocess.CompletedProcess[str]:
    return Started("glidepath.cli.main", "scale", *arguments).finished()


def answered(*arguments: str) -> Any:
    result = glidepath(*arguments, "--json")
    assert (result.returncode, result.stderr) == (0, "")
    return json.loads(result.stdout)


def test_settings_without_a_schedule():
    settings = (
        "--peak 3e-4 --horizon 10k --warmup 200 --step 1000 --beta1 0.9 --beta2 0.95 --eps 1e-8 --weight-decay 0.1"
    )
    found = answered("--batch", "256", "--to", "1024", *settings.split())
    after = {fact["what"]: fact["after"] for fact in found["changed"] + found["kept"]}
    assert (found["rule"]["name"], found["factor"]) == ("square-root", 2.0)
    assert (after["lr"], after["eps"], after["weight_decay"]) == pytest.approx((6e-4, 5e-9, 0.2))
    assert (after["horizon"], after["warmup"], after["step"]) == (2_500, 50, 250)
    assert {fact["what"] for fact in found["kept"]} >= {"samples seen", "timescale of the weight decay, samples"}


def test_a_schedule_over_the_same_samples_with_a_picture_in_the_terminal_and_in_a_file(tmp_path):
    arguments = ["warmup(200) >> cosine()", "--horizon", "10k", "--peak", "3e-4", "--batch", "8x16x2", "--to", "8x64x2"]
    found = answered(*arguments)
    after = gp.from_spec(found["spec"])
    assert (after.horizon.steps, after.peak, after.boundaries) == (2_500, 6e-4, (0, 50))
    words = glidepath(*arguments, "--png", str(tmp_path / "s.png"))
    assert "a before  b after" in words.stdout
    assert "changed\n  global batch: 256 -> 1024" in words.stdout
    assert (tmp_path / "s.png").read_bytes().startswith(b"\x89PNG")


def test_the_rules_over_the_batch_size_are_drawn_and_listed(tmp_path):
    words = glidepath("--batch", "256", "--to", "512", "--rule", "surge", "--noise-scale", "500", "--peak", "0.1")
    assert "a linear  b square-root  c noise-scale  d surge" in words.stdout
    listed = answered("--rules")
    assert [rule["name"] for rule in listed] == list(RULES)
    text = glidepath("--rules", "--png", str(tmp_path / "r.svg")).stdout
    assert all(rule.source in text for rule in RULES.values())
    assert (tmp_path / "r.svg").read_text().startswith("<?xml")


def test_the_same_global_batch_is_said_to_change_nothing():
    result = glidepath("cosine()", "--horizon", "1000", "--peak", "1e-3", "--batch", "8x16", "--to", "8x4x4")
    assert result.returncode == 0
    assert "the global batch is the same" in result.stdout


def test_a_decay_as_a_batch_ramp(tmp_path):
    text = ["steps(100, factor=0.5)", "--horizon", "300", "--peak", "1", "--batch", "8x8", "--seesaw", "256"]
    found = answered(*text)
    assert (found["steps"], found["steps_of_the_plan"], found["samples"]) == (175, 300, 19_200)
    assert [(one["from"], one["batch_size"]) for one in found["sizes"]] == [(0, 64), (100, 128), (150, 256)]
    assert gp.from_spec(found["lr"])(150) == pytest.approx(0.5)
    assert gp.from_spec(found["batch_size"])(150) == 256
    words = glidepath(*text, "--png", str(tmp_path / "s.png"))
    assert "42% fewer updates" in words.stdout
    assert (tmp_path / "s.png").exists()


def test_the_help_has_examples():
    assert "glidepath scale wsd" in glidepath("--help").stdout


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ("--to 512", "--batch 256"),
        ("--batch 256", "one of --to and --seesaw"),
        ("--batch 256 --to 512 --seesaw 512", "one of --to and --seesaw"),
        ("--batch 256 --seesaw 512", "name one, such as wsd"),
        ("--batch 2.5 --to 512", "--batch"),
        ("--batch 8x8x8x8 --to 512", "--batch"),
        ("--batch 0 --to 512", "batch_size"),
        ("--batch 99999999999999999999999999 --to 512", "batch_size"),
        (f"--batch {'9' * 5000} --to 512", "--batch"),
        ("--batch 256 --to 512 --rule cubic", "linear, square-root, noise-scale, surge"),
        ("--batch 256 --to 512 --optimizer adamm", "did you mean 'adam"),
        ("--batch 256 --to 512 --betas none", "half-life"),
        ("--batch 256 --to 8192 --beta1 0.9", "half-life"),
        ("--batch 256 --to 512 --rule surge", "noise_scale=2000"),
        ("--batch 256 --to 512 --peak nan", "peak"),
        ("--batch 256 --to 512 --weight-decay -1", "weight_decay"),
        ("--batch 256 --to 512 --new-horizon 10x --horizon 100", "horizon"),
        ("cosin() --batch 256 --to 512", "cosin"),
        ("cosine() --batch 256 --to 512", "horizon"),
    ],
)
def test_wrong_use_is_one_sentence(arguments, part, complaint):
    assert part in complaint(lambda: desk(["scale", *arguments.split(" ")], standalone_mode=False))


def test_wrong_use_is_exit_code_2():
    result = glidepath("--batch", "256", "--to", "8192", "--beta1", "0.9")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("glidepath: expected beta1")
    assert len(result.stderr.strip().splitlines()) == 1
