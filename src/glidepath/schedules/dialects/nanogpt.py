"""nanoGPT's get_lr: a warmup by (t+1)/(W+1), a cosine to min_lr at lr_decay_iters; defaults are those of train.py."""

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import falling, joined
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.recipes import hold, warmup


def get_lr(q: Question) -> Answer:
    """Its counting is ours; without decay_lr the rate is constant."""
    peak, low = q.number("learning_rate", 6e-4, low=0), q.number("min_lr", 6e-5, low=0)
    warm, count = q.whole("warmup_iters", 2_000), q.whole("lr_decay_iters", 600_000, low=1)
    run = q.whole("max_iters", q.steps or count)
    if not q.take("decay_lr", default=True):
        return Answer(hold(), peak, run)
    if warm >= count:
        raise SpecError(f"{q.of}: expected warmup_iters below lr_decay_iters, got {warm} and {count}")
    return Answer(joined(warmup(warm) if warm else None, falling(count - warm, low), hold()), peak, max(run, count))


NAMES = {"get_lr": get_lr}
