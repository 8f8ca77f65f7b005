"""A finding: what is wrong with a run, where, how that is known, and what to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

from glidepath.errors import DiagnosisError, nearest

Severity = Literal["wrong", "suspect", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found.

    `kind` is its class, one word or two ("divergence", "frozen rate"); `severity` "wrong" (the run is damaged, or
    is not what was asked for), "suspect" (it costs something, likely) or "note" (good to know; no alarm). It lies at
    updates `begin` to `end` (the last one; None where it goes on to the end of the run). `evidence` is the sentence
    with the steps and the numbers, `cause` the likely one, `fix` what to do, with the amount, `recipe` the amended
    recipe as text where there is one. `sure` is how sure, from 0 to 1. `numbers` are those of the evidence;
    `threads` say where it is known ("huggingface/accelerate#2926"). Raises DiagnosisError for another severity or
    a certainty outside 0 to 1.

    >>> Finding("divergence", "wrong", 450, "the loss rose from 4.9 to 7.8", "peak too high", "halve the peak").sure
    1.0
    """

    kind: str
    severity: Severity
    begin: int
    evidence: str
    cause: str
    fix: str
    end: int | None = None
    sure: float = 1.0
    recipe: str | None = None
    numbers: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    threads: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what would not sort."""
        if self.severity not in get_args(Severity):
            raise DiagnosisError(f"expected a severity, got {self.severity!r}: {nearest(self.severity, SEVERITIES)}")
        if not 0 <= self.sure <= 1:
            raise DiagnosisError(f"expected a certainty from 0 to 1 for {self.kind!r}, got {self.sure}")


SEVERITIES: tuple[Severity, ...] = get_args(Severity)


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings by severity, then by how sure they are, then by where they begin."""
    return tuple(sorted(findings, key=lambda one: (SEVERITIES.index(one.severity), -one.sure, one.begin)))


def merged(said: Iterable[Finding], audited: Iterable[Finding]) -> tuple[Finding, ...]:
    """What the curves say and what the audit says besides, worst first: of one kind, what the curves say."""
    first = tuple(said)
    kinds = {one.kind for one in first}
    return worst_first([*first, *(one for one in audited if one.kind not in kinds)])


def is_alarm(findings: Iterable[Finding]) -> bool:
    """Whether any of them is more than a note: what a script's exit code stands on."""
    return any(one.severity != "note" for one in findings)
