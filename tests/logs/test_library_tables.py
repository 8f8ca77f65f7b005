"""The tables of one library each, read by its reader.

Lightning and Keras write theirs here; those of DVCLive and Stable-Baselines3 were written by the library, see
tests/data/logs/tables.md; those of fastai, timm, Ultralytics, DeepSpeed, litgpt and the page of W&B are built from what
is known of their columns.
"""

from pathlib import Path

import numpy as np
import pytest

from glidepath.logs.opening import open_run, open_runs
from glidepath.runs.run import Run

DATA = Path(__file__).parents[1] / "data" / "logs"


def written(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def points(run: Run, name: str) -> dict[int, float]:
    return dict(zip(run[name].steps.tolist(), run[name].values.tolist(), strict=True))


@pytest.mark.filterwarnings("ignore")
def test_lightning_writes_sparse_rows_and_a_rate_for_every_micro_batch(tmp_path: Path) -> None:
    lightning = pytest.importorskip("lightning")
    torch = pytest.importorskip("torch")
    from lightning.pytorch.callbacks import LearningRateMonitor
    from lightning.pytorch.loggers import CSVLogger

    class Module(lightning.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self, width: int = 4, note: str = "a: b") -> None:  # noqa: ARG002 - what is saved
            super().__init__()
            self.save_hyperparameters()
            self.layer = torch.nn.Linear(width, 1)

        def training_step(self, batch: list[object], _: int) -> object:
            loss = self.layer(batch[0]).pow(2).mean()
            self.log("train_loss", loss, on_step=True, on_epoch=True)
            return loss

        def validation_step(self, batch: list[object], _: int) -> None:
            self.log("val_loss", self.layer(batch[0]).pow(2).mean())

        def configure_optimizers(self) -> object:
            groups = [{"params": [self.layer.weight]}, {"params": [self.layer.bias], "lr": 0.01}]
            optimizer = torch.optim.SGD(groups, lr=0.1)
            scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (step + 1))
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(16, 4)), batch_size=2)
    lightning.Trainer(
        max_epochs=2,
        logger=CSVLogger(tmp_path),
        callbacks=[LearningRateMonitor("step")],
        log_every_n_steps=1,
        accumulate_grad_batches=2,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        accelerator="cpu",
    ).fit(Module(), loader, loader)
    run = open_run(tmp_path)
    assert run.origin == "Lightning metrics.csv"
    np.testing.assert_allclose(run["lr"].values, 0.1 / np.arange(1, 9))
    np.testing.assert_allclose(run["lr/SGD/pg2"].values, 0.01 / np.arange(1, 9))
    assert run["lr"].steps.tolist() == run["loss"].steps.tolist() == list(range(8))
    assert run["validation_loss"].steps.tolist() == [3, 7]
    assert run.settings == {"width": 4, "note": "a: b"}
    assert run.segments == (0,)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras itself
def test_keras_writes_a_row_an_epoch(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    from keras.callbacks import CSVLogger, LearningRateScheduler

    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse", metrics=["mae"])
    data = np.ones((8, 2)), np.ones((8, 1))
    for append in (False, True):  # a second fit, appended, whose epochs go on
        callbacks = [
            LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1)),
            CSVLogger(tmp_path / "log.csv", separator=";", append=append),
        ]
        begin = 3 * append
        model.fit(*data, validation_data=data, epochs=begin + 3, initial_epoch=begin, callbacks=callbacks, verbose=0)
    run = open_run(tmp_path / "log.csv")
    assert (run.origin, run.clock) == ("Keras CSVLogger", "epochs")
    np.testing.assert_allclose(run["lr"].values, 0.1 / np.arange(1, 7))
    assert {"loss", "validation_loss", "mae"} <= set(run.curves)
    assert run["loss"].steps.tolist() == list(range(6))


def test_keras_2_calls_the_rate_lr_and_an_empty_one_na(tmp_path: Path) -> None:
    path = written(tmp_path / "k.csv", "epoch,accuracy,loss,lr,val_loss", "0,.5,2,0.1,NA", "1,.6,1,0.05,1.5")
    run = open_run(path)
    assert points(run, "lr") == {0: 0.1, 1: 0.05}
    assert points(run, "validation_loss") == {1: 1.5}


def test_fastai_writes_its_header_again_for_another_fit(tmp_path: Path) -> None:
    header = "epoch,train_loss,valid_loss,accuracy,time"
    path = written(
        tmp_path / "history.csv",
        *(header, "0,2.0,2.1,0.5,00:10", "1,1.5,1.7,0.6,00:11"),
        *(header, "0,1.2,1.3,0.7,00:10"),
    )
    run = open_run(path)
    assert (run.origin, run.segments, run.clock) == ("fastai history.csv", (0, 0), "epochs")
    assert points(run, "loss") == {0: 1.2}
    assert points(Run(run.discarded), "loss") == {0: 2.0, 1: 1.5}
    first, second = open_runs(path, apart=True).values()
    assert (points(first, "validation_loss"), points(second, "validation_loss")) == ({0: 2.1, 1: 1.7}, {0: 1.3})


def test_timm_writes_the_mean_rate_of_an_epoch(tmp_path: Path) -> None:
    path = written(
        tmp_path / "summary.csv",
        "epoch,train_loss,eval_loss,eval_top1,eval_top5,lr",
        "0,6.9,6.8,1,5,1e-6",
        "1,6,5,9,9,1e-3",
    )
    run = open_run(path)
    assert (run.origin, run.clock) == ("timm summary.csv", "epochs")
    assert (points(run, "lr"), points(run, "validation_loss")) == ({0: 1e-6, 1: 1e-3}, {0: 6.8, 1: 5.0})


