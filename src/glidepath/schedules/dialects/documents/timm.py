"""The arguments of timm's train.py: a command line, or the args.yaml that a run writes.

timm sets the rate once an epoch, or with sched_on_updates once an update; how many updates an epoch has is not
among its arguments. Source: timm 1.0.31, scheduler/scheduler_factory.py and scheduler/*.py; train.py of timm 1.0.
"""

from itertools import groupby

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects import desk
from glidepath.schedules.dialects.curves import joined
from glidepath.schedules.dialects.documents.form import Document, Form, Terms, rate
from glidepath.schedules.dialects.documents.tables import Table
from glidepath.schedules.dialects.documents.timm_factory import SCHEDS, Plan
from glidepath.schedules.dialects.question import Question
from glidepath.schedules.levels import absolute
from glidepath.schedules.recipes import hold
from glidepath.schedules.schedule import Schedule

# Of train.py, where those of the functions that it calls differ.
DEFAULTS = {
    "sched": "cosine",
    "sched_on_updates": False,
    "epochs": 300,
    "min_lr": 0.0,
    "warmup_lr": 1e-5,
    "warmup_epochs": 5,
    "warmup_prefix": False,
    "cooldown_epochs": 0,
    "decay_milestones": [90, 180, 270],
    "decay_rate": 0.1,
    "lr_cycle_mul": 1.0,
    "lr_cycle_decay": 0.5,
    "lr_cycle_limit": 1,
    "lr_k_decay": 1.0,
}
# Without a use for this schedule, or at all once lr is known.
OTHERS = ("lr_base", "lr_base_size", "lr_base_scale", "lr_noise_pct", "lr_noise_std")
FORM = Form(
    "timm",
    DEFAULTS,
    frozenset({*OTHERS, "decay_epochs", "layer_decay", "lr_noise", "lr_decay_fn", "lr_stable_timescale"}),
    r"model_ema_.*",
    ("sched", "sched_on_updates", "epochs", "warmup_epochs", "warmup_lr", "decay_milestones", "decay_rate"),
    {"dr": "decay_rate"},
)
MOST_EPOCHS = 2_000  # each a part of its own where the rate is set once an epoch


def read(table: Table, terms: Terms) -> Document:
    """The schedule of the arguments, over the updates of all epochs."""
    q = FORM.question(table, terms)
    sched, peak, on_updates = q.choice("sched", "cosine", tuple(SCHEDS)), rate(q, "lr", terms), _flag(q)
    notes = _notes(q)
    FORM.finish(q)
    whole = SCHEDS[sched](q, 1)  # in epochs
    per_epoch = _per_epoch(q, terms, whole.total)
    plan = SCHEDS[sched](q, per_epoch) if on_updates else whole
    run = plan.total // per_epoch * per_epoch if on_updates else plan.total * per_epoch
    reading = desk.read("timm", plan.name, plan.config, base_lr=peak, horizon=plan.total, faithful=terms.faithful)
    schedule = reading.schedule if on_updates else _each_epoch(q, reading.schedule, plan, per_epoch)
    notes += tuple(note if on_updates else f"counted in epochs, {note}" for note in reading.notes)
    return Document("timm", sched, schedule, notes, run, FORM.assumed(q, table))


def _flag(q: Question) -> bool:
    on_updates = q.take("sched_on_updates")
    if not isinstance(on_updates, bool):
        raise SpecError(f"{q.of}: expected sched_on_updates as true or false, got {shown(on_updates, 40)}")
    return on_updates


def _per_epoch(q: Question, terms: Terms, epochs: int) -> int:
    """The updates of an epoch, as given or as those of the run have it."""
    known = terms.horizon.steps_per_epoch if terms.horizon else None
    if terms.steps_per_epoch is not None:
        return terms.steps_per_epoch
    if known is not None and known.denominator == 1:
        return int(known)
    if known is None and terms.horizon is not None and terms.horizon.steps % epochs == 0:
        return terms.horizon.steps // epochs
    raise SpecError(
        f"{q.of}: expected to know the whole updates of an epoch, got "
        f"{'none' if terms.horizon is None else terms.horizon}: give them (--steps-per-epoch 1251), "
        f"or those of all {epochs} epochs (--horizon {epochs * 1251})"
    )


def _notes(q: Question) -> tuple[str, ...]:
    if q.take("lr_noise", None) not in (None, []):
        raise SpecError(f"{q.of}: expected no lr_noise, got some: a schedule has no random numbers")
    layers = q.take("layer_decay", None) is not None
    return ("layer_decay gives earlier layers less: this is the rate of the last",) if layers else ()


def _each_epoch(q: Question, epochs: Schedule, plan: Plan, per_epoch: int) -> Schedule:
    """The schedule of epochs in updates: one level for each epoch, equal neighbours in one."""
    if plan.total > MOST_EPOCHS:
        raise SpecError(f"{q.of}: expected at most {MOST_EPOCHS} epochs of one rate each, got {plan.total}")
    levels = [(value, sum(1 for _ in run)) for value, run in groupby(epochs(range(plan.total)).tolist())]
    after = hold(0, at=absolute(epochs(plan.total)))
    recipe = joined(*(hold(count * per_epoch, at=absolute(value)) for value, count in levels), after)
    return recipe.over(plan.total * per_epoch, peak=epochs.peak)
