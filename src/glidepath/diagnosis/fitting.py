"""Overfit and underfit, where there is a validation curve, and a weight decay that does nothing in time."""

import numpy as np

from glidepath.diagnosis.finding import Finding
from glidepath.diagnosis.peaks import HALF
from glidepath.diagnosis.progress import progress_of
from glidepath.diagnosis.view import View, noise_of

FEWEST = 6  # measurements
UP = 0.1  # of its fall: what a validation loss has to rise by from its lowest
OF_NOISE = 5.0  # and deviations of one measurement
LATER = 2  # measurements behind the lowest, that all lie above


def overfit(view: View) -> tuple[Finding, ...]:
    """A validation loss that rises while the training loss does not."""
    curve = view.validation
    if curve is None or len(curve) < FEWEST:
        return ()
    values = curve.values
    low = int(values.argmin())
    rise, fall = float(np.median(values[-3:]) - values[low]), float(values.max() - values[low])
    if low > len(values) - 1 - LATER or rise <= OF_NOISE * noise_of(values):
        return ()
    where, level = view.windows()
    at = int(np.searchsorted(where, curve.steps[low]))
    training = float(np.median(level[-3:]) - np.median(level[max(0, at - 1) : at + 1]))
    fell = float(values[0] - values[low])
    if rise <= UP * max(fell, 0.0) or rise <= UP * fall or training > TRAINING * rise:
        return ()
    evidence = (
        f"the validation loss was at its lowest, {values[low]:.4g}, at step {curve.steps[low]}, and is at "
        f"{values[-1]:.4g} at the end; the training loss went {training:+.3g} meanwhile"
    )
    fix = f"stop at step {curve.steps[low]}, with the decay ending there; or more data, weight decay, dropout"
    return (
        Finding(
            "overfit",
            "suspect",
            int(curve.steps[low]),
            evidence,
            "the same data too often",
            fix,
            None,
            0.85,
            None,
            {"rise": rise},
        ),
    )


TRAINING = 0.3  # of the rise of the validation: a training loss that rises with it is another thing


def underfit(view: View) -> tuple[Finding, ...]:
    """A fall that is far from over at the end: half of it came late, measured by the summed learning rate."""
    progress = progress_of(view)
    if (
        progress is None
        or view.rates is None
        or progress.reached[1] <= HALF
        or any(one.stays for one in view.excursions)
    ):
        return ()
    evidence = (
        f"the loss fell from {progress.start:.4g} to {progress.end:.4g}, half of it behind step "
        f"{progress.half_step} only: it is on its way, not at its end"
    )
    fix = f"more steps than {view.span}, three times as many, or a peak higher than {view.rates.peak:.3g}"
    return (Finding("underfit", "note", view.last, evidence, "too few steps", fix, None, 0.5),)


SLOW = 0.1  # of the weights that decay in the whole run: less, and weight decay might as well be none
DECOUPLED = ("adamw", "lion", "muon", "sophia", "lamb", "adan")  # whose weight decay is times the learning rate alone


def slow_weight_decay(view: View) -> tuple[Finding, ...]:
    """A weight decay whose time, 1 / (learning rate x weight decay), is many times the run (arXiv 2405.13698)."""
    decay, rates = view.setting("weight_decay"), view.rates
    optimizer = str(view.run.settings.get("optimizer", "adamw")).lower()
    if rates is None or not decay or decay < 0 or not any(one in optimizer for one in DECOUPLED):
        return ()
    mean = float(np.trapezoid(rates.values, rates.steps)) / max(1, rates.last - rates.first)
    total = mean * decay * view.span
    if not 0 < total < SLOW:
        return ()
    evidence = (
        f"weights decay in 1 / ({mean:.3g} x {decay:.3g}) = {1 / (mean * decay):.3g} steps, and the run has {view.span}"
    )
    fix = (
        f"a weight decay of {1 / (mean * view.span):.2g}, for a time of one run; or 0, which is nearly the same as now"
    )
    return (
        Finding(
            "slow weight decay", "note", view.first, evidence, "a weight decay too small for this run", fix, None, 0.6
        ),
    )
