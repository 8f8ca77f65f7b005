"""Amounts of training and the horizon that turns them into whole steps, in exact rational arithmetic.

A step is one applied optimizer update. `2_000` is steps, `"10%"` a share of the horizon; `"3 epochs"`,
`"1.5B tokens"` and `"2M samples"` need a horizon that knows how many of them a step takes.
"""

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Self

import numpy as np

from glidepath.errors import AmountError, nearest, shown

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


def half_up(value: Fraction) -> int:
    """The nearest whole number, halves upward: the one rounding of this package.

    >>> half_up(Fraction(5, 2)), half_up(Fraction(7, 3))
    (3, 2)
    """
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


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
        number = _whole(amount)
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


def _whole(number: object) -> int | None:
    """The int that an int or a numpy integer is; None for anything else, bools included."""
    if isinstance(number, bool) or not hasattr(number, "__index__"):
        return None
    try:
        return int(number.__index__())
    except TypeError:  # an array of many
        return None


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


# A rate as a text: a decimal, or two whole numbers such as "7/3".
# Bounded by what a float64 can be, 5e-324 to 1.8e308.
RATE = r"\d{1,400}(/\d{1,400}|(\.\d{0,400})?([eE][+-]?\d{1,3})?)"


def exact(value: "int | float | str | Fraction") -> Fraction:
    """The rational number that a rate means; a float is read as the decimal it prints as.

    >>> exact(0.1), exact("7/3")
    (Fraction(1, 10), Fraction(7, 3))
    """
    number = str(value) if isinstance(value, float) else value
    return Fraction(number)


def _rate(value: object, name: str) -> Fraction | None:
    """A rate of the horizon, above 0, or None where it is not known."""
    if value is None:
        return None
    whole = _whole(value)
    if isinstance(value, str) and re.fullmatch(RATE, value) is None:
        number = None
    elif isinstance(value, (float, np.floating, str, Fraction)):
        number = _exact_or_none(value)
    else:
        number = None if whole is None else Fraction(whole)
    if number is None or number <= 0:
        raise AmountError(f"expected a number above 0 for {name}, got {shown(value)}")
    return number


def _exact_or_none(value: float | str | Fraction | np.floating[Any]) -> Fraction | None:
    try:
        return exact(float(value) if isinstance(value, np.floating) else value)
    except (ValueError, ZeroDivisionError, OverflowError):  # "1/0", infinity, not a number
        return None


