"""Values written as the code that makes them and as the one-line text, from one table of arguments.

The text form is the code without quotes: `warmup(2%) >> decay(20%, shape=1-sqrt)`.
"""

from collections.abc import Iterable
from dataclasses import MISSING, fields
from typing import Any

from glidepath.schedules.parts import Decay, Hold, InverseSqrt, Part, Steps, Warmup
from glidepath.units import Amount

# The word for each part, in code, text and spec alike.
WORDS: dict[type[Part], str] = {
    Warmup: "warmup",
    Hold: "hold",
    Decay: "decay",
    Steps: "steps",
    InverseSqrt: "inverse_sqrt",
}


def arguments(part: Part) -> dict[str, Any]:
    """What a part was made with, in plain types, without what is as it would be anyway."""
    named = {}
    for field in fields(part):
        value = getattr(part, field.name)
        usual = None if field.default is MISSING else field.default
        if value != usual:
            named[field.name] = value.plain if isinstance(value, Amount) else value
    return named


def call(part: Part, *, quoted: bool) -> str:
    """A part as a call: `decay('20%', to=0.1)`, or without quotes for the text form."""
    named = arguments(part)
    word = WORDS[type(part)]
    if isinstance(part, Decay) and part.length is None and part.shape in ("linear", "cosine"):
        word = part.shape  # the short forms
        named.pop("shape", None)
    first = named.pop("every" if isinstance(part, Steps) else "length", None)
    shown = [] if first is None else [_value(first, quoted)]
    shown += [f"{name}={_value(value, quoted)}" for name, value in named.items()]
    return f"{word}({', '.join(shown)})"


def _value(value: object, quoted: bool) -> str:
    return str(value) if isinstance(value, str) and not quoted else repr(value)


def sequence(parts: Iterable[Part], *, quoted: bool) -> str:
    """A recipe as it is written: its parts joined by `>>`."""
    return " >> ".join(call(part, quoted=quoted) for part in parts)
