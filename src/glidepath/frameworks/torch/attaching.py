"""`attach`: a schedule, or a plan, and the optimizers that it drives."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, overload

from torch.optim import Optimizer

from glidepath.errors import AttachError, shown
from glidepath.frameworks.resuming import is_step
from glidepath.frameworks.torch.clock import Scheduler, attached
from glidepath.frameworks.torch.driven import Driven, driven
from glidepath.frameworks.torch.groups import names_of, units_of
from glidepath.frameworks.torch.joining import base_lr_of
from glidepath.frameworks.torch.plans import refuse_unknown
from glidepath.frameworks.torch.recording import Record
from glidepath.frameworks.torch.resuming import Terms
from glidepath.frameworks.torch.several import Schedulers
from glidepath.frameworks.torch.telling import Telling
from glidepath.frameworks.watching import Cut, Guard
from glidepath.schedules.continuation import MOST_UP, Policy
from glidepath.schedules.course import Course, refuse_policy
from glidepath.schedules.plan import Plan
from glidepath.schedules.schedule import Schedule

MOST_WRAPPED = 10  # wrappers around an optimizer: accelerate has one, and nobody more than some


@overload
def attach(
    optimizer: Optimizer,
    schedule: Schedule | Plan,
    *,
    step: int = ...,
    policy: str | Policy | None = ...,
    most: float = ...,
    journal: str | Path | None = ...,
    watch: str | Cut | None = ...,
) -> Scheduler: ...
@overload
def attach(
    optimizer: Iterable[Optimizer],
    schedule: Schedule | Plan,
    *,
    step: int = ...,
    policy: str | Policy | None = ...,
    most: float = ...,
    journal: str | Path | None = ...,
    watch: str | Cut | None = ...,
) -> Schedulers: ...
def attach(
    optimizer: Optimizer | Iterable[Optimizer],
    schedule: Schedule | Plan,
    *,
    step: int = 0,
    policy: str | Policy | None = None,
    most: float = MOST_UP,
    journal: str | Path | None = None,
    watch: str | Cut | None = None,
) -> Scheduler | Schedulers:
    """Let a schedule, or a plan, drive an optimizer from its update number `step` (>= 0) on; that is all it takes.

    The learning rate of the first update is set at once, and each later one behind the update before it,
    whoever calls what: gradient accumulation, skipped mixed-precision updates and `scheduler.step()` called
    twice or never do not move it. A schedule with a peak sets the group with the largest learning rate and
    keeps the ratios between groups; one without is a multiplier of each group's own. Attaching again
    replaces the scheduler before. A group that joins later joins at the value of the moment, or by a warmup of its
    own where it has one, `{"params": ..., "warmup": 100}`.

    Several optimizers are driven together, each by its own count; a peak is that of the largest group of them all.

    A plan finds its groups by `group["name"]`, multiplies their learning rates by its factors, and sets what else it
    says where torch has it: `momentum` is `betas[0]` of an Adam. The batch size is the caller's, `plan.at(step)`.

    `policy` says how to go on where a checkpoint that is loaded is of another schedule than this one: "requested",
    "stored", "hold", "stretch", "anneal_from_here", or one made by `rewarm`, `append`, `branch`; `most` is how much
    the learning rate may rise there, in shares of the last one. `journal` is a file in which each update is recorded
    with what it used, and beside which `glidepath amend` leaves its requests. `watch` hears what `scheduler.tell(loss)`
    says of each update, and what goes wrong is said as a warning ("warn"), stops the training ("stop"), or cuts what is
    left of the plan and warms up again ("cut", or what `cut(scale, warmup=, most=)` makes).

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
    optimizers = _optimizers(optimizer)
    if not isinstance(schedule, (Schedule, Plan)):
        raise AttachError(f"expected a schedule, got {schedule!r:.80}: bind it first, recipe.over(steps, peak=...)")
    if not is_step(step):
        raise AttachError(f"expected the step as a whole number of at least 0, got {step!r:.40}")
    if policy is not None:
        refuse_policy(policy)
    ready = _ready(optimizers, schedule)
    for earlier in map(attached, optimizers):
        if earlier is not None:
            earlier.release()
    if watch is not None:
        Guard(watch)  # refused before anything is opened
    record = None if journal is None else Record(journal, fresh=step == 0)
    lanes = [record.lane(len(to.units)) if record else None for to in ready]
    telling = Telling(watch, lanes[0])  # one for all of them
    schedulers = [
        Scheduler(one, to, step, Terms(policy, most, lane, telling))
        for one, to, lane in zip(optimizers, ready, lanes, strict=True)
    ]
    if record is not None:
        record.begin(schedulers[0].settings())
    return schedulers[0] if isinstance(optimizer, Optimizer) else Schedulers(schedulers)


def _optimizers(given: Any) -> list[Optimizer]:
    """The optimizers themselves, out of what wraps them."""
    found = [_unwrapped(given)] if isinstance(given, Optimizer) else _all(given)
    if not found:
        raise AttachError("expected at least one torch optimizer, got none")
    for one in found:
        if not one.param_groups:
            raise AttachError(f"expected an optimizer with a group of parameters, got {type(one).__name__} without one")
    return found


def _all(given: Any) -> list[Optimizer]:
    if not isinstance(given, (list, tuple)) or not all(isinstance(_unwrapped(one), Optimizer) for one in given):
        raise AttachError(f"expected a torch optimizer, or a list of them, got {shown(given)}")
    found = [_unwrapped(one) for one in given]
    if len(set(map(id, found))) != len(found):
        raise AttachError(f"expected each optimizer once, got one twice among {len(found)}")
    return found


def _unwrapped(optimizer: Any) -> Any:
    """The one inside: accelerate and Lightning wrap theirs, and step the one within."""
    for _ in range(MOST_WRAPPED):
        inner = getattr(optimizer, "__dict__", {}).get("optimizer")
        if not isinstance(inner, Optimizer):
            return optimizer
        optimizer = inner
    return optimizer


def _ready(optimizers: list[Optimizer], schedule: Schedule | Plan) -> list[Driven]:
    """What drives each optimizer; all are looked at before one is changed, and one schedule has one unit in all."""
    groups = [group for one in optimizers for group in one.param_groups]
    base_lrs = [base_lr_of(group) for group in groups]
    names = names_of(groups)
    refuse_unknown(schedule, names)
    rates = iter(zip(base_lrs, units_of(schedule, names, base_lrs), strict=True))
    return [
        driven(one, Course(schedule), *zip(*(next(rates) for _ in one.param_groups), strict=True)) for one in optimizers
    ]
