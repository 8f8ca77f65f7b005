"""A schedule, or a plan, driven by the optimizer's own count of applied updates, behind torch's scheduler interface."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from glidepath.errors import AttachError, CheckpointError
from glidepath.frameworks.torch.groups import Filler, ratios_of
from glidepath.frameworks.torch.plans import PlanFiller, absent, names_groups, names_of, unnamed
from glidepath.frameworks.torch.resuming import checked, is_step, refuse_another, refuse_renamed, refuse_unlike
from glidepath.schedules.plan import Plan
from glidepath.schedules.schedule import Schedule
from glidepath.schedules.spec import to_spec

# Learning rates computed in one vectorised call: few enough to be ready in a blink (some 0.1 ms), enough
# that the cost of the call is nothing per step.
AHEAD = 4_096
Values = Callable[[NDArray[Any]], Iterable[Any]]  # of steps


class Scheduler(LRScheduler):
    """Sets the learning rates of an optimizer's groups, and what else a plan says of them; made by `attach`.

    The clock is the optimizer: a hook behind its step counts the updates that were applied and sets the
    learning rate of the next one. `step()` stays legal for code that calls it, and moves nothing.
    `last_epoch` is the index of the next update; `get_last_lr()` gives, until `step()` is called behind an
    update, what that update used, and the next learning rates from then on, as torch's own do.

    Where a plan names groups, `unnamed` lists those of the optimizer that it does not name, which run with its own
    values, and `absent` the names that no group has, as when a second optimizer has them; else both are empty.
    """

    def __init__(self, optimizer: Optimizer, schedule: Schedule | Plan, *, step: int = 0) -> None:
        """Set the learning rates of update `step` and begin to count. See `attach`."""
        self.optimizer = optimizer
        self.schedule = schedule
        self.base_lrs = _base_lrs(optimizer)
        self._names = names_of(optimizer.param_groups)
        self.unnamed, self.absent = unnamed(schedule, self._names), absent(schedule, self._names)
        self._groups, self._values = self._driven(self.base_lrs)
        for group, lr in zip(optimizer.param_groups, self.base_lrs, strict=True):
            group["initial_lr"] = lr  # torch's own name for it: it travels in the optimizer's state
        for hook, earlier in list(optimizer._optimizer_step_post_hooks.items()):
            if isinstance(getattr(earlier, "__self__", None), Scheduler):
                del optimizer._optimizer_step_post_hooks[hook]  # attached anew, as a notebook's cell does
        optimizer.register_step_post_hook(self._applied)
        self._move(step)

    def _driven(self, base_lrs: Sequence[Any]) -> tuple[Filler | PlanFiller, Values]:
        """What writes into the groups, and what it writes for an array of steps."""
        schedule = self.schedule
        if isinstance(schedule, Schedule):
            return Filler(ratios_of(base_lrs, schedule)), lambda steps: schedule(steps).tolist()
        filler = PlanFiller(schedule, self.optimizer.param_groups, self._names, base_lrs)
        return filler, filler.rows

    def _move(self, step: int) -> None:
        """Go to an update: its values into the groups, and the ones that follow made ready."""
        self.last_epoch = step
        self._step_count = step + 1
        self._ahead = _ahead(self._values, step)
        self._used = self._next = next(self._ahead)
        self._groups.fill(self.optimizer.param_groups, self._next)

    def _applied(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:  # noqa: ARG002 - a hook's signature
        """Behind each step of the optimizer: count it if it was applied, and set the next learning rate."""
        # A fused optimizer under GradScaler takes the overflow into its step and skips the update itself.
        if "found_inf" in optimizer.__dict__ and float(optimizer.__dict__["found_inf"]):
            return
        self.last_epoch += 1
        self._used = self._next
        self._next = next(self._ahead)
        self._groups.fill(self.optimizer.param_groups, self._next)

    def step(self, epoch: int | None = None) -> None:  # noqa: ARG002 - the interface of torch
        """Nothing: the optimizer has counted already. From here on `get_last_lr` shows the next update."""
        self._used = self._next

    def get_last_lr(self) -> list[float | torch.Tensor]:
        """The learning rates of the groups: of the last update until `step()` is called, then of the next."""
        return self._groups.lrs(self._used)

    def get_lr(self) -> list[float | torch.Tensor]:
        """The learning rates of the next update."""
        return self._groups.lrs(self._next)

    def state_dict(self) -> dict[str, Any]:
        """What a resume needs, in plain types that `torch.load(weights_only=True)` reads."""
        state = {"spec": to_spec(self.schedule), "step": self.last_epoch, "base_lrs": list(self.base_lrs)}
        return state | {"names": list(self._names)} if names_groups(self.schedule) else state

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where a checkpoint was: the next update's values are those of the uninterrupted run.

        Raises CheckpointError for what is no state of ours, and ResumeConflict where it is of another schedule or
        plan, or of groups in other ratios or with other names; nothing is changed then.
        """
        step, base_lrs = checked(state_dict)
        refuse_another(state_dict["spec"], self.schedule, step)
        if names_groups(self.schedule):
            refuse_renamed(state_dict.get("names"), self._names, step)
        try:
            groups, values = self._driven(base_lrs)
        except AttachError as error:
            raise CheckpointError(f"$.base_lrs: {error}") from error
        refuse_unlike(groups.ratios, self._groups.ratios, step)
        self.base_lrs, self._groups, self._values = [*base_lrs], groups, values
        self._move(step)


