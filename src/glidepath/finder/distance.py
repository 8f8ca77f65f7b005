"""How far the best weights are, which is the learning rate that Adam wants: D-adaptation in the form of Prodigy.

Mishchenko and Defazio 2023 (arXiv 2306.06101), with gamma = 1 and beta3 = sqrt(beta2):
r <- beta3 r + (1 - beta3) d^2 <g, x0 - x>,  s <- beta3 s + (1 - beta3) d^2 g,  d <- max(d, r / |s|_1),
m <- beta1 m + (1 - beta1) d g,  v <- beta2 v + (1 - beta2) d^2 g^2,  x <- x - d m / (sqrt(v) + d eps).
The estimate d grows until it knows the distance and then stays: some tens of updates (the centre of a probe).
"""

from collections.abc import Sequence
from typing import Any

from glidepath.errors import FinderError

START = 1e-6  # the paper's first estimate, which any real one is above
PATIENCE = 20  # updates without growth, after which it will not grow: 20 to 50 are what small trainings took
GROWTH = 1.01  # a hundredth is no growth


class Distance:
    """The estimate of one training; ask/tell: `tell(gradients, moved)` gives what to take off the weights.

    Arrays are of any one library that has operators, `abs` and `sum`, such as numpy and torch.
    """

    def __init__(self, *, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8) -> None:
        """Begin with no estimate; the betas (0 to below 1) and eps (above 0) are those of the Adam to come."""
        self.lr, self.count, self._grown = START, 0, 0
        self._betas, self._eps, self._r = betas, eps, 0.0
        self._s: list[Any] = []
        self._m: list[Any] = []
        self._v: list[Any] = []

    @property
    def known(self) -> bool:
        """Whether it has grown, and does so no longer."""
        return self.lr > START and self.count - self._grown >= PATIENCE

    def tell(self, gradients: Sequence[Any], moved: Sequence[Any]) -> list[Any]:
        """One update: its gradients, and how far the weights have moved (now minus at the start), array by array.

        Raises FinderError where the gradients are all 0, or no numbers.
        """
        (first, second), third, d = self._betas, self._betas[1] ** 0.5, self.lr
        if not all(bool((abs(g) < float("inf")).all()) for g in gradients):
            raise FinderError("expected finite gradients, got others: is the loss finite?")
        if not self._s:
            self._s, self._m, self._v = ([g * 0 for g in gradients] for _ in range(3))
        way = -sum(float((g * x).sum()) for g, x in zip(gradients, moved, strict=True))
        self._r = third * self._r + (1 - third) * d**2 * way
        self._s = [third * s + (1 - third) * d**2 * g for s, g in zip(self._s, gradients, strict=True)]
        self._m = [first * m + (1 - first) * d * g for m, g in zip(self._m, gradients, strict=True)]
        self._v = [second * v + (1 - second) * d**2 * g**2 for v, g in zip(self._v, gradients, strict=True)]
        size = sum(float(abs(s).sum()) for s in self._s)
        if size == 0:
            raise FinderError("expected gradients that are not all 0, got nothing else: is the loss of this model?")
        self._grow(self._r / size)
        return [d * m / (v**0.5 + d * self._eps) for m, v in zip(self._m, self._v, strict=True)]

    def _grow(self, found: float) -> None:
        self.count += 1
        if found > GROWTH * self.lr:
            self._grown = self.count
        self.lr = max(self.lr, found)
