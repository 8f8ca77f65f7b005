"""What looks wrong in a schedule before it costs a run: findings, each with its evidence and what to write."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from glidepath.schedules.measure import LAST_BITS, Measures, measure
from glidepath.schedules.parts import Warmup
from glidepath.schedules.schedule import Schedule

LONG_WARMUP = 0.2  # of the horizon: beyond it the warmup is no longer a start but the run
BETA2 = 0.999  # Adam's default, Kingma and Ba 2014, arXiv 1412.6980


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that looks wrong: its short `name`, the `evidence` in numbers, and the `remedy`."""

    name: str
    evidence: str
    remedy: str


def concerns(schedule: Schedule, *, run_steps: int | None = None, beta2: float = BETA2) -> tuple[Concern, ...]:
    """What looks wrong in a schedule, for a run of `run_steps` updates where that is known; empty where nothing does.

    `beta2` (0 to below 1) is the optimizer's: an untuned warmup takes 2/(1-beta2) steps (Ma and Yarats 2019,
    arXiv 1910.04209).

    >>> from glidepath import cosine
    >>> [concern.name for concern in concerns(cosine().over(1_000, peak=1.0))]
    ['no warmup']
    """
    seen = Seen(schedule, measure(schedule), run_steps or schedule.horizon.steps, beta2)
    return tuple(concern for check in CHECKS for concern in check(seen))


@dataclass(frozen=True, slots=True)
class Seen:
    """What every check looks at."""

    schedule: Schedule
    measures: Measures
    run_steps: int
    beta2: float

    @property
    def warmup(self) -> int:
        """The steps of the warmup that the schedule begins with, 0 for none."""
        first = self.schedule.recipe.parts[0]
        return self.schedule.pieces[0].length if isinstance(first, Warmup) else 0


def _no_warmup(seen: Seen) -> Iterator[Concern]:
    if seen.warmup == 0 and seen.measures.first == seen.measures.peak:
        first = f"the first update uses the peak, {seen.measures.peak:.3g}"
        yield Concern("no warmup", first, 'begin with warmup("2%") unless the run goes on from a trained state')


def _long_warmup(seen: Seen) -> Iterator[Concern]:
    share = seen.warmup / seen.schedule.horizon.steps
    if share > LONG_WARMUP:
        yield Concern("long warmup", f"{seen.warmup} steps are {share:.0%} of the horizon", 'try warmup("5%")')


def _short_warmup(seen: Seen) -> Iterator[Concern]:
    untuned = 2 / (1 - seen.beta2)
    if 0 < seen.warmup < untuned and untuned <= LONG_WARMUP * seen.schedule.horizon.steps:
        evidence = f"{seen.warmup} steps are fewer than 2/(1-beta2) = {untuned:.0f} with beta2 = {seen.beta2:g}"
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


CHECKS: tuple[Callable[[Seen], Iterator[Concern]], ...] = (
    _first_is_zero,
    _peak_not_reached,
    _unlike_the_run,
    _no_warmup,
    _long_warmup,
    _short_warmup,
    _never_decays,
)
