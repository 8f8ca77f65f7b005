"""How far a loss had come at what share of its learning rates: early in a run that is set well."""

from dataclasses import dataclass

import numpy as np

from glidepath.diagnosis.view import View

MOST, LEAST = 50, 12  # windows
SEEN = 4.0  # deviations of a window in the whole fall: fewer windows of more rows where there would be less
SHARES = (0.25, 0.5, 0.8, 0.9)  # of the whole fall
END = 3  # windows at the end whose median is where it came to
SUDDEN = 0.27  # of the summed learning rate, from a quarter to nine tenths of the fall
OVER = 0.42  # of it: nine tenths reached by then leave more than half of the training for the last one
CLEAR = 3.0  # standard errors of a window: a fall that is one


@dataclass(frozen=True, slots=True)
class Progress:
    """The fall from `start` to `end`; `reached` are the shares of the summed learning rate behind a quarter, half,
    four fifths and nine tenths of it; `half_step` is the step of the half, and at `above`, `above_step`, it was last
    above the half.
    """

    start: float
    end: float
    reached: tuple[float, float, float, float]
    half_step: int
    above: float
    above_step: int

    @property
    def is_sudden(self) -> bool:
        """Whether the fall came all at once, whenever it came: what a learning rate does not do."""
        return self.reached[3] - self.reached[0] < SUDDEN

    @property
    def is_over(self) -> bool:
        """Whether most of the fall was over long before the end."""
        return self.reached[3] < OVER


def progress_of(view: View) -> Progress | None:
    """None where there are no learning rates, no beginning, or no clear fall."""
    rates = view.rates
    if rates is None or not view.from_the_start or rates.raised:
        return None
    start = _start(view)
    where, level = view.windows(_count(view, start))
    end, error = float(np.median(level[-END:])), view.noise * (len(level) / len(view.losses) / END) ** 0.5
    if start - end <= CLEAR * error or len(level) < 2 * END:
        return None
    summed = np.concatenate([[0.0], np.cumsum(np.maximum(rates.values[:-1], 0) * np.diff(rates.steps))])
    clock = np.interp(where, rates.steps, summed) / max(float(summed[-1]), 1e-300)
    lowest = np.concatenate([[start], np.minimum.accumulate(np.minimum(level, start))])
    time, steps = np.concatenate([[0.0], clock]), np.concatenate([[view.first], where])
    fallen = (start - lowest) / (start - end)
    reached = [float(np.interp(share, fallen, time)) for share in SHARES]
    above = int(np.flatnonzero(np.append(start, level) > (start + end) / 2)[-1])
    return Progress(
        start,
        end,
        (reached[0], reached[1], reached[2], reached[3]),
        int(np.interp(SHARES[1], fallen, steps)),
        float(time[above]),
        int(steps[above]),
    )


def _count(view: View, start: float) -> int:
    """So many windows that the noise of one hides no part of the fall."""
    fall, rows = start - float(np.median(view.losses[-max(END, len(view.losses) // LEAST) :])), len(view.losses)
    seen = rows * (fall / max(SEEN * view.noise, np.finfo(float).tiny)) ** 2
    return int(min(MOST, max(LEAST, seen)))


def _start(view: View) -> float:
    """The first loss, without what a single row may be off."""
    return max(float(np.median(view.losses[:END])), float(view.losses[0]) - CLEAR * view.noise)
