"""The audit: which schedule really ran, told by its learning rates alone, and what went wrong with it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from glidepath.diagnosis import ends, groups, resumes, ticking
from glidepath.diagnosis.causes import framework
from glidepath.diagnosis.finding import Finding, is_alarm, worst_first
from glidepath.diagnosis.recovery import Recovered, recovered
from glidepath.diagnosis.sight import Sight
from glidepath.diagnosis.stairs import plain_in_ticks, stairs
from glidepath.errors import DiagnosisError
from glidepath.runs.names import RATE
from glidepath.runs.run import Run
from glidepath.schedules.schedule import Schedule

NEXT = ("transformers",)  # whose logs said the learning rate of the next update, until 2025-03
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
    steps, values = curves[lead].steps.astype(np.float64), curves[lead].values
    kept = steps >= 0
    steps, values = steps[kept], values[kept]
    if not steps.size:
        raise DiagnosisError(f"expected steps of at least 0 for {lead!r}, got none")
    found = recovered(steps, values)
    sight = Sight(run, steps, values, _with_peak(plan, values), found)
    with np.errstate(all="ignore"):  # the largest and the smallest floats
        verdict = _against_plan(sight) if sight.plan is not None else Verdict(tuple(_without_plan(sight)))
    findings = [*groups.unscheduled(sight, curves, lead), *verdict.findings]
    if not any(one.kind == "negative rate" for one in findings):
        findings += ends.zero_start(sight)
    dialect, shift = (verdict.dialect, verdict.shift) if sight.plan is not None else _counting(sight)
    return Audit(
        None if found is None else found.schedule,
        "" if found is None else str(found.schedule.recipe),
        dialect,
        0.0 if found is None else found.residual,
        shift,
        _segments(sight),
        worst_first(findings),
        1.0 if found is None else found.sure,
        found is not None and found.drawn,
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison with a plan, or none, came to."""

    findings: tuple[Finding, ...] = ()
    dialect: str = ""
    shift: int = 0


def _with_peak(plan: Schedule | None, values: np.ndarray) -> Schedule | None:
    """The plan with a peak: of a multiplier the largest value is one."""
    if plan is None or plan.peak is not None or values.max() <= 0:
        return plan
    return plan.recipe.over(plan.horizon, peak=float(values.max()))


def _against_plan(sight: Sight) -> Verdict:
    """The first explanation that says every logged value; the plainest are tried first."""
    plan = sight.plan
    assert plan is not None  # noqa: S101 - for the type checker: the caller asked
    if ticking.agrees(sight, plan):
        return Verdict(tuple(ends.cut_short(sight, plan)), "glidepath")
    below = tuple(ends.negative(sight))
    if below:
        return Verdict(below)
    others: list[tuple[str, ticking.Curve]] = list(ticking.counted_otherwise(plan))
    for library, curve in others:
        if ticking.agrees(sight, curve):
            evidence = f"every value is the plan's as {library} counts it"
            note = sight.found("other counting", "note", 0, evidence)
            return Verdict((*ends.cut_short(sight, plan), note), library)
    for late in sorted({1, -1, round(sight.every)}):
        ours: tuple[str, ticking.Curve] = ("glidepath", plan)
        for library, curve in (ours, *others):
            if ticking.agrees(sight, partial(ticking.later, curve, late)):
                evidence = f"every value is the one planned for {late} update(s) later"
                note = sight.found("logged late", "note", 0, evidence)
                return Verdict((*ends.cut_short(sight, plan), note), library, late)
    return Verdict(_explained(sight, plan, [plan, *(curve for _, curve in others)]))


def _explained(sight: Sight, plan: Schedule, curves: list[ticking.Curve]) -> tuple[Finding, ...]:
    """What is wrong with a run that did not do as planned: the first that says all of it."""
    recipes = [curve.recipe for curve in curves if isinstance(curve, Schedule)]
    climbs = next(ends.climbing(sight), None)
    ticks = ticking.ticked(sight, curves, plan.horizon.steps)
    if climbs is not None or ticks is not None:  # a tick too many may be why the curve is past its end
        return tuple(one for one in (climbs, ticks) if one is not None)
    trials: tuple[Callable[[], Finding | None], ...] = (
        lambda: ticking.scaled(sight, curves),
        lambda: ticking.laid_over(sight, plan),
        lambda: ticking.over_another(sight, recipes, plan),
        lambda: resumes.against_plan(sight, curves[:-1]),
    )
    found = next((one for trial in trials if (one := trial()) is not None), None)
    return (_unlike(sight, plan) if found is None else found,)


def _unlike(sight: Sight, plan: Schedule) -> Finding:
    """What is said of a run that nothing explains: where it is furthest from its plan."""
    gaps = np.abs(plan(sight.steps) - sight.values)
    most, first = int(np.argmax(gaps)), int(np.argmax(gaps > sight.limit))
    step, asked = int(sight.steps[most]), float(plan(sight.steps[most]))
    evidence = (
        f"the learning rate leaves the plan at update {sight.steps[first]:.0f} and is furthest from it at {step}: "
        f"{sight.values[most]:.4g} where {asked:.4g} was planned"
    )
    return sight.found("other schedule", "wrong", sight.steps[first], evidence, found=float(sight.values[most]))


def _without_plan(sight: Sight) -> Iterator[Finding]:
    """What the curve alone, the settings and the seams tell; an end is only looked at where nothing else is wrong."""
    found = [*ends.negative(sight)]
    if not found and sight.recovered is not None:
        found += [*ends.climbing(sight), *resumes.without_plan(sight), *ends.laid_over(sight), *stairs(sight)]
        found += resumes.unmarked(sight, sight.recovered.spans)
        if not is_alarm(found):
            found += plain_in_ticks(sight)
        if not is_alarm(found):
            found += ends.over_early(sight)
        if not is_alarm(found):
            found += ends.unfinished(sight)
        if not any(one.kind in ("peak not reached", "epoch ticks", "slow ticks") for one in found):
            found += ends.other_peak(sight)
    yield from found


def _counting(sight: Sight) -> tuple[str, int]:
    """The library that a log is of, where its counting agrees; and by how much its log is late."""
    library, found = framework(sight.run.origin), sight.recovered
    if found is None or found.drawn or not library:
        return "", 0
    length = found.schedule.boundaries[1] if len(found.schedule.boundaries) > 1 else 0
    first = found.schedule(0) * (length + 1) / (found.schedule.peak or 1.0)
    if library in NEXT and length and abs(first - 1) < NEARLY:
        return library, 1
    return library, 0


NEARLY = 0.05  # of a step: by which a warmup is told to begin at its first and not at 0


def _segments(sight: Sight) -> tuple[Schedule, ...]:
    """The schedules of the segments, where there are several that differ."""
    if not 0 < len(sight.seams) <= MOST_SEAMS:
        return ()
    found: list[Recovered] = []
    for begin, end in zip((0, *sight.seams), (*sight.seams, sight.last + 1), strict=True):
        part = (sight.steps >= begin) & (sight.steps < end)
        one = recovered(sight.steps[part], sight.values[part]) if part.any() else None
        if one is not None:
            found.append(one)
    if len(found) < 2 or _one(sight, found[0]):  # one has no other
        return ()
    return tuple(one.schedule for one in found)


def _one(sight: Sight, first: Recovered) -> bool:
    """Whether the whole run is no more than the first segment went on with, or one recipe of as few bends."""
    whole = sight.recovered
    more = replace(sight, plan=None)
    return ticking.agrees(more, first.schedule) or (
        whole is not None and not whole.drawn and len(whole.spans) <= max(2, len(first.spans))
    )
