"""torchtitan's LRSchedulersContainer: warmup by (t+1)/W, stable, a decay that would end one step behind the last.

Its first releases, whose floor was called lr_min, warmed up by (t+1)/(W+1) and began the decay one step earlier.
"""

from glidepath.schedules.dialects.curves import joined, onward, reach, swing
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.recipes import arc, hold, warmup
from glidepath.schedules.reshape import excerpt
from glidepath.schedules.schedule import Recipe

SHAPES = {"linear": "linear", "sqrt": "1-sqrt", "cosine": "cosine"}


def container(q: Question) -> Answer:
    """warmup W, stable T - W - D, decay D; all the rest is decay where no ratio is given."""
    given = "training_steps" if q.take("total_steps", None) is None else "total_steps"
    total = q.whole(given, q.steps, low=1)
    q.take("training_steps", None)
    older = q.take("lr_min", None) is not None
    low = q.number("lr_min" if older else "min_lr_factor", 0.0, low=0, high=1)
    warm, shape = min(q.whole("warmup_steps", 200), total), SHAPES[q.choice("decay_type", "linear", tuple(SHAPES))]
    down = total - warm
    if q.take("decay_ratio", None) is not None:
        down = min(round(total * q.number("decay_ratio", low=0, high=1)), down)
    rise = warm if older else max(0, warm - 1)
    up = warmup(rise, start=1 / (warm + older)) if rise else None
    head, room = joined(up, hold(total - down - rise, at=1.0)), down + older
    if not room:
        return Answer(joined(head, hold(at=1.0)), q.base_lr, total)
    what = "climbs again" if shape == "cosine" else "goes below its least value"
    notes = () if q.faithful else (f"torchtitan {what} behind step {total}; read as held at {low:g} of the peak",)
    return Answer(joined(head, _down(q, total, down, room, low, shape)), q.base_lr, reach(q, total), notes)


def _down(q: Question, total: int, steps: int, room: int, low: float, shape: str) -> Recipe:
    """The last steps of a decay over `room` of them, and what follows."""
    if shape == "cosine" and q.faithful:
        return excerpt(swing(room, low * q.base_lr), reach(q, total) + room, begin=room - steps)
    if shape == "cosine":
        return joined(arc(steps, start=1.0, to=low, shape=shape, since=1 - steps / room), hold(at=low))
    return onward(q, total - steps, total, 1.0, low, shape, room)


NAMES = {"LRSchedulersContainer": container}
