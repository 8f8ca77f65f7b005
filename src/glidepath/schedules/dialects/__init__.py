"""How other libraries count: `read` turns their configurations into schedules with the same numbers."""

from glidepath.schedules.dialects.desk import libraries, names, read
from glidepath.schedules.dialects.question import Reading

__all__ = ["Reading", "libraries", "names", "read"]
