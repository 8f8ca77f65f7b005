"""Small trainings of one form, whatever is trained: what a benchmark or a test sweeps over learning rates."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import torch
from torch import Tensor, nn

from glidepath.frameworks.torch import attach
from glidepath.lab.digits import Digits
from glidepath.lab.gpt import CharacterGPT, Size
from glidepath.lab.teacher import Teacher
from glidepath.lab.text import Corpus, standard_library
from glidepath.lab.training import CLIP, adamw
from glidepath.schedules.schedule import Schedule

VALIDATION_BATCHES = 8  # of 64 windows of held-out text, always the same ones


class Task(Protocol):
    """What is trained, in how many steps, and what it is judged by; batches and weights follow from a seed alone."""

    @property
    def name(self) -> str:
        """What a table calls it."""

    @property
    def horizon(self) -> int:
        """Steps of a whole run."""

    @property
    def clip(self) -> float | None:
        """The largest norm of a gradient, if there is one."""

    @property
    def epochs(self) -> float:
        """How often a whole run sees its data."""

    def model(self, seed: int) -> nn.Module:
        """A fresh model."""

    def optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        """An optimizer of it, at a learning rate of 1."""

    def loss(self, model: nn.Module, index: int, seed: int) -> Tensor:
        """The loss (a scalar) of training batch number `index`."""

    def validation_loss(self, model: nn.Module) -> float:
        """The loss on data held out."""


@dataclass(frozen=True, slots=True)
class Characters:
    """A character GPT by AdamW on the sources of Python's standard library, in windows of 64 characters."""

    batch_size: int = 16
    horizon: int = 1_000
    name: str = "character GPT, adamw"
    clip: float | None = CLIP

    @property
    def epochs(self) -> float:
        """How often a whole run sees the text."""
        return self.horizon * self.batch_size * Size().context / text().train.size

    def model(self, seed: int) -> CharacterGPT:
        """A fresh GPT of 0.1 million parameters."""
        return CharacterGPT(len(text().alphabet), Size(), seed=seed)

    def optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        """AdamW."""
        return adamw(model)

    def loss(self, model: nn.Module, index: int, seed: int) -> Tensor:
        """Nats per character of training batch number `index`."""
        window = text().batch(index, size=self.batch_size, length=Size().context, seed=seed)
        loss: Tensor = model.loss(torch.from_numpy(window))  # type: ignore[operator]
        return loss

    def validation_loss(self, model: nn.Module) -> float:
        """Nats per character of the held-out tenth."""
        windows = (text().held_out_batch(i, size=64, length=Size().context) for i in range(VALIDATION_BATCHES))
        with torch.no_grad():
            losses = [model.loss(torch.from_numpy(window)) for window in windows]  # type: ignore[operator]
        return float(torch.stack(losses).mean())


@cache
def text() -> Corpus:
    """The text, read once."""
    return standard_library()


TASKS: dict[str, Callable[[], Task]] = {
    "characters": Characters,
    "digits": Digits,
    "teacher-sgd": Teacher,
    "teacher-adam": lambda: Teacher("adam"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The loss of each update, and the one on data held out behind the last; infinite where it diverged."""

    losses: tuple[float, ...]
    validation_loss: float


def train(task: Task, schedule: Schedule, steps: int, seed: int) -> Outcome:
    """A task from its start for some updates under a schedule."""
    model = task.model(seed)
    optimizer, losses = task.optimizer(model), list[float]()
    attach(optimizer, schedule)
    for index in range(steps):
        loss = task.loss(model, index, seed)
        losses.append(float(loss.detach()))
        if not math.isfinite(losses[-1]):
            return Outcome(tuple(losses), math.inf)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if task.clip is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), task.clip)
        optimizer.step()
    found = task.validation_loss(model)
    return Outcome(tuple(losses), found if math.isfinite(found) else math.inf)
