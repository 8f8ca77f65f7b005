"""Which recipe: a task described, answered with a reason and a source for each number."""

from glidepath.advice.plain import to_plain
from glidepath.advice.tasks import TASKS, recommend
from glidepath.advice.values import EVIDENCE, Advice, Change, Interval, Number, Remark

__all__ = ["EVIDENCE", "TASKS", "Advice", "Change", "Interval", "Number", "Remark", "recommend", "to_plain"]
