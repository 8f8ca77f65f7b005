"""A state as a plain dict, and back: the form in which it goes into a checkpoint.

    {"glidepath": 1, "rule": "torch_plateau", "multiplier": 0.1, "step": 12, "decisions": [{"step": 12, ...}], ...}

Every value is an int, a float, a bool, a text, None, a list or a dict; a number that is not finite, which JSON does
not know, is one of the texts "nan", "inf" and "-inf". So JSON and `torch.load(weights_only=True)` carry it to the bit.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from math import isfinite
from typing import Any, get_type_hints

from glidepath.errors import CheckpointError, nearest, shown
from glidepath.schedules.feedback.counted import CountedState
from glidepath.schedules.feedback.divergence import BackOffState
from glidepath.schedules.feedback.greed import LARGEST_WINDOW, GreedyState
from glidepath.schedules.feedback.rule import LAST_STEP, LONGEST_WORD, Decision, State
from glidepath.schedules.feedback.slope import SlopeState
from glidepath.schedules.feedback.stopping import StoppingState

VERSION = 1
STATES: dict[str, type[State]] = {
    "torch_plateau": CountedState,
    "plateau": SlopeState,
    "greedy": GreedyState,
    "early_stop": StoppingState,
    "back_off": BackOffState,
}
WORDS = {kind: word for word, kind in STATES.items()}
NOT_FINITE = ("nan", "inf", "-inf")
LONGEST_TEXT = 1_000  # characters: three times the longest reason that a rule writes


def to_plain(state: State) -> dict[str, Any]:
    """The plain dict of a state; `from_plain` gives an equal one, to the bit.

    >>> from glidepath.schedules.feedback import early_stop
    >>> rule = early_stop(3)
    >>> plain = to_plain(rule.observe(rule.start(), 0, 0.5))
    >>> plain["rule"], plain["best"], plain["decisions"]
    ('early_stop', 0.5, [])
    >>> from_plain(plain) == rule.observe(rule.start(), 0, 0.5)
    True
    """
    if type(state) not in WORDS:
        raise CheckpointError(f"expected the state of a rule, got {shown(state)}")
    return {"glidepath": VERSION, "rule": WORDS[type(state)], **_plain_fields(state)}


def _plain_fields(value: State | Decision) -> dict[str, Any]:
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Decision):
        return _plain_fields(value)
    return repr(value) if isinstance(value, float) and not isfinite(value) else value


def from_plain(plain: Mapping[str, Any]) -> State:
    """The state of a plain dict; raises CheckpointError, with the place (`$.best`), for one that no rule has left."""
    if not isinstance(plain, Mapping):
        raise CheckpointError(f"$: expected the state of a rule, a table with 'rule', got {shown(plain)}")
    version, word = plain.get("glidepath"), plain.get("rule")
    if type(version) is not int or version != VERSION:
        raise CheckpointError(
            f"$.glidepath: expected version {VERSION} of a state, got {shown(version)}: update glidepath"
        )
    if not isinstance(word, str) or word not in STATES:
        raise CheckpointError(f"$.rule: expected the word of a rule, got {shown(word)}: {_hint(word, STATES)}")
    given = {name: value for name, value in plain.items() if name not in ("glidepath", "rule")}
    state: State = _built(STATES[word], given, "$")
    if flaw := state.flaw():
        raise CheckpointError(f"$: {flaw}")
    return state


def _built(kind: type[Any], given: Mapping[str, Any], place: str) -> Any:
    """A dataclass of plain fields from a table that has each of them, and no other."""
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    for name in given:
        if name not in names:
            raise CheckpointError(f"{place}: expected one of its fields, got {shown(name)}: {_hint(name, names)}")
    for name in names:
        if name not in given:
            raise CheckpointError(f"{place}.{name}: expected it, got a table without it")
    return kind(**{name: READERS[hints[name]](given[name], f"{place}.{name}") for name in names})


def _hint(word: object, known: Iterable[str]) -> str:
    return nearest(word[:LONGEST_WORD] if isinstance(word, str) else "", known)


def _int(value: object, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LAST_STEP:
        raise CheckpointError(f"{place}: expected a whole number from 0 to {LAST_STEP}, got {shown(value)}")
    return value


def _float(value: object, place: str) -> float:
    if isinstance(value, str) and value in NOT_FINITE:
        return float(value)
    if isinstance(value, float):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LAST_STEP:
        return float(value)  # a format that writes 1.0 as 1
    raise CheckpointError(f"{place}: expected a number, got {shown(value)}")


def _bool(value: object, place: str) -> bool:
    if not isinstance(value, bool):
        raise CheckpointError(f"{place}: expected true or false, got {shown(value)}")
    return value


def _text(value: object, place: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise CheckpointError(f"{place}: expected a text of at most {LONGEST_TEXT} characters, got {shown(value)}")
    return value


def _decision(value: object, place: str) -> Decision:
    if not isinstance(value, Mapping):
        raise CheckpointError(f"{place}: expected a decision, a table, got {shown(value)}")
    decision: Decision = _built(Decision, value, place)
    return decision


def _maybe(read: Callable[[object, str], Any]) -> Callable[[object, str], Any]:
    return lambda value, place: None if value is None else read(value, place)


def _tuple(read: Callable[[object, str], Any]) -> Callable[[object, str], Any]:
    def read_all(value: object, place: str) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)) or len(value) > LARGEST_WINDOW:
            raise CheckpointError(f"{place}: expected a list of at most {LARGEST_WINDOW} values, got {shown(value)}")
        return tuple(read(inner, f"{place}[{index}]") for index, inner in enumerate(value))

    return read_all


READERS: dict[Any, Callable[[object, str], Any]] = {
    int: _int,
    float: _float,
    bool: _bool,
    str: _text,
    int | None: _maybe(_int),
    float | None: _maybe(_float),
    tuple[float, ...]: _tuple(_float),
    tuple[Decision, ...]: _tuple(_decision),
}
