"""A run with what was found in it: the loss over the learning rate, findings shaded where they are."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from glidepath.diagnosis.finding import Finding
from glidepath.errors import JournalError
from glidepath.plots.figure import Figure, Mark, Panel, Series, Span
from glidepath.plots.numbers import number
from glidepath.plots.runs import HALF, clock_of, loss_note, loss_panel, losses_of
from glidepath.plots.schedules import MOST_MARKS, inner_boundaries
from glidepath.runs.clocks import STEPS
from glidepath.runs.curve import Curve
from glidepath.runs.names import LOSS, NORM, OF_GROUP, RATE, SCALE, VALIDATION
from glidepath.runs.run import Run
from glidepath.schedules.schedule import Schedule

TRAINING = "training loss"
ASIDE = 25  # values on each side of a mean, fewer of a curve shorter than some thousands
MOST_NAMED = 3  # findings that are called by their kind above the curves; of more only the numbers fit
EDGE = 0.01  # of a run: a finding that begins nearer to its first step, and ends nearer to its last, is all of it
SAME = 1e-3  # of its largest value: a plan that is nearer to the rate that ran is the same line
MOST_GROUPS = 5  # parameter groups whose learning rates are drawn beside the first
DECADES = 100.0  # the largest of positive values over the smallest, from which on only a log axis shows both


def findings_figure(
    run: Run,
    findings: Sequence[Finding] = (),
    *,
    recovered: Schedule | None = None,
    plan: Schedule | None = None,
    title: str = "",
) -> Figure:
    """The loss over the learning rate, gradient norm and loss scale; findings shaded, by their place in the list.

    The loss smoothed, the loss itself faint behind it, validation with points, what a resume undid faint. Resumes are
    lines; they, the boundaries of the `recovered` schedule and amendments are named above the learning rate, where
    schedule and `plan` are drawn too if another rate ran. A finding over all the run is only named in the note. Raises
    JournalError where the run recorded neither loss, rate, norm nor scale.
    """
    losses, across = _losses(run), clock_of(run)
    bare = tuple(replace(mark, label="") for mark in _resumes(run))
    panels = [replace(loss_panel(losses, across), title=_key(run), marks=bare)] if losses else []
    panels += [panel for panel in (_rates(run, recovered, plan), _other(run, NORM), _other(run, SCALE)) if panel]
    if not panels:
        raise JournalError(f"expected curves {LOSS}, {RATE} or {NORM}, got {list(run.curves) or 'none'}")
    panels = [replace(panels[0], height=1.0), *panels[1:]]
    spans = tuple(_spans(run, findings))
    note = " ".join(text for text in (_legend(run, findings), loss_note(losses, panels[0]) if losses else "") if text)
    shaded = tuple(_shaded(panel, spans, bare=panel is not panels[0]) for panel in panels)
    return Figure(title or run.name or "A run", shaded, note)


def rates_figure(
    run: Run,
    findings: Sequence[Finding] = (),
    *,
    recovered: Schedule | None = None,
    plan: Schedule | None = None,
    title: str = "",
) -> Figure:
    """The learning rate that ran alone, with the plan and the recovered schedule where they are others.

    Raises JournalError where the run has none.
    """
    panel = _rates(run, recovered, plan)
    if panel is None:
        raise JournalError(f"expected a curve {RATE!r} of the run, got {', '.join(run.curves) or 'none'}")
    whole = replace(_shaded(panel, tuple(_spans(run, findings)), bare=False), height=1.0)
    return Figure(title or run.name or "A run", (whole,), _legend(run, findings))


def _shaded(panel: Panel, spans: tuple[Span, ...], *, bare: bool) -> Panel:
    """With the findings; those of a bare panel are named above another."""
    named = tuple(replace(span, label="", detail="") for span in spans) if bare else spans
    return replace(panel, spans=named)


def _losses(run: Run) -> list[Series]:
    """The loss itself behind the smoothed one, so that a spike is seen."""
    losses = losses_of(run, TRAINING, "validation loss")
    if LOSS in run.curves:
        curve = run.curves[LOSS]
        losses[0] = Series(TRAINING, curve.steps, curve.values, faint=True)
        losses.insert(1, Series(TRAINING, curve.steps, _centred(curve.values)))
    if LOSS in run.discarded:
        gone = run.discarded[LOSS]
        losses.append(Series("undone by a resume", gone.steps, gone.values, faint=True))
    return losses


def _centred(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means over as many values before as behind, fewer near the ends: a turn stays at the step where it was."""
    half, last = min(ASIDE, values.size // (2 * ASIDE)), values.size - 1
    there = np.isfinite(values)
    known, window = np.where(there, values, 0.0), np.ones(2 * half + 1)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        total = np.convolve(known, window, "same") if half else known
        count = np.convolve(there, window, "same") if half else there
        for near in range(half):
            for place in (near, last - near):
                around = slice(place - near, place + near + 1)
                total[place], count[place] = known[around].sum(), there[around].sum()
        return np.where(there, total / count, np.nan)


def _key(run: Run) -> str:
    """How the lines of the loss are to be read."""
    words = {LOSS: "smoothed, each value faint", VALIDATION: "validation with points"}
    return ", ".join(text for name, text in words.items() if name in run.curves)


def _rates(run: Run, recovered: Schedule | None, plan: Schedule | None) -> Panel | None:
    """The learning rates that ran, and the one that was planned where it is another."""
    if RATE not in run.curves:
        return None
    rate = run.curves[RATE]
    others = {"plan": plan, "recovered": recovered} if run.clock == STEPS else {}
    series = [line for name, one in others.items() if one is not None for line in _beside(rate, name, one)]
    series.append(Series("learning rate", rate.steps, rate.values))  # last, so that nothing hides what ran
    groups = [name for name in run.curves if name.startswith(OF_GROUP)][:MOST_GROUPS]
    series += [Series(name.removeprefix(OF_GROUP), run.curves[name].steps, run.curves[name].values) for name in groups]
    marks = (*_resumes(run), *_boundaries(run, recovered), *_amendments(run))
    return Panel(tuple(series), clock_of(run), "learning rate", height=HALF, marks=marks)


def _beside(rate: Curve, name: str, schedule: Schedule) -> Iterator[Series]:
    """What a schedule has at the steps of the rate that ran, where that is another."""
    values = schedule(rate.steps)
    apart = np.abs(values - rate.values)[np.isfinite(rate.values)]
    if apart.size and apart.max() > SAME * float(values.max()):
        yield Series(name, rate.steps, values)


def _boundaries(run: Run, recovered: Schedule | None) -> Iterator[Mark]:
    inner = [] if recovered is None else inner_boundaries(recovered)
    first, last = ends(run)
    for step in inner if len(inner) <= MOST_MARKS else ():
        if first < step < last:
            yield Mark(step, number(step))


def _amendments(run: Run) -> Iterator[Mark]:
    for table in run.amendments[:MOST_MARKS]:
        kind = next((name for name in table if name not in ("step", "policy")), "amended")
        yield Mark(int(table["step"]), f"{kind} {number(int(table['step']))}")


def _resumes(run: Run) -> tuple[Mark, ...]:
    begins = run.segments[1:]
    return tuple(Mark(step, f"resume {number(step)}") for step in begins) if len(begins) <= MOST_MARKS else ()


def _other(run: Run, name: str) -> Panel | None:
    """The gradient norm, or the loss scale, on a log axis where a linear one would hide most of it."""
    if name not in run.curves:
        return None
    curve, label = run.curves[name], {NORM: "gradient norm", SCALE: "loss scale"}[name]
    above = curve.values[np.isfinite(curve.values) & (curve.values > 0)]
    wide = bool(above.size) and float(above.max()) > DECADES * float(above.min())
    series = Series(label, curve.steps, curve.values, "steps" if name == SCALE else "line")
    return Panel((series,), clock_of(run), label, height=HALF, y_log=wide)


def _spans(run: Run, findings: Sequence[Finding]) -> Iterator[Span]:
    first, last = ends(run)
    named = len(findings) <= MOST_NAMED
    for place, one in enumerate(findings, 1):
        begin, end = _extent(one, first, last)
        if not _throughout(begin, end, first, last):
            label = f"{place} {one.kind}" if named else str(place)
            yield Span(begin, end, label, one.severity, f"{place} {one.kind}: {one.evidence}. Try: {one.fix}")


def _extent(one: Finding, first: int, last: int) -> tuple[int, int]:
    """From where to where, within the run."""
    begin = min(max(one.begin, first), last)
    return begin, max(begin, min(last if one.end is None else one.end, last))


def _throughout(begin: int, end: int, first: int, last: int) -> bool:
    """Whether it lies nowhere in particular."""
    return begin < end and begin - first <= EDGE * (last - first) and last - end <= EDGE * (last - first)


def ends(run: Run) -> tuple[int, int]:
    """The first and the last step of all that was recorded."""
    steps: list[NDArray[np.int64]] = [curve.steps for curve in run.curves.values() if len(curve)]
    return min((int(one.min()) for one in steps), default=0), max((int(one.max()) for one in steps), default=0)


def _legend(run: Run, findings: Sequence[Finding]) -> str:
    """What the numbers above the curves stand for."""
    first, last = ends(run)
    return " ".join(f"{place} {one.kind}, {where(one, first, last)}." for place, one in enumerate(findings, 1))


def where(one: Finding, first: int, last: int) -> str:
    """The steps of a finding in words, in a run from `first` to `last`.

    >>> where(Finding("spike", "note", 40, "", "", "", end=44), 0, 99)
    'steps 40 to 44'
    """
    begin, end = _extent(one, first, last)
    if _throughout(begin, end, first, last):
        return "throughout"
    if end == begin:
        return f"step {begin}"
    return f"from step {begin} on" if end == last else f"steps {begin} to {end}"
