"""A schedule in accelerate's loop, on one, two and four processes: the learning rates of the plan, whoever ticks.

Nothing of ours is made for accelerate: the torch door is all it takes, which this is the proof of.
"""

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState, GradientState
from driving_accelerate import SCHEDULE, UPDATES, WORLDS, Loop, bare
from driving_accelerate import worlds as run_worlds

from glidepath.errors import CheckpointError, ResumeConflict
from glidepath.frameworks.torch import attach
from glidepath.runs.journal import read_journal
from glidepath.schedules.continuation import rewarm

PLANNED = SCHEDULE(range(UPDATES)).tolist()
LONGER = SCHEDULE.recipe.over(2 * UPDATES, peak=1.0)
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """As in a new process: accelerate keeps where it is in globals."""
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    yield
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()


# What torch says once, and of its own scheduler alone, where no update was applied yet.
too_early = pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step:UserWarning")
Worlds = dict[int, tuple[Path, list[dict[str, list[float]]]]]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    """What every process of each world saw, and the folder that they shared."""
    return run_worlds(tmp_path_factory.mktemp("worlds"))


# ---- One, two and four processes. ----


@pytest.mark.parametrize(
    ("count", "last", "dead"), [(1, 1 / 6, 0), (2, 0.0, 4), (4, 0.0, 6)], ids=["alone", "two", "four"]
)
def test_bare_a_prepared_scheduler_runs_as_many_times_too_fast_as_there_are_processes(worlds, count, last, dead):
    for seen in worlds[count][1]:
        used = seen["bare, prepared"]
        assert used[-1] == pytest.approx(last)
        assert used.count(0.0) == dead  # updates that train nothing, in silence
        assert seen["bare, beside"] == PLANNED


@pytest.mark.parametrize("count", WORLDS)
@pytest.mark.parametrize("way", ["prepared", "beside", "behind", "told twice"])
def test_every_process_uses_what_is_planned_whoever_ticks(worlds, count, way):
    for seen in worlds[count][1]:
        assert seen[way] == SCHEDULE(range(len(seen[way]))).tolist()


@pytest.mark.parametrize("count", WORLDS)
def test_accumulation_and_a_last_window_that_is_short_do_not_move_it(worlds, count):
    for seen in worlds[count][1]:
        assert [seen[f"k={k}"] for k in (2, 4, 8)] == [PLANNED[:3]] * 3
        assert seen["short window"] == PLANNED[:6]  # ten batches in windows of 4, 4 and 2, twice


@too_early
def test_bare_a_scheduler_beside_the_prepared_ones_counts_micro_batches():
    assert Loop(bare, ways="beside", k=4).train(2) == [PLANNED[3], PLANNED[7]]


@pytest.mark.parametrize("count", WORLDS)
def test_the_journal_of_several_processes_has_each_update_once(worlds, count):
    series = read_journal(worlds[count][0] / "run.jsonl")["lr"]
    assert list(series.steps) == list(range(UPDATES))
    assert list(series.values) == PLANNED


@pytest.mark.parametrize("count", WORLDS)
@pytest.mark.parametrize("way", ["prepared", "beside"])
def test_saved_by_any_number_of_processes_it_goes_on_in_one(worlds, count, way):
    loop = Loop(ways=way)
    state = worlds[count][0] / "state"
    if way == "beside":  # accelerate has another file for what is registered
        prepared = Loop(ways="prepared")
        prepared.accelerator.load_state(str(state))
        loop.scheduler.load_state_dict(prepared.scheduler.state_dict())
    else:
        loop.accelerator.load_state(str(state))
    assert loop.train(UPDATES - 5) == PLANNED[5:] == worlds[count][1][0]["recorded"]


# ---- Updates that a loss scale skips. ----


