"""A plan ticked by another clock than the updates, over another horizon, or counted as another library counts."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from glidepath.diagnosis.finding import Finding
from glidepath.diagnosis.precision import Numbers, shortest
from glidepath.diagnosis.sight import EPOCHS, PROCESSES, Sight, number_of
from glidepath.errors import GlidepathError
from glidepath.runs.names import EPOCH
from glidepath.schedules.recipes import hold, warmup
from glidepath.schedules.schedule import Recipe, Schedule

MOST_TICKS = 4_096  # in an update, or updates in a tick: beyond any count of processes, accumulation or epoch
PROBES = 64  # steps that tell two curves apart before all of them are looked at
WIDEST = 16.0  # times the planned horizon, and one part in so many: other horizons that are tried
TRIED = 240  # of them, by equal factors, before whole numbers are
DEFAULTS = (1e-3, 1e-2, 5e-5, 1e-4, 2e-4, 5e-4, 1.0)  # of Adam and SGD of torch, Keras' SGD, transformers, Lion, ...
SAME_RATIO = 1e-3  # of a ratio: what is the same at every step, as far as a log prints it
MOVES = 0.02  # of its peak: a curve that moves less says nothing of its clock
Curve = Callable[[Numbers], Numbers]


def agrees(sight: Sight, curve: Curve, upto: float = np.inf) -> bool:
    """Whether a curve says every logged value, up to a step."""
    among = sight.steps <= upto
    few = np.flatnonzero(among)
    some = few[np.unique(np.linspace(0, few.size - 1, min(few.size, PROBES)).astype(np.int64))] if few.size else few
    limit = sight.limit
    return all(
        bool((np.abs(curve(sight.steps[part]) - sight.values[part]) <= limit[part]).all()) for part in (some, few)
    )


def counted_otherwise(plan: Schedule) -> Iterator[tuple[str, Curve]]:
    """The plan as other libraries count it: whose counting, and the learning rates."""
    lagged = "deepspeed"
    for library, change in COUNTINGS:
        recipe = change(plan)
        if recipe is not None:
            try:
                yield library, recipe.over(plan.horizon, peak=plan.peak)
            except GlidepathError:
                continue
    yield lagged, lambda steps: plan(np.maximum(steps - 1, 0))


def _textbook(plan: Schedule) -> Recipe | None:
    """t/W: transformers, optax, Keras, Megatron and most others."""
    return _first_warmup(plan, 0.0)


def _ahead(plan: Schedule) -> Recipe | None:
    """(t+1)/W: torchtitan, llm.c."""
    length = plan.boundaries[1] if len(plan.boundaries) > 1 else 0
    return _first_warmup(plan, 1 / length, shorter=1) if length > 1 else None


def _ours(plan: Schedule) -> Recipe | None:
    return _first_warmup(plan, None)


def _first_warmup(plan: Schedule, start: float | None, shorter: int = 0) -> Recipe | None:
    """The recipe with its linear warmup begun elsewhere."""
    first, *rest = plan.recipe.parts
    if first.word != "warmup" or getattr(first, "shape", "") != "linear" or not rest:
        return None
    length = plan.boundaries[1]
    other = warmup(length - shorter, start=start, to=getattr(first, "to", 1.0))
    return Recipe((*other.parts, *(hold(shorter).parts if shorter else ()), *rest))


COUNTINGS: tuple[tuple[str, Callable[[Schedule], Recipe | None]], ...] = (
    ("transformers", _textbook),
    ("torchtitan", _ahead),
    ("glidepath", _ours),
)


def ticked(sight: Sight, curves: list[Curve], horizon: int) -> Finding | None:
    """The plan ticked several times an update, or once in several updates."""
    told = {int(value) for name in PROCESSES if (value := number_of(sight.run.settings, (name,)))}
    for curve in curves:
        for times in sorted({*range(2, PROBES), *told, *(2**power for power in range(6, 13))} - {1}):
            ended = horizon / times
            if (sight.steps < ended).sum() > 2 and agrees(sight, partial(_faster, curve, times), ended):
                return sight.found("fast ticks", "wrong", 0, _fast(sight, times, horizon), times=times)
    for curve in curves:
        slow = _slowly(sight, curve)
        if slow is not None:
            return slow
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


def _fast(sight: Sight, times: int, horizon: int) -> str:
    told = " as many as the processes or the accumulation" if number_of(sight.run.settings, PROCESSES) == times else ""
    return (
        f"update t has the learning rate planned for {times} t:{told} the plan's {horizon} steps are over at "
        f"update {horizon // times}"
    )


def _slowly(sight: Sight, curve: Curve) -> Finding | None:
    """The plan's values, each kept for several updates."""
    some = np.unique(np.linspace(0, sight.steps.size - 1, PROBES).astype(np.int64))
    at, seen, limit = sight.steps[some], sight.values[some], sight.limit[some]
    widths = np.arange(2, min(MOST_TICKS, sight.last) + 1)
    near = np.array([bool((np.abs(curve(at // k) - seen) <= limit).all()) for k in widths], dtype=bool)
    for k in widths[near].tolist():
        if agrees(sight, partial(_slower, curve, k)):
            smooth = agrees(sight, partial(_faster, curve, 1 / k))
            if smooth and np.ptp(seen) < MOVES * sight.peak:
                continue
            return _kept_for(sight, k)
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
    few = width <= FEW_MICRO_BATCHES or (width <= PROBES and abs(width - power) <= within / 2)
    return "slow ticks" if few else "epoch ticks"


FEW_MICRO_BATCHES = 16  # in an update: more of them are a power of two


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
    some = np.unique(np.linspace(0, sight.steps.size - 1, PROBES).astype(np.int64))
    at, seen = sight.steps[some], sight.values[some]

    def gap(steps: int) -> float:
        try:
            return float(np.abs(recipe.over(max(1, steps), peak=plan.peak)(at) - seen).mean())
        except GlidepathError:
            return np.inf

    trials = (plan.horizon.steps * np.geomspace(1 / WIDEST, WIDEST, TRIED)).round().astype(np.int64).tolist()
    gaps = [gap(one) for one in trials]
    best = int(np.argmin(gaps))
    low, high = trials[max(best - 1, 0)], trials[min(best + 1, TRIED - 1)]
    while high - low > 2:  # three whole numbers are left
        third = (high - low) // 3 or 1
        low, high = (low, high - third) if gap(low + third) < gap(high - third) else (low + third, high)
    nearest_ = min(range(max(1, low - 2), high + 3), key=gap)
    if nearest_ == plan.horizon.steps or not np.isfinite(gap(nearest_)):
        return None
    return nearest_ if agrees(sight, recipe.over(nearest_, peak=plan.peak)) else None


def laid_over(sight: Sight, plan: Schedule) -> Finding | None:
    """The warmup laid over a decay that has begun with the run."""
    first, *rest = plan.recipe.parts
    if first.word != "warmup" or len(rest) != 1 or rest[0].word not in ("decay", "cosine", "linear"):
        return None
    fall = Recipe(tuple(rest)).over(plan.horizon, peak=plan.peak)
    length = plan.boundaries[1]
    behind = sight.steps >= length
    if behind.sum() < 2 or not np.all(np.abs(fall(sight.steps[behind]) - sight.values[behind]) <= sight.limit[behind]):
        return None
    return peak_missed(sight, length, float(fall(length)), plan.peak or 1.0)


def peak_missed(sight: Sight, length: int, level: float, peak: float) -> Finding:
    """What is said of a decay that has run under the warmup."""
    evidence = (
        f"the warmup of {length} updates leads to {peak:.4g}, but at update {length} the learning rate is "
        f"{level:.4g}, {level / peak:.1%} of it: the decay had begun at update 0"
    )
    return sight.found("peak not reached", "suspect", length, evidence, share=level / peak, peak=peak)
