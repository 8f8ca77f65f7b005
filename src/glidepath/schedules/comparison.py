"""Two plans field by field: what a checkpoint stored beside what the code requests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from glidepath.errors import shown
from glidepath.schedules.plan import Plan
from glidepath.schedules.schedule import Schedule
from glidepath.schedules.spec import to_spec

NOTHING = "nothing"
MOST_NAMED = 12  # fields in a complaint: what fits on half a screen


@dataclass(frozen=True, slots=True)
class Apart:
    """A field in which two plans differ: where it is in the spec, and both values as they are written."""

    place: str
    stored: str
    requested: str

    def __str__(self) -> str:
        return f"{self.place} stored {self.stored}, requested {self.requested}"


def compare(stored: Schedule | Plan, requested: Schedule | Plan) -> tuple[Apart, ...]:
    """The fields in which two schedules or plans differ, in the order of their places; empty where they are equal.

    >>> from glidepath import cosine
    >>> print(*compare(cosine().over(10), cosine(to=0.1).over(20)), sep="; ")
    $.horizon.steps stored 10, requested 20; $.parts[0].to stored nothing, requested 0.1
    """
    if isinstance(stored, Plan) or isinstance(requested, Plan):  # a schedule alone is the plan that says nothing else
        stored, requested = (one if isinstance(one, Plan) else Plan(one) for one in (stored, requested))
    here, there = _leaves(to_spec(stored), "$"), _leaves(to_spec(requested), "$")
    return tuple(
        Apart(place, here.get(place, NOTHING), there.get(place, NOTHING))
        for place in sorted(here | there)
        if here.get(place) != there.get(place)
    )


def in_columns(apart: tuple[Apart, ...]) -> str:
    """The fields as a table: place, stored, requested."""
    rows = [("field", "stored", "requested"), *((one.place, one.stored, one.requested) for one in apart[:MOST_NAMED])]
    wide = [max(len(row[column]) for row in rows) for column in range(2)]
    lines = [f"  {place:<{wide[0]}}  {stored:<{wide[1]}}  {requested}" for place, stored, requested in rows]
    more = [f"  and {len(apart) - MOST_NAMED} fields more"] if len(apart) > MOST_NAMED else []
    return "\n".join(lines + more)


def _leaves(spec: Any, place: str) -> dict[str, str]:
    """The plain values of a spec as they are shown, by place."""
    if isinstance(spec, Mapping):
        inner = [(f"{place}.{name}", value) for name, value in spec.items()]
    elif isinstance(spec, list):
        inner = [(f"{place}[{index}]", value) for index, value in enumerate(spec)]
    else:
        return {place: shown(spec)}
    return {where: leaf for at, value in inner for where, leaf in _leaves(value, at).items()}
