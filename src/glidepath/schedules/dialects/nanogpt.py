"""nanoGPT's get_lr: a warmup by (t+1)/(W+1), a cosine to min_lr at lr_decay_iters."""

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import falling, joined
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.recipes import hold, warmup


def get_lr(q: Question) -> Answer:
    """Its counting is ours."""
    peak, low = q.number("learning_rate", low=0), q.number("min_lr", low=0)
    warm, count = q.whole("warmup_iters"), q.whole("lr_decay_iters", low=1)
    if warm >= count:
        raise SpecError(f"{q.of}: expected warmup_iters below lr_decay_iters, got {warm} and {count}")
    return Answer(joined(warmup(warm) if warm else None, falling(count - warm, low), hold()), peak, count)


NAMES = {"get_lr": get_lr}
