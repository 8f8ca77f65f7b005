"""Amounts of training: a number of steps, a share, epochs, tokens or samples."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from glidepath.errors import AmountError, nearest, shown
from glidepath.units.exact import whole

SUFFIXES = {"T": 10**12, "B": 10**9, "M": 10**6, "k": 10**3}
# unit -> the horizon's rate that it needs; steps and shares need none
UNITS = {
    "steps": None,
    "%": None,
    "epochs": "steps_per_epoch",
    "tokens": "tokens_per_step",
    "samples": "samples_per_step",
}
# Bounded digits and exponent, so that no hostile text can make a number that fills the memory.
# (Patterns are compiled when a text is first read, so that an import does not wait for them.)
AMOUNT = (
    r"(\d[\d_]{0,29}(?:\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,2})?"
    r"\s*([kKMBT](?![A-Za-z]))?\s*(%|[A-Za-z]*)"
)
# Past any training by far; and the decimals that an amount may have, two more for a share.
MOST, FINEST = 10**24, 10**26
LONGEST = 100  # characters of an amount, spaces included
HOW = 'write steps as an int (2_000), a share as "10%", or "3 epochs", "1.5B tokens", "2M samples"'


@dataclass(frozen=True, slots=True)
class Amount:
    """How much training: an exact number (>= 0) of one unit, one of the keys of `UNITS`.

    >>> Amount.of("1.5B tokens")
    Amount.of('1.5B tokens')
    >>> Amount.of(2_000), Amount.of("2%").value
    (Amount.of(2000), Fraction(1, 50))
    """

    value: Fraction
    unit: str

    @classmethod
    def of(cls, amount: "int | str | Amount") -> Self:
        """The amount that an int (steps) or a text (`"10%"`, `"3 epochs"`, `"100k"`) means.

        Raises AmountError for a bare float, a negative number or an unknown unit.
        """
        if isinstance(amount, Amount):
            return cls(amount.value, amount.unit)
        if isinstance(amount, str):
            return cls._parse(amount)
        number = whole(amount)
        if number is None:
            raise AmountError(f"expected an amount, got {shown(amount)}: {HOW}")
        if number < 0:
            raise AmountError(f"expected an amount of at least 0 steps, got {shown(number)}")
        return cls(Fraction(number), "steps")

    @classmethod
    def _parse(cls, text: str) -> Self:
        match = re.fullmatch(AMOUNT, text.strip()) if len(text) <= LONGEST else None
        if match is None:
            raise AmountError(f"expected an amount, got {text[:60]!r}: {HOW}")
        digits, exponent, suffix, word = match.groups()
        unit, size = _unit(word), SUFFIXES.get((suffix or "").replace("K", "k"), 1)
        value = Fraction(digits.replace("_", "") + (exponent or "")) * size
        if unit == "%":
            value /= 100
        if unit == "steps" and value.denominator != 1:
            raise AmountError(f"expected whole steps, got {shown(text)}: {HOW}")
        return cls(value, unit)

    def __post_init__(self) -> None:
        """Refuse what could not be written: no unit, too large, no decimal."""
        if self.unit not in UNITS or not isinstance(self.value, Fraction) or not 0 <= self.value <= MOST:
            raise AmountError(
                f"expected an amount from 0 to 1e24 of a unit, got {shown(self.value)} {shown(self.unit)}: {HOW}"
            )
        if FINEST % self.value.denominator:
            raise AmountError(f"expected an amount of at most 24 decimals, got {shown(self.value)} {self.unit}: {HOW}")

    def __str__(self) -> str:
        """The shortest text that reads back as the same amount: "2%", "2000", "1.5B tokens"."""
        if self.unit == "%":
            return f"{_decimal(self.value * 100)}%"
        if self.unit == "steps":
            return str(self.value)
        suffix = next((s for s, size in SUFFIXES.items() if self.value >= size), "")
        return f"{_decimal(self.value / SUFFIXES.get(suffix, 1))}{suffix} {self.unit}"

    def __repr__(self) -> str:
        return f"Amount.of({self.plain!r})"

    @property
    def plain(self) -> int | str:
        """The amount as a spec and a line of code hold it: an int of steps, or a text."""
        return int(self.value) if self.unit == "steps" else str(self)


def _unit(word: str) -> str:
    if word == "":
        return "steps"
    for unit in UNITS:
        if word.lower() in (unit, unit.removesuffix("s")):
            return unit
    raise AmountError(f"expected a unit of training, got {word[:40]!r}: {nearest(word.lower(), UNITS)}")


def _decimal(value: Fraction) -> str:
    """A terminating decimal without an exponent; amounts come from decimals, so it always ends."""
    whole, rest = divmod(value.numerator, value.denominator)
    digits = []
    while rest:
        digit, rest = divmod(rest * 10, value.denominator)
        digits.append(str(digit))
    return f"{whole}.{''.join(digits)}" if digits else str(whole)


# What people write for an amount.
AmountLike = int | str | Amount


def optional(amount: AmountLike | None) -> Amount | None:
    """The amount, or None where there is none."""
    return None if amount is None else Amount.of(amount)
