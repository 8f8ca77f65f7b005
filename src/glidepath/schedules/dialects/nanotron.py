"""nanotron's lr_scheduler_builder: LRSchedulerArgs and the steps of the run.

A warmup by t/W, the peak until lr_decay_starting_step, a decay, then min_decay_lr.
"""

from glidepath.schedules.dialects.curves import joined, textbook
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.levels import absolute
from glidepath.schedules.recipes import arc, hold
from glidepath.schedules.schedule import Recipe

STYLES = ("linear", "cosine", "1-sqrt")
TWICE = "nanotron takes the warmup off the decay a second time, which then ends early; read as a decay to the last step"
IDLE = "nanotron gives update 0 a rate of 0 though there is no warmup; read as the peak"
SQUARED = "nanotron squares the rate where there is neither warmup nor decay; read as the rate"


def builder(q: Question) -> Answer:
    """Its defaults: no warmup, and a linear decay over all that is left, to the peak itself."""
    peak, warm = q.number("learning_rate", low=0), q.whole("lr_warmup_steps", 0)
    low = peak if q.take("min_decay_lr", None) is None else q.number("min_decay_lr", low=0)
    rising, style = _style(q, "lr_warmup_style", ("linear", "constant")), _style(q, "lr_decay_style", STYLES)
    begin, room, plan, notes = _decay(q, warm)
    if warm == 0 and room == 0:
        if q.faithful:
            return Answer(hold(at=absolute(peak * peak)), max(peak, peak * peak), plan)
        return Answer(hold(), peak, plan, (SQUARED,))
    if warm == 0 and rising == "linear":
        if q.faithful:
            return Answer(joined(hold(1, at=0.0), _down(1, 1, begin, room, style, low)), peak, plan)
        notes = (*notes, IDLE)
    up = textbook(warm) if rising == "linear" else hold(warm, at=1.0)
    return Answer(joined(up, _down(warm, warm + 1, begin, room, style, low)), peak, plan, notes)


def _style(q: Question, name: str, known: tuple[str, ...]) -> str:
    """A style of its own, or the first where there is none."""
    return known[0] if q.take(name, None) is None else q.choice(name, known[0], known)


def _decay(q: Question, warm: int) -> tuple[int, int, int, tuple[str, ...]]:
    """(where the decay begins, its steps, those of the run, what was mended)."""
    named = q.take("lr_decay_starting_step", None) is not None
    begin = q.whole("lr_decay_starting_step") if named else warm
    if q.take("lr_decay_steps", None) is not None:
        room = q.whole("lr_decay_steps")
        total = q.take("total_training_steps", None)
        plan = max(begin + room, warm + 1, 0 if total is None else q.whole("total_training_steps"))
        return begin, room, plan, ()
    total = q.whole("total_training_steps", q.steps, low=1)
    twice = warm if named else 0
    room = max(0, total - begin - (twice if q.faithful else 0))
    return begin, room, max(total, warm + 1), (TWICE,) if twice and not q.faithful else ()


def _down(at: int, least: int, begin: int, room: int, style: str, low: float) -> Recipe:
    """From step `at` on: the peak until the decay, which a warmup that ends behind its begin cuts to `least`."""
    first = begin if begin >= at and room else max(begin, least)
    way, since = max(0, begin + room - first), (first - begin) / room if room else 0.0
    fall = arc(way, start=1.0, to=absolute(low), shape=style, since=min(1.0, since)) if way else None
    return joined(hold(first - at, at=1.0), fall, hold(at=absolute(low)))


NAMES = {"lr_scheduler_builder": builder}
