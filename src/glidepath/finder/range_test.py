"""The range test: the learning rate raised, by equal factors or equal differences, while the loss is watched.

Leslie Smith 2015 (arXiv 1506.01186). Ask/tell: `ask()` gives the learning rate of the next update, `tell(loss)`
takes what came of it; the loop belongs to the caller. The sweep is a schedule like any other.
"""

from math import inf

import numpy as np

from glidepath.errors import FinderError, nearest, shown
from glidepath.finder.agreement import suggestion_of
from glidepath.finder.rules import FEWEST, SETTLING, SMOOTHING, smoothed
from glidepath.finder.suggestion import Suggestion, Sweep
from glidepath.runs.curve import Curve
from glidepath.schedules.levels import absolute, number
from glidepath.schedules.recipes import hold, warmup

# Past this multiple of its best the smoothed loss has left the range (the rule of fastai's finder).
EXPLODED = 4.0
MOST = 10_000  # updates of a sweep: it costs as many, and a curve says no more beyond
NARROWEST = 2.0  # from `low` to `high`: an answer is an interval wider than this
LARGEST = 1e38  # float32 goes up to 3e38: a loss that has overflowed, in the library that computed it
SHAPES = ("exponential", "linear")


class RangeTest:
    """One sweep from `low` to `high` in `steps` updates; see the module for how to drive it.

    It ends early where the smoothed loss (an average of decay 0.98, debiased) exceeds `stop` times its best, infinity
    for never, or is no finite number any more: that update and its learning rate are left out of the answer.
    """

    def __init__(
        self,
        *,
        low: float = 1e-7,
        high: float = 10.0,
        steps: int = 100,
        shape: str = "exponential",
        stop: float = EXPLODED,
    ) -> None:
        """Lay out the sweep; raises FinderError for a range below a factor of 2 or not 20 to 10 000 updates."""
        if not 0 < NARROWEST * number(low, "low") <= number(high, "high"):
            raise FinderError(
                f"expected 0 < low < high, at least a factor of 2 apart, got low={low!r} and high={high!r}"
            )
        if isinstance(steps, bool) or not isinstance(steps, int) or not FEWEST <= steps <= MOST:
            raise FinderError(f"expected a sweep of at least {FEWEST} steps and at most {MOST}, got {shown(steps)}")
        if shape not in SHAPES:
            raise FinderError(f"expected the shape of a sweep, got {shown(shape)}: {nearest(shown(shape), SHAPES)}")
        if stop != inf and number(stop, "stop") <= 1:
            raise FinderError(f"expected to stop at a multiple of the best loss above 1, got {shown(stop)}")
        sweep = warmup(steps - 1, start=absolute(low), shape=shape) >> hold()
        self.schedule = sweep.over(steps, peak=high)
        self._stop = float(stop)
        self._losses: list[float] = []
        self._mean, self._best, self._over = 0.0, inf, False

    def ask(self) -> float | None:
        """The learning rate of the next update, or None when the sweep is over."""
        if self._over or len(self._losses) == self.schedule.horizon.steps:
            return None
        return self.schedule(len(self._losses))

    def tell(self, loss: float) -> None:
        """The loss of the update that was asked for last; raises FinderError for what is no number."""
        value = _number(loss)
        if self.ask() is None:
            return
        if not abs(value) < LARGEST:
            self._over = True
            return
        self._losses.append(value)
        count = len(self._losses)
        self._mean = SMOOTHING * self._mean + (1 - SMOOTHING) * value
        smooth = self._mean / (1 - SMOOTHING**count)
        self._best = min(self._best, smooth) if count > SETTLING else self._best
        self._over = smooth - self._best > (self._stop - 1) * abs(self._best)

    def sweep(self) -> Sweep:
        """What was swept so far."""
        steps, losses = np.arange(len(self._losses)), np.array(self._losses)
        return Sweep(
            lrs=Curve("lr", steps, self.schedule(steps)),
            losses=Curve("loss", steps, losses),
            smoothed=Curve("smoothed loss", steps, smoothed(losses)),
        )

    def suggestion(self) -> Suggestion:
        """The peak that this one sweep speaks for, as `suggestion_of` reads it.

        Raises FinderError where the loss nowhere falls by more than its noise, or there are fewer than 20.
        """
        return suggestion_of([self.sweep()])


def _number(loss: object) -> float:
    try:
        return float(loss)  # type: ignore[arg-type]
    except OverflowError:
        return inf
    except (TypeError, ValueError, RuntimeError):  # an array of many, as numpy and torch say it
        raise FinderError(f"expected a loss as a number, got {shown(loss)}") from None
