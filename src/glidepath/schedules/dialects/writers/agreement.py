"""Agreement: whether a configuration, read back, is the schedule that it was written for, at every step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glidepath.schedules.dialects import desk
from glidepath.schedules.dialects.question import Reading
from glidepath.schedules.dialects.writers.facts import Facts

Values = tuple[NDArray[np.int64], NDArray[np.float64]]  # steps, and what the schedule is there
LAST_BITS = 1e-12  # of the peak
FLOAT32 = 1e-6  # of the peak: what a library's own single precision may cost
EVERY = 100_000  # steps up to which all are looked at; of more, both sides of each boundary and an even choice
CHOICE = 10_000
FEW = 100  # steps that a candidate is tried at before all of them, beside those at the first boundaries
AROUND = 3  # steps on either side of a boundary


@dataclass(frozen=True, slots=True)
class Gap:
    """Where a configuration is another schedule: the largest gap, and the first step with what both are there.

    Gaps are shares of the peak; `start` is its value at step 0, `note` what only our reading mends of it.
    """

    largest: float
    step: int
    size: float
    ours: float
    theirs: float
    start: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """The schedule that configurations are held against, at a few steps and at all that are looked at."""

    facts: Facts
    few: Values = field(init=False)
    all: Values = field(init=False)

    def __post_init__(self) -> None:
        """Ask the schedule once."""
        end = self.facts.steps
        edges = np.unique([0, end, *(edge for leg in self.facts.legs for edge in (leg.first, leg.stop))])
        around = (edges[:, None] + np.arange(-AROUND, AROUND + 1)).ravel()
        even = np.linspace(0, end, CHOICE).round().astype(np.int64)
        every = np.arange(end + 1) if end <= EVERY else np.union1d(around, even)
        object.__setattr__(self, "few", self._asked(np.union1d(around[:FEW], even[:: CHOICE // FEW])))
        object.__setattr__(self, "all", self._asked(every))

    def _asked(self, steps: NDArray[np.int64]) -> Values:
        within = steps[(steps >= 0) & (steps <= self.facts.steps)]
        return within, self.facts.schedule(within)

    def gap(self, library: str, name: str, config: Mapping[str, Any], *, fully: bool = False) -> Gap | None:
        """Where it is another schedule, as we read it or as the library does it; `fully`, at the very first step.

        The library may differ from our reading behind the last update, and by its single precision. Raises SpecError
        where it has no such configuration.
        """
        kinds = [self.all] if fully else [self.few, self.all]
        mended = self._read(library, name, config, faithful=False)
        found = self._apart(mended, kinds, LAST_BITS)
        if found and found.step < self.facts.steps and not mended.notes:  # nothing is mended
            return found
        faithful = self._read(library, name, config, faithful=True)
        if found:
            return found if self._apart(faithful, kinds, LAST_BITS) else None
        return self._apart(faithful, [(kind[0][:-1], kind[1][:-1]) for kind in kinds], FLOAT32, mended.notes)

    def _read(self, library: str, name: str, config: Mapping[str, Any], *, faithful: bool) -> Reading:
        horizon = self.facts.schedule.horizon
        return desk.read(library, name, config, base_lr=self.facts.peak, horizon=horizon, faithful=faithful)

    def _apart(self, reading: Reading, kinds: list[Values], least: float, notes: tuple[str, ...] = ()) -> Gap | None:
        for steps, ours in kinds:
            theirs = reading.schedule(steps)
            gaps = np.abs(theirs - ours) / self.facts.peak
            if (gaps > least).any():
                at = int(np.argmax(gaps > least))
                size, here, there = (float(values[at]) for values in (gaps, ours, theirs))
                note = notes[0] if notes else ""
                return Gap(float(gaps.max()), int(steps[at]), size, here, there, float(theirs[0]), note)
        return None
