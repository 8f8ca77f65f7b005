"""Which runs may be ranked by their last loss, and why others may not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from glidepath.errors import DiagnosisError, shown
from glidepath.runs.curve import Curve
from glidepath.runs.names import LOSS, RATE, VALIDATION
from glidepath.runs.run import Run

LAST = 0.02  # of the points of a training loss are its end: some tens of noisy values in a log of a thousand
LEAST = 5  # of them at least
ANNEALED = 0.15  # of the largest rate, or less, at the end: the usual floor is a tenth of it, logged up to a row early
CONSTANT = 0.98  # of it, or more: it never decayed; what print and float32 take away is far less
ALIKE = 0.1  # by how much of the largest rate two that are mid-decay may end apart
LONGER = 0.02  # by which of two lengths that are the same one: the last rows of a log are not always there
# What makes two losses two quantities -> the settings that tell it, as the frameworks call them
SAME = {
    "tokenizer": ("tokenizer", "tokenizer_name", "tokenizer_name_or_path", "tokenizer_type", "tokenizer_model"),
    "vocabulary": ("vocab_size", "padded_vocab_size", "alphabet"),
    "data": ("dataset", "dataset_name", "data", "data_path", "text", "train_data"),
    "label smoothing": ("label_smoothing", "label_smoothing_factor"),
}
BATCH = ("samples_per_step", "global_batch_size", "batch_size", "train_batch_size", "total_batch_size")
BY_CONSUMPTION = ("samples", "tokens")  # clocks on which a batch is no difference


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs that may be ranked together, and pairs that may not.

    `groups` hold names, of each group the lowest last loss first, and the group of the lowest first; `finals` the last
    loss by name, `quantity` which loss that is; `reasons` why a pair of names may not be ranked.
    """

    groups: tuple[tuple[str, ...], ...]
    finals: Mapping[str, float]
    quantity: str
    reasons: Mapping[tuple[str, str], str]


def comparable(runs: Mapping[str, Run]) -> Comparison:
    """The runs in groups within which a lower last loss says something.

    Not ranked with one another: a run that was stopped at the peak or mid-decay and an annealed one, runs of other
    lengths, of another batch (unless they are on samples or tokens), tokenizer, vocabulary or data, on another clock.
    What neither says is taken for equal. The loss is the one on held-out data where all have it, its last value, else
    the mean of the last 2 % of the training loss. Infinite where it ended as no number. Raises DiagnosisError where a
    run has no loss of either kind.

    >>> run = Run({"loss": Curve("loss", range(9), range(9, 0, -1))})
    >>> comparable({"a": run}).finals
    {'a': 3.0}
    """
    quantity = VALIDATION if runs and all(VALIDATION in run.curves for run in runs.values()) else LOSS
    finals = {name: _final(name, run, quantity) for name, run in runs.items()}
    pairs = {(one, other): _why_not(runs[one], runs[other]) for one, other in combinations(runs, 2)}
    reasons = {pair: why for pair, why in pairs.items() if why}
    groups: list[list[str]] = []
    for name in sorted(runs, key=finals.__getitem__):
        fits = (group for group in groups if all(_pair(runs, name, other) not in reasons for other in group))
        group = next(fits, None)
        if group is None:
            groups.append([name])
        else:
            group.append(name)
    return Comparison(tuple(map(tuple, groups)), finals, quantity, reasons)


def _pair(runs: Mapping[str, Run], one: str, other: str) -> tuple[str, str]:
    names = list(runs)
    return (one, other) if names.index(one) < names.index(other) else (other, one)


def _final(name: str, run: Run, quantity: str) -> float:
    if quantity not in run.curves:
        raise DiagnosisError(
            f"expected a curve {quantity!r} of the run {name!r}, got {', '.join(run.curves) or 'none'}"
        )
    values = run.curves[quantity].values
    end = values[-1:] if quantity == VALIDATION else values[-max(LEAST, round(LAST * values.size)) :]
    mean = float(np.mean(end))
    return mean if np.isfinite(mean) else np.inf


def _why_not(one: Run, other: Run) -> str:
    """Why two runs may not be ranked; "" where they may."""
    return next((why for differs in DIFFERENCES if (why := differs(one, other))), "")


def _clock(one: Run, other: Run) -> str:
    return "" if one.clock == other.clock else f"one is counted in {one.clock}, the other in {other.clock}"


def _quantity(one: Run, other: Run) -> str:
    return next(
        (f"another {what}: {apart}" for what, names in SAME.items() if (apart := _apart(one, other, names))), ""
    )


def _batch(one: Run, other: Run) -> str:
    apart = "" if one.clock in BY_CONSUMPTION else _apart(one, other, BATCH)
    return f"another batch: {apart}; compare on samples or tokens" if apart else ""


def _phase(one: Run, other: Run) -> str:
    first, second = _share(one), _share(other)
    if first is None or second is None:
        return ""
    phases = _named(first), _named(second)
    if phases[0] == phases[1] and (phases[0] != MID or abs(first - second) <= ALIKE):
        return ""
    return f"one ends {phases[0]} (at {first:.0%} of its peak), the other {phases[1]} (at {second:.0%})"


def _length(one: Run, other: Run) -> str:
    lengths = sorted((_end(one), _end(other)))
    same = lengths[1] - lengths[0] <= LONGER * lengths[1]
    return "" if same else f"another length: {lengths[0]:,} against {lengths[1]:,} {one.clock}"


DIFFERENCES: tuple[Callable[[Run, Run], str], ...] = (_clock, _quantity, _phase, _batch, _length)
MID = "mid-decay"


def _apart(one: Run, other: Run, names: tuple[str, ...]) -> str:
    """The first of some settings that both tell, where they tell it differently: by one name, or it is two things."""
    told = ((one.settings.get(name), other.settings.get(name)) for name in names)
    first, second = next((pair for pair in told if None not in pair), (None, None))
    return "" if first == second else f"{shown(first)} against {shown(second)}"


def _named(share: float) -> str:
    if share <= ANNEALED:
        return "annealed"
    return "undecayed" if share >= CONSTANT else MID


def _share(run: Run) -> float | None:
    """The rate of the last updates as a share of the largest; the last row alone may be one that was never used."""
    rate = run.curves.get(RATE, Curve(RATE, [], [])).values
    rate = rate[np.isfinite(rate)]
    if rate.size < LEAST or rate.max() <= 0:
        return None
    return float(np.median(rate[-3:]) / rate.max())  # of three the middle one


def _end(run: Run) -> int:
    return max((int(curve.steps[-1]) for curve in run.curves.values() if len(curve)), default=0)
