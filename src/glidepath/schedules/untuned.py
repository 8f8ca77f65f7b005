"""Untuned warmups: how far Adam's second moment can be trusted after so many updates, from its beta2 alone.

Three closed forms that go up to 1; RAdam's needs care, because in float32 its own formula loses four digits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import comb, expm1, factorial, log, tanh
from typing import Any

from glidepath.schedules.pieces import Piece

# beta2 down to which RAdam's rho, which tends to 2/(1-beta2) - 1, passes 4 at all (Liu et al. 2019, arXiv 1908.03265)
LEAST_BETA2 = 0.6
LEAST_RHO = 4.0  # below it the variance of the adaptive rate is infinite, same source
TERMS = 10  # of a series in (x / 2 pi)^2 with x < 1: what is left is below 1e-16


def linear(t: Any, beta2: float, xp: Any) -> Any:
    """min(1, (t + 1) (1 - beta2) / 2): 2/(1 - beta2) updates (Ma and Yarats 2019, arXiv 1910.04209)."""
    return xp.clip((t + 1) * ((1 - beta2) / 2), 0.0, 1.0)


def exponential(t: Any, beta2: float, xp: Any) -> Any:
    """1 - exp(-(1 - beta2) (t + 1)) (Ma and Yarats 2019, arXiv 1910.04209)."""
    return -xp.expm1((t + 1) * (beta2 - 1))


def radam(t: Any, beta2: float, xp: Any) -> Any:
    """sqrt((r - 4)(r - 2) R / ((R - 4)(R - 2) r)), R = 2/(1 - beta2) - 1 (Liu et al. 2019, arXiv 1908.03265).

    r = R - 2 s beta2^s / (1 - beta2^s), from the first s at which it passes 4 on.
    """
    top, first = 2 / (1 - beta2) - 1, _first(beta2)
    rho = _rho(t + first, beta2, xp)
    share = (rho - 4) * (rho - 2) / rho * (top / ((top - 4) * (top - 2)))
    return xp.sqrt(xp.clip(share, 0.0, 1.0))


def _rho(s: Any, beta2: float, xp: Any) -> Any:
    """r at update s (from 1): by a series where the formula takes one large number from another."""
    rate = -log(beta2)
    x = s * rate
    near = xp.clip(x, 0.0, 1.0)
    w = near * near
    total = w * 0
    for coefficient in reversed(_bernoulli()):
        total = (total + coefficient) * w
    small = s + (1 / tanh(rate / 2) - 2 / rate) - total * (2 / rate)
    far = xp.clip(x, 1.0, FAR)
    large = (2 / (1 - beta2) - 1) - far / xp.expm1(far) * (2 / rate)
    return xp.where(x < 1, small, large)


FAR = 700.0  # e^-700 is nothing beside 1, and e^700 is still a float64; float32 has infinity there, and 1/infinity is 0


@cache
def _bernoulli() -> tuple[float, ...]:
    """B_2k / (2k)! for k from 1: x/(e^x - 1) = 1 - x/2 + the sum of them times x^2k."""
    numbers = [Fraction(1)]
    for n in range(1, 2 * TERMS + 1):
        numbers.append(-sum((comb(n + 1, k) * b for k, b in enumerate(numbers)), Fraction(0)) / (n + 1))
    return tuple(float(numbers[2 * k] / factorial(2 * k)) for k in range(1, TERMS + 1))


@cache
def _first(beta2: float) -> int:
    """The first update (from 1) whose rho is above 4."""
    s, top = 1, 2 / (1 - beta2) - 1
    while top - 2 * s / expm1(-s * log(beta2)) <= LEAST_RHO:
        s += 1
    return s


FORMS: dict[str, Callable[[Any, float, Any], Any]] = {"linear": linear, "exponential": exponential, "radam": radam}


@dataclass(frozen=True, slots=True)
class Untuned(Piece):
    """`to` times one of the `FORMS`, at t from the first update on."""

    to: float
    beta2: float
    shape: str

    def at(self, t: Any, xp: Any) -> Any:
        """The form at t."""
        return FORMS[self.shape](t, self.beta2, xp) * self.to
