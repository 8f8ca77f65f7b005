"""The gradient norm as a witness: whether it jumps with the loss, point by point."""

from dataclasses import dataclass, field
from math import isfinite, log

from glidepath.diagnosis.excursion import Tracker

LOUD = 4.0  # deviations of the logarithm: single norms of healthy runs lie beyond it in a few of a hundred (science d)
LOUD_TIMES = 1.5  # and times its level: what anybody would see


@dataclass(slots=True)
class Witness:
    """The level and the noise of the logarithm of a gradient norm; the tail of a norm is that of a product."""

    tracker: Tracker = field(default_factory=Tracker)

    def jumps(self, step: int, norm: float | None) -> bool:
        """Hear of a norm; whether it is far above its level, or no number any more."""
        if norm is None or norm <= 0:
            return False
        if not isfinite(norm):
            return True
        value, tracker = log(norm), self.tracker
        gap = value - tracker.level
        loud = tracker.count > FEWEST and gap > LOUD * max(tracker.noise, tracker.lifts) and gap > log(LOUD_TIMES)
        tracker.tell(step, value)
        return loud


FEWEST = 20  # norms, before it is believed
