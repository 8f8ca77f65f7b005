"""The recipe that a learning rate followed, found again in what a log says of it."""

from dataclasses import dataclass, replace

import numpy as np

from glidepath.diagnosis.bends import POWER_LAW, SLACK, Bend, Points, nudged
from glidepath.diagnosis.joining import LED, Span, interval, led, spans
from glidepath.diagnosis.phrasing import recipe
from glidepath.diagnosis.precision import Numbers, printed, shortest
from glidepath.diagnosis.stretches import DRAWN, Drawn, Stretch, drawn, stretches
from glidepath.errors import GlidepathError
from glidepath.schedules.schedule import Schedule

MOST_POINTS = 500  # that bends are fitted to: the ends of what is even, and an even choice of the rest
MOST_CORNERS = 150  # of them, where the slope changes most
MANY = 40  # bends: a curve of more is a drawing
FINISHED = 2.0  # intervals behind the last point: a line that is at 0 within them ended there
LEFT = 0.12  # of its beginning: a straight line that stops higher, at no round level, had its end elsewhere
TWENTIETHS = 20  # of its beginning: what a floor is given in
SAME = 1e-9  # relative: a line is led as much further than to 0, and then to 0
TOLD = 0.3  # of an update: by which 0 and 1, or 1 and 1/2, are two
LAWS = ("exponential", POWER_LAW, "exp-zero", "log")  # that say nothing of an end
GUESSED = 0.5  # how sure an end is that only a floor of 0 tells
SURE = 0.95  # how sure one is that no other end agrees with
BESIDE = 3  # times what is left open: of points that the fit has not seen
SPREAD = 0.1  # of the way to the end: an end is told that far off from another


@dataclass(frozen=True, slots=True)
class Recovered:
    """A schedule found again: with the largest `residual` and what the log leaves `open`, both shares of its peak.

    `spans` are the bends that were found; `drawn` says that some of it has no known shape and is points; `sure` is
    how sure its horizon is where that lies behind the last point, else 1.
    """

    schedule: Schedule
    residual: float
    open_: float
    spans: tuple[Span, ...]
    sure: float = 1.0
    drawn: bool = False


def recovered(steps: Numbers, values: Numbers) -> Recovered | None:
    """The schedule of learning rates at steps (ascending, at least 0); None for none above 0.

    Constants, straight lines, cosine, exponential, power-law and the other shapes of `decay`, one behind another,
    with whole bounds, the peak, the floors, and the horizon where the curve tells one that lies behind its last
    point. What has no such shape becomes points. As exactly as the values are printed.

    >>> import numpy as np
    >>> from glidepath import warmup, cosine
    >>> steps = np.arange(0, 900, 10)
    >>> values = (warmup(50) >> cosine(to=0.1)).over(1000, peak=3e-4)(steps)
    >>> str(recovered(steps, values).schedule)
    '(warmup(50) >> decay(950, to=0.1, shape=cosine)).over(1000, peak=0.0003)'
    """
    kept = np.isfinite(values)
    at, seen = np.asarray(steps, dtype=np.float64)[kept], np.maximum(values[kept], 0.0)
    if not seen.size or seen.max() <= 0:
        return None
    chosen = _chosen(at, seen)
    points = Points(at[chosen], seen[chosen], printed(seen)[chosen])
    with np.errstate(all="ignore"):  # the largest and the smallest floats
        return _found(at, seen, points)


def begun(found: Recovered) -> float | None:
    """How many updates of its warmup were done at update 0: 0 by t/W, 1 by (t+1)/(W+1), 1/k with k ticks an update.

    None where nothing rises by a straight line, or where the log leaves it open.
    """
    bend = found.spans[0].bend
    if not isinstance(bend, Bend) or bend.shape != "linear" or not bend.rises or found.open_ * bend.length > TOLD:
        return None
    return bend.start * bend.length / (bend.to - bend.start) - bend.begin


def _found(at: Numbers, seen: Numbers, points: Points) -> Recovered | None:
    """The schedule of bends, or of straight lines where they do not say every value."""
    found = stretches(points, MANY)
    answer = None if found is None else _answer(at, seen, points, found)
    if answer is not None:
        return answer
    by_lines = _answer(at, seen, points, [Stretch(0, len(points) - 1, drawn(points))])
    if by_lines is None or found is None:
        return by_lines
    return replace(by_lines, spans=tuple(spans(points, found)))


