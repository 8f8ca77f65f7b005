"""The range test in two processes on gloo, each with data of its own; told a folder that they share."""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from driving import loss_of, network
from driving_hashes import hashed
from torch import distributed
from torch.nn.parallel import DistributedDataParallel
from torch.optim import SGD

from glidepath.errors import FinderError
from glidepath.frameworks.torch import range_test

STEPS = {"low": 1e-3, "high": 0.5, "steps": 60}
SIZE = 64  # of a batch in each process


def swept(case: str, rank: int) -> dict[str, Any]:
    """What one process is told, and whether it is as it was."""
    model = DistributedDataParallel(network())
    optimizer = SGD(model.parameters(), lr=1.0)
    told: list[float] = []

    def loss(index: int) -> torch.Tensor:
        own = loss_of(model, 2 * index + rank, size=SIZE)
        return own * float("nan") if case == "nan" and index == 40 and rank else own

    before = hashed(model.state_dict(), optimizer.state_dict(), torch.get_rng_state())
    how = STEPS | ({"accumulation": 2, "seeds": 2} if case == "seeds" else {})
    answer: Any = None
    try:
        found = range_test(model, optimizer, loss, told=lambda _, __, loss: told.append(loss), **how)
        answer = [found.lr, found.low, found.high, found.confidence, found.cost]
    except FinderError as error:
        answer = str(error)
    after = hashed(model.state_dict(), optimizer.state_dict(), torch.get_rng_state())
    return {"told": [repr(one) for one in told], "answer": answer, "untouched": before == after}


CASES = ("plain", "nan", "seeds")


def main() -> None:
    folder = Path(sys.argv[1])
    distributed.init_process_group("gloo")
    rank = distributed.get_rank()
    torch.manual_seed(rank)
    (folder / f"{rank}.json").write_text(json.dumps({case: swept(case, rank) for case in CASES}))
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
