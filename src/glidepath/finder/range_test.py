"""The range test: the learning rate raised by equal factors while the loss is watched.

Leslie Smith 2015 (arXiv 1506.01186). Ask/tell: `ask()` gives the learning rate of the next update, `tell(loss)`
takes what came of it; the loop belongs to the caller. The sweep is a schedule like any other.
"""

from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from glidepath.errors import FinderError
from glidepath.finder.suggestion import Suggestion
from glidepath.runs.curve import Curve
from glidepath.runs.smoothing import ema, median
from glidepath.schedules.levels import absolute, number
from glidepath.schedules.recipes import hold, warmup

# Past this multiple of its best the smoothed loss has left the range (the rule of fastai's finder).
EXPLODED = 4.0
# The steepest descent lies near the edge of what is stable, and the usual advice is a half to a quarter of it: a half
# under a warmup, which takes the early updates off the edge.
SHARE, LOW = 1 / 2, 1 / 4
# Decay of the average that the slope is read from: fastai's. It lags by tens of updates, so the steepest point of it
# lies beyond that of the loss itself, and the division below is for this one.
SMOOTHING = 0.98
# Updates: what a slope can be read from, and what an average needs before its start is no longer noise.
FEWEST, SETTLING = 20, 5
# A descent of fewer standard errors is no descent: five, because the largest of many is looked at.
SIGNAL = 5.0
NORMAL_DIFFERENCE = 0.954  # the median of |x - y| for two draws of a standard normal distribution


class RangeTest:
    """One sweep from `low` to `high` in `steps` updates; see the module for how to drive it.

    It ends early where the smoothed loss exceeds four times its best, or is no finite number any more: that
    update and its learning rate are left out of the answer.
    """

    def __init__(self, *, low: float = 1e-7, high: float = 10.0, steps: int = 100) -> None:
        """Lay out the sweep; raises FinderError for an empty range or one of fewer than 20 updates."""
        if not 0 < number(low, "low") < number(high, "high"):
            raise FinderError(f"expected 0 < low < high, got low={low!r} and high={high!r}")
        if isinstance(steps, bool) or not isinstance(steps, int) or steps < FEWEST:
            raise FinderError(f"expected a sweep of at least {FEWEST} steps, got {steps!r}")
        sweep = warmup(steps - 1, start=absolute(low), shape="exponential") >> hold()
        self.schedule = sweep.over(steps, peak=high)
        self._losses: list[float] = []
        self._mean, self._best, self._over = 0.0, inf, False

    def ask(self) -> float | None:
        """The learning rate of the next update, or None when the sweep is over."""
        if self._over or len(self._losses) == self.schedule.horizon.steps:
            return None
        return self.schedule(len(self._losses))

    def tell(self, loss: float) -> None:
        """The loss of the update that was asked for last."""
        if self.ask() is None:
            return
        if not isfinite(loss):
            self._over = True
            return
        self._losses.append(float(loss))
        count = len(self._losses)
        self._mean = SMOOTHING * self._mean + (1 - SMOOTHING) * loss
        smooth = self._mean / (1 - SMOOTHING**count)
        self._best = min(self._best, smooth) if count > SETTLING else self._best
        self._over = smooth - self._best > (EXPLODED - 1) * abs(self._best)

    def suggestion(self) -> Suggestion:
        """The peak that the sweep speaks for: the steepest descent in log LR, divided by 2 (to 4, the low end).

        Raises FinderError where the loss nowhere falls by more than its noise.
        """
        losses = np.array(self._losses)
        if losses.size < FEWEST:
            raise FinderError(f"expected at least {FEWEST} finite losses, got {losses.size}: start from a lower `low`")
        steps = np.arange(losses.size)
        # The recovery from a spike is steep and no descent, so the spike goes first.
        lrs, smooth = self.schedule(steps), ema(median(losses), decay=SMOOTHING)
        steepest = float(lrs[_steepest(losses, smooth, np.log(lrs))])
        return Suggestion(
            lr=_two_digits(steepest * SHARE),
            low=_two_digits(steepest * LOW),
            high=_two_digits(steepest),
            reasons=(f"the loss falls fastest at {steepest:.2g}, near the edge; a half to a quarter of it is stable",),
            lrs=Curve("lr", steps, lrs),
            losses=Curve("loss", steps, losses),
            smoothed=Curve("smoothed loss", steps, smooth),
            cost=losses.size,
        )


def _two_digits(lr: float) -> float:
    """As many as a range test can carry, and a person copies."""
    return float(f"{lr:.2g}")


def _steepest(losses: NDArray[np.float64], smooth: NDArray[np.float64], log_lrs: NDArray[np.float64]) -> int:
    """Where the smoothed loss falls fastest on its way to its minimum."""
    bottom = SETTLING + 1 + int(np.argmin(smooth[SETTLING + 1 :]))
    error = _errors(losses)[: bottom + 1]
    falls = smooth[: bottom + 1, None] - smooth[None, : bottom + 1]  # from each update (row) to each later one
    sure = np.triu(falls - SIGNAL * np.hypot(error[:, None], error[None, :]), k=1)
    fallen = np.flatnonzero((sure > 0).any(axis=0))
    if fallen.size == 0:
        raise FinderError(
            f"expected a loss that falls by more than its noise, got a fall of {falls.max():.2g} with a noise of "
            f"{error[-1]:.2g} or more: sweep a wider range, more slowly, or with a larger batch"
        )
    first = max(SETTLING, int(fallen[0]))  # before it the average is of few losses, and swings
    return first + int(np.argmin(np.gradient(smooth, log_lrs)[first : bottom + 1]))


def _errors(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard error of the debiased average behind each update: large at first, when it is of few losses."""
    # Neighbours differ by the noise and hardly by the descent, and a median does not see the explosion.
    noise = float(np.median(np.abs(np.diff(losses)))) / NORMAL_DIFFERENCE
    left = SMOOTHING ** np.arange(1, losses.size + 1)
    errors: NDArray[np.float64] = noise * np.sqrt((1 - SMOOTHING) / (1 + SMOOTHING) * (1 + left) / (1 - left))
    return errors
