"""Ten million rows of CSV to a run, beside polars reading the same file into a frame: time, and memory at its peak."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import polars

from glidepath.logs.opening import open_run

sys.path.append(str(Path(__file__).parents[1]))
from timing import about, table, verdict

ROWS = 10_000_000
NAMES = ("step", "lr", "loss", "grad_norm")
ROUNDS = 5
MOST_SECONDS, MOST_MEMORY = 3.0, 3.0  # seconds; times the columns kept, as numbers of eight bytes
KEPT = ROWS * len(NAMES) * 8 / 2**20  # MiB
WAYS: dict[str, Callable[[str], object]] = {
    "glidepath open_run": open_run,
    "polars.read_csv": polars.read_csv,
}
WRITE = "write"  # in a process of its own too: a child begins with its parent's peak of memory


def written(path: str) -> str:
    """What a training of so many steps logs."""
    drawn, steps = np.random.default_rng(0), np.arange(ROWS)
    rates = 3e-4 * np.minimum((steps + 1) / 1_000, 1) * (1 - steps / ROWS)
    columns = (steps, rates, 3 + 0.1 * drawn.normal(size=ROWS), drawn.random(ROWS))
    polars.DataFrame(dict(zip(NAMES, columns, strict=True))).write_csv(path)
    return path


def measure(way: str, path: str) -> None:
    """In a process of its own: seconds, seconds that cores were busy, and MiB more than before."""
    before, begin = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    value = written(path) if way == WRITE else WAYS[way](path)
    taken, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert value is not None
    print(json.dumps([taken, busy, (after.ru_maxrss - before.ru_maxrss) / 2**10]))


def process(way: str, path: Path) -> list[float]:
    """What `measure` prints."""
    done = subprocess.run([sys.executable, __file__, way, path], check=True, capture_output=True)
    found: list[float] = json.loads(done.stdout)
    return found


def main() -> None:
    about(f"polars {polars.__version__}", f"{ROWS:,} rows of {', '.join(NAMES)}", f"median of {ROUNDS}, in turns")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        process(WRITE, path)
        runs: dict[str, list[list[float]]] = {way: [] for way in WAYS}
        for _ in range(ROUNDS):
            for way in WAYS:
                runs[way].append(process(way, path))
    middle = {way: [median(column) for column in zip(*rows, strict=True)] for way, rows in runs.items()}
    rows = [
        [
            way,
            f"{taken:.2f}",
            f"{min(row[0] for row in runs[way]):.2f}",
            f"{busy:.2f}",
            f"{peak:,.0f}",
            f"{peak / KEPT:.2f}",
        ]
        for way, (taken, busy, peak) in middle.items()
    ]
    header = ["", "seconds", "least", "busy on all cores", "peak, MiB", "times the columns"]
    table("A large CSV", header, rows)
    load = os.getloadavg()[0]
    ours, theirs = middle["glidepath open_run"], middle["polars.read_csv"]
    print(f"  {ours[0] / theirs[0]:.2f} of the time of polars.read_csv; load of the machine {load:.1f}")
    verdict("10 million rows", ours[0], MOST_SECONDS, shown="{:.2f} s".format)
    verdict("memory, times the columns", ours[2] / KEPT, MOST_MEMORY)


if __name__ == "__main__":
    measure(*sys.argv[1:]) if sys.argv[1:] else main()
