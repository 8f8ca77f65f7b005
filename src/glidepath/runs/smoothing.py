"""Smoothing a noisy series."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glidepath.errors import JournalError, shown


def ema(values: ArrayLike, *, decay: float = 0.98) -> NDArray[np.float64]:
    """The exponential moving average, debiased so that the first value counts in full.

    m_t = decay m_{t-1} + (1 - decay) x_t, shown as m_t / (1 - decay^{t+1}): the form of Adam's moments
    (Kingma and Ba 2014, arXiv 1412.6980). `values` (n,) -> (n,); `decay` from 0 (no smoothing) to below 1.
    A NaN stays where it is and is left out of what follows; empty gives empty.

    >>> ema([1.0, 3.0], decay=0.5)
    array([1.        , 2.33333333])
    """
    if isinstance(decay, bool) or not isinstance(decay, (int, float)) or not 0 <= decay < 1:
        raise JournalError(f"expected the decay from 0 to below 1, got {shown(decay)}")
    series = np.asarray(values, dtype=np.float64)
    smooth, mean, weight = np.empty_like(series), 0.0, 0.0
    for index, value in enumerate(series.tolist()):
        if value != value:  # NaN
            smooth[index] = value
            continue
        mean = decay * mean + (1 - decay) * value
        weight = decay * weight + (1 - decay)
        smooth[index] = mean / weight
    return smooth


def median(values: ArrayLike, *, width: int = 5) -> NDArray[np.float64]:
    """The running median over `width` (odd) neighbours: a spike of fewer than half of them leaves no trace.

    `values` (n,) -> (n,); the first and last value are repeated beyond the ends; empty gives empty.

    >>> median([1.0, 9.0, 1.0, 2.0], width=3)
    array([1., 1., 2., 2.])
    """
    if isinstance(width, bool) or not isinstance(width, int) or width < 1 or width % 2 == 0:
        raise JournalError(f"expected an odd whole width, got {shown(width)}")
    series = np.asarray(values, dtype=np.float64)
    if series.size == 0:
        return series
    padded = np.pad(series, width // 2, mode="edge")
    middle: NDArray[np.float64] = np.median(np.lib.stride_tricks.sliding_window_view(padded, width), axis=1)
    return middle
