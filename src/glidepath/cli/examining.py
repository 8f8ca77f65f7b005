"""A run of any framework opened, its schedule recovered, and what was found in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glidepath.cli.running import SPEC, running
from glidepath.cli.sources import Source
from glidepath.diagnosis.audit import Audit, audit
from glidepath.diagnosis.diagnosing import diagnose
from glidepath.diagnosis.finding import Finding, is_alarm, merged
from glidepath.diagnosis.view import FEWEST
from glidepath.errors import DiagnosisError, GlidepathError, LogError
from glidepath.logs.opening import open_runs
from glidepath.plots.findings import ends
from glidepath.runs.curve import Curve
from glidepath.runs.names import LOSS, OF_GROUP, RATE
from glidepath.runs.run import Run
from glidepath.runs.shifting import moved
from glidepath.schedules.dialects.documents import Terms
from glidepath.schedules.schedule import Schedule
from glidepath.schedules.spec import to_spec

LONGEST = 300  # characters of a schedule in a sentence: what a person reads
FEWEST_RATES = 3  # two are a line, whatever ran
SCHEMA = 1  # the version of the JSON; a field that goes or means something else makes it 2


@dataclass(frozen=True, slots=True)
class Examined:
    """A run, what it should have done where that is known, and what it did.

    `refused` says why, where the log carries no answer to which schedule ran; `audit` is None without learning rates.
    """

    run: Run
    plan: Schedule | None
    audit: Audit | None
    findings: tuple[Finding, ...]
    refused: str = ""

    @property
    def recovered(self) -> Schedule | None:
        """The schedule that really ran, where it is known."""
        return None if self.audit is None else self.audit.schedule

    @property
    def alarm(self) -> bool:
        """Whether something is wrong."""
        return is_alarm(self.findings)


def opened(path: Path, *, apart: bool = False) -> dict[str, tuple[Path, Run]]:
    """The runs of a log, or of a folder of logs, by name, each with its file."""
    if path.is_dir():
        return {name: (path / name, run) for name, run in open_runs(path, apart=apart).items()}
    return {name: (path, run) for name, run in open_runs(path, apart=apart).items()}


def opened_one(path: Path, *, apart: bool = False) -> tuple[Path, Run]:
    """The one run there; raises LogError where there are several."""
    runs = opened(path, apart=apart)
    if len(runs) == 1:
        return next(iter(runs.values()))
    named = ", ".join(list(runs)[:3])
    raise LogError(f"expected one run at {path}, got {len(runs)} ({named}, ...): name one, or write glidepath diagnose")


def asked(source: str | None, terms: Terms) -> Schedule | None:
    """The plan that a run is held against, where one was named."""
    return None if source is None else Source.of(source).schedule(terms)[1]


def planned(path: Path, run: Run, plan: Schedule | None) -> Schedule | None:
    """The schedule that the run should have had: the one asked for, else what its own journal was attached with."""
    return running(path).schedule if plan is None and SPEC in run.settings else plan


def examined(run: Run, plan: Schedule | None, *, only_rate: bool = False) -> Examined:
    """What was found: in the rate, and unless only that is asked for, in the other curves.

    Raises DiagnosisError where neither the rate nor the loss carries an answer.
    """
    plan, recovered, refused = _with_peak(run, plan), None, ""
    try:
        recovered = audit(run, plan)
        run = moved(run, recovered.shift)
        refused = "no recipe fits the learning rates" if recovered.schedule is None else ""
    except DiagnosisError as error:
        if only_rate:
            raise
        refused = str(error)
    said = () if only_rate else diagnose(run, plan=plan or _ran(recovered))
    found = merged(said, () if recovered is None else recovered.findings)
    if not found:
        _expect_enough(run, only_rate=only_rate)
    return Examined(run, plan, recovered, found, refused)


def _ran(found: Audit | None) -> Schedule | None:
    """The schedule that ran, where all of it is known: what to try is said in its words."""
    return None if found is None or found.drawn or found.sure < 1 else found.schedule


def _with_peak(run: Run, plan: Schedule | None) -> Schedule | None:
    """A plan that is a multiplier, with the largest rate of the run as its peak."""
    rates = run.curves[RATE].values if RATE in run.curves else np.empty(0)
    peak = float(rates[np.isfinite(rates)].max(initial=0.0))
    return plan if plan is None or plan.peak is not None or peak <= 0 else plan.recipe.over(plan.horizon, peak=peak)


def _expect_enough(run: Run, *, only_rate: bool) -> None:
    """Refuse a run in which nothing is found because there is nothing to find it in."""
    rates = max(
        (_count(curve) for name, curve in run.curves.items() if name == RATE or name.startswith(OF_GROUP)), default=0
    )
    losses = 0 if only_rate or LOSS not in run.curves else _count(run.curves[LOSS])
    if rates < FEWEST_RATES and losses < FEWEST:
        other = "" if only_rate else f" or {FEWEST} losses"
        got = f"{rates}" if only_rate else f"{rates} and {losses}"
        raise DiagnosisError(f"expected a run of at least {FEWEST_RATES} learning rates{other}, got {got}")


def _count(curve: Curve) -> int:
    return int(np.isfinite(curve.values).sum())


def all_examined(
    runs: Mapping[str, tuple[Path, Run]], plan: Schedule | None
) -> tuple[dict[str, Examined], dict[str, str]]:
    """What was found in each, and by name why some could not be examined; raises GlidepathError where none could."""
    found: dict[str, Examined] = {}
    refused: dict[str, str] = {}
    for name, (path, run) in runs.items():
        try:
            found[name] = examined(run, planned(path, run, plan))
        except GlidepathError as error:
            if len(runs) == 1:
                raise
            refused[name] = str(error)
    if not found:
        raise DiagnosisError(f"expected a run that can be examined, got {len(runs)} that cannot: {_first(refused)}")
    return found, refused


def _first(refused: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {why}" for name, why in list(refused.items())[:1])


def answered(found: Mapping[str, Examined], refused: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON of every command about runs; docs/watching.md has the fields."""
    runs = [_table(name, one) for name, one in found.items()]
    return {"schema": SCHEMA, "runs": runs, "refused": dict(refused or {})}


def _table(name: str, one: Examined) -> dict[str, Any]:
    first, last = ends(one.run)
    return {
        "run": name,
        "origin": one.run.origin,
        "clock": one.run.clock,
        "first": first,
        "last": last,
        "curves": list(one.run.curves),
        "segments": list(one.run.segments),
        "notes": list(one.run.notes),
        "plan": None if one.plan is None else str(one.plan),
        "recovered": None if one.audit is None or one.recovered is None else _recovered(one.audit, one.recovered),
        "refused": one.refused or None,
        "findings": [_finding(finding) for finding in one.findings],
    }


def brief(schedule: Schedule) -> str:
    """A schedule as text, cut where it is drawn point by point."""
    text = str(schedule)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters, whole in --json)"


def _recovered(found: Audit, schedule: Schedule) -> dict[str, Any]:
    fields = ("residual", "dialect", "shift", "sure", "drawn")
    numbers = {name: getattr(found, name) for name in fields}
    segments = [str(one) for one in found.segments]
    return {"schedule": str(schedule), "spec": to_spec(schedule), **numbers, "segments": segments}


def _finding(one: Finding) -> Mapping[str, Any]:
    fields = ("kind", "severity", "begin", "end", "evidence", "cause", "fix", "sure", "recipe")
    return {name: getattr(one, name) for name in fields} | {"numbers": dict(one.numbers), "threads": list(one.threads)}
