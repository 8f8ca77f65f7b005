"""The audit: which schedule really ran, told by its learning rates alone, and what went wrong with it."""

from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np

from glidepath.diagnosis import ends, groups, resumes, ticking
from glidepath.diagnosis.causes import framework
from glidepath.diagnosis.finding import Finding, is_alarm, worst_first
from glidepath.diagnosis.recovery import begun, recovered
from glidepath.diagnosis.sight import Sight
from glidepath.diagnosis.stairs import plain_in_ticks, stairs
from glidepath.errors import DiagnosisError
from glidepath.runs.curve import Curve
from glidepath.runs.names import RATE
from glidepath.runs.run import Run
from glidepath.schedules.schedule import Schedule

NEXT = ("transformers",)  # whose logs said the learning rate of the next update, until 2025-03
NEARLY = 0.05  # of a step: by which a warmup is told to begin at its first and not at 0
BELOW_ITS_PEAK = ("peak not reached", "epoch ticks", "slow ticks")  # findings of a run that was never at it
MOST_SEAMS = 20  # segments that are recovered one by one


@dataclass(frozen=True, slots=True)
class Audit:
    """The schedule that a run's learning rates followed, and the findings, worst first.

    `schedule` is the recipe over its horizon with its peak, `text` the recipe as text; None and "" where there is
    none. `residual` is the largest gap between the log and the schedule, as a share of the peak. `dialect` is the
    library whose counting it has, "" where several have it; `shift` by how many updates the log is late, where that
    is proven. `segments` are the schedules of the segments where they differ. `sure` is how sure the horizon is
    where it lies behind the last row, else 1; `drawn` says that a part has no known shape and is points.
    """

    schedule: Schedule | None
    text: str
    dialect: str
    residual: float
    shift: int
    segments: tuple[Schedule, ...]
    findings: tuple[Finding, ...]
    sure: float = 1.0
    drawn: bool = False


def audit(run: Run, plan: Schedule | None = None) -> Audit:
    """Which schedule really ran, compared with the plan where there is one; raises DiagnosisError without "lr".

    It needs no more than the curve "lr", and "lr/NAME" of other groups; the settings' horizon and peak, the seams and
    the epochs tell more.

    >>> import numpy as np
    >>> from glidepath import warmup, cosine
    >>> from glidepath.runs.curve import Curve
    >>> from glidepath.runs.run import Run
    >>> plan = (warmup(50) >> cosine()).over(1000, peak=3e-4)
    >>> steps = np.arange(0, 1000, 10)
    >>> [one.kind for one in audit(Run({"lr": Curve("lr", steps, plan(2 * steps))}), plan).findings]
    ['fast ticks']
    """
    curves = groups.rates(run)
    if not curves:
        raise DiagnosisError(f'expected a run with the curve "{RATE}", got {", ".join(run.curves) or "no curve"}')
    lead = groups.driven(curves)
    sight = _sight(run, curves[lead], plan)
    with np.errstate(all="ignore"):  # the largest and the smallest floats
        verdict = _without_plan(sight) if sight.plan is None else _against_plan(sight, sight.plan)
    findings = [*groups.unscheduled(sight, curves, lead), *verdict.findings]
    if all(one.kind != "negative rate" for one in findings):
        findings += ends.zero_start(sight)
    answer = Audit(None, "", verdict.dialect, 0.0, verdict.shift, _segments(sight), worst_first(findings))
    found = sight.recovered
    if found is None:
        return answer
    text = str(found.schedule.recipe)
    return replace(
        answer, schedule=found.schedule, text=text, residual=found.residual, sure=found.sure, drawn=found.drawn
    )


