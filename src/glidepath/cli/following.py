"""A run under way, read again whenever its log has grown."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from glidepath.errors import LogError
from glidepath.runs.run import Run

EVERY = 2.0  # seconds between two looks: what a person waits for, and nothing to a disk


def grown(path: Path, *, wait: Callable[[float], None] = time.sleep) -> Iterator[Run]:
    """The run each time it has got further, without an end; a log that is not there or says nothing yet is awaited."""
    from glidepath.logs.follow import follow  # here, because only this waits for the readers of growing logs

    log, seen = follow(path), -1
    while True:
        try:
            run = log.again()
        except LogError:  # not a whole line yet
            run = None
        if run is not None and (size := sum(map(len, run.curves.values()))) != seen:
            seen = size
            yield run
        wait(EVERY)
