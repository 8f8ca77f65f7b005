"""pytorch_optimizer (kozistr): its classes and functions, the names of its registry, and torch's that it hands on.

Its own schedulers lag by one: update 0 is at min_lr, and update t uses the value of i = t - 1.
"""

from collections.abc import Callable, Iterator
from math import cos, pi

from glidepath.errors import SpecError
from glidepath.schedules.dialects import torch
from glidepath.schedules.dialects.curves import joined, onward, powered, reach, swinging, textbook, waving
from glidepath.schedules.dialects.cycles import multiple, stairs
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.dialects.restarts import Cycle, alike, different
from glidepath.schedules.levels import absolute
from glidepath.schedules.recipes import arc, decay, hold
from glidepath.schedules.reshape import clip, excerpt
from glidepath.schedules.schedule import Recipe

MOST_EPOCHS = 4096  # of a Chebyshev schedule, whose every update is a level of its own
STEEPEST = 10.0  # poly_order, above which the curve leaves the floating-point numbers
FASTEST = 1e6  # growth of a cycle, above which one more is longer than any run
INTERVAL = (0.05, 1.0)  # small_m and big_m of its Chebyshev nodes


def _lagging(q: Question) -> tuple[Recipe, float, float, int, int]:
    """(min_lr once, and the warmup; max_lr; min_lr; the warmup's steps; the steps behind it)."""
    top, low, first = q.number("max_lr", low=0), q.number("min_lr", 0.0, low=0), q.number("init_lr", 0.0, low=0)
    total, warm = q.whole("t_max", low=1), q.whole("warmup_steps", 0)
    if warm >= total or max(low, first) > top:
        raise SpecError(
            f"{q.of}: expected warmup_steps below t_max and max_lr as the largest rate, got {warm} and {total}, "
            f"{top:g} beside {low:g} and {first:g}"
        )
    up = arc(warm, start=absolute(first), to=absolute(top)) if warm else None
    return joined(hold(1, at=absolute(low)), up, hold(0, at=absolute(top))), top, low, warm, total - warm


def linear(q: Question) -> Answer:
    """LinearScheduler: max + (min - max)(i - W)/(T - W)."""
    head, top, low, warm, room = _lagging(q)
    begin, end = warm + 1, warm + 1 + room
    notes = () if q.faithful else (f"pytorch_optimizer goes below min_lr behind step {end}; read as held there",)
    return Answer(joined(head, onward(q, begin, end, 1.0, absolute(low))), top, reach(q, end), notes)


def cosine(q: Question) -> Answer:
    """CosineScheduler: half a wave to min_lr."""
    head, top, low, warm, room = _lagging(q)
    end = warm + 1 + room
    notes = () if q.faithful else (f"pytorch_optimizer climbs again behind step {end}; read as held at {low:g}",)
    return Answer(joined(head, swinging(q, room, low)), top, reach(q, end), notes)


def poly(q: Question) -> Answer:
    """PolyScheduler: min + (max - min)(i - W)^order, which climbs for ever: the peak is its rate at the last step."""
    head, top, low, warm, room = _lagging(q)
    order, planned = q.number("poly_order", 0.5, low=0, high=STEEPEST), warm + 1 + room
    if order == 0:
        raise SpecError(f"{q.of}: expected poly_order above 0, got 0")
    steps = max(planned, reach(q, planned))
    if not q.faithful:
        notes = ("pytorch_optimizer climbs for ever behind the warmup; read as held at max_lr",)
        return Answer(joined(head, hold()), top, steps, notes)
    way = steps - warm - 1
    summit = low + (top - low) * float(way) ** order
    climb = excerpt(powered(way, absolute(low), absolute(summit), order), way, begin=1, length=way - 1)
    return Answer(joined(head, hold(1, at=absolute(top)), climb, hold(at=absolute(summit))), max(top, summit), steps)


def rex(q: Question) -> Answer:
    """REXScheduler: (1 - q)/(1 - q/2) from update 1 on; the peak would have been update 0."""
    total, top, low = q.whole("total_steps", low=1), q.number("max_lr", 1.0, low=0), q.number("min_lr", 0.0, low=0)
    floor = absolute(low)
    fall = arc(total - 1, start=1.0, to=floor, shape="rex", since=1 / total)
    return Answer(joined(hold(1, at=floor), fall, hold(at=floor)), top, total)


def chebyshev(q: Question) -> Answer:
    """get_chebyshev_schedule: the rate over a Chebyshev node, in fractal order, from update 2 on."""
    epochs = q.whole("num_epochs", low=1)
    q.take("last_epoch", -1)
    if q.take("is_warmup", default=False):
        return Answer(hold(), q.base_lr, epochs)
    if epochs > MOST_EPOCHS:
        raise SpecError(f"{q.of}: expected num_epochs up to {MOST_EPOCHS}, got {epochs}")
    values = [q.base_lr * node for node in _nodes(epochs)]
    changes = [(0, values[0]), *((k + 2, value) for k, value in enumerate(values) if k)]
    top = max(values)
    return Answer(stairs(q, changes, len(values) + 2, multiple(top)), top, len(values) + 2)


