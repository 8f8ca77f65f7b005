"""Divergence: a loss that leaves and stays away, fast or slowly, behind its fall or from the start."""

from glidepath.diagnosis.amending import amended
from glidepath.diagnosis.circumstances import Circumstances
from glidepath.diagnosis.creeping import creep_of
from glidepath.diagnosis.excursion import Excursion
from glidepath.diagnosis.finding import Finding, Severity, is_alarm
from glidepath.diagnosis.leaps import leap_of
from glidepath.diagnosis.seams import data_seam, is_seam
from glidepath.diagnosis.view import View
from glidepath.diagnosis.wandering import has_fallen, is_clear, soared

CLEAR = 2.7  # deviations of a row, 8 of the level: a fall below that is none (of an accuracy, a reward)
LOST, LEAST = 0.25, 0.15  # of the fall: what is damage, and below what a rise is a note
MUCH, WRONG = 1.0, 4.0  # times what the run fell by below its start: a leap that hurt, and that hurt for good
HALF, THIRD = 0.5, 1 / 3  # of the peak, behind the warmup and from the start
HIGH = 0.2  # of the peak: below, a learning rate is not what drives a loss up
SURE = {"wrong": 0.95, "suspect": 0.6, "note": 0.4}
MOST = 9.99  # of the fall: more is not worth a number


def divergence(view: View) -> tuple[Finding, ...]:
    """The worst excursion that stayed, or that is under way where the run ends; else a leap from the start, a creep."""
    found = _of_an_excursion(view)
    return found if is_alarm(found) else _crept(view) or found


def _of_an_excursion(view: View) -> tuple[Finding, ...]:
    stayed = [one for one in view.excursions if _stays(one) and not is_seam(one, view)]
    if not stayed:
        return _from_the_start(view)
    worst = max(stayed, key=lambda one: (one.end is None, one.height))
    if worst.fall < CLEAR * worst.noise and (leapt := _from_the_start(view)):
        return leapt
    far = soared(worst, view)
    clear = far or worst.fall < CLEAR * worst.noise or is_clear(worst, view)
    most: Severity = "wrong" if clear else "note"
    recipe = amended(view, times=HALF)
    return (diverged(worst, view.circumstances(worst), recipe=recipe, at_most=most, far=far),)


def _crept(view: View) -> tuple[Finding, ...]:
    """A rise that is too slow for its rows, of a loss that had fallen, for which no other data are the reason."""
    creep, rates = creep_of(view), view.rates
    if creep is None or not has_fallen(view) or data_seam(view) or (rates is not None and rates.raised):
        return ()
    around = Circumstances()
    if rates is not None:
        around = Circumstances(rate=float(rates.at(creep.begin)), peak=rates.peak)
    evidence = (
        f"the loss was at {creep.base:.4g} about step {creep.lowest_step}, has crept up since step {creep.begin}, "
        f"and came to {creep.top:.4g} at the end: {min(creep.lost, MOST):.0%} of what it had fallen by"
    )
    cause, fix = _because(creep.begin, around)
    recipe = amended(view, times=HALF) if _is_high(around) else None
    return (Finding("divergence", "wrong", creep.begin, evidence, cause, fix, None, SURE["wrong"], recipe),)


def _stays(one: Excursion) -> bool:
    """Whether an excursion lasted; or is under way where the run ends, having crept up."""
    return one.stays is not None or (one.end is None and not one.jump)


def diverged(
    one: Excursion,
    around: Circumstances,
    *,
    recipe: str | None = None,
    at_most: Severity = "wrong",
    far: bool = False,
) -> Finding:
    """An excursion that stays, as a finding; `recipe` is for the case that the learning rate is its cause."""
    lost = one.height / one.fall if one.fall > 0 else MOST
    severity: Severity = "wrong" if far else "note" if at_most == "note" else _severity(one, lost)
    back = "has not come back" if one.end is None else f"came back at step {one.end}"
    evidence = (
        f"the loss was at {one.base:.4g} at step {one.lowest_step}, left it from step {one.begin} on, "
        f"was at {one.top:.4g} at step {one.top_step} and {back}: {min(lost, MOST):.0%} of what it had fallen by"
    )
    cause, fix = _because(one.begin, around)
    numbers = {"base": one.base, "top": one.top, "lost": min(lost, MOST)}
    amendment = recipe if _is_high(around) else None
    return Finding("divergence", severity, one.begin, evidence, cause, fix, one.end, SURE[severity], amendment, numbers)


def _severity(one: Excursion, lost: float) -> Severity:
    if one.fall < CLEAR * one.noise:
        return "note"
    if one.stays is not None and lost >= LOST:
        return "wrong"
    return "suspect" if one.end is None and lost >= LEAST else "note"


def _is_high(around: Circumstances) -> bool:
    """Whether the learning rate can be the cause."""
    return around.rate is None or around.peak is None or around.rate > HIGH * around.peak


def _because(begin: int, around: Circumstances) -> tuple[str, str]:
    """A peak too high where the rate was high, else what the log does not say."""
    before = f"from a checkpoint before step {begin}"
    if around.rate is None or around.peak is None:
        return "a learning rate too high", f"half the learning rate, {before}"
    if not _is_high(around):
        cause = f"not the learning rate, which was at {around.rate:.3g} by then: data, or weights that grow"
        return cause, f"look at the data of step {begin}, and go on {before}"
    fix = f"a peak of {around.peak * HALF:.3g} instead of {around.peak:.3g}, {before}"
    return f"a learning rate too high at {around.rate:.3g}", fix


def _from_the_start(view: View) -> tuple[Finding, ...]:
    """A leap within the first part of the run that the rest of it hardly made good."""
    leap = leap_of(view)
    if leap is None or leap.healed or leap.of_fall < MUCH:
        return ()
    fix = "a third of the peak"
    if view.rates is not None:
        fix = f"a peak of {THIRD * view.rates.peak:.3g} instead of {view.rates.peak:.3g}"
    evidence = (
        f"the loss leapt from {leap.start:.4g} to {leap.top:.4g} at step {leap.step}; "
        f"at its best, later, it was at {leap.best:.4g}"
    )
    severity: Severity = "wrong" if leap.of_fall > WRONG else "suspect"
    recipe = amended(view, times=THIRD)
    return (
        Finding("divergence", severity, leap.begin, evidence, "a peak too high from the start", fix, None, 0.9, recipe),
    )
