"""composer.core.time: texts such as "3ba", "0.1dur" and "1ep" as whole numbers of batches, samples or tokens."""

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects.question import LARGEST, Question

TIME = r"\s*([0-9]{0,30}\.?[0-9]{0,30}(?:e[+-]?[0-9]{1,2})?)\s*(ep|ba|sp|tok|dur)"
UNITS = {"sp": "samples_per_step", "tok": "tokens_per_step"}


@dataclass(frozen=True, slots=True)
class Time:
    """A whole number of a unit (ba, sp or tok), of which a step takes `per_step`."""

    value: int
    unit: str
    per_step: Fraction

    @property
    def steps(self) -> Fraction:
        """The exact steps, which need be no whole ones."""
        return self.value / self.per_step


def _parsed(q: Question, name: str, given: object) -> tuple[float, str]:
    """The number and the unit of a text."""
    match = re.fullmatch(TIME, given, re.IGNORECASE) if isinstance(given, str) else None
    try:
        value, unit = (float(match[1]), match[2].lower()) if match else (-1.0, "")
    except ValueError:  # no digits
        value, unit = -1.0, ""
    if not 0 <= value < LARGEST or (unit != "dur" and value != int(value)):
        examples = '"10ba", "3ep", "0.1dur", "1000tok" or "500sp"'
        raise SpecError(f"{q.of}: expected {name} as a time such as {examples}, got {shown(given)}")
    return value, unit


def converted(q: Question, name: str, given: object, ratio: float) -> Time:
    """A time as composer converts it: epochs to batches, a share to the unit of max_duration, cut to whole ones."""
    value, unit = _parsed(q, name, given)
    if unit == "dur":
        given = q.take("max_duration", None)
        whole, unit = _parsed(q, "max_duration", f"{q.horizon()}ba" if given is None else given)
        if unit == "dur":
            raise SpecError(f'{q.of}: expected max_duration as no share of itself, such as "10ba", got {whole:g}dur')
        if unit == "ep":
            value, unit = value * _epoch(q), "ba"
        return Time(int(value * int(whole)), unit, _per_step(q, unit))
    if unit == "ep":
        value, unit = value * _epoch(q), "ba"
    return Time(int(int(value) * ratio), unit, _per_step(q, unit))


def _epoch(q: Question) -> int:
    return ceil(q.rate("steps_per_epoch"))


def _per_step(q: Question, unit: str) -> Fraction:
    return Fraction(1) if unit == "ba" else q.rate(UNITS[unit])


def field(q: Question, name: str, default: str | None = None, *, scaled: bool = True, least: int = 1) -> Time:
    """A field that is a time; `scaled` by ssr, the scale schedule ratio of the run."""
    ratio = q.number("ssr", 1.0, low=0)
    time = converted(q, name, q.take(name) if default is None else q.take(name, default), ratio if scaled else 1.0)
    if time.value < least:
        raise SpecError(f"{q.of}: expected {name} of at least 1 {time.unit}, where composer divides by it, got 0")
    return time
