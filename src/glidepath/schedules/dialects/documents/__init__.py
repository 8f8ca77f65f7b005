"""Files and command lines of other libraries: a text in, the schedule that it means out, and back."""

from glidepath.schedules.dialects.documents.form import OURS, Document, Terms
from glidepath.schedules.dialects.documents.reading import read
from glidepath.schedules.dialects.documents.writing import write

__all__ = ["OURS", "Document", "Terms", "read", "write"]
