"""Facts: what a schedule amounts to in the words that libraries share: warmup, hold, decay, levels, cycles."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import isclose
from typing import Any

from glidepath.schedules.dialects.writers.legs import LAST_BITS, MOST, STAIRS, Leg, flat, legs_of
from glidepath.schedules.schedule import Schedule

# What a writer gives: a name of the library, and its configuration.
Config = dict[str, Any]
Candidate = tuple[str, Config]
Candidates = Iterator[Candidate]
HALF = 0.5  # of a wave: the way down
LONGEST = 100  # schedules within one that joins them: more than anybody writes
# Where a library multiplies and cannot start at 0, so small a share of the peak is 0 for every purpose.
NOTHING = 1e-13


@dataclass(frozen=True, slots=True)
class Facts:
    """A schedule as its legs, read as: perhaps idle, up, flat for some steps, down, and the `rest`.

    Where one of them is not there it takes no steps.
    """

    schedule: Schedule
    legs: tuple[Leg, ...]
    up: Leg
    flat: int
    down: Leg
    rest: tuple[Leg, ...]

    @property
    def steps(self) -> int:
        """The horizon."""
        return self.schedule.horizon.steps

    @property
    def peak(self) -> float:
        """The optimizer's rate, which is 1 for a multiplier."""
        return self.schedule.peak or 1.0

    @property
    def warm(self) -> int:
        """The steps of the warmup, with what is idle before it."""
        return self.up.stop

    @property
    def first(self) -> float:
        """Where the warmup begins."""
        return self.up.start

    @property
    def top(self) -> float:
        """The value behind the warmup."""
        return self.down.start if not self.flat and not self.up.stop else self.up.to

    @property
    def low(self) -> float:
        """What the decay leads to."""
        return self.down.to if self.down.begin <= self.down.end else self.down.start

    @property
    def begin(self) -> int:
        """Where the decay begins."""
        return round(min(self.down.begin, self.down.end))

    @property
    def end(self) -> int:
        """Where the decay ends; the horizon where there is none."""
        return max(1, round(max(self.down.begin, self.down.end)) if self.falls else self.steps)

    @property
    def falls(self) -> bool:
        """Whether there is a decay."""
        return self.down.stop > self.down.first

    @property
    def constant(self) -> bool:
        """Whether nothing comes behind the warmup."""
        return not self.falls

    @property
    def waves(self) -> tuple[int, float]:
        """(where the last leg ends that moves, how many times the first one's way there and back fits before it)."""
        end = max((leg.stop for leg in self.behind if not leg.level), default=self.end)
        first = self.behind[0]
        return end, HALF if first.level else HALF * (end - self.warm) / (first.end - first.begin)

    @property
    def single(self) -> bool:
        """Whether there is one leg, or one and what it ends with."""
        return len(self.legs) == 1 or (len(self.legs) == 2 and self.legs[1].level)

    @property
    def stairs(self) -> bool:
        """Whether it stands still but for jumps."""
        return all(leg.level or leg.shape == STAIRS for leg in self.legs)

    @property
    def few(self) -> bool:
        """Whether there are few enough legs for a schedule of each, joined."""
        return len(self.legs) <= LONGEST

    @property
    def behind(self) -> tuple[Leg, ...]:
        """The legs behind the warmup."""
        skipped = sum(leg.stop <= self.warm for leg in self.legs)
        return self.legs[skipped:] or (flat(self.warm, self.warm + 1, self.top),)


def facts_of(schedule: Schedule) -> Facts:
    """The facts of a schedule, whatever it is; how far they go, a comparison has to say."""
    legs = legs_of(schedule)
    at = int(len(legs) > 1 and _waits(*legs[:2]))
    up = legs[at] if rises(legs[at]) else None
    at += up is not None
    begin = up.stop if up else 0
    held = at < len(legs) and legs[at].level and (up is None or isclose(legs[at].start, up.to, rel_tol=LAST_BITS))
    flat_to = legs[at].stop if held else begin
    top = legs[at].start if held else up.to if up else legs[0].start
    at += held
    end = schedule.horizon.steps
    down = legs[at] if at < len(legs) else flat(end, end, top)
    return Facts(schedule, legs, up or flat(0, 0, top), flat_to - begin, down, legs[at + 1 :])


def _waits(leg: Leg, following: Leg) -> bool:
    """Whether a leg is idle before a warmup: one update at any value, or several where the warmup begins."""
    return leg.level and rises(following) and (leg.stop == 1 or isclose(leg.to, following.start, rel_tol=LAST_BITS))


def rises(leg: Leg) -> bool:
    """Whether a leg goes up."""
    return (leg.to > leg.start) == (leg.begin <= leg.end) and leg.to != leg.start


def share(part: float, whole: float) -> float:
    """A value as a share of another one; 0 of 0."""
    return part / whole if whole else 0.0


def changes(legs: tuple[Leg, ...]) -> list[tuple[int, float]]:
    """The steps from which on legs have another value, and that value; of a leg that moves its first one."""
    found: list[tuple[int, float]] = []
    for leg in legs:
        begin = round(leg.begin) if leg.shape == STAIRS else leg.first
        gone = (leg.first - begin) // leg.every  # stairs before the leg was cut
        treads = range(begin + gone * leg.every, leg.stop, leg.every if leg.shape == STAIRS else leg.stop)
        values = (max(leg.low, leg.start * leg.power ** (gone + k)) for k in range(MOST - len(found)))
        found += [(max(step, leg.first), value) for step, value in zip(treads, values, strict=False)]
    return found


def even(found: list[tuple[int, float]]) -> tuple[int, float]:
    """(the steps of a level, the factor from each to the next), as the first two levels have them."""
    if len(found) == 1 or not found[0][1]:
        return 1, 1.0
    (begin, value), (end, following) = found[:2]
    return max(1, end - begin), following / value


def drops(found: list[tuple[int, float]]) -> tuple[list[int], float]:
    """(the steps of drops by one factor, that factor); a larger drop is several at once."""
    factor = next((b / a for (_, a), (_, b) in pairwise(found) if a), 1.0)
    places = []
    for (_, value), (step, following) in pairwise(found):
        places.append(step)
        left = value * factor
        while 0 < following < left * (1 - LAST_BITS) and factor < 1 and len(places) < MOST:
            places.append(step)
            left *= factor
    return places, factor


@dataclass(frozen=True, slots=True)
class Cycles:
    """Cycles as the first two have them: steps of a way up, a way down, the growth of both, the factor of the top.

    `limit` is how many there are, `end` where the last one ends.
    """

    up: int
    down: Leg
    growth: float
    factor: float
    limit: int
    end: int

    @property
    def length(self) -> int:
        """The steps of the first."""
        return self.up + self.down.every


def cycles_of(legs: tuple[Leg, ...]) -> Cycles:
    """The cycles of legs that go down, or up and down, again and again."""
    rising = legs[0] if rises(legs[0]) and len(legs) > 1 else None
    each = 2 if rising else 1
    down = legs[each - 1]
    again = legs[2 * each - 1] if len(legs) >= 2 * each else None
    growth = again.every / down.every if again else 1.0
    factor = again.start / down.start if again and down.start else 1.0
    falling = [leg for leg in legs[each - 1 :: each] if not leg.level]
    last = max(falling, key=lambda leg: leg.stop, default=down)
    return Cycles(rising.every if rising else 0, down, growth, factor, len(falling) or 1, round(last.end))
