"""Exact numbers: read once, rounded once, written without loss."""

import re
from fractions import Fraction
from typing import Any

import numpy as np

from glidepath.errors import AmountError, shown

# A rate as a text: a decimal, or two whole numbers such as "7/3".
# Bounded by what a float64 can be, 5e-324 to 1.8e308.
RATE = r"\d{1,400}(/\d{1,400}|(\.\d{0,400})?([eE][+-]?\d{1,3})?)"


def half_up(value: Fraction) -> int:
    """The nearest whole number, halves upward: the one rounding of this package.

    >>> half_up(Fraction(5, 2)), half_up(Fraction(7, 3))
    (3, 2)
    """
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def exact(value: "int | float | str | Fraction") -> Fraction:
    """The rational number that a rate means; a float is read as the decimal it prints as.

    >>> exact(0.1), exact("7/3")
    (Fraction(1, 10), Fraction(7, 3))
    """
    number = str(value) if isinstance(value, float) else value
    return Fraction(number)


def rate_of(value: object, name: str) -> Fraction | None:
    """A rate of the horizon, above 0, or None where it is not known."""
    if value is None:
        return None
    counted = whole(value)
    if isinstance(value, str) and re.fullmatch(RATE, value) is None:
        number = None
    elif isinstance(value, (float, np.floating, str, Fraction)):
        number = _exact_or_none(value)
    else:
        number = None if counted is None else Fraction(counted)
    if number is None or number <= 0:
        raise AmountError(f"expected a number above 0 for {name}, got {shown(value)}")
    return number


def _exact_or_none(value: float | str | Fraction | np.floating[Any]) -> Fraction | None:
    try:
        return exact(float(value) if isinstance(value, np.floating) else value)
    except (ValueError, ZeroDivisionError, OverflowError):  # "1/0", infinity, not a number
        return None


def plain(number: Fraction) -> int | str:
    """An exact number in a type that JSON has: an int, or a text such as "7/3"."""
    return int(number) if number.denominator == 1 else str(number)


def whole(number: object) -> int | None:
    """The int that an int or a numpy integer is; None for anything else, bools included."""
    if isinstance(number, bool) or not hasattr(number, "__index__"):
        return None
    try:
        return int(number.__index__())
    except TypeError:  # an array of many
        return None
