"""A long curve with only the points that a picture of a given width can show."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

POINTS_A_COLUMN = 4


def kept(x: NDArray[np.float64], y: NDArray[np.float64], columns: int) -> NDArray[np.int64]:
    """Which points of (n,) to draw so that a line looks as with all of them: at most 4 in each of `columns`.

    Of each column the first, the lowest, the highest and the last point; no spike is lost, and a gap
    (NaN) stays where it fills a column. Everything is kept where n is small, or where x does not ascend.

    Source: Jugel, Jerzak, Hackenbroich and Markl (2014), M4, VLDB 7(10).

    >>> kept(np.arange(1000.0), np.zeros(1000), 2).size
    4
    """
    everything = np.arange(x.size)
    there = np.isfinite(x)
    if x.size <= POINTS_A_COLUMN * columns or not there.any():
        return everything
    filled = np.interp(everything, everything[there], x[there])
    span = filled[-1] - filled[0]
    if span <= 0 or (np.diff(filled) < 0).any():
        return everything
    column = np.minimum((filled - filled[0]) / span * columns, columns - 1).astype(np.int64)
    edges = [0, *(np.flatnonzero(np.diff(column)) + 1).tolist(), x.size]
    return np.array(sorted({index for begin, end in pairwise(edges) for index in _of(y, begin, end)}))


def _of(y: NDArray[np.float64], begin: int, end: int) -> set[int]:
    part = y[begin:end]
    if not np.isfinite(part).any():
        return {begin}
    return {begin, begin + int(np.nanargmin(part)), begin + int(np.nanargmax(part)), end - 1}
