"""Timings beside each other: taken in turns, the best of several, printed as a table with the aim beside."""

import gc
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Action = Callable[[], object]


@dataclass(frozen=True)
class Work:
    """An action and how many units it does, so that a time is one of a unit."""

    action: Action
    units: int = 1


def best_of(works: Mapping[str, Work], *, rounds: int = 9) -> dict[str, float]:
    """Seconds of a unit: the smallest of `rounds`, every round taking each work in its turn."""
    for work in works.values():
        work.action()  # what is compiled or made ready on first use is not what is measured
    seconds = dict.fromkeys(works, float("inf"))
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, work in works.items():
                begin = time.perf_counter()
                work.action()
                seconds[name] = min(seconds[name], (time.perf_counter() - begin) / work.units)
    finally:
        gc.enable()
    return seconds


def about(*versions: str) -> None:
    """One line of what the numbers were taken on."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {', '.join(versions)}")


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A title and aligned columns, the first to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    print(f"\n{title}")
    for row in [header, *rows]:
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        print("  " + "  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip())


def microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:,.2f}"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:,.2f}"


def verdict(what: str, measured: float, aim: float, *, shown: Callable[[float], str] = "{:.3g}".format) -> None:
    """Whether a quantity of which less is better is within its aim, and by how much."""
    share = measured / aim
    end = f"met, with {1 / share:.2f} times to spare" if share <= 1 else f"MISSED, {share:.2f} times the aim"
    print(f"  aim: {what} at most {shown(aim)}; measured {shown(measured)}: {end}")
