"""What was found in a run against the truth about it: caught, how late, and what was found besides."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from making import Job

from glidepath.diagnosis.audit import audit
from glidepath.diagnosis.diagnosing import diagnose
from glidepath.diagnosis.finding import Finding, is_alarm, merged
from glidepath.errors import GlidepathError
from glidepath.lab.faults import Truth, load
from glidepath.runs.names import LOSS, NORM, RATE
from glidepath.runs.run import Run
from glidepath.schedules.schedule import Schedule

NOTE = "note of a "
GIVEN = LOSS, RATE, NORM  # what T9 gives, with the steps and the resumes


@dataclass(frozen=True, slots=True)
class Score:
    """A run scored: `delay` in updates where it was caught, else None; `false` and `right` kinds of its alarms.

    `blind` is whether it was caught without the plan; `first` the worst finding in what T9 gives, None where the log
    has no gradient norm; `seconds` what both took; `broke` the error where there was one.
    """

    fault: str
    seed: int
    problem: str
    held: bool
    delay: int | None
    right: tuple[str, ...]
    false: tuple[str, ...]
    blind: bool
    first: str | None
    seconds: float
    broke: str = ""

    @property
    def caught(self) -> bool:
        return self.delay is not None


def found(run: Run, plan: Schedule | None = None) -> tuple[Finding, ...]:
    """All that the curves and the audit say, worst first."""
    try:
        audited = audit(run, plan).findings
    except GlidepathError:  # no learning rate, or one that no schedule explains
        audited = ()
    return merged(diagnose(run, plan=plan), audited)


def score(job: Job) -> Score:
    """Score one run of the folder."""
    run, truth = load(job.path)
    begin = time.perf_counter()
    try:
        findings = found(run, truth.schedule())
        seconds = time.perf_counter() - begin
        blind, least = found(run), found(_given(run))
    except Exception as error:  # noqa: BLE001 - a check that breaks is a result
        broke = f"{type(error).__name__}: {error}"
        return Score(truth.fault, job.seed, run.name, job.held, None, (), (), False, None, 0.0, broke)
    right, false = judged(findings, truth)
    return Score(
        truth.fault,
        job.seed,
        run.name,
        job.held,
        delay_of(findings, truth),
        right,
        false,
        delay_of(blind, truth) is not None,
        worst(least) if NORM in run.curves else None,
        seconds,
    )


def worst(findings: tuple[Finding, ...]) -> str:
    """The kind of the worst finding; "note of a ..." where it is no alarm, "" where there is none."""
    if not findings:
        return ""
    return findings[0].kind if is_alarm(findings) else f"{NOTE}{findings[0].kind}"


def _given(run: Run) -> Run:
    return replace(run, curves={name: run.curves[name] for name in GIVEN if name in run.curves}, settings={})


def delay_of(findings: tuple[Finding, ...], truth: Truth) -> int | None:
    """Updates from the fault to the first right finding; None where there is none in time."""
    delays = [
        one.begin - truth.begin
        for one in findings
        if one.kind in truth.kinds and truth.first <= one.begin <= truth.last and (truth.note or is_alarm([one]))
    ]
    return min(delays, key=abs) if delays else None


def judged(findings: tuple[Finding, ...], truth: Truth) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The kinds of the alarms that are right or follow from the fault, and of those that are false."""
    alarms = [one for one in findings if is_alarm([one])]
    right = [one for one in alarms if _belongs(one, truth)]
    return tuple(one.kind for one in right), tuple(one.kind for one in alarms if one not in right)


def _belongs(one: Finding, truth: Truth) -> bool:
    if one.kind in truth.kinds:
        return one.begin >= truth.first and not truth.quiet
    return one.kind in truth.tolerated
