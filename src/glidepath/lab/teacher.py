"""A student network that learns a teacher's noisy labels: a training of a second or two whose best loss is known."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from glidepath.errors import LabError, nearest

Batch = tuple[Tensor, Tensor]
Weights = tuple[NDArray[np.float64], NDArray[np.float64]]
MOMENTUM = 0.9  # of SGD, as everywhere
FAMILIES = ("sgd", "adam")
HELD_OUT = 8_192  # samples, always the same ones: the standard error of their mean loss is below 0.01
TEACHER, HELD = 2**63, 2**63 + 1  # what is drawn in place of a batch, numbered behind every one


@dataclass(frozen=True, slots=True)
class Teacher:
    """Normal noise with labels that a fixed small network draws, and the student that learns them, by SGD or Adam.

    The teacher is x -> sharpness * tanh(x V) W with `hidden` units; a label is drawn from the softmax of that, so that
    the best loss is their entropy, `floor()`, about 0.94 nats as it stands. The student has two hidden layers of
    `width`. Every batch is new; the same seed gives the same numbers. Raises LabError for another family.
    """

    family: str = "sgd"
    batch_size: int = 32
    horizon: int = 1_500
    inputs: int = 48
    hidden: int = 4
    classes: int = 4
    width: int = 48
    sharpness: float = 2.1
    clip: float | None = None
    epochs: float = 1.0  # a batch is never seen again

    def __post_init__(self) -> None:
        """Refuse an optimizer that it has not."""
        if self.family not in FAMILIES:
            raise LabError(f"expected sgd or adam for a teacher, got {self.family!r}: {nearest(self.family, FAMILIES)}")

    @property
    def name(self) -> str:
        """What a table calls it."""
        return f"teacher MLP, {self.family}"

    def model(self, seed: int) -> nn.Sequential:
        """A fresh student; the same seed gives the same weights."""
        sizes = (self.inputs, self.width, self.width, self.classes)
        draw = torch.Generator().manual_seed(seed)
        layers: list[nn.Module] = []
        for into, out in pairwise(sizes):
            layer = nn.Linear(into, out)
            nn.init.normal_(layer.weight, std=into**-0.5, generator=draw)
            nn.init.zeros_(layer.bias)
            layers += [layer, nn.Tanh()]
        return nn.Sequential(*layers[:-1])

    def optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        """SGD with momentum, or Adam, at a learning rate of 1."""
        if self.family == "adam":
            return torch.optim.Adam(model.parameters(), lr=1.0)
        return torch.optim.SGD(model.parameters(), lr=1.0, momentum=MOMENTUM)

    def batch(self, index: int, seed: int, *, size: int | None = None) -> Batch:
        """Inputs (n, inputs) and labels (n,): batch number `index` (>= 0) of a seed (>= 0), of `batch_size` samples."""
        draw = np.random.Generator(np.random.Philox(key=[seed, index]))
        inputs = draw.standard_normal((self.batch_size if size is None else size, self.inputs))
        scores = _scores(self, inputs)
        odds = np.cumsum(np.exp(scores - scores.max(axis=1, keepdims=True)), axis=1)
        labels = (draw.random((len(inputs), 1)) * odds[:, -1:] > odds[:, :-1]).sum(axis=1)
        return torch.from_numpy(inputs.astype(np.float32)), torch.from_numpy(labels)

    def loss(self, model: nn.Module, index: int, seed: int) -> Tensor:
        """The cross-entropy of a training batch, in nats."""
        inputs, labels = self.batch(index, seed)
        return functional.cross_entropy(model(inputs), labels)

    def validation_loss(self, model: nn.Module) -> float:
        """The cross-entropy of samples that are in no training batch."""
        inputs, labels = _held_out(self)
        with torch.no_grad():
            return float(functional.cross_entropy(model(inputs), labels))

    def floor(self) -> float:
        """The cross-entropy of the teacher itself on the held-out samples: what the best student comes to."""
        inputs, labels = _held_out(self)
        return float(functional.cross_entropy(torch.from_numpy(_scores(self, inputs.double().numpy())), labels))


def _scores(teacher: Teacher, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    into, out = _weights(teacher)
    scores: NDArray[np.float64] = np.tanh(inputs @ into) @ out
    return scores


@lru_cache(maxsize=8)
def _weights(teacher: Teacher) -> Weights:
    """Of the teacher: steep enough for its units to bend."""
    draw = np.random.Generator(np.random.Philox(key=[0, TEACHER]))
    steep = 1.5 / teacher.inputs**0.5
    return (
        draw.standard_normal((teacher.inputs, teacher.hidden)) * steep,
        draw.standard_normal((teacher.hidden, teacher.classes)) * teacher.sharpness / teacher.hidden**0.5,
    )


@lru_cache(maxsize=8)
def _held_out(teacher: Teacher) -> Batch:
    return teacher.batch(HELD, 0, size=HELD_OUT)
