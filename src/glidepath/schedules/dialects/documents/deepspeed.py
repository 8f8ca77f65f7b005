"""A DeepSpeed configuration: its "scheduler" block, and the learning rate of its "optimizer".

Source: DeepSpeed 0.19.8, runtime/lr_schedules.py, runtime/engine.py (`_scheduler_from_config`), which takes the
schedulers of torch by their names too.
"""

from collections.abc import Mapping
from math import inf
from typing import Any

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects import desk
from glidepath.schedules.dialects.documents.form import Document, Terms
from glidepath.schedules.dialects.documents.tables import Table

OF = "DeepSpeed"
# Those whose rates are their own; the others start from the optimizer's.
OWN_RATES = ("WarmupDecayLR", "OneCycle", "LRRangeTest", "OneCycleLR", "CyclicLR")


def read(table: Table, terms: Terms) -> Document:
    """The schedule of the "scheduler" block, over its own steps or the horizon of the terms."""
    block = _table(table.values.get("scheduler"), "$.scheduler")
    name, config = block.get("type"), dict(_table(block.get("params") or {}, "$.scheduler.params"))
    for field, value in config.items():
        _refuse_auto(value, f"$.scheduler.params.{field}")
    own = name in OWN_RATES or config.get("warmup_max_lr") is not None
    lr = 1.0 if own else _rate(table, terms)
    library = "torch" if name in desk.names("torch") else "deepspeed"
    reading = desk.read(library, str(name), config, base_lr=lr, horizon=terms.horizon, faithful=terms.faithful)
    run = terms.horizon.steps if terms.horizon else None
    return Document("deepspeed", str(name), reading.schedule, reading.notes, run, beta2=_beta2(table))


def _table(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SpecError(f"{OF} {place}: expected a table, got {shown(value, 40)}")
    return value


def _refuse_auto(value: object, place: str) -> None:
    if value == "auto":
        raise SpecError(
            f'{OF} {place}: expected a value, got "auto", which transformers fills in when it starts: '
            "write the value, or give the TrainingArguments instead"
        )


def _optimizer(table: Table) -> Mapping[str, Any]:
    block = _table(table.values.get("optimizer") or {}, "$.optimizer")
    return _table(block.get("params") or {}, "$.optimizer.params")


def _beta2(table: Table) -> float | None:
    """The second of the optimizer's betas, where the text has them."""
    match _optimizer(table).get("betas"):
        case [_, float(second)] if 0 <= second < 1:
            return second
    return None


def _rate(table: Table, terms: Terms) -> float:
    """The optimizer's learning rate, or the peak that was given beside the text."""
    lr = _optimizer(table).get("lr", terms.peak)
    place = "$.optimizer.params.lr"
    _refuse_auto(lr, place)
    if isinstance(lr, bool) or not isinstance(lr, (int, float)) or not 0 < lr < inf:
        raise SpecError(f"{OF} {place}: expected a number above 0, got {shown(lr, 40)}: write it, or give a peak")
    return float(lr)
