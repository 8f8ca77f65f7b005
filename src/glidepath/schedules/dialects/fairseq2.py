"""fairseq2.optim.lr_schedulers: class names and their arguments, of one group."""

from collections.abc import Callable
from dataclasses import replace
from math import ceil, cos, isclose, log, pi

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects.curves import joined, reach
from glidepath.schedules.dialects.cycles import MOST_PARTS, Way, along, firsts_of, fixed, grown, polynomial
from glidepath.schedules.dialects.fairseq import three_stages
from glidepath.schedules.dialects.nesting import fresh, numbers
from glidepath.schedules.dialects.question import LARGEST, Answer, Question
from glidepath.schedules.powers import inverse_sqrt
from glidepath.schedules.recipes import arc, hold, warmup
from glidepath.schedules.reshape import repeat
from glidepath.schedules.schedule import Recipe

TRUNCATES = "fairseq2 cuts the lengths of its cycles to whole steps, so that some climb before they end; read uncut"


def _warm(q: Question) -> tuple[int, Recipe | None, float]:
    """(W, t/W of the way from start_lr to the optimizer's rate, the larger of the two)."""
    count, start = q.whole("num_warmup_steps"), q.number("start_lr", 0.0, low=0)
    return count, along(q, [Way(0, count, start, q.base_lr)], count), max(start, q.base_lr) if count else q.base_lr


def cosine(q: Question) -> Answer:
    """CosineAnnealingLR: a warmup, then cycles of cycle_len cycle_mul^i, the rate and final_lr times lr_mul^i."""
    warm, up, top = _warm(q)
    length, low = q.whole("cycle_len", low=1), q.number("final_lr", 0.0, low=0)
    growth, shrink = q.number("cycle_mul", 1.0, low=1), q.number("lr_mul", 1.0, low=0, high=1)
    until, peak = reach(q, warm + length), q.base_lr
    if growth == 1 and shrink == 1:
        one = arc(start=fixed(peak), to=fixed(low), shape="cosine")
        return Answer(joined(up, repeat(one, every=length)), max(top, low), until)
    bounds = grown(q, length, growth, until - warm)
    cut = [_cut(length, growth, i) for i in range(len(bounds))]
    firsts = [ceil(begin) for begin, _ in bounds]
    if q.faithful:
        firsts = firsts_of([begin for begin, _ in bounds], lambda step: _cycle(step, length, growth))
    ends = zip(cut if q.faithful else bounds, firsts, [*firsts[1:], until - warm], strict=True)
    ways = [
        way
        for i, ((begin, end), first, stop) in enumerate(ends)
        for way in _wave(q, Way(begin, end, peak * shrink**i, low * shrink**i, "cosine", first=first, stop=stop))
    ]
    notes = () if q.faithful or bounds == cut else (TRUNCATES,)
    return Answer(joined(up, along(q, ways, until - warm)), max(top, low), until, notes)


def _cut(length: int, growth: float, i: int) -> tuple[int, int]:
    """Where a cycle begins and ends once fairseq2 has cut both to whole steps."""
    begin = i * length if growth == 1 else int((1 - growth**i) / (1 - growth) * length)
    return begin, begin + int(growth**i * length)


def _wave(q: Question, way: Way) -> list[Way]:
    """A cosine, and step by step its climb where the next cycle begins behind its end."""
    first, stop = way.cut(int(LARGEST))
    end = max(first, ceil(way.end))
    if stop - end > MOST_PARTS:
        raise SpecError(f"{q.of}: expected cycles that float64 can count, got one of {way.end - way.begin:g} steps")
    shares = ((t, (t - way.begin) / (way.end - way.begin)) for t in range(end, stop))
    climb = ((t, way.to + (way.start - way.to) * (1 + cos(pi * share)) / 2) for t, share in shares)
    return [replace(way, stop=min(stop, end)), *(Way(t, t + 1, value, value) for t, value in climb)]


def _cycle(step: int, length: int, growth: float) -> int:
    if growth == 1:
        return step // length
    return int(log(1 - step / length * (1 - growth), growth))


def myle(q: Question) -> Answer:
    """MyleLR: a warmup, then p sqrt(W / t)."""
    warm, up, top = _warm(q)
    if not warm:
        raise SpecError(f"{q.of}: expected num_warmup_steps of at least 1, got 0")
    return Answer(joined(up, inverse_sqrt(timescale=warm)), top, reach(q, warm))


def noam(q: Question) -> Answer:
    """NoamLR: p min(t^-1/2, t W^-3/2); without a warmup updates 0 and 1 have the rate p."""
    warm = q.whole("num_warmup_steps")
    up = warmup(warm, start=0) if warm else hold(1)
    return Answer(joined(up, inverse_sqrt(timescale=max(1, warm))), q.base_lr * max(1, warm) ** -0.5, reach(q, warm))


def polynomial_decay(q: Question) -> Answer:
    """PolynomialDecayLR: a warmup, then (1 - u)^power down to final_lr at num_steps."""
    warm, up, top = _warm(q)
    total, low = q.whole("num_steps", low=1), q.number("final_lr", 0.0, low=0)
    if warm >= total:
        raise SpecError(f"{q.of}: expected num_warmup_steps below num_steps, got {warm} and {total}")
    way = Way(0, total - warm, q.base_lr, low, *polynomial(q.number("power", 1.0, low=0)))
    return Answer(joined(up, along(q, [way], total), hold(at=fixed(low))), max(top, low), total)


def tri_stage(q: Question) -> Answer:
    """TriStageLR: up from start_lr_scale, a hold, and equal factors down to final_lr_scale."""
    total, shares = q.whole("num_steps", low=1), numbers(q, "stage_ratio", least=3, high=1)
    if len(shares) != len(("warmup", "hold", "decay")) or not isclose(sum(shares), 1):
        raise SpecError(f"{q.of}: expected stage_ratio as three shares that add up to 1, got {shown(shares)}")
    scales = tuple(q.number(name, 0.01, low=0, high=1) for name in ("start_lr_scale", "final_lr_scale"))
    warm, flat, down = (int(share * total) for share in shares)
    return three_stages(q, q.base_lr, (warm, flat, down), (scales[0], scales[1]))


def passthrough(q: Question) -> Answer:
    """PassthroughLR: the optimizer's rate."""
    return Answer(hold(), q.base_lr, q.steps)


READERS: dict[str, Callable[[Question], Answer]] = {
    "CosineAnnealingLR": cosine,
    "MyleLR": myle,
    "NoamLR": noam,
    "PolynomialDecayLR": polynomial_decay,
    "TriStageLR": tri_stage,
    "PassthroughLR": passthrough,
}
NAMES = {name: fresh(read) for name, read in READERS.items()}
