"""A curve at other steps: windows averaged, or values between its points."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glidepath.errors import JournalError, shown
from glidepath.runs.curve import Curve

PER_DECADE = 40  # windows: neighbours 6 % apart, as close as a loss axis of a page can show


def log_bins(curve: Curve, *, per_decade: int = PER_DECADE) -> Curve:
    """Means over windows whose ends grow by equal factors, each at its middle point: the later, the less noise.

    Window k holds the steps s with floor(per_decade log10(s + 1)) = k. A window without points is left out, and a
    NaN or infinite value is not counted, unless its window has no other: NaN. An empty curve gives an empty one. Raises
    JournalError for steps below 0 and for `per_decade` below 1.

    >>> log_bins(Curve("loss", range(9), [9, 8, 7, 6, 5, 4, 3, 2, 1]), per_decade=1).values
    array([5.])
    """
    if isinstance(per_decade, bool) or not isinstance(per_decade, int) or per_decade < 1:
        raise JournalError(f"expected at least one window a decade, got {shown(per_decade)}")
    if (curve.steps < 0).any():
        raise JournalError(f"expected steps from 0 for windows that grow, got {int(curve.steps.min())}")
    return _means(curve, np.floor(per_decade * np.log10(curve.steps + 1.0)).astype(np.int64))


def windows(curve: Curve, *, width: int) -> Curve:
    """Means over windows of `width` steps, aligned to multiples of it, each at its window's middle point.

    Steps, not points: a window without points is left out. NaN as in `log_bins`. Raises JournalError for a width
    below 1.

    >>> windows(Curve("loss", [0, 1, 2, 3], [4.0, 2.0, 1.0, 1.0]), width=2).values
    array([3., 1.])
    """
    if isinstance(width, bool) or not isinstance(width, int) or width < 1:
        raise JournalError(f"expected a width of at least one step, got {shown(width)}")
    return _means(curve, curve.steps // width)


def at(curve: Curve, steps: ArrayLike) -> NDArray[np.float64]:
    """The curve's values at other steps: straight lines between its points, NaN outside of them.

    `steps` (n,) -> (n,). Points that are not finite are left out. An empty curve gives NaN everywhere.

    >>> at(Curve("loss", [0, 10], [2.0, 1.0]), [5, 20])
    array([1.5, nan])
    """
    where = np.asarray(steps, dtype=np.float64)
    finite = np.isfinite(curve.values)
    if not finite.any():
        return np.full(where.shape, np.nan)
    order = np.argsort(curve.steps[finite], kind="stable")
    known, values = curve.steps[finite][order], curve.values[finite][order]
    return np.interp(where, known, values, left=np.nan, right=np.nan)


def _means(curve: Curve, window: NDArray[np.int64]) -> Curve:
    """Of the points of each window: mean value, at the step of the middle one."""
    order = np.argsort(window, kind="stable")
    _, first, count = np.unique(window[order], return_index=True, return_counts=True)
    values = curve.values[order]
    finite = np.isfinite(values)
    if not first.size:
        return curve
    total = np.add.reduceat(np.where(finite, values, 0.0), first)
    there = np.add.reduceat(finite.astype(np.int64), first)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = total / there
    return Curve(curve.name, curve.steps[order][first + count // 2], means)
