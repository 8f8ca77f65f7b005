"""A schedule driven by the optimizer's own count of applied updates, behind torch's scheduler interface."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, count
from math import inf
from typing import Any

import numpy as np
import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from glidepath.errors import AttachError, CheckpointError, GlidepathError, ResumeConflict
from glidepath.frameworks.torch.groups import Filler
from glidepath.schedules.schedule import Schedule
from glidepath.schedules.spec import from_spec, to_spec

# Learning rates computed in one vectorised call: few enough to be ready in a blink (some 0.1 ms), enough
# that the cost of the call is nothing per step.
AHEAD = 4_096
LARGEST = 2**53  # steps; float64 counts no further
SAME_RATIO = 1e-9  # two ratios this close differ by rounding, as loaded learning rates do


class Scheduler(LRScheduler):
    """Sets the learning rates of an optimizer's groups; made by `attach`.

    The clock is the optimizer: a hook behind its step counts the updates that were applied and sets the
    learning rate of the next one. `step()` stays legal for code that calls it, and moves nothing.
    `last_epoch` is the index of the next update; `get_last_lr()` gives, until `step()` is called behind an
    update, what that update used, and the next learning rates from then on, as torch's own do.
    """

    def __init__(self, optimizer: Optimizer, schedule: Schedule, *, step: int = 0) -> None:
        """Set the learning rates of update `step` and begin to count. See `attach`."""
        self.optimizer = optimizer
        self.schedule = schedule
        self.base_lrs = _base_lrs(optimizer)
        self._groups = Filler(_ratios(self.base_lrs, schedule))
        for group, lr in zip(optimizer.param_groups, self.base_lrs, strict=True):
            group["initial_lr"] = lr  # torch's own name for it: it travels in the optimizer's state
        for hook, earlier in list(optimizer._optimizer_step_post_hooks.items()):
            if isinstance(getattr(earlier, "__self__", None), Scheduler):
                del optimizer._optimizer_step_post_hooks[hook]  # attached anew, as a notebook's cell does
        optimizer.register_step_post_hook(self._applied)
        self._move(step)

    def _move(self, step: int) -> None:
        """Go to an update: its learning rates into the groups, and the ones that follow made ready."""
        self.last_epoch = step
        self._step_count = step + 1
        self._lrs = _ahead(self.schedule, step)
        self._used = self._next = next(self._lrs)
        self._groups.fill(self.optimizer.param_groups, self._next)

    def _applied(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:  # noqa: ARG002 - a hook's signature
        """Behind each step of the optimizer: count it if it was applied, and set the next learning rate."""
        # A fused optimizer under GradScaler takes the overflow into its step and skips the update itself.
        if "found_inf" in optimizer.__dict__ and float(optimizer.__dict__["found_inf"]):
            return
        self.last_epoch += 1
        self._used = self._next
        self._next = next(self._lrs)
        self._groups.fill(self.optimizer.param_groups, self._next)

    def step(self, epoch: int | None = None) -> None:  # noqa: ARG002 - the interface of torch
        """Nothing: the optimizer has counted already. From here on `get_last_lr` shows the next update."""
        self._used = self._next

    def get_last_lr(self) -> list[float | torch.Tensor]:
        """The learning rates of the groups: of the last update until `step()` is called, then of the next."""
        return [ratio * self._used for ratio in self._groups.ratios]

    def get_lr(self) -> list[float | torch.Tensor]:
        """The learning rates of the next update."""
        return [ratio * self._next for ratio in self._groups.ratios]

    def state_dict(self) -> dict[str, Any]:
        """What a resume needs, in plain types that `torch.load(weights_only=True)` reads."""
        return {
            "spec": to_spec(self.schedule),
            "step": self.last_epoch,
            "base_lrs": [float(lr) for lr in self.base_lrs],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where a checkpoint was: the next update's learning rate is that of the uninterrupted run.

        Raises CheckpointError for what is no state of ours, and ResumeConflict where it is of another
        schedule or of groups in other ratios; nothing is changed then.
        """
        step, base_lrs = _checked(state_dict)
        try:
            stored = from_spec(state_dict["spec"])
        except GlidepathError as error:
            raise CheckpointError(f"expected $.spec as the spec of a schedule, got none: {error}") from error
        if stored != self.schedule:
            raise ResumeConflict(
                f"expected the checkpoint of {self.schedule}, got one of {stored} at step {step}: attach the stored "
                f"schedule, or go on under the new one with attach(optimizer, schedule, step={step})"
            )
        try:
            ratios = _ratios(base_lrs, self.schedule)
        except AttachError as error:
            raise CheckpointError(f"$.base_lrs: {error}") from error
        if not _alike(ratios, self._groups.ratios):
            raise ResumeConflict(
                f"expected groups with learning rates in the ratios {self._groups.ratios}, got a checkpoint with "
                f"{ratios}: make the optimizer as it was, or go on with attach(optimizer, schedule, step={step})"
            )
        self.base_lrs, self._groups = base_lrs, Filler(ratios)
        self._move(step)


