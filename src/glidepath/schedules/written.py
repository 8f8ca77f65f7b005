"""Values written as the code that makes them and as the one-line text, from the parts' own fields.

The text form is the code without quotes: `warmup(2%) >> decay(20%, shape=1-sqrt)`.
"""

from collections.abc import Iterable
from dataclasses import MISSING, fields
from fractions import Fraction
from typing import Any

from glidepath.schedules.parts import Decay, Part, PowerLaw
from glidepath.schedules.pieces import SQUARE_ROOT
from glidepath.units import Amount, plain

# Short forms, and the argument that each has settled.
SHORT = {"linear": "shape", "cosine": "shape", "inverse_sqrt": "exponent", "inverse_time": "exponent"}


def arguments(part: Part) -> dict[str, Any]:
    """What a part was made with, in plain types, without what is as it would be anyway."""
    named = {}
    for field in fields(part):
        value = getattr(part, field.name)
        usual = None if field.default is MISSING else field.default
        if value != usual:
            named[field.name] = _as_given(value)
    return named


def _as_given(value: Any) -> Any:
    if isinstance(value, Amount):
        return value.plain
    if isinstance(value, tuple):  # the knots
        return [(place.plain, height) for place, height in value]
    return plain(value) if isinstance(value, Fraction) else value


def call(part: Part, *, quoted: bool) -> str:
    """A part as a call: `decay('20%', to=0.1)`, or without quotes for the text form."""
    word, named = _short(part), arguments(part)
    if word != part.word:
        named.pop(SHORT[word], None)
    first = named.pop(part.first, None)
    shown = [] if first is None else [_value(first, quoted)]
    shown += [f"{name}={_value(value, quoted)}" for name, value in named.items()]
    return f"{word}({', '.join(shown)})"


def _short(part: Part) -> str:
    """The word of a part, or of the short form that says the same."""
    if isinstance(part, Decay) and part.length is None and part.shape in SHORT:
        return part.shape
    if isinstance(part, PowerLaw) and part.exponent == 1:
        return "inverse_time"
    return (
        "inverse_sqrt" if isinstance(part, PowerLaw) and (part.exponent, part.rate) == (SQUARE_ROOT, 1) else part.word
    )


def _value(value: object, quoted: bool) -> str:
    """A text bare or quoted, points as pairs; a recipe within, and all else, as it writes itself."""
    if isinstance(value, list) and not quoted:
        return "; ".join(f"{place}: {height}" for place, height in value)
    return repr(value) if quoted else str(value)


def sequence(parts: Iterable[Part], *, quoted: bool) -> str:
    """A recipe as it is written: its parts joined by `>>`."""
    return " >> ".join(call(part, quoted=quoted) for part in parts)
