"""Backing off: a cut and a new warmup after the loss has left for good."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, ClassVar

from glidepath.schedules.feedback.rule import Rule, State, decide, whole, within
from glidepath.schedules.levels import number

# The alarm that was first among those tried on 126 runs of GPT-2 124M (one of them diverged, the loss logged every 50
# updates), with no false one: a moving average of weight 0.2 a point, above its minimum by a tenth, three in a row.
WEIGHT, TOLERANCE, IN_A_ROW = 0.2, 0.1, 3
# 2 / (1 - beta2), the shortest warmup that Adam needs (Ma and Yarats 2019, arXiv 1910.04209), at beta2 = 0.95.
REWARM = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOffState(State):
    """What `back_off` has seen: the level it warms up to, the update of its last cut, the average and its minimum."""

    level: float = 1.0
    cut_at: int | None = None
    mean: float = 0.0  # of the losses since the last point
    averaged: int = 0
    average: float | None = None
    lowest: float | None = None
    above: int = 0

    def flaw(self) -> str:
        """What makes this a state that no rule has left, or ""."""
        if not 0 <= self.level <= 1:
            return f"expected a level from 0 to 1, got {self.level!r}"
        if self.cut_at is not None and (self.step is None or self.cut_at > self.step):
            return f"expected the cut at or before the step {self.step}, got {self.cut_at}"
        if (self.average is None) != (self.lowest is None):
            return f"expected an average with its lowest, got {self.average!r} and {self.lowest!r}"
        return State.flaw(self)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BackOff(Rule[BackOffState]):
    """See `back_off`."""

    keeps: ClassVar[type[State]] = BackOffState

    factor: float
    rewarm: int
    floor: float
    weight: float
    tolerance: float
    in_a_row: int
    accumulate: int

    @classmethod
    def maker(cls) -> Callable[..., Rule[Any]]:
        """The public function that makes it."""
        return back_off

    def check(self) -> None:
        """Refuse a field of this rule outside its range."""
        for name, least in {"rewarm": 0, "in_a_row": 1, "accumulate": 1}.items():
            whole(getattr(self, name), name, least=least)
        self.settle(
            factor=within(self.factor, "factor"),
            floor=number(self.floor, "floor", below=1),
            weight=number(self.weight, "weight", below=1),
            tolerance=number(self.tolerance, "tolerance"),
        )
        within(self.weight, "weight", below=2)  # 1 is allowed: each point alone

    def start(self) -> BackOffState:
        """The state before the first update."""
        return BackOffState()

    def next_state(self, state: BackOffState, step: int, loss: float) -> BackOffState:
        """The state after a loss: a divergence is acted on unless the last cut is still warming up."""
        averaged = state.averaged + 1
        mean = (state.averaged * state.mean + loss) / averaged
        warm = self._warmed(replace(state, step=step, mean=mean, averaged=averaged))
        if not isfinite(mean):
            return self._cut(warm, step, f"the loss is {mean}, not a finite number")
        if averaged < self.accumulate:
            return warm
        return self._point(replace(warm, mean=0.0, averaged=0), step, mean)

    def _warmed(self, state: BackOffState) -> BackOffState:
        """The multiplier of the next update: i updates after the cut's own, (i + 1) / (rewarm + 1) of the level."""
        if state.cut_at is None or state.step is None or state.multiplier == state.level:
            return state
        share = min(1.0, (state.step - state.cut_at + 1) / (self.rewarm + 1))
        return replace(state, multiplier=state.level * share)

    def _point(self, state: BackOffState, step: int, point: float) -> BackOffState:
        average = point if state.average is None else (1 - self.weight) * state.average + self.weight * point
        lowest = average if state.lowest is None else min(state.lowest, average)
        above = state.above + 1 if average > lowest + self.tolerance * abs(lowest) else 0
        seen = replace(state, average=average, lowest=lowest, above=above)
        if above < self.in_a_row:
            return seen
        reason = (
            f"the average {average:.6g} is above its minimum {lowest:.6g} by more than {self.tolerance:.0%} "
            f"at {above} points in a row"
        )
        return self._cut(seen, step, reason)

    def _cut(self, state: BackOffState, step: int, reason: str) -> BackOffState:
        if state.multiplier < state.level:
            return replace(state, mean=0.0, averaged=0)
        level = max(state.level * self.factor, self.floor)
        fresh = {"mean": 0.0, "averaged": 0, "average": None, "lowest": None, "above": 0}
        whole_reason = f"{reason}: {level:.6g} of the learning rate, warmed up to over {self.rewarm} updates"
        return decide(state, step, "cut", level / (self.rewarm + 1), whole_reason, level=level, cut_at=step, **fresh)


def back_off(
    *,
    factor: float = 0.5,
    rewarm: int = REWARM,
    floor: float = 0.0,
    weight: float = WEIGHT,
    tolerance: float = TOLERANCE,
    in_a_row: int = IN_A_ROW,
    accumulate: int = 1,
    after: int = 0,
) -> BackOff:
    """A cut by `factor` when the loss diverges, then a linear warmup to what is left, over `rewarm` updates.

    The loss diverges when it is not finite, or when its moving average A -> (1 - weight) A + weight x is above
    (1 + tolerance) times its running minimum at `in_a_row` points in a row (a negative minimum: above it by that
    share of its size). Then level -> max(factor level, floor), the average starts anew, and the i-th update after
    that (from 0) has the multiplier level (i + 1) / (rewarm + 1), as `warmup` counts, up to the level, which stays.
    It moves when a loss is observed: observe every update of the warmup. A divergence during it waits for its end.

    `factor` above 0, below 1; `rewarm` in updates, 0 for none (the default is 2 / (1 - beta2) at a beta2 of 0.95:
    write 2000 for 0.999); `floor` the least level, 0 to 1; `weight` above 0, to 1; `tolerance` >= 0; `accumulate`
    the losses averaged into one point x; `after` the first updates that are ignored.

    Source of the alarm and its three numbers: 126 trainings of GPT-2 124M, one of which diverged, with points 50
    updates apart from update 300 on (`after`); to halve is a choice. Losses of single batches are noisier: average
    some tens of them into a point. A cut cannot mend weights that are NaN: go back to a checkpoint, and keep this
    state. Raises ScheduleError for a value outside its range.

    >>> from glidepath.schedules.feedback import fold
    >>> rule = back_off(rewarm=3)
    >>> state = fold(rule, [(0, 2.0), (1, float("nan"))])
    >>> [fold(rule, [(step, 2.0) for step in range(2, 2 + n)], state=state).multiplier for n in range(5)]
    [0.125, 0.25, 0.375, 0.5, 0.5]
    >>> state.decisions[0].reason
    'the loss is nan, not a finite number: 0.5 of the learning rate, warmed up to over 3 updates'
    """
    return BackOff(
        factor=factor,
        rewarm=rewarm,
        floor=floor,
        weight=weight,
        tolerance=tolerance,
        in_a_row=in_a_row,
        accumulate=accumulate,
        after=after,
    )
