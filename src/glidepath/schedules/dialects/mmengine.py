"""mmengine.optim.scheduler: class names and their arguments, and a list of them as a Runner takes it.

A scheduler works on the rate as it finds it, in the window from `begin` to before `end`, and leaves it behind.
Epochs (by_epoch, which is the default) need a horizon that knows steps_per_epoch, or the field epoch_length.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from itertools import groupby, pairwise
from math import ceil

from glidepath.errors import SpecError, nearest, shown
from glidepath.schedules.dialects.curves import joined, reach
from glidepath.schedules.dialects.cycles import MOST_PARTS, fixed
from glidepath.schedules.dialects.mmengine_curves import DRAWS, INF, Drawn, Window
from glidepath.schedules.dialects.nesting import named, rows
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.recipes import hold
from glidepath.schedules.reshape import combine
from glidepath.schedules.schedule import Recipe

Draw = Callable[[Question, Window], Drawn]
Scheduler = tuple[Question, Draw, Window]


def _single(draw: Draw) -> Callable[[Question], Answer]:
    """The reader of one class, whose window has no end unless told."""

    def reader(q: Question) -> Answer:
        window = _window(q, INF)
        total = _total(q, [window])
        return _answered(_chain([(q, draw, window)], total), total)

    return reader


def listed(q: Question) -> Answer:
    """param_scheduler: {"schedulers": [...]}, each with its type; a window ends with the run unless told.

    Windows that follow each other hand the rate on; those that overlap are multiplied, where all of them only scale.
    """
    schedulers = sorted(
        (_scheduler(q, row) for row in rows(q, "schedulers", least=1)), key=lambda each: _steps(each[2])
    )
    bounds = [_steps(window) for *_, window in schedulers]
    total = _total(q, [window for *_, window in schedulers])
    if all(end <= begin for (_, end), (begin, _) in pairwise(bounds)):
        return _answered(_chain(schedulers, total), total)
    chains = [_chain([each], total) for each in schedulers]
    if not all(chain.scales for chain in chains):
        raise SpecError(f"{q.of}: expected windows that overlap only where all schedulers scale the rate, got others")
    product = reduce(lambda left, right: combine(left, right, by="product"), (chain.recipe for chain in chains))
    return Answer(product, q.base_lr, total, tuple(note for chain in chains for note in chain.notes))


def _scheduler(q: Question, row: object) -> Scheduler:
    """One of the list."""
    name, config = named(q, "schedulers", row, CLASSES)
    if name not in CLASSES:
        raise SpecError(
            f"{q.of}: expected a scheduler that is read, got {shown(name)}: {nearest(shown(name), CLASSES)}"
        )
    within = Question(f"{q.of} > {name}", config, q.base_lr, q.steps, q.faithful, planned=q.planned)
    return within, CLASSES[name], _window(within, None)


def _window(q: Question, end: int | None) -> Window:
    """The window of a scheduler; by default up to tick `end`, or to the end of the run."""
    by_epoch, convert = q.flag("by_epoch", default=True), q.flag("convert_to_iter_based", default=False)
    if convert and not by_epoch:
        raise SpecError(f"{q.of}: expected by_epoch=True with convert_to_iter_based, got False")
    for name in ("verbose", "param_name", "epoch_length"):
        q.take(name, None)
    if q.whole("last_step", -1, low=-1) != -1:
        raise SpecError(f"{q.of}: expected last_step of -1, got another: a schedule is read from its step 0 on")
    epoch = _epoch(q) if by_epoch else 1
    unit, size = (epoch, 1) if convert else (1, epoch)
    begin = int(q.number("begin", 0, low=0) * unit) if convert else q.whole("begin", 0)
    run = ceil(q.horizon() / epoch) * unit if end is None else end
    given = q.take("end", None)
    stop = run if given is None else INF if q.number("end", low=0) == INF else int(q.number("end") * unit)
    if stop <= begin:
        raise SpecError(f"{q.of}: expected end behind begin, got {stop} and {begin}")
    return Window(begin, stop, 0, size, unit, q.base_lr, q.base_lr)


def _epoch(q: Question) -> int:
    """The steps of an epoch."""
    return ceil(q.rate("steps_per_epoch")) if q.take("epoch_length", None) is None else q.whole("epoch_length", low=1)


def _steps(window: Window) -> tuple[int, int]:
    """Where a window begins and ends, in steps."""
    return window.begin * window.size, window.end * window.size


def _total(q: Question, windows: list[Window]) -> int:
    """The steps of the run, or those up to the last end where they are more."""
    ends = [_steps(window)[1] + 1 for window in windows if window.end < INF]
    begins = [_steps(window)[0] + 1 for window in windows]
    total = max([*ends, *begins, q.steps or 0 if ends else reach(q)])
    return max(ceil(total / window.size) * window.size for window in windows)  # whole epochs


def _chain(schedulers: list[Scheduler], total: int) -> Drawn:
    """Schedulers whose windows follow each other: each finds the rate that the one before it left."""
    rate = top = schedulers[0][2].initial
    parts: list[Recipe | None] = []
    notes: tuple[str, ...] = ()
    at, scales = 0, True
    for q, draw, window in schedulers:
        laid = min(window.end, ceil(total / window.size)) - window.begin
        drawn = draw(q, replace(window, laid=laid, enters=rate))
        q.finish()
        begin = _steps(window)[0]
        parts.append(hold(begin - at, at=fixed(rate)) if begin > at else None)
        curve, rate = _slowed(q, drawn, window.size, laid)
        parts.append(curve)
        at, top, scales = begin + laid * window.size, max(top, drawn.top), scales and drawn.scales
        notes += drawn.notes
    return Drawn(joined(*parts, hold(at=fixed(rate))), top, scales, notes)


def _slowed(q: Question, drawn: Drawn, size: int, laid: int) -> tuple[Recipe, float]:
    """(a curve over steps from one over ticks of so many steps, the rate that it leaves behind)."""
    schedule = drawn.recipe.over(laid, peak=drawn.top or 1.0)
    if size > 1 and laid > MOST_PARTS:
        raise SpecError(f"{q.of}: expected at most {MOST_PARTS} epochs, got {laid}: write convert_to_iter_based")
    values = schedule(range(laid) if size > 1 else [laid - 1]).tolist()
    if min(values) < 0:
        raise SpecError(f"{q.of}: expected no rate below 0 that is held, got {min(values):g}: read with faithful=False")
    if size == 1:
        return drawn.recipe, values[-1]
    runs = ((value, len(list(run))) for value, run in groupby(values))
    return joined(*(hold(length * size, at=fixed(value)) for value, length in runs)), values[-1]


def _answered(drawn: Drawn, total: int) -> Answer:
    return Answer(drawn.recipe, drawn.top, total, drawn.notes)


CLASSES = {f"{name}LR": draw for name, draw in DRAWS.items()}
OTHERS = ("Momentum", "ParamScheduler")  # what else than a learning rate they schedule, by the same formulas
MISSING = ("OneCycleMomentum",)
READERS = {**CLASSES, **{f"{name}{kind}": draw for kind in OTHERS for name, draw in DRAWS.items()}}
NAMES = {**{name: _single(draw) for name, draw in READERS.items() if name not in MISSING}, "param_scheduler": listed}
