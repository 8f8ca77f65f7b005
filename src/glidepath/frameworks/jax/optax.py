"""A schedule inside an optax optimizer: the learning rate that was used, and going on from a checkpoint.

A `Schedule` is an optax schedule as it is, `optax.adamw(schedule)`, and the states of optax count its steps. Here they
are read. A schedule inside `optax.MultiSteps` counts applied updates; one outside counts micro-batches, and is refused.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from glidepath._extras import require
from glidepath.errors import AttachError
from glidepath.frameworks.resuming import in_force, resumed
from glidepath.schedules.continuation import MOST_UP, Policy
from glidepath.schedules.course import Course
from glidepath.schedules.schedule import Schedule

# The states of optax that count the steps of a schedule, or applied updates, and what they call it.
ACCUMULATION = "MultiStepsState"
COUNTS = {"ScaleByScheduleState": "count", "WrappedScheduleState": "count", ACCUMULATION: "gradient_step"}


def learning_rate(opt_state: Any, schedule: Schedule) -> Any:
    """The learning rate that the last update used: `schedule(count - 1)`; before any, what the first will use.

    `opt_state` is the state of any nest of optax transformations (chain, MultiSteps, inject_hyperparams, masked,
    multi_transform, ...), one for each replica too. Gives a float; in a function that JAX traces a scalar of its
    default float, which is NaN where the counts differ. Raises AttachError where no state counts the steps of a
    schedule, or where counts differ, as where MultiSteps is inside the schedule.

    >>> import optax, jax.numpy as jnp, glidepath as gp
    >>> schedule = gp.warmup(3).over(10, peak=1.0)
    >>> optimizer = optax.adamw(schedule)
    >>> state = optimizer.init(jnp.zeros(2))
    >>> _, state = optimizer.update(jnp.ones(2), state, jnp.zeros(2))
    >>> learning_rate(state, schedule)
    0.25
    """
    jax = require("jax")
    counts = _counts(opt_state)
    if not any(isinstance(count, jax.core.Tracer) for count in counts):
        return schedule(_step(counts) - 1)
    every = jax.numpy.concatenate([jax.numpy.ravel(count) for count in counts])
    return jax.numpy.where((every == every[0]).all(), schedule(every[0] - 1), jax.numpy.nan)


def checkpoint(schedule: Schedule, opt_state: Any, *, requested: Schedule | None = None) -> dict[str, Any]:
    """What a resume needs beside the optimizer's own state, in plain types: the spec and the step.

    `schedule` is the one in force. Where `resume` made it by a policy, `requested` is what the code asked for then, so
    that the same code goes on next time without another question. Raises AttachError as `learning_rate`.
    """
    asked = schedule if requested is None else requested
    course = Course(asked, None if schedule == asked else schedule)
    return course.state() | {"step": _step(_counts(opt_state))}


def resume(
    state_dict: Any, schedule: Schedule, policy: str | Policy | None = None, *, most: float = MOST_UP
) -> Schedule:
    """The schedule that a run goes on with, from what `checkpoint` gave and the schedule that the code asks for.

    Where both are the same, it is the one in force, and the next update that of the uninterrupted run to the bit.
    Else `policy` says how to go on: "stored", "requested", "hold", "stretch", "anneal_from_here", or one made by
    `rewarm`, `append`, `branch`. The state of the optimizer fits either way: its
    form does not depend on the schedule. Raises ResumeConflict where they differ without a policy, with the last and
    the next learning rate under each, and where the next would be more than `most` times the last unless the policy
    warms up; CheckpointError for what is no state of ours.

    >>> import glidepath as gp
    >>> saved = {"spec": gp.to_spec(gp.cosine().over(10, peak=1.0)), "step": 5}
    >>> longer = resume(saved, gp.cosine().over(20, peak=1.0), "hold")
    >>> longer(4) == longer(5) == longer(19)
    True
    """
    return in_force(resumed(state_dict, schedule, policy, most=most)[0])


def _counts(opt_state: Any) -> list[Any]:
    """The counts in a state, of a schedule at least."""
    found = list(_found(require("jax"), (opt_state,)))
    if any(name != ACCUMULATION for name, _ in found):
        return [count for _, count in found]
    raise AttachError(
        "expected the state of an optax optimizer that a schedule drives, got one without the count of a schedule: "
        "write optax.adamw(schedule)"
    )


def _found(jax: Any, root: Any) -> Iterator[tuple[str, Any]]:
    """The states that count, by name, and their counts, outer before inner."""

    def counts(node: Any) -> bool:
        return node is not root and type(node).__name__ in COUNTS

    for node in jax.tree_util.tree_leaves(root, is_leaf=counts):
        if counts(node):
            name = type(node).__name__
            yield name, getattr(node, COUNTS[name])
            yield from _found(jax, node)


def _step(counts: list[Any]) -> int:
    """The applied updates that all counts agree on."""
    steps = np.unique(np.concatenate([np.ravel(np.asarray(count)) for count in counts])).tolist()
    if len(steps) == 1:
        return int(steps[0])
    raise AttachError(
        f"expected one count of applied updates, got {', '.join(map(str, steps[:9]))}: put the schedule inside "
        "MultiSteps, as in optax.MultiSteps(optax.adamw(schedule), every_k_schedule=k)"
    )
