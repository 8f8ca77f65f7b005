"""Building a recipe from words and plain values: what a spec and a text have in common.

Nothing here is executed that the user wrote: a word is looked up in one table, a value is read by its kind.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from glidepath.errors import GlidepathError, SpecError, nearest, shown
from glidepath.schedules.levels import Absolute, Level, level
from glidepath.schedules.points import points
from glidepath.schedules.powers import inverse_sqrt, inverse_time, power_law, untuned
from glidepath.schedules.recipes import arc, cosine, decay, hold, linear, steps, warmup
from glidepath.schedules.reshape import (
    clip,
    combine,
    excerpt,
    override,
    remap,
    repeat,
    reverse,
    scale,
    shift,
    stretch,
)
from glidepath.schedules.schedule import Recipe
from glidepath.units import RATE, Amount

BASIC = (warmup, untuned, hold, decay, cosine, linear, steps, power_law, inverse_sqrt, inverse_time, arc, points)
RESHAPING = (repeat, stretch, reverse, shift, excerpt, scale, remap, clip, combine, override)
MAKERS: dict[str, Callable[..., Recipe]] = {make.__name__: make for make in (*BASIC, *RESHAPING)}
RECIPES = ("recipe", "other")  # the arguments that hold a recipe within
DEEPEST = 20  # recipes within recipes: more than anybody reads, and far from any stack's end
NUMBER = r"[+-]?(\d[\d_]{0,29}\.?\d{0,30}|\.\d{1,30})([eE][+-]?\d{1,3})?"
ABSOLUTE = r"absolute\(\s*([^()]*?)\s*\)"


def real(value: Any) -> Any:
    """A number, from itself or from its text."""
    if not isinstance(value, str):
        return value
    if re.fullmatch(NUMBER, value) is None:
        raise SpecError(f"expected a number, got {value[:40]!r}")
    try:
        return float(value)
    except ValueError:  # 1_ and 1__0
        raise SpecError(f"expected a number, got {value[:40]!r}") from None


def read_level(value: Any) -> Level:
    """A multiple of the peak, `{"absolute": 1e-5}` or the text "absolute(1e-5)"."""
    if isinstance(value, Mapping) and set(value) == {"absolute"}:
        return Absolute(real(value["absolute"]))
    if isinstance(value, str) and (match := re.fullmatch(ABSOLUTE, value)):
        return Absolute(real(match.group(1)))
    return level(real(value), "a level")


def flag(value: Any) -> Any:
    """True or false, from itself or from its text."""
    return {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value


def same(value: Any) -> Any:
    """A word or a recipe, which the part itself knows or not."""
    return value


def whole(value: Any) -> Any:
    """A whole number, from itself or from its text."""
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value) else value


def growth(value: Any) -> Any:
    """An exact number, from itself or from its text such as "3/2"."""
    if isinstance(value, str) and re.fullmatch(RATE, value) is None:
        raise SpecError(f"expected a number, got {value[:40]!r}")
    return value


def read_knots(value: Any) -> Any:
    """Places and levels, from pairs, a table, or their text `0: 0.1; 10%: 1.0; 100%: absolute(1e-5)`."""
    if isinstance(value, str):
        value = [pair.split(":", 1) for pair in value.split(";")]
    pairs = list(value.items()) if isinstance(value, Mapping) else value
    return [_knot(pair) for pair in pairs] if isinstance(pairs, (list, tuple)) else pairs


def _knot(pair: Any) -> Any:
    """The level of a pair read; what is no pair is left for `points` to refuse."""
    if not isinstance(pair, (list, tuple)) or len(pair) != 2:
        return pair
    place, height = (half.strip() if isinstance(half, str) else half for half in pair)
    return place, read_level(height)


# One name means one thing in every part, so its kind stands here once.
KINDS: dict[str, Callable[[Any], Any]] = {
    "length": Amount.of,
    "every": Amount.of,
    "timescale": Amount.of,
    "exponent": real,
    "rate": real,
    "beta2": real,
    "knots": read_knots,
    "shape": same,
    "start": read_level,
    "to": read_level,
    "power": real,
    "factor": real,
    "endpoint": flag,
    "at": read_level,
    "smooth": flag,
    "recipe": same,
    "other": same,
    "over": Amount.of,
    "by": same,
    "times": whole,
    "growth": growth,
    "since": real,
    "until": real,
    "beyond": flag,
    "begin": Amount.of,
    "low": read_level,
    "high": read_level,
}

# What a complaint shows for an argument that a part cannot be without.
EXAMPLES = {
    "length": "10%",
    "every": "10%",
    "recipe": "cosine()",
    "other": "other=hold(at=0.5)",
    "over": "over=100",
    "by": "by=10",
    "begin": "begin=10%",
    "knots": "0: 0.1; 10%: 1.0; 100%: 0.0",
    "factor": "factor=0.5",
}


def names(word: str) -> list[str]:
    """The arguments that a part takes, the positional one first."""
    return list(inspect.signature(MAKERS[word]).parameters)


def required(word: str) -> list[str]:
    """The arguments that a part cannot be without."""
    parameters = inspect.signature(MAKERS[word]).parameters
    return [name for name, parameter in parameters.items() if parameter.default is inspect.Parameter.empty]


def known(word: object, place: str) -> None:
    """Refuse what is not the word of a part."""
    if not isinstance(word, str) or word not in MAKERS:
        raise SpecError(f"{place}: expected a part, got {shown(word)}: {nearest(shown(word), MAKERS)}")


def part(word: str, arguments: Mapping[str, Any], place: Callable[[str], str]) -> Recipe:
    """The recipe of one known part; `place(name)` says where an argument stands (`place("")`: the part)."""
    values = {name: _argument(word, name, value, place) for name, value in arguments.items()}
    missing = [name for name in required(word) if name not in values]
    if missing:
        example = ", ".join(EXAMPLES[name] for name in required(word))
        raise SpecError(f"{place('')}: expected {word} with {missing[0]}, got none: write {word}({example})")
    try:
        return MAKERS[word](**values)
    except GlidepathError as error:
        raise SpecError(f"{place('')}: {error}") from error


def _argument(word: str, name: str, value: Any, place: Callable[[str], str]) -> Any:
    if name not in names(word):
        hint = nearest(name[:40], names(word))
        raise SpecError(f"{place(name)}: expected an argument of {word}, got {name[:40]!r}: {hint}")
    try:
        return KINDS[name](value)
    except GlidepathError as error:
        raise SpecError(f"{place(name)}: {error}") from error


def joined(recipes: list[Recipe], place: str) -> Recipe:
    """The recipes in sequence."""
    try:
        return Recipe(tuple(part for recipe in recipes for part in recipe.parts))
    except GlidepathError as error:
        raise SpecError(f"{place}: {error}") from error
