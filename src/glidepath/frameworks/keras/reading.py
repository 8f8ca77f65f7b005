"""A LearningRateSchedule of Keras, read by its class and its own configuration; Keras itself is not imported."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from glidepath.errors import SpecError, shown
from glidepath.schedules import dialects
from glidepath.schedules.dialects import Reading
from glidepath.units import Horizon


def read_schedule(schedule: Any, *, horizon: int | str | Horizon | None = None) -> Reading:
    """The schedule that a `keras.optimizers.schedules` object is, counted as Keras counts.

    `horizon` is needed where the object has no end, as ExponentialDecay. Raises SpecError for an object without a
    configuration, of a class that is not Keras's own, or with a value in it that is no plain number.

    >>> from keras.optimizers.schedules import CosineDecay                        # doctest: +SKIP
    >>> read_schedule(CosineDecay(0.5, decay_steps=100, alpha=0.1)).schedule      # doctest: +SKIP
    (decay(100, to=absolute(0.05), shape='cosine') >> hold()).over(100, peak=0.5)
    """
    configure = getattr(schedule, "get_config", None)
    config = configure() if callable(configure) and not isinstance(schedule, type) else None
    if not isinstance(config, Mapping):
        raise SpecError(f"expected a LearningRateSchedule of Keras, which has a get_config(), got {shown(schedule)}")
    plain = {name: _plain(value) for name, value in config.items()}
    return dialects.read("keras", type(schedule).__name__, plain, horizon=horizon)


def _plain(value: Any) -> Any:
    """A number or a list as Python has them, from numpy's."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
