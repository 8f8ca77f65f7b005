"""DeepSpeed's "scheduler" block.

Its engine steps the scheduler behind the optimizer, so update t uses the value of t - 1.
"""

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import joined
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.levels import absolute
from glidepath.schedules.recipes import hold, linear, warmup
from glidepath.schedules.schedule import Recipe


def _up(q: Question) -> tuple[Recipe, float, int]:
    """(the lagging warmup, the peak, its steps): update 0 and update 1 both use the first value."""
    low, peak = q.number("warmup_min_lr", 0.0, low=0), q.number("warmup_max_lr", 0.001, low=0)
    count = max(2, q.whole("warmup_num_steps", 1000))
    if q.choice("warmup_type", "log", ("log", "linear")) == "log":
        raise SpecError(f'{q.of}: expected warmup_type "linear", got "log", the default, which no part of ours draws')
    return joined(hold(1, at=absolute(low)), warmup(count, start=absolute(low))), peak, count


def warmup_lr(q: Question) -> Answer:
    """WarmupLR: up by i/W, then the peak."""
    up, peak, count = _up(q)
    return Answer(joined(up, hold()), peak, max(q.steps or 0, count + 2))


def warmup_decay(q: Question) -> Answer:
    """WarmupDecayLR: then (T - i)/(T - W) down to the least rate."""
    up, peak, count = _up(q)
    total, low = q.whole("total_num_steps", low=1), q.number("warmup_min_lr", 0.0, low=0)
    if total <= count:
        raise SpecError(f"{q.of}: expected total_num_steps above warmup_num_steps, got {total} and {count}")
    return Answer(joined(up, linear(total - count, to=absolute(low)), hold()), peak, total + 1)


NAMES = {"WarmupLR": warmup_lr, "WarmupDecayLR": warmup_decay}
