"""A task that advice is given on, and the pieces that several tasks share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import sqrt

from glidepath.advice.question import Question
from glidepath.advice.sources import cited
from glidepath.advice.values import Advice, Change, Number, Remark
from glidepath.advice.wording import digits, rate
from glidepath.schedules.parts import Warmup
from glidepath.schedules.recipes import warmup
from glidepath.schedules.schedule import Recipe
from glidepath.units import Amount

LONGER = 2  # times the warmup of a run that spiked
SHORT_WARMUP = "2%"  # where there was none


@dataclass(frozen=True, slots=True)
class Task:
    """A task: what it is `about`, its advice, and how that is read for each optimizer.

    The first of `optimizers` is the usual one; `refused` says of others why they are not.
    """

    about: str
    advise: Callable[[Question], Advice]
    change: Callable[[Advice], tuple[Change, ...]]
    optimizers: Mapping[str, Callable[[Advice], Advice]]
    refused: Mapping[str, str]


RUNNING_MINIMUM = Remark(
    "the smoothed loss against its own running minimum: 10 % above it three times in a row is a divergence "
    "(found after 3 % of the one run that diverged, no false alarm in 125 that did not)",
    cited("runs-124M"),
    "measured",
)
GRADIENT_NORM = Remark(
    "the gradient norm before clipping: where it rises while the loss does not fall, a spike is near",
    cited("nobody"),
    "folklore",
)
VALIDATION_GAP = Remark(
    "validation beside training loss: keep the checkpoint of the best validation, not the last",
    cited("prechelt"),
    "published",
)
FIND_THE_PEAK = Remark(
    "to find the peak, train three to five that lie a factor of 2 apart at an eighth of the horizon, each with the "
    "whole recipe, its decay included: within 0.76 to 1.48 of the best on four small tasks",
    cited("small-tasks"),
    "measured",
)


def raised(advice: Advice) -> Change:
    """What to do about a run that underfits."""
    peak = digits(min(advice.peak.high, 2 * advice.peak.lr))
    return Change(
        "underfits",
        f"the peak up to {rate(peak)}; then a longer horizon, since a decay cut short underfits too",
        cited("bengio"),
        "convention",
        peak=peak,
    )


def calmed(advice: Advice) -> Change:
    """What to do about a run that spikes and comes back."""
    return Change(
        "spikes",
        "where it comes back by itself, go on; where spikes follow the warmup or return, warm up for longer, which "
        "makes a larger peak tolerable, or take a lower peak",
        cited("kalra"),
        "published",
        recipe=longer_warmup(advice.recipe),
    )


def lowered(advice: Advice) -> Change:
    """What to do about a run that diverges."""
    peak = digits(max(advice.peak.low, advice.peak.lr / 2))
    return Change(
        "diverges",
        f"the peak down to {rate(peak)}; where that diverges too, look at data, precision and loss before going lower",
        cited("nobody"),
        "folklore",
        peak=peak,
    )


def longer_warmup(recipe: Recipe) -> Recipe:
    """The recipe with its warmup twice as long, or with one where it has none.

    >>> from glidepath import cosine, warmup
    >>> longer_warmup(warmup("5%") >> cosine(to=0.1))
    warmup('10%') >> cosine(to=0.1)
    """
    first, *rest = recipe.parts
    if not isinstance(first, Warmup) or first.length is None:
        return warmup(SHORT_WARMUP) >> recipe
    longer = Amount(first.length.value * LONGER, first.length.unit)
    return Recipe((replace(first, length=longer), *rest))


def square_root(question: Question, published: int) -> tuple[Remark, ...]:
    """What the square-root rule of Adam would make of a batch beside the published one, left to the reader."""
    if question.batch_size in (None, published):
        return ()
    factor = sqrt((question.batch_size or published) / published)
    return (
        Remark(
            f"the interval is that of batches of about {published}; at {question.batch_size} Adam's square-root rule "
            f"multiplies a tuned peak by {factor:.2g}, which is not applied here: it is not shown for such an interval",
            cited("malladi"),
            "published",
        ),
    )


def betas(second: float, reason: str, source: str, evidence: str) -> Number:
    """The betas of an Adam, the first of them the usual 0.9."""
    return Number("betas", (0.9, second), reason, source, evidence)
