"""What a finder answers, and what it was read from."""

from dataclasses import dataclass
from math import inf, isfinite

from glidepath.runs.curve import Curve


@dataclass(frozen=True, slots=True)
class Sweep:
    """One sweep of a range test: the learning rate, the loss and the smoothed loss over its updates."""

    lrs: Curve
    losses: Curve
    smoothed: Curve


@dataclass(frozen=True, slots=True)
class Trial:
    """One short training at a peak learning rate: its planned steps, its seed, and what became of it.

    `start` is the mean of its first losses, `tail` its last ones; `tail` is empty where it diverged. What it is judged
    by is the `validation` loss where there is one. `cost` counts the updates that were made.
    """

    lr: float
    steps: int
    seed: int
    start: float
    tail: tuple[float, ...]
    cost: int
    validation: float | None = None

    @property
    def loss(self) -> float:
        """The validation loss, or the mean of the tail; infinite where it diverged."""
        if not self.tail:
            return inf
        found = sum(self.tail) / len(self.tail) if self.validation is None else self.validation
        return found if isfinite(found) else inf


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A peak learning rate with the interval it stands for, how sure that is (0 to 1), why, from what, and its cost.

    `evidence` is the sweeps of a range test or the trials of a probe; `cost` counts the updates that were made.
    """

    lr: float
    low: float
    high: float
    confidence: float
    reasons: tuple[str, ...]
    evidence: tuple[Sweep | Trial, ...]
    cost: int
