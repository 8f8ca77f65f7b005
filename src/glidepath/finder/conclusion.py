"""What the trials of a probe come to: a suggestion with its reasons, or the reason why there is none."""

from collections.abc import Callable, Sequence
from itertools import groupby
from math import isfinite, log2, sqrt

import numpy as np

from glidepath.errors import FinderError
from glidepath.finder.posterior import Posterior
from glidepath.finder.suggestion import Suggestion, Trial

SIGNAL = 4.0  # standard errors that the loss of a branch has to fall by, the largest of several being looked at
EVIDENCE = 8.0  # logarithm of the odds for a lowest point, where the loss falls by less: noise alone gets to 7
WIDEST = 5.0  # powers of two: an interval of a factor above 32 is no answer
BEYOND = 1.0  # power of two outside of all that was tried: further out is a guess
INTERVAL = 0.05, 0.5, 0.95  # the ends hold nine in ten


def concluded(
    trials: Sequence[Trial], found: Callable[[], Posterior], long: int, horizon: int, cost: int
) -> Suggestion:
    """The suggestion for a run of `horizon` steps, from the trials and what they say of it."""
    _refuse(trials)
    known = found()
    if known.evidence < EVIDENCE and _fallen(trials) < SIGNAL:
        raise FinderError(
            "expected a loss that falls, or depends on the learning rate, by more than its noise, got neither from "
            f"{len(trials)} branches: this is noise, or far too short; try larger batches, or a longer horizon"
        )
    low, middle, high = known.quantiles(known.whole, *INTERVAL)
    places = [log2(trial.lr) for trial in trials if trial.tail]
    (now,) = known.quantiles(known.long, 0.5)
    if high - low > WIDEST or not min(places) - BEYOND <= now <= max(places) + BEYOND:
        raise FinderError(
            f"expected a lowest loss within {2 ** min(places):.2g} to {2 ** max(places):.2g}, got none that the trials "
            f"agree on ({2**low:.2g} to {2**high:.2g}): raise the budget, or name another centre"
        )
    return Suggestion(
        lr=_two_digits(middle),
        low=_two_digits(low),
        high=_two_digits(high),
        confidence=known.share(middle - 1, middle + 1),
        reasons=(*_best(trials), _onwards(trials, known, long, horizon), _sure(known, middle)),
        evidence=tuple(trials),
        cost=cost,
    )


def _refuse(trials: Sequence[Trial]) -> None:
    trained = [trial for trial in trials if trial.tail]
    if len(trained) < 2:
        raise FinderError(
            f"expected at least 2 branches that train, got {len(trained)} of {len(trials)}: the others came to no "
            "number; name a lower centre, or clip the gradients"
        )


def _fallen(trials: Sequence[Trial]) -> float:
    """How many standard errors the loss of the best branch fell by, with the noise that is usual among them."""
    tails = [np.array(trial.tail) for trial in trials if trial.tail]
    noise = max(float(np.median([tail.std(ddof=1) for tail in tails])), np.finfo(np.float64).tiny)
    falls = [trial.start - sum(trial.tail) / len(trial.tail) for trial in trials if trial.tail]
    return max(falls) / (noise * sqrt(2 / min(tail.size for tail in tails)))


def _groups(trials: Sequence[Trial]) -> list[list[Trial]]:
    """The trials of one length and one seed together."""
    ranked = sorted(trials, key=_kind)
    return [list(some) for _, some in groupby(ranked, key=_kind)]


def _kind(trial: Trial) -> tuple[int, int]:
    return trial.steps, trial.seed


def _best(trials: Sequence[Trial]) -> list[str]:
    found = []
    for some in _groups([trial for trial in trials if trial.seed == 0]):
        best = min(some, key=lambda trial: trial.loss)
        tried = f"{min(one.lr for one in some):.2g} to {max(one.lr for one in some):.2g}"
        worse = [one.loss for one in some if one is not best and isfinite(one.loss)]
        ahead = f", {min(worse) - best.loss:.2g} below the next" if worse else ""
        found.append(f"of {len(some)} branches of {best.steps} steps, {tried}, {best.lr:.2g} came lowest{ahead}")
    return found


def _onwards(trials: Sequence[Trial], known: Posterior, long: int, horizon: int) -> str:
    low, middle, high = known.quantiles(known.exponent, *INTERVAL)
    lengths = sorted({trial.steps for trial in trials})
    measured = f"measured between {lengths[0]} and {lengths[-1]} steps" if len(lengths) > 1 else "not measured here"
    return (
        f"from {long} to {horizon} steps the best peak moves as steps^-{middle:.2f} ({low:.2f} to {high:.2f}; "
        f"{measured}, and known from whole runs)"
    )


def _sure(known: Posterior, middle: float) -> str:
    if known.evidence < 0:
        return "no branch is better than another by more than the noise: any peak within the interval does"
    return f"the best peak lies within a factor of 2 of it with {known.share(middle - 1, middle + 1):.0%}"


def _two_digits(place: float) -> float:
    """Of a power of two, as many as a probe can carry, and a person copies."""
    return float(f"{2**place:.2g}")
