"""Several runs side by side: which of them may be ranked by their last loss, and why others may not."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from glidepath.diagnosis.comparing import Comparison, comparable
from glidepath.errors import DiagnosisError
from glidepath.plots.figure import Figure
from glidepath.plots.numbers import number
from glidepath.plots.runs import comparison_figure
from glidepath.runs.clocks import on
from glidepath.runs.names import LOSS, VALIDATION
from glidepath.runs.run import Run

MOST_DRAWN = 24  # runs in one picture: beyond three times the colours nobody tells them apart
UNLIKE = "unlike"  # before two runs that may not be ranked
MOST_REASONS = 20  # sentences of why two runs are not ranked


@dataclass(frozen=True, slots=True)
class Ranking:
    """Runs on one clock, and the comparison of those that have a loss; None of fewer than two."""

    runs: Mapping[str, Run]
    comparison: Comparison | None

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Names that may be ranked with one another, the best first."""
        return () if self.comparison is None else self.comparison.groups

    def reasons(self) -> list[tuple[str, str, str]]:
        """Of every later group a run, one of the first group, and why the two are not ranked."""
        if self.comparison is None:
            return []
        known = {frozenset(pair): why for pair, why in self.comparison.reasons.items()}
        told = (_apart(self.groups[0], other, known) for other in self.groups[1:])
        return [reason for reason in told if reason is not None]

    def figure(self) -> Figure:
        """The losses over the learning rates; what may not be ranked carries the number of its group."""
        order = [name for group in self.groups for name in group] or list(self.runs)
        place = {name: number for number, group in enumerate(self.groups, 1) for name in group}
        several = len(self.groups) > 1
        drawn = {f"{name} (group {place[name]})" if several else name: self.runs[name] for name in order[:MOST_DRAWN]}
        whole = comparison_figure(drawn)
        notes = [whole.note] if whole.note else []
        notes += [f"{len(order) - MOST_DRAWN} runs more are not drawn."] if len(order) > MOST_DRAWN else []
        why = "; ".join(text for key, text in self.lines() if key == UNLIKE)
        notes += [f"Groups are not ranked with one another: {why}."] if several else []
        return replace(whole, note=" ".join(notes))

    def lines(self) -> list[tuple[str, str]]:
        """The ranking, and why it is not one of all: a word and a text each."""
        if self.comparison is None:
            return []
        finals = self.comparison.finals
        ranks = [
            (f"group {place}" if name == group[0] else "", f"{number(finals[name])}  {name}")
            for place, group in enumerate(self.groups, 1)
            for name in group
        ]
        kind = self.comparison.quantity.replace("_", " ")
        reasons = [(UNLIKE, f"{one} and {other}: {why}") for one, other, why in self.reasons()]
        more = [(UNLIKE, f"and {len(reasons) - MOST_REASONS} pairs more")] if len(reasons) > MOST_REASONS else []
        return [("ranked", f"by the last {kind}"), *ranks, *reasons[:MOST_REASONS], *more]

    def table(self) -> dict[str, Any] | None:
        """As JSON."""
        if self.comparison is None:
            return None
        found = self.comparison
        reasons = [{"runs": [one, other], "why": why} for (one, other), why in found.reasons.items()]
        return {
            "clock": next(iter(self.runs.values())).clock,
            "quantity": found.quantity,
            "finals": dict(found.finals),
            "groups": [list(group) for group in found.groups],
            "reasons": reasons,
        }


def _apart(
    group: tuple[str, ...], other: tuple[str, ...], known: Mapping[frozenset[str], str]
) -> tuple[str, str, str] | None:
    """The first pair of two groups that may not be ranked, with the reason."""
    pairs = ((one, two, known.get(frozenset((one, two)))) for one in group for two in other)
    return next(((one, two, why) for one, two, why in pairs if why), None)


def ranked(runs: Mapping[str, Run], clock: str) -> Ranking:
    """The runs with a loss on that clock, compared where there are two.

    Raises JournalError where a run has nothing that tells the clock.
    """
    moved = {name: on(run, clock) for name, run in runs.items() if {LOSS, VALIDATION} & set(run.curves)}
    try:
        return Ranking(moved, comparable(moved) if len(moved) > 1 else None)
    except DiagnosisError:  # one has only a loss on held-out data, another only one in training
        both = {name: run for name, run in moved.items() if LOSS in run.curves}
        return Ranking(both, comparable(both) if len(both) > 1 else None)