def _sight(run: Run, rates: Curve, plan: Schedule | None) -> Sight:
    """What there is to see of the learning rates; the plan of a multiplier has their largest as its peak."""
    kept = rates.steps >= 0
    steps, values = rates.steps[kept].astype(np.float64), rates.values[kept]
    if not steps.size:
        raise DiagnosisError(f"expected steps of at least 0 for {rates.name!r}, got none")
    if plan is not None and plan.peak is None and values.max() > 0:
        plan = plan.recipe.over(plan.horizon, peak=float(values.max()))
    return Sight(run, steps, values, plan, recovered(steps, values))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison with a plan, or none, came to."""

    findings: tuple[Finding, ...] = ()
    dialect: str = ""
    shift: int = 0


def _against_plan(sight: Sight, plan: Schedule) -> Verdict:
    """The first explanation that says every logged value; the plainest are tried first."""
    below = tuple(ends.negative(sight))
    if below:
        return Verdict(below)
    ways: list[tuple[str, ticking.Curve]] = [("glidepath", plan), *ticking.counted_otherwise(plan)]
    for late in (0, *sorted({1, -1, round(sight.every)})):
        for library, curve in ways:
            if ticking.agrees(sight, partial(ticking.later, curve, late)):
                notes = () if curve is plan and not late else (_noted(sight, library, late),)
                return Verdict((*ends.cut_short(sight, plan), *notes), library, late)
    return Verdict(_explained(sight, plan, [curve for _, curve in ways]))


def _noted(sight: Sight, library: str, late: int) -> Finding:
    """What is said of a log that is right, though not as it was planned."""
    if late:
        evidence = f"every value is the one planned for {late} update(s) later"
        return sight.found("logged late", "note", 0, evidence)
    return sight.found("other counting", "note", 0, f"every value is the plan's as {library} counts it")


def _explained(sight: Sight, plan: Schedule, curves: list[ticking.Curve]) -> tuple[Finding, ...]:
    """What is wrong with a run that did not do as planned: the first that says all of it."""
    recipes = [curve.recipe for curve in curves if isinstance(curve, Schedule)]
    climbs = next(ends.climbing(sight), None)
    ticks = ticking.ticked(sight, curves, plan.horizon.steps)
    if climbs is not None or ticks is not None:  # a tick too many may be why the curve is past its end
        return tuple(one for one in (climbs, ticks) if one is not None)
    found = (
        ticking.scaled(sight, curves)
        or ticking.laid_over(sight, plan)
        or ticking.over_another(sight, recipes, plan)
        or resumes.onto_plan(sight, recipes, plan)
        or resumes.against_plan(sight, curves[:-1])
        or _unlike(sight, plan)
    )
    return (found,)


def _unlike(sight: Sight, plan: Schedule) -> Finding:
    """What is said of a run that nothing explains: where it is furthest from its plan."""
    planned = plan(sight.steps)
    gaps = np.abs(planned - sight.values)
    most, first = int(np.argmax(gaps)), int(np.argmax(gaps > sight.limit))
    evidence = (
        f"the learning rate leaves the plan at update {sight.steps[first]:.0f} and is furthest from it at "
        f"{sight.steps[most]:.0f}: {sight.values[most]:.4g} where {planned[most]:.4g} was planned"
    )
    return sight.found("other schedule", "wrong", sight.steps[first], evidence, found=float(sight.values[most]))


def _without_plan(sight: Sight) -> Verdict:
    """What the curve alone, the settings and the seams tell."""
    below = tuple(ends.negative(sight))
    return Verdict(below or (() if sight.recovered is None else tuple(_told(sight))), *_counting(sight))


def _told(sight: Sight) -> list[Finding]:
    """What a curve of learning rates above 0 tells; its clock and its end are only looked at where nothing is wrong."""
    first = ends.climbing, resumes.without_plan, ends.laid_over, stairs, resumes.unmarked
    found = [one for check in first for one in check(sight)]
    for check in (plain_in_ticks, ends.over_early, ends.unfinished):
        if not is_alarm(found):
            found += check(sight)
    if all(one.kind not in BELOW_ITS_PEAK for one in found):
        found += ends.other_peak(sight)
    return found


def _counting(sight: Sight) -> tuple[str, int]:
    """The library that a log is of, where its counting agrees; and by how much its log is late."""
    library, found = framework(sight.run.origin), sight.recovered
    if found is None or found.drawn:
        return "", 0
    first = begun(found) if library in NEXT else None
    return library, int(first is not None and abs(first - 1) < NEARLY)


def _segments(sight: Sight) -> tuple[Schedule, ...]:
    """The schedules of the segments, where there are several and the first does not say, in as few bends, all of it."""
    if not 0 < len(sight.seams) <= MOST_SEAMS:
        return ()
    bounds = pairwise(np.searchsorted(sight.steps, (0, *sight.seams, np.inf)))
    parts = (recovered(sight.steps[begin:end], sight.values[begin:end]) for begin, end in bounds)
    found = [one for one in parts if one is not None]
    whole = sight.recovered
    if len(found) < 2 or whole is None or ticking.agrees(replace(sight, plan=None), found[0].schedule):
        return ()
    plain = not whole.drawn and len(whole.spans) <= max(2, len(found[0].spans))
    return () if plain else tuple(one.schedule for one in found)
