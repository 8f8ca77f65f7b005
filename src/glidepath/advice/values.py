"""What advice is made of: numbers, each with its reason, source and evidence, around a recipe."""

from dataclasses import dataclass
from typing import Any

from glidepath.errors import AdviceError, nearest, shown
from glidepath.schedules.feedback import Rule
from glidepath.schedules.schedule import Recipe, Schedule, checked
from glidepath.units import AmountLike, Horizon

# how well something is known -> what the word means
EVIDENCE = {
    "measured": "computed for Glidepath, on the runs that the source names",
    "published": "a setting or a comparison in the source itself",
    "convention": "a common setting that the source uses or describes, not compared with others there",
    "folklore": "said by many, measured by nobody that we know of",
}
# A level or a coefficient, an amount such as "5%", a pair of betas, or None for "none at all".
Value = float | int | str | tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know, to watch or to do, with its source and its evidence, one of the words of `EVIDENCE`."""

    what: str
    source: str
    evidence: str

    def __post_init__(self) -> None:
        """Refuse what is not grounded."""
        _grounded(self.what, self.source, self.evidence)


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the advice by name: its value (None: none at all), the reason for it, source and evidence."""

    name: str
    value: Value
    reason: str
    source: str
    evidence: str

    def __post_init__(self) -> None:
        """Refuse what is not grounded."""
        _grounded(self.reason, self.source, self.evidence)


@dataclass(frozen=True, slots=True)
class Interval:
    """The peaks (> 0) between which the best one is expected, and `lr`, the one to begin with."""

    low: float
    lr: float
    high: float
    reason: str
    source: str
    evidence: str

    def __post_init__(self) -> None:
        """Refuse what is not grounded, or not in order."""
        _grounded(self.reason, self.source, self.evidence)
        if not 0 < self.low <= self.lr <= self.high:
            raise AdviceError(f"expected low <= lr <= high above 0, got {self.low}, {self.lr}, {self.high}")

    @property
    def name(self) -> str:
        """What the number is called."""
        return "peak"

    @property
    def value(self) -> tuple[float, float, float]:
        """The low end, the one to begin with, the high end."""
        return self.low, self.lr, self.high


@dataclass(frozen=True, slots=True)
class Change:
    """A change for `when` something happens, with the amount; `peak` and `recipe` are the new ones, where they move."""

    when: str
    what: str
    source: str
    evidence: str
    peak: float | None = None
    recipe: Recipe | None = None

    def __post_init__(self) -> None:
        """Refuse what is not grounded."""
        _grounded(self.what, self.source, self.evidence)


@dataclass(frozen=True, slots=True)
class Advice:
    """A recipe for a task, the interval of its peak, and every number beside it.

    `momentum` is the betas of an Adam; `rules` read the loss beside the schedule; `more` are the numbers of those.
    `watch` is what to look at during the run, `changes` what to do about it, `notes` what was assumed.
    """

    task: str
    optimizer: str
    horizon: Horizon | None
    recipe: Recipe
    peak: Interval
    warmup: Number
    floor: Number
    clip: Number
    weight_decay: Number
    momentum: Number
    watch: tuple[Remark, ...]
    notes: tuple[Remark, ...] = ()
    rules: tuple[Rule[Any], ...] = ()
    more: tuple[Number, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def numbers(self) -> tuple[Interval | Number, ...]:
        """Every number, in the order in which a reader wants them."""
        return self.peak, self.warmup, self.floor, self.clip, self.weight_decay, self.momentum, *self.more

    def schedule(self, horizon: AmountLike | Horizon | None = None, *, peak: float | None = None) -> Schedule:
        """The recipe over its horizon, or another, at the peak to begin with, or another.

        Raises AdviceError where there is no horizon.

        >>> from glidepath.advice import recommend
        >>> recommend("fine-tuning", horizon=10_000).schedule()(500)
        3e-05
        """
        over = self.horizon if horizon is None else horizon
        if over is None:
            raise AdviceError("expected a horizon to lay the recipe over, got none: write schedule(10_000)")
        return self.recipe.over(over, peak=self.peak.lr if peak is None else checked(peak))


def _grounded(text: str, source: str, evidence: str) -> None:
    if not (text and source):
        raise AdviceError(f"expected a text and a source, got {shown(text)} and {shown(source)}")
    if evidence not in EVIDENCE:
        raise AdviceError(f"expected a word for the evidence, got {shown(evidence)}: {nearest(evidence, EVIDENCE)}")
