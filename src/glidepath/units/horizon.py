"""The horizon: how many steps a schedule is planned for, and how much data a step takes."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Self

from glidepath.errors import AmountError, shown
from glidepath.units.amount import HOW, UNITS, Amount
from glidepath.units.exact import half_up, plain, rate_of, whole
from glidepath.units.loader import Loader

# rate -> how to give it
RATES = {
    "steps_per_epoch": "write Horizon.of(..., batches_per_epoch=...) or Horizon(steps, steps_per_epoch=...)",
    "samples_per_step": "write Horizon.of(..., batch_size=...) or Horizon(steps, samples_per_step=...)",
    "tokens_per_step": "write Horizon.of(..., tokens_per_step=...) or Horizon(steps, tokens_per_step=...)",
}
LONGEST = 10**18  # steps: any sum of two still fits into 64 bits


@dataclass(frozen=True, slots=True)
class Horizon:
    """The whole steps (>= 1) that a schedule is planned for, and how much data a step takes where known.

    A run may stop before it or go on after it; the schedule is held there. The rates are exact numbers
    above 0 (ints, fractions; a float is read as the decimal it prints as), or None when unknown.

    >>> Horizon(1_000).place("2.5%")
    25
    >>> Horizon(1_000, tokens_per_step=512).place("0.1M tokens")   # 195.3 steps
    195
    """

    steps: int
    steps_per_epoch: Fraction | None = None
    samples_per_step: Fraction | None = None
    tokens_per_step: Fraction | None = None

    def __post_init__(self) -> None:
        """Check the steps and make the rates exact."""
        steps = whole(self.steps)
        if steps is None:
            raise AmountError(f"expected the horizon as a whole number of steps, got {shown(self.steps)}: {HOW}")
        if not 1 <= steps <= LONGEST:
            raise AmountError(f"expected a horizon of at least 1 step and at most 1e18, got {shown(steps)}")
        object.__setattr__(self, "steps", steps)
        for name in RATES:
            object.__setattr__(self, name, rate_of(getattr(self, name), name))

    @classmethod
    def of(
        cls,
        length: "int | str | Amount | None" = None,
        *,
        epochs: "int | float | str | Fraction | None" = None,
        batches_per_epoch: int | None = None,
        samples_per_epoch: int | None = None,
        batch_size: int | None = None,
        tokens_per_sample: "int | float | None" = None,
        tokens_per_step: "int | float | None" = None,
        accumulation: int = 1,
        world_size: int = 1,
        drop_last: bool = False,
    ) -> Self:
        """The horizon of a training, counted in applied updates from what its loader is known by.

        `length` is how long to train: steps, "3 epochs", "1.5B tokens", "2M samples" (`epochs=3` says the
        second too). An epoch is known from `batches_per_epoch`, what the loader yields before it is split
        over `world_size` processes, or from `samples_per_epoch` and `batch_size` (of one micro-batch on one
        process); tokens from `tokens_per_sample` beside the batch size, or from `tokens_per_step`. With
        `drop_last` what does not fill every process or batch is left out, else it counts in full.
        `accumulation` micro-batches make a step; the last short window of an epoch is a step too. A loader
        that is split already (its `len` is that of one process) counts with `world_size=1`.

        >>> Horizon.of(epochs=3, batches_per_epoch=1_000, accumulation=8, world_size=4).steps  # 250 -> 32
        96
        >>> Horizon.of("1M tokens", batch_size=8, tokens_per_sample=512, accumulation=4).steps
        61
        """
        if (length is None) == (epochs is None):
            raise AmountError('expected one of length ("2_000", "1.5B tokens") and epochs=, got both or neither')
        loader = Loader(batches_per_epoch, samples_per_epoch, batch_size, accumulation, world_size, drop_last)
        samples, tokens = loader.samples_per_step(), rate_of(tokens_per_step, "tokens_per_step")
        if tokens is None and samples is not None and tokens_per_sample is not None:
            tokens = samples * (rate_of(tokens_per_sample, "tokens_per_sample") or 1)
        rates = cls(1, loader.steps_per_epoch(), samples, tokens)
        if epochs is not None:
            count = rate_of(epochs, "epochs") or Fraction(1)
            return replace(rates, steps=half_up(count * rates.rate("epochs", f"{shown(epochs)} epochs")))
        amount = Amount.of(length or 0)
        if amount.unit == "%":
            raise AmountError(f"expected the length of a whole training, got a share, {amount}: {HOW}")
        return replace(rates, steps=half_up(rates.steps_of(amount)))

    def steps_of(self, amount: "int | str | Amount") -> Fraction:
        """The exact number of steps, not rounded, that an amount means on this horizon.

        Raises AmountError where the horizon does not know the rate that the amount needs.
        """
        asked = Amount.of(amount)
        if asked.unit == "steps":
            return asked.value
        if asked.unit == "%":
            return asked.value * self.steps
        rate = self.rate(asked.unit, str(asked))
        return asked.value * rate if asked.unit == "epochs" else asked.value / rate

    def rate(self, unit: str, asked: str) -> Fraction:
        """The rate that a unit needs."""
        rate: Fraction | None = getattr(self, str(UNITS[unit]))
        if rate is None:
            raise AmountError(
                f"expected a horizon that knows {UNITS[unit]} for {asked!r}, got one that does not: "
                f"{RATES[str(UNITS[unit])]}"
            )
        return rate

    def place(self, amount: "int | str | Amount") -> int:
        """The whole steps that an amount means on this horizon, rounded half up once."""
        return half_up(self.steps_of(amount))

    @property
    def rates(self) -> dict[str, Fraction]:
        """The rates that are known, by name."""
        known = {name: getattr(self, name) for name in RATES}
        return {name: rate for name, rate in known.items() if rate is not None}

    def __repr__(self) -> str:
        parts = [f"{name}={plain(rate)!r}" for name, rate in self.rates.items()]
        return f"Horizon({', '.join([str(self.steps), *parts])})"
