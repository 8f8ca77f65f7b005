"""The excursions of a run that is over: what a watch hears of it, and how far out they are."""

from dataclasses import dataclass
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from glidepath.diagnosis.distant import Distant, spikes_among, windowed
from glidepath.diagnosis.excursion import Excursion, Excursions
from glidepath.diagnosis.norms import Witness
from glidepath.diagnosis.tails import Tail
from glidepath.runs.curve import Curve

LONG = 200_000  # rows: so many are heard one by one within two seconds
SOON = 3  # steps in which a norm belongs to a loss


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """The excursions of a loss, the tail of its noise, that of the gradient norm, and how far out loud norms were."""

    excursions: tuple[Excursion, ...]
    tail: Tail
    norms: Tail
    loud: dict[int, float]

    def chance(self, one: Excursion) -> float:
        """How likely the tail of the loss reaches so far by itself, or that of the norms, where it was loud.

        A norm that is no number says nothing: half precision has one now and then.
        """
        near = range(one.begin, min(one.top_step, one.begin + SOON) + 1)
        loud = [self.loud[step] for step in near if isfinite(self.loud.get(step, inf))]
        alone = self.tail.chance(one.distance) if one.distance else 0.0
        return min([alone, *map(self.norms.chance, loud)])


def hear(steps: NDArray[np.int64], losses: NDArray[np.float64], norms: Curve | None) -> Heard:
    """The excursions of a loss: of each row, or of a run longer than 200,000 rows of windows and of rows far out."""
    if len(losses) > LONG:
        return _from_afar(steps, losses, norms)
    ears, witness = Excursions(), Witness()
    loud: dict[int, float] = {}
    if norms is not None:
        for step, norm in zip(norms.steps.tolist(), norms.values.tolist(), strict=True):
            if witness.jumps(step, norm):
                loud[step] = witness.distance
    for step, loss in zip(steps.tolist(), losses.tolist(), strict=True):
        ears.tell(step, loss, both=step in loud)
    return Heard(tuple(ears.found), ears.tail, witness.tail, loud)


def _from_afar(steps: NDArray[np.int64], losses: NDArray[np.float64], norms: Curve | None) -> Heard:
    """What leaves its level for long, by medians of windows, and what is far above it, by rows."""
    rows, ears = Distant(steps, losses), Excursions()
    loud: dict[int, float] = {}
    norm_tail = Tail()
    if norms is not None:
        positive = np.isfinite(norms.values) & (norms.values > 0)
        logs = Distant(norms.steps[positive], np.log(norms.values[positive]))
        loud, norm_tail = logs.loud(), logs.tail()
    size, firsts, medians = windowed(steps, losses)
    for step, median in zip(firsts.tolist(), medians.tolist(), strict=True):
        ears.tell(step, median)
    for one in ears.found:
        one.rows *= size
    found = sorted([*ears.found, *spikes_among(rows, loud, ears.found)], key=lambda one: one.begin)
    return Heard(tuple(found), rows.tail(), norm_tail, loud)
