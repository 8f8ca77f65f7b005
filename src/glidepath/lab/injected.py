"""A training that faults can be put into, and the log that it leaves: nothing in it is drawn by a formula."""

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.optim.lr_scheduler import LambdaLR

from glidepath.lab.problems import PROBLEMS, Batch, Problem
from glidepath.runs.curve import Curve
from glidepath.runs.names import LOSS, NORM, OF_GROUP, RATE, SCALE, SKIPPED, VALIDATION
from glidepath.runs.run import Run
from glidepath.schedules.schedule import Schedule
from glidepath.schedules.text import parse

FIRST_SCALE = 65_536.0  # torch's GradScaler: where it starts, by how much it goes up and down
Drive = Callable[["Training"], Callable[[int], None]]


def bound(recipe: str, steps: int, peak: float | None = None) -> Schedule:
    """A recipe in words as a schedule; without a peak, as multiples of it."""
    found = parse(recipe)
    return found if isinstance(found, Schedule) else found.over(steps, peak=peak)


@dataclass(frozen=True, slots=True)
class Setting:
    """A training as it was asked for, and what of it is logged.

    `every` updates a row is logged: the mean of them where `windowed`, else a single update. `measured` is the
    interval of the validation, 0 for none; `half` mixed precision, with a loss scale that doubles after `growth`
    good updates; `norms` whether the log has gradient norms.
    """

    problem: str
    seed: int
    steps: int
    peak: float
    recipe: str
    decay: float = 0.0
    every: int = 1
    windowed: bool = False
    norms: bool = True
    measured: int = 0
    half: bool = False
    growth: int = 200

    @property
    def plan(self) -> Schedule:
        """The schedule that was asked for."""
        return bound(self.recipe, self.steps, self.peak)


@dataclass(frozen=True, slots=True)
class Injection:
    """What is put into a training; as it stands, nothing.

    `batch` gives the batch of an update from the true one; `events` are done before an update; `gradient` is done to
    the gradients of each; `heard` changes what is logged of a loss and nothing else. `drive` makes the scheduler and
    gives what ticks it behind an update; `stop` is the first update that is not done any more.
    """

    batch: Callable[["Training", int], Batch] | None = None
    events: Mapping[int, Callable[["Training"], None]] = field(default_factory=dict)
    gradient: Callable[["Training", int], None] | None = None
    heard: Callable[[int, float], float] | None = None
    drive: Drive | None = None
    segments: tuple[int, ...] = ()
    groups: bool = False
    stop: int | None = None
    told: Mapping[str, Any] = field(default_factory=dict)


class Training:
    """One training under way: the model, its optimizer, and the loss scale."""

    def __init__(self, setting: Setting, injection: Injection) -> None:
        """Build it; nothing is trained yet."""
        self.setting, self.injection = setting, injection
        self.problem: Problem = PROBLEMS[setting.problem]()
        self.model = self.problem.model(setting.seed)
        parameters = list(self.model.parameters())
        some = parameters[: len(parameters) // 2] if injection.groups else parameters
        self.others = parameters[len(some) :]
        self.optimizer = self.problem.optimizer(some, setting.peak, setting.decay)
        self.scale, self.good, self.skipped = (FIRST_SCALE if setting.half else 1.0), 0, 0
        self.tick = (injection.drive or planned)(self)

    def true_batch(self, step: int) -> Batch:
        """The batch of an update, without the fault."""
        return self.problem.batch(step, self.setting.seed)

    def update(self, step: int) -> dict[str, float]:
        """Do one update; what a log could say of it."""
        batch = self.injection.batch(self, step) if self.injection.batch else self.true_batch(step)
        rates = [float(group["lr"]) for group in self.optimizer.param_groups]
        loss = self.problem.loss(self.model, batch)
        self.optimizer.zero_grad()
        (loss * self.scale).backward()  # type: ignore[no-untyped-call]
        if self.injection.gradient:
            self.injection.gradient(self, step)
        norm = self._applied()
        self.tick(step)
        names = [RATE, *(f"{OF_GROUP}{number}" for number in range(1, len(rates)))]
        value = float(loss.detach())
        row = {LOSS: self.injection.heard(step, value) if self.injection.heard else value, NORM: norm}
        if self.setting.half:
            row |= {SCALE: self.scale, SKIPPED: float(self.skipped)}
        return row | dict(zip(names, rates, strict=True))

    def _applied(self) -> float:
        """Step the optimizer unless half precision overflowed; the norm of the gradient."""
        gradients = [one.grad for one in self.model.parameters() if one.grad is not None]
        if not gradients:
            return 0.0
        if self.setting.half:
            for one in gradients:
                one.copy_(one.half().float() / self.scale)
        norm = float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.problem.clip or math.inf))
        if not self.setting.half or math.isfinite(norm):
            self.optimizer.step()
        if self.setting.half:
            self._scaled(math.isfinite(norm))
        return norm

    def _scaled(self, well: bool) -> None:
        """As torch's GradScaler goes on: half of it behind an overflow, twice behind `growth` good updates."""
        self.good = self.good + 1 if well else 0
        self.skipped += not well
        if not well:
            self.scale /= 2
        elif self.good == self.setting.growth:
            self.scale, self.good = self.scale * 2, 0

    def validation_loss(self) -> float:
        """The loss on data held out."""
        with torch.no_grad():
            return float(self.problem.loss(self.model, self.problem.held_out()))


def planned(training: Training) -> Callable[[int], None]:
    """The schedule that was asked for, as torch's LambdaLR applies it, ticked once an update."""
    scheduler = lambda_lr(training)
    return lambda _: scheduler.step()


def lambda_lr(training: Training, factor: Callable[[int], float] | None = None) -> LambdaLR:
    """A LambdaLR of a factor; of the plan's multiplier where none is given."""
    shape = bound(training.setting.recipe, training.setting.steps)
    return LambdaLR(training.optimizer, factor or (lambda step: float(shape(step))))


def trained(setting: Setting, injection: Injection) -> tuple[Run, dict[str, np.ndarray]]:
    """The log of a training, and beside it what each single update said, by name, (updates,)."""
    training, rows, measured = Training(setting, injection), [], dict[int, float]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, about the order of a scheduler and an update that was skipped
        for step in range(setting.steps if injection.stop is None else injection.stop):
            if step in injection.events:
                injection.events[step](training)
            rows.append(training.update(step))
            if setting.measured and (step + 1) % setting.measured == 0:
                measured[step] = training.validation_loss()
    raw = {name: np.array([row.get(name, math.nan) for row in rows]) for name in rows[-1]}
    return _logged(setting, injection, raw, measured), raw


def _logged(setting: Setting, injection: Injection, raw: dict[str, np.ndarray], measured: dict[int, float]) -> Run:
    every = setting.every
    count = len(raw[LOSS]) // every * every
    steps = np.arange(every - 1, count, every) if setting.windowed else np.arange(0, len(raw[LOSS]), every)
    curves = {name: Curve(name, steps, values[steps]) for name, values in raw.items() if name != NORM or setting.norms}
    if setting.windowed:
        curves[LOSS] = Curve(LOSS, steps, raw[LOSS][:count].reshape(-1, every).mean(axis=1))
    if measured:
        curves[VALIDATION] = Curve(VALIDATION, list(measured), list(measured.values()))
    settings = {
        "steps": setting.steps,
        "peak": setting.peak,
        "optimizer": PROBLEMS[setting.problem]().family,
        "weight_decay": setting.decay,
        "problem": setting.problem,
        **injection.told,
    }
    return Run(curves, (0, *injection.segments), settings, name=setting.problem)
