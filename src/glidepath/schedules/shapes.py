"""Shapes: unit curves from 0 to 1, each formula written once for every array namespace.

A shape maps u, the share of its part that is done (0 to 1), to the share of the way that is gone. `xp` is
the namespace of u: numpy (for Python floats too), torch or jax.numpy.
"""

from collections.abc import Callable
from math import expm1, factorial, inf, log, pi
from math import tanh as math_tanh
from typing import Any

# u, power, xp -> the share of the way that is gone
Shape = Callable[[Any, float, Any], Any]

# sin(pi v) / 2 as an odd polynomial in v: its Taylor coefficients. Eleven of them leave less than
# (pi/2)^23 / 23! < 2e-18 at the ends of [-1/2, 1/2].
HALF_SINE = tuple((-1) ** k * pi ** (2 * k + 1) / factorial(2 * k + 1) / 2 for k in range(11))


def linear(u: Any, power: float, xp: Any) -> Any:  # noqa: ARG001 - every shape has one signature
    """f(u) = u."""
    return u


def cosine(u: Any, power: float, xp: Any) -> Any:  # noqa: ARG001
    """f(u) = (1 - cos(pi u)) / 2, half a cosine (Loshchilov and Hutter 2016, arXiv 1608.03983).

    Written as 1/2 + sin(pi (u - 1/2)) / 2 with products and sums alone, which every processor and library
    rounds alike: library cosines differ in the last bit, and a resumed run may move to another machine.
    Both ends are exact and the error is under 3e-16.
    """
    v = u - 0.5
    w = v * v
    total = w * HALF_SINE[-1]
    for coefficient in HALF_SINE[-2:0:-1]:  # in place, where the array allows it
        total += coefficient
        total *= w
    total += HALF_SINE[0]
    total *= v
    total += 0.5
    return total


def one_minus_sqrt(u: Any, power: float, xp: Any) -> Any:  # noqa: ARG001
    """f(u) = sqrt(u): a decay by it leaves 1 - sqrt(u) (Hägele et al. 2024, arXiv 2405.18392)."""
    return xp.sqrt(u)


def sqrt_in(u: Any, power: float, xp: Any) -> Any:  # noqa: ARG001
    """f(u) = 1 - sqrt(1 - u): slow at first, and so steep at the end that float32 leaves 2e-4 there (float64: 1e-8)."""
    return 1 - xp.sqrt(xp.clip(1 - u, 0, 1))


def polynomial(u: Any, power: float, xp: Any) -> Any:
    """f(u) = 1 - (1 - u)^power: a decay by it leaves (1 - u)^power."""
    return 1 - xp.pow(xp.clip(1 - u, 0, inf), power)  # in float32 u may pass 1 by a last bit


def half_cosine(u: Any, power: float, xp: Any) -> Any:
    """f(u) = 1 - cos(pi u / 2), the first quarter of a cosine wave."""
    return 2 * cosine(u / 2, power, xp)


def cosine_power(u: Any, power: float, xp: Any) -> Any:
    """A decay by it leaves ((1 + cos(pi u)) / 2)^power, the cosine with an exponent of optax."""
    return 1 - xp.pow(xp.clip(1 - cosine(u, power, xp), 0, 1), power)


def k_cosine(u: Any, power: float, xp: Any) -> Any:
    """f(u) = (1 - cos(pi u^power)) / 2, the k-decay of the cosine (Zhang and Li 2020, arXiv 2004.05909)."""
    return cosine(xp.pow(u, power), power, xp)


def rex(u: Any, power: float, xp: Any) -> Any:  # noqa: ARG001
    """f(u) = (u / 2) / (1 - u / 2): a decay by it leaves (1 - u) / (1 - u / 2) (Chen et al. 2021, arXiv 2107.04197)."""
    return u / (2 - u)


def tanh(u: Any, power: float, xp: Any) -> Any:  # noqa: ARG001
    """(1 + tanh(10 u - 7)) / 2, brought to 0 and 1 at its ends (Hsueh et al. 2018, arXiv 1806.01593: -7 to 3)."""
    first, last = math_tanh(-7.0), math_tanh(3.0)
    return (xp.tanh(10 * u - 7) - first) / (last - first)


def exp_zero(u: Any, power: float, xp: Any) -> Any:
    """f(u) = (1 - e^(-k u)) / (1 - e^(-k)), k = power: falls by equal factors and reaches its end all the same.

    With k = log 2 it leaves 2 (1/2)^u - 1, the exponential decay of Megatron.
    """
    return xp.expm1(u * -power) / expm1(-power)


def logarithm(u: Any, power: float, xp: Any) -> Any:
    """f(u) = log(1 + (W - 1) u) / log W, W = power: the warmup of DeepSpeed over W updates; linear for W = 1."""
    return u if power == 1 else xp.log1p(u * (power - 1)) / log(power)


SHAPES: dict[str, Shape] = {
    "linear": linear,
    "cosine": cosine,
    "1-sqrt": one_minus_sqrt,
    "polynomial": polynomial,
    "sqrt-in": sqrt_in,
    "half-cosine": half_cosine,
    "cosine-power": cosine_power,
    "k-cosine": k_cosine,
    "rex": rex,
    "tanh": tanh,
    "exp-zero": exp_zero,
    "log": logarithm,
}
# Shapes that take a power; each of the others refuses one.
POWERED = ("polynomial", "cosine-power", "k-cosine", "exp-zero", "log")
# The shape that goes by equal factors, not by equal differences, and so cannot begin or end at 0.
EXPONENTIAL = "exponential"
RISING = ("linear", "cosine", EXPONENTIAL)
FALLING = (*SHAPES, EXPONENTIAL)
SMALLEST = 5e-324  # of all floats above 0: what stands for a quotient that is no longer one
# Shapes whose formula says something outside of 0 to 1 too.
ENDLESS = ("linear", "polynomial", "1-sqrt", "tanh", "exp-zero", EXPONENTIAL)


def between(start: float, end: float, u: Any, *, shape: str, power: float, xp: Any) -> Any:
    """The way from `start` to `end` at u in [0, 1]: exact at both, wherever u has them.

    start (1 - f(u)) + end f(u), or start (end / start)^u for "exponential".

    >>> import numpy
    >>> float(between(1.0, 0.25, 0.5, shape="exponential", power=1.0, xp=numpy))
    0.5
    """
    if shape == EXPONENTIAL:
        return _by_factors(start, end, u, xp) if end <= start else _by_factors(end, start, 1 - u, xp)
    gone = SHAPES[shape](u, power, xp)
    value = 1 - gone
    value *= start
    value += end * gone
    return value


def _by_factors(high: float, low: float, u: Any, xp: Any) -> Any:
    """high (low/high)^u: from the high end, where the values are that a rounded exponent would show in."""
    return xp.where(u == 1, low, high * xp.exp(u * log(low / (high or SMALLEST) or SMALLEST)))
