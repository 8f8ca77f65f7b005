"""What is asked: a task, and what is known of the run."""

import re
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite

from glidepath.advice.wording import SUFFIXES
from glidepath.errors import AdviceError, shown
from glidepath.units import AmountLike, Horizon, half_up
from glidepath.units.exact import whole

# A number alone, or a size as models carry it in their names: "7B", "opt-1.3b", "llama-3-8b-instruct".
PLAIN = r"\d{1,15}(\.\d{0,6})?([eE]\d{1,2})?"
SIZE = r"(?<![A-Za-z0-9.])(\d{1,6}(?:\.\d{1,3})?)\s?([kKmMbBtT])(?![A-Za-z0-9])"
LONGEST = 100  # characters of a model's name
MOST_PARAMETERS = 1e15  # past any model by far
MOST_SAMPLES = 10**12  # of a batch: past any by far


@dataclass(frozen=True, slots=True)
class Question:
    """What is known of the run: optimizer, horizon, samples of a step, parameters; None where it is not."""

    optimizer: str
    horizon: Horizon | None = None
    batch_size: int | None = None
    parameters: float | None = None

    def place(self, amount: str) -> int | None:
        """The whole steps of an amount, where there is a horizon."""
        return None if self.horizon is None else self.horizon.place(amount)

    @property
    def epochs(self) -> Fraction | None:
        """The epochs of the horizon, where it knows how long one is."""
        if self.horizon is None or self.horizon.steps_per_epoch is None:
            return None
        return self.horizon.steps / self.horizon.steps_per_epoch


def asked(
    optimizer: str, horizon: AmountLike | Horizon | None, batch_size: int | None, model: float | str | None
) -> Question:
    """The question that these words mean; raises AdviceError or AmountError where they mean none."""
    if horizon is not None and not isinstance(horizon, Horizon):
        horizon = Horizon.of(horizon)
    known = None if horizon is None else horizon.samples_per_step
    return Question(optimizer, horizon, _batch(batch_size, known), None if model is None else parameters(model))


def _batch(samples: object, known: Fraction | None) -> int | None:
    """The samples of a step, as given or as the horizon knows them; both must be the same."""
    if samples is None:
        return None if known is None else max(1, min(half_up(known), MOST_SAMPLES))
    count = whole(samples)
    if count is None or not 1 <= count <= MOST_SAMPLES:
        raise AdviceError(f"expected batch_size as the samples of a step, a whole number from 1, got {shown(samples)}")
    if known is not None and known != count:
        raise AdviceError(
            f"expected batch_size as the horizon has it, {shown(str(known))}, got {count}: give one of them"
        )
    return count


def parameters(model: object) -> float:
    """The parameters of a model, from their number or from a text that says its size once.

    >>> parameters("llama-3-8b-instruct"), parameters(1_300_000)
    (8000000000.0, 1300000.0)
    """
    count = _read(model) if isinstance(model, str) else _number(model)
    if count is None or not isfinite(count) or not 1 <= count <= MOST_PARAMETERS:
        raise AdviceError(
            f"expected the model as its number of parameters, from 1 to 1e15, got {shown(model)}: "
            'write 125_000_000, "125M" or a name that says its size once, "llama-3-8b"'
        )
    return count


def _number(model: object) -> float | None:
    count = model if isinstance(model, float) else whole(model)
    try:
        return None if count is None else float(count)
    except OverflowError:
        return None


def _read(text: str) -> float | None:
    if len(text) > LONGEST:
        return None
    if re.fullmatch(PLAIN, text.strip(), re.ASCII):
        return float(text)
    sizes = {float(digits) * SUFFIXES[suffix.lower()] for digits, suffix in re.findall(SIZE, text, re.ASCII)}
    return sizes.pop() if len(sizes) == 1 else None
