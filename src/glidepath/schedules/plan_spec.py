"""The spec of a plan, with the spec of a schedule in it wherever a schedule drives something.

    {"glidepath": 1, "lr": {"parts": [...], "horizon": {...}, "peak": 0.1}, "momentum": 0.9,
     "weight_decay": {"coupled": 0.1, "most": 1.0}, "groups": {"head": {"factor": 10.0}, "embed": {"factor": 0.5}}}

How a schedule is written and read is handed in, so that this file is below the one that serves every value.
"""

from collections.abc import Callable, Mapping
from typing import Any

from glidepath.errors import GlidepathError, SpecError, nearest, shown
from glidepath.schedules.groups import OWN, Group, named
from glidepath.schedules.plan import Plan
from glidepath.schedules.plan_values import RANGES, Coupled, checked, coupled
from glidepath.schedules.schedule import Schedule

Write = Callable[[Schedule], dict[str, Any]]
Read = Callable[[Mapping[str, Any], str], Any]
MOST_NAMED = 3  # fields that a complaint names


def table(plan: Plan, write: Write) -> dict[str, Any]:
    """The fields of a plan, in plain types."""
    fields = {name: _plain(value, write) for name, value in plan.values().items()}
    if plan.groups:
        fields["groups"] = {name: _group(plan.group(name), write) for name in plan.groups}
    return fields


def _group(group: Group, write: Write) -> dict[str, Any]:
    return {"factor": group.factor} | {name: _plain(value, write) for name, value in group.own.items()}


def _plain(value: Any, write: Write) -> Any:
    if isinstance(value, Coupled):
        return {"coupled": value.value, "most": value.most}
    return write(value) if isinstance(value, Schedule) else value


def plan(fields: Mapping[str, Any], read: Read) -> Plan:
    """The plan of its fields; raises SpecError with the place, `$.groups.head.factor`."""
    only(fields, ("lr", *RANGES, "groups"), "$")
    values = {name: _value(name, value, f"$.{name}", read) for name, value in fields.items() if name != "groups"}
    groups = _table(fields.get("groups", {}), "$.groups")
    made = {
        _at("$.groups", named, name): _read_group(group, f"$.groups.{name}", read) for name, group in groups.items()
    }
    whole: Plan = _at("$", lambda: Plan(groups=made, **values))
    return whole


def _read_group(group: object, place: str, read: Read) -> Group:
    fields = _table(group, place)
    only(fields, ("factor", *OWN), place)
    values = {name: _value(name, value, f"{place}.{name}", read) for name, value in fields.items()}
    return Group(**values)


def _value(name: str, value: Any, place: str, read: Read) -> Any:
    """The value of one field: a number, a schedule, a coupled weight decay."""
    if isinstance(value, Mapping) and "coupled" in value and name == "weight_decay":
        only(value, ("coupled", "most"), place)
        most: Any = value.get("most")
        return _at(place, lambda: coupled(value["coupled"], most=most))
    return _at(place, checked, name, read(value, place) if isinstance(value, Mapping) else value)


def _at(place: str, make: Callable[..., Any], *given: Any) -> Any:
    """What is made, or the complaint with the place in front."""
    try:
        return make(*given)
    except GlidepathError as error:
        raise SpecError(f"{place}: {error}") from error


def _table(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SpecError(f"{place}: expected a table, got {shown(value)}")
    return value


def only(fields: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    """Refuse a field that is not known there."""
    for name in fields:
        if name not in known:
            raise SpecError(
                f"{place}: expected one of its fields, got {shown(name, 40)}: {nearest(shown(name), known)}"
            )
