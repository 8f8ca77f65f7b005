"""The journal loses nothing that was written, whatever is killed, cut or resumed."""

import json
import math
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glidepath.errors import JournalError
from glidepath.runs.journal import Journal, read_journal

Complaint = Callable[..., str]


def write(path: Path, steps: range, *, segment: int = 0, settings: dict[str, Any] | None = None, by: float = 0) -> None:
    with Journal(path, segment=segment, settings=settings) as journal:
        for step in steps:
            journal.write({"step": step, "lr": 0.1, "loss": step + by})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.jsonl"
    write(path, range(5), settings={"schedule": "hold()", "seed": 3})
    run = read_journal(path)
    assert set(run.curves) == {"lr", "loss"}
    assert run["loss"].steps.tolist() == [0, 1, 2, 3, 4]
    assert run["loss"].values.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert (run.segments, dict(run.settings), run.notes) == ((0,), {"schedule": "hold()", "seed": 3}, ())


def test_curves_may_be_of_different_lengths(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        journal.write({"step": 0, "loss": 1})
        journal.write({"step": 0, "validation_loss": 2.5})
        journal.write({"step": 1, "loss": 0.5, "note": "words are no curve"})
    run = read_journal(tmp_path / "j")
    assert run["loss"].steps.tolist() == [0, 1]
    assert run["validation_loss"].values.tolist() == [2.5]
    assert "note" not in run.curves


def test_nan_and_infinite_losses_are_kept(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        for step, loss in enumerate([1.0, math.nan, math.inf, -math.inf]):
            journal.write({"step": step, "loss": loss})
    values = read_journal(tmp_path / "j")["loss"].values.tolist()
    assert values[0] == 1.0
    assert math.isnan(values[1])
    assert values[2:] == [math.inf, -math.inf]


def test_a_resume_from_an_earlier_step_hides_the_later_updates_and_rewrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "j"
    write(path, range(10), settings={"seed": 1})
    before = path.read_bytes()
    write(path, range(6, 8), segment=6, settings={"horizon": 50}, by=100)
    assert path.read_bytes().startswith(before)
    run = read_journal(path)
    assert run["loss"].steps.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert run["loss"].values.tolist() == [0, 1, 2, 3, 4, 5, 106, 107]
    assert run.segments == (0, 6)
    assert dict(run.settings) == {"seed": 1, "horizon": 50}


def test_a_resume_from_a_later_step_leaves_a_gap(tmp_path: Path) -> None:
    write(tmp_path / "j", range(3))
    write(tmp_path / "j", range(10, 12), segment=10)
    assert read_journal(tmp_path / "j")["loss"].steps.tolist() == [0, 1, 2, 10, 11]


def test_many_resumes_are_one_series(tmp_path: Path) -> None:
    path, sizes = tmp_path / "j", []
    for segment in (0, 5, 3, 3, 8):
        write(path, range(segment, segment + 6), segment=segment, by=segment * 100)
        sizes.append(path.stat().st_size)
    assert sizes == sorted(sizes)
    run = read_journal(path)
    assert run.segments == (0, 5, 3, 3, 8)
    assert run["loss"].steps.tolist() == list(range(14))
    assert run["loss"].values.tolist() == [0, 1, 2, *(300 + s for s in range(3, 8)), *(800 + s for s in range(8, 14))]


def test_of_an_update_written_twice_the_last_word_counts(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        journal.write({"step": 0, "loss": 1.0})
        journal.write({"step": 0, "loss": 2.0})
    assert read_journal(tmp_path / "j")["loss"].values.tolist() == [2.0]


def test_a_journal_cut_at_any_byte_keeps_every_whole_line_and_can_be_gone_on_with(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    write(whole, range(3), settings={"seed": 1})
    content = whole.read_bytes()
    first = content.index(b"\n")
    for cut in range(len(content) + 1):
        path = tmp_path / f"cut at {cut}"
        path.write_bytes(content[:cut])
        kept = [json.loads(line) for line in content[: cut + 1].split(b"\n")[:-1]]  # a line may lack its line feed
        steps = [record["step"] for record in kept if "step" in record]
        if cut < first:
            with pytest.raises(JournalError):
                read_journal(path)
        else:
            run = read_journal(path)
            assert (run["loss"].steps.tolist() if "loss" in run.curves else []) == steps
            assert len(run.notes) <= 1
        write(path, range(len(steps), 5), segment=len(steps), by=10)
        assert path.read_bytes().startswith(content[:cut])
        again = read_journal(path)
        assert again["loss"].steps.tolist() == list(range(5))
        assert again["loss"].values.tolist() == [*steps, *(step + 10 for step in range(len(steps), 5))]


def test_a_second_writer_is_refused_and_writes_nothing(tmp_path: Path, complaint: Complaint) -> None:
    path = tmp_path / "j"
    with Journal(path) as journal:
        before = path.read_bytes()
        assert "in use" in complaint(Journal, path)
        assert path.read_bytes() == before
        journal.write({"step": 0, "loss": 1.0})
    write(path, range(1, 2), segment=1)
    assert read_journal(path)["loss"].steps.tolist() == [0, 1]


WRITER = """
import sys
from glidepath.runs.journal import Journal
journal = Journal(sys.argv[1], segment=int(sys.argv[2]))
for step in range(int(sys.argv[2]), 10**9):
    journal.write({"step": step, "lr": 0.1, "loss": 4.0})
    print(step, flush=True)
"""


def killed_in_the_middle(path: Path, segment: int, after: int) -> int:
    """Run a writer, kill it once it has acknowledged so many updates, and say the last one that it did."""
    command = [sys.executable, "-c", WRITER, str(path), str(segment)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if int(line) >= segment + after:
                break
        with pytest.raises(JournalError, match="in use"):
            Journal(path)
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().split("\n")
    return max([segment + after, *(int(line) for line in rest[:-1] if line)])


def test_a_writer_that_is_killed_loses_nothing_that_it_had_written(tmp_path: Path) -> None:
    path = tmp_path / "j"
    last = killed_in_the_middle(path, 0, 200)
    steps = read_journal(path)["loss"].steps.tolist()
    assert steps == list(range(len(steps)))
    assert len(steps) >= last + 1
    again = killed_in_the_middle(path, last, 50)
    steps = read_journal(path)["loss"].steps.tolist()
    assert steps == list(range(len(steps)))
    assert len(steps) >= again + 1


def test_a_journal_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        for step in range(5):
            journal.write({"step": step, "loss": 1.0})
            assert len(read_journal(tmp_path / "j")["loss"]) == step + 1


def test_a_missing_journal_and_a_folder_are_refused(tmp_path: Path, complaint: Complaint) -> None:
    complaint(read_journal, tmp_path / "nowhere")
    complaint(read_journal, tmp_path)


NO_JOURNALS = {
    "empty": b"",
    "blank lines": b"\n\n\n",
    "text": b"hello\nworld\n",
    "CSV": b"step,loss\n0,1\n1,2\n",
    "a list": b"[1, 2, 3]\n",
    "numbers": b"1\n2\n",
    "no step": b'{"loss": 1}\n',
    "a step that is a text": b'{"step": "0", "loss": 1}\n',
    "a step that is a bool": b'{"step": true, "loss": 1}\n',
    "a negative step": b'{"step": -1, "loss": 1}\n',
    "bytes": bytes(range(256)),
    "deep": b"[" * 100_000,
    "NUL": b"\x00" * 1_000,
}


@pytest.mark.parametrize("name", NO_JOURNALS)
def test_what_is_no_journal_is_refused(tmp_path: Path, complaint: Complaint, name: str) -> None:
    (tmp_path / "j").write_bytes(NO_JOURNALS[name])
    assert str(tmp_path / "j") in complaint(read_journal, tmp_path / "j")


def test_a_broken_line_in_the_middle_is_named(tmp_path: Path, complaint: Complaint) -> None:
    (tmp_path / "j").write_bytes(b'{"segment": 0}\n{"step": 0, "loss": 1}\n{"step": 1, "lo\n{"step": 2, "loss": 1}\n')
    assert "line 3" in complaint(read_journal, tmp_path / "j")


ODD_LINES = {
    "settings that are a number": b'{"segment": 0, "settings": 5}\n',
    "settings that are a list": b'{"segment": 0, "settings": [1]}\n',
    "settings that are a text": b'{"segment": 0, "settings": "x"}\n',
    "a step beyond 64 bits": b'{"step": 99999999999999999999, "loss": 1}\n',
    "a loss beyond a float": b'{"step": 0, "loss": 1' + b"0" * 400 + b"}\n",
    "a loss of too many digits": b'{"step": 0, "loss": ' + b"9" * 5_000 + b"}\n",
    "a loss that is a table": b'{"step": 0, "loss": {}}\n',
    "no settings": b'{"segment": 0, "settings": null}\n',
}


@pytest.mark.parametrize("name", ODD_LINES)
def test_an_odd_line_is_read_or_refused_but_crashes_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "j").write_bytes(b'{"segment": 0}\n{"step": 0, "loss": 4}\n' + ODD_LINES[name])
    try:
        run = read_journal(tmp_path / "j")
    except JournalError as error:
        assert "line 3" in str(error)  # noqa: PT017 - either way is right
    else:
        assert set(run.curves) <= {"loss"}


@pytest.mark.parametrize("segment", [-1, 1.5, "0", True])
def test_a_segment_begins_at_a_whole_step(tmp_path: Path, complaint: Complaint, segment: Any) -> None:
    complaint(Journal, tmp_path / "j", segment=segment)


RECORDS = [{}, {"loss": 1.0}, {"step": -1}, {"step": 1.5}, {"step": "0"}, {"step": True}, {"step": 0, "loss": {1, 2}}]


@pytest.mark.parametrize("record", RECORDS, ids=repr)
def test_a_record_that_could_not_be_read_is_not_written(
    tmp_path: Path, complaint: Complaint, record: dict[str, Any]
) -> None:
    with Journal(tmp_path / "j") as journal:
        journal.write({"step": 0, "loss": 1.0})
        complaint(journal.write, record)
        journal.write({"step": 1, "loss": 1.0})
    assert read_journal(tmp_path / "j")["loss"].steps.tolist() == [0, 1]


def test_a_folder_is_no_place_for_a_journal(tmp_path: Path, complaint: Complaint) -> None:
    complaint(Journal, tmp_path)


def test_a_closed_journal_can_be_opened_by_another(tmp_path: Path) -> None:
    first = Journal(tmp_path / "j")
    first.close()
    with Journal(tmp_path / "j", segment=0) as second:
        second.write({"step": 0, "loss": 1.0})
    assert read_journal(tmp_path / "j").segments == (0, 0)


def test_a_hundred_thousand_updates_are_read_within_seconds(tmp_path: Path) -> None:
    lines = "".join(f'{{"step": {step}, "lr": 0.1, "loss": 4.0}}\n' for step in range(100_000))
    (tmp_path / "j").write_text('{"segment": 0}\n' + lines)
    begin = time.perf_counter()
    assert len(read_journal(tmp_path / "j")["loss"]) == 100_000
    assert time.perf_counter() - begin < 10


def test_a_path_below_a_file_is_no_place_for_a_journal(tmp_path: Path, complaint: Complaint) -> None:
    (tmp_path / "file").touch()
    complaint(Journal, tmp_path / "file" / "j")
