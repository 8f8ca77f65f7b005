"""The three-point check: whether a rule's learning rate is the best one on the user's own run, beside two others."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, isnan, log, sqrt
from statistics import NormalDist, fmean
from typing import Literal

from glidepath.batch.checked import positive, real
from glidepath.errors import BatchError
from glidepath.schedules.feedback.line import student

Verdict = Literal["confirmed", "refuted", "undecided"]
Losses = float | Sequence[float]
APART = 2.0  # between neighbours: near enough for a parabola, far enough for a loss to move
MOST_LOSSES = 10_000  # of one learning rate, far above what anybody runs
LEAST_CONFIDENCE, MOST_CONFIDENCE = 0.5, 0.999


@dataclass(frozen=True, slots=True)
class Checked:
    """What three learning rates say of the middle one; `best` is the bottom of the parabola, None where it has none.

    `apart` is the factor between neighbours, `noise` the standard deviation of one loss.
    """

    verdict: Verdict
    lr: float
    best: float | None
    noise: float
    reason: str


def three_points(lr: float, *, apart: float = APART) -> tuple[float, float, float]:
    """The learning rates to try beside a rule's: lr / apart, lr and lr * apart (apart above 1).

    >>> three_points(1e-3)
    (0.0005, 0.001, 0.002)
    """
    middle, factor = positive(lr, "the learning rate"), real(apart, "apart", above=1.0)
    if factor == 1:
        raise BatchError("expected apart above 1, got 1: write apart=2")
    return (
        positive(middle / factor, "the lowest learning rate"),
        middle,
        positive(middle * factor, "the highest learning rate"),
    )


def check_three(
    lr: float,
    below: Losses,
    at: Losses,
    above: Losses,
    *,
    noise: float | None = None,
    apart: float = APART,
    confidence: float = 0.95,
) -> Checked:
    """Whether the rule's `lr` holds on this run, from final losses at the three learning rates of `three_points`.

    Each is one loss or one a seed; a loss that is infinite or NaN diverged. `noise` is the standard deviation of a
    loss over seeds (above 0), for those who know it; else it is that within the repeats. In the logarithm of the
    learning rate the parabola through the three losses has its bottom within sqrt(apart) of the middle exactly where
    the middle loss is the lowest. So the rule is "confirmed" where both neighbours are worse by more than the noise,
    "refuted" where one of them is better by more than it, and else "undecided". A false verdict has at most the
    probability 1 - `confidence` (0.5 to 0.999). Raises BatchError where nothing tells the noise.

    >>> check_three(1e-3, [2.95, 2.94], [2.90, 2.91], [2.97, 2.96]).verdict
    'confirmed'
    >>> check_three(1e-3, 2.901, 2.900, 2.902, noise=0.01).verdict
    'undecided'
    """
    lrs = three_points(lr, apart=apart)
    losses = [_losses(one, name) for one, name in ((below, "below"), (at, "at"), (above, "above"))]
    sure = real(confidence, "the confidence", above=LEAST_CONFIDENCE, below=MOST_CONFIDENCE)
    spread, freedom = _noise(losses, noise)
    doubt = 1 - (1 - sure) / 2  # each of two neighbours may be found better by chance
    quantile = NormalDist().inv_cdf(doubt) if freedom is None else student(doubt, freedom)
    means = [inf if inf in one else fmean(one) for one in losses]
    gaps = [
        _gap(means[side], means[1], quantile * spread * sqrt(1 / len(losses[side]) + 1 / len(losses[1])))
        for side in (0, 2)
    ]
    verdict, reason = _verdict(gaps, lrs)
    return Checked(verdict, lrs[1], _bottom(lrs, means), spread, reason)


def _losses(given: Losses, name: str) -> list[float]:
    """The losses of one learning rate, with infinity for what diverged."""
    several = list(given) if isinstance(given, (list, tuple)) else [given]
    if not 0 < len(several) <= MOST_LOSSES:
        raise BatchError(f"expected 1 to {MOST_LOSSES} losses {name} the learning rate, got {len(several)}")
    return [_loss(one, name) for one in several]


def _loss(value: object, name: str) -> float:
    if isinstance(value, float) and (isnan(value) or value == inf):
        return inf
    return real(value, f"the loss {name} the learning rate", above=-inf)


def _noise(losses: list[list[float]], noise: float | None) -> tuple[float, int | None]:
    """The standard deviation of one loss, and its degrees of freedom; None where it is known."""
    if noise is not None:
        return positive(noise, "the noise"), None
    finite = [one for one in losses if inf not in one]
    freedom = sum(len(one) - 1 for one in finite)
    squares = sum((loss - fmean(one)) ** 2 for one in finite for loss in one)
    if freedom < 2 or squares == 0:
        raise BatchError(
            "expected the noise of a loss, or repeats that tell it, got none: write noise=0.003, the standard "
            "deviation over seeds, or give two losses or more a learning rate"
        )
    return sqrt(squares / freedom), freedom


def _gap(side: float, middle: float, allowed: float) -> int:
    """1 where the side is surely worse than the middle, -1 where it is surely better, 0 where nobody knows."""
    if inf in (side, middle):
        return (side == inf) - (middle == inf)
    return (side - middle > allowed) - (middle - side > allowed)


def _verdict(gaps: list[int], lrs: tuple[float, float, float]) -> tuple[Verdict, str]:
    if gaps == [1, 1]:
        return "confirmed", f"{lrs[0]:.3g} and {lrs[2]:.3g} are both worse by more than the noise"
    if -1 in gaps:
        better = lrs[0] if gaps[0] == -1 else lrs[2]
        return "refuted", f"{better:.3g} is better by more than the noise: check again around it"
    flat = [f"{lr:.3g}" for lr, gap in zip((lrs[0], lrs[2]), gaps, strict=True) if gap == 0]
    return "undecided", f"{' and '.join(flat)} cannot be told from it within the noise: more seeds, or wider apart"


def _bottom(lrs: tuple[float, float, float], means: list[float]) -> float | None:
    """Where the parabola through the three is lowest, kept within the three; None where it has no bottom."""
    if inf in means:
        return None
    bend = means[0] - 2 * means[1] + means[2]
    if bend <= 0:
        return None
    at = min(1.0, max(-1.0, (means[0] - means[2]) / (2 * bend)))
    return lrs[1] * exp(at * log(lrs[2] / lrs[1]))
