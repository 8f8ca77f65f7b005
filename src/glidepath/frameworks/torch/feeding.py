"""Where the batches of a search come from: by number, or from a loader whose own position stays."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import copy, deepcopy
from typing import Any, Protocol, runtime_checkable

import torch
from torch.utils.data import DataLoader

from glidepath.errors import FinderError, shown

Feed = Callable[[int], Any]  # the number of a micro-batch -> what `loss_of` is given


@runtime_checkable
class Stateful(Protocol):
    """A loader that knows its position."""

    def state_dict(self) -> Any:
        """The position."""

    def load_state_dict(self, state_dict: Any, /) -> None:
        """Go back to it."""


@contextmanager
def fed(batches: Iterable[Any] | None) -> Iterator[Feed]:
    """The numbers themselves without `batches`; else its batches, from an iterator made for the purpose.

    When it ends, it begins again. A loader with a `state_dict` is put back to its position, and the generators of a
    `DataLoader` to their states. Raises FinderError for an iterator that cannot be put back, and for no batch at all.
    """
    if batches is None:
        yield lambda number: number
        return
    if not isinstance(batches, Iterable) or (isinstance(batches, Iterator) and not isinstance(batches, Stateful)):
        raise FinderError(
            f"expected batches from a loader or a list, which can be gone through anew, got {shown(batches)}: give "
            "what it was made from, or leave `batches` out and let loss_of(i) make batch number i"
        )
    position = deepcopy(batches.state_dict()) if isinstance(batches, Stateful) else None
    states = [(generator, generator.get_state()) for generator in _generators(batches)]
    endless = _endless(_apart(batches))
    try:
        yield lambda _: next(endless)
    finally:
        endless.close()
        for generator, state in states:
            generator.set_state(state)
        if isinstance(batches, Stateful):
            batches.load_state_dict(position)


def _endless(batches: Iterable[Any]) -> Any:
    while True:
        count = 0
        for count, batch in enumerate(batches, start=1):  # noqa: B007 - how many there were
            yield batch
        if not count:
            raise FinderError("expected batches, got none: the loader is at its end")


def _apart(batches: Iterable[Any]) -> Iterable[Any]:
    """A loader whose workers persist has one iterator, which the training may be in the midst of: not that one."""
    if type(batches) is not DataLoader:
        return batches
    other = copy(batches)
    other._iterator = None
    return other


def _generators(batches: Iterable[Any]) -> list[torch.Generator]:
    """Those that the order of a loader is drawn from."""
    if not isinstance(batches, DataLoader):
        return []
    held = batches.generator, getattr(batches.sampler, "generator", None)
    return [generator for generator in held if isinstance(generator, torch.Generator)]
