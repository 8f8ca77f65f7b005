"""The faulty runs of a benchmark: trained once, kept in a folder."""

from __future__ import annotations

import time
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import torch
from rich.console import Console
from rich.progress import track

from glidepath.errors import GlidepathError
from glidepath.lab.faults import FAULTS, faulty_run, problems_of, save

HELD = 1_000  # the first seed of those that nobody looked at while the checks were made
SLOW = 30.0  # seconds: a run that takes longer says so


class Job(NamedTuple):
    """A run to be made, where it is kept, and whether it is held back."""

    fault: str
    seed: int
    path: Path
    held: bool


def jobs(folder: Path, seeds: int, held: int, clean: int, faults: list[str]) -> list[Job]:
    """Every run: those to develop on, and those held back; as many clean ones in both halves."""
    numbers = {fault: _seeds(clean // 2, clean // 2) if fault == "clean" else _seeds(seeds, held) for fault in faults}
    wanted = [(seed, fault) for fault, some in numbers.items() for seed in some]
    wanted.sort(key=lambda one: one[0])
    return [Job(fault, seed, folder / "runs" / fault / f"{seed}.npz", seed >= HELD) for seed, fault in wanted]


def _seeds(developed: int, held: int) -> list[int]:
    return [*range(developed), *range(HELD, HELD + held)]


def make(job: Job) -> str:
    """Train one and keep it; what there is to say of it."""
    torch.set_num_threads(1)
    problems, begin, said = problems_of(job.fault), time.perf_counter(), ""
    for turn in range(len(problems)):
        try:
            save(job.path, *faulty_run(problems[(job.seed + turn) % len(problems)], job.fault, job.seed))
            break
        except GlidepathError as error:  # a fault that does not show here shows in another training
            said = str(error)
    took = time.perf_counter() - begin
    return f"{job.fault}, seed {job.seed}: {took:.0f} s" if took > SLOW and job.path.exists() else said


def made(console: Console, wanted: list[Job], processes: int) -> list[Job]:
    """The runs that there are, after training those that there were not."""
    new = [job for job in wanted if not job.path.exists()]
    if new:
        with get_context("spawn").Pool(processes) as pool:
            for said in track(pool.imap_unordered(make, new), "faulty runs", total=len(new), console=console):
                if said:
                    console.print(said)
    return [job for job in wanted if job.path.exists()]


ALL = list(FAULTS)
