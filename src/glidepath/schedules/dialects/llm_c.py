"""llm.c's schedulers.h: its types, each a warmup by (t+1)/W and a decay that begins at the peak once more.

It computes in float32 and stops at its last batch; the end is held.
"""

import numpy as np

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import joined
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.recipes import arc, hold, warmup
from glidepath.schedules.schedule import Recipe

STABLE = np.float32(0.8)  # of the batches, before the decay of wsd


def constant(q: Question) -> Answer:
    """constant: the rate, without a warmup."""
    peak, _, total, _ = _fields(q)
    return Answer(hold(), peak, total)


def cosine(q: Question) -> Answer:
    """cosine: half a wave from W to the last batch."""
    return _decay(q, "cosine")


def linear(q: Question) -> Answer:
    """linear: a line from W to the last batch."""
    return _decay(q, "linear")


def _decay(q: Question, shape: str) -> Answer:
    peak, warm, total, low = _fields(q)
    if warm >= total:
        raise SpecError(f"{q.of}: expected warmup_iterations below train_num_batches, got {warm} and {total}")
    down = arc(total - warm, start=1.0, to=low, shape=shape)
    return Answer(joined(_up(warm), down, hold(at=low)), peak, total)


def stable(q: Question) -> Answer:
    """wsd: the peak until four fifths of the batches, in float32 and rounded down, then 1 - sqrt."""
    peak, warm, total, low = _fields(q)
    begin = int(STABLE * np.float32(total))
    first = max(warm, begin)
    if first >= total:
        raise SpecError(f"{q.of}: expected warmup_iterations below train_num_batches, got {warm} and {total}")
    since = (first - begin) / (total - begin)
    down = arc(total - first, start=1.0, to=low, shape="1-sqrt", since=since)
    return Answer(joined(_up(warm), hold(first - warm, at=1.0), down, hold(at=low)), peak, total)


def _fields(q: Question) -> tuple[float, int, int, float]:
    """(peak, warmup steps, steps, the last rate as a share of the peak)."""
    peak, warm = q.number("learning_rate", low=0), q.whole("warmup_iterations", 0)
    total = q.whole("train_num_batches", q.steps, low=1)
    return peak, warm, total, q.number("final_learning_rate_frac", 1.0, low=0, high=1)


def _up(warm: int) -> Recipe | None:
    """(t+1)/W, so that the last update of the warmup is at the peak."""
    if not warm:
        return None
    return joined(warmup(warm - 1, start=1 / warm) if warm > 1 else None, hold(1, at=1.0))


NAMES = {"cosine": cosine, "linear": linear, "constant": constant, "wsd": stable}
