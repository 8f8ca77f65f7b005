"""A straight line through a few block means, with what its slope may be off by."""

from dataclasses import dataclass
from itertools import pairwise
from math import fsum, sqrt
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Line:
    """The least-squares line: its slope per step, Sxx, the residuals' width, and how alike neighbouring ones are."""

    slope: float
    spread: float
    noise: float
    alike: float


def line(places: tuple[float, ...], values: tuple[float, ...]) -> Line:
    """The least-squares line through (place, value), three points or more, at places that differ.

    slope = Sxy / Sxx; noise s = sqrt(sum of squared residuals / (n - 2)); alike = the lag-1 correlation r of the
    residuals, plus 2 / n, because those of a line through n independent values have one of about -2 / n.

    >>> line((0.0, 1.0, 2.0, 3.0), (1.0, 0.0, 1.0, 0.0)).slope
    -0.2
    """
    n = len(values)
    centre, middle = fsum(places) / n, fsum(values) / n
    x = [place - centre for place in places]
    y = [value - middle for value in values]
    spread = fsum(a * a for a in x)
    slope = fsum(a * b for a, b in zip(x, y, strict=True)) / spread
    left = [b - slope * a for a, b in zip(x, y, strict=True)]
    squares = fsum(r * r for r in left)
    together = fsum(a * b for a, b in pairwise(left))
    alike = together / squares + 2 / n if squares > 0 else 0.0
    return Line(slope, spread, sqrt(squares / (n - 2)), alike)


def error(spread: float, noise: float, alike: float) -> float:
    """The standard error of a slope: s / sqrt(Sxx) sqrt((1 + r) / (1 - r)).

    The second factor is by how much less values carry whose neighbours are alike, that of a first-order
    autoregression (Bartlett 1946); r is taken from 0, because noise that alternates by chance proves nothing, to 0.9,
    past which it is a trend and no noise to twenty values.

    >>> error(4.0, 1.0, 0.0), error(4.0, 1.0, 0.6)
    (0.5, 1.0)
    """
    r = min(max(alike, 0.0), 0.9)
    return noise / sqrt(spread) * sqrt((1 + r) / (1 - r))


def student(confidence: float, freedom: int) -> float:
    """The one-sided quantile of Student's t: the value that it stays below with this confidence.

    The normal quantile z with the first three corrections in 1 / freedom of Cornish and Fisher (Abramowitz and
    Stegun 1964, 26.7.5): at 18 degrees of freedom right to 2e-5 at a confidence of 0.975, to 4e-3 at 0.99995.

    >>> round(student(0.95, 18), 3)
    1.734
    """
    z = NormalDist().inv_cdf(confidence)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3
