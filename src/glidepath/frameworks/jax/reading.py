"""A schedule found in a function of the step, as optax makes them: a closure that tells nothing but its values."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glidepath._extras import require
from glidepath.errors import SpecError, shown
from glidepath.frameworks.sampled import read_samples
from glidepath.schedules.dialects import Reading
from glidepath.units import Horizon

MOST_STEPS = 2**24  # up to here float32, in which JAX counts, has every whole number
MOST_CALLS = 10_000  # of a function that takes one step at a time, some 20 s


def read_schedule(schedule: Callable[[Any], Any], *, horizon: int | str | Horizon) -> Reading:
    """The schedule that a function of the step is over a horizon, from its values at every step of it.

    They are computed at once (`jax.vmap` under `jax.jit`), or one by one for a function that JAX cannot trace and
    a horizon of at most 10 000 steps. What is recognised, and what becomes of the rest: `schedules.fitting`. Raises
    SpecError for what is no such function, or a curve that is not recognised and too long to draw.

    >>> import optax
    >>> read_schedule(optax.warmup_cosine_decay_schedule(0.0, 0.5, 10, 100, 0.05), horizon=100).schedule
    (warmup(10, start=0.0) >> decay(90, to=0.1, shape='cosine') >> hold()).over(100, peak=0.5)
    """
    if not callable(schedule):
        raise SpecError(f"expected a function of the step, such as those of optax, got {shown(schedule)}")
    steps = (horizon if isinstance(horizon, Horizon) else Horizon.of(horizon)).steps
    if steps > MOST_STEPS:
        raise SpecError(f"expected a horizon of at most {MOST_STEPS} steps to look at, got {steps}")
    return read_samples(_values(schedule, steps), _name(schedule))


def _values(schedule: Callable[[Any], Any], steps: int) -> NDArray[np.float64]:
    jax = require("jax")
    at = np.arange(steps + 1, dtype=np.int32)
    try:
        return np.asarray(jax.jit(jax.vmap(schedule))(at), dtype=np.float64)
    except Exception as error:  # a stranger's function, which may take one plain step at a time
        if steps > MOST_CALLS:
            raise SpecError(
                f"{_name(schedule)}: expected a function that JAX can trace, or a horizon of at most {MOST_CALLS} "
                f"steps, got {_told(error)}"
            ) from error
    try:
        return np.array([float(schedule(step)) for step in at.tolist()])
    except Exception as error:
        raise SpecError(
            f"{_name(schedule)}: expected a learning rate for every step up to {steps}, got {_told(error)}"
        ) from error


def _name(schedule: Callable[[Any], Any]) -> str:
    return str(getattr(schedule, "__qualname__", type(schedule).__name__))[:80]


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:120]