@dataclass(frozen=True, slots=True)
class Horizon:
    """The whole steps (>= 1) that a schedule is planned for, and how much data a step takes where known.

    A run may stop before it or go on after it; the schedule is held there. The rates are exact numbers
    above 0 (ints, fractions; a float is read as the decimal it prints as), or None when unknown.

    >>> Horizon(1_000).place("2.5%")
    25
    >>> Horizon(1_000, tokens_per_step=512).place("0.1M tokens")   # 195.3 steps
    195
    """

    steps: int
    steps_per_epoch: Fraction | None = None
    samples_per_step: Fraction | None = None
    tokens_per_step: Fraction | None = None

    def __post_init__(self) -> None:
        """Check the steps and make the rates exact."""
        steps = _whole(self.steps)
        if steps is None:
            raise AmountError(f"expected the horizon as a whole number of steps, got {shown(self.steps)}: {HOW}")
        if not 1 <= steps <= MOST:
            raise AmountError(f"expected a horizon of at least 1 step and at most 1e24, got {shown(steps)}")
        object.__setattr__(self, "steps", steps)
        for name in RATES:
            object.__setattr__(self, name, _rate(getattr(self, name), name))

    @classmethod
    def of(
        cls,
        length: "int | str | Amount | None" = None,
        *,
        epochs: "int | float | str | Fraction | None" = None,
        batches_per_epoch: int | None = None,
        samples_per_epoch: int | None = None,
        batch_size: int | None = None,
        tokens_per_sample: "int | float | None" = None,
        tokens_per_step: "int | float | None" = None,
        accumulation: int = 1,
        world_size: int = 1,
        drop_last: bool = False,
    ) -> Self:
        """The horizon of a training, counted in applied updates from what its loader is known by.

        `length` is how long to train: steps, "3 epochs", "1.5B tokens", "2M samples" (`epochs=3` says the
        second too). An epoch is known from `batches_per_epoch`, what the loader yields before it is split
        over `world_size` processes, or from `samples_per_epoch` and `batch_size` (of one micro-batch on one
        process); tokens from `tokens_per_sample` beside the batch size, or from `tokens_per_step`. With
        `drop_last` what does not fill every process or batch is left out, else it counts in full.
        `accumulation` micro-batches make a step; the last short window of an epoch is a step too. A loader
        that is split already (its `len` is that of one process) counts with `world_size=1`.

        >>> Horizon.of(epochs=3, batches_per_epoch=1_000, accumulation=8, world_size=4).steps  # 250 -> 32
        96
        >>> Horizon.of("1M tokens", batch_size=8, tokens_per_sample=512, accumulation=4).steps
        61
        """
        if (length is None) == (epochs is None):
            raise AmountError('expected one of length ("2_000", "1.5B tokens") and epochs=, got both or neither')
        loader = _Loader(batches_per_epoch, samples_per_epoch, batch_size, accumulation, world_size, drop_last)
        samples, tokens = loader.samples_per_step(), _rate(tokens_per_step, "tokens_per_step")
        if tokens is None and samples is not None and tokens_per_sample is not None:
            tokens = samples * (_rate(tokens_per_sample, "tokens_per_sample") or 1)
        rates = cls(1, loader.steps_per_epoch(), samples, tokens)
        if epochs is not None:
            count = _rate(epochs, "epochs") or Fraction(1)
            return replace(rates, steps=half_up(count * rates.rate("epochs", f"{shown(epochs)} epochs")))
        amount = Amount.of(length or 0)
        if amount.unit == "%":
            raise AmountError(f"expected the length of a whole training, got a share, {amount}: {HOW}")
        return replace(rates, steps=half_up(rates.steps_of(amount)))

    def steps_of(self, amount: "int | str | Amount") -> Fraction:
        """The exact number of steps, not rounded, that an amount means on this horizon.

        Raises AmountError where the horizon does not know the rate that the amount needs.
        """
        asked = Amount.of(amount)
        if asked.unit == "steps":
            return asked.value
        if asked.unit == "%":
            return asked.value * self.steps
        rate = self.rate(asked.unit, str(asked))
        return asked.value * rate if asked.unit == "epochs" else asked.value / rate

    def rate(self, unit: str, asked: str) -> Fraction:
        """The rate that a unit needs."""
        rate: Fraction | None = getattr(self, str(UNITS[unit]))
        if rate is None:
            raise AmountError(
                f"expected a horizon that knows {UNITS[unit]} for {asked!r}, got one that does not: "
                f"{RATES[str(UNITS[unit])]}"
            )
        return rate

    def place(self, amount: "int | str | Amount") -> int:
        """The whole steps that an amount means on this horizon, rounded half up once."""
        return half_up(self.steps_of(amount))

    @property
    def rates(self) -> dict[str, Fraction]:
        """The rates that are known, by name."""
        known = {name: getattr(self, name) for name in RATES}
        return {name: rate for name, rate in known.items() if rate is not None}

    def __repr__(self) -> str:
        parts = [f"{name}={plain(rate)!r}" for name, rate in self.rates.items()]
        return f"Horizon({', '.join([str(self.steps), *parts])})"


# rate -> how to give it
RATES = {
    "steps_per_epoch": "write Horizon.of(..., batches_per_epoch=...) or Horizon(steps, steps_per_epoch=...)",
    "samples_per_step": "write Horizon.of(..., batch_size=...) or Horizon(steps, samples_per_step=...)",
    "tokens_per_step": "write Horizon.of(..., tokens_per_step=...) or Horizon(steps, tokens_per_step=...)",
}


def plain(number: Fraction) -> int | str:
    """An exact number in a type that JSON has: an int, or a text such as "7/3"."""
    return int(number) if number.denominator == 1 else str(number)


@dataclass(frozen=True, slots=True)
class _Loader:
    """What is known of a data loader, and the two rates that follow from it."""

    batches_per_epoch: int | None
    samples_per_epoch: int | None
    batch_size: int | None
    accumulation: int
    world_size: int
    drop_last: bool

    def __post_init__(self) -> None:
        for name in ("batches_per_epoch", "samples_per_epoch", "batch_size", "accumulation", "world_size"):
            value = getattr(self, name)
            if value is not None and ((number := _whole(value)) is None or number < 1):
                raise AmountError(f"expected a whole number of at least 1 for {name}, got {shown(value)}")
            object.__setattr__(self, name, None if value is None else _whole(value))

    def samples_per_step(self) -> Fraction | None:
        if self.batch_size is None:
            return None
        return Fraction(self.batch_size * self.accumulation * self.world_size)

    def steps_per_epoch(self) -> Fraction | None:
        batches = self._batches_of_a_process()
        if batches is None:
            return None
        if batches == 0:
            raise AmountError("expected an epoch of at least one batch, got one that drop_last leaves empty")
        return Fraction(_divide(batches, self.accumulation, drop_last=False))

    def _batches_of_a_process(self) -> int | None:
        if self.batches_per_epoch is not None:
            return _divide(self.batches_per_epoch, self.world_size, drop_last=self.drop_last)
        if self.samples_per_epoch is None or self.batch_size is None:
            return None
        samples = _divide(self.samples_per_epoch, self.world_size, drop_last=self.drop_last)
        return _divide(samples, self.batch_size, drop_last=self.drop_last)


def _divide(number: int, by: int, *, drop_last: bool) -> int:
    return number // by if drop_last else -(-number // by)
