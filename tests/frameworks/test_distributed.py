"""Several processes: they agree or say so, all of them; one writes, all hear; the world may change under way."""

import json
from pathlib import Path
from typing import Any

import driving_distributed as driving
import pytest
import torch
from driving import Spy, adamw, schedule_of, sgd, update
from driving_distributed import BATCH, CASES, SAVED, SCHEDULE, UPDATES, Run, samples
from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict

from glidepath.frameworks.torch import attach, ranks
from glidepath.runs.journal import read_journal

WHOLE = [[lr * SCHEDULE(step) / 0.3 for lr in (0.3, 0.1)] for step in range(UPDATES)]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one launch of two processes has left."""
    folder = tmp_path_factory.mktemp("world")
    driving.together(Path(driving.__file__), str(folder))
    return folder


@pytest.fixture(scope="module")
def both(folder: Path) -> list[dict[str, Any]]:
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


def test_all_processes_say_the_same(both):
    assert both[0] == both[1]


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_what_the_first_saves_all_go_on_from(both, kind):
    assert both[0][kind]["parts"] == both[0][kind]["whole"] == [pytest.approx(row, rel=1e-15) for row in WHOLE]


@pytest.mark.parametrize("kind", ["ddp SGD", "ddp AdamW", "fsdp SGD", "fsdp AdamW"])
def test_a_state_read_and_written_by_name_is_no_update(both, kind):
    assert both[0]["by name"][kind] == both[0]["ddp"]["whole"]


@pytest.mark.parametrize("case", CASES)
def test_a_process_that_is_about_to_do_something_else_is_said_in_all_of_them(both, case):
    message, well_behind_it = both[0]["apart"][case]
    name = {"peak": "schedule", "loaded": "step"}.get(case, case)
    assert message.startswith(f"expected the same {name} in every process, got ")
    assert "in number 1: " in message
    assert "\n" not in message
    assert len(message) < 400
    assert well_behind_it


def test_a_schedule_apart_is_shown_by_the_field(both):
    assert "got $.peak = 0.1 in the first and 0.2 in number 1" in both[0]["apart"]["peak"][0]


def test_they_compare_once_and_later_updates_pay_nothing(both):
    assert both[0]["exchanges"] == 1


def test_requests_are_heard_by_all_at_the_same_step_and_again_behind_a_resume(both, folder):
    used = [row[0] for row in both[0]["asked"]["used"]]
    halved = [SCHEDULE(step) * (0.5 if step > 2 else 1) for step in range(UPDATES)]
    assert used == pytest.approx([min(lr, 0.01) if step >= 7 else lr for step, lr in enumerate(halved)])
    assert both[0]["asked"]["again"] == both[0]["asked"]["used"][SAVED:]
    assert both[0]["asked"]["state"]["heard"] == [2, 1]
    run = read_journal(folder / "run.jsonl")
    assert run.segments == (0, SAVED)
    assert run["lr"].values.tolist() == used
    assert len(run.discarded["lr"].values) == UPDATES - SAVED


@pytest.mark.parametrize("k", [1, 2, 4])
def test_another_world_and_accumulation_at_the_same_global_batch_change_no_bit(both, folder, k):
    run = Run("alone", k=k)
    run.attach().load_state_dict(torch.load(folder / "ddp.pt", weights_only=True))
    assert run.train(UPDATES - SAVED) == both[0]["ddp"]["whole"][SAVED:]


def test_another_global_batch_ends_with_the_same_data(both, folder):
    alone = Run("alone", batch=2 * BATCH)
    alone.attach(samples(2 * BATCH), policy="stretch").load_state_dict(torch.load(folder / "samples.pt"))
    used = alone.train(9)
    assert used == both[0]["other batch"]
    assert [row[0] for row in used[:8]] == pytest.approx([samples(BATCH)(step) for step in range(SAVED, 20, 2)])
    assert used[8][0] == pytest.approx(0.01)  # all of the data is seen


def test_the_example_goes_on_in_another_world(tmp_path):
    example = Path(__file__).parents[2] / "examples" / "torch_distributed.py"
    for launch, count, updates in ((driving.launched, 2, "0 to 19"), (driving.together, 1, "20 to 39")):
        told = launch(example, str(tmp_path / "run"), count=count)
        assert f"{count} processes, updates {updates}" in told
        assert "would have used: True" in told


# ---- Alone. ----


def test_alone_there_is_nobody_to_agree_with():
    ranks.agree_on(SCHEDULE, 0, None, journal="none")
    assert (ranks.count(), ranks.is_first()) == (1, True)


@pytest.mark.parametrize("make", [sgd, adamw])
def test_a_state_read_by_name_before_there_is_one_is_no_update(make):
    model = torch.nn.Linear(2, 1)
    optimizer = make()
    optimizer.add_param_group({"params": model.parameters(), "lr": 0.5})
    del optimizer.param_groups[0]
    scheduler, spy = attach(optimizer, SCHEDULE), Spy(optimizer)
    get_optimizer_state_dict(model, optimizer)
    assert (scheduler.last_epoch, optimizer.param_groups[0]["lr"]) == (0, SCHEDULE(0))
    spy.used.clear()
    update(optimizer, 2)
    assert spy.first == [SCHEDULE(0), SCHEDULE(1)]


def test_an_update_at_a_learning_rate_of_0_is_one_however_it_is_called():
    optimizer = sgd()
    scheduler = attach(optimizer, schedule_of("warmup(3, start=0) >> linear()"))
    for parameter in optimizer.param_groups[0]["params"]:
        parameter.grad = torch.ones_like(parameter)
    optimizer.step(closure=None)
    assert scheduler.last_epoch == 1


def test_what_the_first_process_is_told_cuts_them_all_together(both):
    seen = both[0]["watched"]
    (change,) = seen["changes"]
    assert (change["scale"], change["warmup"]) == (0.5, 4)
    assert change["step"] % 32 == 0
    assert set(seen["said"]) == {"divergence"}
    assert seen["used"][change["step"]] < seen["used"][change["step"] - 1]
