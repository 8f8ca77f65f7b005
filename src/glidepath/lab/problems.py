"""Five small trainings that give their batches away, so that a fault can be put into them."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from glidepath.lab.digits import Digits, pictures
from glidepath.lab.gpt import CharacterGPT, Size
from glidepath.lab.tasks import text
from glidepath.lab.teacher import HELD, Teacher
from glidepath.lab.training import BETAS, CLIP

Batch = tuple[Tensor, Tensor]
SMALL = Size(layers=1, width=32, heads=2, context=32)  # a character GPT that takes milliseconds an update
WINDOWS = 8  # of text in a batch
PICTURES = 32  # in a batch of the autoencoder
NARROWEST = 12  # units of the autoencoder: too few to copy
MOMENTUM = 0.9  # of SGD, as everywhere
MEASURED = 512  # samples held out, always the same ones


@dataclass(frozen=True, slots=True)
class Problem:
    """What is trained: its batches by number and seed, its model, its loss, and the peak that suits it.

    `longest` is the most updates that take a second or two; `family` the optimizer, "sgd", "adam" or "adamw".
    """

    name: str
    family: str
    peak: float
    longest: int
    model: Callable[[int], nn.Module]
    batch: Callable[[int, int], Batch]
    held_out: Callable[[], Batch]
    clip: float | None = None
    betas: tuple[float, float] = (0.9, 0.999)  # torch's own
    tokens: int = 0  # kinds of token, where the inputs are tokens

    def optimizer(
        self, groups: list[dict[str, object]] | list[nn.Parameter], lr: float, decay: float
    ) -> torch.optim.Optimizer:
        """A fresh optimizer of its family."""
        if self.family == "sgd":
            return torch.optim.SGD(groups, lr=lr, momentum=MOMENTUM, weight_decay=decay)
        if self.family == "adam":
            return torch.optim.Adam(groups, lr=lr, weight_decay=decay)
        return torch.optim.AdamW(groups, lr=lr, betas=self.betas, weight_decay=decay)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Cross-entropy for labels, mean square for numbers."""
        inputs, targets = batch
        scores = model(inputs)
        if targets.is_floating_point():
            return functional.mse_loss(scores, targets)
        return functional.cross_entropy(scores.flatten(0, -2), targets.flatten())


def teacher(family: str) -> Problem:
    """Noisy labels of a small network, every batch new."""
    task = Teacher(family)
    peak = {"sgd": 0.05, "adam": 0.008}[family]
    return Problem(
        f"teacher-{family}", family, peak, 1_000, task.model, task.batch, lambda: task.batch(HELD, 0, size=MEASURED)
    )


def digits() -> Problem:
    """A small CNN on handwritten digits."""
    task = Digits(batch_size=32)
    return Problem("digits", "sgd", 0.08, 500, task.model, task.batch, lambda: pictures()[1])


def characters() -> Problem:
    """A character GPT of one layer on the sources of Python's standard library."""
    letters = len(text().alphabet)

    def batch(index: int, seed: int) -> Batch:
        window = torch.from_numpy(text().batch(index, size=WINDOWS, length=SMALL.context, seed=seed))
        return window[:, :-1], window[:, 1:]

    def held_out() -> Batch:
        window = torch.from_numpy(text().held_out_batch(0, size=MEASURED // 4, length=SMALL.context))
        return window[:, :-1], window[:, 1:]

    def model(seed: int) -> CharacterGPT:
        return CharacterGPT(letters, SMALL, seed=seed)

    return Problem("characters", "adamw", 0.008, 400, model, batch, held_out, CLIP, BETAS, letters)


def autoencoder() -> Problem:
    """Digits through twelve units and back: no labels, and a loss that falls by a factor of ten."""

    def model(seed: int) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            sizes = (64, 32, NARROWEST, 32, 64)
            layers: list[nn.Module] = []
            for into, out in pairwise(sizes):
                layers += [nn.Linear(into, out), nn.Tanh()]
            return nn.Sequential(*layers[:-1])

    def batch(index: int, seed: int) -> Batch:
        images = Digits(batch_size=PICTURES).batch(index, seed)[0].flatten(1)
        return images, images

    def held_out() -> Batch:
        images = pictures()[1][0].flatten(1)
        return images, images

    return Problem("autoencoder", "adamw", 0.01, 700, model, batch, held_out)


PROBLEMS: dict[str, Callable[[], Problem]] = {
    "teacher-sgd": lambda: teacher("sgd"),
    "teacher-adam": lambda: teacher("adam"),
    "digits": digits,
    "characters": characters,
    "autoencoder": autoencoder,
}
