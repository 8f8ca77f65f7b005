"""A plan ticked by another clock than the updates, over another horizon, or counted as another library counts."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from glidepath.diagnosis.finding import Finding
from glidepath.diagnosis.precision import Numbers, shortest
from glidepath.diagnosis.sight import EPOCHS, Sight, number_of
from glidepath.errors import GlidepathError
from glidepath.runs.names import EPOCH
from glidepath.schedules.recipes import hold, warmup
from glidepath.schedules.schedule import Recipe, Schedule

MOST_TICKS = 4_096  # in an update, or updates in a tick: beyond any count of processes, accumulation or epoch
PROBES = 64  # steps that tell two curves apart before all of them are looked at
EQUAL_FACTORS = np.geomspace(1 / 16, 16, 240)  # of the planned horizon: those that are tried before whole numbers are
DEFAULTS = (1e-3, 1e-2, 5e-5, 1e-4, 2e-4, 5e-4, 1.0)  # of Adam and SGD of torch, Keras' SGD, transformers, Lion, ...
# Ticks of an update that are tried: powers of two, which processes and micro-batches usually are, and all of 8 nodes.
USUAL = tuple(2**power for power in range(1, 7))
SEVERAL = (*range(2, 65), *(2**power for power in range(7, 13)))
FEW_MICRO_BATCHES, MANY_MICRO_BATCHES = 16, 64  # in an update: more than a few of them are a power of two
SAME_RATIO = 1e-3  # of a ratio: what is the same at every step, as far as a log prints it
MOVES = 0.02  # of its peak: a curve that moves less says nothing of its clock
Curve = Callable[[Numbers], Numbers]


def agrees(sight: Sight, curve: Curve, *, since: float = 0.0, upto: float = np.inf) -> bool:
    """Whether a curve says every logged value, from a step on and up to one; a few of them are asked first."""
    among = np.flatnonzero((sight.steps >= since) & (sight.steps <= upto))
    limit, some = sight.limit, among[_some(among.size)]
    return all(
        bool((np.abs(curve(sight.steps[part]) - sight.values[part]) <= limit[part]).all()) for part in (some, among)
    )


def _some(size: int) -> NDArray[np.int64]:
    """Places, evenly among so many."""
    return np.unique(np.linspace(0, size - 1, min(size, PROBES)).astype(np.int64))


def counted_otherwise(plan: Schedule) -> Iterator[tuple[str, Curve]]:
    """The plan as other libraries count it: whose counting, and the learning rates."""
    first, *rest = plan.recipe.parts
    if first.word == "warmup" and getattr(first, "shape", "") == "linear" and rest:
        length, to = plan.boundaries[1], getattr(first, "to", 1.0)
        for library, start, held in (
            ("transformers", 0.0, 0),  # t/W, as optax, Keras, Megatron and most others
            ("torchtitan", 1 / max(length, 1), 1),  # (t+1)/W, as llm.c
            ("glidepath", None, 0),
        ):
            if length > held:
                up = warmup(length - held, start=start, to=to) >> hold(held)
                yield from _bound(library, Recipe((*up.parts, *rest)), plan)
    yield "deepspeed", lambda steps: plan(np.maximum(steps - 1, 0))


def _bound(library: str, recipe: Recipe, plan: Schedule) -> Iterator[tuple[str, Curve]]:
    try:
        yield library, recipe.over(plan.horizon, peak=plan.peak)
    except GlidepathError:  # a warmup to a level that its beginning is above
        return


def ticked(sight: Sight, curves: list[Curve], horizon: int) -> Finding | None:
    """The plan ticked several times an update, or once in several updates."""
    fast = (_quickly(sight, curve, horizon) for curve in curves)
    slow = (_slowly(sight, curve) for curve in curves)
    return next((one for one in chain(fast, slow) if one is not None), None)


def _quickly(sight: Sight, curve: Curve, horizon: int) -> Finding | None:
    """The plan ticked several times an update, as far as it goes."""
    for times in sorted({*SEVERAL, *sight.ticks}):
        ended = horizon / times
        if (sight.steps < ended).sum() > 2 and agrees(sight, partial(_faster, curve, times), upto=ended):
            told = " as many as the processes or the accumulation" if times in sight.ticks else ""
            evidence = (
                f"update t has the learning rate planned for {times} t:{told} the plan's {horizon} steps are over at "
                f"update {horizon // times}"
            )
            return sight.found("fast ticks", "wrong", 0, evidence, times=times)
    return None


def _faster(curve: Curve, times: float, steps: Numbers) -> Numbers:
    return curve(steps * times)


def _slower(curve: Curve, width: int, steps: Numbers) -> Numbers:
    return curve(steps // width)


def _times(curve: Curve, ratio: float, steps: Numbers) -> Numbers:
    return curve(steps) * ratio


def later(curve: Curve, by: int, steps: Numbers) -> Numbers:
    """The values of some steps later, of the first one before that."""
    return curve(np.maximum(steps + by, 0))


def _slowly(sight: Sight, curve: Curve) -> Finding | None:
    """The plan's values, each kept for several updates: an epoch, the interval of the log, or the fewest that do."""
    some = _some(sight.steps.size)
    at, seen, limit = sight.steps[some], sight.values[some], sight.limit[some]
    flat = np.ptp(seen) < MOVES * sight.peak  # then the plan ticked by parts may say it too
    usual = [one for one in (epoch_steps(sight) or 0, round(sight.every)) if 2 <= one <= sight.last]
    for width in dict.fromkeys((*usual, *range(2, min(MOST_TICKS, sight.last) + 1))):
        near = bool((np.abs(curve(at // width) - seen) <= limit).all())
        kept = near and agrees(sight, partial(_slower, curve, width))
        if kept and not (flat and width not in usual and agrees(sight, partial(_faster, curve, 1 / width))):
            return _kept_for(sight, width)
    return None


def _kept_for(sight: Sight, width: int) -> Finding:
    epoch = epoch_steps(sight)
    of_epoch = epoch is not None and abs(epoch - width) <= 1
    evidence = (
        f"each planned value is kept for {width} updates{', an epoch' if of_epoch else ''}: at update {sight.last} the "
        f"learning rate is the one planned for update {sight.last // width}"
    )
    return sight.found(clock_of(epoch, width, 1.0), "wrong", 0, evidence, times=width)


def clock_of(epoch: int | None, width: float, within: float) -> str:
    """The kind of a tick in so many updates, told `within` some: an epoch's, or one of micro-batches."""
    if epoch is not None:
        return "epoch ticks" if abs(epoch - width) <= within else "slow ticks"
    power = 2.0 ** round(np.log2(width))
    few = width <= FEW_MICRO_BATCHES or (width <= MANY_MICRO_BATCHES and abs(width - power) <= within / 2)
    return "slow ticks" if few else "epoch ticks"


def epoch_steps(sight: Sight) -> int | None:
    """The updates of an epoch, by the settings or by the epochs logged; None where neither tells."""
    told = number_of(sight.run.settings, EPOCHS)
    if told is not None:
        return int(told)
    curve = sight.run.curves.get(EPOCH)
    if curve is None or len(curve) < 3:  # two begins of an epoch make one
        return None
    whole = np.floor(curve.values)
    begins = curve.steps[1:][np.diff(whole) > 0]
    if begins.size < 2:
        return None
    return int(np.median(np.diff(begins)))


def scaled(sight: Sight, curves: list[Curve]) -> Finding | None:
    """The plan's curve at another peak."""
    for curve in curves:
        planned = curve(sight.steps)
        high = planned > planned.max() / 10
        if not high.any() or planned.max() <= 0:
            return None
        ratio = float(np.median(sight.values[high] / planned[high]))
        if ratio > 0 and abs(ratio - 1) > SAME_RATIO and agrees(sight, partial(_times, curve, ratio)):
            asked = float(planned.max())
            got = shortest(asked * ratio, SAME_RATIO * asked * ratio)
            own = " (the default of an optimizer)" if any(abs(got / one - 1) < SAME_RATIO for one in DEFAULTS) else ""
            evidence = f"every value is {ratio:.4g} times the planned one: the peak is {got:.4g}{own}, not {asked:.4g}"
            return sight.found("other peak", "wrong", 0, evidence, ratio=ratio, peak=got)
    return None


def over_another(sight: Sight, recipes: list[Recipe], plan: Schedule) -> Finding | None:
    """The plan's recipe over other steps."""
    for recipe in recipes:
        found = horizon_of(sight, recipe, plan)
        if found is not None:
            evidence = (
                f"the learning rate is that of {found} steps, {found / plan.horizon.steps:.3g} times the planned "
                f"{plan.horizon.steps}; it ends at {sight.values[-1]:.3g}"
            )
            return sight.found("other horizon", "wrong", 0, evidence, horizon=found, steps=plan.horizon.steps)
    return None


def horizon_of(sight: Sight, recipe: Recipe, plan: Schedule) -> int | None:
    """The whole horizon over which a recipe says every logged value; None where none does."""
    some = _some(sight.steps.size)
    at, seen = sight.steps[some], sight.values[some]

    def gap(steps: int) -> float:
        try:
            return float(np.abs(recipe.over(max(1, steps), peak=plan.peak)(at) - seen).mean())
        except GlidepathError:
            return np.inf

    nearest_ = _lowest(gap, (plan.horizon.steps * EQUAL_FACTORS).round().astype(np.int64).tolist())
    if nearest_ == plan.horizon.steps or not np.isfinite(gap(nearest_)):
        return None
    return nearest_ if agrees(sight, recipe.over(nearest_, peak=plan.peak)) else None


def _lowest(gap: Callable[[int], float], trials: list[int]) -> int:
    """The whole number, from the first of some to the last, at which a gap is least: about the best one, by thirds."""
    best = int(np.argmin([gap(one) for one in trials]))
    low, high = trials[max(best - 1, 0)], trials[min(best + 1, len(trials) - 1)]
    while high - low > 2:  # three whole numbers are left
        third = (high - low) // 3 or 1
        low, high = (low, high - third) if gap(low + third) < gap(high - third) else (low + third, high)
    return min(range(max(1, low - 2), high + 3), key=gap)


def laid_over(sight: Sight, plan: Schedule) -> Finding | None:
    """The warmup laid over a decay that has begun with the run."""
    first, *rest = plan.recipe.parts
    if first.word != "warmup" or len(rest) != 1 or rest[0].word not in ("decay", "cosine", "linear"):
        return None
    fall = Recipe(tuple(rest)).over(plan.horizon, peak=plan.peak)
    length = plan.boundaries[1]
    if (sight.steps >= length).sum() < 2 or not agrees(sight, fall, since=length):
        return None
    return peak_missed(sight, length, float(fall(length)), plan.peak or 1.0)


def peak_missed(sight: Sight, length: int, level: float, peak: float) -> Finding:
    """What is said of a decay that has run under the warmup."""
    evidence = (
        f"the warmup of {length} updates leads to {peak:.4g}, but at update {length} the learning rate is "
        f"{level:.4g}, {level / peak:.1%} of it: the decay had begun at update 0"
    )
    return sight.found("peak not reached", "suspect", length, evidence, share=level / peak, peak=peak)
