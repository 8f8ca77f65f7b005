"""What looks wrong in a schedule before it costs a run: findings, each with its evidence and what to write."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from glidepath.schedules.measure import LAST_BITS, Measures, measure
from glidepath.schedules.nested import Nested, Periodic
from glidepath.schedules.schedule import Schedule

LONG_WARMUP = 0.2  # of the horizon: beyond it the warmup is no longer a start but the run
NEARLY = 0.01  # of a decay's depth: a gap of less is the one step that the counting leaves to the horizon
BEHIND, LOOKED_AT = 3, 4_096  # horizons behind the end, and the steps that are looked at in them
BETA2 = 0.999  # Adam's default, Kingma and Ba 2014, arXiv 1412.6980


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that looks wrong: its short `name`, the `evidence` in numbers, and the `remedy`."""

    name: str
    evidence: str
    remedy: str


def concerns(
    schedule: Schedule,
    *,
    run_steps: int | None = None,
    beta2: float = BETA2,
    behind: Schedule | None = None,
    notes: Sequence[str] = (),
) -> tuple[Concern, ...]:
    """What looks wrong in a schedule, for a run of `run_steps` updates where that is known; empty where nothing does.

    `beta2` (0 to below 1) is the optimizer's: an untuned warmup takes 2/(1-beta2) steps (Ma and Yarats 2019,
    arXiv 1910.04209). `behind` is the schedule with what its library does behind the end, `notes` what was said when
    its configuration was read.

    >>> from glidepath import cosine
    >>> [concern.name for concern in concerns(cosine().over(1_000, peak=1.0))]
    ['no warmup']
    """
    seen = Seen(schedule, measure(schedule), run_steps or schedule.horizon.steps, beta2, behind or schedule)
    found = [concern for check in CHECKS for concern in check(seen)]
    names = {concern.name for concern in found}
    return (*found, *(noted for note in notes if (noted := _noted(note)).name not in names))


@dataclass(frozen=True, slots=True)
class Seen:
    """What every check looks at."""

    schedule: Schedule
    measures: Measures
    run_steps: int
    beta2: float
    behind: Schedule


def _no_warmup(seen: Seen) -> Iterator[Concern]:
    if seen.measures.warmup == 0 and seen.measures.first == seen.measures.peak:
        first = f"the first update uses the peak, {seen.measures.peak:.3g}"
        yield Concern("no warmup", first, 'begin with warmup("2%") unless the run goes on from a trained state')


def _long_warmup(seen: Seen) -> Iterator[Concern]:
    share = seen.measures.warmup / seen.schedule.horizon.steps
    if share > LONG_WARMUP:
        yield Concern("long warmup", f"{seen.measures.warmup} steps are {share:.0%} of the horizon", 'try warmup("5%")')


def _short_warmup(seen: Seen) -> Iterator[Concern]:
    untuned = 2 / (1 - seen.beta2)
    if 0 < seen.measures.warmup < untuned and untuned <= LONG_WARMUP * seen.schedule.horizon.steps:
        evidence = (
            f"{seen.measures.warmup} steps are fewer than 2/(1-beta2) = {untuned:.0f} with beta2 = {seen.beta2:g}"
        )
        yield Concern("short warmup", evidence, f"try warmup({untuned:.0f}), or say the optimizer's beta2")


def _first_is_zero(seen: Seen) -> Iterator[Concern]:
    if seen.measures.first == 0:
        yield Concern("first update at 0", "step 0 changes nothing", "leave start=0 out: it begins at 1/(n+1)")


def _peak_not_reached(seen: Seen) -> Iterator[Concern]:
    peak = seen.schedule.peak or 1.0
    if seen.measures.peak < peak * (1 - LAST_BITS):
        evidence = f"the largest value is {seen.measures.peak:.3g}, at step {seen.measures.peak_step}, not {peak:.3g}"
        yield Concern("peak never reached", evidence, "shorten the warmup or lengthen the horizon")


def _unlike_the_run(seen: Seen) -> Iterator[Concern]:
    horizon = seen.schedule.horizon.steps
    if seen.run_steps < horizon:
        at = seen.schedule(seen.run_steps - 1)
        evidence = f"the run ends at step {seen.run_steps} of {horizon}, at {at:.3g}, not at {seen.measures.last:.3g}"
        yield Concern("decay not finished", evidence, f"write .over({seen.run_steps})")
    if seen.run_steps > horizon:
        evidence = (
            f"the run has {seen.run_steps - horizon} updates behind the horizon, all at {seen.measures.after:.3g}"
        )
        yield Concern("run goes on behind the horizon", evidence, f"write .over({seen.run_steps})")


def _never_decays(seen: Seen) -> Iterator[Concern]:
    if seen.measures.decaying == 0:
        yield Concern(
            "no decay", f"the last update uses {seen.measures.last:.3g}", 'end with decay("20%", shape="1-sqrt")'
        )


def _floor_not_reached(seen: Seen) -> Iterator[Concern]:
    last, floor, peak = seen.measures.last, _floor(seen.schedule), seen.measures.peak
    share = (last - floor) / (peak - floor) if floor < last else 0.0
    if share > NEARLY * (1 + LAST_BITS) and seen.run_steps >= seen.schedule.horizon.steps:
        evidence = (
            f"the last update uses {last:.3g}, {share:.0%} of the way above {floor:.3g}, where the decay would end"
        )
        yield Concern("floor never reached", evidence, "lengthen the decay, write endpoint=True, or end with a cycle")


def _floor(schedule: Schedule) -> float:
    """Where the last decay leads to: behind the horizon, or at the end of a cycle that the horizon cuts."""
    piece = schedule.pieces[-1]
    if isinstance(piece, Periodic) and piece.length % piece.inner.length:
        return piece.inner.end
    if isinstance(piece, Nested) and piece.begins[-1] + piece.pieces[-1].length > piece.length:
        return piece.pieces[-1].end
    return schedule(schedule.horizon.steps)


def _behind_the_end(seen: Seen) -> Iterator[Concern]:
    end, last = seen.schedule.horizon.steps, seen.measures.last
    steps = np.unique(np.linspace(end, end * (1 + BEHIND), LOOKED_AT).astype(np.int64))
    values = seen.behind(steps)
    for name, at, found in (
        (RISES, int(np.argmax(values)), values.max() > last + LAST_BITS * seen.measures.peak),
        (BELOW, int(np.argmin(values)), min(values.min(), seen.measures.lowest) < 0),
    ):
        if found:
            evidence = f"from {last:.3g} at the last update to {values[at]:.3g} at step {steps[at]}"
            yield Concern(name, evidence, NOTED[name][1])


RISES, BELOW = "rises after the end", "goes below 0"
# what a note is about: (words of it, the remedy)
NOTED = {
    RISES: (("climb", "rises"), "let the run end with the schedule"),
    BELOW: (("below 0",), "let the run end with the schedule"),
    "peak never reached": (("peak may never",), "shorten the warmup or lengthen the horizon"),
    "never used": (("never used",), "leave it out, or choose the style that uses it"),
    "read otherwise": (("",), "mind it where the numbers are compared"),
}


def _noted(note: str) -> Concern:
    """What was said when a configuration was read, as a concern."""
    name = next(name for name, (words, _) in NOTED.items() if any(word in note for word in words))
    return Concern(name, note, NOTED[name][1])


CHECKS: tuple[Callable[[Seen], Iterator[Concern]], ...] = (
    _first_is_zero,
    _peak_not_reached,
    _unlike_the_run,
    _no_warmup,
    _long_warmup,
    _short_warmup,
    _never_decays,
    _floor_not_reached,
    _behind_the_end,
)
