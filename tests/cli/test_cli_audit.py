"""`glidepath audit`: which schedule ran, in words, as JSON and as a picture."""

import json

import pytest

import glidepath as gp
from glidepath.cli.examining import SCHEMA
from glidepath.runs.journal import Journal
from glidepath.schedules.spec import from_spec, to_spec

RUN = [
    "run",
    "origin",
    "clock",
    "first",
    "last",
    "curves",
    "segments",
    "notes",
    "plan",
    "recovered",
    "refused",
    "findings",
]
RECOVERED = ["schedule", "spec", "residual", "dialect", "shift", "sure", "drawn", "segments"]
FINDING = ["kind", "severity", "begin", "end", "evidence", "cause", "fix", "sure", "recipe", "numbers", "threads"]


def test_a_clean_run_gives_its_recipe_back_and_the_code_zero(desk, logs):
    answer = desk("audit", logs / "clean.csv")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "nothing looks wrong" in answer.stdout
    assert "cosine" in answer.stdout
    assert max(map(len, answer.stdout.splitlines())) <= 80


def test_what_went_wrong_is_said_with_the_code_one(desk, logs):
    answer = desk("audit", logs / "cut.csv")
    assert answer.returncode == 1
    assert "1 wrong" in answer.stdout or "1 suspect" in answer.stdout


def test_the_json_has_the_fields_that_the_page_lists_and_no_others(desk, logs):
    answer = desk("audit", logs / "cut.csv", "--json").json
    assert list(answer) == ["schema", "runs", "refused"]
    assert answer["schema"] == SCHEMA == 1
    (run,) = answer["runs"]
    assert (list(run), list(run["recovered"])) == (RUN, RECOVERED)
    assert all(list(one) == FINDING for one in run["findings"])
    assert run["findings"]


def test_the_spec_of_the_json_is_the_schedule_that_ran(desk, logs):
    (run,) = desk("audit", logs / "clean.csv", "--json").json["runs"]
    schedule = from_spec(run["recovered"]["spec"])
    assert schedule(600) == pytest.approx(
        gp.parse("(warmup(2%) >> cosine(to=0.1)).over(2000, peak=0.001)")(600), rel=1e-3
    )


def test_a_plan_is_compared_in_any_dialect(desk, logs):
    recipe = "warmup(2%) >> cosine(to=0.1)"
    kept = desk("audit", logs / "clean.csv", "--plan", recipe, "--horizon", 2_000, "--peak", 1e-3)
    assert kept.returncode == 0
    other = desk("audit", logs / "clean.csv", "--plan", recipe, "--horizon", 4_000, "--peak", 1e-3, "--json")
    assert other.returncode == 1
    assert other.json["runs"][0]["plan"] == f"({recipe}).over(4000, peak=0.001)"


def test_the_picture_is_a_file(desk, logs, tmp_path):
    desk("audit", logs / "cut.csv", "--png", tmp_path / "rate.png")
    assert (tmp_path / "rate.png").read_bytes().startswith(b"\x89PNG")


def test_a_journal_of_ours_is_held_against_its_own_schedule(desk, tmp_path):
    schedule = (gp.warmup("10%") >> gp.linear()).over(300, peak=0.1)
    with Journal(tmp_path / "journal.jsonl", settings={"spec": to_spec(schedule)}) as journal:
        for step in range(300):
            journal.write({"step": step, "lr": schedule(step), "loss": 3.0 / (step + 1)})
    (run,) = desk("audit", tmp_path / "journal.jsonl", "--json").json["runs"]
    assert run["plan"] == str(schedule)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "expected a"),
        ("", "expected"),
        ("step,loss,lr\n", "expected"),
        ("step,loss\n" + "\n".join(f"{n},1.0" for n in range(100)), "expected"),
        (b"\x00\xff" * 999, "expected"),
        ("step,loss,lr\n0,1,1e-3\n", "expected"),
    ],
)
def test_bad_input_ends_in_one_sentence_and_the_code_two(desk, tmp_path, content, said):
    path = tmp_path / "log.csv"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    answer = desk("audit", path, "--png", tmp_path / "rate.png")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("glidepath: ")
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert not (tmp_path / "rate.png").exists()


def test_of_several_runs_one_is_to_be_named(desk, logs):
    answer = desk("audit", logs)
    assert answer.returncode == 2
    assert "expected one run" in answer.stderr
    assert "clean.csv" in answer.stderr


def test_the_fields_are_those_that_the_documentation_lists():
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "watching.md").read_text(encoding="utf-8")
    for field in (*RUN, *RECOVERED, *FINDING):
        assert f"`{field}`" in page, field
    assert json.dumps({"schema": SCHEMA})[1:-1].replace('"schema": ', "`schema` (") + ")" in page


def test_a_plan_without_a_peak_has_that_of_the_run(desk, logs):
    answer = desk("audit", logs / "clean.csv", "--plan", "warmup(2%) >> cosine(to=0.1)", "--horizon", 2_000, "--json")
    assert (answer.returncode, answer.json["runs"][0]["findings"]) == (0, [])
    assert answer.json["runs"][0]["plan"].endswith("peak=0.001)")
