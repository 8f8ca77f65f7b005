"""A log that grows is asked again and again."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from glidepath.logs import follow as room
from glidepath.logs.follow import follow


def appended(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_only_whole_lines_count(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    log = follow(path)
    assert log.again() is None
    path.write_text("step,loss\n0,3\n1,")
    run = log.again()
    assert run is not None
    assert run["loss"].values.tolist() == [3.0]
    assert log.again() is None
    appended(path, "2\n2,1\n")
    run = log.again()
    assert run is not None
    assert run["loss"].values.tolist() == [3.0, 2.0, 1.0]
    assert (run.name, run.notes) == ("log.csv", ())


def test_only_what_was_appended_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps({"step": step, "loss": 1.0}) + "\n" for step in range(100)))
    log = follow(path)
    assert log.again() is not None
    monkeypatch.setattr(room, "open_run", None)  # the way that reads all of it
    monkeypatch.setattr(room, "head_of", None)
    appended(path, '{"step": 100, "loss": 2.0}\n')
    run = log.again()
    assert run is not None
    assert len(run["loss"]) == 101


def test_another_log_in_its_place_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    log = follow(path)
    path.write_text("step,loss\n0,3\n1,2\n")
    assert log.again() is not None
    path.write_text("step,lr\n0,3\n")  # cut
    run = log.again()
    assert run is not None
    assert set(run.curves) == {"lr"}
    (tmp_path / "new.csv").write_text("step,loss\n0,3\n1,2\n2,1\n")
    (tmp_path / "new.csv").replace(path)
    run = log.again()
    assert run is not None
    assert len(run["loss"]) == 3


def test_other_forms_and_folders_are_read_again(tmp_path: Path) -> None:
    path = tmp_path / "k.csv"
    path.write_text("epoch,loss\n0,3\n")
    log, folder = follow(path), follow(tmp_path)
    assert log.again() is not None
    appended(path, "1,2\n")
    run, whole = log.again(), folder.again()
    assert run is not None
    assert whole is not None
    assert (run.origin, len(run["loss"]), len(whole["loss"])) == ("Keras CSVLogger", 2, 2)


def test_a_header_alone_is_refused_and_asked_again(tmp_path: Path, complaint: Callable[..., str]) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,loss\n")
    log = follow(path)
    assert "at least one value" in complaint(log.again)
    appended(path, "0,3\n")
    run = log.again()
    assert run is not None
    assert len(run["loss"]) == 1
