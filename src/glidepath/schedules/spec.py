"""The spec: the plain dict that a recipe, a schedule or a plan is saved as, and its JSON and TOML.

    {"glidepath": 1, "parts": [{"part": "warmup", "length": "2%"}, {"part": "decay", "shape": "cosine", "to": 0.1}],
     "horizon": {"steps": 100000}, "peak": 0.0003}

`horizon` and `peak` belong to a schedule; `glidepath` is the version of this form; a plan, which has `lr` in place of
`parts`, is shown in `plan_spec`. Every value is an int, a float, a bool, a text, a list or a dict, so that any format
and `torch.load(weights_only=True)` carry it.
"""

import json
from collections.abc import Mapping
from typing import Any

from glidepath.errors import GlidepathError, SpecError, shown
from glidepath.schedules import building, plan_spec
from glidepath.schedules.levels import Absolute
from glidepath.schedules.parts import Part
from glidepath.schedules.plan import Plan
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.schedules.written import arguments
from glidepath.units import RATES, Horizon, plain

VERSION = 1
MOST_PARTS = 10_000  # far above any recipe that a person or a program means, and still read within a second


def to_spec(value: Recipe | Schedule | Plan) -> dict[str, Any]:
    """The plain dict of a recipe, a schedule or a plan; `from_spec` gives an equal value.

    >>> from glidepath import cosine
    >>> to_spec(cosine(to=0.1).over(100))["parts"]
    [{'part': 'decay', 'to': 0.1, 'shape': 'cosine'}]
    """
    if not isinstance(value, (Recipe, Schedule, Plan)):
        raise SpecError(f"expected a recipe or a schedule, or a plan, got {shown(value)}")
    fields = plan_spec.table(value, _table) if isinstance(value, Plan) else _table(value)
    return {"glidepath": VERSION, **fields}


def _table(value: Recipe | Schedule) -> dict[str, Any]:
    if isinstance(value, Recipe):
        return {"parts": [_part(part) for part in value.parts]}
    table = _table(value.recipe)
    rates = {name: plain(rate) for name, rate in value.horizon.rates.items()}
    table["horizon"] = {"steps": value.horizon.steps, **rates}
    if value.peak is not None:
        table["peak"] = value.peak
    return table