def scaled(make: Any, *, tick: bool = True) -> list[float]:
    """Ten updates of the loop, the first three of which overflow."""
    loop = Loop(make, ways="beside")
    scaler = torch.amp.GradScaler("cpu", init_scale=1.0)
    loop.optimizer.scaler = scaler
    loop.optimizer.__setstate__({})  # as when it is made with one
    for update in range(10):
        x = torch.randn(4, 4, generator=torch.Generator().manual_seed(update))
        loss = loop.model(x).square().mean() * (torch.inf if update < 3 else 1)
        scaler.scale(loss).backward()
        loop.optimizer.step()
        if tick:
            loop.scheduler.step()
        loop.optimizer.zero_grad()
    return loop.spy.first


@too_early
def test_bare_skipped_updates_eat_the_warmup():
    assert scaled(bare)[0] == PLANNED[3]


@pytest.mark.parametrize("tick", [True, False])
def test_updates_that_are_skipped_are_not_counted(tick):
    assert scaled(attach, tick=tick) == PLANNED[:7]


# ---- save_state and load_state. ----


def stopped(folder: Path, updates: int, make: Any = attach, **how: Any) -> str:
    """Where a run that stopped behind so many updates left its state."""
    loop = Loop(make, **how)
    loop.train(updates)
    return loop.accelerator.save_state(str(folder / "state"))


@pytest.mark.parametrize("way", ["prepared", "beside", "behind"])
@pytest.mark.parametrize("at", [0, 1, 2, 5, 7])
def test_a_loaded_state_goes_on_to_the_bit(tmp_path, at, way):
    whole = Loop(ways=way)
    whole.train(UPDATES)
    state = stopped(tmp_path, at, ways=way)
    rest = Loop(ways=way)
    rest.micro = at
    for _ in range(2):  # again is harmless
        rest.accelerator.load_state(state)
    rest.scheduler.step()  # and so is a fast-forward on top
    assert rest.train(UPDATES - at) == PLANNED[at:]
    assert all(map(torch.equal, whole.model.parameters(), rest.model.parameters()))


def test_another_accumulation_goes_on_at_the_same_update(tmp_path):
    state = stopped(tmp_path, 5)
    rest = Loop(k=4)
    rest.accelerator.load_state(state)
    assert rest.train(3) == PLANNED[5:]


def test_bare_an_extended_run_takes_the_new_curve_in_silence(tmp_path):
    state = stopped(tmp_path, UPDATES, bare)
    rest = Loop(bare, schedule=LONGER)
    rest.accelerator.load_state(state)
    assert rest.train(2)[1] / PLANNED[-1] == pytest.approx(3, abs=0.1)  # three times the last one


@pytest.mark.parametrize("way", ["prepared", "beside"])
def test_an_extended_run_is_a_conflict_until_a_policy_is_named(tmp_path, way):
    state = stopped(tmp_path, UPDATES, ways=way)
    with pytest.raises(ResumeConflict, match=r"\$\.horizon\.steps +8 +16"):
        Loop(schedule=LONGER, ways=way).accelerator.load_state(state)
    for policy, used in {"hold": [PLANNED[-1]] * 3, rewarm(2): None, "stored": [0.0] * 3}.items():
        rest = Loop(schedule=LONGER, ways=way, policy=policy)
        rest.accelerator.load_state(state)
        seen = rest.train(3)
        assert seen == pytest.approx(used) if used else seen[0] < seen[1] < seen[2]


def test_a_state_of_a_bare_scheduler_is_refused_by_name(tmp_path):
    state = stopped(tmp_path, 5, bare)
    with pytest.raises(CheckpointError, match="that of another at last_epoch=5"):
        Loop().accelerator.load_state(state)


# ---- What is shown of it. ----


def test_the_example_does_what_it_says(capsys):
    example = ROOT / "examples" / "accelerate_loop.py"
    assert example.read_text().count("\n") < 60
    runpy.run_path(str(example), run_name="__main__")
    assert "as planned: True" in capsys.readouterr().out


def test_the_page_runs_as_it_stands_there(tmp_path, run_page):
    run_page("accelerate.md")
    assert json.loads((tmp_path / "run.jsonl").read_text().splitlines()[-1])["step"]
