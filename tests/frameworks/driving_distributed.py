"""What the tests of several processes drive: DDP and FSDP2 on gloo, every process an answer of its own.

As a program, under torchrun, it is one of those processes; it is told a folder that they share.
"""

import json
import os
import socket
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from driving import Spy, loss_of, network, schedule_of
from torch import distributed
from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict, set_optimizer_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel
from torch.optim import SGD, AdamW, Optimizer

import glidepath as gp
from glidepath.errors import AttachError
from glidepath.frameworks.torch import Scheduler, attach, cut
from glidepath.runs.requests import request

UPDATES, SAVED, BATCH = 10, 4, 12  # of a run; behind which it is saved; and what all processes take together
SCHEDULE = schedule_of(horizon=UPDATES)
SECONDS = 100  # far above what a launch takes


def samples(batch: int) -> gp.Schedule:
    """Over the same data, whatever a step takes of it."""
    return gp.parse("warmup(20%) >> cosine(to=0.1)").over(gp.Horizon.of("240 samples", batch_size=batch), peak=0.1)


def alone(model: torch.nn.Module) -> torch.nn.Module:
    return model


def sharded(model: torch.nn.Module) -> torch.nn.Module:
    mesh = init_device_mesh("cpu", (distributed.get_world_size(),))
    for layer in (model[0], model[2]):
        fully_shard(layer, mesh=mesh)
    return fully_shard(model, mesh=mesh)


WRAPPED: dict[str, Callable[[torch.nn.Module], torch.nn.Module]] = {
    "alone": alone,
    "ddp": DistributedDataParallel,
    "fsdp": sharded,
}


class Run:
    """A training of the small network on a global batch, in micro-batches of all processes."""

    def __init__(self, kind: str, make: Any = AdamW, *, k: int = 1, batch: int = BATCH) -> None:
        self.model = WRAPPED[kind](network())
        layers = self.model.module if kind == "ddp" else self.model
        groups = [{"params": layers[0].parameters(), "lr": 0.3}, {"params": layers[2].parameters(), "lr": 0.1}]
        self.optimizer: Optimizer = make(groups)
        self.spy, self.k = Spy(self.optimizer), k
        self.size = batch // k // (distributed.get_world_size() if kind != "alone" else 1)

    def attach(self, schedule: gp.Schedule = SCHEDULE, **how: Any) -> Scheduler:
        self.scheduler = attach(self.optimizer, schedule, **how)
        return self.scheduler

    def train(self, updates: int) -> list[list[float]]:
        """The learning rates that so many updates more used."""
        begin = len(self.spy.used)
        for _ in range(updates):
            for micro in range(self.k):
                (loss_of(self.model, micro, size=self.size) / self.k).backward()
                self.scheduler.step()  # once too often, and in the wrong place: it moves nothing
            self.optimizer.step()
            self.optimizer.zero_grad()
        return self.spy.used[begin:]


def is_first() -> bool:
    return distributed.get_rank() == 0


def everywhere(told: Any) -> Any:
    """What the first process has, as one that loads a file has it."""
    box = [told]
    distributed.broadcast_object_list(box, 0)
    return box[0]


def resumed(kind: str, folder: Path) -> dict[str, Any]:
    """A whole run, and one that is saved by the first process and loaded by all."""
    whole = Run(kind)
    whole.attach()
    first = Run(kind)
    saved = first.attach()
    used = first.train(SAVED)
    if is_first():
        torch.save(saved.state_dict(), folder / f"{kind}.pt")
    distributed.barrier()
    second = Run(kind)
    second.attach().load_state_dict(torch.load(folder / f"{kind}.pt", weights_only=True))
    return {"whole": whole.train(UPDATES), "parts": used + second.train(UPDATES - SAVED)}


def saved_by_name(kind: str, make: Any) -> list[list[float]]:
    """An optimizer's state saved and loaded by torch's own functions, which step it where it has none."""
    first = Run(kind, make)
    state = first.attach()
    used = first.train(SAVED)
    states = get_optimizer_state_dict(first.model, first.optimizer), everywhere(state.state_dict())
    used += first.train(1)
    second = Run(kind, make)
    second.attach().load_state_dict(states[1])
    set_optimizer_state_dict(second.model, second.optimizer, states[0])
    assert second.train(1) == used[SAVED:]
    return used + second.train(UPDATES - SAVED - 1)


def other_batch(kind: str, folder: Path) -> list[list[float]]:
    """Saved at one global batch, gone on with at twice of it."""
    first = Run(kind)
    first.attach(samples(BATCH)).state_dict()
    first.train(SAVED)
    if is_first():
        torch.save(first.scheduler.state_dict(), folder / "samples.pt")
    second = Run(kind, k=2, batch=2 * BATCH)
    second.attach(samples(2 * BATCH), policy="stretch").load_state_dict(everywhere(first.scheduler.state_dict()))
    return second.train(9)