def _chosen(at: Numbers, seen: Numbers) -> np.ndarray:
    """Places of points enough: the ends of levels, the corners, and an even choice."""
    if at.size <= MOST_POINTS:
        return np.arange(at.size)
    slope = np.diff(seen) / np.diff(at)
    corners = np.argsort(-np.abs(np.diff(slope)), kind="stable")[:MOST_CORNERS] + 1
    even = np.linspace(0, at.size - 1, MOST_POINTS - MOST_CORNERS).round().astype(np.int64)
    beside = np.concatenate([corners - 1, corners, corners + 1])
    return np.unique(np.clip(np.concatenate([even, beside]), 0, at.size - 1))


def _answer(at: Numbers, seen: Numbers, points: Points, found: list[Stretch]) -> Recovered | None:
    """The schedule of the bends; None where they make none, or one that says other values."""
    joined = spans(points, found)
    end, sure = _horizon(points, found, joined)
    joined[-1] = _led_to(joined[-1], points.steps[-1], end)
    peak = shortest(max(*map(_high, joined), float(seen.max())), float(points.open_[np.argmax(points.values)]))
    open_ = np.interp(at, points.steps, points.open_)
    left, drawn_ = float(open_.max() / peak), any(isinstance(one.bend, Drawn) for one in found)
    for near in (left, 0.0):
        try:
            schedule = recipe(joined, peak, near).over(end, peak=peak)
            gaps = np.abs(schedule(at) - seen)
        except GlidepathError:
            continue
        if (gaps <= _limit(found, drawn_, peak, open_)).all():
            return Recovered(schedule, float(gaps.max() / peak), left, tuple(joined), sure, drawn_)
    return None


def _limit(found: list[Stretch], by_lines: bool, peak: float, open_: Numbers) -> Numbers:
    """How far off a value may be: anywhere, where nothing but lines is left."""
    if not by_lines:
        return BESIDE * SLACK * open_
    return open_ + (2 * DRAWN * peak if len(found) > 1 else np.inf)


def _led_to(span: Span, last: float, end: int) -> Span:
    """The last bend up to the horizon, led on where it was under way at the last point."""
    bend = span.bend
    if not isinstance(bend, Drawn) and bend.end > last:
        bend = led(bend, bend.begin, end)
    return replace(span, end=end, bend=bend)


def _high(span: Span) -> float:
    """The highest level that a bend names: one that it was to lead to or to begin at, though it never was there."""
    bend = span.bend
    ends = float(bend(np.array([span.begin, span.end])).max())
    return ends if isinstance(bend, Drawn) or bend.shape in LED else max(ends, bend.start)


def _horizon(points: Points, found: list[Stretch], joined: list[Span]) -> tuple[int, float]:
    """The horizon and how sure it is: one behind the last point, unless the last bend tells one further behind."""
    last, bend = points.steps[-1], joined[-1].bend
    gap = interval(points.steps)
    end = int(last) + 1
    if isinstance(bend, Drawn) or not bend.falls or bend.shape in LAWS or bend.end <= last:
        return end, 1.0
    part = points[found[-1].first : found[-1].last + 1]
    if bend.shape in ("linear", "1-sqrt"):
        return _to_zero(part, bend, last, gap)
    if bend.end <= last + FINISHED * gap + 1:
        return max(end, round(bend.end)), 1.0
    if nudged(bend, part, end=last + gap) is not None:
        return end, 1.0
    far = bend.end + SPREAD * (bend.end - last)
    return max(end, round(bend.end)), SURE if nudged(bend, part, end=far) is None else GUESSED


def _at_round_floor(part: Points, bend: Bend, last: float, gap: float) -> bool:
    """Whether a bend comes to a round level, as a share of its beginning or by itself, one row behind the last."""
    ends = bend(np.array([last + 1, last + gap])) + np.array([1, -1]) * SLACK * part.open_[-1]
    high, low = ends / bend.start * TWENTIETHS
    return bool(np.floor(high) >= np.ceil(low)) or low <= shortest(ends[1], ends[0] - ends[1]) <= high


def _to_zero(part: Points, bend: Bend, last: float, gap: float) -> tuple[int, float]:
    """Where a line, or one less a root, comes to 0, if it nearly has or is still high."""
    line = bend.shape == "linear"
    far = bend.end + bend.length * bend.to / (bend.start - bend.to) * (1 + SAME)
    low = led(bend, bend.begin, far) if line else nudged(bend, part, to=0.0)
    if low is None:
        return int(last) + 1, 1.0
    if low.end <= last + FINISHED * gap + 1:
        return max(int(last) + 1, round(low.end)), 1.0
    high = float(part.values[-1]) > LEFT * float(bend.start) and not _at_round_floor(part, low, last, gap)
    return (round(low.end), GUESSED) if high else (int(last) + 1, 1.0)
