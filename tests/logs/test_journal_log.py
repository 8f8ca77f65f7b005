"""Our own journal through the door: its segments, what a resume undid, and the amendments are all there."""

from pathlib import Path

from glidepath.logs import journal
from glidepath.logs.opening import open_run
from glidepath.runs.journal import Journal


def test_a_journal_opens_as_it_reads(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    for first, last in ((0, 10), (8, 16)):
        with Journal(file, segment=first, settings={"schedule": "cosine()"}) as one:
            for step in range(first, last):
                one.write({"step": step, "lr": 0.1, "loss": 4 / (step + 1)})
            one.write({"step": 9, "amendment": {"step": 9, "scale": 0.5}})
    run = open_run(file)
    assert run.segments == (0, 8)
    assert run["loss"].steps.tolist() == list(range(16))
    assert run.discarded["loss"].steps.tolist() == [8, 9]
    assert run.amendments == ({"step": 9, "scale": 0.5},)
    assert run.settings == {"schedule": "cosine()"}
    assert (run.name, run.origin) == ("run.jsonl", "journal")


def test_a_journal_that_is_broken_in_the_middle_is_refused(tmp_path: Path, complaint) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text('{"segment": 0, "settings": {}}\n{"step": 1, "lo\n{"step": 2, "loss": 1}\n')
    assert journal.recognises(file, file.read_bytes())
    assert "line 2" in complaint(journal.read, file)


def test_other_json_lines_are_no_journal(tmp_path: Path) -> None:
    for line in (
        b'{"step": 1, "loss": 2}',
        b"[1]",
        b"",
        b"{" * 10_000,
        b'{"segment": "a"}',
        b'{"segment": 1, "loss": 2}',
    ):
        assert not journal.recognises(tmp_path, line + b"\n")
