"""fastai.callback.schedule: names and arguments; batch i is at the position i/N, N the batches of the whole fit.

fastai keeps the shares of its phases in float32, so that its values differ from the curve in the eighth digit. A
faithful reading keeps them too, batch by batch.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import accumulate, pairwise
from math import isclose
from typing import Any

import numpy as np

from glidepath.errors import SpecError, nearest, shown
from glidepath.schedules.dialects.curves import joined
from glidepath.schedules.dialects.cycles import MOST_PARTS, Way, along, fixed, multiple
from glidepath.schedules.dialects.nesting import named, numbers, rows
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.recipes import hold

OF_A_FIT = ("n_epoch", "wd", "cbs", "reset_opt", "moms")
NEAR = 2**-24  # the last bit of float32: how close to a whole step a phase ends on it
FIRST_DIVISOR, LAST_DIVISOR = 25.0, 1e5  # div and div_final
FREEZE_SHARE = 0.99  # the pct_start of fine_tune's first fit
FINDER_LEAST = 6  # what LRFinder raises a smaller num_it to
MOST_CYCLES = 80  # of SGDR, of which the last is 2^79 times as long as the first, past every horizon
SHARES = "fastai keeps the shares of its phases in float32, and may begin one a batch late; read exactly"
OF_THE_LAST = "the rate of the last group; fastai gives the groups before it less, by lr_mult"

# A share of the fit, and what happens in it, as a way from 0 to 1.
Phase = tuple[float, Way]


def _batches(q: Question) -> int:
    """N, where the fit begins with its first batch."""
    for name in OF_A_FIT:
        q.take(name, None)
    if q.whole("start_epoch", 0):
        raise SpecError(f"{q.of}: expected start_epoch of 0, got another: read the whole fit and resume it there")
    return q.horizon()


def _laid(q: Question, phases: list[Phase], batches: int, begin: int = 0) -> list[Way]:
    """The phases over so many batches, from batch `begin` on."""
    if q.faithful and batches <= MOST_PARTS:
        values = enumerate(_in_float32(phases, batches), begin)
        return [Way(at, at + 1, value, value) for at, value in values]
    ends = [begin + batches * end for end in accumulate((share for share, _ in phases), initial=0.0)]
    near = [round(end) if isclose(end, round(end), rel_tol=NEAR) else end for end in ends]
    bounds = pairwise([*near[:-1], begin + batches])
    return [
        Way(*ends, way.start, way.to, way.shape, way.power, backwards=way.backwards)
        for (_, way), ends in zip(phases, bounds, strict=True)
    ]


def _in_float32(phases: list[Phase], batches: int) -> Iterator[float]:
    """Each batch's value, its share of its phase computed in float32 as fastai's tensors do."""
    shares = np.array([0, *(share for share, _ in phases)], dtype=np.float32)
    ends = np.cumsum(shares, dtype=np.float64).astype(np.float32)
    for batch in range(batches):
        at = np.float32(batch / batches)
        index = min(int(np.flatnonzero(at >= ends)[-1]), len(phases) - 1)
        yield phases[index][1].at(float((at - ends[index]) / (ends[index + 1] - ends[index])))


def _cosines(share: float, *rates: float) -> list[Phase]:
    """A cosine from the first rate to the second for a share, and one to the third."""
    return [(part, Way(0, 1, *way, "cosine")) for part, way in zip((share, 1 - share), pairwise(rates), strict=True)]


def _answer(q: Question, ways: list[Way], *, of: float | None = None, notes: tuple[str, ...] = ()) -> Answer:
    """The ways, as multiples of a rate or as learning rates; what they lead to comes behind them."""
    values = [value for way in ways for value in (way.start, way.to)]
    peak = max(of or 0.0, *values)
    level = multiple(peak) if of else fixed
    until = round(ways[-1].end)
    exactly = () if q.faithful or len(ways) == 1 else (SHARES,)
    return Answer(joined(along(q, ways, until, level), hold(at=level(values[-1]))), peak, until, (*notes, *exactly))


def _rate(q: Question, name: str) -> float:
    """The largest rate, the learner's own where the fit has none."""
    return q.base_lr if q.take(name, None) is None else q.number(name, low=0)


def _divided(q: Question, rate: float, name: str, default: float) -> float:
    divisor = q.number(name, default, low=0)
    if divisor == 0:
        raise SpecError(f"{q.of}: expected {name} above 0, got 0")
    return rate / divisor


def fit_one_cycle(q: Question) -> Answer:
    """A cosine from lr/div up, one down to lr/div_final, which the fit stops short of."""
    rate, share = _rate(q, "lr_max"), q.number("pct_start", 0.25, low=0, high=1)
    first, last = _divided(q, rate, "div", FIRST_DIVISOR), _divided(q, rate, "div_final", LAST_DIVISOR)
    return _answer(q, _laid(q, _cosines(share, first, rate, last), _batches(q)), of=rate)


def fit_flat_cos(q: Question) -> Answer:
    """The rate, then a cosine to lr/div_final."""
    rate, share = _rate(q, "lr"), q.number("pct_start", 0.75, low=0, high=1)
    phases = _cosines(share, rate, rate, _divided(q, rate, "div_final", LAST_DIVISOR))
    return _answer(q, _laid(q, phases, _batches(q)), of=rate)


