"""The schedule that a scheduler of torch is, by what it holds; it is not stepped, nor is anything of it changed."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import mul
from typing import Any

import numpy as np
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from glidepath.errors import SpecError, shown
from glidepath.frameworks.sampled import read_samples
from glidepath.frameworks.torch.clock import Scheduler
from glidepath.schedules import dialects
from glidepath.schedules.dialects import Reading
from glidepath.schedules.schedule import Schedule
from glidepath.units import Horizon

MOST_CALLS = 1_000_000  # of a function, about a second
LOOKED_AT = 4_096  # steps at which two groups are compared
LAST_BITS = 1e-9  # of the peak
DEEPEST = 5  # schedulers within schedulers


def read_scheduler(scheduler: Any, *, horizon: int | str | Horizon | None = None) -> Reading:
    """The schedule of an optimizer's first group that a `torch.optim.lr_scheduler` object is, from its step 0 on.

    `horizon` is needed where the object has no end, and for LambdaLR and MultiplicativeLR, whose functions are asked
    at every step of it (see `schedules.fitting`). Other groups must be a constant factor of the first, and a note says
    which; a scheduler of ours gives the schedule that it was attached with. Raises SpecError for what is no scheduler
    of torch, a rule that reads the loss, or what no schedule of ours says.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    >>> read_scheduler(torch.optim.lr_scheduler.StepLR(optimizer, 30), horizon=90).schedule
    (steps(30)).over(90, peak=0.5)
    """
    if isinstance(scheduler, Scheduler) and isinstance(scheduler.schedule, Schedule):
        return Reading(scheduler.schedule)
    if not isinstance(scheduler, (LRScheduler, ReduceLROnPlateau)) or isinstance(scheduler, Scheduler):
        raise SpecError(f"expected a scheduler of torch.optim.lr_scheduler, got {shown(scheduler)}")
    planned = Horizon.of(horizon) if horizon is not None and not isinstance(horizon, Horizon) else horizon
    first, *others = (Live(scheduler, group) for group in range(len(scheduler.optimizer.param_groups)))
    reading = _read(first, planned)
    return replace(reading, notes=(*reading.notes, *_compared(reading.schedule, others, planned)))


@dataclass(frozen=True, slots=True)
class Live:
    """A scheduler as it stands, for one `group` of its optimizer."""

    scheduler: Any
    group: int

    @property
    def name(self) -> str:
        """The name of its class, refused unless it is one of torch's own."""
        kind = type(self.scheduler)
        if kind.__module__.partition(".")[0] != "torch":
            raise SpecError(
                f"expected a scheduler that torch has itself, got {kind.__name__:.60}, a class of somebody else: "
                "give the learning rates that it makes to schedules.fitting.fitted"
            )
        return kind.__name__

    @property
    def base_lr(self) -> float:
        """What its group was created with, as the first scheduler within it found that."""
        within = getattr(self.scheduler, "_schedulers", None)
        return Live(within[0], self.group).base_lr if within else float(self.scheduler.base_lrs[self.group])

    @property
    def own(self) -> dict[str, Any]:
        """The group itself, where some schedulers keep their arguments."""
        groups: list[dict[str, Any]] = self.scheduler.optimizer.param_groups
        return groups[self.group]


def _read(live: Live, planned: Horizon | None) -> Reading:
    if live.name in SAMPLED:
        return _sampled(live, planned)
    if live.name not in CONFIGS:  # a rule, or something new: the reader says so
        return dialects.read("torch", live.name, {})
    return dialects.read("torch", live.name, _config(live), base_lr=live.base_lr, horizon=planned)


def _config(live: Live, depth: int = 0) -> dict[str, Any]:
    """The arguments that a scheduler was made with."""
    if live.name not in CONFIGS or depth > DEEPEST:
        raise SpecError(
            f"expected schedulers within each other that are data, at most {DEEPEST} deep, got {live.name}: read "
            "each of them and join the recipes"
        )
    return CONFIGS[live.name](live, depth)


def _compared(first: Schedule, others: list[Live], planned: Horizon | None) -> Iterator[str]:
    """A note on each group whose learning rate is another factor of the first; refused where it is none."""
    steps = np.unique(np.linspace(0, first.horizon.steps, LOOKED_AT).astype(np.int64))
    rates = first(steps)
    for live in others:
        own = _read(live, planned).schedule(steps) if live.base_lr else rates * 0
        factor = float(own[rates.argmax()] / rates.max())
        if np.abs(own - factor * rates).max() > LAST_BITS * max(own.max(), rates.max()):
            raise SpecError(
                f"{live.name}: expected groups whose learning rates keep their ratios, got another curve for group "
                f"{live.group}: write a plan with a schedule for each"
            )
        if abs(factor - 1) > LAST_BITS:
            yield f"group {live.group} has {factor:g} times this learning rate"


