"""What a watch costs an update: its checks alone, and with `scheduler.tell`, on a loss that falls with noise."""

from itertools import count, islice

import numpy as np
import torch

import glidepath as gp
from glidepath.diagnosis.watch import Watch
from glidepath.frameworks.torch import attach
from timing import Work, about, best_of, microseconds, table, verdict

UPDATES, ROUNDS = 20_000, 5
AIM = 20e-6  # seconds an update
SCHEDULE = gp.parse("warmup(2%) >> cosine(to=0.1)").over(1_000_000, peak=3e-4)


def losses() -> list[float]:
    """A power law with noise, as a language model's; its gradient norms are taken from it."""
    steps = np.arange(UPDATES * (ROUNDS + 1))  # and one to warm up
    noise = np.random.default_rng(0).normal(0, 0.05, steps.size)
    values: list[float] = (2.5 + 8 * (steps + 10.0) ** -0.4 + noise).tolist()
    return values


def checks(seen: list[float]) -> Work:
    watch, steps, coming = Watch(), count(), iter(seen)

    def updates() -> None:
        for loss in islice(coming, UPDATES):
            watch.tell(next(steps), loss=loss, lr=3e-4, grad_norm=loss, loss_scale=1024.0)

    return Work(updates, UPDATES)


def told(seen: list[float], watch: str | None) -> Work:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = attach(optimizer, SCHEDULE, watch=watch)
    (behind,) = optimizer._optimizer_step_post_hooks.values()
    coming = iter(seen)

    def updates() -> None:
        for loss in islice(coming, UPDATES):
            behind(optimizer, (), {})
            scheduler.tell(loss, grad_norm=loss)

    return Work(updates, UPDATES)


def main() -> None:
    torch.set_num_threads(1)
    about(f"torch {torch.__version__}, one thread")
    seen = losses()
    works = {
        "the checks alone": checks(seen),
        "an update, told and watched": told(seen, "warn"),
        "an update, told": told(seen, None),
    }
    seconds = best_of(works, rounds=ROUNDS)
    table("What is said of an update", ["", "us"], [[name, microseconds(time)] for name, time in seconds.items()])
    watched = seconds["an update, told and watched"] - seconds["an update, told"]
    verdict("what the watch adds to an update, in microseconds", watched * 1e6, AIM * 1e6)


if __name__ == "__main__":
    main()
