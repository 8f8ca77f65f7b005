"""Warmups: too short for what follows, or so long that they eat the run."""

from glidepath.diagnosis.amending import amended
from glidepath.diagnosis.finding import Finding
from glidepath.diagnosis.leaps import leap_of
from glidepath.diagnosis.view import View

SHORT = 0.02  # of the run: as long as the usual warmup is; a leap behind a longer one is the peak's fault
LONG = 0.4  # of the run: a triangle; one cycle (Smith 2018, arXiv 1803.09820) goes up for 30 %
HOPELESS = 100.0  # times the fall: a leap that no warmup mends
USUAL = 5  # percent: what to try instead
RISES = 0.9  # of the peak: below this share at its first row, a run has a warmup


def short_warmup(view: View) -> tuple[Finding, ...]:
    """A leap of the loss from the start, at a learning rate that was at its peak at once, or nearly."""
    rates, leap = view.rates, leap_of(view)
    if rates is None or leap is None or leap.of_fall > HOPELESS or rates.warm - rates.first > SHORT * view.span:
        return ()
    length = rates.warm - rates.first
    evidence = (
        f"the learning rate was at its peak of {rates.peak:.3g} behind {length} steps of {view.span}, and the loss "
        f"leapt from {leap.start:.4g} to {leap.top:.4g} at step {leap.step}"
    )
    recipe = amended(view, warmup=USUAL)
    fix = (
        f"a warmup of {USUAL} % of the run, {max(1, view.span * USUAL // 100)} steps; if it still leaps, half the peak"
    )
    return (
        Finding(
            "short warmup",
            "suspect",
            rates.first,
            evidence,
            "a warmup too short for this peak",
            fix,
            leap.step,
            0.8,
            recipe,
        ),
    )


def long_warmup(view: View) -> tuple[Finding, ...]:
    """A warmup of two fifths of the run or more."""
    rates = view.rates
    if rates is None or rates.values[0] > RISES * rates.peak or rates.warm >= rates.last:
        return ()
    length = rates.warm - rates.first
    if length <= LONG * view.span or rates.raised:
        return ()
    evidence = f"the learning rate rises up to step {rates.warm}, {length / view.span:.0%} of the {view.span} steps"
    fix = f"a warmup of {USUAL} %, {max(1, view.span * USUAL // 100)} steps: the rest is for the peak and the decay"
    return (
        Finding(
            "long warmup",
            "note",
            rates.first,
            evidence,
            "a warmup that takes the time of the peak",
            fix,
            rates.warm,
            0.7,
            amended(view, warmup=USUAL),
        ),
    )
