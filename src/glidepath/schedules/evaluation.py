"""Evaluation: pieces asked for one step or for an array of steps, in any array namespace.

Three ways to find the piece of a step, one formula each time: a bisection for one step, slices for a sorted
numpy array, a chain of selections where the values are not known (torch, traced JAX).
"""

import sys
from bisect import bisect_right
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glidepath.errors import ScheduleError
from glidepath.schedules.pieces import Piece, kept, largest, read
from glidepath.schedules.together import Stretch, fill, kind_of

# Steps evaluated at a time: their float64 temporaries, some 128 KiB each, stay in a core's second-level cache.
CHUNK = 16_384
FEW = 32  # pieces that steps in no order are picked for one after another; for more the steps are sorted
SHORT = 2_000  # steps below which a call of a formula costs more than its numbers
MOST_FLAT = 10_000  # pieces; a recipe of more is read through the pieces that hold its cycles


@dataclass(frozen=True, slots=True)
class Line:
    """Pieces in sequence and the steps that they begin at; and `flat`, the same without pieces that hold others.

    A traced array asks every piece, so it has those with cycles inside; where a step can be looked up, the flat ones
    are quicker.
    """

    begins: tuple[int, ...]
    pieces: tuple[Piece, ...]
    end: int = field(init=False)
    flat: tuple[tuple[int, ...], tuple[Piece, ...]] = field(init=False)

    def __post_init__(self) -> None:
        """Spread the pieces, unless they are too many."""
        object.__setattr__(self, "end", self.begins[-1] + self.pieces[-1].length)
        placed = zip(self.begins, self.pieces, strict=True)
        every = (one for begin, piece in placed for one in piece.spread(begin, begin + piece.length))
        begins, pieces = zip(*islice(every, MOST_FLAT + 1), strict=True)
        flat = (self.begins, self.pieces) if len(pieces) > MOST_FLAT else (begins, pieces)
        object.__setattr__(self, "flat", flat)


def evaluate(line: Line, step: Any) -> Any:
    """The values at `step`: a float for a number, an array of its shape and namespace for an array."""
    if isinstance(step, (int, np.integer)) and not isinstance(step, bool):
        return _one(line, int(step))
    if isinstance(step, (float, np.floating)):
        if np.isnan(step):
            raise ScheduleError("expected a step, got NaN")
        return _one(line, float(step))
    if isinstance(step, (np.ndarray, list, tuple, range)):
        return _array(line, _numeric(step))
    xp = None if isinstance(step, np.bool_) else _namespace(step)
    if xp is None:
        raise ScheduleError(f"expected a step (a whole number from 0) or an array of steps, got {step!r:.60}")
    return _selected(line, step, xp)


def _numeric(steps: Any) -> NDArray[Any]:
    try:
        array = np.arange(steps.start, steps.stop, steps.step) if isinstance(steps, range) else np.asarray(steps)
    except ValueError:
        array = np.asarray(None)
    if array.size == 0:
        return array.astype(np.int64)
    if array.dtype.kind not in "iuf":
        raise ScheduleError(f"expected an array of steps (whole numbers from 0), got {array.dtype} values")
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise ScheduleError("expected an array of steps, got NaN in it")
    return array


def _namespace(array: Any) -> Any:
    """The module whose functions serve this array, or None for what is no array."""
    root = type(array).__module__.partition(".")[0]
    if root == "torch":
        return sys.modules["torch"]
    find = getattr(array, "__array_namespace__", None)
    return find() if find else None


def _one(line: Line, step: float) -> float:
    begins, pieces = line.flat
    step = min(max(step, 0), line.end)
    index = bisect_right(begins, step) - 1
    piece = pieces[index]
    t = min(step - begins[index], piece.length)
    return float(min(max(float(piece.at(float(t), np)), piece.low), piece.high))


def _array(line: Line, steps: NDArray[Any]) -> NDArray[np.float64]:
    begins, pieces = line.flat
    flat = _signed(steps).reshape(-1)
    values = np.empty(flat.shape, dtype=np.float64)
    ascending = (flat[1:] >= flat[:-1]).all()
    if not ascending or (flat.size and (flat[0] < 0 or flat[-1] > line.end)):
        flat = np.clip(flat, 0, line.end)
    if ascending and len(pieces) > FEW and _all_there(flat):
        _repeated(begins, pieces, flat, values)
    elif ascending:
        for index, begin, end in _slices(begins, flat):
            _fill(pieces[index], begins[index], flat[begin:end], values[begin:end])
    elif len(pieces) > FEW:
        order = np.argsort(flat)
        values[order] = _array(line, flat[order])
    else:
        for begin in range(0, flat.size, CHUNK):
            _scattered(begins, pieces, flat[begin : begin + CHUNK], values[begin : begin + CHUNK])
    return values.reshape(steps.shape)


