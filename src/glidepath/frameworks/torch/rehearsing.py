"""A step of the optimizer that is none: `torch.distributed.checkpoint.state_dict` makes one for the sake of its state.

It reads and writes an optimizer's state by name, and where there is none yet it steps once, with every learning rate
and every gradient at 0, and puts the learning rates back behind it.
"""

from collections.abc import Mapping
from typing import Any

from torch.optim import Optimizer


def is_rehearsal(optimizer: Optimizer, how: Mapping[str, Any]) -> bool:
    """Whether a step called with these arguments is that one: it names a closure, and names none."""
    if not how or "closure" not in how or how["closure"] is not None:  # any other step pays no more than this
        return False
    groups = optimizer.param_groups
    return not any(float(group["lr"]) for group in groups) and not any(
        bool(parameter.grad.any()) for group in groups for parameter in group["params"] if parameter.grad is not None
    )
