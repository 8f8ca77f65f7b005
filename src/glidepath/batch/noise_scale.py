"""The noise scale of a gradient, B = tr(S) / |G|^2: the batch size at which noise and gradient are equally large.

McCandlish et al. 2018 (arXiv 1812.06162). Of every step two squared norms are told: that of the gradient of a small
batch (the mean over the micro-batches, or processes, of the step) and that of the big one, their mean. Both expect
|G|^2 + tr(S)/size, so that two sizes give the two unknowns without bias:

    |G|^2 = (B q_B - b q_b) / (B - b),    tr(S) = (q_b - q_B) / (1/b - 1/B)

Those of a single step are mostly noise, often below 0, so each is averaged first, and the ratio is of the averages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, sqrt
from typing import Any, Self

from glidepath.batch.checked import count, real
from glidepath.errors import BatchError, CheckpointError, shown
from glidepath.schedules.feedback.line import student

DECAY = 0.99  # of the averages: the last hundred steps or so, over which the noise scale of a training hardly moves
FEWEST = 20  # steps: with 10 to 50 of them, of 8 micro-batches each, the error was seen to be 10 to 30 %
LARGEST = 1e60  # of what is averaged: its fourth power is still a float64, and no gradient of a training is near it
LEAST_SHARES = 1e-18  # of the weights squared: of more steps than anybody counts
LEAST_CONFIDENCE, MOST_CONFIDENCE = 0.5, 0.999  # to which the quantiles are right


@dataclass(frozen=True, slots=True)
class NoiseReading:
    """A noise scale in samples with its interval, from `low` (>= 0) to `high`.

    `high` is infinite where the gradient cannot be told from 0: then `low` is all that is known. `gradient` is |G|^2
    and `noise` tr(S), both averaged; `steps` were averaged, and `left_out` more were not finite.
    """

    noise_scale: float
    low: float
    high: float
    gradient: float
    noise: float
    steps: int
    left_out: int

    def __str__(self) -> str:
        if self.high == inf:
            return f"noise scale of at least {self.low:.3g} samples ({self.steps} steps)"
        return f"noise scale {self.noise_scale:.3g} samples ({self.low:.3g} to {self.high:.3g}, {self.steps} steps)"


class NoiseScale:
    """The meter: `tell` it two squared norms a step, and ask for a `reading`; it runs no loop and touches no model.

    The averages are exponential with `decay` (0 to below 1, debiased), so that it follows a training. Its `state` is
    a plain dict, from which `NoiseScale.of` goes on to the bit.

    >>> meter = NoiseScale()
    >>> for step in range(20):
    ...     meter.tell(5.0 + step % 2, 2.0, small=8, big=32)   # |G|^2 + tr(S)/8 and |G|^2 + tr(S)/32
    >>> print(meter.reading())
    noise scale 44.9 samples (38.1 to 53.1, 20 steps)
    """

    def __init__(self, *, decay: float = DECAY) -> None:
        """Begin with nothing; raises BatchError for a decay out of range."""
        self.decay = real(decay, "the decay of the averages", below=1.0)
        if self.decay == 1:
            raise BatchError("expected the decay of the averages below 1, got 1: write decay=0.99")
        self.steps, self.left_out = 0, 0
        self._gradient, self._noise = 0.0, 0.0
        # Of the two averages: variances, covariance, and the sum of the squared weights, 1/n for n equal ones.
        self._spread, self._shares = (0.0, 0.0, 0.0), 1.0

    def tell(self, small_squared: float, big_squared: float, *, small: int, big: int) -> None:
        """The squared norms of one step, of batches of `small` and `big` samples (small < big).

        A step with a norm that is not finite, or above 1e60, as mixed precision skips it, is counted as `left_out`.
        Raises BatchError for a norm below 0, or sizes that make no pair.
        """
        sizes = count(small, "the small batch"), count(big, "the big batch")
        if sizes[0] >= sizes[1]:
            raise BatchError(
                f"expected the small batch below the big one, got {small} and {big}: accumulate, or use two"
            )
        norms = _squared(small_squared, "small"), _squared(big_squared, "big")
        gradient = (sizes[1] * norms[1] - sizes[0] * norms[0]) / (sizes[1] - sizes[0])
        noise = (norms[0] - norms[1]) / (1 / sizes[0] - 1 / sizes[1])
        if not abs(gradient) + abs(noise) < LARGEST:
            self.left_out += 1
            return
        self._average(gradient, noise)

    def _average(self, gradient: float, noise: float) -> None:
        self.steps += 1
        weight = (1 - self.decay) / (1 - self.decay**self.steps)
        up, aside = gradient - self._gradient, noise - self._noise
        self._gradient += weight * up
        self._noise += weight * aside
        kept = 1 - weight
        new = up * up, aside * aside, up * aside
        self._spread = tuple(kept * (old + weight * one) for old, one in zip(self._spread, new, strict=True))  # type: ignore[assignment]
        self._shares = kept**2 * self._shares + weight**2

    def reading(self, *, confidence: float = 0.95) -> NoiseReading:
        """The noise scale now, with the interval that covers it with this confidence (0.5 to 0.999).

        By Fieller (1954), with Student's t for as many steps as the weights amount to: it is open above where the
        gradient cannot be told from 0. It is of the average over the steps that count; where both moved a lot, use a
        smaller decay. Raises BatchError for fewer than 20 steps, and where the gradient is lost in its noise.
        """
        quantile = student((1 + self._sure(confidence)) / 2, round(1 / self._shares) - 1) if self._enough() else 0.0
        low, high = self._interval(quantile)
        if self._gradient <= 0:
            raise BatchError(
                f"expected a gradient that shows in its noise, got none over {self.steps} steps; the noise scale is at "
                f"least {low:.3g}: tell more steps, with a decay nearer to 1, or larger batches"
            )
        return NoiseReading(
            max(0.0, self._noise / self._gradient), low, high, self._gradient, self._noise, self.steps, self.left_out
        )

    @staticmethod
    def _sure(confidence: float) -> float:
        return real(confidence, "the confidence", above=LEAST_CONFIDENCE, below=MOST_CONFIDENCE)

    def _enough(self) -> bool:
        """Whether there is what an interval needs; raises BatchError where not."""
        alike = round(1 / self._shares) if self.steps else 0
        if alike >= FEWEST:
            return True
        also = f", and {self.left_out} that were not finite" if self.left_out else ""
        why = "tell more" if self.steps < FEWEST else "take a decay nearer to 1"
        raise BatchError(
            f"expected at least {FEWEST} steps for a noise scale, got {self.steps} that count as {alike}{also}: {why}"
        )

    def _interval(self, quantile: float) -> tuple[float, float]:
        """Where (noise - r * gradient)^2 is at most quantile^2 times its variance, for r of at least 0."""
        scale = quantile**2 * self._shares / (1 - self._shares)
        up, aside, both = (scale * spread for spread in self._spread)
        square = self._gradient**2 - up
        middle = self._noise * self._gradient - both
        rest = self._noise**2 - aside
        inside = middle**2 - square * rest
        if square > 0:
            root = sqrt(max(0.0, inside))
            return max(0.0, (middle - root) / square), max(0.0, (middle + root) / square)
        if square == 0 or inside <= 0:
            return 0.0, inf
        below, above = sorted(((middle - sqrt(inside)) / square, (middle + sqrt(inside)) / square))
        return (0.0 if below > 0 else max(0.0, above)), inf

    @property
    def state(self) -> dict[str, Any]:
        """Everything in plain types, for a checkpoint."""
        return {
            "decay": self.decay,
            "steps": self.steps,
            "left_out": self.left_out,
            "gradient": self._gradient,
            "noise": self._noise,
            "spread": list(self._spread),
            "shares": self._shares,
        }

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Self:
        """The meter that a `state` was taken of; raises CheckpointError for what is none.

        >>> meter = NoiseScale()
        >>> meter.tell(5.0, 2.0, small=8, big=32)
        >>> NoiseScale.of(meter.state).state == meter.state
        True
        """
        expected = "expected the state of a noise scale"
        if not isinstance(state, Mapping) or set(state) != set(cls().state):
            raise CheckpointError(f"{expected}, with {', '.join(cls().state)}, got {shown(state)}")
        try:
            meter = cls(decay=state["decay"])
            meter.steps, meter.left_out = (count(state[name], name, least=0) for name in ("steps", "left_out"))
            meter._gradient, meter._noise = (
                real(state[name], name, above=-LARGEST, below=LARGEST) for name in ("gradient", "noise")
            )
            spread = state["spread"]
            if not isinstance(spread, (list, tuple)) or len(spread) != len(meter._spread):
                raise BatchError(f"expected 3 numbers in spread, got {shown(spread)}")
            first, second, third = (real(one, "spread", above=-(LARGEST**2), below=LARGEST**2) for one in spread)
            meter._spread = first, second, third
            meter._shares = real(state["shares"], "shares", above=LEAST_SHARES, below=1.0)
        except BatchError as error:
            raise CheckpointError(f"{expected}, got another: {error}") from None
        return meter


def _squared(value: object, which: str) -> float:
    """A squared norm, which may be infinite or no number; refused below 0."""
    try:
        found = float(value)  # type: ignore[arg-type]  # whatever is no number is refused here
    except (TypeError, ValueError, OverflowError):
        found = -1.0
    if found < 0 or isinstance(value, (bool, str)):
        raise BatchError(f"expected the squared norm of the {which} batch, of at least 0, got {shown(value)}")
    return found
