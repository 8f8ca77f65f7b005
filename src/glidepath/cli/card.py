"""The schedule card: what was really applied, as Markdown for a model card."""

import hashlib
import json
from collections.abc import Iterator, Mapping

import numpy as np

from glidepath.cli.examining import Examined
from glidepath.plots.findings import ends, where
from glidepath.plots.lettering import clean
from glidepath.plots.numbers import number
from glidepath.runs.clocks import STEPS
from glidepath.runs.names import RATE
from glidepath.runs.run import Run
from glidepath.schedules.measure import completion, measure
from glidepath.schedules.schedule import Schedule
from glidepath.schedules.spec import to_spec

SAME = 1e-6  # of the largest rate: what printing to seven digits, or float32, takes from a rate that is the plan's


def cards(found: Mapping[str, Examined]) -> str:
    """The cards of several runs, one behind another."""
    return "\n".join(card(name, one) for name, one in found.items())


def card(name: str, one: Examined) -> str:
    """The schedule of a run, its hash, how far it came, where it was changed, and what was found, in Markdown."""
    rows = "\n".join(f"| {key} | {_cell(text)} |" for key, text in _rows(one))
    first, last = ends(one.run)
    found = [f"- {f.severity}: {f.kind}, {where(f, first, last)}: {_cell(f.evidence)}" for f in one.findings]
    lines = "\n".join(found or ["- nothing looks wrong"])
    return f"## Learning-rate schedule of {_cell(name)}\n\n| | |\n|---|---|\n{rows}\n\n{lines}\n"


def _rows(one: Examined) -> Iterator[tuple[str, str]]:
    schedule, known = applied(one)
    first, last = ends(one.run)
    if schedule is None:
        yield "schedule", f"unknown: {one.refused or 'the learning rates fit no recipe'}"
    else:
        yield "schedule", _code(str(schedule))
        yield "known", known
        yield "sha256 of its spec", _code(hash_of(schedule))
        yield from _numbers(schedule, last)
    if one.audit is not None and one.recovered is not None:
        yield "residual", f"{one.audit.residual:.2g} of the peak, at most"
        yield from ((f"segment {number}", _code(str(part))) for number, part in enumerate(one.audit.segments, 1))
    yield "ran", f"{one.run.clock} {first} to {last}"
    if len(one.run.segments) > 1:
        yield "resumed", f"at {', '.join(str(step) for step in one.run.segments[1:])}"
    for table in one.run.amendments:
        yield f"amended at {table['step']}", _code(json.dumps({k: v for k, v in table.items() if k != "step"}))
    yield "read from", one.run.origin


def _numbers(schedule: Schedule, last: int) -> Iterator[tuple[str, str]]:
    measured = measure(schedule)
    yield "peak", f"{measured.peak:.6g}, first at step {measured.peak_step}"
    yield "last update", number(measured.last)
    yield "horizon", f"{schedule.horizon.steps} steps, {completion(schedule, last + 1):.0%} of its decay done"


def applied(one: Examined) -> tuple[Schedule | None, str]:
    """The schedule that really ran, and how that is known: the plan where it was kept to, else what was recovered."""
    if one.plan is not None and _kept(one.run, one.plan):
        return one.plan, "planned, and kept to at every step of the log"
    return one.recovered, "recovered from the learning rates of the log"


def _kept(run: Run, plan: Schedule) -> bool:
    if RATE not in run.curves or run.clock != STEPS:
        return False
    rate = run.curves[RATE]
    apart = np.abs(plan(rate.steps) - rate.values)
    return bool((apart <= SAME * np.abs(rate.values).max(initial=0.0)).all())


def hash_of(schedule: Schedule) -> str:
    """The sha256 of a schedule's spec as JSON, keys sorted, without spaces: equal for equal schedules."""
    plain = json.dumps(to_spec(schedule), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def _code(text: str) -> str:
    return f"`{text.replace('`', chr(39))}`"


def _cell(text: str) -> str:
    """One line of text that ends no cell and begins no tag."""
    return clean(text).replace("|", "\\|").replace("<", "&lt;")
