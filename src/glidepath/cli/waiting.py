"""A sign of life for what takes more than a second: a moving bar on the standard error, where a person sits there."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 1.0  # seconds that nobody minds


@contextmanager
def waiting(words: str) -> Iterator[Callable[[], None]]:
    """A bar from a second on, until the block ends or what is yielded is called, as before a word is said."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda: None
        return
    bars: list[Progress] = []
    timer = Timer(PATIENCE, lambda: bars.append(_bar(words)))
    timer.daemon = True

    def done() -> None:
        timer.cancel()
        timer.join()  # a bar that is on its way is there then, and can be taken away
        while bars:
            bars.pop().stop()

    timer.start()
    try:
        yield done
    finally:
        done()


def _bar(words: str) -> "Progress":
    """A bar without an end: how long a file takes to read is known when it has been."""
    from rich.console import Console  # here, because only what takes long waits for it
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task(words, total=None)
    bar.start()
    return bar
