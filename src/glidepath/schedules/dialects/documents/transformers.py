"""TrainingArguments of transformers, as `to_json_string` writes them, as a YAML file or as a command line has them.

Source: transformers 4.57 and 5.23, training_args.py (`get_warmup_steps`), trainer.py, optimization.py.
"""

import json
from math import ceil
from typing import Any

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects import desk
from glidepath.schedules.dialects.documents.form import Document, Form, Terms, beta2, rate
from glidepath.schedules.dialects.documents.tables import Table, scalar
from glidepath.schedules.dialects.question import Question
from glidepath.schedules.dialects.transformers import LEARNING_RATE, MOST_EPOCHS, STEPS, WARMUP_UNUSED, warmup_steps
from glidepath.units import Horizon

DEFAULTS = {
    "lr_scheduler_type": "linear",
    "lr_scheduler_kwargs": {},
    "warmup_steps": 0,
    "warmup_ratio": 0.0,
    "max_steps": -1,
    "num_train_epochs": 3.0,
}
FORM = Form(
    "transformers",
    DEFAULTS,
    frozenset({"deepspeed", "learning_rate", "adam_beta2"}),
    r"ema_.*",
    ("lr_scheduler_type", "num_train_epochs"),
)


def read(table: Table, terms: Terms) -> Document:
    """The schedule of the arguments, over max_steps or over the epochs that the terms know the length of."""
    q = FORM.question(table, terms)
    name = str(q.take("lr_scheduler_type")).removeprefix("SchedulerType.").lower()
    total, extra = _total(q, terms), _extra(q)
    warm = warmup_steps(q, total)
    peak, assumed = _peak(q, terms)
    notes, momentum = _notes(q, name, warm), beta2(q)
    FORM.finish(q)
    config = {"num_warmup_steps": warm, "num_training_steps": total, **extra}
    reading = desk.read("transformers", name, config, base_lr=peak, faithful=terms.faithful)
    assumed += FORM.assumed(q, table)
    return Document("transformers", name, reading.schedule, notes + reading.notes, total, assumed, momentum)


def _peak(q: Question, terms: Terms) -> tuple[float, tuple[str, ...]]:
    """The rate that is written, or given, or else the library's default, which is then said."""
    if "learning_rate" in q.config or terms.peak is not None:
        return rate(q, "learning_rate", terms), ()
    q.take("learning_rate", None)
    return LEARNING_RATE, (f"learning_rate={LEARNING_RATE:g}",)


def _total(q: Question, terms: Terms) -> int:
    """max_steps where it is above 0, else the epochs in updates, rounded up."""
    steps = q.take("max_steps")
    if isinstance(steps, int) and not isinstance(steps, bool) and steps > 0:
        return Horizon(steps).steps
    if steps not in (-1, 0):
        raise SpecError(f"{q.of}: expected max_steps as a whole number, got {shown(steps, 40)}")
    epochs = q.number("num_train_epochs", low=0, high=MOST_EPOCHS)
    if terms.horizon is not None:
        return terms.horizon.steps
    if terms.steps_per_epoch is None:
        raise SpecError(
            f"{q.of}: expected max_steps above 0, because the arguments do not say how long {epochs:g} epochs are: "
            "give the updates of the run (--horizon 3000) or of an epoch (--steps-per-epoch 1000)"
        )
    return max(1, ceil(epochs * terms.steps_per_epoch))


def _extra(q: Question) -> dict[str, Any]:
    """lr_scheduler_kwargs, a table or a text of JSON whose texts may be numbers, as on a command line."""
    kwargs = q.take("lr_scheduler_kwargs")
    written = isinstance(kwargs, str)
    try:
        kwargs = json.loads(kwargs) if written else kwargs
    except (ValueError, RecursionError) as error:
        raise SpecError(f"{q.of}: expected lr_scheduler_kwargs as JSON, got {shown(kwargs, 40)}") from error
    if not isinstance(kwargs, dict) or STEPS & kwargs.keys():
        raise SpecError(
            f"{q.of}: expected lr_scheduler_kwargs as a table without the steps of warmup and run, "
            f"got {shown(kwargs, 40)}"
        )
    return {name: scalar(one) if written and isinstance(one, str) else one for name, one in kwargs.items()}


def _notes(q: Question, name: str, warm: int) -> tuple[str, ...]:
    notes = []
    if name == "constant" and warm:
        notes.append(WARMUP_UNUSED)
    deepspeed = q.take("deepspeed", None)
    if isinstance(deepspeed, dict) and "scheduler" in deepspeed:
        raise SpecError(f"{q.of}: expected no scheduler in deepspeed, got one, which takes this one's place: give that")
    if deepspeed:
        notes.append(f"a scheduler in the DeepSpeed file {shown(deepspeed, 40)} would take the place of this one")
    return tuple(notes)