def _fields(*names: str) -> Callable[[Live, int], dict[str, Any]]:
    """A configuration that a scheduler keeps under the names of its arguments."""
    return lambda live, _: {name: getattr(live.scheduler, name) for name in names}


def _milestones(live: Live, depth: int) -> dict[str, Any]:  # noqa: ARG001 - all have one signature
    return {"milestones": sorted(live.scheduler.milestones.elements()), "gamma": live.scheduler.gamma}


def _one_cycle(live: Live, depth: int) -> dict[str, Any]:  # noqa: ARG001
    total, phases = live.scheduler.total_steps, live.scheduler._schedule_phases
    first, peak, low = (float(live.own[name]) for name in ("initial_lr", "max_lr", "min_lr"))
    return {
        "max_lr": peak,
        "total_steps": total,
        "pct_start": (float(phases[0]["end_step"]) + 1) / total,
        "anneal_strategy": live.scheduler._anneal_func_type,
        "div_factor": peak / first,
        "final_div_factor": first / low,
        "three_phase": len(phases) > 2,
    }


def _cyclic(live: Live, depth: int) -> dict[str, Any]:  # noqa: ARG001
    scheduler = live.scheduler
    up = round(scheduler.total_size * scheduler.step_ratio)
    return {
        "base_lr": live.base_lr,
        "max_lr": float(scheduler.max_lrs[live.group]),
        "step_size_up": up,
        "step_size_down": round(scheduler.total_size) - up,
        "mode": scheduler.mode,
        "gamma": scheduler.gamma,
        "scale_fn": scheduler._scale_fn_custom,
    }


def _averaging(live: Live, depth: int) -> dict[str, Any]:  # noqa: ARG001
    count, strategy = live.scheduler.anneal_epochs, live.scheduler._anneal_strategy
    return {"swa_lr": float(live.own["swa_lr"]), "anneal_epochs": count, "anneal_strategy": strategy}


def _chained(live: Live, depth: int) -> dict[str, Any]:
    children = [Live(child, live.group) for child in live.scheduler._schedulers]
    return {"schedulers": [{"name": child.name, "config": _config(child, depth + 1)} for child in children]}


def _sequential(live: Live, depth: int) -> dict[str, Any]:
    return {**_chained(live, depth), "milestones": list(live.scheduler._milestones)}


CONFIGS: dict[str, Callable[[Live, int], dict[str, Any]]] = {
    "ConstantLR": _fields("factor", "total_iters"),
    "LinearLR": _fields("start_factor", "end_factor", "total_iters"),
    "ExponentialLR": _fields("gamma"),
    "StepLR": _fields("step_size", "gamma"),
    "MultiStepLR": _milestones,
    "PolynomialLR": _fields("total_iters", "power"),
    "CosineAnnealingLR": _fields("T_max", "eta_min"),
    "CosineAnnealingWarmRestarts": _fields("T_0", "T_mult", "eta_min"),
    "OneCycleLR": _one_cycle,
    "CyclicLR": _cyclic,
    "SWALR": _averaging,
    "ChainedScheduler": _chained,
    "SequentialLR": _sequential,
}
SAMPLED = ("LambdaLR", "MultiplicativeLR")


def _sampled(live: Live, planned: Horizon | None) -> Reading:
    """LambdaLR: what its function gives, times the base lr; MultiplicativeLR: the product of what it gave so far."""
    steps = 0 if planned is None else planned.steps
    if not 0 < steps <= MOST_CALLS:
        raise SpecError(
            f"{live.name}: expected a horizon of at most {MOST_CALLS} steps, at each of which its function is "
            f"asked, got {steps or 'none'}"
        )
    function = deepcopy(live.scheduler.lr_lambdas[live.group])  # one with a memory of its own keeps it
    try:
        factors = [float(function(step)) for step in range(steps + 1)]
    except Exception as error:
        told = shown(f"{type(error).__name__}: {error}")
        raise SpecError(f"{live.name}: expected a factor for every step up to {steps}, got {told}") from error
    if live.name == "MultiplicativeLR":
        factors = list(accumulate([1.0, *factors[1:]], mul))
    return read_samples(np.array(factors) * live.base_lr, live.name)
