"""The tail of a noise: how likely it is that a point so far out is only the next of those that there were."""

from bisect import insort
from dataclasses import dataclass, field
from math import log

KEPT = 32  # the farthest points: eight that stand apart, and the tail behind them
APART = 8  # points that may stand apart together: more of them are the tail itself
SHARE = 15  # one of so many points is the tail, by the rule of thumb of a few percent
LEAST, MOST = 5, 20  # points of a tail that its weight is taken from
CORE = 1.0  # deviations: what is nearer is no tail
GAUSSIAN = 0.5  # the weight of a normal tail: none is taken to be lighter
DOUBT = 2.0  # standard errors that a weight may be heavier by than it looks
FEWEST = 20  # points


@dataclass(slots=True)
class Tail:
    """The farthest of `count` points above a level, each in the deviations of its time.

    A tail of weight w falls off as exp(-x^(1/w)): 0.5 is normal, 1 exponential, and what is heavier has more. It is
    estimated from the logarithms of the farthest over those of log(count / rank), as Hill's estimate is (Girard 2004).
    """

    farthest: list[float] = field(default_factory=list)
    least: float = 0.0
    count: int = 0

    def hear(self, distance: float) -> None:
        """One more point that is farther out than the least of those kept."""
        insort(self.farthest, distance)
        if len(self.farthest) > KEPT:
            del self.farthest[0]
            self.least = self.farthest[0]

    def chance(self, distance: float) -> float:
        """How likely the tail of the nearer points reaches so far, once in as many points as there are."""
        if self.count < FEWEST:
            return 1.0
        known = self.farthest if distance in self.farthest else [*self.farthest, distance]
        high = sorted((max(one, CORE) for one in known), reverse=True)
        rank = sum(one >= distance for one in high)
        return min([1.0, *(_reaches(high, apart, self.count) for apart in range(rank, min(APART, len(high)) + 1))])


def _reaches(high: list[float], apart: int, count: int) -> float:
    """How likely the tail of the others comes to the nearest of those that stand apart."""
    kept = max(LEAST, min(MOST, count // SHARE))
    rest = high[apart : apart + kept + 1]
    rest += [CORE] * (kept + 1 - len(rest))
    steps = [log(log(count / rank)) - log(log(count / (kept + 1))) for rank in range(1, kept + 1)]
    weight = sum(log(one / rest[-1]) for one in rest[:-1]) / sum(steps)
    farther = (high[apart - 1] / rest[0]) ** (1 / max(GAUSSIAN, weight * (1 + DOUBT * kept**-0.5)))
    result: float = count ** max(1 - farther, -LOWEST)
    return result


LOWEST = 30.0  # powers of the count: less likely is not worth a number
