"""transformers: the names of SchedulerType and the arguments of its functions, and its TrainingArguments.

Source: transformers 5.23, optimization.py and training_args.py.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from math import ceil
from typing import Any

from glidepath.errors import SpecError, nearest, shown
from glidepath.schedules.dialects.curves import falling, joined, reach, textbook, waving
from glidepath.schedules.dialects.cycles import MOST_PARTS, along, firsts_of, grown, restarts
from glidepath.schedules.dialects.nesting import fresh
from glidepath.schedules.dialects.question import LARGEST, Answer, Question
from glidepath.schedules.powers import inverse_sqrt
from glidepath.schedules.recipes import arc, cosine, decay, hold, linear, warmup
from glidepath.schedules.reshape import excerpt, repeat
from glidepath.schedules.schedule import Recipe, checked

HALF = 0.5
LEAST_CYCLES = 1e-9  # of a wave: less is a constant
TIMESCALE = 10_000  # of inverse_sqrt without a warmup
LEARNING_RATE = 5e-5  # of TrainingArguments that name none
MOST_EPOCHS = 1e9  # beyond any run, and its product still a float
SHAPES = ("linear", "cosine", "1-sqrt")
STEPS = {"num_warmup_steps", "num_training_steps"}  # which the trainer gives itself
WARMUP_UNUSED = "transformers' constant has no warmup: that of the arguments is never used"
LATE = "transformers begins some cycles a step late, by rounding; read as in time"
MAYBE_LATE = "transformers may begin some cycles a step late, by rounding; read as in time"
CLIMBS = "transformers climbs again behind its last step; read as held there"


def _plan(q: Question, known: int | None = None) -> tuple[int, int]:
    """(warmup steps, training steps); a warmup below 1 is a share, rounded up, as TrainingArguments has it."""
    total = q.whole("num_training_steps", q.steps or known, low=1)
    given = q.take("num_warmup_steps", 0)
    warm = ceil(given * total) if isinstance(given, float) and 0 <= given < 1 else given
    warm = int(warm) if isinstance(warm, float) and warm.is_integer() else warm
    if isinstance(warm, bool) or not isinstance(warm, int) or not 0 <= warm <= total:
        raise SpecError(f"{q.of}: expected num_warmup_steps from 0 to {total}, got {shown(given)}")
    return warm, total


def linear_decay(q: Question) -> Answer:
    """linear: (T - t) / (T - W)."""
    warm, total = _plan(q)
    return Answer(joined(textbook(warm), linear(total - warm)), q.base_lr, total)


def cosine_decay(q: Question) -> Answer:
    """cosine: (1 + cos(2 pi cycles q)) / 2, which climbs again behind the end."""
    warm, total = _plan(q)
    return _waved(q, warm, total, 0.0)


def cosine_with_floor(q: Question) -> Answer:
    """cosine_with_min_lr: the cosine between the peak and a floor."""
    warm, total = _plan(q)
    return _waved(q, warm, total, _floor(q))


def _floor(q: Question) -> float:
    """min_lr, or else min_lr_rate of the rate."""
    rate, low = q.take("min_lr_rate", None), q.take("min_lr", None)
    if (rate is None) == (low is None):
        raise SpecError(f"{q.of}: expected one of min_lr and min_lr_rate, got both or neither")
    return q.number("min_lr_rate", low=0, high=1) * q.base_lr if low is None else q.number("min_lr", low=0)


def _half(q: Question, steps: int) -> float:
    """The steps of half a wave of which num_cycles fill so many, at least one."""
    return max(1, steps) / (2 * q.number("num_cycles", HALF, low=LEAST_CYCLES))


def _waved(q: Question, warm: int, total: int, floor: float) -> Answer:
    way, half = total - warm, _half(q, total - warm)
    if q.faithful:
        until = reach(q, total)
        return Answer(joined(textbook(warm), waving(q, half, until - warm, floor)), q.base_lr, until)
    fall = falling(way, floor) if half == way else waving(q, half, way, floor) if way else None
    return Answer(joined(textbook(warm), fall, hold()), q.base_lr, total, (CLIMBS,))


def hard_restarts(q: Question) -> Answer:
    """cosine_with_restarts: equal cycles of a cosine to 0, which may begin between two steps."""
    warm, total = _plan(q)
    cycles, way = q.number("num_cycles", 1, low=LEAST_CYCLES), total - warm
    if not way:
        return Answer(joined(textbook(warm), hold(at=0.0)), q.base_lr, total)
    if cycles > MOST_PARTS and cycles.is_integer() and way % cycles == 0 and not q.faithful:
        curve = repeat(cosine(), every=int(way / cycles), length=way)  # which needs no part for each
        return Answer(joined(textbook(warm), curve, hold(at=0.0)), q.base_lr, total, (MAYBE_LATE,))
    bounds = grown(q, way / cycles, 1, way)
    begins = [begin for begin, _ in bounds]
    begun = [ceil(begin) for begin in begins]
    late = firsts_of(begins, lambda step: int(cycles * (step / way)))  # as the rounded quotient says
    firsts = late if q.faithful else begun
    notes = () if firsts == late else (LATE,)
    if cycles.is_integer() and way % cycles == 0 and firsts == begins:
        curve = cosine(way) if cycles == 1 else repeat(cosine(), times=int(cycles), length=way)
    else:
        curve = joined(along(q, restarts(bounds, firsts, lambda _: (1.0, 0.0)), way, float))
    return Answer(joined(textbook(warm), curve, hold(at=0.0)), q.base_lr, total, notes)


def polynomial(q: Question) -> Answer:
    """polynomial: ((p - e)(1 - q)^power + e) / p."""
    warm, total = _plan(q)
    low, power = q.number("lr_end", 1e-7, low=0), q.number("power", 1.0, low=0)
    if low >= q.base_lr:
        raise SpecError(f"{q.of}: expected lr_end below the rate {q.base_lr:g}, got {low:g}")
    return Answer(joined(textbook(warm), falling(total - warm, low, "polynomial", power), hold()), q.base_lr, total)


def constant(q: Question) -> Answer:
    """constant: p; the warmup of the other names is not its own."""
    _, total = _plan(q)
    return Answer(hold(), q.base_lr, total)


def constant_with_warmup(q: Question) -> Answer:
    """constant_with_warmup: t/W, then p."""
    warm, total = _plan(q)
    return Answer(joined(textbook(warm), hold()), q.base_lr, total)


def inverse(q: Question) -> Answer:
    """inverse_sqrt: 1 / sqrt((t + s - W) / s), for ever."""
    warm, total = _plan(q)
    named = q.take("timescale", None) is not None
    timescale = q.whole("timescale", low=1) if named else warm or TIMESCALE
    return Answer(joined(textbook(warm), inverse_sqrt(timescale=timescale)), q.base_lr, reach(q, total))


def warmup_with_floor(q: Question) -> Answer:
    """cosine_warmup_with_min_lr: a warmup by (t+1)/W, and a floor reached at the last update."""
    warm, total = _plan(q)
    low, way = _floor(q), max(1, total - warm)
    first = None if q.take("warmup_lr_rate", None) is None else q.number("warmup_lr_rate", low=0, high=1)
    half = _half(q, way)
    shown_for = reach(q, total) - warm if q.faithful else way - 1
    if half == way and not q.faithful:
        wave = arc(way - 1, start=1.0, to=low / q.base_lr, shape="cosine", since=1 / way) if way > 1 else None
        fall = joined(wave, hold(at=low / q.base_lr))
    else:
        fall = joined(excerpt(waving(q, half, shown_for + 1, low), shown_for + 1, begin=1, length=shown_for), hold())
    notes = () if q.faithful else (CLIMBS,)
    return Answer(joined(_from(warm, first), fall), q.base_lr, warm + shown_for, notes)


def _from(warm: int, first: float | None) -> Recipe | None:
    """Up to the peak at step W - 1, from 1/W or a share of the rate on."""
    if warm <= 1:
        return hold(warm, at=1.0 if first is None else first) if warm else None
    return joined(warmup(warm - 1, start=1 / warm if first is None else first), hold(1, at=1.0))


def stable(q: Question) -> Answer:
    """warmup_stable_decay: up from the floor, p, down to the floor; three shapes each way."""
    down, rate = q.whole("num_decay_steps"), q.number("min_lr_ratio", 0.0, low=0, high=1)
    rising, shape = q.choice("warmup_type", "linear", SHAPES), q.choice("decay_type", "cosine", SHAPES)
    flat = None if q.take("num_stable_steps", None) is None else q.whole("num_stable_steps")
    first = q.take("num_warmup_steps", 0)
    rising_for = int(first) if isinstance(first, (int, float)) and 0 <= first < LARGEST else 0
    known = flat + down + rising_for if flat is not None else None
    warm, total = _plan(q, known)
    held = total - warm - down if flat is None else flat
    if held < 0 and not q.faithful:
        raise SpecError(f"{q.of}: expected warmup and decay within {total} steps, got {warm} and {down}")
    half = _half(q, down)
    fall = decay(down, to=rate, shape=shape)
    if shape == "cosine" and half != down and down:
        fall = waving(q, half, down, rate * q.base_lr)
    if held < 0:  # the decay begins within the warmup, which goes before it
        fall = excerpt(fall, down, begin=-held, length=down + held)
    curve = joined(_rise(warm, rate, rising), hold(max(0, held), at=1.0), fall, hold(at=rate))
    return Answer(curve, q.base_lr, max(total, warm + down + held))


def _rise(warm: int, rate: float, shape: str) -> Recipe | None:
    if not warm:
        return None
    if shape == "1-sqrt":
        return arc(warm, start=rate, to=1.0, shape="sqrt-in")
    return warmup(warm, start=rate, shape=shape)


def arguments(q: Question) -> Answer:
    """TrainingArguments: lr_scheduler_type over max_steps, or over the horizon, which is num_train_epochs long."""
    kind = q.take("lr_scheduler_type", "linear")
    name = str(kind).removeprefix("SchedulerType.").lower() if isinstance(kind, str) else ""
    if name not in TYPES:
        hint = nearest(name[:40], TYPES)
        raise SpecError(f"{q.of}: expected an lr_scheduler_type that is read, got {shown(kind)}: {hint}")
    steps, epochs = q.whole("max_steps", -1, low=-1), q.number("num_train_epochs", 3.0, low=0, high=MOST_EPOCHS)
    if steps < 1 and q.steps is None:
        raise SpecError(
            f"{q.of}: expected max_steps above 0, or a horizon, got {epochs:g} epochs: read(..., horizon=...)"
        )
    total = steps if steps > 0 else q.horizon()
    warm, own = warmup_steps(q, total), _own(q, "lr_scheduler_kwargs", STEPS)
    notes = [] if "learning_rate" in q.config else [f"learning_rate is not said; read as {LEARNING_RATE:g}"]
    notes += [WARMUP_UNUSED] if name == "constant" and warm else []
    rate = checked(q.number("learning_rate", LEARNING_RATE, low=0), "learning_rate")
    config = {"num_warmup_steps": warm, "num_training_steps": total, **own}
    within = Question(f"{q.of} > {name}", config, rate, total, q.faithful, planned=q.planned)
    answer = TYPES[name](within)
    within.finish()
    return replace(answer, notes=(*notes, *answer.notes))


def warmup_steps(q: Question, total: int) -> int:
    """Steps; a share of the run, rounded up, below 1 (5.0 and later) or as warmup_ratio (before)."""
    steps = q.number("warmup_steps", 0, low=0)
    ratio = 0.0 if q.take("warmup_ratio", None) is None else q.number("warmup_ratio", low=0, high=1)
    return int(steps) if steps >= 1 else ceil(total * (steps or ratio))


def _own(q: Question, field: str, others: Collection[str]) -> Mapping[str, Any]:
    """A table of a scheduler's own arguments, which are none of the `others`."""
    given = q.take(field, None) or {}
    if not isinstance(given, Mapping) or not all(isinstance(key, str) and key not in others for key in given):
        raise SpecError(f"{q.of}: expected {field} as a table of fields that are nowhere else, got {shown(given)}")
    return given


def _unpacked(read: Callable[[Question], Answer]) -> Callable[[Question], Answer]:
    """A reader whose own arguments may stand in a table of their own, as get_scheduler takes them."""

    def reader(q: Question) -> Answer:
        within = replace(q, config={**q.config, **_own(q, "scheduler_specific_kwargs", q.config.keys())})
        answer = read(within)
        within.finish()
        return answer

    return reader


TYPES: dict[str, Callable[[Question], Answer]] = {
    "linear": linear_decay,
    "cosine": cosine_decay,
    "cosine_with_restarts": hard_restarts,
    "polynomial": polynomial,
    "constant": constant,
    "constant_with_warmup": constant_with_warmup,
    "inverse_sqrt": inverse,
    "cosine_with_min_lr": cosine_with_floor,
    "cosine_warmup_with_min_lr": warmup_with_floor,
    "warmup_stable_decay": stable,
}
NAMES = {**{name: fresh(_unpacked(read)) for name, read in TYPES.items()}, "TrainingArguments": arguments}
