"""Going on with a Keras model: what its checkpoint keeps of the schedule, compared with what the code asks for."""

from collections.abc import Mapping
from typing import Any

from glidepath._extras import require
from glidepath.errors import CheckpointError
from glidepath.frameworks.keras.schedule import (
    LearningRate,
    accumulation_of,
    attach,
    checked_accumulation,
    optimizer_of,
    rate_of,
    updates_of,
)
from glidepath.frameworks.resuming import resumed
from glidepath.schedules.continuation import MOST_UP, Policy
from glidepath.schedules.schedule import Schedule

keras: Any = require("keras")


def checkpoint(target: Any) -> dict[str, Any]:
    """What a resume needs beside the weights of a model, or of an optimizer, in plain types: the spec and the step.

    A model saved whole, `model.save(path)`, has this in it. Raises AttachError where no schedule of ours drives it.
    """
    optimizer = optimizer_of(target)
    rate = rate_of(optimizer)
    return rate.get_config() | {"step": updates_of(optimizer)}


def resume(
    target: Any,
    schedule: Schedule,
    policy: str | Policy | None = None,
    *,
    state: Any = None,
    most: float = MOST_UP,
) -> LearningRate:
    """Go on with a model, or an optimizer, under the schedule that the code asks for; its learning rate comes back.

    A model from `keras.saving.load_model` brings its own schedule and step. One with weights alone needs `state`,
    which `checkpoint` gave; where the weights did not bring the optimizer's step, it is set from there. Where the
    schedules are the same, the one in force goes on, and the next update is that of the uninterrupted run to the bit.
    Else `policy` says how: "stored", "requested", "hold", "stretch", "anneal_from_here", or one made by `rewarm`,
    `append`, `branch`.

    Raises ResumeConflict where they differ without a policy, with the last and the next learning rate under each, and
    where the next would be more than `most` times the last unless the policy warms up; CheckpointError for what is no
    state of ours, or of another step than the optimizer. Nothing is changed then.
    """
    optimizer = optimizer_of(target)
    state = checkpoint(optimizer) if state is None else state
    course, step = resumed(_ours(state), schedule, policy, most=most)
    _wind(optimizer, step, state.get("accumulation", 1))
    return attach(target, course)


def _ours(state: Any) -> Any:
    """A state without what only Keras needs."""
    if not isinstance(state, Mapping) or "accumulation" not in state:
        return state
    checked_accumulation(state["accumulation"])
    return {name: value for name, value in state.items() if name != "accumulation"}


def _wind(optimizer: Any, step: int, accumulation: int) -> None:
    """Bring an optimizer, whose weights may have been loaded, to an update; its accumulation may be another now."""
    micro_batches, now = int(keras.ops.convert_to_tensor(optimizer._iterations)), accumulation_of(optimizer)
    if micro_batches and micro_batches // accumulation != step:
        raise CheckpointError(
            f"expected the optimizer at step {step}, as its checkpoint, got it at step {micro_batches // accumulation}"
        )
    if not micro_batches or now != accumulation:
        optimizer._iterations.assign(step * now)
