"""Checkpoints as torch, Lightning and others write them; what is not plain is refused, and never run."""

import argparse
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from glidepath.errors import LogError
from glidepath.logs import checkpoint
from glidepath.logs.files import head_of
from glidepath.logs.opening import open_run

STEPS = 5


@pytest.fixture(scope="module")
def trained() -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """Two groups, five updates down a line to nothing."""
    groups = [{"params": [torch.nn.Parameter(torch.ones(2))], "lr": lr} for lr in (1.0, 0.1)]
    optimizer = torch.optim.SGD(groups)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, 10)
    for _ in range(STEPS):
        optimizer.step()
        scheduler.step()
    return optimizer, scheduler


def saved(path: Path, state: Any, **how: Any) -> Path:
    torch.save(state, path, **how)
    assert checkpoint.recognises(path, head_of(path))
    return path


@pytest.mark.parametrize("how", [{}, {"_use_new_zipfile_serialization": False}])
def test_a_checkpoint_is_a_run_of_one_point(tmp_path: Path, trained, how: dict[str, bool]) -> None:
    optimizer, scheduler = trained
    state = {"model": {"w": torch.ones(9)}, "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    run = open_run(saved(tmp_path / "a.pt", {**state, "iter_num": STEPS, "config": {"min_lr": 0.0}}, **how))
    assert run["lr"].steps.tolist() == [STEPS]
    assert run["lr"].values == pytest.approx([0.5])
    assert run["lr/pg1"].values == pytest.approx([0.05])
    assert run.settings["config"] == {"min_lr": 0.0}
    assert run.settings["groups"][1]["initial_lr"] == 0.1
    assert run.settings["schedulers"][0]["total_iters"] == 10
    assert "that of the next" in run.notes[0]


def test_the_files_of_transformers_and_accelerate_are_read(tmp_path: Path, trained) -> None:
    optimizer, scheduler = trained
    run = open_run(saved(tmp_path / "scheduler.pt", scheduler.state_dict()))
    assert run["lr"].steps.tolist() == [STEPS]
    assert run["lr"].values == pytest.approx([0.5])
    assert open_run(saved(tmp_path / "optimizer.bin", optimizer.state_dict()))["lr"].values == pytest.approx([0.5])


def test_the_lists_of_nnunet_are_curves_over_epochs(tmp_path: Path) -> None:
    logging = {
        "train_losses": [0.5, 0.25],
        "val_losses": [0.6, 0.3],
        "lrs": [0.01, 0.009],
        "dice_per_class": [[1], [1]],
    }
    run = open_run(saved(tmp_path / "checkpoint_final.pth", {"logging": logging, "current_epoch": 2}))
    assert run.clock == "epochs"
    assert run["loss"].values.tolist() == [0.5, 0.25]
    assert run["validation_loss"].values.tolist() == [0.6, 0.3]
    assert run["lr"].values.tolist() == [0.01, 0.009]


def test_megatron_and_deepspeed_say_what_their_schedulers_hold(tmp_path: Path) -> None:
    groups = [{"lr": torch.tensor(3e-4), "params": []}]
    megatron = {"iteration": 7, "opt_param_scheduler": {"max_lr": 3e-4, "num_steps": 448, "lr_decay_style": "cosine"}}
    run = open_run(saved(tmp_path / "model_optim_rng.pt", {**megatron, "optimizer": {"param_groups": groups}}))
    assert run["lr"].steps.tolist() == [7]
    assert run["lr"].values == pytest.approx([3e-4])
    assert run.settings["schedulers"][0]["num_steps"] == 448
    deepspeed = {"global_steps": 9, "global_samples": 36, "lr_scheduler": {"last_batch_iteration": 8}}
    run = open_run(saved(tmp_path / "mp_rank_00_model_states.pt", {**deepspeed, "optimizer": {"param_groups": groups}}))
    assert run["lr"].steps.tolist() == [9]
    assert run.settings["global_samples"] == 36


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning", "ignore::DeprecationWarning")
def test_a_checkpoint_of_lightning_is_read(tmp_path: Path) -> None:
    from lightning.pytorch import LightningModule, Trainer

    class Module(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = torch.nn.Linear(4, 1)

        def training_step(self, x: torch.Tensor) -> torch.Tensor:
            return (self.net(x) ** 2).mean()

        def configure_optimizers(self) -> dict[str, Any]:
            optimizer = torch.optim.SGD(self.parameters(), 1.0)
            scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, 10)
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
    trainer = Trainer(max_steps=4, default_root_dir=tmp_path, enable_checkpointing=False, **quiet)
    trainer.fit(Module(), torch.utils.data.DataLoader(torch.ones(8, 4)))
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    run = open_run(tmp_path / "last.ckpt")
    assert run["lr"].steps.tolist() == [4]
    assert run["lr"].values == pytest.approx([0.6])
    assert run.settings["pytorch-lightning_version"]
    assert run.settings["schedulers"][0]["last_epoch"] == 4


class Harm:
    """What runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("how", [{}, {"_use_new_zipfile_serialization": False}])
def test_a_pickle_of_other_classes_is_refused_and_not_run(tmp_path: Path, complaint, how: dict[str, bool]) -> None:
    file = saved(tmp_path / "evil.pt", {"step": 1, "x": Harm(tmp_path / "harmed")}, **how)
    assert "not plain" in complaint(checkpoint.read, file)
    assert not (tmp_path / "harmed").exists()
    file = saved(tmp_path / "args.pt", {"args": argparse.Namespace(lr=1)}, **how)
    assert "not plain" in complaint(checkpoint.read, file)


def test_a_bare_pickle_is_no_checkpoint(tmp_path: Path) -> None:
    file = tmp_path / "rng.pkl"
    file.write_bytes(pickle.dumps(Harm(tmp_path / "harmed")))
    assert not checkpoint.recognises(file, head_of(file))
    with pytest.raises(LogError):
        checkpoint.read(file)
    assert not (tmp_path / "harmed").exists()


def test_a_packed_archive_is_refused_before_it_unfolds(tmp_path: Path, complaint, limit) -> None:
    file = tmp_path / "bomb.pt"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 200_000_000)
    with limit(2):
        assert "packed" in complaint(checkpoint.read, file)


def test_what_says_nothing_of_a_rate_is_refused(tmp_path: Path, complaint) -> None:
    for state in (
        {"w": torch.ones(3)},
        [1, 2],
        {"optimizer": {"param_groups": [{"lr": "x"}]}},
        {"logging": {"lrs": "x"}},
    ):
        complaint(checkpoint.read, saved(tmp_path / "x.pt", state))
    file = saved(tmp_path / "x.pt", {"w": torch.ones(3)})
    file.write_bytes(file.read_bytes()[:-30])
    complaint(checkpoint.read, file)
    complaint(checkpoint.read, tmp_path / "missing.pt")


def test_a_log_beside_checkpoints_is_the_run_of_a_folder(tmp_path: Path, trained) -> None:
    saved(tmp_path / "last.pt", {"optimizer": trained[0].state_dict(), "step": STEPS})
    assert open_run(tmp_path)["lr"].steps.tolist() == [STEPS]
    (tmp_path / "metrics.csv").write_text("step,loss\n0,3\n1,2\n2,1\n")
    assert len(open_run(tmp_path)["loss"]) == 3
