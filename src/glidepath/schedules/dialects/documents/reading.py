"""A text that describes a schedule, in our own forms or in those of another library, recognised from its content."""

from collections.abc import Callable, Mapping
from typing import Any

from glidepath.errors import GlidepathError, SpecError, shown
from glidepath.schedules.dialects import desk
from glidepath.schedules.dialects.documents import deepspeed, megatron, timm, transformers
from glidepath.schedules.dialects.documents.form import OURS, Document, Terms
from glidepath.schedules.dialects.documents.tables import LONGEST, Table, table_of
from glidepath.schedules.families import FAMILIES, family
from glidepath.schedules.plan import Plan
from glidepath.schedules.spec import from_spec
from glidepath.schedules.text import parse

NAMED = frozenset({"library", "name", "config", "base_lr", "horizon"})  # what `write` gives of any library
# Fields that only the texts of one library have; the library with most of them it is.
MARKS: dict[str, frozenset[str]] = {
    OURS: frozenset({"glidepath", "parts"}),
    "named": frozenset({"library", "config"}),
    "transformers": frozenset(
        {
            *("lr_scheduler_type", "lr_scheduler_kwargs", "warmup_ratio", "num_train_epochs"),
            *("per_device_train_batch_size", "gradient_accumulation_steps", "adam_beta2", "output_dir"),
        }
    ),
    "deepspeed": frozenset(
        {
            *("scheduler", "optimizer", "zero_optimization", "train_micro_batch_size_per_gpu"),
            *("train_batch_size", "gradient_clipping", "steps_per_print", "zero_allow_untested_optimizer"),
        }
    ),
    "megatron": frozenset(
        {
            *("lr_decay_style", "lr_decay_iters", "lr_decay_samples", "lr_warmup_fraction", "lr_warmup_iters"),
            *("lr_warmup_samples", "lr_warmup_init", "lr_wsd_decay_style", "lr_wsd_decay_iters"),
            *("lr_wsd_decay_samples", "train_iters", "train_samples", "global_batch_size", "micro_batch_size"),
        }
    ),
    "timm": frozenset(
        {
            *("sched", "sched_on_updates", "warmup_epochs", "warmup_lr", "warmup_prefix", "decay_epochs"),
            *("decay_milestones", "cooldown_epochs", "lr_base", "lr_cycle_limit", "lr_cycle_mul", "lr_k_decay"),
        }
    ),
}
MOST_SHOWN = 8  # fields in a complaint


def read(text: str, terms: Terms | None = None) -> Document:
    """The schedule that a text describes, and whose text it is; the terms say what the text leaves open.

    Ours as JSON, TOML, one line or a family's name; arguments of transformers, Megatron-LM or timm as JSON, flat
    `key: value` lines or a command line, whole or in a script; a DeepSpeed JSON; a library's own configuration with
    its name. Fields that have nothing to do with the learning rate are passed over, others that are not understood
    refused. Raises SpecError, with the place, for them and for anything else.

    >>> document = read("--learning_rate 3e-4 --lr_scheduler_type linear --warmup_steps 0.1 --max_steps 100")
    >>> document.title, document.value(10)
    ('transformers linear', 0.0003)
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        raise SpecError(f"expected a text of at most {LONGEST} characters, got {shown(text, 40)}")
    return _of(text, Terms() if terms is None else terms)


def _of(text: str, terms: Terms) -> Document:
    if text.strip() in {one.name for one in FAMILIES}:
        return Document(OURS, text.strip(), family(text.strip()).recipe)
    table = table_of(text)
    if table is None:
        return Document(OURS, "", parse(text.strip()))
    try:
        return READERS[_library(table.values)](table, terms)
    except SpecError:
        raise
    except GlidepathError as error:  # an amount or a part that cannot be
        raise SpecError(str(error)) from error


def _library(values: Mapping[str, Any]) -> str:
    """The library whose fields they are, by the marks that only its texts have."""
    found = {library: len(marks.intersection(values)) for library, marks in MARKS.items()}
    most = max(found.values())
    libraries = [library for library, count in found.items() if count == most]
    if most and len(libraries) == 1:
        return libraries[0]
    names = ", ".join(shown(name, 30) for name in list(values)[:MOST_SHOWN]) or "no fields"
    raise SpecError(
        f"expected a schedule of ours, or arguments of transformers, DeepSpeed, Megatron-LM or timm, got {names}: "
        + (f"they may be of {' or '.join(libraries)}" if most else "none of them says whose they are")
    )


def _ours(table: Table, terms: Terms) -> Document:  # noqa: ARG001 - all readers have one signature
    value = from_spec(table.values)
    if not isinstance(value, Plan):
        return Document(OURS, "", value)
    return Document(OURS, "plan", value.lr, beta2=value.beta2 if isinstance(value.beta2, float) else None, plan=value)


def _named(table: Table, terms: Terms) -> Document:
    """A library's own configuration, with its name: `{"library": "torch", "name": ..., "config": {...}}`."""
    values = table.values
    for name in values:
        if name not in NAMED:
            raise SpecError(f"$: expected {', '.join(sorted(NAMED))}, got {shown(name, 40)}")
    library, name = str(values.get("library")), str(values.get("name"))
    lr = values.get("base_lr", terms.peak)
    if isinstance(lr, bool) or not isinstance(lr, (int, float, type(None))):
        raise SpecError(f"$.base_lr: expected a number above 0, got {shown(lr, 40)}")
    steps = values.get("horizon", terms.horizon)
    reading = desk.read(
        library,
        name,
        values.get("config", {}),
        base_lr=1.0 if lr is None else lr,
        horizon=steps,
        faithful=terms.faithful,
    )
    return Document(library, name, reading.schedule, reading.notes)


READERS: dict[str, Callable[[Table, Terms], Document]] = {
    OURS: _ours,
    "named": _named,
    "transformers": transformers.read,
    "deepspeed": deepspeed.read,
    "megatron": megatron.read,
    "timm": timm.read,
}
