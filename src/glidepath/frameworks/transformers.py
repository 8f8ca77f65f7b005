"""The transformers door: `attach` lets a recipe, or a schedule, drive a Trainer.

A Trainer knows its horizon when it begins to train, and asks `create_scheduler` for a scheduler then: between the
making of its optimizer and the loading of a checkpoint. That is where ours comes in.
"""

import warnings
from functools import partial
from pathlib import Path
from typing import Any

from torch.optim import Optimizer

from glidepath._extras import require
from glidepath.errors import AttachError, DivergedError, shown
from glidepath.frameworks.binding import Given, bound, refuse_strange
from glidepath.frameworks.torch import Scheduler
from glidepath.frameworks.torch import attach as attach_to_optimizer
from glidepath.frameworks.watching import Cut, Guard
from glidepath.schedules.continuation import MOST_UP, Policy
from glidepath.units import Horizon

transformers: Any = require("transformers")


def attach(
    trainer: Any,
    schedule: Given,
    *,
    peak: float | None = None,
    policy: str | Policy | None = None,
    most: float = MOST_UP,
    journal: str | Path | None = None,
    watch: str | Cut | None = None,
) -> None:
    """Let a recipe drive a `Trainer` over the updates that it is going to make; one line before `trainer.train()`.

    The horizon is the Trainer's own, `max_steps` or its epochs, and a recipe may count in samples, and
    in epochs where its data has a length. The peak is `peak`, or the largest learning rate of the optimizer, which is
    `args.learning_rate` where the Trainer makes it. A schedule, or a plan, comes with both, and is taken as it is.
    While it trains, `trainer.lr_scheduler` is a `glidepath.frameworks.torch.Scheduler`, so that a callback may
    `amend` it, and `learning_rate` in the Trainer's log is what that update used.

    `resume_from_checkpoint` goes by the resume contract: where the Trainer, or the code, asks for another horizon,
    peak or recipe than the checkpoint has, it goes on by `policy`, or raises ResumeConflict before the first update;
    `policy`, `most`, `journal` and `watch` are those of `glidepath.frameworks.torch.attach`. A checkpoint without a
    scheduler goes on at its `global_step`. What the Trainer logs is told to the watch, and kept in the journal: the
    mean loss since its last row, so that `logging_steps` says how soon something is seen.

    Raises AttachError for what is no Trainer, no recipe and no schedule, or a peak beside a schedule; `train()`
    raises what binding the recipe does, as AmountError where it counts in what the Trainer does not know.

    >>> attach(None, None)
    Traceback (most recent call last):
    glidepath.errors.AttachError: expected a Trainer of transformers, got None: write attach(trainer, recipe)
    """
    if not isinstance(trainer, transformers.Trainer):
        raise AttachError(f"expected a Trainer of transformers, got {shown(trainer)}: write attach(trainer, recipe)")
    refuse_strange(schedule, peak, policy)
    terms = {"policy": policy, "most": most, "journal": journal, "watch": watch}
    if watch is not None:
        Guard(watch)  # refused here, and not where the training begins
    trainer.remove_callback(_Telling)
    trainer.add_callback(_Telling())
    # The place for this that the Trainer's documentation names: users override it.
    trainer.create_scheduler = partial(_create_scheduler, trainer, schedule, peak, terms)


def _create_scheduler(
    trainer: Any,
    schedule: Given,
    peak: float | None,
    terms: dict[str, Any],
    num_training_steps: int,
    optimizer: Optimizer | None = None,
) -> Scheduler:
    """The scheduler of a training that begins; the Trainer gives the last two, by these names."""
    driven = trainer.optimizer if optimizer is None else optimizer
    found = bound(schedule, peak, [driven], num_training_steps, partial(_horizon, trainer))
    # The step is 0, or that of a checkpoint: the state of its scheduler, where it has one, is loaded on top of it.
    trainer.lr_scheduler = attach_to_optimizer(driven, found, step=trainer.state.global_step, **terms)
    return trainer.lr_scheduler  # type: ignore[no-any-return]


class _Telling(transformers.TrainerCallback):  # type: ignore[misc]  # transformers has types for some of it
    """Tells the scheduler what the Trainer logs."""

    def on_log(self, args: Any, state: Any, control: Any, **beside: Any) -> None:  # noqa: ARG002 - the interface
        """One row of its log; a watch that stops ends the training behind this update, with its last checkpoint."""
        logs, scheduler = beside.get("logs") or {}, beside.get("lr_scheduler")
        if "loss" not in logs or not isinstance(scheduler, Scheduler) or scheduler.last_epoch == 0:
            return
        norm = {"grad_norm": logs["grad_norm"]} if logs.get("grad_norm") is not None else {}
        try:
            scheduler.tell(logs["loss"], **norm)
        except DivergedError as error:
            warnings.warn(str(error), stacklevel=2)
            control.should_training_stop = True


def _horizon(trainer: Any, steps: int) -> Horizon:
    """The updates that a Trainer is going to make, with the rates that it knows."""
    args, data = trainer.args, trainer.train_dataset
    samples, accumulation = trainer.get_total_train_batch_size(args), args.gradient_accumulation_steps
    if not transformers.trainer_utils.has_length(data):
        return Horizon(steps, samples_per_step=samples)
    return Horizon.of(
        steps,
        samples_per_epoch=len(data),
        batch_size=samples // accumulation,  # of all processes together
        accumulation=accumulation,
        drop_last=args.dataloader_drop_last,
    )
