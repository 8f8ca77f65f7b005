"""Breaks at a step: a level that jumps and stays (other data), or where a process began again (lost state)."""

import numpy as np
from numpy.typing import NDArray

from glidepath.diagnosis.excursion import NORMAL_MEDIAN, Excursion
from glidepath.diagnosis.finding import Finding
from glidepath.diagnosis.view import View
from glidepath.diagnosis.wandering import has_fallen

BEFORE, BEHIND = 30, 5  # rows on both sides of a resume that are held against each other
APART = 5.0  # standard errors between them
OF_NOISE, OF_FALL = 1.0, 0.02  # and deviations of a row, and of the fall
SAME = 0.1  # of a learning rate: what may lie between two rows of a schedule that goes on
SEVERAL = 3  # of ten rows off the level: what a bad batch is not
MOST = 3  # findings
CREEP = 0.4  # of the jump: what moves by more before it or behind it is on its way up
NEARLY = 0.17  # of the highest: a level that other data bring is learnt away over many rows
HIGH, FIRST, NEARLY_ALL = 0.9, 6, 4  # a quantile; rows, and how many of them chance does not put above it
RARE = 0.005  # the chance of the tail: below it, 3 of them will do
TEN, CLEARLY = 10, 4.0  # rows behind a jump, and deviations
DEAD = 0.6  # of the fall: what lost so much and never learnt again is no other data
FIVE, TWENTY = 5, 20  # rows behind a row and before it
CLEARER = 1.5  # times the highest rise elsewhere
FAR, OF_SHIFT = 1.2, 0.05  # spreads of the rises, above the highest by chance; of the fall


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
    jumps = [one for one in view.excursions if is_seam(one, view)]
    if jumps:
        return tuple(shifted(one.begin, one.base, one.first, one.end) for one in jumps[:MOST])
    place = shift_of(view)
    if place is None:
        return ()
    before, behind = np.median(view.losses[place - TEN : place]), np.median(view.losses[place : place + TEN])
    return (shifted(int(view.steps[place]), float(before), float(behind), None),)


def is_seam(one: Excursion, view: View) -> bool:
    """Whether an excursion began within a point, lasted, and neither a peak nor a resume is its reason."""
    if not one.jump or not _is_free(one.begin, view) or not has_fallen(view):
        return False
    place = view.row(one.begin)
    above = view.losses[place : place + TEN] - one.base
    if (above > CLEARLY * one.noise).sum() < SEVERAL or not _lasts(above) or _goes_on_up(place, view):
        return False
    if not _is_new(place, view, NEARLY_ALL if view.heard.chance(one) > RARE else SEVERAL):
        return False
    last = view.losses[place + TEN :][-TEN:]  # none of a run that ends right behind it
    return not (one.end is None and last.size and np.median(last) > one.base + DEAD * one.fall)


def _is_free(step: int, view: View) -> bool:
    """Whether nothing else happened there."""
    return not view.resumed_near(step) and not view.raised_near(step) and view.settled(step)


def _lasts(above: NDArray[np.float64]) -> bool:
    """Whether the rows behind the highest are nearly as high: behind a bad batch they are not."""
    return len(above) > SEVERAL and bool(np.median(above[2:7]) > NEARLY * above[:2].max())


def _is_new(place: int, view: View, least: int) -> bool:
    """Whether so many rows of the first behind a place are such as one in ten was before it."""
    usual = np.quantile(view.losses[max(0, place - BEFORE) : place], HIGH)
    return int((view.losses[place : place + FIRST] > usual).sum()) >= least


def _goes_on_up(place: int, view: View) -> bool:
    """Whether the loss was rising before, or rises further behind: a divergence, not a jump."""
    early, before = view.losses[max(0, place - 2 * TEN) : place - TEN], view.losses[max(0, place - TEN) : place]
    behind, later = view.losses[place : place + TEN], view.losses[place + TEN : place + 2 * TEN]
    if len(early) < TEN or len(later) < TEN // 2:
        return False
    jump = float(np.median(behind) - np.median(before))
    noise = view.noise_near(place)
    return bool(
        np.median(before) - np.median(early) > max(CREEP * jump, noise)
        or np.median(later) - np.median(behind) > max(CREEP * jump, noise)
    )


def shift_of(view: View) -> int | None:
    """The row from which the level is higher by far more than it ever moves elsewhere, from a row to the next."""
    losses = view.losses
    if len(losses) < 2 * TWENTY or not has_fallen(view):
        return None
    rises = _rises(losses)
    place = int(rises.argmax())
    row, rise = place + TWENTY, float(rises[place])
    if rise <= OF_SHIFT * view.fall or not _is_free(int(view.steps[row]), view) or not _stands_out(rises, place):
        return None
    if losses.min() > 0 and not _stands_out(_rises(np.log(losses)), place):  # a tail that is a product's
        return None
    if any(abs(view.row(one.begin) - row) <= TEN for one in view.excursions):
        return None
    row += int(np.argmax(np.diff(losses[row - 2 : row + 2]))) - 1
    return None if _goes_on_up(row, view) else row


def _rises(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the mean of five rows, the highest left out, above the median of the twenty before, for each row."""
    windows = np.lib.stride_tricks.sliding_window_view
    behind = windows(values, FIVE)[TWENTY:]
    means = (behind.sum(axis=1) - behind.max(axis=1)) / (FIVE - 1)
    result: NDArray[np.float64] = means - np.median(windows(values, TWENTY), axis=1)[: len(means)]
    return result


def _stands_out(rises: NDArray[np.float64], place: int) -> bool:
    """Whether one rise is far above all others, and above what chance does among so many."""
    far = FAR + (2 * np.log(len(rises) + TWENTY)) ** 0.5
    near = rises[max(0, place - BEFORE - TWENTY) : max(0, place - TWENTY)]
    apart = rises[np.abs(np.arange(len(rises)) - place) > TWENTY + FIVE]
    others = float(apart.max()) if len(apart) else 0.0
    return bool(rises[place] > max(far * _spread(rises), far * _spread(near), CLEARER * others))


def _spread(values: NDArray[np.float64]) -> float:
    return NORMAL_MEDIAN * float(np.median(np.abs(values - np.median(values)))) if len(values) else 0.0


def shifted(step: int, base: float, top: float, back: int | None) -> Finding:
    """A level that jumped at a step and stayed, as a finding; `back` is where it was down again."""
    end = "did not come back at once" if back is None else f"was back at step {back}"
    evidence = (
        f"the loss jumped from {base:.4g} to {top:.4g} at step {step}, within a row, and {end}; "
        "neither the learning rate nor the process changed there"
    )
    cause = "other data from there on: a new file, language or source, or labels that mean something else"
    fix = f"look at the batches from step {step} on; where the change is meant, warm up again over some hundred updates"
    return Finding("data seam", "suspect", step, evidence, cause, fix, back, 0.7, None, {"jump": top - base})