def _all_there(steps: NDArray[Any]) -> bool:
    """Whether ascending steps are whole numbers without a gap."""
    if steps.dtype.kind != "i" or not steps.size:
        return False
    return bool(steps[-1] - steps[0] == steps.size - 1 and (steps[1:] > steps[:-1]).all())


def _repeated(begins: Sequence[int], pieces: Sequence[Piece], steps: NDArray[Any], out: NDArray[np.float64]) -> None:
    """Write the values of steps without a gap: short ramps together, and a piece that comes again by copying."""
    done: dict[tuple[Piece, int, int], slice] = {}
    copies: list[tuple[slice, slice]] = []
    short: dict[Hashable, list[Stretch]] = {}
    for index, begin, end in _slices(begins, steps):
        piece, here = pieces[index], slice(begin, end)
        begun = piece, int(steps[begin]) - begins[index], end - begin
        if begun in done:
            copies.append((here, done[begun]))
            continue
        done[begun] = here
        if end - begin < SHORT and (kind := kind_of(piece)):
            short.setdefault(kind, []).append((piece, begins[index], begin, end))
        else:
            _fill(piece, begins[index], steps[begin:end], out[begin:end])
    for stretches in short.values():
        fill(stretches, steps, out)
    for here, there in copies:
        out[here] = out[there]


def _scattered(begins: Sequence[int], pieces: Sequence[Piece], steps: NDArray[Any], out: NDArray[np.float64]) -> None:
    """Write the values of steps in no order, piece by piece."""
    found = np.searchsorted(begins[1:], steps, side="right")
    for index in np.flatnonzero(np.bincount(found)).tolist():
        here = found == index
        part = np.empty(np.count_nonzero(here), dtype=np.float64)
        _fill(pieces[index], begins[index], steps[here], part)
        out[here] = part


def _signed(steps: NDArray[Any]) -> NDArray[Any]:
    """The steps as int64 or float64; an unsigned one too large for int64 is past every end anyway."""
    if steps.dtype.kind == "u":
        steps = np.minimum(steps, np.uint64(np.iinfo(np.int64).max))
    whole: NDArray[Any] = steps.astype(np.float64 if steps.dtype.kind == "f" else np.int64, copy=False)
    return whole


def _slices(begins: Sequence[int], steps: NDArray[Any]) -> Iterator[tuple[int, int, int]]:
    """(piece, first index, one past the last) of each piece that sorted steps visit, in chunks."""
    edges = [0, *np.searchsorted(steps, begins[1:]).tolist(), steps.size]
    for index in range(len(begins)):
        for begin in range(edges[index], edges[index + 1], CHUNK):
            yield index, begin, min(begin + CHUNK, edges[index + 1])


def _fill(piece: Piece, first: int, steps: NDArray[Any], out: NDArray[np.float64]) -> None:
    """Write the values of a piece that begins at `first`, whose steps these are."""
    t = np.subtract(steps, first, dtype=np.float64)
    np.maximum(piece.at(t, np), piece.low, out=out)
    np.minimum(out, piece.high, out=out)


def _selected(line: Line, step: Any, xp: Any) -> Any:
    """Every piece for every step, the right one selected: for arrays whose values are not to be looked at."""
    whole = step if xp.__name__ != "torch" or step.is_floating_point() else step.to(xp.int64)
    dtype = xp.float64 if xp.__name__ == "torch" else xp.result_type(float)
    value = None
    for piece, begin in zip(line.pieces, line.begins, strict=True):
        if value is not None and not _reaches(whole, begin, xp):
            break
        t, most = whole - begin, largest(whole, xp)
        if not piece.holds or most == inf or piece.reach > most:  # else whole steps, of which float32 has too few
            t = xp.asarray(t, dtype=dtype)
        t = kept(t, piece.length, xp)
        here = xp.clip(read(piece, t, xp), piece.low, piece.high)
        value = here if begin == 0 else xp.where(whole >= begin, here, value)
    return value


def _reaches(step: Any, begin: int, xp: Any) -> bool:
    """Whether steps of this type can be as large as `begin`: JAX counts in 32 bits unless told otherwise."""
    is_float = step.is_floating_point() if xp.__name__ == "torch" else step.dtype.kind == "f"
    return bool(is_float or begin <= xp.iinfo(step.dtype).max)
