"""A file that wandb wrote, of a run that was killed and resumed; and what happens to it."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from glidepath.logs import wandb
from glidepath.logs.opening import open_run, open_runs

FOLDER = Path(__file__).parents[1] / "data" / "logs" / "wandb"
FIRST, SECOND = sorted(FOLDER.glob("*/*.wandb"))


def test_files_of_one_id_are_one_run_with_the_updates_done_twice_kept_apart() -> None:
    run = open_run(FOLDER)
    assert run.name == "small"
    assert run.segments == (0, 8)
    assert run["loss"].steps.tolist() == list(range(16))
    assert run.discarded["loss"].steps.tolist() == [8, 9]
    assert run["loss"].values[[0, 8]].tolist() == [4, 4 / 9 + 0.08]
    assert run["lr"].values == pytest.approx(3e-4 * (1 - np.arange(16) / 16))
    assert run["validation_loss"].steps.tolist() == [15]
    assert run.settings == {"learning_rate": 3e-4, "warmup": {"steps": 2}, "layers": [1, 2]}


def test_a_file_and_its_folder_are_the_same_run() -> None:
    for path in (FIRST, FIRST.parent):
        run = open_run(path)
        assert run["loss"].steps.tolist() == list(range(10))
        assert np.isnan(run["odd"].values[3])
        assert np.isinf(run["odd"].values[4])
        assert run["nested/deep"].values.tolist() == list(range(10))
        assert any("the 10 of transformers is update 9" in note for note in run.notes)


def test_two_ids_are_two_runs(tmp_path: Path) -> None:
    for number, file in enumerate((FIRST, SECOND)):
        folder = tmp_path / f"offline-run-20260101_00000{number}-id{number}"
        folder.mkdir()
        shutil.copy(file, folder / f"run-id{number}.wandb")
    assert {name: len(run["loss"]) for name, run in open_runs(tmp_path).items()} == {
        f"{tmp_path.name}/small-run-id0": 10,
        f"{tmp_path.name}/small-run-id1": 8,
    }


def test_a_cut_end_costs_the_last_rows_alone(tmp_path: Path) -> None:
    file = tmp_path / "run-x.wandb"
    whole = FIRST.read_bytes()
    file.write_bytes(whole[: whole.rindex(b"train/loss") - 5])
    run = open_run(file)
    assert len(run["loss"]) == 9
    assert any("cut" in note for note in run.notes)


def test_a_damaged_record_is_left_out_with_what_its_block_holds_behind_it(tmp_path: Path) -> None:
    file = tmp_path / "run-x.wandb"
    whole = bytearray(FIRST.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(whole)
    run = open_run(file)
    assert 0 < len(run["loss"]) < 10
    assert any("damaged" in note for note in run.notes)


@pytest.mark.parametrize(
    "content", [b"", b":W&B\xe1\xbe\x00", b":W&B\xe1\xbe\x00" + b"\0" * 50_000, b":W&B\xe1\xbe\x01"]
)
def test_a_file_without_a_history_is_refused(tmp_path: Path, complaint, content: bytes) -> None:
    file = tmp_path / "run-x.wandb"
    file.write_bytes(content)
    complaint(wandb.read, file)


def test_a_folder_without_a_file_is_refused(tmp_path: Path, complaint) -> None:
    assert not wandb.recognises(tmp_path, b"")
    complaint(wandb.read, tmp_path)
