"""The gradient norm as a witness: whether it jumps with the loss, point by point."""

from dataclasses import dataclass, field
from math import inf, isfinite, log

from glidepath.diagnosis.excursion import Tracker
from glidepath.diagnosis.tails import Tail

LOUD = 4.0  # deviations of the logarithm: single norms of healthy runs lie beyond it in a few of a hundred (science d)
LOUD_TIMES = 1.5  # and times its level: what anybody would see


@dataclass(slots=True)
class Witness:
    """The level and the noise of the logarithm of a gradient norm; the tail of a norm is that of a product."""

    tracker: Tracker = field(default_factory=Tracker)
    distance: float = 0.0  # of the last norm, in deviations

    @property
    def tail(self) -> Tail:
        """The tail of the logarithms."""
        return self.tracker.known_tail()

    def jumps(self, step: int, norm: float | None) -> bool:
        """Hear of a norm; whether it is far above its level, or no number any more."""
        if norm is None or norm <= 0:
            return False
        if not isfinite(norm):
            self.distance = inf
            return True
        value, tracker = log(norm), self.tracker
        gap = value - tracker.level
        self.distance = gap / tracker.noise if tracker.noise > 0 else 0.0
        loud = tracker.count > FEWEST and gap > LOUD * max(tracker.noise, tracker.lifts) and gap > log(LOUD_TIMES)
        tracker.tell(step, value)
        return loud


FEWEST = 20  # norms, before it is believed
