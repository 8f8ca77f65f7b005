"""A Megatron-LM command line, whole or within a shell script.

Megatron counts samples: update t is at t times the global batch. Here lengths are exact in updates; where one ends
between two updates the curve is planned over finer steps and read every n-th.
Source: Megatron-LM, megatron/training/training.py (`get_optimizer_param_scheduler`), arguments.py, and
megatron/core/optimizer_param_scheduler.py.
"""

from contextlib import suppress
from fractions import Fraction
from math import ceil, floor, lcm

from glidepath.errors import ScheduleError, SpecError
from glidepath.schedules.dialects import desk
from glidepath.schedules.dialects.documents.form import Document, Form, Terms, beta2, rate
from glidepath.schedules.dialects.documents.tables import Table
from glidepath.schedules.dialects.question import Question
from glidepath.schedules.reshape import excerpt, stretch
from glidepath.schedules.schedule import Schedule
from glidepath.units import exact

DEFAULTS = {"min_lr": 0.0, "lr_warmup_init": 0.0, "lr_decay_style": "linear", "lr_wsd_decay_style": "exponential"}
RAMPS = ("rampup_batch_size", "step_batch_size_schedule")
FORM = Form(
    "Megatron-LM",
    DEFAULTS,
    frozenset(
        {
            "train_iters",
            "train_samples",
            "global_batch_size",
            "adam_beta2",
            "use_checkpoint_opt_param_scheduler",
            *RAMPS,
        }
    ),
    r"override_opt_.*|use_checkpoint_opt_.*|cuda_graph_.*|ft_.*|.*pipeline.*",
    ("lr_decay_style", "lr_wsd_decay_style"),
)


def read(table: Table, terms: Terms) -> Document:
    """The schedule of the arguments, over the updates of the run."""
    q = FORM.question(table, terms)
    for ramp in RAMPS:
        if q.take(ramp, None) is not None:
            raise SpecError(f"{q.of}: expected a batch of one size, got {ramp}: the samples of an update then change")
    unit, whole, batch = _run(q, terms)
    decay = _length(q, f"lr_decay_{unit}", batch) or whole
    style, peak, low = str(q.take("lr_decay_style")), rate(q, "lr", terms), q.number("min_lr", low=0)
    lengths = {"lr_decay_steps": decay, "lr_warmup_steps": _warmup(q, unit, batch, decay)}
    if style == "WSD":
        lengths["wsd_decay_steps"] = Fraction(q.whole(f"lr_wsd_decay_{unit}"), batch)
    finer = lcm(*(length.denominator for length in lengths.values()), _samples(q, style, lengths["lr_warmup_steps"]))
    config = {"max_lr": peak, "min_lr": low, "init_lr": q.number("lr_warmup_init", low=0), "lr_decay_style": style}
    config |= {name: int(length * finer) for name, length in lengths.items()}
    if style == "WSD":
        config["lr_wsd_decay_style"] = q.take("lr_wsd_decay_style")
    notes, assumed, momentum = _notes(q, style, low), FORM.assumed(q, table), beta2(q)
    FORM.finish(q)
    reading = desk.read("megatron", "OptimizerParamScheduler", config, faithful=terms.faithful)
    run = floor(whole)
    schedule = _over(reading.schedule, run, decay, finer)
    return Document("megatron", style, schedule, notes + reading.notes, run, assumed, momentum)


def _run(q: Question, terms: Terms) -> tuple[str, Fraction, int]:
    """(the unit of the lengths, the run in updates, the samples of an update, which iterations do not need)."""
    if "train_samples" not in q.config:
        q.take("global_batch_size", None)
        if "train_iters" in q.config or terms.horizon is None:
            return "iters", Fraction(q.whole("train_iters", low=1)), 1
        return "iters", Fraction(terms.horizon.steps), 1
    if "global_batch_size" not in q.config:
        raise SpecError(f"{q.of}: expected global_batch_size beside train_samples, got none: write it")
    batch = q.whole("global_batch_size", low=1)
    return "samples", Fraction(q.whole("train_samples", low=batch), batch), batch


def _length(q: Question, name: str, batch: int) -> Fraction:
    """A length in updates, exact."""
    return Fraction(q.whole(name, 0), batch)


def _warmup(q: Question, unit: str, batch: int, decay: Fraction) -> Fraction:
    """Steps, or a share of the decay's."""
    steps = _length(q, f"lr_warmup_{unit}", batch)
    if "lr_warmup_fraction" not in q.config:
        return steps
    if steps:
        raise SpecError(f"{q.of}: expected one of lr_warmup_fraction and lr_warmup_{unit}, got both")
    return exact(q.number("lr_warmup_fraction", low=0, high=1)) * decay


def _samples(q: Question, style: str, warm: Fraction) -> int:
    """The steps of an update that the curve is planned over: a root without a warmup is one of samples."""
    if style != "inverse-square-root" or warm >= 1:
        return 1
    if "global_batch_size" not in q.config:
        raise SpecError(
            f"{q.of}: expected a warmup or global_batch_size with {style}, got neither: it decays by samples"
        )
    batch = q.whole("global_batch_size", low=1)
    if 0 < warm * batch < 1:
        raise SpecError(f"{q.of}: expected a warmup of a sample or none with {style}, got {float(warm * batch):g}")
    return batch


def _notes(q: Question, style: str, low: float) -> tuple[str, ...]:
    notes = [f"min_lr={low:g} is never used, because lr_decay_style is constant"] if style == "constant" and low else []
    if q.take("decoupled_lr", None) is not None or q.take("decoupled_min_lr", None) is not None:
        notes.append("decoupled_lr gives embeddings and output layer a peak of their own: this is that of the rest")
    if q.take("use_checkpoint_opt_param_scheduler", False):
        notes.append("the schedule in the checkpoint takes the place of this one")
    return tuple(notes)


def _over(planned: Schedule, run: int, decay: Fraction, finer: int) -> Schedule:
    """The curve over the run; over its own length where the run ends before it."""
    horizon = run if decay < run + 1 else ceil(decay) + 1
    first = max(horizon, ceil(decay))
    for steps in (first, first + 1):  # the root keeps its value at the last step of the decay, one more
        recipe = planned.recipe if finer == 1 else stretch(planned.recipe, steps * finer)
        with suppress(ScheduleError):
            recipe.over(steps, peak=planned.peak)
            whole = recipe if steps == horizon else excerpt(recipe, steps)
            return whole.over(horizon, peak=planned.peak)
    return planned
