"""What every room's tests share: the Hypothesis profiles, the reading of a complaint, and a limit of time.

Processes are in starting.py, which pytest's importlib mode does not put on the path.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from glidepath import GlidepathError

sys.path.append(str(Path(__file__).parent))

LONGEST_COMPLAINT = 400  # characters: a sentence or two, whatever came in

settings.register_profile(
    "glidepath",
    deadline=None,
    max_examples=50,
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("glidepath")


def _complaint(call: Callable[..., Any], *arguments: Any, **named: Any) -> str:
    with pytest.raises(GlidepathError) as raised:
        call(*arguments, **named)
    message = str(raised.value)
    assert "\n" not in message
    assert len(message) < LONGEST_COMPLAINT
    assert "expected " in message
    assert "got " in message or "because " in message
    return message


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    def late(*_: object) -> None:
        raise TimeoutError(f"not done within {seconds} s of the processor")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@pytest.fixture(scope="session")
def complaint() -> Callable[..., str]:
    """Call with a callable and its arguments: the one sentence of the GlidepathError that it must raise."""
    return _complaint


@pytest.fixture(scope="session")
def limit() -> Callable[[float], AbstractContextManager[None]]:
    """A context that fails what is not done within so many seconds of the processor, where it would else hang."""
    return _limit
