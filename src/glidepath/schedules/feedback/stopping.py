"""Early stopping: when the loss has not improved for too long."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from glidepath.schedules.feedback.improvement import bar_of, improved
from glidepath.schedules.feedback.rule import MODES, Rule, State, decide, one_of, whole
from glidepath.schedules.levels import number


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppingState(State):
    """What `early_stop` has seen: the best, those since that improved on nothing, and whether to stop."""

    best: float | None = None
    bad: int = 0
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EarlyStop(Rule[StoppingState]):
    """See `early_stop`."""

    keeps: ClassVar[type[State]] = StoppingState

    patience: int
    minimum_change: float
    mode: str

    @classmethod
    def maker(cls) -> Callable[..., Rule[Any]]:
        """The public function that makes it."""
        return early_stop

    def check(self) -> None:
        """Refuse a field of this rule outside its range."""
        whole(self.patience, "patience", least=1)
        one_of(self.mode, "mode", MODES)
        self.settle(minimum_change=number(self.minimum_change, "minimum_change"))

    def start(self) -> StoppingState:
        """The state before the first update."""
        return StoppingState()

    def next_state(self, state: StoppingState, step: int, loss: float) -> StoppingState:
        """The state after a loss; once stopped, it stays so."""
        if state.stopped:
            return replace(state, step=step)
        if improved(loss, state.best, mode=self.mode, threshold=self.minimum_change, threshold_mode="abs"):
            return replace(state, step=step, best=loss, bad=0)
        if state.bad + 1 < self.patience:
            return replace(state, step=step, bad=state.bad + 1)
        bar = bar_of(state.best, mode=self.mode, threshold=self.minimum_change, threshold_mode="abs")
        reason = f"{self.patience} losses in a row without one {bar}"
        return decide(state, step, "stop", state.multiplier, reason, bad=self.patience, stopped=True)


def early_stop(patience: int, minimum_change: float = 0.0, *, mode: str = "min", after: int = 0) -> EarlyStop:
    """Stop after `patience` losses in a row that improve on nothing; the multiplier stays 1.

    A loss improves when it is below the best ("max": above it) by more than `minimum_change` (>= 0, in the loss's
    unit). `state.stopped` says it, and stays; NaN improves on nothing. `patience` is at least 1 and counts observed
    losses, validations as a rule; the first `after` updates are ignored.

    Source: Prechelt 1998, Early Stopping - But When?; counted as `keras.callbacks.EarlyStopping` and Lightning's do
    (stop at the bad one number `patience`). Raises ScheduleError for a value outside its range.

    >>> from glidepath.schedules.feedback import fold
    >>> rule = early_stop(2, 0.01)
    >>> state = fold(rule, enumerate([1.0, 0.995, 0.991]))
    >>> state.stopped, state.decisions[0].reason
    (True, '2 losses in a row without one below 1 by more than 0.01')
    """
    return EarlyStop(patience=patience, minimum_change=minimum_change, mode=mode, after=after)
