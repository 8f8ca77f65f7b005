"""What the tests of the noise scale drive: the teacher by micro-batches, alone or as processes of DDP on gloo.

As a program, under torchrun, it is one of those processes; it is told a folder that they share.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import distributed
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

from glidepath.errors import AttachError
from glidepath.frameworks.torch.noise_scale import measure_noise
from glidepath.lab.teacher import Teacher

SIZE, UPDATES, SMALL_BUCKETS = 16, 40, 0.005  # MB: several buckets, though the model is small
TEACHER = Teacher()


def micro_batch(model: torch.nn.Module, number: int, *, size: int = SIZE) -> torch.Tensor:
    """The loss of a micro-batch, numbered over the whole run."""
    inputs, labels = TEACHER.batch(number, 0, size=size)
    return functional.cross_entropy(model(inputs), labels)


def trained(model: torch.nn.Module, optimizer: Any, *, first: int, step: int, k: int) -> None:
    """Updates on micro-batches `first`, `first` + `step`, ...: what one process sees of the run."""
    number = first
    for _ in range(UPDATES):
        for _ in range(k):
            (micro_batch(model, number) / k).backward()
            number += step
        optimizer.step()
        optimizer.zero_grad()


def weights(model: torch.nn.Module) -> list[float]:
    return torch.cat([one.detach().flatten() for one in model.parameters()]).tolist()


def sgd(model: torch.nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=0.05)


def alone() -> tuple[dict[str, Any], list[float]]:
    """One process that accumulates what two take in turns."""
    model = TEACHER.model(0)
    optimizer = sgd(model)
    meter = measure_noise(model, optimizer, batch_size=SIZE)
    trained(model, optimizer, first=0, step=1, k=2)
    return meter.state_dict(), weights(model)


def together() -> dict[str, Any]:
    """The same under DDP, with the calls of all_reduce counted, and without a meter."""
    rank, count = distributed.get_rank(), distributed.get_world_size()
    made: list[int] = []
    model = DistributedDataParallel(TEACHER.model(0), bucket_cap_mb=SMALL_BUCKETS)
    optimizer = sgd(model)
    meter = measure_noise(model, optimizer, batch_size=SIZE)
    plain = distributed.all_reduce
    distributed.all_reduce = lambda tensor, *rest, **named: (
        made.append(tensor.numel()),
        plain(tensor, *rest, **named),
    )[1]
    trained(model, optimizer, first=rank, step=count, k=1)
    distributed.all_reduce = plain
    bare = DistributedDataParallel(TEACHER.model(0), bucket_cap_mb=SMALL_BUCKETS)
    trained(bare, sgd(bare), first=rank, step=count, k=1)
    state, measured = meter.state_dict(), weights(model)
    meter.release()
    trained(model, optimizer, first=rank, step=count, k=1)
    try:
        measure_noise(model, optimizer, batch_size=SIZE)
        told = ""
    except AttachError as error:
        told = str(error)
    return {
        "state": state,
        "weights": measured,
        "same": weights(bare),
        "pairs": made.count(2),
        "buckets": len(made) - made.count(2),
        "after release": meter.state_dict(),
        "second hook": told,
    }


def accumulated() -> dict[str, Any]:
    """Two micro-batches a process, the first of them without an exchange."""
    rank, count = distributed.get_rank(), distributed.get_world_size()
    model = DistributedDataParallel(TEACHER.model(0))
    optimizer = sgd(model)
    meter = measure_noise(model, optimizer, batch_size=2 * SIZE)
    for update in range(UPDATES):
        begin = 2 * (count * update + rank)
        with model.no_sync():
            (micro_batch(model, begin) / 2).backward()
        (micro_batch(model, begin + 1) / 2).backward()
        optimizer.step()
        optimizer.zero_grad()
    return meter.state_dict()


def main() -> None:
    folder = Path(sys.argv[1])
    torch.set_num_threads(1)
    distributed.init_process_group("gloo")
    told = {"together": together(), "accumulated": accumulated()}
    (folder / f"{distributed.get_rank()}.json").write_text(json.dumps(told))
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
