"""The door: what is opened, what is refused in a sentence, and what a folder of anything comes to."""

import gzip
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from glidepath.logs import files, opening
from glidepath.logs.opening import open_run, open_runs
from glidepath.runs.journal import Journal

Complaint = Callable[..., str]
Limit = Callable[[float], AbstractContextManager[None]]
LOG = "step,lr,loss\n0,0.1,3\n1,0.1,2\n"


def written(path: Path, text: str | bytes = LOG) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_log_knows_its_name_its_form_and_its_curves(tmp_path: Path) -> None:
    run = open_run(str(written(tmp_path / "log.csv")))
    assert (run.name, run.origin) == ("log.csv", "any CSV, TSV, JSON lines or Parquet")
    assert set(run.curves) == {"lr", "loss"}


def test_our_own_journal_is_a_log(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.jsonl") as journal:
        journal.write({"step": 0, "lr": 0.1, "loss": 3.0})
    assert open_run(tmp_path / "journal.jsonl")["loss"].values.tolist() == [3.0]


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("empty.csv", "", "empty file"),
        ("header.csv", "step,lr,loss\n", "at least one value"),
        ("blank.csv", "\n\n\n", "no line of text"),
        ("nul.bin", b"\x00" * 5_000, "tried"),
        ("noise.bin", bytes(range(256)) * 40, "tried"),
        ("prose.txt", "It was a dark and stormy night.\n" * 3, "tried"),
        ("image.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "losses or learning rates"),
        ("gzip.csv.gz", b"\x1f\x8b" + b"\x00" * 50, "empty"),
        ("other.csv", "name,age\nann,3\n", "losses or learning rates"),
        ("text.csv", "step,loss\nx,y\n", "at least one value"),
    ],
)
def test_what_is_no_log_is_refused(tmp_path: Path, name: str, text: str | bytes, word: str) -> None:
    path = written(tmp_path / name, text)
    with pytest.raises(opening.LogError) as raised:
        open_run(path)
    message = str(raised.value)
    assert word in message or "refusal" in message
    assert "\n" not in message
    assert "expected" in message


def test_what_is_no_file_is_never_opened(tmp_path: Path, complaint: Complaint, limit: Limit) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with limit(5):
        assert "something else" in complaint(open_run, tmp_path / "pipe.csv")
        assert "something else" in complaint(open_run, "/dev/zero")
        assert "no" in complaint(open_run, tmp_path / "missing.csv")
        assert "got none" in complaint(open_run, tmp_path)
    assert "expected" in complaint(open_run, "a\x00b")


@pytest.mark.skipif(os.geteuid() == 0, reason="whoever runs this may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, complaint: Complaint) -> None:
    path = written(tmp_path / "log.csv")
    path.chmod(0)
    assert "refusal" in complaint(open_run, path)


def test_a_gzip_bomb_is_refused(
    tmp_path: Path, complaint: Complaint, limit: Limit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST_UNPACKED", 2**22)
    bomb = gzip.compress(b"step,loss\n" + b"0,1\n" * 2**21)
    with limit(20):
        assert "unpack it" in complaint(open_run, written(tmp_path / "bomb.csv.gz", bomb))


def test_a_packed_log_that_was_cut_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    packed = gzip.compress(("step,loss\n" + "".join(f"{step},{step * 0.37}\n" for step in range(5_000))).encode())
    run = open_run(written(tmp_path / "log.csv.gz", packed[: len(packed) // 2]))
    assert 1_000 < len(run["loss"]) < 4_000
    assert any("cut" in note for note in run.notes)


def test_members_of_a_packed_log_are_one(tmp_path: Path) -> None:
    packed = gzip.compress(LOG.encode()) + gzip.compress(b"2,0.1,1\n")
    assert len(open_run(written(tmp_path / "log.csv.gz", packed))["loss"]) == 3


def test_a_line_without_end_costs_no_memory(tmp_path: Path, complaint: Complaint, limit: Limit) -> None:
    with limit(20):
        assert "expected" in complaint(open_run, written(tmp_path / "long.csv", b"step,loss" + b"x" * 2**24))
        run = open_run(written(tmp_path / "row.csv", LOG.encode() + b"9" * 2**22 + b"\n2,0.1,1\n"))
    assert run["loss"].values.tolist() == [3.0, 2.0, 1.0]


def test_a_folder_of_runs_and_of_other_things(tmp_path: Path) -> None:
    for name in ("b/log.csv", "a/deep/log.csv", "c.tsv"):
        written(tmp_path / name, LOG.replace(",", "\t") if name.endswith("tsv") else LOG)
    written(tmp_path / "a" / "model.bin", bytes(range(256)))
    written(tmp_path / "people.csv", "name,age\nann,3\n")
    written(tmp_path / "README", "nothing\n")
    written(tmp_path / ".git" / "log.csv")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "latest").symlink_to(tmp_path / "b")
    os.mkfifo(tmp_path / "pipe.csv")
    runs = open_runs(tmp_path)
    assert list(runs) == ["a/deep/log.csv", "b/log.csv", "c.tsv"]
    assert all(len(run["loss"]) == 2 for run in runs.values())
    assert "people.csv" in runs["c.tsv"].notes[0]


def test_a_folder_with_one_log_is_that_run(tmp_path: Path, complaint: Complaint) -> None:
    written(tmp_path / "one" / "log.csv")
    assert open_run(tmp_path)["loss"].values.tolist() == [3.0, 2.0]
    written(tmp_path / "two" / "log.csv")
    assert "one/log.csv, two/log.csv" in complaint(open_run, tmp_path)


def test_a_folder_is_looked_through_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MOST_ENTRIES", 20)
    for place in range(40):
        written(tmp_path / f"{place:02}.csv")
    runs = open_runs(tmp_path)
    assert len(runs) == 20
    assert "more than 20" in runs["00.csv"].notes[0]


def test_a_folder_is_looked_through_to_a_bounded_depth(tmp_path: Path, complaint: Complaint) -> None:
    written(tmp_path.joinpath(*"abcdefghijkl") / "log.csv")
    assert "folders deep" in complaint(open_runs, tmp_path)


def test_a_log_of_several_runs_is_not_one(tmp_path: Path, complaint: Complaint) -> None:
    path = written(tmp_path / "export.csv", "Step,a - loss,b - loss\n0,3,4\n1,2,3\n")
    assert set(open_runs(path)) == {"export.csv/a", "export.csv/b"}
    assert "expected one run" in complaint(open_run, path)


def test_apart_a_log_that_begins_again_is_several(tmp_path: Path, complaint: Complaint) -> None:
    path = written(tmp_path / "log.csv", LOG + "0,0.1,9\n1,0.1,8\n")
    assert len(open_run(path)["loss"]) == 2
    assert list(open_runs(path, apart=True)) == ["log.csv#1", "log.csv#2"]
    assert "expected one run" in complaint(lambda: open_run(path, apart=True))
