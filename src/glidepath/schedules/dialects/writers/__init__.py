"""How a schedule is told to other libraries: one file for each family of them, candidates in their own counting."""

from glidepath.schedules.dialects.writers.writing import write

__all__ = ["write"]
