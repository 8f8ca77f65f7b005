"""`glidepath diagnose`: what went wrong in a run, in a folder of them, and in one under way."""

import json
from io import BytesIO, TextIOWrapper
from itertools import count

import pytest

from glidepath.cli import following
from glidepath.cli.following import grown


def test_a_clean_run_ends_with_the_code_zero(desk, logs):
    answer = desk("diagnose", logs / "clean.csv")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "learning rate" in answer.stdout


def test_a_divergence_is_said_with_what_to_try(desk, logs, tmp_path):
    answer = desk("diagnose", logs / "diverged.csv", "--png", tmp_path / "run.svg")
    assert answer.returncode == 1
    assert "divergence" in answer.stdout
    for word in ("seen", "cause", "try"):
        assert f"\n    {word} " in answer.stdout
    assert "divergence" in (tmp_path / "run.svg").read_text()


def test_a_folder_is_a_line_a_run(desk, logs):
    answer = desk("diagnose", logs)
    assert answer.returncode == 1
    starts = [line.split()[0] for line in answer.stdout.splitlines()]
    assert len(starts) == 3
    assert starts[0] == "fine" or "clean.csv" in answer.stdout


def test_a_folder_of_runs_in_json_has_them_all(desk, logs):
    answer = desk("diagnose", logs, "--json").json
    assert [run["run"] for run in answer["runs"]] == ["clean.csv", "cut.csv", "diverged.csv"]
    (diverged,) = (run for run in answer["runs"] if run["run"] == "diverged.csv")
    assert "divergence" in {finding["kind"] for finding in diverged["findings"]}


def test_what_cannot_be_examined_is_said_beside_the_others(desk, logs):
    (logs / "short.csv").write_text("step,loss,lr\n0,1.0,0.1\n")
    answer = desk("diagnose", logs, "--json").json
    assert list(answer["refused"]) == ["short.csv"]
    assert len(answer["runs"]) == 3


def test_hostile_names_do_not_command_the_terminal(desk, logs):
    (logs / "clean.csv").rename(logs / "\x1b[31mred\n.csv")
    assert "\x1b[31mred" not in desk("diagnose", logs).stdout


@pytest.mark.parametrize("command", ["audit", "diagnose", "report"])
def test_wrong_use_is_the_code_two(desk, tmp_path, command):
    assert desk(command).returncode == 2
    assert desk(command, tmp_path / "nothing.csv").returncode == 2
    assert desk(command, tmp_path).returncode == 2  # an empty folder


def test_a_log_that_grows_is_read_again(tmp_path):
    path, waits = tmp_path / "log.csv", count()

    def wait(seconds):
        assert seconds == following.EVERY
        at = next(waits)
        if at == 0:
            path.write_text("step,loss,lr\n")  # a header alone says nothing yet
        elif at < 4:
            with path.open("a") as file:
                file.write(f"{at},1.0,0.1\n" if at != 2 else "")
        else:
            raise KeyboardInterrupt

    runs = grown(path, wait=wait)
    assert [len(next(runs)["loss"]) for _ in range(2)] == [1, 2]
    with pytest.raises(KeyboardInterrupt):
        next(runs)


def test_following_ends_with_ctrl_c_and_has_said_what_it_knew(desk, logs, monkeypatch):
    def stopped(path):
        from glidepath.logs.opening import open_run

        yield open_run(path)
        raise KeyboardInterrupt

    monkeypatch.setattr("glidepath.cli.diagnose.grown", stopped)
    answer = desk("diagnose", logs / "diverged.csv", "--follow")
    assert answer.returncode == 130
    assert "divergence" in answer.stdout
    assert "decay" in desk("diagnose", logs / "cut.csv").stdout
    assert "decay," not in desk("diagnose", logs / "cut.csv", "--follow").stdout  # the run has no end yet


def test_show_draws_the_log_of_any_program_where_it_is_no_schedule(desk, logs, tmp_path):
    answer = desk("show", logs / "clean.csv", "--json")
    assert answer.json["last"]["loss"]["step"] == 1_999
    rows = [{"step": step, "loss": 3.0 / step, "learning_rate": 1e-3} for step in range(1, 40)]
    state = tmp_path / "trainer_state.json"
    state.write_text(json.dumps({"log_history": rows, "global_step": 39, "max_steps": 39}))
    assert "learning rate" in desk("show", state).stdout
    several = desk("show", logs)
    assert (several.returncode, "write glidepath report" in several.stderr) == (2, True)


def test_a_log_is_no_schedule(desk, logs):
    answer = desk("check", logs / "clean.csv")
    assert answer.returncode == 2
    assert "expected a schedule, got the log of a run" in answer.stderr


def test_a_journal_with_a_broken_schedule_is_named_among_others(desk, logs):
    (logs / "journal.jsonl").write_text('{"segment": 0, "settings": {"spec": {"parts": []}}}\n{"step": 0, "lr": 0.1}\n')
    answer = desk("diagnose", logs, "--json").json
    assert list(answer["refused"]) == ["journal.jsonl"]


def test_a_plan_on_the_standard_input_is_read_once_for_all_runs(desk, logs, monkeypatch):
    text = "(warmup(2%) >> cosine(to=0.1)).over(2000, peak=0.001)"
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(text.encode())))
    answer = desk("diagnose", logs, "--plan", "-", "--json").json
    assert {run["plan"] for run in answer["runs"]} == {text}