def apart(case: str, folder: Path) -> tuple[str, bool]:
    """What every process is told where one is about to do something else; and whether all is well behind it."""
    run = Run("ddp")
    other = case if not is_first() else ""
    peak = schedule_of(horizon=UPDATES, peak=0.2)
    scheduler = run.attach(
        peak if other == "peak" else SCHEDULE,
        step=3 if other == "step" else 0,
        policy="hold" if other == "policy" else None,
        journal=folder / "apart.jsonl" if case == "journal" and is_first() else None,
    )
    if other == "loaded":
        state = attach(Run("alone").optimizer, SCHEDULE, step=2).state_dict()
        scheduler.load_state_dict(state)
    before = scheduler.last_epoch
    try:
        run.train(1)
    except AttachError as error:
        stayed = scheduler.last_epoch == before
        run.attach()
        return str(error), stayed and run.train(2)[-1] == [lr * SCHEDULE(1) / 0.3 for lr in (0.3, 0.1)]
    return "", False


CASES = ("peak", "step", "policy", "journal", "loaded")


def asked(folder: Path) -> dict[str, Any]:
    """A recorded run that is asked for a change now and one later, saved between the two, and resumed."""
    path = folder / "run.jsonl"
    first = Run("ddp")
    first.attach(journal=path)
    used = first.train(2)
    if is_first():
        request(path, {"scale": 0.5})
        request(path, {"step": 7, "cap": 0.01})
    distributed.barrier()
    used += first.train(SAVED - 2)
    state = first.scheduler.state_dict()
    used += first.train(UPDATES - SAVED)
    first.scheduler.release()
    distributed.barrier()
    second = Run("ddp")
    second.attach(journal=path).load_state_dict(state)  # each its own: they are the same
    return {"used": used, "again": second.train(UPDATES - SAVED), "state": state}


def exchanges() -> int:
    """How often the processes exchanged something of ours, over a run that is attached once."""
    made, gather = [], distributed.all_gather_object
    distributed.all_gather_object = lambda *args: (made.append(1), gather(*args))
    run = Run("ddp")
    run.attach()
    run.train(5)
    distributed.all_gather_object = gather
    return len(made)


TOLD = 96  # losses, three times as many as wait for the other processes


def watched() -> dict[str, Any]:
    """A run whose first process is told a loss that leaves, and whose others are told a calm one."""
    run = Run("ddp")
    scheduler = run.attach(schedule_of(horizon=TOLD), watch=cut(0.5, warmup=4))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for step in range(TOLD):
            run.train(1)
            scheduler.tell(2.0**-step if not is_first() or step < 40 else 2.0 ** (step - 40))
    changes = [change.table() for change in scheduler.course.amendments]
    return {"used": run.spy.used, "changes": changes, "said": [str(one.message)[:10] for one in said]}


def everything(folder: Path) -> dict[str, Any]:
    return {
        "ddp": resumed("ddp", folder),
        "fsdp": resumed("fsdp", folder),
        "by name": {
            f"{kind} {make.__name__}": saved_by_name(kind, make) for kind in ("ddp", "fsdp") for make in (SGD, AdamW)
        },
        "other batch": other_batch("ddp", folder),
        "apart": {case: apart(case, folder) for case in CASES},
        "asked": asked(folder),
        "exchanges": exchanges(),
        "watched": watched(),
    }


ALONE = {"GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}  # a machine may have no other


def launched(program: Path, *arguments: str, count: int = 2) -> str:
    """What a program says under torchrun in so many processes; it ends, or is ended."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
    answer = subprocess.run(
        [*command, str(program), *arguments],
        env={**os.environ, **ALONE},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def together(program: Path, *arguments: str, count: int = 2) -> str:
    """As torchrun has it, without the launcher, where torch is imported already."""
    from starting import TORCH, Started  # not on the path of the processes themselves

    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        world = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(place.getsockname()[1]), "WORLD_SIZE": str(count)}
    ranks = [{"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(count)]
    processes = [Started(program, *arguments, libraries=TORCH, **ALONE, **world, **rank) for rank in ranks]
    answers = [process.finished(SECONDS) for process in processes]
    for answer in answers:
        assert answer.returncode == 0, answer.stderr
    return "".join(answer.stdout for answer in answers)


def main() -> None:
    folder = Path(sys.argv[1])
    distributed.init_process_group("gloo")
    (folder / f"{distributed.get_rank()}.json").write_text(json.dumps(everything(folder)))
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
