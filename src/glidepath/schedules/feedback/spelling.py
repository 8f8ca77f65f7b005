"""How a rule is spelled: the plain dict and the one line of text that it is saved as, both read without eval.

    {"glidepath": 1, "rule": "plateau", "minimum_descent": 0.01, "factor": 0.5}
    plateau(minimum_descent=0.01, factor=0.5)

    rule     := word ["(" [argument ("," argument)*] ")"]
    argument := [name "="] value

An argument that is as it would be anyway is not written. A value of the text may stand in quotes; `str(rule)` is that
text. Every value of the dict is an int, a float, a bool or a text, so that any format carries it.
"""

import re
from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Any, get_type_hints

from glidepath.errors import GlidepathError, SpecError, nearest, shown
from glidepath.schedules.building import flag, real, same
from glidepath.schedules.feedback.counted import torch_plateau
from glidepath.schedules.feedback.divergence import back_off
from glidepath.schedules.feedback.greed import greedy
from glidepath.schedules.feedback.rule import Rule
from glidepath.schedules.feedback.slope import plateau
from glidepath.schedules.feedback.stopping import early_stop

VERSION = 1
MAKERS: dict[str, Callable[..., Rule[Any]]] = {
    make.__name__: make for make in (plateau, torch_plateau, greedy, early_stop, back_off)
}
EXAMPLES = {"plateau": "plateau(minimum_descent=0.01)", "early_stop": "early_stop(patience=3)"}  # of what is required
LONGEST = 2_000  # characters: four times the longest text of a rule
WHOLE = r"[0-9]{1,16}"  # up to the last step, 2**53
ARGUMENT = r"""(?:([^\s=(),'"]+)\s*=\s*)?(?:"([^"]*)"|'([^']*)'|([^\s=(),'"]+))"""


def rule_to_spec(rule: Rule[Any]) -> dict[str, Any]:
    """The plain dict of a rule; `rule_from_spec` gives an equal one.

    Raises SpecError for what is not a rule of `feedback`.

    >>> rule_to_spec(plateau(0.01, factor=0.5))
    {'glidepath': 1, 'rule': 'plateau', 'minimum_descent': 0.01, 'factor': 0.5}
    """
    if not isinstance(rule, Rule) or rule.maker() not in MAKERS.values():
        raise SpecError(f"expected a rule such as {EXAMPLES['plateau']}, got {shown(rule)}")
    return {"glidepath": VERSION, "rule": rule.word, **rule.arguments()}


def rule_from_spec(spec: Mapping[str, Any]) -> Rule[Any]:
    """The rule of a plain dict; raises SpecError, with the place (`$.factor`), for one that describes none.

    >>> rule_from_spec({"rule": "early_stop", "patience": 3})
    early_stop(patience=3)
    """
    if not isinstance(spec, Mapping):
        raise SpecError(f"$: expected the spec of a rule, a table with 'rule', got {shown(spec)}")
    version = spec.get("glidepath", VERSION)
    if type(version) is not int or version != VERSION:
        raise SpecError(f"$.glidepath: expected version {VERSION} of the spec, got {shown(version)}: update glidepath")
    word = _known(spec.get("rule"), "$.rule")
    given = {name: value for name, value in spec.items() if name not in ("glidepath", "rule")}
    known = signature(MAKERS[word]).parameters
    return _built(word, given, lambda name: f"$.{name}" if name in known else "$")


def parse_rule(text: str) -> Rule[Any]:
    """The rule that a line of text describes, such as `str` of it gives.

    Raises SpecError with the column (from 1) and the nearest known word where it describes none.

    >>> parse_rule("torch_plateau(factor=0.5, mode=max)")
    torch_plateau(mode='max', factor=0.5)
    >>> print(parse_rule("plateau(0.01)"))
    plateau(minimum_descent=0.01)
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        raise SpecError(f"expected a text of at most {LONGEST} characters such as 'plateau(0.01)', got {shown(text)}")
    begin, end = len(text) - len(text.lstrip()), len(text.rstrip())
    word, bracket, _ = text[begin:end].partition("(")
    column = begin + len(word) + 2  # of what stands between the brackets
    word = _known(word.rstrip(), f"column {begin + 1}")
    if bracket and text[end - 1] != ")":
        raise SpecError(f"column {end + 1}: expected ')' at the end of {word}, got {shown(text[end - 1])} before it")
    given, columns = _arguments(word, text[column - 1 : end - 1], column)
    return _built(word, given, lambda name: f"column {columns.get(name, begin + 1)}")


def _arguments(word: str, inside: str, column: int) -> tuple[dict[str, str], dict[str, int]]:
    """The values between the brackets by their names, and the columns that they stand at."""
    given: dict[str, str] = {}
    columns: dict[str, int] = {}
    for piece in inside.split(",") if inside.strip() else []:
        at = column + len(piece) - len(piece.lstrip())
        argument = re.fullmatch(ARGUMENT, piece.strip())
        name = argument and (argument[1] or _unnamed(word, len(given)))
        if argument is None or name is None:
            raise SpecError(f"column {at}: expected an argument such as factor=0.5, got {shown(piece.strip())}")
        if name in given:
            raise SpecError(f"column {at}: expected each argument of {word} once, got {shown(name)} again")
        given[name] = argument[argument.lastindex or 0]
        columns[name] = at
        column += len(piece) + 1
    return given, columns


def _unnamed(word: str, place: int) -> str | None:
    """The name of the argument that may stand at a place without it."""
    free = [p.name for p in signature(MAKERS[word]).parameters.values() if p.kind is Parameter.POSITIONAL_OR_KEYWORD]
    return free[place] if place < len(free) else None


def _known(word: object, place: str) -> str:
    if not isinstance(word, str) or word not in MAKERS:
        raise SpecError(f"{place}: expected the word of a rule, got {shown(word)}: {nearest(shown(word), MAKERS)}")
    return word


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, str) and re.fullmatch(WHOLE, value) else value


READERS: dict[Any, Callable[[Any], Any]] = {int: _whole, float: real, float | None: real, bool: flag, str: same}


def _built(word: str, given: Mapping[str, Any], place: Callable[[str], str]) -> Rule[Any]:
    """The rule of one known word; `place(name)` says where an argument stands, or the rule itself."""
    make = MAKERS[word]
    kinds, parameters = get_type_hints(make), signature(make).parameters
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in parameters:
            hint = nearest(shown(name), parameters)
            raise SpecError(f"{place(name)}: expected an argument of {word}, got {shown(name)}: {hint}")
        values[name] = _placed(READERS[kinds[name]], place(name), value)
    missing = [name for name, p in parameters.items() if p.default is Parameter.empty and name not in values]
    if missing:
        raise SpecError(f"{place('')}: expected {word} with {missing[0]}, got none: write {EXAMPLES[word]}")
    rule: Rule[Any] = _placed(make, place(""), **values)
    return rule


def _placed(call: Callable[..., Any], place: str, *given: Any, **named: Any) -> Any:
    """What a call gives; its complaint is told with the place."""
    try:
        return call(*given, **named)
    except GlidepathError as error:
        raise SpecError(f"{place}: {error}") from error
