"""One recorded quantity over the steps of a run."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glidepath.errors import JournalError, shown

LAST_WHOLE = 2**53  # float64 tells whole numbers apart up to here


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
        """Copy both columns, save those that nobody can write to; raises JournalError unless they are of one length."""
        where, what = _whole(name, steps), _column(name, values)
        if where.ndim != 1 or where.shape != what.shape:
            raise JournalError(
                f"expected as many values as steps for curve {name!r}, got {where.shape} and {what.shape}"
            )
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "steps", where)
        object.__setattr__(self, "values", what)

    def __len__(self) -> int:
        return int(self.steps.size)


def _whole(name: str, steps: ArrayLike) -> NDArray[np.int64]:
    if isinstance(steps, np.ndarray) and steps.dtype == np.int64:
        if steps.size and not -LAST_WHOLE <= steps.min() <= steps.max() <= LAST_WHOLE:
            raise JournalError(f"expected whole steps for curve {name!r}, got {shown(steps)}")
        return steps.copy() if steps.flags.writeable else steps
    where = _column(name, steps)
    if not (np.abs(where) <= LAST_WHOLE).all() or (where != np.rint(where)).any():
        raise JournalError(f"expected whole steps for curve {name!r}, got {shown(steps)}")
    return where.astype(np.int64)


def _column(name: str, numbers: ArrayLike) -> NDArray[np.float64]:
    if isinstance(numbers, np.ndarray) and numbers.dtype == np.float64 and not numbers.flags.writeable:
        return numbers  # a log of millions of rows is held once
    try:
        return np.array(numbers, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        raise JournalError(f"expected numbers for curve {name!r}, got {shown(numbers)}") from None
