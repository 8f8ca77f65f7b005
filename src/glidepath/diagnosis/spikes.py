"""Spikes: what they follow, and whether they did harm."""

from glidepath.diagnosis.circumstances import Circumstances
from glidepath.diagnosis.divergence import CLEAR
from glidepath.diagnosis.excursion import Excursion
from glidepath.diagnosis.finding import Finding, Severity
from glidepath.diagnosis.seams import is_seam
from glidepath.diagnosis.view import View
from glidepath.diagnosis.wandering import is_clear

MOST = 5  # findings; more of them are counted
LARGE = 0.2  # of the fall: a single row as high as that is worth a look where no gradient norm tells more
RARE = 0.005  # the chance that the tail of the losses reaches so far by itself, in a whole run
SELDOM = 0.03  # the same where the gradient norm jumped too
OFF = 3.0  # times the fall: garbage, and far above where the training began
HABIT = 8  # single rows in a run: the tail of its losses, not batches that went wrong
SURE, UNSURE = 0.8, 0.5  # with a gradient norm and without


def spikes(view: View) -> tuple[Finding, ...]:
    """The excursions that came back, in their order; the highest 5 of those that did harm, else of all."""
    found = [one for one in view.excursions if one.stays is None and one.came_back and not is_seam(one, view)]
    around = {id(one): view.circumstances(one) for one in found}
    found.sort(key=lambda one: -one.height / max(one.noise, 1e-300))
    habitual = len(found) > HABIT
    harmful = [
        one
        for one in found
        if _is_harmful(one, around[id(one)], habitual=habitual) and (one.jump or is_clear(one, view))
    ]
    told = sorted((harmful or found)[:MOST], key=lambda one: one.begin)
    worst: Severity = "note" if not harmful else "wrong"
    return tuple(spike(one, around[id(one)], count=len(found), at_most=worst) for one in told)


def _is_harmful(one: Excursion, around: Circumstances, *, habitual: bool) -> bool:
    """Whether a spike is more than a note; where they are a habit of the loss, only with another witness."""
    return severity_of(one, around) != "note" and not (habitual and around.norm is None and not around.resumed)


def severity_of(one: Excursion, around: Circumstances) -> Severity:
    """A suspect where it did harm or tells of some; a note where a single value moved, or where it was asked for."""
    if around.raised:
        return "note"
    if around.resumed:
        return "suspect"
    if one.jump and around.norm is not None:
        return "suspect" if around.norm and (around.chance < SELDOM or _is_off(one)) else "note"
    if one.jump and (around.chance > RARE or not one.left_mark):
        return "note"
    return "suspect" if one.jump or (one.height > LARGE * one.fall and one.fall > CLEAR * one.noise) else "note"


def _is_off(one: Excursion) -> bool:
    """Whether it went far above where the training began."""
    return one.fall > CLEAR * one.noise and one.height > OFF * one.fall


def spike(one: Excursion, around: Circumstances, *, count: int = 1, at_most: Severity = "wrong") -> Finding:
    """An excursion that came back, as a finding; `count` are those of the run."""
    how = {None: "", True: "; the gradient norm jumped with it", False: "; the gradient norm did not move"}[around.norm]
    back = "not yet back" if one.end is None else f"back at step {one.end}"
    others = f"; one of {count}" if count > 1 else ""
    cause, fix = _because(one, around)
    return Finding(
        "spike",
        "note" if at_most == "note" else severity_of(one, around),
        one.begin,
        f"the loss rose from {one.base:.4g} to {one.top:.4g} at step {one.top_step}, {back}{how}{others}",
        cause,
        fix,
        one.end,
        UNSURE if around.norm is None else SURE,
        None,
        {"height": one.height, "deviations": one.height / max(one.noise, 1e-300)},
    )


def _because(one: Excursion, around: Circumstances) -> tuple[str, str]:
    """What it follows, the most certain first."""
    if around.resumed:
        return (
            "the resume just before it",
            "resume with the state of the optimizer and the order of the data; else by a warmup of 100 updates",
        )
    if around.raised:
        return "a learning rate that jumped up just before", "a warmup of 1 % of the run up to the new learning rate"
    if not around.settled:
        return "the end of the warmup, at a peak on the high side", "a warmup twice as long, or a peak lower by a third"
    if around.norm:
        return (
            "a bad batch",
            f"look at the batch of step {one.begin}; clip gradients at their usual norm; nothing else, as it came back",
        )
    if around.norm is False:
        return "one value of the log: the training did not feel it", "nothing"
    return (
        "a bad batch, or one value of the log",
        f"look at the batch of step {one.begin}; log the gradient norm, which tells the two apart",
    )
