"""How far a loss had come at what share of its learning rates: early in a run that is set well."""

from dataclasses import dataclass

import numpy as np

from glidepath.diagnosis.view import View, noise_of

WINDOWS = 50
SHARES = (0.25, 0.5, 0.8, 0.9)  # of the whole fall
END = 3  # windows at the end whose median is where it came to
SUDDEN = 0.27  # of the summed learning rate, from a quarter to nine tenths of the fall
OVER = 0.42  # of it: nine tenths reached by then leave more than half of the training for the last one
CLEAR = 3.0  # standard errors of a window: a fall that is one


@dataclass(frozen=True, slots=True)
class Progress:
    """The fall from `start` to `end`; `reached` are the shares of the summed learning rate behind a quarter, half,
    four fifths and nine tenths of it; `half_step` is the step of the half."""

    start: float
    end: float
    reached: tuple[float, float, float, float]
    half_step: int

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
    where, level = view.windows(WINDOWS)
    start, end = float(view.losses[0]), float(np.median(level[-END:]))
    if (
        start <= end
        or start - end < CLEAR * noise_of(view.losses) * (WINDOWS / len(view.losses)) ** 0.5
        or len(level) < 2 * END
    ):
        return None
    summed = np.concatenate([[0.0], np.cumsum(np.maximum(rates.values[:-1], 0) * np.diff(rates.steps))])
    clock = np.interp(where, rates.steps, summed) / max(float(summed[-1]), 1e-300)
    lowest = np.concatenate([[start], np.minimum.accumulate(np.minimum(level, start))])
    time, steps = np.concatenate([[0.0], clock]), np.concatenate([[view.first], where])
    fallen = (start - lowest) / (start - end)
    reached = [float(np.interp(share, fallen, time)) for share in SHARES]
    return Progress(
        start, end, (reached[0], reached[1], reached[2], reached[3]), int(np.interp(SHARES[1], fallen, steps))
    )
