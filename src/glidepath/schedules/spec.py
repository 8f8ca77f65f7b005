"""The spec: the plain dict that a recipe or a schedule is saved as, and its JSON and TOML.

    {"glidepath": 1, "parts": [{"part": "warmup", "length": "2%"}, {"part": "decay", "shape": "cosine", "to": 0.1}],
     "horizon": {"steps": 100000}, "peak": 0.0003}

`horizon` and `peak` belong to a schedule; `glidepath` is the version of this form. Every value is an int, a
float, a bool, a text, a list or a dict, so that any format and `torch.load(weights_only=True)` carry it.
"""

import json
from collections.abc import Mapping
from typing import Any

from glidepath.errors import GlidepathError, SpecError, nearest, shown
from glidepath.schedules import building
from glidepath.schedules.levels import Absolute
from glidepath.schedules.parts import Part
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.schedules.written import arguments
from glidepath.units import RATES, Horizon, plain

VERSION = 1
MOST_PARTS = 10_000  # far above any recipe that a person or a program means, and still read within a second


def to_spec(value: Recipe | Schedule) -> dict[str, Any]:
    """The plain dict of a recipe or a schedule; `from_spec` gives an equal value.

    >>> from glidepath import cosine
    >>> to_spec(cosine(to=0.1).over(100))["parts"]
    [{'part': 'decay', 'to': 0.1, 'shape': 'cosine'}]
    """
    if not isinstance(value, (Recipe, Schedule)):
        raise SpecError(f"expected a recipe or a schedule, got {shown(value)}")
    if isinstance(value, Recipe):
        return {"glidepath": VERSION, "parts": [_part(part) for part in value.parts]}
    spec = to_spec(value.recipe)
    rates = {name: plain(rate) for name, rate in value.horizon.rates.items()}
    spec["horizon"] = {"steps": value.horizon.steps, **rates}
    if value.peak is not None:
        spec["peak"] = value.peak
    return spec


def _part(part: Part) -> dict[str, Any]:
    return {"part": part.word, **{name: _plain(value) for name, value in arguments(part).items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, Absolute):
        return {"absolute": value.value}
    return [_part(part) for part in value.parts] if isinstance(value, Recipe) else value


def from_spec(spec: Mapping[str, Any]) -> Recipe | Schedule:
    """The recipe or schedule of a plain dict.

    Raises SpecError, with the place (`$.parts[1].length`), for anything that is not one.
    """
    if not isinstance(spec, Mapping):
        raise SpecError(f"$: expected a spec, a table with 'parts', got {shown(spec, 60)}")
    _only(spec, ("glidepath", "parts", "horizon", "peak"), "$")
    version = spec.get("glidepath", VERSION)
    if version != VERSION:
        raise SpecError(
            f"$.glidepath: expected version {VERSION} of the spec, got {shown(version, 40)}: update glidepath"
        )
    recipe = _recipe(spec.get("parts"), "$.parts")
    if "horizon" not in spec:
        _refuse_peak(spec)
        return recipe
    horizon = _horizon(spec["horizon"])
    try:
        return recipe.over(horizon, peak=spec.get("peak"))
    except GlidepathError as error:
        raise SpecError(f"$: {error}") from error


def _refuse_peak(spec: Mapping[str, Any]) -> None:
    if "peak" in spec:
        raise SpecError("$.peak: expected a horizon beside the peak, got none: write 'horizon': {'steps': ...}")


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


def _horizon(horizon: object) -> Horizon:
    if not isinstance(horizon, Mapping) or "steps" not in horizon:
        raise SpecError(f"$.horizon: expected a table with 'steps', got {shown(horizon, 60)}")
    _only(horizon, ("steps", *RATES), "$.horizon")
    try:
        return Horizon(**horizon)
    except GlidepathError as error:
        raise SpecError(f"$.horizon: {error}") from error


def _only(table: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    for name in table:
        if name not in known:
            raise SpecError(
                f"{place}: expected one of its fields, got {shown(name, 40)}: {nearest(shown(name), known)}"
            )


def to_json(value: Recipe | Schedule) -> str:
    """The spec as one line of JSON."""
    return json.dumps(to_spec(value))


def from_json(text: str) -> Recipe | Schedule:
    """The recipe or schedule of a JSON text; raises SpecError with line and column where it is not JSON."""
    if not isinstance(text, (str, bytes)):
        raise SpecError(f"expected a text of JSON, got {shown(text)}")
    try:
        spec = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SpecError(f"expected JSON, got {text[:40]!r}: {str(error)[:200]}") from error
    return from_spec(spec)


def to_toml(value: Recipe | Schedule) -> str:
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
    parts, horizon = spec.pop("parts"), spec.pop("horizon", None)
    blocks = [_lines(spec), *("[[parts]]\n" + _lines(part) for part in parts)]
    if horizon is not None:
        blocks.append("[horizon]\n" + _lines(horizon))
    return "\n".join(blocks)


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {_value(value)}\n" for name, value in table.items())


def _value(value: Any) -> str:
    """A value in TOML, whose texts, numbers and booleans are those of JSON."""
    if isinstance(value, list):
        return "[" + ", ".join(_value(inner) for inner in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_value(inner)}" for name, inner in value.items()) + "}"
    return json.dumps(value)


def from_toml(text: str) -> Recipe | Schedule:
    """The recipe or schedule of a TOML text; raises SpecError with line and column where it is not TOML."""
    if not isinstance(text, str):
        raise SpecError(f"expected a text of TOML, got {shown(text)}")
    import tomllib  # here, because few read TOML and everybody would wait for it

    try:
        spec = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise SpecError(f"expected TOML, got {text[:40]!r}: {str(error)[:200]}") from error
    return from_spec(spec)
