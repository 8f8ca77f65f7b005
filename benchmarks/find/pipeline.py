"""The whole way for one total of updates, the finder's included: our answer, and what people do by default."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from finders import STEPS, ours, rules
from truth import RECIPE

import glidepath as gp
from glidepath.lab.tasks import TASKS, train

BUDGET = 0.4  # of the run to come: the finder has two sevenths of the total
ONE_CYCLE = 0.3  # of the steps go up, in fastai's and torch's one-cycle


@dataclass(frozen=True)
class Way:
    """A schedule, the steps that the finder left for it, and what the finder said."""

    schedule: gp.Schedule
    steps: int


def glidepath(name: str, seed: int) -> Way | None:
    """The probe for the run that is left behind it; None where it refuses, which the means leave out."""
    task = TASKS[name]()
    steps = math.floor(task.horizon / (1 + BUDGET))
    found = ours(task, seed, budget=BUDGET, horizon=steps)
    if found.lr is None:
        return None
    left = task.horizon - found.cost
    return Way(RECIPE.over(left, peak=found.lr), left)


def constant(name: str, seed: int) -> Way:  # noqa: ARG001 - a way like the others
    """AdamW's own 1e-3 all along; with SGD, torch's own 1e-3 too."""
    steps = TASKS[name]().horizon
    return Way(gp.hold().over(steps, peak=1e-3), steps)


def huggingface(name: str, seed: int) -> Way:  # noqa: ARG001 - a way like the others
    """5e-5, linear to 0: what TrainingArguments come with."""
    steps = TASKS[name]().horizon
    return Way(gp.linear().over(steps, peak=5e-5), steps)


def one_cycle(name: str, seed: int) -> Way | None:
    """fastai's one-cycle at its valley, behind the sweep that finds it."""
    task = TASKS[name]()
    peak = rules(task, seed)["valley"].lr
    if peak is None:
        return None
    steps = task.horizon - STEPS
    recipe = gp.warmup(f"{ONE_CYCLE:.0%}", start=1 / 25, shape="cosine") >> gp.cosine(
        to=1e-5
    )  # fastai's div, div_final
    return Way(recipe.over(steps, peak=peak), steps)


WAYS: dict[str, Callable[[str, int], Way | None]] = {
    "Glidepath": glidepath,
    "1e-3 constant": constant,
    "5e-5 linear (HF)": huggingface,
    "one-cycle at the valley (fastai)": one_cycle,
}


def end(job: tuple[str, str, int]) -> tuple[str, str, int, float | None]:
    """A way of a task, found and trained: its final validation loss, None where the finder refused."""
    name, word, seed = job
    torch.set_num_threads(1)
    way = WAYS[word](name, seed)
    return *job, None if way is None else train(TASKS[name](), way.schedule, way.steps, seed).validation_loss