def _nodes(epochs: int) -> list[float]:
    """The reciprocal nodes of the next power of two, in the order that keeps them balanced."""
    size = 1 << (epochs - 1).bit_length()
    middle, half = (INTERVAL[1] + INTERVAL[0]) / 2, (INTERVAL[1] - INTERVAL[0]) / 2
    order = [0]
    while len(order) < size - 2:
        order = [place for k in order for place in (k, 2 * len(order) - 1 - k)]
    return [1 / (middle - half * cos((k + 0.5) * pi / size)) for k in order]


def stable(q: Question) -> Answer:
    """get_wsd_schedule: t/W, the peak, a decay; only the cosine ends at min_lr_ratio, the others jump up to it."""
    warm, flat, down = (q.whole(f"num_{phase}_steps") for phase in ("warmup", "stable", "decay"))
    low, cycles = q.number("min_lr_ratio", 0.0, low=0, high=1), q.number("num_cycles", 0.5, low=0)
    kind, end = q.choice("cooldown_type", "1-sqrt", ("cosine", "1-sqrt", "linear", "1-square")), warm + flat + down
    q.take("last_epoch", -1)
    head = joined(textbook(warm), hold(flat, at=1.0))
    fall = _cooldown(q, kind, down, low, cycles) if down else None
    notes: tuple[str, ...] = ()
    if fall and low and kind != "cosine" and not q.faithful:
        fall = clip(fall, low=low, length=down)
        notes = (f"pytorch_optimizer jumps up to min_lr_ratio at step {end}; read as a decay that stays above it",)
    return Answer(joined(head, fall, hold(at=low)), q.base_lr, max(1, end), notes)


def _cooldown(q: Question, kind: str, steps: int, low: float, cycles: float) -> Recipe:
    if kind == "cosine":
        return waving(q, steps / (2 * cycles), steps, low * q.base_lr) if cycles else hold(steps, at=1.0)
    if kind == "1-square":
        return powered(steps, 1.0, 0.0, 2.0)
    return decay(steps, to=0.0, shape=kind)


def restarts(q: Question) -> Answer:
    """CosineAnnealingWarmupRestarts: behind its warmup every cycle is cycle_mult times as long, rounded down."""
    first, warm = q.whole("first_cycle_steps", low=1), q.whole("warmup_steps", 0)
    top, low = q.number("max_lr", 1e-4, low=0), q.number("min_lr", 1e-6, low=0)
    growth, factor = q.number("cycle_mult", 1.0, low=0, high=FASTEST), q.number("gamma", 0.9, low=0)
    q.take("last_epoch", -1)
    if warm >= first:
        raise SpecError(f"{q.of}: expected warmup_steps below first_cycle_steps, got {warm} and {first}")
    cycle = Cycle(low, top, warm, idle=False)
    if growth == factor == 1:
        return alike(q, cycle, first)
    return different(q, cycle, _lengths(first, warm, growth), factor)


def _lengths(length: int, warm: int, growth: float) -> Iterator[int]:
    while True:
        yield length
        length = max(1, int((length - warm) * growth)) + warm


# Its own, and the names that load_lr_scheduler takes.
KINDS: dict[str, tuple[str, Callable[[Question], Answer]]] = {
    "LinearScheduler": ("linear", linear),
    "CosineScheduler": ("cosine", cosine),
    "PolyScheduler": ("poly", poly),
    "REXScheduler": ("rex", rex),
    "get_chebyshev_schedule": ("chebyshev", chebyshev),
    "get_wsd_schedule": ("warmup_stable_decay", stable),
    "CosineAnnealingWarmupRestarts": ("cosine_annealing_with_warmup", restarts),
    "ConstantLR": ("constant", torch.NAMES["ConstantLR"]),
    "StepLR": ("step", torch.NAMES["StepLR"]),
    "MultiStepLR": ("multi_step", torch.NAMES["MultiStepLR"]),
    "CyclicLR": ("cyclic", torch.NAMES["CyclicLR"]),
    "OneCycleLR": ("one_cycle", torch.NAMES["OneCycleLR"]),
    "CosineAnnealingLR": ("cosine_annealing", torch.NAMES["CosineAnnealingLR"]),
    "CosineAnnealingWarmRestarts": (
        "cosine_annealing_with_warm_restart",
        torch.NAMES["CosineAnnealingWarmRestarts"],
    ),
}
NAMES: dict[str, Callable[[Question], Answer]] = {
    **{name: read for name, (_, read) in KINDS.items()},
    **dict(KINDS.values()),
}
