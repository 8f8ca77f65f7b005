"""The Lightning door: `attach` is what `configure_optimizers` returns, `horizon` the updates of a Trainer.

A scheduler of the torch door is right in Lightning in every form that `configure_optimizers` may return. This binds a
recipe to the Trainer's own updates besides.
"""

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

from torch.optim import Optimizer
from torch.utils.data import DataLoader

from glidepath._extras import require
from glidepath.errors import AttachError, DivergedError, shown
from glidepath.frameworks.binding import Given, bound, refuse_strange
from glidepath.frameworks.torch import Scheduler, Schedulers
from glidepath.frameworks.torch import attach as attach_to_optimizers
from glidepath.frameworks.watching import Cut
from glidepath.schedules.continuation import MOST_UP, Policy
from glidepath.schedules.schedule import Recipe
from glidepath.units import Horizon

lightning: Any = require("lightning.pytorch")


def attach(
    module: Any,
    optimizer: Optimizer | Sequence[Optimizer],
    schedule: Given,
    *,
    peak: float | None = None,
    step: int | None = None,
    policy: str | Policy | None = None,
    most: float = MOST_UP,
    journal: str | Path | None = None,
    watch: str | Cut | None = None,
) -> tuple[list[Optimizer], list[Any]]:
    """What `configure_optimizers` returns: the optimizer, or several, driven by a recipe over the Trainer's updates.

    The horizon is that of `horizon(module.trainer)`; the peak is `peak`, or the largest learning rate that an optimizer
    was made with. A schedule, or a plan, comes with both, and is taken as it is. `LearningRateMonitor` shows what each
    update uses.

    `fit(ckpt_path=...)` goes by the resume contract: where the Trainer, or the code, asks for another horizon, peak or
    recipe than the checkpoint has, it goes on by `policy`, or raises ResumeConflict. A checkpoint that was made without
    a scheduler is refused, until `step` says its count of updates; a Trainer that fits again goes on at its own.
    `policy`, `most`, `journal` and `watch` are those of `glidepath.frameworks.torch.attach`; the loss that the training
    step returns is told to the watch, and kept in the journal.

    Raises AttachError for what is no LightningModule, no recipe and no schedule, a peak beside a schedule, or where the
    Trainer does not know when it ends.

    >>> import torch, glidepath as gp
    >>> module = lightning.LightningModule()
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 1.0)
    >>> optimizers, schedulers = attach(module, optimizer, gp.warmup(3).over(100, peak=1.0))
    >>> schedulers[0]["interval"], schedulers[0]["scheduler"].get_last_lr()
    ('step', [0.25])
    """
    if not isinstance(module, lightning.LightningModule):
        raise AttachError(
            f"expected a LightningModule, got {shown(module)}: in configure_optimizers, attach(self, ...)"
        )
    refuse_strange(schedule, peak, policy)
    optimizers = _listed(optimizer)
    trainer = _trainer_of(module)
    if isinstance(schedule, Recipe):
        if trainer is None:
            raise AttachError("expected a module in a Trainer, got one without: bind it, recipe.over(steps, peak=...)")
        schedule = bound(schedule, peak, optimizers, _steps(trainer), partial(_rated, trainer))
    # By hand a batch may be several updates or none, so that the Trainer's count is not that of an optimizer.
    if step is None and trainer is not None and module.automatic_optimization:
        step = trainer.global_step
        if not any(isinstance(one, _Counted) for one in trainer.callbacks):
            trainer.callbacks.append(_Counted())
    terms: dict[str, Any] = {"policy": policy, "most": most, "journal": journal, "watch": watch}
    schedulers = attach_to_optimizers(optimizers, schedule, step=step or 0, **terms)
    if trainer is not None and (watch is not None or journal is not None):
        others = [one for one in trainer.callbacks if not isinstance(one, _Telling)]
        trainer.callbacks[:] = [*others, _Telling(schedulers)]
    if not module.automatic_optimization:
        return optimizers, list(schedulers)  # Lightning wants no interval there
    # Nothing hangs on the interval but when `LearningRateMonitor` looks.
    return optimizers, [{"scheduler": scheduler, "interval": "step"} for scheduler in schedulers]


class _Counted(lightning.Callback):  # type: ignore[misc]  # Lightning is imported on use
    """Refuses to begin where a checkpoint brought updates, and not the state of the scheduler that counts them."""

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002 - the interface of Lightning
        ours = [one.scheduler for one in trainer.lr_scheduler_configs if isinstance(one.scheduler, Scheduler)]
        if trainer.global_step and any(scheduler.last_epoch == 0 for scheduler in ours):
            raise AttachError(
                f"expected a checkpoint with a scheduler of ours, got one at step {trainer.global_step} without: "
                f"say where to go on, attach(..., step={trainer.global_step})"
            )


class _Telling(lightning.Callback):  # type: ignore[misc]  # Lightning is imported on use
    """Tells the schedulers of a training what each batch saw."""

    def __init__(self, schedulers: Schedulers) -> None:
        self._schedulers = schedulers

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, *_: Any) -> None:  # noqa: ARG002
        """The loss of the batch behind which an update was made; a watch that stops ends the training there."""
        loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
        if loss is None or self._schedulers[0].last_epoch == 0:
            return
        try:
            self._schedulers.tell(loss)
        except DivergedError as error:
            warnings.warn(str(error), stacklevel=2)
            trainer.should_stop = True


def _trainer_of(module: Any) -> Any:
    """The Trainer that a module is in; None where nobody has put it into one, as in a test of the module."""
    try:
        found = module.trainer
    except RuntimeError:
        return None
    return found if isinstance(found, lightning.Trainer) else None  # Fabric has a stand-in for it


def _listed(given: Any) -> list[Optimizer]:
    found = [given] if isinstance(given, Optimizer) else given
    if not isinstance(found, (list, tuple)) or not found or not all(isinstance(one, Optimizer) for one in found):
        raise AttachError(f"expected a torch optimizer, or a list of them, got {shown(given)}")
    return list(found)


def horizon(trainer: Any) -> Horizon:
    """The updates that a Trainer is going to make, with the rates of its data, for a schedule that you bind yourself.

    Accumulation, limits and a last short window count as the Trainer counts them. Raises AttachError for what is no
    Trainer, or where it does not know when it ends.

    >>> horizon(None)
    Traceback (most recent call last):
    glidepath.errors.AttachError: expected a Trainer of Lightning, got None: in a module, horizon(self.trainer)
    """
    if not isinstance(trainer, lightning.Trainer):
        raise AttachError(f"expected a Trainer of Lightning, got {shown(trainer)}: in a module, horizon(self.trainer)")
    return _rated(trainer, _steps(trainer))


def _steps(trainer: Any) -> int:
    steps = trainer.estimated_stepping_batches
    if not 0 < steps < inf:
        raise AttachError(
            f"expected a Trainer that knows when it ends, got max_steps={trainer.max_steps} and "
            f"max_epochs={trainer.max_epochs} over data without a length: give it max_steps=..."
        )
    return int(steps)


def _rated(trainer: Any, steps: int) -> Horizon:
    if trainer.train_dataloader is None:
        trainer.fit_loop.setup_data()
    accumulation, batches = trainer.accumulate_grad_batches, trainer.num_training_batches
    data = trainer.train_dataloader
    size = data.batch_size if isinstance(data, DataLoader) else None
    return Horizon(
        steps,
        steps_per_epoch=None if batches == inf else -(-batches // accumulation),
        samples_per_step=None if size is None else size * accumulation * trainer.world_size,
    )
