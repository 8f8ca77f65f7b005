"""What a text may leave open, what it came to, and the fields that a library's texts have."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf, nextafter
from typing import Any

from glidepath.errors import SpecError, nearest, shown
from glidepath.schedules.dialects.documents.tables import Table
from glidepath.schedules.dialects.question import Question
from glidepath.schedules.plan import Plan
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.units import Horizon

OURS = "glidepath"
BELOW_ONE = nextafter(1.0, 0.0)  # the largest beta2 that an Adam can have
CLOSEST = 4  # fields that a complaint about another names
# A field of such a name is about the learning rate: one that is not understood is refused, not passed over.
SOUNDS = r"(?:^|_)(?:lr|lrs|learning_rate|warmup|sched|scheduler|schedule|anneal|annealing|cooldown)(?:_|$)"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a text may leave open: the run's horizon, the updates (>= 1) of an epoch, the peak (> 0).

    A library's defects, such as a curve that climbs again behind its end, are mended, or kept with `faithful`.
    """

    horizon: Horizon | None = None
    steps_per_epoch: int | None = None
    peak: float | None = None
    faithful: bool = False

    def __post_init__(self) -> None:
        """Refuse what no run has."""
        if self.peak is not None and not (isinstance(self.peak, (int, float)) and 0 < self.peak < inf):
            raise SpecError(f"expected the peak as a finite number above 0, got {shown(self.peak)}")
        updates = self.steps_per_epoch
        if updates is not None and not (isinstance(updates, int) and updates > 0):
            raise SpecError(f"expected steps_per_epoch as a whole number from 1, got {shown(updates)}")


@dataclass(frozen=True, slots=True)
class Document:
    """What a text says: whose it is (`library`, and that library's `name` of the schedule), and the value.

    `notes` say what was mended or is never used; `run_steps` the updates that the text says the run has, where it
    does; `assumed` the library's own defaults that the text leaves out; `beta2` the optimizer's, where it is said.
    A `plan` is of ours, and `value` then its learning rate.
    """

    library: str
    name: str
    value: Recipe | Schedule
    notes: tuple[str, ...] = ()
    run_steps: int | None = None
    assumed: tuple[str, ...] = ()
    beta2: float | None = None
    plan: Plan | None = None

    @property
    def title(self) -> str:
        """Whose schedule it is, in a word or two."""
        return f"{self.library} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of one library's texts: its own defaults, others that matter, others that only sound so."""

    of: str
    defaults: Mapping[str, Any]
    known: frozenset[str]
    others: str  # a pattern
    told: tuple[str, ...]  # the defaults that a reader of the text would want to know of
    renamed: Mapping[str, str] = field(default_factory=dict)

    def question(self, table: Table, terms: Terms) -> Question:
        """The fields that matter for a schedule, to be asked for one by one; the rest is passed over."""
        given: dict[str, Any] = {}
        for written, value in table.values.items():
            name = self.renamed.get(written, written)
            if value is not None and self._matters(name):
                self._check(written, value, table.twice.get(written, (value, given.get(name, value))))
                given[name] = value
        steps = None if terms.horizon is None else terms.horizon.steps
        return Question(self.of, {**self.defaults, **given}, 1.0, steps, terms.faithful)

    def _matters(self, name: str) -> bool:
        sounds = re.search(SOUNDS, name) and not re.fullmatch(self.others, name)
        return bool(name in self.defaults or name in self.known or sounds)

    def _check(self, name: str, value: Any, both: tuple[Any, Any]) -> None:
        if both[0] != both[1]:
            first, last = (shown(one, 20) for one in both)
            raise SpecError(f"{self.of}: expected {name} once, got it twice, as {first} and as {last}")
        if isinstance(value, str) and value.startswith("$"):
            raise SpecError(f"{self.of}: expected the value of {name}, got {shown(value, 40)}: write the number itself")

    def assumed(self, q: Question, table: Table) -> tuple[str, ...]:
        """The library's defaults that were used, as far as they shape the curve."""
        written = {self.renamed.get(name, name) for name, value in table.values.items() if value is not None}
        return tuple(f"{name}={self.defaults[name]}" for name in self.told if name in q.asked and name not in written)

    def finish(self, q: Question) -> None:
        """Refuse a field about the learning rate that this library's texts do not have, with those most like it."""
        fields = {**self.defaults, **dict.fromkeys((*self.known, *q.asked))}
        for name in q.config:
            if name not in fields:
                found = f"{shown(name, 40)}: {closest(name, fields)}"
                raise SpecError(f"{q.of}: expected fields that are understood, got {found}")


def closest(word: str, known: Iterable[str]) -> str:
    """The end of a complaint about a word, where too many are known to name them all: those most like it."""
    from difflib import get_close_matches  # here, because only a complaint waits for it

    return nearest(word[:40], get_close_matches(word[:40], list(known), n=CLOSEST, cutoff=0))


def rate(q: Question, name: str, terms: Terms) -> float:
    """The peak: the field's, or else the one that was given beside the text."""
    if name in q.config:
        return q.number(name, low=0)
    if terms.peak is None:
        raise SpecError(f"{q.of}: expected {name}, got none: write it, or give a peak (--peak 3e-4)")
    q.take(name, None)
    return terms.peak


def beta2(q: Question) -> float | None:
    """The optimizer's, where the text says it."""
    return None if q.take("adam_beta2", None) is None else q.number("adam_beta2", low=0, high=BELOW_ONE)
