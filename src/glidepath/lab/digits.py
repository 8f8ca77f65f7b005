"""Handwritten digits, 8 x 8 (UCI, Alpaydin and Kaynak 1998), and a small convolutional network."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from glidepath._extras import require

CHANNELS = 16, 32  # of the two convolutions: 97 to 98 % of the held-out digits in some seconds
HELD_OUT = 3  # one digit in three
DARKEST = 16.0  # the largest value of a pixel
MOMENTUM = 0.9  # of SGD, as everywhere


@dataclass(frozen=True, slots=True)
class Digits:
    """A small CNN on 1,198 digits by SGD with momentum; the others are held out."""

    batch_size: int = 64
    horizon: int = 800
    name: str = "digits CNN, sgd"
    clip: float | None = None

    @property
    def epochs(self) -> float:
        """How often a whole run sees the digits to train on."""
        return self.horizon * self.batch_size / len(pictures()[0][1])

    def model(self, seed: int) -> nn.Module:
        """A fresh network; the same seed gives the same weights."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return nn.Sequential(
                nn.Conv2d(1, CHANNELS[0], 3, padding=1),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Conv2d(CHANNELS[0], CHANNELS[1], 3, padding=1),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Flatten(),
                nn.Linear(4 * CHANNELS[1], 10),
            )

    def optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        """SGD with momentum, at a learning rate of 1."""
        return torch.optim.SGD(model.parameters(), lr=1.0, momentum=MOMENTUM)

    def batch(self, index: int, seed: int) -> tuple[Tensor, Tensor]:
        """Pictures (n, 1, 8, 8) and digits (n,): batch number `index` (>= 0) of a seed (>= 0), drawn at random."""
        images, digits = pictures()[0]
        drawn = np.random.Generator(np.random.Philox(key=[seed, index])).integers(0, len(digits), self.batch_size)
        return images[drawn], digits[drawn]

    def loss(self, model: nn.Module, index: int, seed: int) -> Tensor:
        """The cross-entropy of a training batch, in nats."""
        images, digits = self.batch(index, seed)
        return nn.functional.cross_entropy(model(images), digits)

    def validation_loss(self, model: nn.Module) -> float:
        """The cross-entropy of the digits held out."""
        images, digits = pictures()[1]
        with torch.no_grad():
            return float(nn.functional.cross_entropy(model(images), digits))


@cache
def pictures() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Those to train on and those held out, every third; from scikit-learn, which bundles them."""
    found = require("sklearn.datasets").load_digits()
    images = torch.from_numpy(found.images.astype(np.float32) / DARKEST)[:, None]
    digits = torch.from_numpy(found.target.astype(np.int64))
    held = torch.arange(len(digits)) % HELD_OUT == 0
    return (images[~held], digits[~held]), (images[held], digits[held])
