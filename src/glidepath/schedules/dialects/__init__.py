"""How other libraries count: `read` turns their configurations into schedules with the same numbers, `write` back."""

from glidepath.schedules.dialects.desk import libraries, names, read
from glidepath.schedules.dialects.question import Reading
from glidepath.schedules.dialects.rules import read_rule
from glidepath.schedules.dialects.writers import write

__all__ = ["Reading", "libraries", "names", "read", "read_rule", "write"]
