"""One recorded quantity over the steps of a run."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glidepath.errors import JournalError


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A named series: `steps` (n,) int64, whole and in the order recorded; `values` (n,) float64, NaN allowed.

    >>> Curve("loss", [0, 1, 2], [4.0, 3.5, 3.25]).values[-1]
    np.float64(3.25)
    """

    name: str
    steps: NDArray[np.int64]
    values: NDArray[np.float64]

    def __init__(self, name: str, steps: ArrayLike, values: ArrayLike) -> None:
        """Copy both columns; raises JournalError unless they are of one length."""
        where, what = np.array(steps, dtype=np.int64), np.array(values, dtype=np.float64)
        if where.ndim != 1 or where.shape != what.shape:
            raise JournalError(
                f"expected as many values as steps for curve {name!r}, got {where.shape} and {what.shape}"
            )
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "steps", where)
        object.__setattr__(self, "values", what)

    def __len__(self) -> int:
        return int(self.steps.size)
