"""How near finders come to the best peak, what that costs, and what it is worth: `make bench-find`.

Every number is of whole runs that are trained here. They are kept in a folder, so that a second call only finds.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterable
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from finders import RIVALS, Answer
from pipeline import WAYS, end
from rich.console import Console
from rich.progress import track
from rich.table import Table
from searching import Row, find, noise
from truth import Truth, sweep

from glidepath.lab.tasks import TASKS

AIMS = {"teacher-sgd": 0.005, "teacher-adam": 0.005, "digits": 0.005, "characters": 0.03}  # regret, in nats
MOST_COST, COVERED, AGREED = 0.5, 0.9, 1.5
SEEDS = 5


def table(console: Console, name: str, truth: Truth, rows: list[Row]) -> dict[str, float]:
    """What every finder came to on a task; gives the numbers of the probe that are held against the aims."""
    best, loss = truth.best
    horizon, near = TASKS[name]().horizon, truth.spread[np.argmin(truth.losses)]
    seen = Table(title=f"{TASKS[name]().name}: best peak {best:.3g}, loss {loss:.4f}, seeds apart by {near:.4f}")
    for column in ("finder", "answer / best", "regret", "worst", "cost in runs", "refused"):
        seen.add_column(column, justify="left" if column == "finder" else "right")
    for word in dict.fromkeys(row[1] for row in rows):
        answers = [row[3] for row in rows if row[1] == word]
        seen.add_row(word, *_columns(answers, truth, horizon))
    console.print(seen)
    mine = [row[3] for row in rows if row[1] == "probe" and row[3].lr]
    return {
        "regret": float(np.mean([truth.regret(one.lr) for one in mine])) if mine else math.nan,
        "cost": max((one.cost / horizon for one in mine), default=math.nan),
        "covered": sum(one.low <= best <= one.high for one in mine),
        "answered": len(mine),
        "apart": max(one.lr for one in mine) / min(one.lr for one in mine) if mine else math.nan,
        "neighbours": [max(a.lr, b.lr) / min(a.lr, b.lr) for a, b in pairwise(mine)],
    }


def _columns(answers: list[Answer], truth: Truth, horizon: int) -> Iterable[str]:
    found, cost = [one for one in answers if one.lr], np.mean([one.cost / horizon for one in answers])
    if not found:
        return "-", "-", "-", f"{cost:.2f}", f"{len(answers)} of {len(answers)}"
    off = [math.log2(one.lr / truth.best[0]) for one in found]
    regrets = [truth.regret(one.lr) for one in found]
    ends = f"x{2 ** np.mean(off):.2f} ({2 ** min(off):.2g} to {2 ** max(off):.2g})"
    refused = f"{len(answers) - len(found)} of {len(answers)}"
    return ends, f"{np.mean(regrets):.4f}", f"{max(regrets):.4f}", f"{cost:.2f}", refused


def held_against(console: Console, measured: dict[str, dict[str, float]], answered: int, noises: int) -> None:
    """The aims, and whether they are met."""
    seen = Table(title="the probe and its aims")
    for column in ("what", "measured", "aim", "met"):
        seen.add_column(column)
    for name, one in measured.items():
        seen.add_row(f"regret, {name}", f"{one['regret']:.4f}", f"{AIMS[name]}", _met(one["regret"] <= AIMS[name]))
    cost = max(one["cost"] for one in measured.values())
    covered, count = (sum(one[what] for one in measured.values()) for what in ("covered", "answered"))
    neighbours = [ratio for one in measured.values() for ratio in one["neighbours"]]
    alike = sum(ratio <= AGREED for ratio in neighbours)
    seen.add_row("cost in runs, the most", f"{cost:.2f}", f"{MOST_COST}", _met(cost <= MOST_COST))
    seen.add_row("interval holds the best", f"{covered} of {count}", "9 of 10", _met(covered >= COVERED * count))
    seen.add_row(
        f"two seeds agree within x{AGREED}", f"{alike} of {len(neighbours)}", "all", _met(alike == len(neighbours))
    )
    seen.add_row("pure noise answered", f"{answered} of {noises}", "0", _met(answered == 0))
    console.print(seen)


def _met(well: bool) -> str:
    return "yes" if well else "no"


def whole_way(console: Console, ends: list[tuple[str, str, int, float | None]], truths: dict[str, Truth]) -> None:
    """Final losses for one total of updates, and the share of what the best peak of the sweep gains over a constant."""
    seen = Table(title="final validation loss for the same total of updates, the finder's included (share of the gain)")
    for column in ("task", "oracle", *WAYS):
        seen.add_column(column)
    for name, truth in truths.items():
        losses = {word: [one[3] for one in ends if one[:2] == (name, word) and one[3] is not None] for word in WAYS}
        means = {word: float(np.mean(some)) if some else math.nan for word, some in losses.items()}
        base, best = means["1e-3 constant"], truth.best[1]
        shares = (f"{loss:.4f} ({(base - loss) / (base - best):.0%})" for loss in means.values())
        seen.add_row(name, f"{best:.4f}", *shares)
    console.print(seen)


def main() -> None:
    """Sweep, find, hold against the aims, and go the whole way."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--tasks", nargs="+", default=list(TASKS), choices=TASKS)
    asked.add_argument("--seeds", type=int, default=SEEDS)
    asked.add_argument("--processes", type=int, default=2)
    asked.add_argument("--folder", type=Path, default=Path(".bench-find"))
    asked.add_argument("--only-probe", action="store_true", help="no rivals and no whole way")
    told = asked.parse_args()
    begin, console = time.perf_counter(), Console(width=max(120, Console().width) if not sys.stdout.isatty() else None)
    truths = sweep(told.folder, told.tasks, told.seeds, told.processes)
    words = ["probe"] if told.only_probe else ["probe", "rules", *RIVALS]
    jobs = [(name, word, seed) for name in told.tasks for word in words for seed in range(told.seeds)]
    ways = [] if told.only_probe else [(n, w, s) for n in told.tasks for w in WAYS for s in range(told.seeds)]
    noises = 4 * told.seeds
    with get_context("spawn").Pool(told.processes) as pool:
        rows = [row for some in track(pool.imap(find, jobs), "finders", total=len(jobs)) for row in some]
        answered = sum(track(pool.imap(noise, range(noises)), "noise", total=noises))
        ends = list(track(pool.imap(end, ways), "the whole way", total=len(ways)))
    measured = {
        name: table(console, name, truth, [row for row in rows if row[0] == name]) for name, truth in truths.items()
    }
    held_against(console, measured, answered, noises)
    if ways:
        whole_way(console, ends, truths)
    console.print(f"{len(jobs)} searches and {told.seeds} seeds of each sweep in {time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
