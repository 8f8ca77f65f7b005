"""A recipe, a schedule or a plan as a text: in our own forms, or as another library's configuration."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects import desk, writers
from glidepath.schedules.dialects.documents.deepspeed import OWN_RATES
from glidepath.schedules.dialects.documents.form import closest
from glidepath.schedules.dialects.spelling import library_of
from glidepath.schedules.plan import Plan
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.schedules.spec import to_json, to_toml

Config = Mapping[str, Any]
FORMS: dict[str, Callable[[Recipe | Schedule | Plan], str]] = {
    "toml": to_toml,
    "json": to_json,
    "text": str,
    "code": repr,
}
# Megatron-LM's options for what its scheduler calls so, in updates.
OPTIONS = {
    "max_lr": "--lr",
    "min_lr": "--min-lr",
    "init_lr": "--lr-warmup-init",
    "lr_warmup_steps": "--lr-warmup-iters",
    "lr_decay_steps": "--lr-decay-iters",
    "lr_decay_style": "--lr-decay-style",
    "wsd_decay_steps": "--lr-wsd-decay-iters",
    "lr_wsd_decay_style": "--lr-wsd-decay-style",
}


def write(value: Recipe | Schedule | Plan, form: str) -> str:
    """The text of a value: toml, json, text, code, or a schedule in the form of a library.

    transformers gets the fields of TrainingArguments, DeepSpeed its block, Megatron-LM a command line, any other
    library its name and arguments, all as `read` reads them. Raises SpecError where the library has no such curve.

    >>> from glidepath import hold
    >>> write(hold(), "code")
    'hold()'
    """
    if form.lower() in FORMS:
        return FORMS[form.lower()](value)
    library = _library(form)
    if not isinstance(value, Schedule):
        raise SpecError(f"expected a schedule for {form}, got {value!s:.60}: give a recipe a horizon (--horizon 100k)")
    name, config = writers.write(value, library)
    return WRITERS.get(library, _named)(value, library, name, config)


def _library(form: str) -> str:
    try:
        return library_of(form, desk.libraries())
    except SpecError as error:
        hint = closest(form, [*FORMS, *desk.libraries()])
        raise SpecError(f"expected a form or a library to write, got {shown(form, 40)}: {hint}") from error


def _named(schedule: Schedule, library: str, name: str, config: Config) -> str:
    fields: dict[str, Any] = {"library": library, "name": name, "config": config}
    if schedule.peak is not None:
        fields["base_lr"] = schedule.peak
    return json.dumps({**fields, "horizon": schedule.horizon.steps}, indent=2)


def _peak(schedule: Schedule, library: str) -> float:
    if schedule.peak is None:
        raise SpecError(f"expected a schedule with a peak for {library}, got a multiplier: give it one (--peak 3e-4)")
    return schedule.peak


def _transformers(schedule: Schedule, library: str, name: str, config: Config) -> str:
    run = schedule.horizon.steps
    if config.get("num_training_steps", run) != run:  # its trainer plans a schedule for all the updates of the run
        raise SpecError(
            f"expected a schedule that ends with the run for TrainingArguments, got {name} planned for "
            f"{config['num_training_steps']} updates of {run}: build it with get_scheduler"
        )
    own = {field: value for field, value in config.items() if field not in ("num_warmup_steps", "num_training_steps")}
    fields = {
        "learning_rate": _peak(schedule, library),
        "lr_scheduler_type": name,
        "warmup_steps": config.get("num_warmup_steps", 0),
        "max_steps": run,
    }
    return json.dumps(fields | ({"lr_scheduler_kwargs": own} if own else {}), indent=2)


def _deepspeed(schedule: Schedule, library: str, name: str, config: Config) -> str:
    block: dict[str, Any] = {"scheduler": {"type": name, "params": config}}
    if name not in OWN_RATES and "warmup_max_lr" not in config:
        block = {"optimizer": {"params": {"lr": _peak(schedule, library)}}, **block}
    return json.dumps(block, indent=2)


def _megatron(schedule: Schedule, library: str, name: str, config: Config) -> str:  # noqa: ARG001 - one signature
    _peak(schedule, library)
    words = [f"{option} {config[field]}" for field, option in OPTIONS.items() if config.get(field) is not None]
    return " ".join([*words, f"--train-iters {schedule.horizon.steps}"])


WRITERS: dict[str, Callable[[Schedule, str, str, Config], str]] = {
    "transformers": _transformers,
    "deepspeed": _deepspeed,
    "megatron": _megatron,
}
