"""Decays: too early, too late, or missing; and floors that are none."""

from glidepath.diagnosis.amending import amended
from glidepath.diagnosis.finding import Finding
from glidepath.diagnosis.view import View

EARLY = 0.4  # of the run at 2 % of the peak or below: that much of it learns next to nothing
LATE = 0.04  # of the run: a decay shorter than this leaves most of its gain (Haegele et al. 2024, arXiv 2405.18392)
NONE = 0.9  # of the peak at the end: no decay
HIGH = 0.15  # of the peak at the end: above the tenth that many recipes end at
TAIL = 20  # percent of the run: the decay to try
GAIN = "0.02 to 0.08 nats in language models of 124M"  # science (e): constant, or to a tenth, against to 0


def early_decay(view: View) -> tuple[Finding, ...]:
    """At nothing for the last two fifths of the run or more."""
    rates = view.rates
    if rates is None or rates.floor is None or rates.end > LOW:
        return ()
    left = rates.last - rates.floor
    if left <= EARLY * view.span:
        return ()
    evidence = (
        f"the learning rate is at 2 % of its peak or below from step {rates.floor} on, for {left} of {view.span} steps"
    )
    fix = f"a decay that ends at step {view.first + view.span}, with the run"
    return (
        Finding(
            "early decay",
            "suspect",
            rates.floor,
            evidence,
            "a decay planned for a shorter run",
            fix,
            None,
            0.8,
            amended(view, decay=100 - _warm(view), to=0.0),
        ),
    )


LOW = 0.05  # of the peak: a cycle that begins again is no early decay


def late_decay(view: View) -> tuple[Finding, ...]:
    """A decay of less than a twenty-fifth of the run."""
    rates = view.rates
    if (
        rates is None
        or not view.complete
        or rates.values[-1] > NONE * rates.peak
        or rates.last - rates.down > LATE * view.span
    ):
        return ()
    if rates.last - rates.warm < view.span / 2 or not _comes_down(view):
        return ()
    evidence = (
        f"the learning rate is at its peak up to step {rates.down} and comes down in the last {rates.last - rates.down}"
    )
    fix = f"a decay over the last {TAIL} %, from step {view.first + view.span - view.span * TAIL // 100} on"
    return (
        Finding(
            "late decay",
            "note",
            rates.down,
            evidence,
            "a decay too short to be of use",
            fix,
            None,
            0.6,
            amended(view, decay=TAIL),
        ),
    )


def _comes_down(view: View) -> bool:
    """Whether there is a decay at all: a log may write a single 0 behind a run without one."""
    rates = view.rates
    return rates is not None and bool(0 < rates.values[-1] < NONE * rates.peak or (rates.steps > rates.down).sum() > 1)


def missing_decay(view: View) -> tuple[Finding, ...]:
    """At the peak to the end of a run that is whole, as far as is known."""
    rates = view.rates
    if (
        rates is None
        or not view.complete
        or rates.end < NONE
        or late_decay(view)
        or rates.warm > rates.last - view.span / 2
    ):
        return ()
    evidence = f"the learning rate is at {rates.end:.0%} of its peak of {rates.peak:.3g} at the last step, {rates.last}"
    fix = f"a decay to 0 over the last {TAIL} % ({view.span * TAIL // 100} steps): it gains {GAIN}"
    return (
        Finding(
            "missing decay",
            "note",
            rates.last,
            evidence,
            "no decay, or a run stopped before it",
            fix,
            None,
            0.6,
            amended(view, decay=TAIL, to=0.0),
        ),
    )


def high_floor(view: View) -> tuple[Finding, ...]:
    """A decay that ends well above a tenth of the peak."""
    rates = view.rates
    if rates is None or not view.complete or not HIGH < rates.end < NONE or rates.raised:
        return ()
    evidence = f"the learning rate ends at {rates.end:.0%} of its peak, at {rates.end * rates.peak:.3g}"
    fix = f"a decay to 0, or to a tenth at most: it gains {GAIN}"
    return (
        Finding("high floor", "note", rates.last, evidence, "a floor too high", fix, None, 0.6, amended(view, to=0.0)),
    )


def _warm(view: View) -> int:
    rates = view.rates
    return 0 if rates is None else round(100 * (rates.warm - rates.first) / view.span)
