"""Breaks at a step: a level that jumps and stays (other data), or where a process began again (lost state)."""

import numpy as np

from glidepath.diagnosis.excursion import Excursion
from glidepath.diagnosis.finding import Finding
from glidepath.diagnosis.jumps import lasts
from glidepath.diagnosis.leaps import leap_of
from glidepath.diagnosis.view import View
from glidepath.diagnosis.wandering import has_fallen

BEFORE, BEHIND = 30, 5  # rows on both sides of a resume that are held against each other
APART = 5.0  # standard errors between them
OF_NOISE, OF_FALL = 1.0, 0.02  # and deviations of a row, and of the fall
SAME = 0.1  # of a learning rate: what may lie between two rows of a schedule that goes on
MOST = 3  # findings
CREEP = 0.4  # of the jump: what moves by more before it or behind it is on its way up
TEN = 10  # rows behind a jump, and twice that before it, in which what is heard of it may begin
DEAD = 0.6  # of the fall: what lost so much and never learnt again is no other data
OF_SHIFT = 0.05  # of the fall: a jump


def lost_state(view: View) -> tuple[Finding, ...]:
    """Resumes behind which the loss jumps although the learning rate goes on."""
    return tuple(one for segment in view.run.segments[1:] if (one := _at(segment, view)) is not None)


def _at(segment: int, view: View) -> Finding | None:
    place = int(np.searchsorted(view.steps, segment))
    before, behind = view.losses[max(0, place - BEFORE) : place], view.losses[place : place + BEHIND]
    if len(before) < BEFORE // 2 or len(behind) < BEHIND or not _goes_on(segment, view):
        return None
    noise = max(view.noise_near(place), 1e-12)
    gap = float(np.mean(np.sort(behind)[1:])) - float(np.median(before[-BEHIND * 2 :]))
    error = noise * (1 / len(behind) + 1 / (BEHIND * 2)) ** 0.5
    if gap < APART * error or gap < OF_NOISE * noise or gap < OF_FALL * view.fall:
        return None
    evidence = (
        f"resumed at step {segment}: the loss of the rows before was {np.median(before[-BEHIND * 2 :]):.4g}, "
        f"of those behind {np.mean(behind):.4g}, {gap / noise:.1f} deviations of a row above, at the same learning rate"
    )
    return Finding(
        "lost state",
        "suspect",
        segment,
        evidence,
        "a resume without the state of the optimizer (its moments began at 0)",
        "save and load optimizer.state_dict(); where it is gone, go on by a warmup of 100 to 200 updates",
        int(view.steps[min(place + BEHIND, len(view.steps) - 1)]),
        0.8,
        None,
        {"gap": gap, "noise": noise},
    )


def _goes_on(segment: int, view: View) -> bool:
    """Whether the learning rate behind a resume is the one before it, or nearly."""
    if view.rates is None:
        return True
    before, behind = float(view.rates.at(segment - 1)), float(view.rates.at(segment))
    return abs(behind - before) <= SAME * max(before, behind)


def data_seam(view: View) -> tuple[Finding, ...]:
    """Jumps that stay, or that are learnt away over many rows, at no change of anything else."""
    jumps = {view.row(one.begin): one for one in view.excursions if one.jump and is_seam(one, view)}
    if view.jump is not None and not any(_is_near(row, view) for row in jumps) and _is_of_data(view.jump, view):
        before, behind = view.losses[view.jump - TEN : view.jump], view.losses[view.jump : view.jump + TEN]
        return (shifted(int(view.steps[view.jump]), float(np.median(before)), float(np.median(behind)), None),)
    return tuple(shifted(one.begin, one.base, one.first, one.end) for one in list(jumps.values())[:MOST])


def is_seam(one: Excursion, view: View) -> bool:
    """Whether an excursion is, or begins right behind, a jump that lasted, whose reason is no peak and no resume."""
    row = view.row(one.begin)
    if _is_near(row, view):
        return view.jump is not None and _is_of_data(view.jump, view)
    return one.jump and lasts(view.losses, row) and _is_of_data(row, view)


def _is_near(row: int, view: View) -> bool:
    """Whether a row is that of the jump, or one of those behind it."""
    return view.jump is not None and -2 * TEN <= row - view.jump <= TEN


def _is_of_data(row: int, view: View) -> bool:
    """Whether a jump can be that of other data: a loss that had fallen, at a time when nothing else happened."""
    if not has_fallen(view) or not _is_alone(row, view):
        return False
    base, last = float(np.median(view.losses[max(0, row - TEN) : row])), view.losses[row + TEN :][-TEN:]
    jumped = np.median(view.losses[row : row + TEN]) - base >= OF_SHIFT * view.fall
    dead = last.size > 0 and np.median(last) > base + DEAD * view.fall
    return bool(jumped) and not dead and not _goes_on_up(row, view)


def _is_alone(row: int, view: View) -> bool:
    """Whether neither a process nor a rate changed there, behind the warmup, and nothing went wrong before."""
    step = int(view.steps[row])
    if view.resumed_near(step) or view.raised_near(step) or not view.settled(step) or leap_of(view) is not None:
        return False
    near = view.steps[max(0, row - 2 * TEN)]
    return not any(one.stays is not None and one.begin < near for one in view.excursions)


def _goes_on_up(row: int, view: View) -> bool:
    """Whether the loss was rising before, or rises further behind: a divergence, not a jump."""
    early, before = view.losses[max(0, row - 2 * TEN) : row - TEN], view.losses[max(0, row - TEN) : row]
    behind, later = view.losses[row : row + TEN], view.losses[row + TEN : row + 2 * TEN]
    if len(early) < TEN or len(later) < TEN // 2:
        return False
    jump = float(np.median(behind) - np.median(before))
    noise = view.noise_near(row)
    return bool(
        np.median(before) - np.median(early) > max(CREEP * jump, noise)
        or np.median(later) - np.median(behind) > max(CREEP * jump, noise)
    )


def shifted(step: int, base: float, top: float, back: int | None) -> Finding:
    """A level that jumped at a step and stayed, as a finding; `back` is where it was down again."""
    end = "did not come back at once" if back is None else f"was back at step {back}"
    evidence = (
        f"the loss jumped from {base:.4g} to {top:.4g} at step {step}, within a row, and {end}; "
        "neither the learning rate nor the process changed there"
    )
    cause = (
        "other data from there on (a new file, language or source, other labels), or a batch that broke the training"
    )
    fix = f"look at the batches from step {step} on; where the change is meant, warm up again over some hundred updates"
    return Finding("data seam", "suspect", step, evidence, cause, fix, back, 0.7, None, {"jump": top - base})