NAMES = ("epoch", "train/box_loss", "train/cls_loss", "val/box_loss", "val/cls_loss", "lr/pg0", "lr/pg1")
ULTRALYTICS = ",".join(f"{name:>23}" for name in NAMES)  # as old versions pad it


def ultralytics_row(epoch: int, loss: float = 1.0) -> str:
    cells = (epoch, loss, 0.5, 1.0, 0.25, 0.1 / epoch, 0.01 * epoch)
    return ",".join(f"{cell:>23}" for cell in cells)


def test_ultralytics_sums_its_losses_and_takes_the_group_that_warms_up(tmp_path: Path) -> None:
    path = written(tmp_path / "results.csv", ULTRALYTICS, *map(ultralytics_row, (1, 2, 3)))
    written(
        tmp_path / "args.yaml",
        "task: detect",
        "lr0: 0.01",
        "lrf: 0.01",
        "cos_lr: false",
        "classes: null",
        "augment: [1]",
    )
    run = open_run(path)
    assert (run.origin, run.clock) == ("Ultralytics results.csv", "epochs")
    assert points(run, "loss") == {0: 1.5, 1: 1.5, 2: 1.5}
    assert points(run, "validation_loss") == {0: 1.25, 1: 1.25, 2: 1.25}
    assert points(run, "lr") == {0: 0.01, 1: 0.02, 2: 0.03}
    assert run["lr/pg0"].values[0] == 0.1
    assert run.settings == {"task": "detect", "lr0": 0.01, "lrf": 0.01, "cos_lr": False, "classes": None}
    assert any("counted from 0" in note for note in run.notes)


def test_ultralytics_appended_a_resumed_training(tmp_path: Path) -> None:
    rows = [ultralytics_row(epoch, loss) for loss in (1.0, 2.0) for epoch in range(1, 6)]
    run = open_run(written(tmp_path / "results.csv", ULTRALYTICS, *rows))
    assert points(run, "loss") == dict.fromkeys(range(5), 2.5)
    assert points(Run(run.discarded), "loss") == dict.fromkeys(range(5), 1.5)


def test_deepspeed_keeps_a_file_a_quantity_and_counts_samples(tmp_path: Path) -> None:
    for name, tag in (("lr", 0.1), ("train_loss", 3.0)):
        rows = [f"{samples},{tag}" for samples in (32, 64, 96)]
        again = [f"{samples},{tag / 2}" for samples in (96, 128)]
        written(tmp_path / f"Train_Samples_{name}.csv", f"step,{name}", *rows, f"step,{name}", *again)
    run = open_run(tmp_path)
    assert (run.origin, run.clock, run.segments) == ("DeepSpeed CSV monitor", "samples", (32, 96))
    assert points(run, "lr") == {32: 0.1, 64: 0.1, 96: 0.05, 128: 0.05}
    assert points(run, "loss") == {32: 3.0, 64: 3.0, 96: 1.5, 128: 1.5}
    assert points(Run(run.discarded), "loss") == {96: 3.0}
    assert set(open_run(tmp_path / "Train_Samples_lr.csv").curves) == {"lr"}


def test_litgpt_counts_micro_batches(tmp_path: Path) -> None:
    header = "epoch,iter,iter_time,learning_rate,loss,remaining_time,step,tokens,total_tokens,val_loss,val_ppl"
    rows = ["0,1,0.1,1e-4,9.1,10,0,512,512,,", "0,2,0.1,2e-4,8.1,9,1,1024,1024,,", ",,,,,,1,,,8.0,2980"]
    run = open_run(written(tmp_path / "csv" / "version_0" / "metrics.csv", header, *rows))
    assert run.origin == "litgpt metrics.csv"
    assert points(run, "lr") == {0: 1e-4, 1: 2e-4}
    assert points(run, "validation_loss") == {1: 8.0}
    assert any("micro-batches" in note for note in run.notes)


def test_an_export_of_wandb_holds_several_runs(tmp_path: Path) -> None:
    names = [
        f"{run} - {name}{end}"
        for run in ("a - 1", "b")
        for name in ("train/loss", "lr")
        for end in ("", "__MIN", "__MAX")
    ]
    header = ",".join(f'"{name}"' for name in ("Step", *names))
    row = '"{}","3","3","3","0.1","0.1","0.1","","","","0.2","0.2","0.2"'
    path = written(tmp_path / "wandb_export.csv", header, *map(row.format, range(3)))
    runs = open_runs(path)
    assert set(runs) == {"wandb_export.csv/a - 1", "wandb_export.csv/b"}
    assert set(runs["wandb_export.csv/a - 1"].curves) == {"loss", "lr"}
    assert points(runs["wandb_export.csv/b"], "lr") == {0: 0.2, 1: 0.2, 2: 0.2}


def test_dvclive_keeps_a_file_a_quantity() -> None:
    run = open_run(DATA / "dvclive")
    assert (run.origin, run.settings) == ("DVCLive folder", {"lr": 0.1})
    assert points(run, "loss") == {0: 3.0, 1: 2.5, 2: 2.0, 3: 3.0, 4: 2.5, 5: 2.0}
    assert run["lr"].steps.tolist() == list(range(6))


def test_stable_baselines_counts_steps_of_the_environment() -> None:
    run = open_run(DATA / "stable_baselines3" / "progress.csv")
    assert (run.origin, run.clock) == ("Stable-Baselines3 progress.csv", "samples")
    np.testing.assert_allclose(run["lr"].values, [3e-4, 2e-4, 1e-4])
    assert points(run, "loss") == {4096: 5.0, 6144: 2.5}
