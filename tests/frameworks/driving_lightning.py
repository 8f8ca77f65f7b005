"""What the tests of the Lightning door drive: a real Trainer of a small module, whose updates a spy looks at.

As a program it trains one in two processes of gloo, forked from it.
"""

import csv
import json
import logging
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from driving import Spy, network
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import LearningRateMonitor
from lightning.pytorch.loggers import CSVLogger
from torch.optim import SGD
from torch.utils.data import DataLoader

import glidepath as gp
from glidepath.frameworks.lightning import attach

BATCHES = 10  # an epoch of them
SIZE = 4

# Lightning's own: of every small loader, of one that cannot be wound to the midst of an epoch, where these tests stop,
# and of its use of a name that torch 2.13 calls by another.
ITS_OWN = [
    pytest.mark.filterwarnings("ignore:The 'train_dataloader' does not have many workers"),
    pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before the epoch"),
    pytest.mark.filterwarnings("ignore:.*LeafSpec.* is deprecated:FutureWarning"),
]

for name in ("lightning.pytorch.utilities.rank_zero", "lightning.pytorch.accelerators.cuda"):
    logging.getLogger(name).setLevel(logging.ERROR)


class Module(LightningModule):
    """The small network; `configured` gives what `configure_optimizers` returns, of the module and its optimizer."""

    def __init__(self, configured: Callable[["Module", SGD], Any], lr: float = 1.0) -> None:
        super().__init__()
        self.net, self.configured, self.lr = network(), configured, lr

    def training_step(self, x: torch.Tensor) -> torch.Tensor:
        return ((self.net(x) - torch.sin(x.sum(1, keepdim=True))) ** 2).mean()

    def configure_optimizers(self) -> Any:
        optimizer = SGD(self.net.parameters(), self.lr)
        self.spy = Spy(optimizer)
        return self.configured(self, optimizer)


class Stop(Callback):
    """Ends a training behind so many updates, and saves it then, in the midst of its epoch."""

    def __init__(self, at: int, folder: Path) -> None:
        self.at, self.folder = at, folder

    def on_train_batch_end(self, trainer: Trainer, *more: Any) -> None:  # noqa: ARG002
        if trainer.global_step >= self.at and not trainer.should_stop:
            trainer.save_checkpoint(self.folder / f"{self.at}.ckpt")
            trainer.should_stop = True


def loader(batches: int = BATCHES) -> DataLoader:
    draw = torch.Generator().manual_seed(7)
    return DataLoader(torch.randn(SIZE * batches, 4, generator=draw), batch_size=SIZE)


def trainer_of(folder: Path, *, callbacks: Any = (), monitor: bool = False, **args: Any) -> Trainer:
    """A Trainer that says little; `monitor` adds Lightning's own log of learning rates."""
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    logger = CSVLogger(str(folder), name="log", version="one") if monitor else False
    watch = [*callbacks, LearningRateMonitor()] if monitor else [*callbacks]
    return Trainer(accelerator="cpu", logger=logger, callbacks=watch, log_every_n_steps=1, **{**quiet, **args})


def trained(
    configured: Any,
    folder: Path,
    *,
    lr: float = 1.0,
    stop: int | None = None,
    resume: int | None = None,
    data: Any = None,
    **args: Any,
) -> Module:
    """A module behind `fit`, from the beginning or from the checkpoint of an update, to the end or to another."""
    callbacks = [] if stop is None else [Stop(stop, folder)]
    module, trainer = Module(configured, lr), trainer_of(folder, callbacks=callbacks, **args)
    data = loader() if data is None else data
    trainer.fit(module, data, ckpt_path=None if resume is None else folder / f"{resume}.ckpt")
    if stop is None:
        trainer.save_checkpoint(folder / f"{trainer.global_step}.ckpt")
    return module


def monitored(folder: Path) -> list[float]:
    """What `LearningRateMonitor` wrote."""
    with (folder / "log" / "one" / "metrics.csv").open() as file:
        return [float(row["lr-SGD"]) for row in csv.DictReader(file) if row.get("lr-SGD")]


EPOCHS = gp.parse("warmup(1 epochs) >> cosine()")
PROCESSES = 2


class Tell(Callback):
    """What the updates of a process used, in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        seen = {"used": pl_module.spy.first, "schedule": str(pl_module.lr_schedulers().schedule)}
        (self.folder / f"{trainer.global_rank}.json").write_text(json.dumps(seen))


if __name__ == "__main__":
    warnings.resetwarnings()  # those of Lightning are no errors
    place = Path(sys.argv[1])
    told = trainer_of(place, callbacks=[Tell(place)], max_epochs=2, strategy="ddp_fork", devices=PROCESSES)
    told.fit(Module(lambda module, optimizer: attach(module, optimizer, EPOCHS, journal=place / "run.jsonl")), loader())
