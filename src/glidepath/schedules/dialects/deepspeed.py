"""DeepSpeed's "scheduler" block.

Its warmups lag: the engine steps them behind the optimizer and they count from -1, so that update t uses the value
of i = t - 1, and update 0 one of its own. OneCycle and LRRangeTest set their first value themselves and do not lag.
"""

from itertools import pairwise

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import joined, reach
from glidepath.schedules.dialects.cycles import MOST_PARTS, Way, along
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.levels import Level, absolute
from glidepath.schedules.powers import power_law
from glidepath.schedules.recipes import arc, hold, linear, warmup
from glidepath.schedules.schedule import Recipe

MOMENTA = ("cycle_momentum", "cycle_min_mom", "cycle_max_mom", "decay_mom_rate", "last_batch_iteration")


def _up(q: Question, low: Level) -> tuple[Recipe, int]:
    """(the warmup from i = 0, its steps W, at least 2): i/W, or log(i+1)/log(W), which is at the peak for i = W-1."""
    count = max(2, q.whole("warmup_num_steps", 1000, low=1))
    q.take("last_batch_iteration", None)
    if q.choice("warmup_type", "log", ("log", "linear")) == "linear":
        return warmup(count, start=low), count
    return joined(arc(count - 1, start=low, shape="log", power=count), hold(1, at=1.0)), count


def warmup_lr(q: Question) -> Answer:
    """WarmupLR: up to warmup_max_lr, the optimizer's rate where there is none; then it stays."""
    low, peak = q.number("warmup_min_lr", 0.0, low=0), q.base_lr
    if q.take("warmup_max_lr", None) is not None:
        peak = q.number("warmup_max_lr", low=0)
    up, count = _up(q, absolute(low))
    return Answer(joined(hold(1, at=absolute(low)), up, hold(at=1.0)), peak, count + 2)


def warmup_decay(q: Question) -> Answer:
    """WarmupDecayLR: then (T - i)/(T - W) down to warmup_min_lr."""
    low, peak = q.number("warmup_min_lr", 0.0, low=0), q.number("warmup_max_lr", 0.001, low=0)
    (up, count), total = _up(q, absolute(low)), q.whole("total_num_steps", low=1)
    way = max(0, total - count)
    down = joined(hold(0, at=1.0), linear(way, to=absolute(low))) if way else None
    return Answer(joined(hold(1, at=absolute(low)), up, down, hold(at=absolute(low))), peak, max(total, count) + 1)


def warmup_cosine(q: Question) -> Answer:
    """WarmupCosineLR: 0, then from warmup_min_ratio up, then a cosine of (i-W+1)/(T-W), which leaves the peak out."""
    first, low = q.number("warmup_min_ratio", 0.0, low=0, high=1), q.number("cos_min_ratio", 0.0001, low=0, high=1)
    (up, count), total = _up(q, first), q.whole("total_num_steps", low=1)
    way = max(0, total - count)
    down = arc(way, start=1.0, to=low, shape="cosine", since=1 / way, until=1 + 1 / way) if way else None
    return Answer(joined(hold(1, at=0.0), up, down, hold(at=low)), q.base_lr, max(total, count) + 1)


def one_cycle(q: Question) -> Answer:
    """OneCycle: up and down, in stairs where asked, then cycle_min_lr / (1 + rate k / size), k updates behind it."""
    low, high = q.number("cycle_min_lr", low=0), q.number("cycle_max_lr", low=0)
    first = q.whole("cycle_first_step_size", 2000, low=1)
    second = first if q.take("cycle_second_step_size", None) is None else q.whole("cycle_second_step_size")
    up = _stair_count(q, "cycle_first_stair_count", 0)
    down = _stair_count(q, "cycle_second_stair_count", up)
    size, rate = q.number("decay_step_size", 0, low=0), q.number("decay_lr_rate", 0.0, low=0)
    for name in MOMENTA:
        q.take(name, None)
    total, floor = first + second, absolute(low)
    fall = power_law(exponent=1.0, timescale=1, rate=rate / size) if size and rate else hold()
    ways = [*_climb(low, high, first, up), *_descent(low, high, first, second, down)]
    return Answer(joined(along(q, ways, total), hold(0, at=floor), fall), max(low, high), reach(q, total + 1))


def _stair_count(q: Question, name: str, default: int) -> int:
    """0 for a smooth climb, which its command line writes as -1."""
    count = default if q.take(name, None) is None else q.whole(name, low=-1)
    if count > MOST_PARTS:
        raise SpecError(f"{q.of}: expected {name} up to {MOST_PARTS}, got {count}")
    return max(0, count)


def _climb(low: float, high: float, size: int, stairs: int) -> list[Way]:
    """t/size of the way, rounded down to whole stairs."""
    if not stairs:
        return [Way(0, size, low, high)]
    bounds = [-(-k * size // stairs) for k in range(stairs + 1)]
    rates = [low + (high - low) * (k / stairs) for k in range(stairs)]
    return [Way(begin, end, rate, rate) for (begin, end), rate in zip(pairwise(bounds), rates, strict=True)]


def _descent(low: float, high: float, begin: int, size: int, stairs: int) -> list[Way]:
    """The climb read backwards from its top, which is one update long."""
    end = begin + size
    if not stairs:
        return [Way(begin, end, high, low)]
    climb = _climb(low, high, size, stairs)[::-1]
    return [
        Way(begin, begin + 1, high, high),
        *(Way(end + 1 - way.end, end + 1 - way.begin, way.to, way.to) for way in climb),
    ]


def range_test(q: Question) -> Answer:
    """LRRangeTest: min (1 + rate t / size), in stairs where asked; it climbs until the run ends."""
    low, rate = q.number("lr_range_test_min_lr", 1e-3, low=0), q.number("lr_range_test_step_rate", 1.0, low=0)
    size, run = q.whole("lr_range_test_step_size", 2000, low=1), q.horizon()
    q.take("last_batch_iteration", None)
    if not q.take("lr_range_test_staircase", default=False):
        return Answer(warmup(run, start=absolute(low)), low * (1 + rate * run / size), run)
    last = run // size
    if last > MOST_PARTS:
        raise SpecError(f"{q.of}: expected at most {MOST_PARTS} stairs, got {last}: lengthen the steps")
    stairs = (hold(size, at=absolute(low * (1 + rate * k))) for k in range(last))
    top = low * (1 + rate * last)
    return Answer(joined(*stairs, hold(at=absolute(top))), top, run)


NAMES = {
    "WarmupLR": warmup_lr,
    "WarmupDecayLR": warmup_decay,
    "WarmupCosineLR": warmup_cosine,
    "OneCycle": one_cycle,
    "LRRangeTest": range_test,
}
