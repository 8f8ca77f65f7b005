"""Megatron-LM's OptimizerParamScheduler, whose steps are samples or iterations as its caller counts them."""

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import falling, joined
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.levels import absolute
from glidepath.schedules.recipes import decay, hold, inverse_sqrt, warmup
from glidepath.schedules.schedule import Recipe

STYLES = ("constant", "linear", "cosine", "inverse-square-root", "WSD")
WSD_STYLES = ("linear", "cosine", "minus_sqrt")
WEIGHT_DECAY = ("start_wd", "end_wd", "wd_incr_steps", "wd_incr_style", "use_checkpoint_opt_param_scheduler")


def scheduler(q: Question) -> Answer:
    """Up from init_lr over the warmup; then by its style down to min_lr at lr_decay_steps."""
    peak, low, first = q.number("max_lr", low=0), q.number("min_lr", low=0), q.number("init_lr", 0.0, low=0)
    warm, count = q.whole("lr_warmup_steps", 0), q.whole("lr_decay_steps", low=1)
    style = q.choice("lr_decay_style", "linear", STYLES)
    for name in WEIGHT_DECAY:
        q.take(name, None)
    if warm >= count:
        raise SpecError(f"{q.of}: expected lr_warmup_steps below lr_decay_steps, got {warm} and {count}")
    up = warmup(warm, start=absolute(first)) if warm else None
    return Answer(joined(up, _down(q, style, count - warm, low), hold()), peak, count + 1)


def _down(q: Question, style: str, room: int, low: float) -> Recipe | None:
    if style == "constant":
        return None
    if style == "inverse-square-root":
        return joined(inverse_sqrt(room + 1), hold(0, at=absolute(low)))
    if style != "WSD":
        return falling(room, low, style)
    length = q.whole("wsd_decay_steps", low=1)
    shape = {"minus_sqrt": "1-sqrt"}.get(kind := q.choice("lr_wsd_decay_style", "linear", WSD_STYLES), kind)
    return joined(hold(room - length, at=1.0), decay(length, to=absolute(low), shape=shape))


NAMES = {"OptimizerParamScheduler": scheduler}
