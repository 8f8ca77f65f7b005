"""What was going on where an excursion began: what it can be laid to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Whether a process had just begun again, the learning rate had just jumped up, the warmup was long over.

    `norm` is whether the gradient norm rose with it, None where that is not known; `chance` how likely the tail of
    its loss, or that of the norm, reaches so far by itself; `rate` and `peak` the learning rate
    there and the highest one, where they are.
    """

    resumed: bool = False
    raised: bool = False
    settled: bool = True
    norm: bool | None = None
    chance: float = 0.0
    rate: float | None = None
    peak: float | None = None
