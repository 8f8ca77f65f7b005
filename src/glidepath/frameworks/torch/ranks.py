"""Several processes that train one model: who writes, whether all go by one plan, and what one of them was told."""

from typing import Any

import torch
from torch import distributed

from glidepath.errors import AttachError

Told = list[Any]


def count() -> int:
    """How many processes train together; 1 where none were joined."""
    return distributed.get_world_size() if _together() else 1


def is_first() -> bool:
    """Whether this process is the first, or alone."""
    return not _together() or distributed.get_rank() == 0


def _together() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def agree(what: dict[str, Any]) -> None:
    """Raises AttachError, on all of them, where the processes are not about to do the same; one exchange."""
    everywhere: Told = [None] * count()
    distributed.all_gather_object(everywhere, what)
    for rank, other in enumerate(everywhere):
        apart = [name for name in what if other[name] != everywhere[0][name]]
        if apart:
            raise AttachError(
                f"expected the same {apart[0]} in every process, got {everywhere[0][apart[0]]!s:.150} in the first and "
                f"{other[apart[0]]!s:.150} in number {rank}: attach the same schedule at the same step everywhere"
            )


def from_the_first(told: Told) -> Told:
    """What the first process was told, in all of them; one small exchange, and another where there is something."""
    size = torch.tensor([len(told)])
    if distributed.get_backend() == "nccl":
        size = size.cuda()
    distributed.broadcast(size, 0)
    if not int(size):
        return []
    everywhere = [told]
    distributed.broadcast_object_list(everywhere, 0)
    return everywhere[0]
