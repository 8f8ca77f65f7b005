"""The truth that finders are held against: whole runs over a grid of peaks, five seeds each, kept in a folder."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from rich.progress import track

import glidepath as gp
from glidepath.lab.tasks import TASKS, train

RECIPE = gp.warmup("5%") >> gp.linear()  # the shape that all whole runs have
FROM = {"characters": 1e-3, "digits": 6e-3, "teacher-sgd": 6e-3, "teacher-adam": 6e-4}  # the lowest peak of a grid
PEAKS = 9  # by factors of 2
DIVERGED = 1.0  # nats above the start, which a run that came to no number is taken for


@dataclass(frozen=True)
class Truth:
    """The final validation loss of whole runs, (peaks,), the mean over seeds; its spread over seeds, (peaks,)."""

    peaks: np.ndarray
    losses: np.ndarray
    spread: np.ndarray

    @property
    def best(self) -> tuple[float, float]:
        """The best peak and its loss: the vertex of the parabola in log2 through the lowest three, where it has one."""
        places, index = np.log2(self.peaks), int(np.argmin(self.losses))
        if index in (0, places.size - 1):
            return float(self.peaks[index]), float(self.losses[index])
        three = slice(index - 1, index + 2)
        a, b, c = np.polyfit(places[three], self.losses[three], 2)
        place = float(np.clip(-b / (2 * a), places[index - 1], places[index + 1]))
        return 2**place, float(min(a * place**2 + b * place + c, self.losses[index]))

    def regret(self, peak: float) -> float:
        """How far the loss at a peak is above the best: straight lines in log2 between the peaks of the grid.

        Through the vertex too, so that the best peak has none.
        """
        best, loss = self.best
        places, losses = np.append(np.log2(self.peaks), np.log2(best)), np.append(self.losses, loss)
        order = np.argsort(places)
        return float(np.interp(np.log2(peak), places[order], losses[order])) - loss


def run(job: tuple[str, float, int]) -> tuple[str, float, int, float]:
    """One whole run: its final validation loss, infinite where it diverged."""
    name, peak, seed = job
    torch.set_num_threads(1)
    task = TASKS[name]()
    return *job, train(task, RECIPE.over(task.horizon, peak=peak), task.horizon, seed).validation_loss


def sweep(folder: Path, names: list[str], seeds: int, processes: int) -> dict[str, Truth]:
    """Every whole run that the folder does not have yet, and what they come to."""
    path = folder / "truth.jsonl"
    known = {} if not path.exists() else {tuple(row[:3]): row[3] for row in map(json.loads, path.open())}
    jobs = [(name, FROM[name] * 2**k, seed) for name in names for k in range(PEAKS) for seed in range(seeds)]
    new = [job for job in jobs if job not in known]
    if new:
        folder.mkdir(parents=True, exist_ok=True)
        with get_context("spawn").Pool(processes) as pool, path.open("a") as file:
            for *job, loss in track(pool.imap_unordered(run, new), "whole runs", total=len(new)):
                known[tuple(job)] = loss
                print(json.dumps([*job, loss]), file=file, flush=True)
    return {name: _truth([(*job, known[job]) for job in jobs if job[0] == name], name) for name in names}


def _truth(rows: list[tuple[str, float, int, float]], name: str) -> Truth:
    task = TASKS[name]()
    worst = task.validation_loss(task.model(0)) + DIVERGED
    peaks = sorted({row[1] for row in rows})
    losses = [[min(row[3], worst) if math.isfinite(row[3]) else worst for row in rows if row[1] == p] for p in peaks]
    return Truth(np.array(peaks), np.mean(losses, axis=1), np.std(losses, axis=1, ddof=1 if len(losses[0]) > 1 else 0))
