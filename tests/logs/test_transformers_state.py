"""What a real Trainer of transformers leaves behind: trainer_state.json, and the same run as TensorBoard events."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from glidepath.logs import transformers
from glidepath.logs.opening import open_run

STEPS = 8


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of eight updates, checkpoints at 4 and 8, two validation sets."""
    import torch
    from transformers import Trainer, TrainingArguments

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = torch.nn.Linear(4, 1)

        def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"loss": ((self.net(x) - labels) ** 2).mean()}

    folder = tmp_path_factory.mktemp("output")
    data = [{"x": torch.ones(4) * number, "labels": torch.zeros(1)} for number in range(16)]
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=STEPS,
        per_device_train_batch_size=2,
        learning_rate=1e-3,
        warmup_steps=2,
        logging_steps=1,
        save_steps=4,
        eval_strategy="steps",
        eval_steps=4,
        report_to="tensorboard",
        prediction_loss_only=True,
        use_cpu=True,
        dataloader_pin_memory=False,
        disable_tqdm=True,
    )
    before = os.environ.get("TENSORBOARD_LOGGING_DIR")
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(folder / "runs")
    try:
        Trainer(Model(), arguments, train_dataset=data, eval_dataset={"wiki": data[:4], "code": data[4:8]}).train()
    finally:
        os.environ.pop("TENSORBOARD_LOGGING_DIR")
        if before is not None:
            os.environ["TENSORBOARD_LOGGING_DIR"] = before
    return folder


def test_an_output_folder_is_the_run_of_its_newest_checkpoint(output: Path) -> None:
    run = open_run(output)
    rows = json.loads((output / f"checkpoint-{STEPS}" / "trainer_state.json").read_text())["log_history"]
    train = [row for row in rows if "loss" in row]
    assert run["loss"].steps.tolist() == [row["step"] - 1 for row in train] == list(range(STEPS))
    assert run["loss"].values.tolist() == [row["loss"] for row in train]
    assert run["lr"].values.tolist() == [row["learning_rate"] for row in train]
    assert run["lr"].values.tolist()[:3] == [0, 0.5e-3, 1e-3]
    assert run["validation_loss"].steps.tolist() == [3, 7]
    assert {"grad_norm", "epoch", "validation_loss", "validation_loss/code"} <= set(run.curves)
    assert run.settings["max_steps"] == STEPS
    assert run.settings["train_batch_size"] == 2
    assert "the log's 8 is update 7" in run.notes[0]


def test_its_events_are_the_same_run(output: Path) -> None:
    state, events = open_run(output), open_run(output / "runs")
    for name in ("loss", "lr", "grad_norm"):
        assert events[name].steps.tolist() == state[name].steps.tolist()
        assert events[name].values == pytest.approx(state[name].values, rel=1e-6)
    assert events.settings["per_device_train_batch_size"] == 2
    assert "train/train_loss" not in events.curves


def test_an_older_checkpoint_is_read_where_the_newest_is_cut_or_gone(output: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(output, copy)
    newest = copy / f"checkpoint-{STEPS}" / "trainer_state.json"
    newest.write_text(newest.read_text()[:-20])
    run = open_run(copy)
    assert len(run["loss"]) == STEPS // 2
    assert any("expected a whole trainer_state.json" in note for note in run.notes)
    newest.unlink()
    assert len(open_run(copy)["loss"]) == STEPS // 2


def state_of(*rows: Any, **more: Any) -> str:
    return json.dumps({"log_history": rows, "global_step": len(rows), **more})


def test_the_totals_at_the_end_are_no_points_of_the_loss(tmp_path: Path) -> None:
    file = tmp_path / "trainer_state.json"
    totals = {"train_runtime": 3.0, "train_loss": 2.5, "train_steps_per_second": 3.0, "epoch": 1.0, "step": 2}
    file.write_text(state_of({"loss": 3.0, "step": 1}, {"loss": 2.0, "step": 2, "num_input_tokens_seen": 64}, totals))
    run = open_run(file)
    assert run["loss"].values.tolist() == [3, 2]
    assert run["tokens"].values.tolist() == [64]
    assert set(run.curves) == {"loss", "tokens", "epoch"}


@pytest.mark.parametrize(("version", "shift"), [("4.50.3", 1), ("4.51.0", 0), ("5.23.0", 0)])
def test_the_version_beside_it_says_which_update_a_rate_belongs_to(tmp_path: Path, version: str, shift: int) -> None:
    (tmp_path / "trainer_state.json").write_text(state_of({"loss": 3.0, "learning_rate": 0.1, "step": 1}))
    assert open_run(tmp_path)["lr"].steps.tolist() == [0]
    (tmp_path / "config.json").write_text(json.dumps({"transformers_version": version}))
    run = open_run(tmp_path)
    assert run["lr"].steps.tolist() == [shift]
    assert run["loss"].steps.tolist() == [0]
    assert any("next update" in note for note in run.notes) == bool(shift)


def test_rewards_and_nested_quantities_of_trl_are_columns(tmp_path: Path) -> None:
    file = tmp_path / "trainer_state.json"
    file.write_text(state_of({"loss": 0.1, "reward": 0.5, "completions/mean_length": 20, "deep": {"x": 1}, "step": 1}))
    assert {"reward", "completions/mean_length", "deep/x"} <= set(open_run(file).curves)


@pytest.mark.parametrize(
    "text",
    [
        '{"log_history": [{"step": 1, "loss": 2',
        '{"log_history": {}}',
        '{"log_history": []}',
        '{"log_history": [1, "x", null, {"step": "1", "loss": 2}, {"step": 1e300, "loss": 3}]}',
        '{"log_history": [{"step": 1, "loss": "much"}]}',
        '{"log_history": ' + "[" * 100_000,
    ],
)
def test_a_state_that_is_none_is_refused(tmp_path: Path, complaint, text: str) -> None:
    file = tmp_path / "trainer_state.json"
    file.write_text(text)
    complaint(transformers.read, file)


def test_a_folder_without_a_state_is_refused(tmp_path: Path, complaint) -> None:
    assert not transformers.recognises(tmp_path, b"")
    complaint(transformers.read, tmp_path)
