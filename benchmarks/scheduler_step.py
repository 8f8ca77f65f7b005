"""What a step of a scheduler costs, beside the schedulers of torch; and what it adds to a step of the optimizer.

Ours is timed as a training pays for it: the hooks that the optimizer calls around its step, and `scheduler.step()` on
top, over whole blocks of the learning rates that are computed ahead. What they add to a whole loop is measured too, as
a difference of two larger times, and so with less certainty.
"""

import math
import warnings
from collections.abc import Callable

import torch
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LinearLR, LRScheduler, OneCycleLR, SequentialLR

import glidepath as gp
from glidepath.frameworks.torch import attach
from glidepath.frameworks.torch.driven import AHEAD
from timing import Work, about, best_of, microseconds, table, verdict

HORIZON, WARMUP, PEAK = 1_000_000, 20_000, 3e-4
COUNTS = (1, 2, 16, 128)
AIMS = {(1, "float"): 1.0, (128, "float"): 1 / 5, (128, "tensor"): 1 / 10}  # of LambdaLR
WHOLE_AIMS = {1: 1.0, 128: 1 / 5}  # of what LambdaLR adds
SCHEDULE = gp.parse("warmup(2%) >> cosine(to=0.1)").over(HORIZON, peak=PEAK)
WIDTH = 64  # of the square parameters whose AdamW step is timed


def multiplier(step: int) -> float:
    """The same curve, as one writes it for LambdaLR."""
    if step < WARMUP:
        return (step + 1) / (WARMUP + 1)
    return 0.1 + 0.9 * (1 + math.cos(math.pi * (step - WARMUP) / (HORIZON - WARMUP))) / 2


def sequence(optimizer: Optimizer) -> LRScheduler:
    parts = [
        LinearLR(optimizer, 1 / WARMUP, total_iters=WARMUP),
        CosineAnnealingLR(optimizer, HORIZON - WARMUP, 0.1 * PEAK),
    ]
    return SequentialLR(optimizer, parts, [WARMUP])


PEERS: dict[str, Callable[[Optimizer], LRScheduler]] = {
    "LambdaLR": lambda optimizer: LambdaLR(optimizer, multiplier),
    "CosineAnnealingLR": lambda optimizer: CosineAnnealingLR(optimizer, HORIZON, 0.1 * PEAK),
    "SequentialLR": sequence,
    "OneCycleLR": lambda optimizer: OneCycleLR(optimizer, PEAK, HORIZON, cycle_momentum=False),
}


def groups(count: int, kind: str, width: int) -> list[dict[str, object]]:
    shape = (width, width)
    return [
        {
            "params": [torch.nn.Parameter(torch.zeros(shape))],
            "lr": torch.tensor(PEAK, dtype=torch.float64) if kind == "tensor" else PEAK,
        }
        for _ in range(count)
    ]


def ours(count: int, kind: str) -> Work:
    """A whole block of steps, so that its share of computing ahead is in it."""
    optimizer = SGD(groups(count, kind, 1), lr=PEAK)
    scheduler = attach(optimizer, SCHEDULE)
    (before,), (behind,) = optimizer._optimizer_step_pre_hooks.values(), optimizer._optimizer_step_post_hooks.values()

    def steps() -> None:
        for _ in range(AHEAD):
            before(optimizer, (), {})
            behind(optimizer, (), {})
            scheduler.step()

    return Work(steps, AHEAD)


def theirs(make: Callable[[Optimizer], LRScheduler], count: int, kind: str) -> Work:
    optimizer = SGD(groups(count, kind, 1), lr=PEAK)
    scheduler = make(optimizer)
    optimizer.step()  # else torch warns of the order
    units = max(16, 2_000 // count)

    def steps() -> None:
        for _ in range(units):
            scheduler.step()

    return Work(steps, units)


def whole(make: Callable[[Optimizer], LRScheduler] | None, count: int) -> Work:
    """Steps of AdamW with a scheduler, or without one."""
    optimizer = AdamW(groups(count, "float", WIDTH))
    for group in optimizer.param_groups:
        group["params"][0].grad = torch.full((WIDTH, WIDTH), 0.1)
    scheduler = make(optimizer) if make else None
    units = max(8, 500 // count)

    def steps() -> None:
        for _ in range(units):
            optimizer.step()
            if scheduler is not None:
                scheduler.step()

    return Work(steps, units)


def main() -> None:
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message=".*epoch parameter.*")  # SequentialLR warns of itself
    about(f"torch {torch.__version__}, one thread")
    rows, aims = [], []
    for kind in ("float", "tensor"):
        for count in COUNTS:
            works = {"ours": ours(count, kind)} | {name: theirs(make, count, kind) for name, make in PEERS.items()}
            seconds = best_of(works, rounds=5)
            ratios = [f"{seconds['ours'] / seconds[name]:.3f}" for name in PEERS]
            rows.append([f"{count} {kind}", *map(microseconds, seconds.values()), *ratios])
            if (count, kind) in AIMS:
                what = f"ours / LambdaLR with {count} {kind} group{'s' * (count > 1)}"
                aims.append((what, seconds["ours"] / seconds["LambdaLR"], AIMS[count, kind]))
    header = ["groups", "ours, us", *(f"{name}, us" for name in PEERS), *(f"ours / {name}" for name in PEERS)]
    table("A step of the scheduler", header, rows)
    for aim in aims:
        verdict(*aim)
    rows, sums = [], []
    for count in COUNTS:
        works = {"none": whole(None, count), "ours": whole(lambda optimizer: attach(optimizer, SCHEDULE), count)}
        seconds = best_of(works | {"LambdaLR": whole(PEERS["LambdaLR"], count)}, rounds=15)
        more = [f"{100 * (seconds[name] / seconds['none'] - 1):+.1f} %" for name in ("ours", "LambdaLR")]
        rows.append([str(count), *map(microseconds, seconds.values()), *more])
        ours_adds, theirs_adds = (seconds[name] - seconds["none"] for name in ("ours", "LambdaLR"))
        if count in WHOLE_AIMS and theirs_adds > 0:
            sums.append(
                (
                    f"what ours / LambdaLR add to a step of AdamW with {count} groups",
                    ours_adds / theirs_adds,
                    WHOLE_AIMS[count],
                )
            )
    header = ["groups", "AdamW alone, us", "with ours, us", "with LambdaLR, us", "ours adds", "LambdaLR adds"]
    table(f"A step of AdamW on {WIDTH} x {WIDTH} parameters, one a group", header, rows)
    for aim in sums:
        verdict(*aim)


if __name__ == "__main__":
    main()
