"""GPT-NeoX's AnnealingLR: a warmup by max(1, n)/W, so that the first two updates are alike, then by its style."""

from math import exp

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import joined, reach, swinging
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.levels import absolute
from glidepath.schedules.recipes import hold, linear, steps, warmup
from glidepath.schedules.reshape import clip
from glidepath.schedules.schedule import Recipe

STYLES = ("linear", "cosine", "exponential", "constant")
HALF = exp(-0.693)  # the half-life of its exponential, as it rounds log 2
NOT_READ = ("last_iter", "use_checkpoint_lr_scheduler", "override_lr_scheduler", "use_mup")


def annealing(q: Question) -> Answer:
    """linear to 0 and exponential are kept above min_lr; the cosine goes to it, and climbs again behind the end."""
    peak, low = q.number("start_lr", low=0), q.number("min_lr", 0.0, low=0)
    warm, total = q.whole("warmup_iter"), q.whole("total_iters", low=1)
    style = q.choice("decay_style", "linear", STYLES)
    for name in NOT_READ:
        q.take(name, None)
    if style == "constant":
        return Answer(joined(_up(warm), hold(at=1.0)), peak, max(total, warm + 1))
    if warm >= total:
        raise SpecError(f"{q.of}: expected warmup_iter below total_iters, got {warm} and {total}")
    climbs = style == "cosine" and not q.faithful
    notes = (f"gpt-neox climbs again behind step {total}; read as held at {low:g}",) if climbs else ()
    return Answer(joined(_up(warm), _down(q, style, total - warm, low)), peak, reach(q, total), notes)


def _up(warm: int) -> Recipe | None:
    if not warm:
        return None
    ramp = warmup(warm - 1, start=1 / warm) if warm > 1 else None
    return joined(hold(1, at=1 / warm), ramp, hold(0, at=1.0))


def _down(q: Question, style: str, room: int, low: float) -> Recipe:
    if style == "cosine":
        return swinging(q, room, low)
    if style == "linear":
        return joined(clip(linear(room), low=absolute(low), length=room), hold())
    return clip(steps(room, factor=HALF, smooth=True), low=absolute(low))


NAMES = {"AnnealingLR": annealing}
