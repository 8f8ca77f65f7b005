"""What all commands share: where a source comes from, how wrong use ends, and the shape of an answer."""

import json
import subprocess

import pytest

from starting import Started

ARGUMENTS = '{"learning_rate": 5e-5, "max_steps": 1000, "warmup_ratio": 0.1, "lr_scheduler_type": "linear"}'
COMMANDS = ["recommend", "find", "show", "list", "diff", "check", "convert", "scale", "audit", "diagnose", "report"]


def glidepath(*arguments: str, piped: str = "") -> subprocess.CompletedProcess[str]:
    return Started("glidepath.cli.main", *arguments, piped=piped).finished()


def test_a_source_may_be_piped_in_and_is_read_once():
    answer = json.loads(glidepath("show", "-", "--json", piped=ARGUMENTS).stdout)
    assert (answer["library"], answer["run_steps"]) == ("transformers", 1_000)
    written = glidepath("convert", "-", "json", piped=ARGUMENTS).stdout
    assert glidepath("diff", "-", ARGUMENTS, piped=written).returncode == 0
    assert glidepath("check", "-", piped=ARGUMENTS).returncode == 1


@pytest.mark.parametrize("spelling", ["HuggingFace", "hf", "Transformers", "transformers"])
def test_a_library_may_be_spelled_as_people_do(spelling):
    result = glidepath("convert", "-", spelling, piped=ARGUMENTS)
    assert result.returncode == 0
    assert json.loads(result.stdout)["lr_scheduler_type"] == "linear"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["shw"], "No such command 'shw'"),
        (["show"], "Missing argument 'SOURCE'"),
        (["show", ""], "got an empty text"),
        (["show", "-"], "got an empty text in the standard input"),
        (["show", "nothing.json"], "No such file or directory"),
        (["show", "wsb"], "did you mean 'wsd'"),
        (["show", "wsd"], "write --horizon 100k"),
        (["show", "wsd", "--horizon", "90 epochs"], "write --steps-per-epoch"),
        (["show", "wsd", "--horizon", "100", "--png", "x.gif"], "ending in .png or .svg"),
        (["convert", "wsd", "nowhere/at/all.toml"], "a folder that is there"),
        (["diff", "-", "wsd", "--horizon", "1k"], "got an empty text"),
        (["diff", ARGUMENTS, "wsd", "--horizon", "1k"], "write --peak 5e-05"),
        (["check", "wsd", "--horizon", "1k", "--beta2", "1"], "write --beta2 0.999"),
    ],
)
def test_wrong_use_ends_in_one_sentence_and_the_code_two(arguments, said):
    result = glidepath(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("glidepath: ") or "climbs again" in result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_and_fits_a_narrow_terminal(command):
    result = glidepath(command, "--help")
    assert result.returncode == 0
    assert f"\n    glidepath {command}" in result.stdout
    lines = result.stdout.splitlines()
    assert max(len(line) for line in lines if not line.startswith("    glidepath")) <= 80


def test_a_trillion_steps_are_drawn_and_compared_in_strict_json(tmp_path):
    terms = "--horizon", "1T", "--peak", "3e-4", "--json"
    shown = glidepath("show", "wsd", *terms, "--png", str(tmp_path / "wsd.svg"))
    assert json.loads(shown.stdout, parse_constant=pytest.fail)["spec"]["horizon"]["steps"] == 10**12
    answer = json.loads(glidepath("diff", "wsd", "cosine", *terms).stdout, parse_constant=pytest.fail)
    assert answer["difference"]["first"] == 0
