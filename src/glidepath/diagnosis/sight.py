"""What the checks of a learning rate look at: its points, its plan, and what was recovered of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from glidepath.diagnosis.causes import CAUSES, framework
from glidepath.diagnosis.finding import Finding, Severity
from glidepath.diagnosis.joining import Span, interval
from glidepath.diagnosis.precision import Numbers, printed
from glidepath.diagnosis.recovery import Recovered
from glidepath.runs.run import Run
from glidepath.schedules.schedule import Schedule

HORIZONS = (
    "horizon",
    "max_steps",
    "max_train_steps",
    "total_steps",
    "total_training_steps",
    "num_training_steps",
    "training_steps",
    "train_steps",
    "train_iters",
    "train-iters",
    "max_iters",
    "max_iter",
    "num_iterations",
    "iterations",
    "max_update",
    "steps",
)
PEAKS = ("peak", "peak_lr", "max_lr", "learning_rate", "lr")
PROCESSES = ("processes", "num_processes", "world_size", "accumulation", "gradient_accumulation_steps")
EPOCHS = ("steps_per_epoch",)
AGREES = 2e-5  # of the peak: ten roundings of float32, and a formula of another order
ALOUD = 1.3  # times what the print leaves open: half a unit, and the last bit of the other side
LONGEST_NUMBER = 32  # characters of a number that is a text
MOST_STEPS = 2**53  # that a float counts


@dataclass(frozen=True, slots=True)
class Sight:
    """The learning rates of a run at steps, and the limit within which a value is the same."""

    run: Run
    steps: Numbers
    values: Numbers
    plan: Schedule | None
    recovered: Recovered | None

    @property
    def peak(self) -> float:
        """The largest value."""
        return float(self.values.max())

    @property
    def limit(self) -> Numbers:
        """How far off a value may be and be the same."""
        top = self.peak if self.plan is None or self.plan.peak is None else max(self.peak, self.plan.peak)
        return np.maximum(ALOUD * printed(self.values), AGREES * top)

    @property
    def last(self) -> int:
        """The last step that was logged."""
        return int(self.steps[-1])

    @property
    def done(self) -> int:
        """The updates done, by whichever curve goes on furthest."""
        return max([self.last, *(int(one.steps[-1]) for one in self.run.curves.values() if len(one))]) + 1

    @property
    def every(self) -> float:
        """The steps between two rows, usually."""
        return interval(self.steps)

    @property
    def spans(self) -> tuple[Span, ...]:
        """The bends that were recovered."""
        return () if self.recovered is None else self.recovered.spans

    @property
    def horizon(self) -> int | None:
        """The steps that were asked for, by the plan or by the settings."""
        if self.plan is not None:
            return self.plan.horizon.steps
        found = number_of(self.run.settings, HORIZONS)
        return None if found is None else int(found)

    @property
    def ticks(self) -> frozenset[int]:
        """The processes, and the micro-batches of an update, that the settings tell of: 2 and more."""
        told = (number_of(self.run.settings, (name,)) for name in PROCESSES)
        return frozenset(int(one) for one in told if one is not None and one >= 2)

    @property
    def seams(self) -> tuple[int, ...]:
        """The steps at which the run was started again, within what was logged."""
        return tuple(one for one in self.run.segments if self.steps[0] < one <= self.last)

    def found(
        self, kind: str, severity: Severity, begin: float, evidence: str, *, sure: float = 0.95, **numbers: float
    ) -> Finding:
        """A finding with the cause, the fix and the threads that its kind has."""
        known = CAUSES[kind]
        cause = known.of.get(framework(self.run.origin), known.cause)
        fix = known.fix.format_map({"steps": self.last + 1, "times": 1.0, **numbers})
        return Finding(
            kind, severity, int(begin), evidence, cause, fix, sure=sure, numbers=dict(numbers), threads=known.threads
        )


def number_of(settings: Mapping[str, object], names: tuple[str, ...]) -> float | None:
    """The first of these settings that is a finite number above 0, or the text of one, as MLflow keeps it."""
    for name in names:
        value = settings.get(name)
        if isinstance(value, str) and len(value) <= LONGEST_NUMBER:
            try:
                value = float(value)
            except ValueError:
                continue
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < MOST_STEPS:
            return float(value)
    return None
