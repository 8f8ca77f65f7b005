"""What every rule that reads the loss is: a fold, with no loop, no clock and no optimizer of its own.

    state = rule.start()
    for step in range(10_000):                             # the loop stays the caller's
        lr = schedule(step) * state.multiplier             # a schedule and a rule compose by multiplication,
        loss = update(lr)                                  # and so do two rules: the product of their multipliers
        state = rule.observe(state, step, loss)

A rule is a frozen value that says when; a state is a frozen value that says what has been seen, and saves as a
plain dict (`to_plain`, `from_plain`). The same losses give the same state to the bit, in whatever batches they are
folded and wherever the run was interrupted.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from inspect import signature
from math import isfinite
from operator import index
from typing import Any, ClassVar, Generic, TypeVar

from glidepath.errors import ScheduleError, nearest, shown
from glidepath.schedules.levels import number

# Steps to which a float64 is exact; past any training by far.
LAST_STEP = 2**53
# Decisions that a state keeps, so that a checkpoint does not grow with the run; the older ones are the journal's.
MOST_DECISIONS = 1_000
LONGEST_WORD = 60  # characters of a wrong word that the nearest known one is looked for with
MODES = ("min", "max")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rule did after the update `step`: its kind, the multiplier before and after, and the evidence.

    `kind` is "cut", "rise", "reset" or "stop"; "spike", "recovered", "given up" and "unclear" are notes that leave
    the multiplier as it was. `reason` is one sentence with the numbers that decided.
    """

    step: int
    kind: str
    before: float
    after: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a rule has seen: every rule adds its own counters to these fields, all of plain types.

    `multiplier` (>= 0) is what the learning rate is to be multiplied by from the next update on; `step` the last
    one observed; `decisions` the last thousand of the `decided` ones.
    """

    multiplier: float = 1.0
    step: int | None = None
    decisions: tuple[Decision, ...] = ()
    decided: int = 0

    def flaw(self) -> str:
        """What makes this a state that no rule has left, or "": asked of what came from outside."""
        if self.multiplier < 0 or not isfinite(self.multiplier):
            return f"expected a multiplier of at least 0, got {self.multiplier!r}"
        if len(self.decisions) > min(self.decided, MOST_DECISIONS):
            return f"expected the last of {self.decided} decisions, got {len(self.decisions)}"
        return ""


S = TypeVar("S", bound=State)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Rule(ABC, Generic[S]):
    """A rule that reads the loss; `after` is the number of first updates, a warmup as a rule, that it ignores.

    `repr` gives the code that makes it again, `str` the one-line text (`parse_rule` reads it), both without what is
    as it would be anyway.
    """

    keeps: ClassVar[type[State]]  # the class of its states

    after: int

    def __post_init__(self) -> None:
        """Refuse a field outside its range."""
        self.settle(after=whole(self.after, "after", least=0))
        self.check()

    @classmethod
    @abstractmethod
    def maker(cls) -> "Callable[..., Rule[Any]]":
        """The public function that makes it; its arguments are the fields, its defaults theirs."""

    @property
    def word(self) -> str:
        """The name of the function that makes it."""
        return self.maker().__name__

    def arguments(self) -> dict[str, Any]:
        """What it was made with, without what is as it would be anyway."""
        usual = signature(self.maker()).parameters
        return {name: getattr(self, name) for name in usual if getattr(self, name) != usual[name].default}

    @abstractmethod
    def check(self) -> None:
        """Refuse a field of this rule outside its range, and settle the others as plain types."""

    def settle(self, **values: Any) -> None:
        """Set the fields of a frozen rule that is being made."""
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"{self.word}({', '.join(f'{name}={value!r}' for name, value in self.arguments().items())})"

    def __str__(self) -> str:
        return f"{self.word}({', '.join(f'{name}={value}' for name, value in self.arguments().items())})"

    @abstractmethod
    def start(self) -> S:
        """The state before the first update."""

    @abstractmethod
    def next_state(self, state: S, step: int, loss: float) -> S:
        """The state after a loss that counts; use `observe`, which looks at what comes in."""

    def observe(self, state: S, step: int, loss: float) -> S:
        """The state after the update `step` gave `loss`; `state` itself stays as it is.

        `step` is a whole number above the last one observed; gaps are allowed (a loss every 50 updates, or one
        validation an epoch), and every count of a rule is of observed losses. `loss` is a number or a 0-dimensional
        array; each rule says what NaN and infinity do. Raises ScheduleError for any other, and for the state of
        another rule.
        """
        if type(state) is not self.keeps:
            raise ScheduleError(f"expected a state of {self.word}, got {shown(type(state).__name__)}")
        at = _step(step, state.step)
        value = _loss(loss)
        return replace(state, step=at) if at < self.after else self.next_state(state, at, value)


def fold(rule: Rule[S], losses: Iterable[tuple[int, float]], *, state: S | None = None) -> S:
    """The state after all of `losses`, pairs of (step, loss), from `state` on, or from the start.

    No pairs leave it as it was. Errors: see `Rule.observe`.

    >>> from glidepath.schedules.feedback import torch_plateau
    >>> fold(torch_plateau(patience=1), enumerate([1.0, 1.0, 1.0])).multiplier
    0.1
    """
    reached = rule.start() if state is None else state
    for step, loss in losses:
        reached = rule.observe(reached, step, loss)
    return reached


def decide(state: S, step: int, kind: str, after: float, reason: str, **counters: Any) -> S:
    """The state with one decision more, its multiplier moved to `after`, and its counters as named."""
    decision = Decision(step, kind, state.multiplier, after, reason)
    kept = (*state.decisions, decision)[-MOST_DECISIONS:]
    return replace(state, step=step, multiplier=after, decisions=kept, decided=state.decided + 1, **counters)


def _step(step: object, last: int | None) -> int:
    try:
        at = -1 if isinstance(step, bool) else index(step)  # type: ignore[arg-type] # whatever has __index__
    except TypeError:
        at = -1
    if not 0 <= at <= LAST_STEP:
        raise ScheduleError(f"expected a step, a whole number from 0 to {LAST_STEP}, got {shown(step)}")
    if last is not None and at <= last:
        raise ScheduleError(f"expected a step above {last}, the last one observed, got {at}: observe each update once")
    return at


def _loss(loss: Any) -> float:
    if isinstance(loss, (str, bytes, bool)):
        raise ScheduleError(f"expected a loss, a number, got {shown(loss)}")
    try:
        return float(loss)
    except (TypeError, ValueError, OverflowError, RuntimeError):  # torch says RuntimeError of an array of many
        raise ScheduleError(f"expected a loss, one number, got {shown(loss)}") from None


def whole(value: object, what: str, *, least: int) -> int:
    """`value`, refused unless it is a whole number from `least` to the last step."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LAST_STEP:
        raise ScheduleError(f"expected {what} as a whole number from {least} to {LAST_STEP}, got {shown(value)}")
    return value


def within(value: object, what: str, *, below: float = 1.0) -> float:
    """`value` as a float, refused unless it lies between 0 and `below`, both left out."""
    real = number(value, what)
    if not 0 < real < below:
        raise ScheduleError(f"expected {what} above 0 and below {below:g}, got {shown(value)}")
    return real


def one_of(value: object, what: str, known: tuple[str, ...]) -> str:
    """`value`, refused unless it is one of the `known` words."""
    if not isinstance(value, str) or value not in known:
        hint = nearest(value[:LONGEST_WORD] if isinstance(value, str) else "", known)
        raise ScheduleError(f"expected {what} as one of its words, got {shown(value)}: {hint}")
    return value


def flag(value: object, what: str) -> bool:
    """`value`, refused unless it is True or False."""
    if not isinstance(value, bool):
        raise ScheduleError(f"expected {what} as True or False, got {shown(value)}")
    return value
