"""A scheduler that is told to step while its optimizer rests: harmless, or bound to one that does not train."""

from itertools import islice

import torch
from torch.optim import Optimizer

from glidepath.errors import AttachError

WATCHED = 4  # parameters whose changes are looked at: one that trains is enough
STRIKES = 3  # changes by another hand before it is called one: weights are also loaded, or averaged, now and then
MOST_IDLE = 1_000  # calls in a row without an update: far above the skips of a scaler and the micro-batches of a step


class Idling:
    """Counts calls without an update between them, and whether the parameters moved all the same."""

    def __init__(self, optimizer: Optimizer) -> None:
        """Nothing was told yet."""
        groups = optimizer.param_groups
        trained = (p for group in groups for p in group["params"] if p.requires_grad and not p.is_inference())
        self._watched: list[torch.Tensor] = list(islice(trained, WATCHED))
        self._at, self._calls, self._strikes, self._versions = -1, 0, 0, -1

    def told(self, step: int) -> None:
        """A call of `step()`, with the count of updates; raises AttachError where another optimizer trains."""
        if step != self._at:
            self._at, self._calls, self._strikes, self._versions = step, 0, 0, -1
            return
        self._calls += 1
        versions = sum(tensor._version for tensor in self._watched)
        self._strikes += self._versions not in (-1, versions)
        self._versions = versions
        if self._strikes >= STRIKES or self._calls >= MOST_IDLE:
            what = "its parameters moved" if self._strikes >= STRIKES else f"step() was called {self._calls} times"
            raise AttachError(
                f"expected the attached optimizer to train, got none of its updates since number {step} while {what}: "
                "attach the one that steps, behind whatever copies or wraps it"
            )
