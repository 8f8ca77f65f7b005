"""Cosine restarts with a warmup in every cycle, as two small packages count them: update 0 is at the least rate."""

from collections.abc import Iterable
from dataclasses import dataclass

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import joined, reach
from glidepath.schedules.dialects.cycles import MOST_PARTS, Way, along, fixed
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.recipes import hold
from glidepath.schedules.reshape import excerpt, repeat


@dataclass(frozen=True, slots=True)
class Cycle:
    """s/W of the way from `low` to `top`, then a cosine down again; `idle`, step 0 is at `low` without a warmup too."""

    low: float
    top: float
    warm: int
    idle: bool

    def ways(self, begin: int, length: int, top: float, *, idle: bool) -> list[Way]:
        """A cycle from step `begin` on, up to `top`."""
        peak, end = begin + self.warm, begin + length
        up = Way(begin, peak, self.low, top, stop=min(peak, end))
        if self.warm >= length:
            return [up]
        if self.warm or not idle:
            return [up, Way(peak, end, top, self.low, "cosine")]
        return [
            Way(begin, begin + 1, self.low, self.low),
            Way(begin, end, top, self.low, "cosine", first=begin + 1),
        ]


def alike(q: Question, cycle: Cycle, length: int) -> Answer:
    """Cycles that do not differ."""
    steps = reach(q)
    once = joined(along(q, cycle.ways(0, length, cycle.top, idle=cycle.idle), length))
    cycles = repeat(once, every=length)
    if not cycle.warm and not cycle.idle:
        cycles = joined(hold(1, at=fixed(cycle.low)), excerpt(cycles, steps, begin=1))
    return Answer(cycles, max(cycle.low, cycle.top), steps)


def different(q: Question, cycle: Cycle, lengths: Iterable[int], factor: float) -> Answer:
    """Cycles of these lengths, the top of each `factor` times that of the one before."""
    steps, begin, top, tops = reach(q), 0, cycle.top, [cycle.low]
    ways: list[Way] = []
    for length in lengths:
        if length < 1 and begin >= q.horizon():
            break
        if length < 1 or len(ways) > MOST_PARTS:
            raise SpecError(
                f"{q.of}: expected at most {MOST_PARTS} parts of cycles of at least one step, within {steps} steps, "
                f"got {len(ways)} and a cycle of {length}"
            )
        ways += cycle.ways(begin, length, top, idle=cycle.idle or not begin)
        begin, top, tops = begin + length, top * factor, [*tops, top]
        if begin >= steps:
            break
    return Answer(joined(along(q, ways, steps), hold()), max(tops), steps)
