"""What the tests of the probe drive: trainings that other processes can make too, and as a program one of them.

`driving_probe.py RECORD KILLED AT`: a probe with a record that is killed in training number KILLED, at update AT;
`driving_probe.py FOLDER`: under torchrun, a probe in each of several processes.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

import glidepath as gp
from glidepath.errors import FinderError
from glidepath.frameworks import probing

HORIZON, CENTRE = 640, 0.02
SCHEDULE = gp.parse("warmup(10%) >> cosine()").over(HORIZON, peak=1.0)
SIZE, NOISE = 8, 0.3  # of the problem: weights, and what is added to the answers
EXPLODED = 1e6  # a loss that does not come back
TRUTH = np.linspace(-1, 1, SIZE)


def train(schedule: gp.Schedule, steps: int, seed: int) -> list[float]:
    """Gradient descent on a regression, the best peak of which is near 0.2."""
    draw, weights, losses = np.random.default_rng(seed), np.zeros(SIZE), list[float]()
    for step in range(steps):
        x = draw.normal(size=(16, SIZE))
        with np.errstate(all="ignore"):
            error = x @ weights - x @ TRUTH - NOISE * draw.normal(size=16)
            losses.append(float(np.mean(error**2)))
            weights = weights - schedule(step) * 2 * x.T @ error / 16
        if not losses[-1] < EXPLODED:
            return [*losses[:-1], inf]
    return losses


def with_validation(schedule: gp.Schedule, steps: int, seed: int) -> tuple[list[float], float]:
    """Losses that say nothing, and a validation loss that is lowest at 0.1."""
    train(schedule, steps, seed)
    return [2.0] * (steps - 4) + [1.0] * 4, 1 + np.log2(float(schedule.peak or 0) / 0.1) ** 2 / 10


class Counted:
    """A training that knows how often it was called, and is broken off in one call by what it is told."""

    def __init__(self, breaks: Callable[[], None] | None = None, *, call: int = -1, at: int = 0) -> None:
        self.called: list[tuple[float | None, int, int]] = []
        self.breaks, self.call, self.at = breaks, call, at

    def __call__(self, schedule: gp.Schedule, steps: int, seed: int) -> list[float]:
        self.called.append((schedule.peak, steps, seed))
        if self.breaks is not None and len(self.called) - 1 == self.call:
            train(schedule, min(self.at, steps), seed)
            self.breaks()
        return train(schedule, steps, seed)


def killed(record: str, call: int, at: int) -> None:
    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    probing.probe(Counted(kill, call=call, at=at), SCHEDULE, record=record, quiet=True)


def probed(rank: int, record: Path | None = None) -> dict[str, Any]:
    """What one of several processes is told and answers, the losses it took, and whether it is as it was."""
    import torch
    from driving import loss_of, network
    from driving_hashes import hashed
    from torch.nn.parallel import DistributedDataParallel
    from torch.optim import AdamW

    from glidepath.frameworks.torch.probing import probe

    model = DistributedDataParallel(network())
    optimizer = AdamW(model.parameters(), lr=1.0)
    told, asked = list[Any](), list[int]()

    def loss(index: int) -> torch.Tensor:
        asked.append(index)
        return loss_of(model, 2 * index + rank, size=64)

    before = hashed(model.state_dict(), optimizer.state_dict(), torch.get_rng_state())
    try:
        found = probe(
            model,
            optimizer,
            loss,
            gp.parse("cosine()").over(320, peak=1.0),
            validation=lambda: loss_of(model, 10_000 + rank, size=256),
            told=lambda trial, cost: told.append([trial.lr, trial.steps, repr(trial.loss), cost]),
            record=record,
        )
        answer: Any = [found.lr, found.low, found.high, found.confidence, found.cost]
    except (FinderError, RuntimeError) as error:
        answer = str(error)
    after = hashed(model.state_dict(), optimizer.state_dict(), torch.get_rng_state())
    return {"told": told, "answer": answer, "losses": len(asked), "untouched": before == after}


def main() -> None:
    if len(sys.argv) > 2:
        killed(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
        return
    import torch
    from torch import distributed

    folder = Path(sys.argv[1])
    distributed.init_process_group("gloo", timeout=timedelta(seconds=20))
    rank = distributed.get_rank()
    torch.manual_seed(rank)
    found = {"plain": probed(rank), "made": probed(rank, folder / "record"), "read": probed(rank, folder / "record")}
    (folder / f"{rank}.json").write_text(json.dumps(found))
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
