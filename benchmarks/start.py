"""How long a process takes from its start to its end: the import, and the command that shows a schedule."""

import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from timing import about, milliseconds, table, verdict

RUNS = 9
BARE = "python -c pass"
GLIDEPATH = Path(sys.executable).with_name("glidepath")
COMMANDS = {
    BARE: [sys.executable, "-c", "pass"],
    'python -c "import glidepath"': [sys.executable, "-c", "import glidepath"],
    "glidepath show": [
        str(GLIDEPATH),
        *("show", "warmup(2%) >> cosine(to=0.1)", "--horizon", "100k", "--peak", "3e-4"),
    ],
    'python -c "import numpy"': [sys.executable, "-c", "import numpy"],
    'python -c "import optax"': [sys.executable, "-c", "import optax"],
    'python -c "import torch"': [sys.executable, "-c", "import torch"],
}
AIMS = {'python -c "import glidepath"': 0.15, "glidepath show": 0.3}  # seconds


def seconds_of(command: list[str]) -> tuple[float, float]:
    """The seconds that a process takes, and those that it keeps a core busy: a busy machine shows in the first."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    taken, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return taken, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    about(f"{RUNS} runs of each in turns, the first ones left out")
    for command in COMMANDS.values():
        seconds_of(command)  # bytecode written, files in the cache of the system
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, command in COMMANDS.items():
            runs[name].append(seconds_of(command))
    middle = {name: median(taken for taken, _ in times) for name, times in runs.items()}
    rows = [
        [
            name,
            milliseconds(middle[name]),
            milliseconds(min(taken for taken, _ in times)),
            milliseconds(median(busy for _, busy in times)),
            milliseconds(middle[name] - middle[BARE]),
        ]
        for name, times in runs.items()
    ]
    table("Whole processes", ["", "median, ms", "least, ms", "busy, ms", "median more than bare, ms"], rows)
    for name, aim in AIMS.items():
        verdict(f"{name}, median", middle[name], aim, shown=lambda seconds: f"{seconds:.3f} s")


if __name__ == "__main__":
    main()
