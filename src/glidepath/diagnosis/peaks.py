"""Peaks: so high that the loss waits for the decay, or so low that it is still on its way at the end."""

import numpy as np

from glidepath.diagnosis.amending import amended
from glidepath.diagnosis.finding import Finding
from glidepath.diagnosis.progress import progress_of
from glidepath.diagnosis.view import View, noise_of
from glidepath.diagnosis.wandering import has_fallen, wander

# Too low: shares of the summed learning rate. Public runs and small ones near their best peak are below 0.11 and 0.2.
HALF, FOUR_FIFTHS = 0.115, 0.23  # behind which half and four fifths of the fall come too late
TENFOLD = 10  # the next to try: a peak too low by less is hardly seen in a curve
# Too high.
WAITS = 0.6  # half of the fall behind that share, while the learning rate comes down
WAITED = 0.25  # of the fall: what came before it did
DOWN = 0.8  # of the peak: coming down
PLATEAU = 0.25  # of the run: the least that is one; its first quarter is left out
FLAT = 0.35  # of the drop in the decay: what the plateau may have fallen by
ERRORS, WANDERS = 3.5, 2.4  # standard errors of the drop, and wanders of the plateau by itself
LEVEL, CLEAR = 0.1, 6.0  # of the drop: a plateau that did not fall at all; wanders: a drop that is clear then
CALMER = 1.4  # times: the noise of the plateau over that of the end; below 1.26 in public runs
LOUDER = 1.2  # times: the noise before the decay over that at the end, where a loss waited for it
FEWEST = 10  # rows that tell a noise
HUGE = 0.3  # of the whole fall: a drop in the decay
END = 20  # rows of twenty are the end
ENDS = 0.3  # of the peak: a decay that says something
FIRST_ROWS = 3


def peak_too_low(view: View) -> tuple[Finding, ...]:
    """A fall that comes late and is not over at the end, measured by the summed learning rate."""
    progress, rates = progress_of(view), view.rates
    if (
        progress is None
        or rates is None
        or peak_too_high(view)
        or any(one.stays is not None for one in view.excursions)
    ):
        return ()
    _, half, fifths, _ = progress.reached
    if half <= HALF or fifths <= FOUR_FIFTHS or progress.is_sudden or progress.is_over:
        return ()
    if _was_above(view, progress.start) or _is_early(view) or not has_fallen(view):
        return ()
    evidence = (
        f"half of the fall from {progress.start:.4g} to {progress.end:.4g} was behind step {progress.half_step} only, "
        f"{half:.0%} of the summed learning rate, and four fifths of it behind {fifths:.0%}; "
        "a peak that suits is there at a tenth"
    )
    fix = f"a peak of {TENFOLD * rates.peak:.2g} instead of {rates.peak:.2g}, or a range test from there; or more steps"
    return (
        Finding(
            "peak too low",
            "note",
            rates.first,
            evidence,
            "a learning rate too low for so few steps",
            fix,
            None,
            0.7,
            amended(view, times=TENFOLD),
            {"half": half, "four_fifths": fifths},
        ),
    )


def _was_above(view: View, start: float) -> bool:
    """Whether the loss spent a part of the run above its start: not what a low learning rate does."""
    level = view.windows()[1]
    return bool((level > start + 2 * view.noise).mean() > 1 / END)


def _is_early(view: View) -> bool:
    """Whether the learning rate is next to nothing for much of the run: an early decay's own doing."""
    rates = view.rates
    return rates is not None and rates.floor is not None and rates.last - rates.floor > PLATEAU * view.span


def peak_too_high(view: View) -> tuple[Finding, ...]:
    """A plateau that breaks at the decay: nothing learnt and much noise before it, and a large drop in it."""
    rates = view.rates
    if rates is None or rates.end > ENDS or rates.raised or not view.from_the_start or _is_early(view):
        return ()
    evidence = _waited(view) or _rose(view) or _dropped(view)
    if evidence is None:
        return ()
    fix = f"a peak of {rates.peak / 3:.2g} instead of {rates.peak:.2g}"
    return (
        Finding(
            "peak too high",
            "suspect",
            rates.warm,
            evidence,
            "a peak at which the noise of the gradient undoes what is learnt",
            fix,
            rates.down,
            0.7,
            amended(view, times=1 / 3),
        ),
    )


