"""What trials of two lengths say of the best peak of a whole run: a distribution of it, in powers of two.

Around its lowest point the final loss is a parabola in the logarithm of the learning rate, steeper towards too much
than towards too little. The lowest point lies higher for shorter trainings: it moves as steps^-p. Peaks, curvatures
and the exponent are drawn many times as they are known beforehand, and each draw is weighed by how well it explains
the trials: no descent that can stick, and an interval that knows what two lengths cannot tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite, log2

import numpy as np
from numpy.typing import NDArray

from glidepath.finder.suggestion import Trial

Numbers = NDArray[np.float64]

DRAWS = 40_000  # the quantiles move by less than a hundredth of a power of two from one set of draws to another
AROUND = 3.0  # powers of two beyond the trials within which the lowest point is looked for
OFF = 1.7  # powers of two that the lowest point of short branches lies off the centre, in half of all cases
# Of the fall of the loss, for a power of two away from the lowest point: from flat to a cliff.
CURVATURES = 0.002, 1.0
ALIKE = 0.5  # the curvatures at two lengths differ by half as much again, in natural logarithms
STEEPER = 1.0, 0.7  # towards too much than towards too little: e^1 times, give or take e^0.7 (see `PROOF`)
APART = 0.4  # of what a parabola adds: how far real losses are off it
REPEAT = 0.003  # of the fall of the loss: what another order of the sums alone may change
# How much lower, in powers of two, the best peak is for each doubling of the steps: between two short lengths, when
# the warmup is a handful of updates and the first descent is most of the training, ...
EARLY = 0.4, 0.5
# ... and from there to the whole run. PROOF: sweeps of short and whole trainings on six small tasks gave -0.1 to 0.2;
# language models of 124M parameters about 0.25; bounds for convex losses 0.5 (arXiv 2310.07831).
LATER = 0.05, 0.15
# Where the whole run sees its data more often than four times (as good as new until then: arXiv 2305.16264) what is
# learned by heart moves the best peak down further: 0 to 0.7 on three trainings.
REPEATED = 0.35, 0.3
EPOCHS = 4.0
LEAST = 1e-9  # of the loss, or 1: a smaller fall is rounding
UNLIKE = 0.3  # how far the exponent to come is from the one measured between two short lengths


@dataclass(frozen=True, slots=True)
class Posterior:
    """Draws of log2 of the best peak: for a `long` branch and for the `whole` run; of the exponent between; weights.

    `evidence` says how much better a lowest point explains the trials than none: the logarithm of the odds.
    """

    long: Numbers
    whole: Numbers
    exponent: Numbers
    weights: Numbers
    evidence: float

    def quantiles(self, values: Numbers, *shares: float) -> list[float]:
        """Those of some of the draws."""
        order = np.argsort(values)
        places = np.searchsorted(np.cumsum(self.weights[order]), shares)
        return [float(values[order][min(place, values.size - 1)]) for place in places]

    def share(self, low: float, high: float) -> float:
        """How probable it is that the best peak of the whole run lies between two powers of two."""
        return float(self.weights[(self.whole >= low) & (self.whole <= high)].sum())


def posterior(
    trials: Sequence[Trial], centre: float, lengths: tuple[int, int], horizon: int, *, epochs: float = 1.0
) -> Posterior:
    """The distribution after some trials of a short and a long length, of which one at least is finite."""
    draw, (short, long) = np.random.default_rng(0), lengths
    places = [log2(trial.lr) for trial in trials]
    lowest = draw.uniform(min(places) - AROUND, max(places) + AROUND, DRAWS)  # for short branches
    early, steeper = draw.normal(*EARLY, DRAWS), np.exp(draw.normal(*STEEPER, DRAWS))
    low, high = np.log(CURVATURES)
    curvature, flat = np.exp(draw.uniform(low, high, DRAWS)), 0.0
    # A Cauchy distribution around the centre: most are near, and one that is far off does not forbid what trials say.
    known = -np.log1p(((lowest - log2(centre) - moved(horizon / short)) / OFF) ** 2)
    known -= np.log(np.exp(known).mean())
    fits = known
    for steps in sorted({trial.steps for trial in trials}):
        bent = curvature * np.exp(draw.normal(0, ALIKE, DRAWS))
        place = lowest - early * log2(steps / short)
        some = [trial for trial in trials if trial.steps == steps]
        fits = fits + _explained(some, place, bent, steeper, fall(trials))
        flat += float(_explained(some, place[:1], np.zeros(1), steeper[:1], fall(trials))[0])
    at_long, compared = lowest - early * log2(long / short), len({trial.steps for trial in trials}) > 1
    exponent = _exponent(draw, early if compared else None, REPEATED if epochs > EPOCHS else LATER)
    weights = np.exp(fits - fits.max())
    evidence = float(np.log(weights.mean()) + fits.max() - flat)
    return Posterior(at_long, at_long - exponent * log2(horizon / long), exponent, weights / weights.sum(), evidence)


def moved(times: float) -> float:
    """How much higher, in powers of two, the best peak is for a short branch, of which the run has so many times."""
    return EARLY[0] + LATER[0] * log2(times / 2)


def _exponent(draw: np.random.Generator, early: Numbers | None, known: tuple[float, float]) -> Numbers:
    """The exponent from the longest trial to the whole run: what is known, and a little of what was measured."""
    mean, spread = known
    found = draw.normal(mean, spread, DRAWS)
    if early is None:
        return found
    return found + spread**2 / (spread**2 + UNLIKE**2) * (early - mean)


def _explained(trials: list[Trial], lowest: Numbers, bent: Numbers, steeper: Numbers, whole: float) -> Numbers:
    """The log likelihood (draws,) of the trials of one length, whose level is free for each seed."""
    fits = np.zeros(lowest.size)
    for seed in {trial.seed for trial in trials}:
        some = [trial for trial in trials if trial.seed == seed]
        away = np.array([log2(trial.lr) for trial in some])[None, :] - lowest[:, None]
        above = 2 * whole * bent[:, None] * (np.sqrt(1 + away**2) - 1) * np.where(away > 0, steeper[:, None], 1)
        weight = 1 / (noise(some, whole) ** 2 + (APART * above) ** 2)
        off = losses(some, whole)[None, :] - above
        level = (weight * off).sum(1) / weight.sum(1)
        fits += (np.log(weight) - weight * (off - level[:, None]) ** 2).sum(1) / 2 - np.log(weight.sum(1)) / 2
    return fits


def fall(trials: Sequence[Trial]) -> float:
    """How far the loss falls in the best of the trials: the scale of everything else, above what is rounding."""
    best = min(trials, key=lambda trial: trial.loss)
    least = LEAST * max(1.0, abs(best.loss)) if isfinite(best.loss) else 1.0
    return best.start - best.loss if least < best.start - best.loss < inf else least


def losses(trials: Sequence[Trial], whole: float) -> Numbers:
    """What they came to, at most the whole fall above the best; for those that diverged the worst of them, or half."""
    found = np.array([trial.loss for trial in trials])
    best = float(found.min())
    if not isfinite(best):
        return np.zeros(found.size)
    reached = found[found <= best + whole]
    return np.where(found <= best + whole, found, max(float(reached.max()), best + whole / 2))


def noise(trials: Sequence[Trial], whole: float) -> float:
    """The standard error of a trial's loss beside its neighbour's: small where both saw the same batches."""
    ranked = sorted((trial for trial in trials if trial.tail), key=lambda trial: trial.lr)
    pairs = [np.subtract(a.tail, b.tail) for a, b in pairwise(ranked) if a.validation is None]
    seen = [float(np.std(pair)) / (2 * pair.size) ** 0.5 for pair in pairs]
    return float(np.hypot(np.median(seen), REPEAT * whole)) if seen else REPEAT * whole
