"""The demo as a person runs it: whole processes, killed at any moment, on real text."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from glidepath.runs.journal import read_journal
from glidepath.schedules.schedule import Schedule
from glidepath.schedules.text import parse
from starting import TORCH, Started

RUNS = ("found", "no-warmup", "constant", "step-decay")
DEMO = "glidepath.cli.main", "demo", "--quick", "--out"


def whole_command(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """From the command line, torch and all."""
    command = [sys.executable, "-W", "error", "-m", *DEMO, str(folder), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def started(folder: Path, *options: str) -> Started:
    """Where torch is imported already."""
    return Started(*DEMO, folder, *options, libraries=TORCH)


def series(folder: Path, run: str) -> dict[str, list[tuple[int, float]]]:
    curves = read_journal(folder / "runs" / run / "journal.jsonl").curves
    return {name: list(zip(curve.steps.tolist(), curve.values.tolist(), strict=True)) for name, curve in curves.items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """A demo that nobody disturbed, and what it printed as JSON."""
    folder = tmp_path_factory.mktemp("demo") / "whole"
    result = whole_command(folder, "--json")
    assert result.returncode == 0, result.stderr
    return folder, json.loads(result.stdout)


def test_it_ends_with_a_report_and_pictures(whole):
    folder, numbers = whole
    names = [Path(path).name for path in numbers["files"]]
    assert names == ["report.html", "schedule.png", "peak.png", "comparison.png"]
    assert all(Path(path).stat().st_size > 1_000 for path in numbers["files"])
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert all(sentence in page for sentence in numbers["verdict"][:1])
    assert len(numbers["outcomes"]) == len(RUNS)


def test_every_update_used_the_learning_rate_of_its_schedule(whole):
    folder, numbers = whole
    schedule = parse(numbers["schedule"])
    assert isinstance(schedule, Schedule)
    lrs = series(folder, "found")["lr"]
    assert lrs == [(step, schedule(step)) for step in range(schedule.horizon.steps)]


def test_it_learns(whole):
    _, numbers = whole
    found = numbers["outcomes"][0]
    assert found["name"] == "found"
    assert found["final"] < 3.0  # nats; a model that knows only how frequent each letter is has 3.3


def test_killed_at_ten_places_it_goes_on_with_the_same_numbers(whole, tmp_path):
    """SIGKILL, each time some updates further on; then to the end, against the run that nobody disturbed."""
    folder = tmp_path / "killed"
    kills = 0
    for kill in range(10):
        before = written(folder)
        process = started(folder)
        while process.poll() is None and written(folder) < before + 1 + 700 * kill:  # bytes, so anywhere in a line
            time.sleep(0.001)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.finished()
    assert kills == 10
    result = whole_command(folder)
    assert (result.returncode, result.stderr) == (0, "")
    for run in RUNS:
        assert series(folder, run) == series(whole[0], run)
    segments = read_journal(folder / "runs" / "found" / "journal.jsonl").segments
    assert len(segments) > 1  # it was really gone on with, not started over


def written(folder: Path) -> int:
    """Bytes of all that the demo keeps of its work."""
    kept = [*folder.glob("*.json"), *folder.glob("runs/*/journal.jsonl")]
    return sum(path.stat().st_size for path in kept)


def test_an_interrupt_ends_in_one_sentence(tmp_path):
    process = started(tmp_path / "d")
    while process.poll() is None and not (tmp_path / "d" / "runs" / "found" / "journal.jsonl").exists():
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    result = process.finished()
    assert result.returncode == 130
    said = result.stderr.strip()
    assert said == "glidepath: interrupted; what was done is kept, and the same command goes on from there"


def test_other_settings_in_the_same_folder_are_refused(whole, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("to be or not to be, that is the question\n" * 1_000, encoding="utf-8")
    result = started(whole[0], "--text", str(text)).finished()
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert "expected the same settings" in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("runs/found/checkpoint.pt", b"PK\x03\x04 not a checkpoint", "expected a checkpoint of this training"),
        ("range_test.json", b"{}", "expected a range test"),
        ("range_test.json", b'{"lr": 0.1,', "expected a JSON table"),
        ("settings.json", b"[]", "expected a JSON table"),
    ],
)
def test_a_file_of_something_else_is_one_sentence(whole, tmp_path, name, content, sentence):
    import shutil

    folder = tmp_path / "copy"
    shutil.copytree(whole[0], folder)
    (folder / name).write_bytes(content)
    result = started(folder).finished()
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert sentence in result.stderr
    assert (folder / name).read_bytes() == content  # nothing lost


def test_fresh_forgets_only_a_demo(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    result = started(tmp_path, "--fresh").finished()
    assert result.returncode == 2
    assert (tmp_path / "mine.txt").read_text() == "mine"
