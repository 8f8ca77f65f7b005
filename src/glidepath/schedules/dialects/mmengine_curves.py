"""mmengine.optim.scheduler: what each class does to the rate that it finds, in its window of ticks."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import cos, pi

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import joined
from glidepath.schedules.dialects.cycles import Way, along, fixed, phases, polynomial
from glidepath.schedules.dialects.nesting import numbers, wholes
from glidepath.schedules.dialects.question import Question
from glidepath.schedules.recipes import arc, hold, steps
from glidepath.schedules.reshape import repeat
from glidepath.schedules.schedule import Recipe

INF = 10**9  # its own: no end
STRATEGIES = {"cos": "cosine", "linear": "linear"}


@dataclass(frozen=True, slots=True)
class Window:
    """Where a scheduler works, in ticks of `size` steps: from `begin` to before `end`, of which `laid` are drawn.

    It finds the rate at `enters`; the optimizer began with `initial`. Lengths that it is told are `unit` ticks each.
    """

    begin: int
    end: int
    laid: int
    size: int
    unit: int
    enters: float
    initial: float

    @property
    def last(self) -> int:
        """Its last tick."""
        return self.end - self.begin - 1


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a scheduler does in its window: a recipe of the ticks laid, its largest value, whether it only scales."""

    recipe: Recipe
    top: float
    scales: bool = True
    notes: tuple[str, ...] = ()


def _drawn(q: Question, w: Window, ways: list[Way], *, scales: bool = True, notes: tuple[str, ...] = ()) -> Drawn:
    """The ways, and what they end with for the rest of the window."""
    end = Way(ways[-1].end, INF, ways[-1].to, ways[-1].to) if ways[-1].stop is None else None
    recipe = joined(along(q, [*ways, end] if end else ways, w.laid))
    return Drawn(recipe, max(max(way.start, way.to) for way in ways), scales, notes)


def constant(q: Question, w: Window) -> Drawn:
    """Constant: times factor, but for the last tick of a window of more than one."""
    factor = q.number("factor", 1 / 3, low=0, high=1)
    if factor == 0 and 0 < w.last < w.laid:
        raise SpecError(f"{q.of}: expected factor above 0, by which mmengine divides at its end, got 0")
    low, back = w.enters * factor, Way(w.last, INF, w.enters, w.enters)
    return _drawn(q, w, [Way(0, w.last, low, low), back] if w.last else [_flat(low)])


def linear(q: Question, w: Window) -> Drawn:
    """Linear: times start_factor to end_factor, which the last tick of the window has."""
    start, end = q.number("start_factor", 1 / 3, low=0, high=1), q.number("end_factor", 1.0, low=0, high=1)
    if start == 0 and w.last:
        raise SpecError(f"{q.of}: expected start_factor above 0, by which mmengine divides, got 0")
    return _drawn(q, w, [Way(0, w.last, w.enters * start, w.enters * end) if w.last else _flat(w.enters * start)])


def _flat(value: float) -> Way:
    return Way(0, 1, value, value)


def step(q: Question, w: Window) -> Drawn:
    """Step: times gamma at every step_size."""
    every, gamma = q.whole("step_size", low=1), q.number("gamma", 0.1, low=0, high=1)
    return Drawn(_stairs(w, every * w.unit, gamma), w.enters)


def exponential(q: Question, w: Window) -> Drawn:
    """Exponential: times gamma at every tick."""
    return Drawn(_stairs(w, 1, q.number("gamma", low=0, high=1)), w.enters)


def _stairs(w: Window, every: int, gamma: float) -> Recipe:
    return joined(hold(0, at=fixed(w.enters)), steps(every, factor=gamma, length=w.laid))


def multi_step(q: Question, w: Window) -> Drawn:
    """MultiStep: times gamma at each milestone, counted from where its window begins."""
    gamma = q.number("gamma", 0.1, low=0, high=1)
    bounds = [0, *sorted(at * w.unit for at in wholes(q, "milestones", least=0)), INF]
    values = [w.enters * gamma**count for count in range(len(bounds) - 1)]
    ways = [Way(*ends, value, value) for ends, value in zip(pairwise(bounds), values, strict=True)]
    return Drawn(joined(along(q, ways, w.laid)), w.enters)


