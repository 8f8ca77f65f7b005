"""What the curves of a run say: every check, the findings worst first."""

from collections.abc import Callable

import numpy as np

from glidepath.diagnosis import decays, divergence, fitting, peaks, precision_loss, seams, spikes, stalls, warmups
from glidepath.diagnosis.finding import Finding, worst_first
from glidepath.diagnosis.view import FEWEST, View, view
from glidepath.runs.run import Run
from glidepath.schedules.schedule import Schedule

CHECKS: dict[str, Callable[[View], tuple[Finding, ...]]] = {
    "divergence": divergence.divergence,
    "spike": spikes.spikes,
    "lost state": seams.lost_state,
    "data seam": seams.data_seam,
    "scale collapse": precision_loss.scale_collapse,
    "stall": stalls.stall,
    "peak too high": peaks.peak_too_high,
    "peak too low": peaks.peak_too_low,
    "short warmup": warmups.short_warmup,
    "long warmup": warmups.long_warmup,
    "early decay": decays.early_decay,
    "late decay": decays.late_decay,
    "missing decay": decays.missing_decay,
    "high floor": decays.high_floor,
    "overfit": fitting.overfit,
    "underfit": fitting.underfit,
    "slow weight decay": fitting.slow_weight_decay,
}


def diagnose(run: Run, *, plan: Schedule | None = None) -> tuple[Finding, ...]:
    """What went wrong in a run, as far as its curves say it, worst first; empty where nothing did.

    The loss is what is asked; learning rate, gradient norm, loss scale, validation and segments say why. With fewer
    than 30 finite losses only one that is not finite is found. A plan, or a setting "steps", says how long it was
    to be. A loss times a factor, or plus a constant, is the same; but one that is positive is looked at by its
    logarithm too for what creeps up. Of more than 200,000 rows medians of windows are heard, and steps are as coarse.

    >>> import numpy as np
    >>> from glidepath.runs.curve import Curve
    >>> losses = 2 + 3 * np.arange(1, 201) ** -0.5
    >>> losses[120:] = np.nan
    >>> diagnose(Run({"loss": Curve("loss", range(200), losses)}))[0].kind
    'not finite'
    """
    seen = view(run, plan)
    if seen is None:
        return ()
    found = list(precision_loss.not_finite(seen))
    if len(seen.losses) >= FEWEST:
        with np.errstate(
            all="ignore"
        ):  # of losses of any size; what comes of an overflow is compared, and found by none
            found += [one for check in CHECKS.values() for one in check(seen)]
    return worst_first(found)
