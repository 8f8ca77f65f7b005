"""The loop of a range test, in every framework the same: its cost said before, a bar meanwhile, one sweep a seed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from glidepath.errors import FinderError, shown
from glidepath.finder.agreement import suggestion_of
from glidepath.finder.range_test import RangeTest
from glidepath.finder.suggestion import Suggestion
from glidepath.frameworks.randomness import draw_others, random_numbers_kept

if TYPE_CHECKING:
    from rich.progress import Progress

# The number of an update, over all seeds, and its learning rate -> the loss.
Update = Callable[[int, float], float]
Told = Callable[[int, float, float], None]
PATIENCE = 1.0  # seconds that nobody minds
MOST_SEEDS = 1_000  # repetitions: beyond, each costs more than it says


def swept(
    tests: list[RangeTest],
    begin: Callable[[], AbstractContextManager[Update]],
    *,
    accumulation: int = 1,
    told: Told | None = None,
    quiet: bool = False,
) -> Suggestion:
    """Every sweep in turn, each inside its own `begin()`, and what they say together.

    Random numbers are put back behind each sweep; from the second on others are drawn. `told(i, lr, loss)` hears of
    every update: i is the number of its seed times the steps of a sweep, plus its place in the sweep. Unless `quiet`,
    the standard error gets one line, and a bar from a second on where a person sits there.
    """
    steps = tests[0].schedule.horizon.steps
    with shown_bar(_cost(steps, len(tests), accumulation), steps * len(tests), quiet=quiet) as tick:
        for seed, test in enumerate(tests):
            number = seed * steps
            with random_numbers_kept(), begin() as update:
                if seed:
                    draw_others(seed)
                while (lr := test.ask()) is not None:
                    loss = update(number, lr)
                    test.tell(loss)
                    if told is not None:
                        told(number, lr, loss)
                    number += 1
                    tick(number)
    return suggestion_of([test.sweep() for test in tests])


def laid_out(seeds: int, *, low: float, high: float, steps: int, shape: str, stop: float) -> list[RangeTest]:
    """A range test for each seed; raises FinderError as it does, and for a number of seeds that is none."""
    count = at_least_one(seeds, "seeds", most=MOST_SEEDS)
    return [RangeTest(low=low, high=high, steps=steps, shape=shape, stop=stop) for _ in range(count)]


def at_least_one(value: object, what: str, *, most: int = 2**31) -> int:
    """A whole number from 1 to `most`; raises FinderError else."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most:
        return value
    raise FinderError(f"expected {what} as a whole number from 1 to {most}, got {shown(value)}")


def _cost(steps: int, seeds: int, accumulation: int) -> str:
    updates = f"{steps} updates" if seeds == 1 else f"{seeds * steps} updates, {steps} for each of {seeds} seeds"
    micro_batches = "" if accumulation == 1 else f", each of {accumulation} micro-batches"
    return f"range test: at most {updates}{micro_batches}; nothing of them stays"


@contextmanager
def shown_bar(words: str, total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """One line on the standard error, and a bar from a second on where a person sits there: `tick(done)` moves it."""
    if quiet or sys.stderr is None:
        yield lambda _: None
        return
    print(words, file=sys.stderr, flush=True)
    bars: list[Progress] = []
    begin = monotonic()

    def tick(done: int) -> None:
        if bars:
            bars[0].update(bars[0].task_ids[0], completed=done)
        elif sys.stderr.isatty() and monotonic() - begin > PATIENCE:
            bars.append(_bar(words.partition(":")[0], total, done))

    try:
        yield tick
    finally:
        for bar in bars:
            bar.stop()


def _bar(words: str, total: int, done: int) -> "Progress":
    from rich.console import Console  # here, because only what takes long waits for it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task(words, total=total, completed=done)
    bar.start()
    return bar
