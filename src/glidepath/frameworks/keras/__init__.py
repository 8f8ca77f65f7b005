"""The Keras door: `attach` drives a model by a schedule, `LearningRateLog` keeps what every update used.

`range_test` looks for its peak; `checkpoint` and `resume` carry a schedule over a restart; `read_schedule` reads a
LearningRateSchedule by its own configuration; `cut` makes a policy for a `watch`. Keras is imported with the first of
the others, so that its backend can be chosen before.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from glidepath.frameworks.keras.reading import read_schedule
from glidepath.frameworks.watching import cut

if TYPE_CHECKING:
    from glidepath.frameworks.keras.log import LearningRateLog
    from glidepath.frameworks.keras.resuming import checkpoint, resume
    from glidepath.frameworks.keras.schedule import LearningRate, attach
    from glidepath.frameworks.keras.sweeping import range_test

__all__ = ["LearningRate", "LearningRateLog", "attach", "checkpoint", "cut", "range_test", "read_schedule", "resume"]

HOMES = {
    "LearningRate": "schedule",
    "LearningRateLog": "log",
    "attach": "schedule",
    "checkpoint": "resuming",
    "range_test": "sweeping",
    "resume": "resuming",
}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
