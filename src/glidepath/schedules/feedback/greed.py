"""The greedy rule: up after improvements, down after regressions."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import fsum, nan
from typing import Any, ClassVar

from glidepath.errors import ScheduleError
from glidepath.schedules.feedback.improvement import THRESHOLD_MODES, bar_of, improved, threshold_of
from glidepath.schedules.feedback.rule import MODES, Rule, State, decide, flag, one_of, whole, within
from glidepath.schedules.levels import number

LARGEST_WINDOW = 100_000  # losses: what a checkpoint may carry, and a mean over them cost, at every update


@dataclass(frozen=True, slots=True, kw_only=True)
class GreedyState(State):
    """What `greedy` has seen: the best, the good and the bad ones in a row, the rests left, the window."""

    best: float | None = None
    good: int = 0
    bad: int = 0
    resting: int = 0
    stuck: int = 0  # cuts that found the multiplier at its floor
    window: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Greedy(Rule[GreedyState]):
    """See `greedy`."""

    keeps: ClassVar[type[State]] = GreedyState

    mode: str
    factor: float
    patience: int
    threshold: float
    threshold_mode: str
    rest_after_cut: int
    rest_after_rise: int
    floor: float
    ceiling: float
    eps: float
    window: int
    reset_after: int
    faithful: bool

    @classmethod
    def maker(cls) -> Callable[..., Rule[Any]]:
        """The public function that makes it."""
        return greedy

    def check(self) -> None:
        """Refuse a field of this rule outside its range."""
        one_of(self.mode, "mode", MODES)
        flag(self.faithful, "faithful")
        for name in ("patience", "rest_after_cut", "rest_after_rise"):
            whole(getattr(self, name), name, least=0)
        whole(self.reset_after, "reset_after", least=1)
        if whole(self.window, "window", least=1) > LARGEST_WINDOW:
            raise ScheduleError(f"expected a window of at most {LARGEST_WINDOW} losses, got {self.window}")
        self.settle(
            factor=within(self.factor, "factor"),
            threshold=threshold_of(self.threshold, one_of(self.threshold_mode, "threshold_mode", THRESHOLD_MODES)),
            floor=number(self.floor, "floor", below=1),
            ceiling=number(self.ceiling, "ceiling"),
            eps=number(self.eps, "eps"),
        )
        if self.ceiling < 1:
            raise ScheduleError(f"expected ceiling of at least 1, where the multiplier starts, got {self.ceiling!r}")

    def start(self) -> GreedyState:
        """The state before the first update."""
        return GreedyState()

    def next_state(self, state: GreedyState, step: int, loss: float) -> GreedyState:
        """The state after a loss, averaged over the window."""
        window = (*state.window, loss)[-self.window :] if self.window > 1 else ()
        value = _mean(window) if window else loss
        if state.resting > 0:
            return replace(state, step=step, good=0, bad=0, resting=state.resting - 1, window=window)
        better = improved(
            value,
            state.best,
            mode=self.mode,
            threshold=self.threshold,
            threshold_mode=self.threshold_mode,
            faithful=self.faithful,
        )
        if better:
            seen = replace(state, step=step, best=value, good=state.good + 1, bad=0, window=window)
            return self._risen(seen, step) if seen.good > self.patience else seen
        seen = replace(state, step=step, good=0, bad=state.bad + 1, window=window)
        return self._cut(seen, step) if seen.bad > self.patience else seen

    def _risen(self, state: GreedyState, step: int) -> GreedyState:
        after = min(state.multiplier / self.factor, self.ceiling)
        rested = replace(state, good=0, resting=self.rest_after_rise, stuck=0)
        if not after - state.multiplier > self.eps:
            return rested
        reason = f"{state.good} losses in a row each better than the best before it, the last {state.best:.6g}"
        return decide(rested, step, "rise", after, reason)

    def _cut(self, state: GreedyState, step: int) -> GreedyState:
        after = max(state.multiplier * self.factor, self.floor)
        rested = replace(state, bad=0, resting=self.rest_after_cut)
        if state.multiplier - after > self.eps:
            bar = bar_of(state.best, mode=self.mode, threshold=self.threshold, threshold_mode=self.threshold_mode)
            rested = decide(rested, step, "cut", after, f"{state.bad} losses in a row without one {bar}")
        if rested.multiplier > self.floor:
            return rested
        if rested.stuck + 1 < self.reset_after:
            return replace(rested, stuck=rested.stuck + 1)
        reason = f"{self.reset_after} cuts found the multiplier at its floor {self.floor:g}: from the start again"
        return decide(rested, step, "reset", 1.0, reason, best=None, stuck=0, window=())


def _mean(window: tuple[float, ...]) -> float:
    """The mean, rounded once; NaN, which no loss is worse than, where it is not a number or none that fits."""
    try:
        return fsum(window) / len(window)
    except (OverflowError, ValueError):  # past the largest float; infinities of both signs
        return nan


def greedy(
    *,
    mode: str = "min",
    factor: float = 0.95,
    patience: int = 10,
    threshold: float = 1e-6,
    threshold_mode: str = "abs",
    rest_after_cut: int = 0,
    rest_after_rise: int = 0,
    floor: float = 0.1,
    ceiling: float = 10.0,
    eps: float = 1e-8,
    window: int = 1,
    reset_after: int = 500,
    faithful: bool = False,
    after: int = 0,
) -> Greedy:
    """A rise after more than `patience` improvements in a row, a cut after as many losses that are none: GreedyLR.

    m -> min(m / factor, ceiling) or max(factor m, floor), where m is the multiplier; counted on the mean of the
    last `window` losses (1: on each loss). After a cut, or a rise, so many losses are passed over, and the best
    stays. When the floor was asked to be lowered `reset_after` times with no rise between, all starts again at 1.
    NaN improves on nothing, for as long as it is in the window.

    `mode` "min" or "max"; `factor` above 0, below 1; `patience` and the rests in losses; `threshold` >= 0 in the
    loss's unit ("abs") or as a share of the best ("rel", below 1); `floor` 0 to 1; `ceiling` >= 1; `eps` the change
    that is too small to make; `window` 1 to 100,000; `after` the first updates that are ignored.

    Source: GreedyLR (arXiv 2512.14527), counted as `transformers.optimization.GreedyLR` (5.23) does, whose names are
    cooldown and warmup for the rests, smooth and window_size, reset_start, min_lr and max_lr, and whose defaults
    these are - but for floor and ceiling, which are absolute learning rates there (1e-3 and 1) and a tenth and ten
    times the start here, the usual span of a search for a peak. Its "rel" mode calls a worse value better where the
    best is negative, and here only with `faithful`.

    Raises ScheduleError for a value outside its range.

    >>> from glidepath.schedules.feedback import fold
    >>> rule = greedy(patience=1, factor=0.5)
    >>> fold(rule, enumerate([3.0, 2.0])).multiplier, fold(rule, enumerate([3.0, 4.0, 5.0])).multiplier
    (2.0, 0.5)
    """
    return Greedy(
        mode=mode,
        factor=factor,
        patience=patience,
        threshold=threshold,
        threshold_mode=threshold_mode,
        rest_after_cut=rest_after_cut,
        rest_after_rise=rest_after_rise,
        floor=floor,
        ceiling=ceiling,
        eps=eps,
        window=window,
        reset_after=reset_after,
        faithful=faithful,
        after=after,
    )
