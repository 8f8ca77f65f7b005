"""What the tests of schedules under accelerate drive: its loop, alone and in several processes of gloo.

As a program it runs one world after the other, each in a folder of its own, out of which its processes are forked.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from driving import Spy, network
from torch.multiprocessing import start_processes
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader

import glidepath as gp
from glidepath.frameworks.torch import attach

UPDATES = 8
SCHEDULE = gp.parse("warmup(2) >> linear()").over(UPDATES, peak=1.0)
WORLDS = (1, 2, 4)
SECONDS = 120  # far above what a world takes
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def bare(optimizer: Any, schedule: gp.Schedule = SCHEDULE) -> LambdaLR:
    """The same learning rates by a scheduler of torch."""
    return LambdaLR(optimizer, lambda step: schedule(step))


class Loop:
    """The loop of accelerate's documentation, over batches without end of a process's own."""

    def __init__(
        self, make: Any = attach, *, schedule: Any = SCHEDULE, ways: str = "prepared", k: int = 1, **how: Any
    ) -> None:
        """`ways`: the scheduler is "prepared", "beside" what is, or made "behind" it."""
        self.accelerator = Accelerator(cpu=True, gradient_accumulation_steps=k)
        self.k, self.micro = k, 0
        optimizer = SGD((model := network()).parameters(), 1.0)
        self.spy = Spy(optimizer)
        if ways != "behind":
            scheduler = make(optimizer, schedule, **how)
        self.model, self.optimizer = self.accelerator.prepare(model, optimizer)
        if ways == "behind":
            scheduler = make(self.optimizer, schedule, **how)
        self.scheduler = self.accelerator.prepare(scheduler) if ways == "prepared" else scheduler
        if ways != "prepared":
            self.accelerator.register_for_checkpointing(scheduler)

    def train(self, updates: int, *, ticks: int = 1) -> list[float]:
        """The learning rates of so many updates more, with the scheduler told to step behind each micro-batch."""
        done = len(self.spy.used)
        for _ in range(updates * self.k):
            with self.accelerator.accumulate(self.model):
                x = torch.randn(4, 4, generator=torch.Generator().manual_seed(self.micro))
                self.accelerator.backward(self.model(x).square().mean())
                self.optimizer.step()
                for _ in range(ticks):
                    self.scheduler.step()
                self.optimizer.zero_grad()
            self.micro += 1
        return self.spy.first[done:]


def epochs(k: int, batches: int) -> list[float]:
    """Two epochs of a prepared loader, whose last window may be short of `k`."""
    loop = Loop(k=k)
    accelerator = loop.accelerator
    world = accelerator.num_processes
    loader = accelerator.prepare(DataLoader(torch.randn(4 * batches * world, 4), batch_size=4))
    for _ in range(2):
        for x in loader:
            with accelerator.accumulate(loop.model):
                accelerator.backward(loop.model(x).square().mean())
                loop.optimizer.step()
                loop.scheduler.step()
                loop.optimizer.zero_grad()
    return loop.spy.first


def everything(folder: Path) -> dict[str, Any]:
    """What one process sees of each way to have a scheduler, and a checkpoint and a journal of all of them."""
    seen = {f"bare, {way}": Loop(bare, ways=way).train(UPDATES) for way in ("prepared", "beside")}
    for way in ("prepared", "beside", "behind"):
        seen[way] = Loop(ways=way).train(UPDATES + 2)
    seen["told twice"] = Loop(ways="prepared").train(UPDATES, ticks=2)
    seen |= {f"k={k}": Loop(k=k).train(3) for k in (2, 4, 8)}
    seen["short window"] = epochs(4, 10)
    recorded = Loop(journal=folder / "run.jsonl")
    recorded.train(5)
    recorded.accelerator.save_state(str(folder / "state"))
    seen["recorded"] = recorded.train(UPDATES - 5)
    return seen


def worlds(folder: Path) -> dict[int, tuple[Path, list[dict[str, Any]]]]:
    """For one, two and four processes: the folder that they shared, and what each of them saw."""
    from starting import TORCH, Started  # not on the path of the processes themselves

    answer = Started(Path(__file__), folder, libraries=TORCH, **ONE_THREAD).finished(SECONDS)
    assert answer.returncode == 0, answer.stderr
    shared = {count: folder / str(count) for count in WORLDS}
    return {
        count: (where, [json.loads((where / f"{rank}.json").read_text()) for rank in range(count)])
        for count, where in shared.items()
    }


def process(rank: int, count: int, folder: Path) -> None:
    """One process of a world."""
    if count > 1:
        place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count}
        os.environ |= {name: str(number) for name, number in place.items()}
        os.environ["GLOO_SOCKET_IFNAME"] = "lo"  # a machine may have no other
        store = torch.distributed.FileStore(str(folder / "store"), count)
        torch.distributed.init_process_group("gloo", rank=rank, store=store, world_size=count)
    (folder / f"{rank}.json").write_text(json.dumps(everything(folder)))
    if count > 1:
        torch.distributed.destroy_process_group()


def main() -> None:
    for count in WORLDS:
        folder = Path(sys.argv[1]) / str(count)
        folder.mkdir()
        start_processes(
            process, (count, folder), nprocs=count, start_method="fork"
        )  # spawn would import all of it again


if __name__ == "__main__":
    main()
