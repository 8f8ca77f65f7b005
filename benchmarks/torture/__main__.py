"""Lives of runs at random: recipes, worlds, accumulation, skips, changes, kills at any byte; `make torture`.

Each learning rate that an optimizer used is compared with one worked out by hand (reference.py); 0 wrong is the aim.
"""

import argparse
import gc
import json
import os
import random
import sys
import time
from collections import Counter
from multiprocessing.connection import Connection, Pipe, wait

import torch
from life import Life
from rich.progress import Progress

MOST_SHOWN = 10  # of what was wrong
Answer = tuple[dict[str, int], list[str]]


def warm() -> None:
    """All that is imported on first use, before anything is forked."""
    import torch.distributed.checkpoint
    import torch.distributed.tensor

    import glidepath as gp
    from glidepath.frameworks.torch import attach

    layer = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(layer.parameters())
    attach(optimizer, gp.hold().over(2, peak=1.0))
    layer(torch.ones(1)).backward()
    optimizer.step()
    gc.freeze()


def worker(seed: int, cycles: range, answers: Connection) -> None:
    """Some of the lives, one after another."""
    for cycle in cycles:
        life = Life(f"{seed}-{cycle}")
        try:
            life.live()
        except Exception as error:  # noqa: BLE001 - a defect of ours is not to end the others
            life.says(f"{type(error).__name__} in the torture itself: {error}")
        answers.send_bytes(json.dumps([life.counts, life.wrong]).encode())


def started(seed: int, cycles: range, workers: int) -> list[Connection]:
    """The workers' answers."""
    ends = []
    for number in range(workers):
        end, answers = Pipe(duplex=False)
        if os.fork() == 0:
            worker(seed, cycles[number::workers], answers)
            os._exit(0)
        answers.close()
        ends.append(end)
    return ends


def watched(ends: list[Connection], cycles: int) -> tuple[Counter[str], list[str]]:
    """What all of them have seen, with a bar meanwhile."""
    counts, wrong = Counter[str](), list[str]()
    with Progress() as progress:
        task = progress.add_task("lives", total=cycles)
        while ends:
            for end in wait(ends):
                try:
                    seen, said = json.loads(end.recv_bytes())
                except EOFError:
                    ends.remove(end)
                    continue
                counts.update(seen)
                counts["cycles"] += 1
                wrong += said
                progress.advance(task)
    return counts, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=1_000, help="lives of a run (1000)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first, to see one again")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of everything drawn")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="lives at a time")
    told = parser.parse_args()
    torch.set_num_threads(1)  # a process with threads of its own cannot be forked
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # a machine may have no other
    print(f"seed {told.seed}, {told.cycles} lives", flush=True)
    begin = time.perf_counter()
    warm()
    cycles = range(told.first, told.first + told.cycles)
    counts, wrong = watched(started(told.seed, cycles, told.workers), told.cycles)
    for line in wrong[:MOST_SHOWN]:
        print(f"WRONG {line}")
    print(", ".join(f"{name} {counts[name]:,}" for name in sorted(counts)))
    lost = told.cycles - counts["cycles"]
    print(f"{len(wrong)} of {told.cycles} lives wrong, {lost} lost, in {time.perf_counter() - begin:.0f} s")
    return int(bool(wrong or lost))


if __name__ == "__main__":
    sys.exit(main())
