"""What timm's scheduler factory makes of the arguments: a class, its arguments, and how long the run is."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects.question import Question
from glidepath.units import exact

DECAY_EPOCHS = 90  # of the step schedule, unless told
DECAY_SHARE = 0.2  # of the run, for the decays of wsd and rsqrt, unless told
MOST_DROPS = 10_000  # of a step schedule whose steps are not whole


@dataclass(frozen=True, slots=True)
class Plan:
    """A scheduler of timm by name, its arguments, and the epochs or updates of the run."""

    name: str
    config: dict[str, Any]
    total: int


def _warmup(q: Question, unit: int) -> dict[str, Any]:
    return {
        "warmup_t": q.whole("warmup_epochs") * unit,
        "warmup_lr_init": q.number("warmup_lr", low=0),
        "warmup_prefix": q.take("warmup_prefix") is True,
    }


def _prefix(warm: dict[str, Any]) -> int:
    return int(warm["warmup_t"]) if warm["warmup_prefix"] else 0


def _cycles(q: Question, unit: int) -> tuple[dict[str, Any], int]:
    """The arguments of cosine and poly, and their length with the cooldown."""
    first, limit, warm = q.whole("epochs", low=1) * unit, q.whole("lr_cycle_limit"), _warmup(q, unit)
    growth = exact(q.number("lr_cycle_mul", low=1))
    cycles = min(max(1, limit), MOST_DROPS)
    length = floor(first * (cycles if growth == 1 else (growth**cycles - 1) / (growth - 1)))
    config = {
        "t_initial": first,
        "lr_min": q.number("min_lr", low=0),
        "cycle_mul": q.number("lr_cycle_mul"),
        "cycle_decay": q.number("lr_cycle_decay"),
        "cycle_limit": limit,
        "k_decay": q.number("lr_k_decay"),
        **warm,
    }
    return config, length + _prefix(warm) + q.whole("cooldown_epochs") * unit


def _cosine(q: Question, unit: int) -> Plan:
    return Plan("CosineLRScheduler", *_cycles(q, unit))


def _tanh(q: Question, unit: int) -> Plan:
    config, total = _cycles(q, unit)
    del config["k_decay"]
    return Plan("TanhLRScheduler", config, total)


def _poly(q: Question, unit: int) -> Plan:
    config, total = _cycles(q, unit)
    return Plan("PolyLRScheduler", {**config, "power": q.number("decay_rate")}, total)


def _step(q: Question, unit: int) -> Plan:
    warm, given = _warmup(q, unit), q.take("decay_epochs", None)
    total = q.whole("epochs", low=1) * unit + _prefix(warm)
    every = Fraction(DECAY_EPOCHS * unit if given is None else q.number("decay_epochs", low=0) * unit)
    drop = {"decay_rate": q.number("decay_rate"), **warm}
    if every.denominator == 1:
        return Plan("StepLRScheduler", {"decay_t": int(every), **drop}, total)
    if total / every > MOST_DROPS:
        raise SpecError(f"{q.of}: expected decay_epochs of at most {MOST_DROPS} drops, got {float(every / unit):g}")
    # The same as milestones, which timm counts from 1.
    drops = [ceil(k * every) + 1 for k in range(1, ceil(total / every))]
    return Plan("MultiStepLRScheduler", {"decay_t": drops, **drop}, total)


def _milestones(q: Question, unit: int) -> Plan:
    warm, named = _warmup(q, unit), q.take("decay_milestones")
    if not isinstance(named, list) or not all(isinstance(at, int) and at >= 1 for at in named):
        raise SpecError(f"{q.of}: expected decay_milestones as whole epochs from 1, got {shown(named)}")
    config = {"decay_t": [at * unit for at in named], "decay_rate": q.number("decay_rate"), **warm}
    return Plan("MultiStepLRScheduler", config, q.whole("epochs", low=1) * unit + _prefix(warm))


def _constant(q: Question, unit: int) -> Plan:
    warm = _warmup(q, unit)
    config = {"decay_t": 1, "decay_rate": 1.0, **warm}
    return Plan("StepLRScheduler", config, q.whole("epochs", low=1) * unit + _prefix(warm))


def _none(q: Question, unit: int) -> Plan:
    total = q.whole("epochs", low=1) * unit + _prefix(_warmup(q, unit))  # longer, although there is no warmup
    return Plan("StepLRScheduler", {"decay_t": 1, "decay_rate": 1.0}, total)


def _stable(q: Question, unit: int, stable: str, decay: str) -> Plan:
    warm = _warmup(q, unit)
    length = q.whole("epochs", low=1) * unit - (0 if warm.pop("warmup_prefix") else warm["warmup_t"])
    given = DECAY_SHARE if q.take("decay_epochs", None) is None else q.number("decay_epochs", low=0)
    down = round(given * (length if given < 1 else unit))
    if not 0 < down <= length:
        raise SpecError(f"{q.of}: expected decay_epochs within the epochs behind the warmup, got {given:g}")
    timescale = q.take("lr_stable_timescale", None)
    config = {
        "t_initial": length,
        "decay_t": down,
        "lr_min": q.number("min_lr", low=0),
        "stable_fn": stable,
        "decay_fn": q.take("lr_decay_fn", None) or decay,
        **warm,
    }
    if timescale is not None:
        config["stable_timescale"] = q.number("lr_stable_timescale", low=0) * unit
    return Plan("WSDLRScheduler", config, warm["warmup_t"] + length + q.whole("cooldown_epochs") * unit)


def _wsd(q: Question, unit: int) -> Plan:
    return _stable(q, unit, "constant", "1-sqrt")


def _rsqrt(q: Question, unit: int) -> Plan:
    return _stable(q, unit, "rsqrt", "linear")


# Not plateau, which looks at a metric.
SCHEDS: dict[str, Callable[[Question, int], Plan]] = {
    "cosine": _cosine,
    "tanh": _tanh,
    "poly": _poly,
    "step": _step,
    "multistep": _milestones,
    "constant": _constant,
    "none": _none,
    "wsd": _wsd,
    "rsqrt": _rsqrt,
}
