"""What a finder answers."""

from dataclasses import dataclass

from glidepath.runs.curve import Curve


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A peak learning rate with the interval it stands for, why, what it was read from, and what it cost.

    `lrs`, `losses` and `smoothed` are curves over the updates of the test; `cost` counts those updates.
    """

    lr: float
    low: float
    high: float
    reasons: tuple[str, ...]
    lrs: Curve
    losses: Curve
    smoothed: Curve
    cost: int
