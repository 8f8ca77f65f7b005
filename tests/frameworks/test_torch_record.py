"""What is applied is what is recorded: per named group, per update, over resumes, changes, skips and two optimizers."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from driving import Spy, groups_of, parameters, schedule_of, sgd, update
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import LambdaLR

import glidepath as gp
from glidepath.errors import JournalError
from glidepath.frameworks.torch import attach
from glidepath.runs.journal import read_journal
from glidepath.runs.requests import request, requests_of
from glidepath.schedules.continuation import rewarm
from glidepath.schedules.course import course
from starting import TORCH, Started

SCHEDULE = schedule_of(horizon=16)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def named(name: str, lr: float = 1.0) -> dict[str, Any]:
    return {**groups_of([lr])[0], "name": name}


class Two:
    """Two optimizers with four named groups under one plan, one of which comes at update 5; a scaler that skips one."""

    def __init__(self, path: Path) -> None:
        self.first = AdamW([named("embed"), named("body", 0.5)], fused=True)
        self.second = SGD([named("head")], lr=1.0)
        plan = gp.Plan(SCHEDULE, groups={"embed": 0.1, "head": 10, "late": 2})
        self.scheduler = attach([self.first, self.second], plan, journal=path)
        self.path, self.used = path, dict[tuple[int, str], float]()
        self.spies = [Spy(self.first), Spy(self.second)]
        self.scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
        self.scaler.scale(torch.ones(1))  # it begins with the first loss that it scales

    def update(self, step: int, *, overflow: bool = False) -> None:
        optimizers = self.first, self.second
        for optimizer in optimizers:
            for parameter in parameters(optimizer):
                parameter.grad = torch.full_like(parameter, torch.inf if overflow else 1.0)
            self.scaler.step(optimizer)
        self.scaler.update()
        if overflow:
            for spy in self.spies:
                del spy.used[step:]  # it looked at a step of a fused optimizer that was not applied

    def lates(self) -> None:
        self.second.add_param_group(named("late", 0.5))

    def spied(self) -> dict[str, list[float]]:
        """Of each group, what its optimizer used, in the order of the updates."""
        found: dict[str, list[float]] = {}
        for spy, optimizer in zip(self.spies, (self.first, self.second), strict=True):
            for row in spy.used:
                for lr, group in zip(row, optimizer.param_groups, strict=False):
                    found.setdefault(f"lr/{group['name']}", []).append(lr)
        return found


def test_bare_torch_a_change_by_hand_is_overwritten_and_nothing_says_so():
    optimizer = sgd(1.0)
    scheduler, spy = LambdaLR(optimizer, SCHEDULE), Spy(optimizer)
    for step in range(12):
        if step == 8:
            optimizer.param_groups[0]["lr"] *= 0.5
        update(optimizer)
        scheduler.step()
    assert spy.first == pytest.approx([SCHEDULE(step) * (0.5 if step == 8 else 1.0) for step in range(12)])


def test_what_a_spy_sees_is_what_the_journal_says(tmp_path):
    path = tmp_path / "journal.jsonl"
    run = Two(path)
    for step in range(12):
        if step == 3:
            run.update(step, overflow=True)  # one more try, which is no update
        if step == 5:
            run.lates()
        if step == 8:
            run.scheduler.amend(scale=0.5)
        run.update(step)
    journal = read_journal(path)
    spied = run.spied()
    spied["lr/late"][0] = journal["lr/late"].values[0]  # a spy that was there before looks before a group has joined
    assert {name: curve.values.tolist() for name, curve in journal.curves.items()} == spied
    assert journal["lr/body"].steps.tolist() == list(range(12))
    assert journal["lr/late"].steps.tolist() == list(range(5, 12))
    assert journal["lr/late"].values[0] == pytest.approx(0.5 * 2 * SCHEDULE(5))
    assert journal["lr/embed"].values.tolist() == pytest.approx(
        [0.1 * SCHEDULE(step) * (0.5 if step >= 8 else 1) for step in range(12)]
    )
    assert journal.amendments == ({"step": 8, "scale": 0.5},)
    assert gp.from_spec(journal.settings["spec"]) == run.scheduler[0].course.asked


def test_a_change_under_way_survives_a_kill_and_the_journal_is_one_series(tmp_path):
    """T8 and T12: saved at 9, killed at 11, gone on with to 16."""
    path = tmp_path / "journal.jsonl"
    optimizer = sgd(1.0, 0.5)
    scheduler, spy = attach(optimizer, SCHEDULE, journal=path), Spy(optimizer)
    update(optimizer, 8)
    scheduler.amend(scale=0.5)
    update(optimizer, 1)
    states = optimizer.state_dict(), scheduler.state_dict()
    update(optimizer, 2)
    del scheduler, optimizer  # the process is gone, and its lock on the journal
    optimizer = sgd(1.0, 0.5)
    scheduler = attach(optimizer, SCHEDULE, journal=path)
    optimizer.load_state_dict(states[0])
    scheduler.load_state_dict(states[1])
    again = Spy(optimizer)
    update(optimizer, 7)
    run = read_journal(path)
    assert run.segments == (0, 9)
    assert run["lr"].steps.tolist() == list(range(16))
    assert run["lr/1"].values.tolist() == [used[1] for used in spy.used[:9] + again.used]
    assert run["lr"].values[9:].tolist() == [SCHEDULE(step) / 2 for step in range(9, 16)]
    assert run.discarded["lr"].steps.tolist() == [9, 10]
    assert run.amendments == ({"step": 8, "scale": 0.5},)


def test_the_same_change_twice_at_one_update_is_two_changes_whichever_optimizers_make_it(tmp_path):
    path = tmp_path / "journal.jsonl"
    first, second = sgd(), sgd()
    schedulers = attach([first, second], SCHEDULE, journal=path)
    for _ in range(2):
        update(first)
        update(second)
    schedulers.amend(scale=0.5)
    schedulers.amend(scale=0.5)
    update(first)
    update(second)
    halved = {"step": 2, "scale": 0.5}
    assert read_journal(path).amendments == (halved, halved)
    assert read_journal(path)["lr/1"].values[2] == SCHEDULE(2) / 4


def test_a_segment_says_what_is_in_force_behind_a_policy(tmp_path):
    path = tmp_path / "journal.jsonl"
    optimizer = sgd()
    scheduler = attach(optimizer, SCHEDULE)
    update(optimizer, 16)
    longer = attach(sgd(), schedule_of(horizon=32), policy=rewarm(4), journal=path)
    longer.load_state_dict(scheduler.state_dict())
    update(longer.optimizer)
    assert lines(path)[0]["segment"] == 16
    assert course(lines(path)[0]["settings"]).in_force == longer.schedule
    assert lines(path)[1] == {"step": 16, "lr": SCHEDULE(15)}


def test_two_writers_on_one_journal_are_refused(tmp_path):
    path = tmp_path / "journal.jsonl"
    first = attach(sgd(), SCHEDULE, journal=path)
    optimizer = sgd()
    with pytest.raises(JournalError, match="in use"):
        attach(optimizer, SCHEDULE, journal=path)
    assert not optimizer._optimizer_step_post_hooks
    assert first.last_epoch == 0


def test_nothing_is_written_before_the_first_update(tmp_path):
    path = tmp_path / "journal.jsonl"
    scheduler = attach(sgd(), SCHEDULE, journal=path)
    assert path.read_bytes() == b""
    scheduler.amend(scale=0.5)
    update(scheduler.optimizer)
    assert [next(iter(line)) for line in lines(path)] == ["segment", "step", "step"]


def test_a_learning_rate_that_somebody_else_writes_is_recorded_and_said(tmp_path):
    path = tmp_path / "journal.jsonl"
    optimizer = sgd()
    attach(optimizer, SCHEDULE, journal=path)
    update(optimizer, 2)
    optimizer.param_groups[0]["lr"] *= 0.5
    with pytest.warns(UserWarning, match=r"update 2 uses .* scheduler\.amend"):
        update(optimizer, 2)
    assert read_journal(path)["lr"].values[2] == SCHEDULE(2) / 2
    assert read_journal(path)["lr"].values[3] == SCHEDULE(3)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_tensors_are_recorded_as_they_are(tmp_path, dtype):
    path = tmp_path / "journal.jsonl"
    optimizer = sgd(torch.tensor(1.0, dtype=dtype), torch.tensor(0.3, dtype=dtype))
    attach(optimizer, SCHEDULE, journal=path)
    spy = Spy(optimizer)
    update(optimizer, 5)
    assert read_journal(path)["lr/1"].values.tolist() == [used[1] for used in spy.used]


# ---- Requests from outside. ----


def test_requests_are_met_between_two_updates_each_once(tmp_path):
    path = tmp_path / "journal.jsonl"
    optimizer = sgd()
    scheduler, spy = attach(optimizer, SCHEDULE, journal=path), Spy(optimizer)
    update(optimizer, 3)
    request(path, {"scale": 0.5})
    request(path, {"step": 8, "cap": 0.01})
    update(optimizer, 7)
    # it is read behind update 3, and is there from update 4 on
    expected = [SCHEDULE(step) * (1.0 if step < 4 else 0.5) for step in range(10)]
    assert spy.first == [min(lr, 0.01) if step >= 8 else lr for step, lr in enumerate(expected)]
    assert read_journal(path).amendments == ({"step": 4, "scale": 0.5}, {"step": 8, "cap": 0.01})
    assert scheduler.get_last_lr() == spy.used[-1]


@pytest.mark.parametrize("saved_at", range(2, 10))
def test_requests_are_replayed_wherever_it_was_killed(tmp_path, saved_at):
    def run() -> Any:
        return attach(sgd(), SCHEDULE, journal=tmp_path / "journal.jsonl")

    scheduler = run()
    update(scheduler.optimizer, 2)
    request(tmp_path / "journal.jsonl", {"step": 7, "cap": 0.01})
    request(tmp_path / "journal.jsonl", {"step": 5, "scale": 0.5})
    spy = Spy(scheduler.optimizer)
    state = None
    for step in range(2, 12):
        state = scheduler.state_dict() if step == saved_at else state
        update(scheduler.optimizer)
    del scheduler
    resumed = run()
    resumed.load_state_dict(state)
    again = Spy(resumed.optimizer)
    update(resumed.optimizer, 12 - saved_at)
    assert again.first == spy.first[saved_at - 2 :]


def test_a_fresh_run_does_not_hear_what_an_earlier_one_was_asked(tmp_path):
    path = tmp_path / "journal.jsonl"
    request(path, {"scale": 0.5})
    optimizer = sgd()
    spy = Spy(optimizer)
    attach(optimizer, SCHEDULE, journal=path)
    update(optimizer, 3)
    assert spy.first == SCHEDULE(range(3)).tolist()


@pytest.mark.parametrize("line", [b"{", b"[]", b'"stop"', b'{"scale": 3}', b'{"release": true}', b"\xff", b"[" * 9_999])
def test_a_request_that_is_none_is_said_and_stops_nothing(tmp_path, line):
    path = tmp_path / "journal.jsonl"
    optimizer = sgd()
    attach(optimizer, SCHEDULE, journal=path)
    update(optimizer, 2)
    requests_of(path).write_bytes(line + b"\n")
    with pytest.warns(UserWarning, match="a request to this run was refused at step 3"):
        update(optimizer)
    update(optimizer, 5)
    assert read_journal(path)["lr"].values.tolist() == SCHEDULE(range(8)).tolist()
    assert any("refused" in line for line in lines(path))


def test_half_a_request_is_not_read_before_it_is_whole(tmp_path):
    path = tmp_path / "journal.jsonl"
    optimizer = sgd()
    attach(optimizer, SCHEDULE, journal=path)
    with requests_of(path).open("ab", buffering=0) as file:
        file.write(b'{"scale"')
        update(optimizer, 2)
        file.write(b": 0.5}\n")
        update(optimizer, 2)
    assert optimizer.param_groups[0]["lr"] == SCHEDULE(4) / 2


KILLED = """
import sys, os, signal
sys.path.insert(0, {folder!r})
from driving import schedule_of, sgd, update
from glidepath.frameworks.torch import attach
optimizer = sgd(1.0)
attach(optimizer, schedule_of(horizon=16), journal={path!r})
update(optimizer, 5)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_loses_nothing_and_frees_the_journal(tmp_path):
    path, program = tmp_path / "journal.jsonl", tmp_path / "program.py"
    program.write_text(KILLED.format(folder=str(Path(str(sys.modules["driving"].__file__)).parent), path=str(path)))
    assert Started(program, libraries=TORCH).finished().returncode == -9
    optimizer = sgd()
    attach(optimizer, SCHEDULE, step=3, journal=path)
    update(optimizer, 2)
    run = read_journal(path)
    assert (run.segments, run["lr"].steps.tolist()) == ((0, 3), [0, 1, 2, 3, 4])
    assert run["lr"].values.tolist() == SCHEDULE(range(5)).tolist()
