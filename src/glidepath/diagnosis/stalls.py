"""Stalls: a training that learns nothing any more although its learning rate is on."""

import numpy as np

from glidepath.diagnosis.finding import Finding
from glidepath.diagnosis.view import View

ROWS = 20  # at the end that say the same: longer than any rounding of a log makes them do
LASTS = 0.3  # of the run: what is shorter may be a pause
LEAST = 0.04  # of the whole fall: what may still be learnt in a stall, its error included
BROKE_OFF = 0.2  # of the whole fall, between half of the time up to the break and the break: it was falling
WINDOWS = 48
ERRORS = 2.0  # standard errors
CLEAR = 8.0  # deviations of a row: a fall below that is none
SHARP = 0.7  # of the fall before: the last of it, where it breaks off and does not fade
ON = 0.05  # of the peak: a learning rate that is on


def stall(view: View) -> tuple[Finding, ...]:
    """Gradients of 0, losses that repeat themselves, or a fall that breaks off and does not go on."""
    for found in (_no_gradient(view), _constant(view), _broken_off(view)):
        if found is not None:
            return (found,)
    return ()


def _no_gradient(view: View) -> Finding | None:
    """Gradient norms of exactly 0 to the end."""
    norms = view.norms
    if norms is None or len(norms) < ROWS or norms.values[-1] != 0:
        return None
    moved = np.flatnonzero(norms.values != 0)
    begin = int(moved[-1]) + 1 if len(moved) else 0
    if len(norms) - begin < ROWS:
        return None
    step = int(norms.steps[begin])
    evidence = f"the gradient norm is exactly 0 from step {step} to the end, {len(norms) - begin} rows"
    return _finding("wrong", step, evidence, 1.0)


def _constant(view: View) -> Finding | None:
    """The same loss, to the last digit, to the end."""
    changed = np.flatnonzero(np.diff(view.losses))
    begin = int(changed[-1]) + 1 if len(changed) else 0
    if len(view.losses) - begin < max(ROWS, len(view.losses) // ROWS):
        return None
    step = int(view.steps[begin])
    return _finding("wrong", step, f"the loss is {view.losses[-1]:.6g} to the last digit from step {step} on", 1.0)


def _broken_off(view: View) -> Finding | None:
    """A fall that breaks off: steep up to a step, and behind it nothing, the decay included."""
    where, level = view.windows(WINDOWS)
    rates = view.rates
    if len(level) < WINDOWS or not view.from_the_start or (rates is not None and rates.raised):
        return None
    start, end = float(view.losses[0]), float(np.median(level[len(level) // 2 :]))
    total = start - end
    error = view.noise * (len(level) / len(view.losses)) ** 0.5
    there = np.flatnonzero(level <= end + ERRORS * error)
    if total <= CLEAR * view.noise or not len(there):
        return None
    at = int(there[0])
    behind, rows = level[at + 1 :], len(view.losses) * (len(level) - at - 1) / len(level)
    if len(behind) < (1 - LASTS) * len(level) or (rates is not None and not _is_on(view, where[at])):
        return None
    third = len(behind) // 3
    fell = float(behind[:third].mean() - behind[-third:].mean())
    doubt = ERRORS * view.noise * (6 / rows) ** 0.5
    half = float(np.interp(where[at] / 2, [view.first, *where], [start, *level]))
    if abs(fell) + doubt > LEAST * total or half - end < BROKE_OFF * total:
        return None
    step, sharp = int(where[at]), _is_sharp(view, end)
    evidence = (
        f"the loss fell from {start:.4g} to {level[at]:.4g} up to step {step}, and has been at {end:.4g} since, "
        f"over {view.last - step} steps, within {abs(fell) + doubt:.2g}"
    )
    return _finding("suspect" if sharp else "note", step, evidence, 0.7 if sharp else 0.3)


def _is_sharp(view: View, end: float) -> bool:
    """Whether the last of the fall is as steep as what came before, unlike that of a training that converges."""
    smooth = np.convolve(view.losses, np.full(FIVE, 1 / FIVE), "valid")
    error = view.noise * FIVE**-0.5
    above = np.flatnonzero(smooth > end + THREE * error)
    if not len(above):
        return False
    # of rows in a row from the start: a single one later on is chance
    gaps = np.flatnonzero(np.diff(above) > FIVE)
    last = int(above[gaps[0]] if len(gaps) else above[-1])
    if last < 2 * FIVE:
        return False
    early, middle, late = (float(smooth[int(share * last)]) for share in (0.4, 0.7, 1.0))
    steady = float(view.losses[0]) - early > BEGUN * (float(view.losses[0]) - end)
    return steady and bool(middle - late > max(SHARP * (early - middle), THREE * error))


FIVE = 5
THREE = 3  # standard errors
BEGUN = 0.2  # of the fall, behind two fifths of its time: what comes all at once fades as well


def _is_on(view: View, step: float) -> bool:
    """Whether the learning rate is on for at least the share of the run that a stall has to last."""
    rates = view.rates
    return (
        rates is not None
        and float(np.mean(rates.at(np.linspace(step, rates.last, WINDOWS).astype(int)) > ON * rates.peak)) > LASTS
    )


def _finding(severity: str, step: int, evidence: str, sure: float) -> Finding:
    cause = "nothing reaches the weights: frozen or detached parameters, an optimizer of other ones, or units that died"
    fix = f"look at the gradient norm of each parameter at step {step}, and go on from a checkpoint before it"
    return Finding("stall", severity, step, evidence, cause, fix, None, sure)  # type: ignore[arg-type]
