"""The plateau of torch, optax, Keras and Paddle: a cut after so many checks in a row that improve on nothing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from glidepath.errors import ScheduleError
from glidepath.schedules.feedback.improvement import THRESHOLD_MODES, bar_of, improved, threshold_of
from glidepath.schedules.feedback.rule import MODES, Rule, State, decide, flag, one_of, whole, within
from glidepath.schedules.levels import number

# How each counts, and the smallest cut that it makes: of the multiplier here, of the learning rate there.
COUNTINGS = {"torch": 1e-8, "optax": 0.0, "keras": 0.0, "paddle": 1e-8}


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedState(State):
    """What `torch_plateau` has seen: the best check, those since that improved on nothing, the cooldown left."""

    best: float | None = None
    bad: int = 0
    cooling: int = 0
    mean: float = 0.0  # of the losses since the last check
    averaged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CountedPlateau(Rule[CountedState]):
    """See `torch_plateau`."""

    keeps: ClassVar[type[State]] = CountedState

    mode: str
    factor: float
    patience: int
    threshold: float
    threshold_mode: str
    minimum_change: float
    cooldown: int
    floor: float
    eps: float | None
    accumulate: int
    counting: str
    faithful: bool

    @classmethod
    def maker(cls) -> Callable[..., Rule[Any]]:
        """The public function that makes it."""
        return torch_plateau

    def check(self) -> None:
        """Refuse a field of this rule outside its range."""
        one_of(self.mode, "mode", MODES)
        one_of(self.counting, "counting", tuple(COUNTINGS))
        flag(self.faithful, "faithful")
        whole(self.cooldown, "cooldown", least=0)
        whole(self.accumulate, "accumulate", least=1)
        if whole(self.patience, "patience", least=0) == 0 and self.counting == "optax":
            raise ScheduleError("expected patience of at least 1, as optax counts, got 0: write patience=1")
        self.settle(
            factor=within(self.factor, "factor"),
            threshold=threshold_of(self.threshold, one_of(self.threshold_mode, "threshold_mode", THRESHOLD_MODES)),
            minimum_change=number(self.minimum_change, "minimum_change"),
            floor=number(self.floor, "floor", below=1),
            eps=None if self.eps is None else number(self.eps, "eps"),
        )

    def start(self) -> CountedState:
        """The state before the first update."""
        return CountedState()

    def next_state(self, state: CountedState, step: int, loss: float) -> CountedState:
        """The state after a loss: the mean of `accumulate` of them is a check."""
        averaged = state.averaged + 1
        mean = (state.averaged * state.mean + loss) / averaged
        if averaged < self.accumulate:
            return replace(state, step=step, mean=mean, averaged=averaged)
        return self._checked(state, step, mean)

    def _checked(self, state: CountedState, step: int, value: float) -> CountedState:
        """The state after a check; Keras counts the cooldown down before it asks for it, the others after."""
        left = max(state.cooling - 1, 0)
        if self.counting == "paddle" and state.cooling > 0:
            return replace(state, step=step, cooling=left, mean=0.0, averaged=0)
        better = improved(
            value,
            state.best,
            mode=self.mode,
            threshold=self.threshold,
            threshold_mode=self.threshold_mode,
            faithful=self.faithful,
            minimum_change=self.minimum_change,
        )
        best = value if better else state.best
        held = left > 0 if self.counting == "keras" else state.cooling > 0
        bad = 0 if better or held else state.bad + 1
        most = max(self.patience, 1) - 1 if self.counting in ("optax", "keras") else self.patience
        if bad <= most:
            return replace(state, step=step, best=best, bad=bad, cooling=left, mean=0.0, averaged=0)
        return self._cut(replace(state, best=best, bad=0, cooling=self.cooldown, mean=0.0, averaged=0), step, bad)

    def _cut(self, state: CountedState, step: int, bad: int) -> CountedState:
        after = max(state.multiplier * self.factor, self.floor)
        if not state.multiplier - after > (COUNTINGS[self.counting] if self.eps is None else self.eps):
            return replace(state, step=step)
        bar = bar_of(
            state.best,
            mode=self.mode,
            threshold=self.threshold,
            threshold_mode=self.threshold_mode,
            minimum_change=self.minimum_change,
        )
        reason = (
            f"{bad} checks in a row without one {bar}, with a patience of {self.patience} as {self.counting} counts"
        )
        return decide(state, step, "cut", after, reason)


def torch_plateau(
    *,
    mode: str = "min",
    factor: float = 0.1,
    patience: int = 10,
    threshold: float = 1e-4,
    threshold_mode: str = "rel",
    minimum_change: float = 0.0,
    cooldown: int = 0,
    floor: float = 0.0,
    eps: float | None = None,
    accumulate: int = 1,
    counting: str = "torch",
    faithful: bool = False,
    after: int = 0,
) -> CountedPlateau:
    """A cut by `factor` after more than `patience` checks in a row that improve on nothing: ReduceLROnPlateau.

    m -> max(factor m, floor), where m is the multiplier; every default is torch's. A check improves when it is
    better than the best by more than the threshold (see `improved`); during the `cooldown` checks after a cut none
    counts as bad, but the best moves on. NaN improves on nothing.

    `mode` "min" or "max"; `factor` above 0, below 1; `patience` and `cooldown` in checks; `threshold` >= 0, a share
    of the best ("rel", below 1) or in its unit ("abs"), and `minimum_change` one in its unit that is added to either;
    `floor` the least multiplier, 0 to 1; `eps` the cut that is too small to make (None: 1e-8 of the multiplier where
    torch and Paddle have 1e-8 of the learning rate, 0 as optax and Keras count); `accumulate` the losses averaged
    into one check; `after` the first updates that are ignored.

    `counting` "torch" and "paddle" cut at the check number patience + 1 that improves on nothing; "optax" and "keras"
    at number `patience`; "keras" has a cooldown shorter by one check; "paddle" does not look at a check in its
    cooldown, so that the best stays. Keras itself has threshold_mode="abs".
    `faithful` calls a worse value better where the best is negative and the threshold relative, as they do.

    Source: `torch.optim.lr_scheduler.ReduceLROnPlateau` (2.13), `optax.contrib.reduce_on_plateau` (0.2.8),
    `keras.callbacks.ReduceLROnPlateau` (3.15), `paddle.optimizer.lr.ReduceOnPlateau` (3.3); `dialects.read_rule`
    reads their arguments. Raises ScheduleError for a value outside its range.

    It does not ask whether the loss still falls: after a spike it cuts while the loss recovers (pytorch#30873).
    `plateau` asks.

    >>> rule = torch_plateau(patience=1, factor=0.5)
    >>> state = rule.start()
    >>> for step, loss in enumerate([1.0, 0.9, 0.95, 0.91]):
    ...     state = rule.observe(state, step, loss)
    >>> state.multiplier, state.decisions[0].step
    (0.5, 3)
    >>> state.decisions[0].reason
    '2 checks in a row without one below 0.9 by more than 0.0001 of it, with a patience of 1 as torch counts'
    """
    return CountedPlateau(
        mode=mode,
        factor=factor,
        patience=patience,
        threshold=threshold,
        threshold_mode=threshold_mode,
        minimum_change=minimum_change,
        cooldown=cooldown,
        floor=floor,
        eps=eps,
        accumulate=accumulate,
        counting=counting,
        faithful=faithful,
        after=after,
    )
