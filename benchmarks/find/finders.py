"""Finders side by side: ours, and those of the libraries that people use, each with its own code where it installs."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from tempfile import TemporaryDirectory

import numpy as np
import torch
from truth import RECIPE

from glidepath.errors import FinderError
from glidepath.finder.range_test import RangeTest
from glidepath.finder.rules import RULES
from glidepath.frameworks.torch import probe
from glidepath.frameworks.torch.updating import Loop
from glidepath.lab.tasks import Task

STEPS = 100  # of a sweep: the number that fastai and Lightning use


@dataclass(frozen=True)
class Answer:
    """A peak, what it cost in updates, and its interval where the finder gives one; or why there is none."""

    lr: float | None
    cost: int
    low: float = 0.0
    high: float = 0.0
    why: str = ""


def ours(task: Task, seed: int, *, budget: float = 0.5, horizon: int | None = None) -> Answer:
    """The probe, judged by the validation loss."""
    model, steps = task.model(seed), horizon or task.horizon
    try:
        found = probe(
            model,
            task.optimizer(model),
            lambda index: task.loss(model, index, seed),
            RECIPE.over(steps, peak=1.0),
            validation=lambda: task.validation_loss(model),
            clip=task.clip,
            epochs=task.epochs,
            budget=budget,
            quiet=True,
        )
    except FinderError as error:
        return Answer(None, int(budget * steps), why=str(error))
    return Answer(found.lr, found.cost, found.low, found.high)


def rules(task: Task, seed: int) -> dict[str, Answer]:
    """One sweep from 1e-7 to 10, and what every rule reads off it; fastai's are valley, slide, minimum and steepest."""
    model, test = task.model(seed), RangeTest(steps=STEPS)
    loop = Loop(model, task.optimizer(model), lambda i: task.loss(model, i, seed), lambda i: i, clip=task.clip)
    with loop.begin() as update:
        number = 0
        while (lr := test.ask()) is not None:
            test.tell(update(number, lr))
            number += 1
    return {word: _read(rule, test, number) for word, rule in RULES.items()}


def _read(rule: Callable[..., float], test: RangeTest, cost: int) -> Answer:
    try:
        return Answer(rule(test.sweep()), cost)
    except FinderError as error:
        return Answer(None, cost, why=str(error))


def lightning(task: Task, seed: int) -> Answer:
    """Lightning's `Tuner.lr_find` as it comes."""
    import lightning as L  # noqa: N812 - as everybody writes it
    from lightning.pytorch.tuner import Tuner

    class Module(L.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net, self.lr = task.model(seed), 1e-3

        def training_step(self, batch, _):
            return task.loss(self.net, int(batch[0]), seed)

        def configure_optimizers(self):
            optimizer = task.optimizer(self.net)
            for group in optimizer.param_groups:
                group["lr"] = self.lr
            return optimizer

    loader = torch.utils.data.DataLoader(torch.arange(STEPS + 10), batch_size=1)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    silent = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    with warnings.catch_warnings(), TemporaryDirectory() as folder, silent[0], silent[1]:
        warnings.simplefilter("ignore")
        trainer = L.Trainer(
            max_epochs=1,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            gradient_clip_val=task.clip,
            default_root_dir=folder,
        )
        found = Tuner(trainer).lr_find(Module(), train_dataloaders=loader, num_training=STEPS)
    return Answer(found.suggestion(), len(found.results["lr"])) if found else Answer(None, STEPS, why="no result")


def torch_lr_finder(task: Task, seed: int) -> Answer:
    """torch-lr-finder's `range_test`, from 1e-7 to 10, and the steepest gradient that its plot suggests."""
    from torch_lr_finder import LRFinder, TrainDataLoaderIter

    class Numbers(TrainDataLoaderIter):
        def inputs_labels_from_batch(self, batch):
            return torch.tensor(batch[0]), torch.tensor(batch[1])

    model = _Numbered(task, seed)
    optimizer = task.optimizer(model.net)
    for group in optimizer.param_groups:
        group["lr"] = 1e-7
    finder = LRFinder(model, optimizer, lambda loss, _: loss, device="cpu")
    silent = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    with warnings.catch_warnings(), silent[0], silent[1]:
        warnings.simplefilter("ignore")
        loader = torch.utils.data.DataLoader(_Numbers(STEPS + 10), batch_size=None)
        finder.range_test(Numbers(loader), end_lr=10, num_iter=STEPS)
    lrs, losses = (np.array(finder.history[name])[10:-5] for name in ("lr", "loss"))  # what its plot leaves out
    if losses.size < 2:
        return Answer(None, len(finder.history["lr"]), why="too few points")
    return Answer(float(lrs[np.argmin(np.gradient(losses))]), len(finder.history["lr"]))


class _Numbers(torch.utils.data.Dataset):
    """Numbers of batches, each with itself as its label."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[int, int]:
        return index, index


class _Numbered(torch.nn.Module):
    """A model that gives the loss of a batch's number."""

    def __init__(self, task: Task, seed: int) -> None:
        super().__init__()
        self.net, self.task, self.seed = task.model(seed), task, seed

    def forward(self, number: torch.Tensor) -> torch.Tensor:
        return self.task.loss(self.net, int(number), self.seed)


RIVALS: dict[str, Callable[[Task, int], Answer]] = {"Lightning": lightning, "torch-lr-finder": torch_lr_finder}
