"""A curve of a million steps at once, beside stepping a scheduler of torch and beside optax under jit.

Everything runs twice, each time in a process of its own: with JAX in its default float32, and in float64.
"""

import json
import math
import os
import subprocess
import sys

import numpy as np

import glidepath as gp
from timing import Work, about, best_of, microseconds, milliseconds, table, verdict

STEPS, WARMUP, PEAK = 1_000_000, 20_000, 3e-4
SCHEDULE = gp.parse("warmup(2%) >> cosine(to=0.1)").over(STEPS, peak=PEAK)
STEPPED = 20_000  # steps of torch's schedulers that are timed; a million take as much longer
AS_JSON = "--as-json"  # for the process in between: arrays only, the seconds as JSON
NUMPY, NO_ORDER, A_RANGE = "ours, numpy float64", "ours, numpy float64, no order", "ours, from a range"
JIT, FROM_NUMPY = "jit, JAX to JAX", "jit, numpy to numpy"


def multiplier(step: int) -> float:
    """The same curve, as one writes it for LambdaLR."""
    if step < WARMUP:
        return (step + 1) / (WARMUP + 1)
    return 0.1 + 0.9 * (1 + math.cos(math.pi * (step - WARMUP) / (STEPS - WARMUP))) / 2


def array_works() -> dict[str, Work]:
    """The whole curve at once: from numpy; from JAX, when it lies on its device and when it is a numpy array."""
    import jax
    import jax.numpy as jnp
    import optax

    steps, no_order, traced = np.arange(STEPS), np.random.default_rng(0).permutation(STEPS), jnp.arange(STEPS)
    peer = optax.warmup_cosine_decay_schedule(0.0, PEAK, WARMUP, STEPS, end_value=0.1 * PEAK)
    works = {
        NUMPY: Work(lambda: SCHEDULE(steps)),
        NO_ORDER: Work(lambda: SCHEDULE(no_order)),
        A_RANGE: Work(lambda: SCHEDULE(range(STEPS))),
    }
    for name, curve in {"ours": jax.jit(SCHEDULE), "optax": jax.jit(jax.vmap(peer))}.items():
        works[f"{name}, {JIT}"] = Work(lambda curve=curve: curve(traced).block_until_ready())
        works[f"{name}, {FROM_NUMPY}"] = Work(lambda curve=curve: np.asarray(curve(steps)))
    return works


def arrays(*, float64: bool) -> dict[str, float]:
    """The seconds of each, from a process that counts in float64 or does not."""
    environment = {**os.environ, "JAX_ENABLE_X64": str(int(float64))}
    command = [sys.executable, __file__, AS_JSON]
    answer = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(answer.stdout)


def stepped_works() -> dict[str, Work]:
    """Schedulers of torch, asked and moved step by step, and ours called with one step at a time."""
    import torch
    from torch.optim import SGD
    from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LRScheduler

    def stepping(make: type[LRScheduler], *terms: object) -> Work:
        optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
        scheduler = make(optimizer, *terms)
        optimizer.step()  # else torch warns of the order

        def steps() -> None:
            for _ in range(STEPPED):
                scheduler.get_last_lr()
                scheduler.step()

        return Work(steps, STEPPED)

    def calls() -> None:
        for step in range(STEPPED):
            SCHEDULE(step * (STEPS // STEPPED))

    return {
        "torch CosineAnnealingLR": stepping(CosineAnnealingLR, STEPS, 0.1 * PEAK),
        "torch LambdaLR": stepping(LambdaLR, multiplier),
        "ours, a call with one step": Work(calls, STEPPED),
    }


def shown(title: str, seconds: dict[str, float]) -> None:
    rows = [[name, milliseconds(value), f"{value / seconds[NUMPY]:.2f}"] for name, value in seconds.items()]
    table(title, ["", "ms", "/ ours in numpy"], rows)


def main() -> None:
    if AS_JSON in sys.argv:
        print(json.dumps(best_of(array_works(), rounds=15)))
        return
    import jax
    import optax
    import torch

    about(f"numpy {np.__version__}, torch {torch.__version__}, jax {jax.__version__}, optax {optax.__version__}")
    single, double = arrays(float64=False), arrays(float64=True)
    shown(f"A curve of {STEPS:,} steps, JAX in float32", single)
    shown(f"A curve of {STEPS:,} steps, JAX in float64", double)
    stepped = best_of(stepped_works(), rounds=5)
    rows = [
        [name, microseconds(value), milliseconds(STEPS * value), f"{STEPS * value / double[NUMPY]:.0f}"]
        for name, value in stepped.items()
    ]
    table("Step by step", ["", "us a step", f"ms for {STEPS:,}", "/ ours in numpy"], rows)
    quickest = STEPS * min(value for name, value in stepped.items() if name.startswith("torch"))
    verdict("ours in numpy / the quicker of torch's, step by step", double[NUMPY] / quickest, 1 / 100)
    for size, seconds in {"float32": single, "float64": double}.items():
        verdict(f"ours / optax, both under jit in {size}", seconds[f"ours, {JIT}"] / seconds[f"optax, {JIT}"], 1)
        for way in (JIT, FROM_NUMPY):
            verdict(f"ours in numpy / optax in {size}, {way}", seconds[NUMPY] / seconds[f"optax, {way}"], 1)


if __name__ == "__main__":
    main()