def fit_sgdr(q: Question) -> Answer:
    """Cosines to 0, each cycle_mult times as long as the one before, a whole number of epochs."""
    q.whole("cycle_len", low=1)
    cycles, growth = q.whole("n_cycles", low=1), q.whole("cycle_mult", 2, low=1)
    if growth == 1 or cycles > MOST_CYCLES:
        raise SpecError(
            f"{q.of}: expected cycle_mult of at least 2, by one less than which fastai divides, and at most "
            f"{MOST_CYCLES} cycles, got {growth} and {cycles}"
        )
    rate, total = _rate(q, "lr_max"), (growth**cycles - 1) // (growth - 1)
    phases = [(float(Fraction(growth**k, total)), Way(0, 1, rate, 0.0, "cosine")) for k in range(cycles)]
    return _answer(q, _laid(q, phases, _batches(q)), of=rate)


def fine_tune(q: Question) -> Answer:
    """One cycle for the frozen epochs, then one for the others from half the rate; the rate of the last group."""
    epochs, frozen = q.whole("epochs", low=1), q.whole("freeze_epochs", 1)
    rate, share = q.number("base_lr", 2e-3, low=0), q.number("pct_start", 0.3, low=0, high=1)
    q.number("lr_mult", 100, low=0)
    batches = _batches(q)
    begin = round(Fraction(frozen, epochs + frozen) * batches)
    first, last = _divided(q, rate, "div", 5.0), _divided(q, rate, "div_final", LAST_DIVISOR)
    frozen_ways = _laid(q, _cosines(FREEZE_SHARE, rate / FIRST_DIVISOR, rate, last), begin) if begin else []
    ways = _laid(q, _cosines(share, first / 2, rate / 2, last / 2), batches - begin, begin)
    return _answer(q, [*frozen_ways, *ways], of=rate, notes=(OF_THE_LAST,))


def lr_finder(q: Question) -> Answer:
    """LRFinder: start_lr (end_lr / start_lr)^(i / num_it)."""
    first, last = q.number("start_lr", 1e-7, low=0), q.number("end_lr", 10, low=0)
    for name in ("stop_div", "show_plot", "suggest_funcs"):
        q.take(name, None)
    count = max(FINDER_LEAST, q.whole("num_it", 100, low=1))
    return _answer(q, [Way(0, count, first, last, "exponential")])


# Their schedules from a start to an end, and our shapes.
SHAPES = {
    "SchedLin": "linear",
    "SchedCos": "cosine",
    "SchedNo": "linear",
    "SchedExp": "exponential",
    "SchedPoly": "polynomial",
}


def _way(q: Question, name: str, end: float = 1) -> Way:
    """One of those, from 0 to `end`."""
    start, to = q.number("start", low=0), q.number("end", low=0)
    power = q.number("power", low=0) if name == "SchedPoly" else 1.0
    return Way(0, end, start, start if name == "SchedNo" else to, SHAPES[name], power, backwards=name == "SchedPoly")


def _one(name: str) -> Callable[[Question], Answer]:
    """The reader of one of them, over the whole fit."""
    return lambda q: _answer(q, [_way(q, name, _batches(q))])


def combined_cos(q: Question) -> Answer:
    """A cosine from start to middle for a share of the fit, and one from there to end."""
    rates = [q.number(name, low=0) for name in ("start", "middle", "end")]
    return _answer(q, _laid(q, _cosines(q.number("pct", low=0, high=1), *rates), _batches(q)))


def combine_scheds(q: Question) -> Answer:
    """Schedules one behind the other, each over its share of the fit; the shares add up to 1."""
    given, shares = rows(q, "scheds", least=1), numbers(q, "pcts", least=1, high=1)
    if len(given) != len(shares) or not isclose(sum(shares), 1, rel_tol=NEAR):
        raise SpecError(f"{q.of}: expected as many pcts as scheds, with the sum 1, got {shown(q.config['pcts'])}")
    phases = [(share, _within(q, row)) for share, row in zip(shares, given, strict=True)]
    return _answer(q, _laid(q, phases, _batches(q)))


def _within(q: Question, row: Any) -> Way:
    name, config = named(q, "scheds", row, SHAPES)
    if name not in SHAPES:
        hint = nearest(shown(name), SHAPES)
        raise SpecError(f"{q.of}: expected a schedule such as SchedCos, got {shown(name)}: {hint}")
    within = Question(f"{q.of} > {name}", config, q.base_lr, q.steps, q.faithful)
    way = _way(within, name)
    within.finish()
    return way


NAMES: dict[str, Callable[[Question], Answer]] = {
    "fit_one_cycle": fit_one_cycle,
    "fit_flat_cos": fit_flat_cos,
    "fit_sgdr": fit_sgdr,
    "fine_tune": fine_tune,
    "LRFinder": lr_finder,
    "lr_find": lr_finder,
    **{name: _one(name) for name in SHAPES},
    "combined_cos": combined_cos,
    "combine_scheds": combine_scheds,
}