def attach(optimizer: Optimizer, schedule: Schedule | Plan, *, step: int = 0) -> Scheduler:
    """Let a schedule, or a plan, drive an optimizer from its update number `step` (>= 0) on; that is all it takes.

    The learning rate of the first update is set at once, and each later one behind the update before it,
    whoever calls what: gradient accumulation, skipped mixed-precision updates and `scheduler.step()` called
    twice or never do not move it. A schedule with a peak sets the group with the largest learning rate and
    keeps the ratios between groups; one without is a multiplier of each group's own. Attaching again
    replaces the scheduler before.

    A plan finds its groups by `group["name"]`, multiplies their learning rates by its factors, and sets what else it
    says where torch has it: `momentum` is `betas[0]` of an Adam. The batch size is the caller's, `plan.at(step)`.

    Raises AttachError where there is no optimizer, no schedule or no learning rate above 0, where a plan names groups
    and the optimizer has none of them, or where a group lacks a hyper-parameter that the plan sets.

    >>> import torch, glidepath as gp
    >>> optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
    >>> scheduler = attach(optimizer, gp.warmup(3).over(100, peak=1.0))
    >>> for _ in range(2):
    ...     optimizer.step()
    >>> optimizer.param_groups[0]["lr"]
    0.75
    >>> optimizer = torch.optim.SGD([{"params": [torch.zeros(1)], "name": "head"}, {"params": [torch.zeros(1)]}])
    >>> scheduler = attach(optimizer, gp.Plan(gp.hold().over(100, peak=0.25), groups={"head": 10}, momentum=0.9))
    >>> [(group["lr"], group["momentum"]) for group in optimizer.param_groups], scheduler.unnamed
    ([(2.5, 0.9), (0.25, 0.9)], ['number 1'])
    """
    if not isinstance(optimizer, Optimizer):
        raise AttachError(f"expected a torch optimizer, got {type(optimizer).__name__}")
    if not isinstance(schedule, (Schedule, Plan)):
        raise AttachError(f"expected a schedule, got {schedule!r:.80}: bind it first, recipe.over(steps, peak=...)")
    if not is_step(step):
        raise AttachError(f"expected the step as a whole number of at least 0, got {step!r:.40}")
    return Scheduler(optimizer, schedule, step=step)


def _base_lrs(optimizer: Optimizer) -> list[float | torch.Tensor]:
    """What each group was created with: remembered from the first scheduler on, for a later one finds it moved."""
    return [float(group.get("initial_lr", group["lr"])) for group in optimizer.param_groups]


def _ahead(values: Values, step: int) -> Iterator[Any]:
    """The values of the updates from `step` on, without end."""
    return chain.from_iterable(values(np.arange(first, first + AHEAD)) for first in count(step, AHEAD))
