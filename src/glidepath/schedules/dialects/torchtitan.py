"""torchtitan's LRSchedulersContainer: warmup by (t+1)/W, stable, a decay that would end one step behind the last."""

from glidepath.schedules.dialects.curves import joined
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.recipes import decay, hold, warmup


def container(q: Question) -> Answer:
    """warmup W, stable T + 1 - W - D, decay D; all the rest is decay where no ratio is given."""
    total, warm = q.whole("training_steps", q.steps, low=1), q.whole("warmup_steps", 200)
    ratio, kind = q.take("decay_ratio", None), q.choice("decay_type", "linear", ("linear", "sqrt", "cosine"))
    low = q.number("min_lr_factor", 0.0, low=0, high=1)
    warm = min(warm, total)
    down = total - warm if ratio is None else min(round(total * q.number("decay_ratio", low=0, high=1)), total - warm)
    up = warmup(warm - 1, start=1 / warm) if warm > 1 else None
    flat = hold(max(0, total + 1 - warm - down - (0 if warm else 1)), at=1.0)
    fall = decay(down, to=low, shape={"sqrt": "1-sqrt"}.get(kind, kind))
    notes = ("torchtitan goes below 0 behind its last step; read as held there",)
    return Answer(joined(up, flat, fall), q.base_lr, total, notes)


NAMES = {"LRSchedulersContainer": container}
