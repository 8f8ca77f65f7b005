"""What every check sees of a run, computed once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glidepath.diagnosis.circumstances import Circumstances
from glidepath.diagnosis.distant import windowed
from glidepath.diagnosis.excursion import NORMAL_MEDIAN, Excursion
from glidepath.diagnosis.hearing import LONG, Heard, hear
from glidepath.diagnosis.joining import interval
from glidepath.diagnosis.jumps import jump_of
from glidepath.diagnosis.norms import LOUD, LOUD_TIMES
from glidepath.diagnosis.rates import Rates, rates_of
from glidepath.diagnosis.sight import HORIZONS, number_of
from glidepath.runs.curve import Curve
from glidepath.runs.names import LOSS, NORM, RATE, SCALE, SKIPPED, VALIDATION
from glidepath.runs.run import Run
from glidepath.schedules.schedule import Schedule

FEWEST = 30  # finite losses: below, nothing is said but that one is not finite
WINDOWS = 100  # into which the loss is cut for what is slow
LARGEST = 1e100  # of a loss: more is as good as infinite, and its square is
ROWS = 3  # of which a median is taken at least
NEAR = 60  # rows before a place that tell how it was
SOON = 3  # rows behind an event in which its effect begins
BEGINNING = 0.02  # of the run: a log that begins later is that of a continuation
SETTLED = 0.1  # of the run behind its warmup


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A run as the checks see it: finite losses over steps, learning rates, what else was logged, and the excursions.

    `broken` are the steps of losses that are not finite. `horizon` is how many updates were planned, where the run or
    its plan says so. `noise` is the deviation of a single loss about its trend, `jump` the row from which its level is
    higher than before.
    """

    run: Run
    steps: NDArray[np.int64]
    losses: NDArray[np.float64]
    broken: NDArray[np.int64]
    rates: Rates | None
    norms: Curve | None
    scales: Curve | None
    skipped: Curve | None
    validation: Curve | None
    plan: Schedule | None
    horizon: int | None
    noise: float
    heard: Heard
    jump: int | None

    @property
    def excursions(self) -> tuple[Excursion, ...]:
        """Where the loss left its level, in the order in which it is heard."""
        return self.heard.excursions

    @property
    def first(self) -> int:
        """The first step of the loss."""
        return int(self.steps[0])

    @property
    def last(self) -> int:
        """The last step of the loss."""
        return int(self.steps[-1])

    @property
    def complete(self) -> bool:
        """Whether the run went as far as it was planned, as far as is known."""
        return self.horizon is None or self.last + 1 >= DONE * self.horizon

    @property
    def span(self) -> int:
        """Steps of the run, or of the plan where it is longer."""
        return max(self.last + 1 - self.first, (self.horizon or 0) - self.first, 1)

    @property
    def fall(self) -> float:
        """From the first losses to the lowest level."""
        return max(0.0, float(np.median(self.losses[:ROWS])) - float(self.windows()[1].min()))

    def windows(self, count: int = WINDOWS) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Steps and medians of so many parts of the loss, of equal numbers of rows (at least 3)."""
        count = max(1, min(count, len(self.losses) // ROWS))
        pieces = np.array_split(self.losses, count)
        where = np.array_split(self.steps, count)
        return np.array([one.mean() for one in where]), np.array([np.median(one) for one in pieces])

    def row(self, step: int) -> int:
        """The place of a step among the losses."""
        return int(np.searchsorted(self.steps, step))

    def noise_near(self, place: int) -> float:
        """The deviation of a row, by the rows before a place."""
        return noise_of(self.losses[max(0, place - NEAR) : place])

    def resumed_near(self, step: int) -> bool:
        """Whether a process began at most some rows before."""
        return any(0 <= self.row(step) - self.row(one) <= SOON for one in self.run.segments[1:])

    def raised_near(self, step: int) -> bool:
        """Whether the learning rate jumped up at most some rows before."""
        raised = self.rates.raised if self.rates is not None else ()
        return any(-1 <= self.row(step) - self.row(one) <= SOON for one in raised)

    def settled(self, step: int) -> bool:
        """Whether the warmup is long over."""
        warm = self.first if self.rates is None else max(self.first, self.rates.warm)
        return step > warm + SETTLED * self.span

    def circumstances(self, one: Excursion) -> Circumstances:
        """What was going on where an excursion began."""
        rates = self.rates
        return Circumstances(
            self.resumed_near(one.begin),
            self.raised_near(one.begin),
            self.settled(one.begin),
            self.norm_jumps(one),
            self.heard.chance(one),
            None if rates is None else float(rates.at(one.begin)),
            None if rates is None else rates.peak,
        )

    def norm_jumps(self, one: Excursion) -> bool | None:
        """Whether the gradient norm rose with an excursion; None where it was not logged there."""
        if self.norms is None:
            return None
        begin, end = np.searchsorted(self.norms.steps, [one.begin, one.top_step + 1])
        during, before = self.norms.values[begin : end + 1], self.norms.values[max(0, begin - NEAR) : begin]
        before = np.log(before[np.isfinite(before) & (before > 0)])
        if not len(during) or len(before) < ROWS:
            return None
        if not np.isfinite(during).all():
            return True
        if self.interval > 1:  # a loss may be a mean over rows that the norm is not of
            return self._loud(during, before) or None
        return self._loud(during, before)

    @property
    def interval(self) -> float:
        """Steps from row to row."""
        return interval(self.steps)

    @staticmethod
    def _loud(during: NDArray[np.float64], before: NDArray[np.float64]) -> bool:
        loud = float(np.log(max(during.max(), np.finfo(float).tiny))) - float(np.median(before))
        return bool(loud > max(LOUD * noise_of(before), np.log(LOUD_TIMES)))

    @property
    def from_the_start(self) -> bool:
        """Whether the log has the beginning of the training."""
        return self.first <= BEGINNING * self.span + self.interval

    def setting(self, name: str) -> float | None:
        """A number that the run recorded of itself."""
        value = self.run.settings.get(name)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    def between(self, begin: float, end: float) -> NDArray[np.float64]:
        """The losses of the steps from `begin` to before `end`."""
        return self.losses[np.searchsorted(self.steps, begin) : np.searchsorted(self.steps, end)]


DONE = 0.97  # of the planned updates: a run that logs each hundredth and drops the last is whole


def view(run: Run, plan: Schedule | None) -> View | None:
    """What there is to see of a run; None without a loss."""
    if LOSS not in run.curves:
        return None
    curve = run.curves[LOSS]
    finite = np.abs(curve.values) < LARGEST  # NaN is not
    steps, losses = curve.steps[finite], curve.values[finite]
    return View(
        run,
        steps,
        losses,
        curve.steps[~finite],
        rates_of(run.curves.get(RATE)),
        run.curves.get(NORM),
        run.curves.get(SCALE),
        run.curves.get(SKIPPED),
        _finite(run.curves.get(VALIDATION)),
        plan,
        _horizon(run, plan),
        noise_of(losses),
        hear(steps, losses, run.curves.get(NORM)),
        _jump(steps, losses),
    )


def _jump(steps: NDArray[np.int64], losses: NDArray[np.float64]) -> int | None:
    """The row of the jump of a level; of a long run the first of its window."""
    size, _, levels = windowed(steps, losses) if len(losses) > LONG else (1, steps, losses)
    place = jump_of(levels)
    return None if place is None else place * size


def noise_of(values: NDArray[np.float64]) -> float:
    """The deviation of a point about the line of its neighbours, by the median: trends and spikes do not count."""
    if len(values) < 3:
        return 0.0
    bends = np.diff(values, 2) / 6**0.5
    return NORMAL_MEDIAN * float(np.median(np.abs(bends)))


def _finite(curve: Curve | None) -> Curve | None:
    if curve is None:
        return None
    finite = np.abs(curve.values) < LARGEST
    return Curve(curve.name, curve.steps[finite], curve.values[finite])


def _horizon(run: Run, plan: Schedule | None) -> int | None:
    told = number_of(run.settings, HORIZONS) if plan is None else plan.horizon.steps
    return None if told is None else int(told)
