"""The JAX door: `read_schedule` finds the schedule that an optax closure is."""

from glidepath.frameworks.jax.reading import read_schedule

__all__ = ["read_schedule"]