def _part(part: Part) -> dict[str, Any]:
    return {"part": part.word, **{name: _plain(value) for name, value in arguments(part).items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, Absolute):
        return {"absolute": value.value}
    if isinstance(value, list):  # points
        return [[place, _plain(height)] for place, height in value]
    return [_part(part) for part in value.parts] if isinstance(value, Recipe) else value


def from_spec(spec: Mapping[str, Any]) -> Recipe | Schedule | Plan:
    """The recipe, schedule or plan of a plain dict.

    Raises SpecError, with the place (`$.parts[1].length`), for anything that is not one.
    """
    if not isinstance(spec, Mapping):
        raise SpecError(f"$: expected a spec, a table with 'parts', got {shown(spec, 60)}")
    fields = {name: value for name, value in spec.items() if name != "glidepath"}
    version = spec.get("glidepath", VERSION)
    if version != VERSION:
        raise SpecError(
            f"$.glidepath: expected version {VERSION} of the spec, got {shown(version, 40)}: update glidepath"
        )
    return plan_spec.plan(fields, _read) if "lr" in fields else _read(fields, "$")


def _read(table: Mapping[str, Any], place: str) -> Recipe | Schedule:
    """The recipe or schedule that stands at a place."""
    plan_spec.only(table, ("parts", "horizon", "peak"), place)
    recipe = _recipe(table.get("parts"), f"{place}.parts")
    if "horizon" not in table:
        _refuse_peak(table, place)
        return recipe
    horizon = _horizon(table["horizon"], f"{place}.horizon")
    try:
        return recipe.over(horizon, peak=table.get("peak"))
    except GlidepathError as error:
        raise SpecError(f"{place}: {error}") from error


def _refuse_peak(table: Mapping[str, Any], place: str) -> None:
    if "peak" in table:
        raise SpecError(
            f"{place}.peak: expected a horizon beside the peak, got none: write 'horizon': {{'steps': ...}}"
        )


def _recipe(parts: object, place: str, depth: int = 0) -> Recipe:
    if not isinstance(parts, list) or not 0 < len(parts) <= MOST_PARTS:
        raise SpecError(f"{place}: expected a list of 1 to {MOST_PARTS} parts, got {shown(parts, 60)}")
    if depth > building.DEEPEST:
        raise SpecError(f"{place}: expected recipes within recipes at most {building.DEEPEST} deep, got more")
    return building.joined([_one(f"{place}[{index}]", part, depth) for index, part in enumerate(parts)], place)


def _one(here: str, part: object, depth: int) -> Recipe:
    if not isinstance(part, Mapping) or not all(isinstance(name, str) for name in part):
        raise SpecError(f"{here}: expected a table such as {{'part': 'hold'}}, got {shown(part, 60)}")
    named = {
        name: _recipe(value, f"{here}.{name}", depth + 1) if name in building.RECIPES else value
        for name, value in part.items()
        if name != "part"
    }
    building.known(word := part.get("part"), here)
    return building.part(str(word), named, lambda name: f"{here}.{name}" if name else here)


def _horizon(horizon: object, place: str) -> Horizon:
    if not isinstance(horizon, Mapping) or "steps" not in horizon:
        raise SpecError(f"{place}: expected a table with 'steps', got {shown(horizon, 60)}")
    plan_spec.only(horizon, ("steps", *RATES), place)
    try:
        return Horizon(**horizon)
    except GlidepathError as error:
        raise SpecError(f"{place}: {error}") from error


def to_json(value: Recipe | Schedule | Plan) -> str:
    """The spec as one line of JSON."""
    return json.dumps(to_spec(value))


def from_json(text: str) -> Recipe | Schedule | Plan:
    """The recipe, schedule or plan of a JSON text; raises SpecError with line and column where it is not JSON."""
    if not isinstance(text, (str, bytes)):
        raise SpecError(f"expected a text of JSON, got {shown(text)}")
    try:
        spec = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SpecError(f"expected JSON, got {text[:40]!r}: {str(error)[:200]}") from error
    return from_spec(spec)


def to_toml(value: Recipe | Schedule | Plan) -> str:
    """The spec as TOML.

    >>> from glidepath import warmup, cosine
    >>> print(to_toml(warmup("2%") >> cosine()))
    glidepath = 1
    <BLANKLINE>
    [[parts]]
    part = "warmup"
    length = "2%"
    <BLANKLINE>
    [[parts]]
    part = "decay"
    shape = "cosine"
    <BLANKLINE>
    """
    spec = to_spec(value)
    parts, groups = spec.pop("parts", []), spec.pop("groups", {})
    tables = {name: spec.pop(name) for name, field in list(spec.items()) if isinstance(field, dict)}
    blocks = [_lines(spec), *("[[parts]]\n" + _lines(part) for part in parts)]
    blocks += [f"[{name}]\n" + _lines(table) for name, table in tables.items()]
    blocks += [f"[groups.{_value(name)}]\n" + _lines(group) for name, group in groups.items()]
    return "\n".join(blocks)


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {_value(value)}\n" for name, value in table.items())


def _value(value: Any) -> str:
    """A value in TOML, whose texts, numbers and booleans are those of JSON."""
    if isinstance(value, list):
        return "[" + ", ".join(_value(inner) for inner in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_value(inner)}" for name, inner in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)  # TOML has no pairs of surrogates


def from_toml(text: str) -> Recipe | Schedule | Plan:
    """The recipe, schedule or plan of a TOML text; raises SpecError with line and column where it is not TOML."""
    if not isinstance(text, str):
        raise SpecError(f"expected a text of TOML, got {shown(text)}")
    import tomllib  # here, because few read TOML and everybody would wait for it

    try:
        spec = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise SpecError(f"expected TOML, got {text[:40]!r}: {str(error)[:200]}") from error
    return from_spec(spec)