def _waited(view: View) -> str | None:
    progress, rates = progress_of(view), view.rates
    if progress is None or rates is None or progress.above <= WAITS or progress.is_sudden:
        return None
    rate = float(rates.at(progress.above_step))
    high = view.between(rates.warm, _coming_down(view))
    if rate > DOWN * rates.peak or not len(high):
        return None
    before = float(np.median(high[-max(FIRST_ROWS, len(view.losses) // END) :]))
    if progress.start - before > WAITED * (progress.start - progress.end) or noise_of(high) < LOUDER * _calm(view):
        return None
    return (
        f"the loss started at {progress.start:.4g}, was at {before:.4g} at the peak, and came to {progress.end:.4g} "
        f"only as the learning rate came down: half of the fall lies behind step {progress.above_step}, "
        f"at {rate / rates.peak:.0%} of the peak"
    )


def _calm(view: View) -> float:
    """The noise of the last rows."""
    return noise_of(view.losses[-max(FEWEST, len(view.losses) // 8) :])


def _coming_down(view: View) -> int:
    """The first step behind the peak at which the learning rate is clearly below it."""
    rates = view.rates
    if rates is None:
        return view.last
    below = (rates.values < DOWN * rates.peak) & (rates.steps > rates.warm)
    return int(rates.steps[below][0]) if below.any() else view.last


def _rose(view: View) -> str | None:
    """A loss that rose at the peak above what it was before, and came below that in the decay."""
    rates = view.rates
    where, level = view.windows(HUMPS)
    if rates is None or len(level) < HUMPS // 2:
        return None
    top = FIRST_ROWS + int(level[FIRST_ROWS:].argmax())
    low = int(level[:top].argmin())
    end, error = float(np.median(level[-FIRST_ROWS:])), view.noise * (len(level) / len(view.losses)) ** 0.5
    rate = float(rates.at(int(where[top])))
    total, wandered = float(view.losses[0]) - end, wander(view.losses[len(view.losses) // 2 :])
    broad = float(np.median(level[max(low, top - 2) : top + FIRST_ROWS]) - level[low])
    early = rate >= HALFWAY * rates.peak and where[top] <= HALFWAY * where[-1]
    if not early or total <= 0 or end > level[low] or broad < max(ERRORS * max(error, wandered), HUMP * total):
        return None
    return (
        f"at the peak the loss rose from {level[low]:.4g} at step {where[low]:.0f} to {level[top]:.4g} at step "
        f"{where[top]:.0f}, and came to {end:.4g} as the learning rate came down"
    )


HUMPS, HUMP, HALFWAY = 32, 0.2, 0.5  # windows; of the whole fall; of the peak, and of the run


def _dropped(view: View) -> str | None:
    rates = view.rates
    if rates is None or rates.down - rates.warm < PLATEAU * view.span:
        return None
    on = (view.steps >= rates.warm) & (view.steps <= rates.down)
    steps, losses = view.steps[on], view.losses[on]
    steps, losses = steps[len(steps) // 4 :], losses[len(losses) // 4 :]
    low = int((rates.at(view.steps) <= ENDS * rates.peak)[len(view.steps) // 2 :].sum())
    tail = view.losses[-max(FIRST_ROWS, len(view.losses) // END, low) :]
    if len(losses) < END or len(tail) < FIRST_ROWS:
        return None
    losses = np.minimum(losses, np.median(losses) + ERRORS * view.noise)
    place = (steps - steps.mean()) / max(1, steps[-1] - steps[0])
    fell = -float((place * losses).sum() / (place * place).sum())
    level, end = float(losses.mean()), float(np.median(tail))
    drop, error = level - end, view.noise * (1 / len(losses) + 1.5 / len(tail)) ** 0.5
    calm = _calm(view)
    loud = noise_of(losses) > CALMER * calm
    large = drop > HUGE * (view.losses[0] - end) or (fell < LEVEL * drop and drop > CLEAR * wander(losses))
    if drop < max(ERRORS * error, WANDERS * wander(losses)) or fell > FLAT * drop or not (loud or large):
        return None
    return (
        f"from step {steps[0]} to {steps[-1]}, at the peak, the loss stayed at {level:.4g} ({-fell:+.2g}, "
        f"each row {noise_of(losses):.2g} up or down), and dropped by {drop:.3g} to {end:.4g} in the decay "
        f"(rows {calm:.2g})"
    )