def attach(optimizer: Optimizer, schedule: Schedule, *, step: int = 0) -> Scheduler:
    """Let a schedule drive an optimizer from its update number `step` (>= 0) on; that is all it takes.

    The learning rate of the first update is set at once, and each later one behind the update before it,
    whoever calls what: gradient accumulation, skipped mixed-precision updates and `scheduler.step()` called
    twice or never do not move it. A schedule with a peak sets the group with the largest learning rate and
    keeps the ratios between groups; one without is a multiplier of each group's own. Attaching again
    replaces the scheduler before.

    Raises AttachError where there is no optimizer, no schedule or no learning rate above 0.

    >>> import torch, glidepath as gp
    >>> optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
    >>> scheduler = attach(optimizer, gp.warmup(3).over(100, peak=1.0))
    >>> for _ in range(2):
    ...     optimizer.step()
    >>> optimizer.param_groups[0]["lr"]
    0.75
    """
    if not isinstance(optimizer, Optimizer):
        raise AttachError(f"expected a torch optimizer, got {type(optimizer).__name__}")
    if not isinstance(schedule, Schedule):
        raise AttachError(f"expected a schedule, got {schedule!r:.80}: bind it first, recipe.over(steps, peak=...)")
    if not _is_step(step):
        raise AttachError(f"expected the step as a whole number of at least 0, got {step!r:.40}")
    return Scheduler(optimizer, schedule, step=step)


def _is_step(step: object) -> bool:
    return isinstance(step, int) and not isinstance(step, bool) and 0 <= step < LARGEST


def _base_lrs(optimizer: Optimizer) -> list[float | torch.Tensor]:
    """What each group was created with: remembered from the first scheduler on, for a later one finds it moved."""
    return [float(group.get("initial_lr", group["lr"])) for group in optimizer.param_groups]


def _ratios(base_lrs: Sequence[float | torch.Tensor], schedule: Schedule) -> list[float]:
    """What each group's learning rate is of the schedule's value."""
    lrs = [float(lr) for lr in base_lrs]
    if schedule.peak is None:
        return lrs
    largest = max(lrs)
    if not largest > 0:
        raise AttachError(
            f"expected a group with a learning rate above 0, got {lrs}, whose ratios nobody can know: make the "
            "optimizer with lr=1.0, the schedule's peak sets the rest"
        )
    return [lr / largest for lr in lrs]


def _alike(ratios: list[float], others: list[float]) -> bool:
    return len(ratios) == len(others) and bool(np.allclose(ratios, others, rtol=SAME_RATIO, atol=0))


def _ahead(schedule: Schedule, step: int) -> Iterator[float]:
    """The learning rates of the updates from `step` on, without end."""
    return chain.from_iterable(schedule(np.arange(first, first + AHEAD)).tolist() for first in count(step, AHEAD))


def _is_rate(lr: object) -> bool:
    return isinstance(lr, float) and 0 <= lr < inf


def _checked(state: Any) -> tuple[int, list[float | torch.Tensor]]:
    """The step and the base learning rates of a state of ours."""
    if not isinstance(state, Mapping) or set(state) != {"spec", "step", "base_lrs"}:
        shown = sorted(map(str, state)) if isinstance(state, Mapping) else type(state).__name__
        raise CheckpointError(f"expected the state of a Glidepath scheduler (spec, step, base_lrs), got {shown!s:.120}")
    step, base_lrs = state["step"], state["base_lrs"]
    if not _is_step(step):
        raise CheckpointError(f"expected $.step as a whole number of at least 0, got {step!r:.40}")
    if not isinstance(base_lrs, list) or not base_lrs or not all(_is_rate(lr) for lr in base_lrs):
        raise CheckpointError(f"expected $.base_lrs as a list of numbers, got {base_lrs!r:.60}")
    return step, list(base_lrs)
