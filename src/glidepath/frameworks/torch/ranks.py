"""Several processes that train one model: who writes, whether all go by one plan, and what one of them was told."""

from typing import Any

import torch
from torch import distributed

from glidepath.errors import AttachError, shown
from glidepath.schedules.comparison import compare
from glidepath.schedules.plan import Plan
from glidepath.schedules.schedule import Schedule
from glidepath.schedules.spec import from_spec, to_spec

Told = list[Any]
SCHEDULE = "schedule"  # shown by the first field that differs: a spec is long, and two of them look alike
HINTS = {
    SCHEDULE: "attach the same one everywhere",
    "step": "load the same checkpoint everywhere",
    "policy": "name the same one everywhere",
    "journal": "name it everywhere, the first process alone writes it",
}


def count() -> int:
    """How many processes train together; 1 where none were joined."""
    return distributed.get_world_size() if _together() else 1


def is_first() -> bool:
    """Whether this process is the first, or alone."""
    return not _together() or distributed.get_rank() == 0


def _together() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def agree_on(schedule: Schedule | Plan, step: int, policy: object, *, journal: str) -> None:
    """Raises AttachError, on all of them, where the processes are not about to do the same; one exchange."""
    if count() == 1:
        return
    what = {SCHEDULE: to_spec(schedule), "step": step, "policy": str(policy), "journal": journal}
    everywhere: Told = [None] * count()
    distributed.all_gather_object(everywhere, what)
    first = everywhere[0]
    for rank, other in enumerate(everywhere):
        name = next((name for name in first if other[name] != first[name]), None)
        if name is not None:
            here, there = _apart(name, first[name], other[name])
            raise AttachError(
                f"expected the same {name} in every process, got {here} in the first and {there} in number {rank}: "
                f"{HINTS[name]}"
            )


def _apart(name: str, here: Any, there: Any) -> tuple[str, str]:
    """How two of them differ."""
    if name != SCHEDULE:
        return shown(here), shown(there)
    field = compare(from_spec(here), from_spec(there))[0]  # type: ignore[arg-type]  # what was attached: no recipe
    return f"{field.place} = {field.stored}", field.requested


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
