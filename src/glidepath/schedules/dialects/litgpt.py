"""litgpt: get_lr of its pretraining, and get_lr_scheduler of its finetuning; both warm up by t/W.

Pretraining counts iterations, of which an update with gradient accumulation takes several; a step here is one of them.
"""

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import falling, joined, reach, swinging, textbook
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.recipes import hold


def get_lr(q: Question) -> Answer:
    """A cosine from warmup_iters to min_lr at max_iters, held there."""
    peak, low = q.number("learning_rate", q.base_lr, low=0), q.number("min_lr", low=0)
    warm, total = _plan(q, "warmup_iters", "max_iters")
    return Answer(joined(textbook(warm), falling(total - warm, low), hold()), peak, total)


def scheduler(q: Question) -> Answer:
    """A cosine from warmup_steps to 0 at max_steps, which climbs again."""
    warm, total = _plan(q, "warmup_steps", "max_steps")
    notes = () if q.faithful else (f"litgpt climbs again behind step {total}; read as held at 0",)
    return Answer(joined(textbook(warm), swinging(q, total - warm, 0.0)), q.base_lr, reach(q, total), notes)


def _plan(q: Question, first: str, last: str) -> tuple[int, int]:
    warm, total = q.whole(first), q.whole(last, q.steps, low=1)
    if warm >= total:
        raise SpecError(f"{q.of}: expected {first} below {last}, got {warm} and {total}")
    return warm, total


NAMES = {"get_lr": get_lr, "get_lr_scheduler": scheduler}
