"""Megatron-LM's OptimizerParamScheduler, whose steps are samples or iterations as its caller counts them.

Its training loop counts samples: lr_decay_steps there is iterations times the global batch size. A step of the
reading is whatever the configuration counts; give all of them in iterations for a schedule over updates.
"""

from math import log

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import falling, joined
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.levels import absolute
from glidepath.schedules.powers import inverse_sqrt
from glidepath.schedules.recipes import arc, hold, warmup
from glidepath.schedules.reshape import clip
from glidepath.schedules.schedule import Recipe

STYLES = ("linear", "constant", "cosine", "inverse-square-root", "WSD")
# Ours with their power: exponential leaves 2 (1/2)^q - 1.
WSD_STYLES = {
    "linear": ("linear", 1.0),
    "cosine": ("cosine", 1.0),
    "minus_sqrt": ("1-sqrt", 1.0),
    "exponential": ("exp-zero", log(2)),
}
# Of weight decay and of resuming; the last two are asked by WSD, and mean nothing to the other styles.
NOT_READ = (
    *("start_wd", "end_wd", "wd_incr_steps", "wd_incr_style"),
    *("use_checkpoint_opt_param_scheduler", "override_opt_param_scheduler"),
    *("wsd_decay_steps", "lr_wsd_decay_style"),
)


def scheduler(q: Question) -> Answer:
    """Up from init_lr over the warmup; then by its style down to min_lr, which it is behind lr_decay_steps."""
    peak, low, first = q.number("max_lr", low=0), q.number("min_lr", low=0), q.number("init_lr", 0.0, low=0)
    warm, count = q.whole("lr_warmup_steps", 0), q.whole("lr_decay_steps", low=1)
    style = q.choice("lr_decay_style", "linear", STYLES)
    for name in NOT_READ:
        q.take(name, None)
    if warm >= count:
        raise SpecError(f"{q.of}: expected lr_warmup_steps below lr_decay_steps, got {warm} and {count}")
    up = warmup(warm, start=absolute(first)) if warm else None
    if style == "constant":
        return Answer(joined(up, hold(at=1.0)), peak, count + 1)
    return Answer(joined(up, _down(q, style, warm, count, low), hold(at=absolute(low))), peak, count + 1)


def _down(q: Question, style: str, warm: int, count: int, low: float) -> Recipe:
    if style == "WSD":
        return _stable(q, warm, count, low)
    if style == "inverse-square-root":
        floor, held = absolute(low), 0 if warm else 1  # without a warmup updates 0 and 1 are alike
        root = clip(inverse_sqrt(timescale=max(1, warm)), low=floor, length=count + 1 - warm - held)
        return joined(hold(held, at=1.0), root)
    return falling(count - warm, low, style)


def _stable(q: Question, warm: int, count: int, low: float) -> Recipe:
    """The peak, and a decay over the last steps; one that begins within the warmup is cut by it."""
    length = q.whole("wsd_decay_steps")
    shape, power = WSD_STYLES[q.choice("lr_wsd_decay_style", "exponential", tuple(WSD_STYLES))]
    begin = count - length
    if not length:
        return hold(count + 1 - warm, at=1.0)
    first = begin if begin >= warm else warm + bool(warm)
    since = (first - begin) / length
    fall = arc(count - first, start=1.0, to=absolute(low), shape=shape, power=power, since=since)
    return joined(hold(first - warm, at=1.0), fall)


NAMES = {"OptimizerParamScheduler": scheduler}
