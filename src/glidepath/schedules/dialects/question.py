"""A configuration of another library, asked field by field, and what it comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from typing import Any

from glidepath.errors import SpecError, nearest, shown
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.units import Horizon

REQUIRED = object()
LARGEST = 1e24  # of any number: the longest horizon, and far above every learning rate


@dataclass(frozen=True, slots=True)
class Reading:
    """The schedule that a configuration means, and the `notes` on what was mended in it."""

    schedule: Schedule
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader found: the recipe, its peak, the steps it is planned for, and notes on what was mended."""

    recipe: Recipe
    peak: float
    steps: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A configuration `of` a schedule of a library. Each field is asked for once; `finish` refuses the rest.

    `faithful` asks for the library's defects too: curves that rise after their end, and the like. `planned` is
    the horizon with what it knows of an epoch, a sample or a token.
    """

    of: str
    config: Mapping[str, Any]
    base_lr: float
    steps: int | None
    faithful: bool
    asked: dict[str, None] = field(default_factory=dict)
    planned: Horizon | None = None

    def take(self, name: str, default: Any = REQUIRED) -> Any:
        """The value of a field as it stands, or its default in that library."""
        self.asked[name] = None
        if name in self.config:
            return self.config[name]
        if default is REQUIRED:
            raise SpecError(f"{self.of}: expected the field {name!r}, got {', '.join(self.config) or 'none'}")
        return default

    def number(self, name: str, default: Any = REQUIRED, *, low: float = -inf, high: float = inf) -> float:
        """A finite number between two limits."""
        value = self.take(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < LARGEST:
            raise SpecError(f"{self.of}: expected {name} as a number, got {shown(value)}")
        if not low <= value <= high:
            raise SpecError(f"{self.of}: expected {name} from {low:g} to {high:g}, got {shown(value)}")
        return float(value)

    def whole(self, name: str, default: Any = REQUIRED, *, low: int = 0) -> int:
        """A whole number of at least `low`; 5.0 is one."""
        value = self.take(name, default)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value < LARGEST:
            raise SpecError(f"{self.of}: expected {name} as a whole number of at least {low}, got {shown(value)}")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """True or False."""
        value = self.take(name, default)
        if not isinstance(value, bool):
            raise SpecError(f"{self.of}: expected {name} as True or False, got {shown(value)}")
        return value

    def choice(self, name: str, default: str, known: tuple[str, ...]) -> str:
        """One of the words that the library knows."""
        value = self.take(name, default)
        if not isinstance(value, str) or value not in known:
            raise SpecError(
                f"{self.of}: expected {name} as a known word, got {shown(value)}: {nearest(shown(value), known)}"
            )
        return str(value)

    def horizon(self) -> int:
        """The steps that the caller gave, where the configuration says none itself."""
        if self.steps is None:
            raise SpecError(
                f"{self.of}: expected a horizon, because the configuration has none: read(..., horizon=...)"
            )
        return self.steps

    def rate(self, name: str) -> Fraction:
        """How much of something a step takes, as the caller's horizon knows it: "steps_per_epoch" and the like."""
        known = {} if self.planned is None else self.planned.rates
        if name not in known:
            raise SpecError(
                f"{self.of}: expected a horizon that knows {name}: read(..., horizon=Horizon(n, {name}=...))"
            )
        return known[name]

    def finish(self) -> None:
        """Refuse fields that nobody asked for: they mean something that was not understood."""
        for name in self.config:
            if name not in self.asked:
                hint = nearest(str(name)[:40], self.asked)
                raise SpecError(f"{self.of}: expected its own fields, got {shown(name)}: {hint}")
