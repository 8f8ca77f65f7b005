"""The probe: short branches with the schedule's decay in them, at two lengths, and the peak that they speak for.

Where a range test reads one sweep, the probe trains: a few branches at a sixteenth of the horizon, then two at an
eighth, each under the whole schedule made shorter. Ask/tell: `ask()` gives the branches that can be trained now, side
by side if you like; `tell(branch, losses)` takes what came of one; the loop belongs to the caller.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, inf, isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

from glidepath.errors import FinderError, shown
from glidepath.finder.conclusion import concluded
from glidepath.finder.posterior import Posterior, fall, moved, noise, posterior
from glidepath.finder.shortening import shortened
from glidepath.finder.suggestion import Suggestion, Trial
from glidepath.schedules.levels import number
from glidepath.schedules.schedule import Schedule

SHORT, LONG = 16, 8  # branches are a sixteenth and an eighth of the horizon: below them the order of peaks turns over
SPREAD = 2.5  # between neighbours in the first round, and of each move: what a centre is off by (arXiv 2306.06101)
PAIR = 0.8  # powers of two that the long branches lie from where the short ones put the lowest point: inside the window
LARGEST = 1e300  # a loss above it is as good as infinite, and its sums are
DIVERGED = 8.0  # the move where all branches diverged, and how often: down to a hundred-thousandth
MOST_DIVERGED = 8  # branches: what diverges down there is no matter of the learning rate
TAIL = 8  # a branch is judged by the last eighth of its losses
LEAST = 4  # losses that a branch is judged by, to tell its noise
FEWEST = 20  # steps in a short branch, below which there is nothing to compare
SHORTEST = SHORT * FEWEST  # steps of a run that can be probed
NOISY = 0.6  # of the range of the losses: above it another seed tells more than another peak


@dataclass(frozen=True, slots=True)
class Branch:
    """One short training to make: from the start, `steps` updates under `schedule`, with the batches of a `seed`."""

    lr: float
    steps: int
    seed: int
    schedule: Schedule


class Probe:
    """The search for the peak of a schedule, from a `centre` that may be off by some factors; see the module.

    `budget` is the share of a whole run that may be spent, of which `spent` updates are gone already; `epochs` how
    often the whole run sees its data. Raises FinderError where the budget is too small to compare anything.
    """

    def __init__(
        self, schedule: Schedule, *, centre: float, budget: float = 0.5, epochs: float = 1.0, spent: int = 0
    ) -> None:
        """Lay out the search."""
        self.schedule, self.centre, self.epochs = schedule, number(centre, "the centre"), number(epochs, "epochs")
        self.horizon = schedule.horizon.steps
        self.most, self._spent = number(budget, "the budget") * self.horizon, spent
        self.trials: list[Trial] = []
        if centre <= 0:
            raise FinderError(f"expected a centre above 0, got {shown(centre)}")
        if self.horizon < SHORTEST:
            raise FinderError(
                f"expected a horizon of at least {SHORTEST} steps, of which a sixteenth can be compared, got "
                f"{self.horizon}: train it whole at a few peaks"
            )
        least = spent + 3 * self._short
        if self.most < least:
            raise FinderError(
                f"expected a budget for three branches of {self._short} steps, {least} updates with what is spent, got "
                f"{self.most:.0f}: raise it to {ceil(100 * least / self.horizon) / 100:g}"
            )

    @property
    def cost(self) -> int:
        """Updates made so far."""
        return self._spent + sum(trial.cost for trial in self.trials)

    @property
    def _short(self) -> int:
        return self.horizon // SHORT

    @property
    def _long(self) -> int:
        return self.horizon // LONG

    def ask(self) -> tuple[Branch, ...]:
        """The branches to train now; none when the search is over. They depend on nothing but what was told."""
        short = sorted((one for one in self.trials if one.steps == self._short), key=lambda one: one.lr)
        first, left = [one for one in short if one.seed == 0], self.most - self.cost
        if not short:
            middle = self.centre * 2 ** moved(self.horizon / self._short)
            return self._branches([middle / SPREAD, middle, middle * SPREAD], self._short)
        paired = len(short) < len(self.trials)
        spare = left if paired else left - 2 * self._long
        if (move := _move(first)) is not None and (spare >= self._short or is_far(first)):
            return self._branches([move], self._short) if left >= self._short else ()
        if not any(isfinite(one.loss) for one in short):
            return ()
        if not paired and is_noisy(short) and left >= 3 * self._short:
            return self._branches(_around(first), self._short, seed=1 + max(one.seed for one in short))
        if not paired and spare >= 0:
            found = self.posterior()
            (middle,) = found.quantiles(found.long, 0.5)
            return self._branches([2 ** (middle - PAIR), 2 ** (middle + PAIR)], self._long)
        return self._branches(_gap(first), self._short) if left >= self._short else ()

    def _branches(self, lrs: list[float], steps: int, *, seed: int = 0) -> tuple[Branch, ...]:
        """The schedule made as short as `steps`, at other peaks, of what a record can hold and a person read."""
        peaks = [float(f"{lr:.3g}") for lr in lrs]
        return tuple(Branch(lr, steps, seed, shortened(self.schedule, steps, peak=lr)) for lr in peaks)

    def tell(self, branch: Branch, losses: Sequence[float], validation: float | None = None) -> Trial:
        """What a branch came to: the loss of each update, fewer where it diverged, and the one on data held out."""
        trial = judged(branch, losses, validation)
        self.take(trial)
        return trial

    def take(self, trial: Trial) -> None:
        """A trial that was judged before, as one read from a record."""
        self.trials.append(trial)

    def posterior(self) -> Posterior:
        """What the trials say so far of the best peak."""
        return posterior(self.trials, self.centre, (self._short, self._long), self.horizon, epochs=self.epochs)

    def suggestion(self) -> Suggestion:
        """The peak that the trials speak for; raises FinderError, with the reason, where they speak for none."""
        return concluded(self.trials, self.posterior, self._long, self.horizon, self.cost)


def judged(branch: Branch, losses: Sequence[float], validation: float | None = None) -> Trial:
    """A branch by the last eighth of its losses; one that came to no number has diverged."""
    found, at_end = _numbers(losses), None if validation is None else _numbers([validation])[0]
    whole = found.size >= branch.steps and bool((np.abs(found) < LARGEST).all())
    size = max(LEAST, found.size // TAIL)
    first = found[:size]
    start = float(first.mean()) if (np.abs(first) < LARGEST).all() else inf
    tail = tuple(found[-size:].tolist()) if whole else ()
    return Trial(branch.lr, branch.steps, branch.seed, start, tail, min(found.size, branch.steps), at_end)


def _numbers(losses: Sequence[float]) -> NDArray[np.float64]:
    """Losses as an array (n,), n above 0; what is too large for a float is infinite."""
    try:
        found = np.array([_finite(one) for one in losses], dtype=np.float64)
    except (TypeError, ValueError):
        found = np.empty(0)
    if not found.size or isinstance(losses, (str, bytes, Mapping)):
        raise FinderError(f"expected the losses of a branch as a list of numbers, got {shown(losses)}")
    return found


def _finite(loss: float) -> float:
    try:
        return float(loss)
    except OverflowError:
        return inf


def _move(short: list[Trial]) -> float | None:
    """The peak beyond the edge at which the best of the short branches lies, or None where it lies between two."""
    if not any(isfinite(one.loss) for one in short):
        return short[0].lr / DIVERGED if len(short) < MOST_DIVERGED else None
    best = min(range(len(short)), key=lambda index: short[index].loss)
    if best == 0:
        return short[0].lr / SPREAD
    if best < len(short) - 1:
        return None
    return short[-1].lr * SPREAD ** (2 if is_far(short) else 1)


def is_far(short: list[Trial]) -> bool:
    """Whether the lowest point is out of sight: all diverged, or each larger peak gains more than the one before.

    Where peaks are too small the loss falls in proportion to them; near the best one the gain shrinks.
    """
    losses = [one.loss for one in short]
    if not any(map(isfinite, losses)):
        return True
    gains = -np.diff(losses)
    return bool(np.isfinite(losses).all() and gains[-1] > gains[-2] > 0)


def is_noisy(short: list[Trial]) -> bool:
    """Whether what another peak changes drowns in what other batches change, over all seeds."""
    first = [one for one in short if one.tail and one.seed == 0]
    reached, seeds = [one.loss for one in first], 1 + max(one.seed for one in short)
    drowned: bool = noise(first, fall(first)) > NOISY * seeds**0.5 * (max(reached) - min(reached))
    return drowned


def _around(short: list[Trial]) -> list[float]:
    """The best peak and its neighbours."""
    best = min(range(len(short)), key=lambda index: short[index].loss)
    return [one.lr for one in short[max(0, best - 1) : best + 2]]


def _gap(short: list[Trial]) -> list[float]:
    """The middle of the wider of the two gaps beside the best, while one is wide."""
    lrs = _around(short)
    wide, low = max((high / low, low) for low, high in pairwise(lrs))
    return [low * sqrt(wide)] if wide > sqrt(SPREAD) else []
