"""What a resume did to a learning rate: a jump, another curve, or none that moves."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from glidepath.diagnosis.bends import Bend
from glidepath.diagnosis.finding import Finding
from glidepath.diagnosis.sight import Sight
from glidepath.diagnosis.stretches import Drawn
from glidepath.diagnosis.ticking import Curve, agrees, horizon_of
from glidepath.schedules.schedule import Recipe, Schedule

LEAST_JUMP = 0.1  # of the value: a seam that raises it by less costs nothing that was ever measured
OF_THE_PEAK = 0.02  # and of the peak: a smaller jump lies at the end of a decay
FEWEST = 3  # rows on a side of a seam that say how it goes on
WOULD_MOVE = 0.05  # of the peak, which a frozen curve would have gone since
HUGE = 1e9  # what stands for a ratio to 0
EVEN = 0.01  # of a ratio: what is the same at every step of a rest that may be a little uneven
OWN_BEGIN = ("cosine", "half-cosine", "tanh", "k-cosine", "cosine-power")  # shapes that tell where they began


def against_plan(sight: Sight, curves: list[Curve]) -> Finding | None:
    """A run that followed its plan up to some step, and no longer."""
    for curve in curves:
        off = np.abs(curve(sight.steps) - sight.values) > sight.limit
        first = int(np.argmax(off))
        if not off.any() or first < FEWEST:
            continue
        before, step = sight.steps[first - 1], sight.steps[first]
        seam = next((one for one in sight.seams if before < one <= step), None)
        begin, marked = (int(step), False) if seam is None else (seam, True)
        planned = curve(sight.steps[first:])
        if _stands(sight, first) and np.ptp(planned) > sight.limit[first:].max():
            return frozen(sight, begin, float(sight.values[first]), marked, float(planned[-1]))
        return parted(sight, curve, begin, first, marked=marked)
    return None


def onto_plan(sight: Sight, recipes: list[Recipe], plan: Schedule) -> Finding | None:
    """A run that followed its recipe over other steps up to a seam, and the plan from there on."""
    for recipe in recipes:
        curve = recipe.over(plan.horizon, peak=plan.peak)
        off = np.flatnonzero(np.abs(curve(sight.steps) - sight.values) > sight.limit)
        first = int(off[-1]) + 1 if off.size else 0
        if not FEWEST <= first <= sight.steps.size - FEWEST:
            continue
        before = replace(sight, steps=sight.steps[:first], values=sight.values[:first])
        steps, begin = horizon_of(before, recipe, plan), int(sight.steps[first])
        if steps is not None:
            evidence = (
                f"up to update {before.last} the learning rate is that of {steps} steps, from update {begin} on the "
                f"plan's of {plan.horizon.steps}: {sight.values[first]:.4g} behind {sight.values[first - 1]:.4g}"
            )
            return sight.found("seam", "wrong", begin, evidence, horizon=steps, found=float(sight.values[first]))
    return None


def _stands(sight: Sight, first: int) -> bool:
    """Whether nothing moves from a row on."""
    rest = sight.values[first:]
    return rest.size >= FEWEST and bool((np.abs(rest - rest[0]) <= sight.limit[first:]).all())


def frozen(sight: Sight, begin: int, value: float, marked: bool, planned: float | None = None) -> Finding:
    """What is said of a learning rate that has stopped to move."""
    there = f"the resume at {begin}" if marked else f"update {begin}"
    would = "" if planned is None else f", where the plan ends at {planned:.3g}"
    evidence = f"the learning rate stands at {value:.4g} since {there}, up to update {sight.last}{would}"
    return sight.found("frozen rate", "wrong", begin, evidence, value=value)


def parted(sight: Sight, curve: Curve, begin: int, first: int, *, marked: bool) -> Finding:
    """What is said of a curve that leaves the plan at a step."""
    got, asked = float(sight.values[first]), float(curve(sight.steps[first : first + 1])[0])
    seen, planned = sight.values[first:], curve(sight.steps[first:])
    ratios = seen[planned > 0] / planned[planned > 0]
    even = ratios.size > 1 and np.ptp(ratios) <= EVEN * float(ratios.mean())
    anew = agrees(sight, lambda steps: curve(steps - begin), since=sight.steps[first])
    what = "begins anew" if anew else f"goes on at {ratios.mean():.4g} times the plan" if even else "leaves the plan"
    kind = "seam" if marked or anew or even or abs(got - asked) > LEAST_JUMP * asked else "other schedule"
    there = f"the resume at {begin}" if marked else f"update {begin}"
    evidence = f"from {there} on the learning rate {what}: {got:.4g} where {asked:.4g} was planned"
    ratio = got / asked if asked > 0 else np.inf
    return sight.found(kind, "wrong", begin, evidence, ratio=float(min(ratio, HUGE)), planned=asked, found=got)


def without_plan(sight: Sight) -> Iterator[Finding]:
    """Jumps at the resumes, and learning rates that have not moved since."""
    for seam in sight.seams:
        first = int(np.searchsorted(sight.steps, seam))
        if first < FEWEST or sight.steps.size - first < 1:
            continue
        yield from _at_seam(sight, seam, first)


def _at_seam(sight: Sight, seam: int, first: int) -> Iterator[Finding]:
    at, seen = sight.steps, sight.values
    slope, got = _slope(sight, first), float(seen[first])
    if _jumps(sight, first):
        yield _jump(sight, seam, seam, first)
    elif _jumps_behind(sight, seam, first):
        yield _jump(sight, seam, seam + 1, first + 1)
    elif _stands(sight, first):
        moved = abs(slope) * float(at[-1] - at[first])
        if moved > WOULD_MOVE * sight.peak and min(got, sight.peak - got) > OF_THE_PEAK * sight.peak:
            yield frozen(sight, seam, got, marked=True)


def _slope(sight: Sight, row: int) -> float:
    """How the two rows before one lead to it, a step."""
    at, seen = sight.steps, sight.values
    return float((seen[row - 1] - seen[row - 2]) / (at[row - 1] - at[row - 2]))


def _jumps(sight: Sight, row: int) -> bool:
    """Whether a row lies far from the one before it, and from where those before lead."""
    at, before, got = sight.steps, float(sight.values[row - 1]), float(sight.values[row])
    expected = max(0.0, before + _slope(sight, row) * float(at[row] - at[row - 1]))
    low, high = min(before, expected), max(before, expected)
    raised = got > high * (1 + LEAST_JUMP) and got - high > OF_THE_PEAK * sight.peak
    lowered = got < low / (1 + LEAST_JUMP) and low - got > OF_THE_PEAK * sight.peak
    return raised or lowered


def _jumps_behind(sight: Sight, seam: int, first: int) -> bool:
    """Whether the update behind a seam jumps: the first one had the stored rate; a fall from a top is planned."""
    row, seen = first + 1, sight.values
    if row >= seen.size or (sight.steps[first], sight.steps[row]) != (seam, seam + 1):
        return False
    falling = seen[first - 1] - seen[first] > sight.limit[first]
    return _jumps(sight, row) and bool(falling or seen[row] > seen[first])


def _jump(sight: Sight, seam: int, begin: int, row: int) -> Finding:
    before, got = (float(one) for one in sight.values[[row - 1, row]])
    ratio = got / before if before > 0 else HUGE
    times = "from 0" if ratio == HUGE else f"to {ratio:.3g} times that"
    where = f"at the resume at {seam}" if begin == seam else f"at update {begin}, behind the resume at {seam},"
    evidence = f"{where} the learning rate goes from {before:.4g} to {got:.4g}, {times}"
    return sight.found("seam", "wrong", begin, evidence, ratio=min(ratio, HUGE), before=before, found=got)


def unmarked(sight: Sight) -> Iterator[Finding]:
    """A jump up into the middle of a decay: the curve of another horizon, from where a process began again."""
    told = [one.begin for one in without_plan(sight)]
    for one, other in pairwise(sight.spans):
        began, begin = _began(other.bend), other.begin
        marked = any(abs(seam - begin) <= 2 * sight.every for seam in told)
        rose = isinstance(one.bend, Bend) and one.bend.rises
        before, got = (float(part.bend(np.array([begin]))[0]) for part in (one, other))
        jumps = got > before * (1 + LEAST_JUMP) + OF_THE_PEAK * sight.peak
        if began is not None and began < begin - 2 * sight.every and jumps and not rose and not marked:
            evidence = (
                f"about update {begin} the learning rate goes from {before:.4g} to {got:.4g}, onto a decay that "
                f"began at update {began:.0f}"
            )
            yield sight.found("seam", "suspect", begin, evidence, sure=0.8, before=before, found=got)


def _began(bend: Bend | Drawn) -> float | None:
    """Where a decay began, of a shape that tells it."""
    return bend.begin if isinstance(bend, Bend) and bend.shape in OWN_BEGIN and bend.falls else None
