"""The loop of a probe: it goes on where it was killed, side by side as one after another, and says what it costs."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import driving_probe
import pytest
from driving_probe import CENTRE, HORIZON, SCHEDULE, Counted, train, with_validation

import glidepath as gp
from glidepath.finder.suggestion import Suggestion
from glidepath.frameworks import sweeping
from glidepath.frameworks.probing import probe


def run(training: Callable[..., Any] = train, **how: Any) -> Suggestion:
    return probe(training, SCHEDULE, **{"quiet": True, **how})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Suggestion, bytes, Counted]:
    """A probe that nothing stopped: its answer, its record, its trainings."""
    record, training = tmp_path_factory.mktemp("whole") / "record", Counted()
    return run(training, record=record), record.read_bytes(), training


def test_it_finds_a_peak_that_trains_the_whole_run_well(whole):
    found, _, _ = whole
    final = {lr: sum(train(SCHEDULE.recipe.over(HORIZON, peak=lr), HORIZON, 5)[-80:]) for lr in (found.lr, 0.003, 0.5)}
    assert found.low < found.lr < found.high
    assert final[found.lr] < final[0.003]
    assert not final[found.lr] > final[0.5]


def test_all_that_was_trained_is_in_the_answer(whole):
    found, _, training = whole
    sweep, *branches = training.called
    assert [(trial.lr, trial.steps, trial.seed) for trial in found.evidence] == branches
    assert found.cost <= HORIZON / 2
    assert found.cost > sum(trial.cost for trial in found.evidence)  # and the sweep
    assert sweep[1] <= HORIZON / 8


def test_a_named_centre_saves_the_sweep():
    training = Counted()
    found = run(training, centre=CENTRE)
    assert len(training.called) == len(found.evidence)
    assert found.cost == sum(trial.cost for trial in found.evidence)


def test_a_centre_may_be_a_function_that_gives_its_cost():
    named, function = run(centre=CENTRE), run(centre=lambda: (CENTRE, 7))
    assert function.cost == 7 + sum(trial.cost for trial in function.evidence)
    assert function.evidence[:3] == named.evidence[:3]


def test_told_hears_of_every_trial_and_the_cost_so_far():
    told = []
    found = run(centre=CENTRE, told=lambda *row: told.append(row))
    assert [trial for trial, _ in told] == list(found.evidence)
    costs = [cost for _, cost in told]
    assert costs == sorted(costs)
    assert costs[-1] == found.cost


def test_a_validation_loss_is_what_branches_are_judged_by():
    found = run(with_validation, centre=CENTRE)
    assert all(trial.loss == trial.validation for trial in found.evidence)
    assert 0.04 < found.lr < 0.2


# ---- The record. ----


def lines_of(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


@pytest.mark.parametrize(("call", "at"), [(0, 0), (1, 0), (2, 9), (5, 39)])
def test_what_was_killed_goes_on_and_repeats_no_training(whole, tmp_path, call, at):
    found, content, training = whole
    record = tmp_path / "record"
    command = [sys.executable, driving_probe.__file__, str(record), str(call), str(at)]
    assert subprocess.run(command, check=False, timeout=100).returncode == -9
    assert content.startswith(record.read_bytes())
    rest = Counted()
    assert run(rest, record=record) == found
    assert sorted(rest.called) == sorted(training.called[call:])
    assert record.read_bytes() == content


def cuts(content: bytes) -> list[int]:
    """Lengths of a record at which a kill may have cut it: behind, before and in the middle of some of its lines."""
    lines = lines_of(content)
    ends = [sum(map(len, lines[:count])) for count in (1, 2, 4, len(lines))]
    return sorted({end - less for end in ends[1:] for less in (0, 1, 40)} | {ends[0], ends[0] + 1})


def test_a_line_cut_in_the_middle_is_taken_off(whole, tmp_path):
    found, content, training = whole
    for cut in cuts(content):
        record, rest = tmp_path / f"cut at {cut}", Counted()
        record.write_bytes(content[:cut])
        known = content[:cut].count(b"\n") - 1  # lines that are whole, but for the first
        assert run(rest, record=record) == found, cut
        assert len(rest.called) in (len(training.called) - known, len(training.called) - known - 1), cut
        assert len(lines_of(record.read_bytes())) == len(lines_of(content)), cut
        assert run(Counted(pytest.fail, call=0), record=record) == found, cut


def test_a_record_of_a_probe_that_is_done_answers_at_once(whole, tmp_path):
    found, content, _ = whole
    record, rest = tmp_path / "record", Counted()
    record.write_bytes(content)
    assert run(rest, record=str(record)) == found
    assert rest.called == []
    assert record.read_bytes() == content


def test_what_breaks_off_keeps_what_was_trained(tmp_path):
    def broken() -> None:
        raise KeyboardInterrupt

    record, first, second = tmp_path / "record", Counted(broken, call=4), Counted()
    with pytest.raises(KeyboardInterrupt):
        run(first, record=record)
    run(second, record=record)
    assert not set(first.called[:4]) & set(second.called)


def test_branches_that_diverged_are_kept_too(tmp_path):
    record, first, second = tmp_path / "record", Counted(), Counted()
    found = run(first, record=record, centre=0.6)
    assert any(not trial.tail for trial in found.evidence)
    assert run(second, record=record, centre=0.6) == found
    assert second.called == []


@pytest.mark.parametrize(
    "other", [{"centre": 0.3}, {"budget": 0.6}, {"epochs": 9.0}, {"schedule": "linear()"}], ids=str
)
def test_the_record_of_another_probe_is_refused(whole, tmp_path, other, complaint):
    _, content, _ = whole
    record, training = tmp_path / "record", Counted()
    record.write_bytes(content)
    schedule = gp.parse(other["schedule"]).over(HORIZON, peak=1.0) if "schedule" in other else SCHEDULE
    how = {name: value for name, value in other.items() if name != "schedule"}
    assert str(record) in complaint(probe, training, schedule, record=record, quiet=True, **how)
    assert training.called == []
    assert record.read_bytes() == content


FILES = {
    "text": b"hello\n",
    "half a line": b"hel",
    "a number": b"1\n",
    "a list": b"[1, 2]\n",
    "another object": b'{"step": 1}\n',
    "bytes": bytes(range(256)),
    "zeros": bytes(1_000),
    "not a text": b"\xff\xfe\n",
    "deep": b"[" * 100_000 + b"\n",
    "many digits": b"9" * 10_000 + b"\n",
}


@pytest.mark.parametrize("name", FILES)
def test_another_file_is_refused(tmp_path, name, complaint):
    record = tmp_path / "record"
    record.write_bytes(FILES[name])
    assert str(record) in complaint(run, Counted(pytest.fail, call=0), record=record)
    assert record.read_bytes() == FILES[name]


GOOD = {"lr": 0.1, "steps": 40, "seed": 0, "start": 1.0, "tail": [1.0], "cost": 40, "validation": None}
LINES = [
    b"[]",
    b"1",
    b"null",
    b'"centre"',
    b"{}",
    b'{"centre": "x", "cost": 1}',
    b'{"centre": 0.1}',
    b'{"centre": 0.1, "cost": null}',
    b"[" * 100_000 + b"]" * 100_000,
    *(
        json.dumps({**GOOD, **wrong}).encode()
        for wrong in (
            {"tail": 1},
            {"tail": ["x"]},
            {"tail": None},
            {"lr": "x"},
            {"lr": None},
            {"lr": []},
            {"start": "x"},
            {"cost": "x"},
            {"validation": "x"},
            {"more": 1},
        )
    ),
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[:40].decode())
def test_a_line_that_is_no_trial_is_refused(whole, tmp_path, line, complaint):
    header, *_ = lines_of(whole[1])
    record, content = tmp_path / "record", header + line + b"\n"
    record.write_bytes(content)
    assert str(record) in complaint(run, Counted(pytest.fail, call=0), record=record)
    assert record.read_bytes() == content


def test_a_line_that_is_broken_before_others_is_refused(whole, tmp_path, complaint):
    """A kill cuts the last line alone: whoever did this, what is behind it is not thrown away."""
    lines = lines_of(whole[1])
    record, content = tmp_path / "record", b"".join([*lines[:3], b'{"lr": 0.1, "st\n', *lines[3:]])
    record.write_bytes(content)
    complaint(run, Counted(pytest.fail, call=0), record=record)
    assert record.read_bytes() == content


@pytest.mark.parametrize("where", [".", "missing/record"])
def test_a_place_that_cannot_be_written_is_refused(tmp_path, where, complaint):
    complaint(run, Counted(pytest.fail, call=0), record=tmp_path / where)


# ---- Side by side. ----


def test_several_processes_say_exactly_what_one_does(tmp_path):
    records = [tmp_path / f"{processes}" for processes in (1, 2)]
    alone, together = (run(record=record, processes=count) for count, record in enumerate(records, start=1))
    assert together == alone
    assert records[0].read_bytes() == records[1].read_bytes()


@pytest.mark.parametrize("processes", [0, -1, 1.5, True, "2", None])
def test_a_number_of_processes_that_is_none_is_refused(processes, complaint):
    assert "processes" in complaint(run, centre=CENTRE, processes=processes)


# ---- What it says and refuses. ----


def test_the_cost_is_said_before_it_starts(capsys):
    heard = []
    run(lambda *what: heard.append(capsys.readouterr().err) or train(*what), centre=CENTRE, quiet=False)
    (line,) = heard[0].splitlines()
    assert line.startswith("probe: at most 320 updates")
    assert line.endswith("nothing of them stays")
    assert set(heard[1:]) == {""}
    assert capsys.readouterr() == ("", "")


def test_quiet_is_quiet(capsys):
    run(centre=CENTRE)
    assert capsys.readouterr() == ("", "")


def test_a_bar_moves_where_a_person_waits(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(sweeping, "PATIENCE", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    run(centre=CENTRE, quiet=False)
    assert "probe" in terminal.getvalue().split("\n", 1)[1]


@pytest.mark.parametrize(
    "wrong",
    [{"centre": 0}, {"centre": -1.0}, {"centre": "x"}, {"centre": float("nan")}, {"budget": "x"}, {"epochs": -1}],
)
def test_what_cannot_be_is_refused(wrong, complaint, tmp_path):
    record = tmp_path / "record"
    complaint(run, Counted(pytest.fail, call=0), record=record, **{"centre": CENTRE, **wrong})
    assert not record.exists()  # where the right call would find the record of another probe


@pytest.mark.parametrize("answer", [None, [], "x", 1.0, ["x"], ([], 1.0), ([1.0], "x"), ([1.0], 1.0, 1.0)], ids=str)
def test_a_training_that_gives_no_losses_is_refused(answer, complaint):
    complaint(run, lambda *_: answer, centre=CENTRE)
    complaint(run, lambda *_: answer)


def test_what_a_training_raises_comes_through():
    def broken() -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        run(Counted(broken, call=2), centre=CENTRE)


def test_a_loss_that_stays_where_it_is_is_refused(complaint):
    complaint(run, lambda _, steps, __: [1.0] * steps)


def test_records_hold_plain_lines(whole):
    for line in lines_of(whole[1]):
        assert isinstance(json.loads(line), dict)
        assert Path.home().as_posix().encode() not in line
