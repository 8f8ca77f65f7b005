"""A recipe of 100 parts in 50 cycles, over a million steps, beside one cosine of as many; and a call with one step."""

import functools
import operator

import numpy as np

import glidepath as gp
from timing import Work, about, best_of, microseconds, milliseconds, table, verdict

STEPS, PARTS, CYCLES = 1_000_000, 100, 50
CALLS = 20_000
ONE = "one cosine"


def of_parts() -> gp.Recipe:
    """Warmups and decays in turn, by lines and cosines, each 1 % of a cycle and from or to a level of its own."""
    return functools.reduce(operator.rshift, map(part, range(PARTS)))


def part(index: int) -> gp.Recipe:
    shape, low = ("linear", "cosine")[index // 2 % 2], index / (2 * PARTS)
    return gp.decay("1%", to=low, shape=shape) if index % 2 else gp.warmup("1%", start=low, shape=shape)


SCHEDULES = {
    ONE: gp.cosine().over(STEPS, peak=1.0),
    "equal cycles": gp.repeat(of_parts(), times=CYCLES).over(STEPS, peak=1.0),
    "cycles of uneven steps": gp.repeat(of_parts(), times=CYCLES - 1).over(STEPS, peak=1.0),
    "falling peaks": gp.repeat(of_parts(), times=CYCLES, factor=0.99).over(STEPS, peak=1.0),
    "growing cycles": gp.repeat(of_parts(), times=CYCLES, growth="1.02").over(STEPS, peak=1.0),
}


def calling(schedule: gp.Schedule) -> Work:
    def calls() -> None:
        for step in range(0, STEPS, STEPS // CALLS):
            schedule(step)

    return Work(calls, CALLS)


def main() -> None:
    about(f"numpy {np.__version__}")
    steps = np.arange(STEPS)
    curves = best_of({name: Work(lambda s=schedule: s(steps)) for name, schedule in SCHEDULES.items()})
    calls = best_of({name: calling(schedule) for name, schedule in SCHEDULES.items()}, rounds=5)
    rows = [
        [name, milliseconds(curves[name]), f"{curves[name] / curves[ONE]:.2f}", microseconds(calls[name])]
        for name in SCHEDULES
    ]
    table(f"{PARTS} parts in {CYCLES} cycles, {STEPS:,} steps", ["", "ms", "/ one cosine", "us a call"], rows)
    for name in list(SCHEDULES)[1:]:
        verdict(f"{name} / one cosine", curves[name] / curves[ONE], 5)
        verdict(f"{name}, us a call with one step", calls[name] * 1e6, 10)


if __name__ == "__main__":
    main()
