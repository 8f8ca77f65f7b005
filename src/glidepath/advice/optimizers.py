"""The same advice read for another optimizer, where a publication says how."""

from dataclasses import replace
from math import sqrt

from glidepath.advice.sources import cited
from glidepath.advice.values import Advice, Interval, Number, Remark
from glidepath.advice.wording import digits, rate

# Lion's peak as a share of AdamW's: 3 to 10 times smaller, and the weight decay as many times larger.
LION = (3.0, 10.0)
LION_MIDDLE = sqrt(LION[0] * LION[1])
MOONLIGHT = "the update of a matrix A x B scaled by 0.2 sqrt(max(A, B)), in torch adjust_lr_fn='match_rms_adamw'"


def same(advice: Advice) -> Advice:
    """The advice as it is, for the optimizer that it is given for."""
    return advice


def as_adam(advice: Advice) -> Advice:
    """The advice for Adam, whose weight decay is none."""
    return replace(
        advice,
        weight_decay=Number(
            "weight_decay",
            0.0,
            "Adam adds it to the gradient, where its own scaling undoes it; use AdamW to have one",
            cited("loshchilov"),
            "published",
        ),
    )


def as_lion(advice: Advice) -> Advice:
    """The advice for Lion: a peak 3 to 10 times smaller, a weight decay as many times larger."""
    peak = advice.peak
    smaller, larger = LION
    ends = f"{rate(peak.low)} to {rate(peak.high)}"
    reason = f"AdamW's {ends}, {smaller:g} to {larger:g} times smaller: Lion's update is a sign, of one size everywhere"
    return replace(
        advice,
        peak=Interval(
            digits(peak.low / larger),
            digits(peak.lr / LION_MIDDLE),
            digits(peak.high / smaller),
            reason,
            f"{cited('chen')}; {peak.source}",
            "convention",
        ),
        weight_decay=_lions_decay(advice.weight_decay),
        momentum=Number(
            "betas", (0.9, 0.99), "Lion's own; 0.95 and 0.98 where a language model spikes", cited("chen"), "published"
        ),
    )


def _lions_decay(before: Number) -> Number:
    """As many times larger as the peak is smaller, where there is one."""
    if not isinstance(before.value, float) or before.value == 0:
        return before
    smaller, larger = LION
    return Number(
        "weight_decay",
        digits(before.value * LION_MIDDLE),
        f"AdamW's {before.value:g}, {smaller:g} to {larger:g} times larger, so that peak times decay stays the same",
        cited("chen"),
        "published",
    )


def as_muon(advice: Advice) -> Advice:
    """The advice for Muon with updates scaled as large as AdamW's, whose peak and weight decay it takes."""
    note = Remark(
        "embeddings, the head and vectors go to AdamW at the same peak; without that scaling Muon's peak is another "
        "one, 0.02 in its author's short trainings",
        cited("liu-moonlight", "jordan"),
        "published",
    )
    peak = advice.peak
    return replace(
        advice,
        peak=replace(
            peak, reason=f"AdamW's, for {MOONLIGHT}: {peak.reason}", source=f"{cited('liu-moonlight')}; {peak.source}"
        ),
        momentum=Number("momentum", 0.95, "Nesterov's, as Muon was published", cited("jordan"), "convention"),
        notes=(*advice.notes, note),
    )
