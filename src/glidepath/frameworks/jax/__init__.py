"""The JAX door: a schedule goes into optax as it is; what an optimizer used, and going on from a checkpoint.

`learning_rate` reads what the last update used, `checkpoint` and `resume` carry a schedule over a restart;
`range_test` looks for a peak; `read_schedule` finds the schedule that an optax closure is.
"""

from glidepath.frameworks.jax.optax import checkpoint, learning_rate, resume
from glidepath.frameworks.jax.range_test import range_test
from glidepath.frameworks.jax.reading import read_schedule

__all__ = ["checkpoint", "learning_rate", "range_test", "read_schedule", "resume"]
