"""One search of a benchmark, in a process of its own."""

from __future__ import annotations

import numpy as np
import torch
from finders import RIVALS, Answer, ours, rules

import glidepath as gp
from glidepath.errors import FinderError
from glidepath.frameworks.probing import probe
from glidepath.lab.tasks import TASKS

Row = tuple[str, str, int, Answer]


def find(job: tuple[str, str, int]) -> list[Row]:
    """The answers of a finder, or of all rules that read one sweep."""
    name, word, seed = job
    torch.set_num_threads(1)
    task = TASKS[name]()
    if word == "rules":
        return [(name, f"rule {rule}", seed, answer) for rule, answer in rules(task, seed).items()]
    return [(name, word, seed, ours(task, seed) if word == "probe" else RIVALS[word](task, seed))]


def noise(seed: int) -> bool:
    """Whether losses that are nothing but noise are answered."""
    draw = np.random.default_rng(seed)
    schedule = (gp.warmup("5%") >> gp.linear()).over(1_000, peak=1.0)
    try:
        probe(lambda _, steps, __: (2 + draw.normal(0, 0.1, steps)).tolist(), schedule, centre=0.01, quiet=True)
    except FinderError:
        return False
    return True
