"""transformers: the names of SchedulerType and the arguments of its functions."""

from math import ceil

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import falling, joined, textbook, waves
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.powers import inverse_sqrt
from glidepath.schedules.recipes import arc, cosine, decay, hold, linear, warmup
from glidepath.schedules.reshape import excerpt, repeat
from glidepath.schedules.schedule import Recipe

FAITHFUL = 4  # horizons behind the end for which the climbing of a faithful reading is kept


def _plan(q: Question) -> tuple[int, int]:
    """(warmup steps, training steps); a warmup below 1 is a share, rounded up, as TrainingArguments has it."""
    total = q.whole("num_training_steps", q.steps, low=1)
    given = q.take("num_warmup_steps", 0)
    warm = ceil(given * total) if isinstance(given, float) and 0 <= given < 1 else given
    if isinstance(warm, bool) or not isinstance(warm, int) or not 0 <= warm <= total:
        raise SpecError(f"{q.of}: expected num_warmup_steps from 0 to {total}, got {given!r:.40}")
    return warm, total


def linear_decay(q: Question) -> Answer:
    """linear: (T - t) / (T - W)."""
    warm, total = _plan(q)
    return Answer(joined(textbook(warm), linear(total - warm)), q.base_lr, total)


def cosine_decay(q: Question) -> Answer:
    """cosine: (1 + cos(2 pi cycles q)) / 2, which climbs again behind the end."""
    warm, total = _plan(q)
    return _waved(q, warm, total, q.number("num_cycles", 0.5, low=0.5), 0.0)


def cosine_with_floor(q: Question) -> Answer:
    """cosine_with_min_lr: the cosine between the peak and a floor."""
    warm, total = _plan(q)
    rate, low = q.take("min_lr_rate", None), q.take("min_lr", None)
    if (rate is None) == (low is None):
        raise SpecError(f"{q.of}: expected one of min_lr and min_lr_rate, got both or neither")
    floor = q.number("min_lr_rate", low=0, high=1) * q.base_lr if low is None else q.number("min_lr", low=0)
    return _waved(q, warm, total, q.number("num_cycles", 0.5, low=0.5), floor)


def _waved(q: Question, warm: int, total: int, cycles: float, floor: float) -> Answer:
    half = max(1, total - warm) / (2 * cycles)
    reach = total * (1 + FAITHFUL) if q.faithful else total
    count = ceil((reach - warm) / half) if total > warm else 0
    shown = waves(half, count, floor) if count else None
    notes = () if q.faithful else ("transformers climbs again behind its last step; read as held there",)
    end = None if q.faithful and count else hold()
    steps = warm + ceil(count * half) if count else total
    return Answer(joined(textbook(warm), shown, end), q.base_lr, steps, notes)


def restarts(q: Question) -> Answer:
    """cosine_with_restarts: equal cycles of a cosine to 0."""
    warm, total = _plan(q)
    cycles = q.whole("num_cycles", 1, low=1)
    if (total - warm) % cycles:
        raise SpecError(f"{q.of}: expected cycles of whole steps, got {cycles} in {total - warm} steps")
    return Answer(joined(textbook(warm), repeat(cosine(), times=cycles)), q.base_lr, total)


def polynomial(q: Question) -> Answer:
    """polynomial: ((p - e)(1 - q)^power + e) / p."""
    warm, total = _plan(q)
    low, power = q.number("lr_end", 1e-7, low=0), q.number("power", 1.0, low=0)
    return Answer(joined(textbook(warm), falling(total - warm, low, "polynomial", power)), q.base_lr, total)


def constant(q: Question) -> Answer:
    """constant: p; the warmup of the other names is not its own."""
    _, total = _plan(q)
    return Answer(hold(), q.base_lr, total)


def constant_with_warmup(q: Question) -> Answer:
    """constant_with_warmup: t/W, then p."""
    warm, total = _plan(q)
    return Answer(joined(textbook(warm), hold()), q.base_lr, total)


def inverse(q: Question) -> Answer:
    """inverse_sqrt: 1 / sqrt((t + s - W) / s)."""
    warm, total = _plan(q)
    scale = q.take("timescale", None)
    timescale = q.whole("timescale", low=1) if scale is not None else warm or 10_000  # its own default
    return Answer(joined(textbook(warm), inverse_sqrt(timescale=timescale)), q.base_lr, total)


def warmup_with_floor(q: Question) -> Answer:
    """cosine_warmup_with_min_lr: a warmup by (t+1)/W, and a floor reached at the last update."""
    warm, total = _plan(q)
    rate, first = q.number("min_lr_rate", low=0, high=1), q.take("warmup_lr_rate", None)
    q.take("num_cycles", 0.5)
    up = None
    if warm and first is None:
        up = warmup(warm - 1, start=1 / warm) if warm > 1 else None
    elif warm:
        up = warmup(max(1, warm - 1), start=q.number("warmup_lr_rate", low=0, high=1)) if warm > 1 else None
    peak = hold(1, at=1.0) if warm else None
    way = total - warm
    if way and q.faithful:
        climbing = waves(way, 2 * FAITHFUL, rate * q.base_lr)
        return Answer(joined(up, peak, excerpt(climbing, 2 * FAITHFUL * way, begin=1)), q.base_lr, total)
    fall = arc(way, start=1.0, to=rate, shape="cosine", since=1 / way, until=1 + 1 / way) if way else None
    notes = ("transformers climbs again behind its last step; read as held there",)
    return Answer(joined(up, peak, fall, hold()), q.base_lr, total, notes)


def stable(q: Question) -> Answer:
    """warmup_stable_decay: up from the floor, p, down to the floor; three shapes each way."""
    warm, total = _plan(q)
    down, rate = q.whole("num_decay_steps"), q.number("min_lr_ratio", 0.0, low=0, high=1)
    kinds = ("linear", "cosine", "1-sqrt")
    rising, shape = q.choice("warmup_type", "linear", kinds), q.choice("decay_type", "cosine", kinds)
    flat = q.take("num_stable_steps", None)
    held = q.whole("num_stable_steps") if flat is not None else total - warm - down
    if held < 0:
        raise SpecError(f"{q.of}: expected warmup and decay within {total} steps, got {warm} and {down}")
    up = _rise(warm, rate, rising)
    return Answer(joined(up, hold(held, at=1.0), decay(down, to=rate, shape=shape), hold()), q.base_lr, total)


def _rise(warm: int, rate: float, shape: str) -> Recipe | None:
    if not warm:
        return None
    if shape == "1-sqrt":
        return arc(warm, start=rate, to=1.0, shape="sqrt-in")
    return warmup(warm, start=rate, shape=shape)


NAMES = {
    "linear": linear_decay,
    "cosine": cosine_decay,
    "cosine_with_restarts": restarts,
    "polynomial": polynomial,
    "constant": constant,
    "constant_with_warmup": constant_with_warmup,
    "inverse_sqrt": inverse,
    "cosine_with_min_lr": cosine_with_floor,
    "cosine_warmup_with_min_lr": warmup_with_floor,
    "warmup_stable_decay": stable,
}