def cosine(q: Question, w: Window) -> Drawn:
    """CosineAnnealing: to its least value over T_max ticks, or those of the window; then back to the initial."""
    count = _optional(q, "T_max") * w.unit or w.last + 1
    low = _least(q, w, default=0.0)
    top, scales = max(w.enters, w.initial, low), low == 0 and count >= w.last
    down = Way(0, count, w.enters, low, "cosine")
    if not q.faithful or w.laid <= count:
        notes = (f"mmengine turns round at tick {count}; read as held at {low:g}",) if w.laid > count + 1 else ()
        return _drawn(q, w, [down], scales=scales, notes=notes)
    up = arc(count, start=fixed(low), to=fixed(w.initial), shape="cosine")
    back = arc(count, start=fixed(w.initial), to=fixed(low), shape="cosine")
    waves = repeat(joined(up, back), every=2 * count, length=w.laid - count)
    return Drawn(joined(along(q, [down], count), waves), top, scales=scales)


def poly(q: Question, w: Window) -> Drawn:
    """Poly: (1 - k/n)^power of the way to eta_min, which the last tick of the window has."""
    low, shape = q.number("eta_min", 0, low=0), polynomial(q.number("power", 1.0, low=0))
    return _drawn(q, w, [Way(0, w.last, w.enters, low, *shape) if w.last else _flat(w.enters)], scales=low == 0)


def one_cycle(q: Question, w: Window) -> Drawn:
    """OneCycle: as torch's, whatever it finds."""
    peak, count = q.number("eta_max", 0, low=0), _optional(q, "total_steps") * w.unit or w.last + 1
    share, three = q.number("pct_start", 0.3, low=0, high=1), q.flag("three_phase", default=False)
    shape = STRATEGIES[q.choice("anneal_strategy", "cos", tuple(STRATEGIES))]
    first, final = q.number("div_factor", 25.0, low=0), q.number("final_div_factor", 1e4, low=0)
    if 0 in (first, final):
        raise SpecError(f"{q.of}: expected div_factor and final_div_factor above 0, got {first:g} and {final:g}")
    rates = (peak / first, peak, peak / first / final)
    ways = phases(q, count, share, rates, shape, three=three)
    held = Way(count + 1 if q.faithful else count - 1, INF, rates[-1], rates[-1])
    notes = () if q.faithful or w.laid <= count else (f"mmengine leaves its last rate at tick {count}; read as held",)
    return replace(_drawn(q, w, [*ways, held], scales=False, notes=notes), top=max(rates))


def cosine_restart(q: Question, w: Window) -> Drawn:
    """CosineRestart: a cosine for each of `periods`, from its weight times the initial rate; then it stays."""
    periods = wholes(q, "periods", least=1, low=1)
    weights = numbers(q, "restart_weights", least=1) if "restart_weights" in q.config else [1.0]
    if len(weights) != len(periods):
        raise SpecError(f"{q.of}: expected as many restart_weights as periods, got {len(weights)} and {len(periods)}")
    low = _least(q, w, default=None)
    bounds = list(accumulate((period * w.unit for period in periods), initial=0))
    tops = [weight * w.initial for weight in weights]
    ways = [Way(*ends, top, low, "cosine") for ends, top in zip(pairwise(bounds), tops, strict=True)]
    one = periods[-1] * w.unit
    end = low + (tops[-1] - low) * (1 + cos(pi * (one - 1) / one)) / 2
    return _drawn(q, w, [*ways, Way(bounds[-1], INF, end, end)], scales=False)


def _optional(q: Question, name: str) -> int:
    """A whole number above 0, or 0 for none."""
    return 0 if q.take(name, None) is None else q.whole(name, low=1)


def _least(q: Question, w: Window, *, default: float | None) -> float:
    """eta_min, or eta_min_ratio of the initial rate."""
    given = [name for name in ("eta_min", "eta_min_ratio") if q.take(name, None) is not None]
    if len(given) > 1 or (not given and default is None):
        raise SpecError(f"{q.of}: expected one of eta_min and eta_min_ratio, got {' and '.join(given) or 'neither'}")
    if not given:
        return default or 0.0
    return q.number(given[0], low=0) * (w.initial if given[0] == "eta_min_ratio" else 1.0)


DRAWS: dict[str, Callable[[Question, Window], Drawn]] = {
    "Constant": constant,
    "Linear": linear,
    "Step": step,
    "MultiStep": multi_step,
    "Exponential": exponential,
    "CosineAnnealing": cosine,
    "Poly": poly,
    "OneCycle": one_cycle,
    "CosineRestart": cosine_restart,
}
