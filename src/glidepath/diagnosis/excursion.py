"""A series that leaves its level upward: found point by point in a state of a few numbers, online and afterwards."""

from dataclasses import dataclass, field
from math import isfinite

from glidepath.diagnosis.tails import Tail

# The level and its noise.
QUICK, SLOW = 0.2, 0.05  # shares of a new point: in the level as in science (d), in the noise over some twenty points
NORMAL, NORMAL_MEDIAN = 1.2533, 1.4826  # deviation over the mean and over the median of absolute deviations
BOTH_SIDES = 2 * NORMAL  # the same over the mean of those above, the others being counted as 0
CLIPPED = 3.0  # deviations: what is farther away counts as that far, so that a spike moves neither level nor noise
FIRST = 20  # points before anything is said: what a noise can be known from
# What an excursion is.
JUMP = 8.0  # deviations of one point: above the 7 of the spike score of OLMo 2 (arXiv 2501.00656)
JUMP_OF_FALL = 0.03  # and of the fall so far: what anybody would see in a plot
RECORD, FORGOTTEN = 1.5, 0.03  # and times the highest of late, which fades: heavy tails repeat themselves
BOTH, BOTH_RECORD = 4.5, 1.0  # the same two where the gradient norm jumps with it: two witnesses
RISE = 3.5  # deviations of the level above its lowest: pure noise comes to 3.3 in a million points
RISE_OF_FALL = 0.04  # and of the fall so far: in language models the tolerance of .08 of the loss in science (d)
AGAIN = 3.0  # and times the highest rise that came back before: what wanders, wanders
CLEAR, OVER = 3.0, 2.0  # a fall that is less than 3 such waves is none: only what rises by twice as much is heard
WAVES = 6.0  # deviations, at any coarser scale, between crest and trough of noise that wanders
KNOWN = 10  # points of a coarser scale from which its noise is known
BEND = 6**-0.5  # of the deviation of x - 2y + z: what that of one of them is
IN_A_ROW, HALF = 3, 0.5  # points: science (d); of a crest: back from it
# What becomes of it.
BACK, BACK_NOISE = 0.25, 2.0  # of its height, and deviations above its base: a point below both is back
TOP = 0.6  # of its height: where a divergence stays, and a spike that fades does not
PATIENCE, PATIENCE_OF_RUN = 10.0, 0.02  # points for which half the fall is lost; more where less of it is
SMALL = 0.1  # of the fall: the smallest share that patience grows with
MARK = 2.3  # deviations: four of the mean of three points
LONG = 8.0  # times the patience: what has not come back by then does not


@dataclass(slots=True)
class Excursion:
    """One way up and perhaps back: from step `begin`, above `base`, with a `noise`; `end` is the first step back.

    `jump` says that it began within a point. `stays` is the step at which it was known not to come back soon. `fall`
    is what the series had fallen by before, from its highest to its lowest level.
    """

    begin: int
    base: float
    noise: float
    fall: float
    jump: bool
    lowest_step: int
    first: float
    top: float
    top_step: int
    level: float
    height: float
    points: int = 1  # of its scale
    rows: int = 1  # of the series in a point
    distance: float = 0.0  # of its first point, in deviations of the rest
    record: float = 0.0  # the highest point above the level before it, of late
    end: int | None = None
    stays: int | None = None
    behind: float = 0.0  # the mean of its first points back, above its base

    @property
    def left_mark(self) -> bool:
        """Whether the first points back were still higher than before, or there was more than a point of it."""
        return self.points > 1 or self.behind > MARK * self.noise

    @property
    def came_back(self) -> bool:
        """Whether it is over, or was a single jump to begin with, whose end the log may not have."""
        return self.jump or self.end is not None

    def hear(self, step: int, value: float) -> None:
        """One more point above the base."""
        self.points += 1
        self.level += QUICK * (value - self.level)
        self.height = max(self.height, self.level - self.base)
        if value > self.top:
            self.top, self.top_step = value, step

    def is_back(self, value: float) -> bool:
        """Whether a point is where the series was before, or nearly."""
        return value < self.base + max(BACK * self.height, BACK_NOISE * self.noise)

    def has_stayed(self, count: int) -> bool:
        """Whether it lasted, without fading, for long enough; the more of the fall is lost, the sooner."""
        lost = self.height / self.fall if self.fall > 0 else 1.0
        patience = PATIENCE / min(1.0, max(SMALL, lost) / HALF) + PATIENCE_OF_RUN * count
        fades = self.level - self.base < TOP * self.height
        return self.points > (LONG * patience if fades else patience)


@dataclass(slots=True)
class Tracker:
    """The level of a series, its noise, and the excursions from it; `tell` costs the same however long the series is.

    The level is a moving average of points that are clipped to three deviations. An excursion begins with a point far
    above it, or with a level that lies far above its own lowest for three points in a row. What is far is measured by
    the noise, the waves and the fall so far, never in absolute numbers: a series times a factor and plus a constant
    has the same excursions.
    """

    count: int = 0
    level: float = 0.0
    noise: float = 0.0
    highest: float = 0.0
    fall: float = 0.0  # the most that the level ever came down by
    lowest: float = 0.0
    lowest_step: int = 0
    leaving: int = 0  # the last step at which the level was near its lowest
    left: int = 0  # and its number among the points
    record: float = 0.0  # the highest point above the level
    crest: float = 0.0  # the highest level since the lowest, or since it came half back
    wander: float = 0.0  # the highest rise that came half back
    above: int = 0
    below: int = 0
    below_step: int = 0
    now: Excursion | None = None
    lifts: float = 0.0  # deviation by the points above the level alone: 0 while it falls
    calm: float = 0.0  # the same when the level last was near its lowest
    coarser: float = 0.0  # the largest noise of the coarser scales
    last: float = 0.0
    slope: float = 0.0
    bends: list[float] = field(default_factory=list)
    tail: Tail = field(default_factory=Tail)
    calmed: int = 0  # points before which the last excursion may still be felt

    def tell(self, step: int, value: float, *, jump: float = JUMP, record: float = RECORD) -> Excursion | None:
        """Hear of a point; gives the excursion that begins with it, is known to stay, or was over before it."""
        if not isfinite(value):
            return None
        self.count += 1
        if self.now is not None:
            return self._outside(self.now, step, value)
        gap = value - self.level
        if self.count > FIRST:
            fall, noise = self.fall, max(self.noise, self.lifts, self.coarser)
            if gap > self.tail.least * self.noise and self.count > self.calmed and self.noise > 0:
                self.tail.hear(gap / self.noise)
            if gap > jump * noise and gap > JUMP_OF_FALL * fall and gap > record * self.record:
                return self._open(step, value, begin=step, base=self.level, jump=True)
            limit = CLIPPED * noise
            clipped = limit if gap > limit else -limit if gap < -limit else gap
            self.level += QUICK * clipped
            self.lifts += SLOW * ((BOTH_SIDES * clipped if clipped > 0 else 0.0) - self.lifts)
        elif self.count > 1:
            self.level += QUICK * gap
        else:
            self.level = self.highest = self.lowest = value
        self.record -= FORGOTTEN * self.record
        if gap > self.record and self.count > 1:
            self.record = gap
        self._bend(value)
        return self._drift(step, value)

    def known_tail(self) -> Tail:
        """The farthest points above the level, of as many as there were."""
        self.tail.count = self.count
        return self.tail

    def _bend(self, value: float) -> None:
        """Learn how far a point lies from the line of the two before it: noise, whatever the trend."""
        slope = value - self.last
        bend = BEND * abs(slope - self.slope)
        self.last, self.slope = value, slope
        if self.count > FIRST:
            limit = CLIPPED * self.noise
            self.noise += SLOW * (NORMAL * (bend if bend < limit else limit) - self.noise)
        elif self.count > 2:
            self.bends.append(bend)
            self.noise = NORMAL_MEDIAN * sorted(self.bends)[len(self.bends) // 2]

    def _lowest(self, step: int) -> bool:
        if self.level > self.lowest:
            return False
        self.lowest, self.lowest_step, self.leaving, self.above = self.level, step, step, 0
        self.left = self.count
        return True

    def _drift(self, step: int, value: float) -> Excursion | None:
        """How far the level lies above its lowest."""
        self.highest = max(self.highest, self.level)
        self.fall = max(self.fall, self.highest - self.level)
        if self._lowest(step):
            self.wander, self.crest = max(self.wander, self.crest), 0.0
            return None
        rise = self.level - self.lowest
        if rise < self.noise:
            self.leaving, self.left, self.calm = step, self.count, self.lifts
        if rise > self.crest:
            self.crest = rise
        elif rise < HALF * self.crest:
            self.wander, self.crest = max(self.wander, self.crest), rise
        fall = self.fall
        waves = min(WAVES * self.coarser, HALF * fall)  # what is half lost is far, whatever the waves
        far = max(RISE * max(self.noise, self.calm), waves, RISE_OF_FALL * fall, AGAIN * self.wander)
        if fall < CLEAR * self.wander:
            far = max(far, OVER * fall)
        self.above = self.above + 1 if rise > far else 0
        if self.above < IN_A_ROW or self.count <= FIRST:
            return None
        return self._open(step, value, begin=self.leaving, base=self.lowest, jump=False)

    def _open(self, step: int, value: float, *, begin: int, base: float, jump: bool) -> Excursion:
        level = value if jump else self.level
        fall = self.fall
        self.now = Excursion(
            begin, base, self.noise, fall, jump, self.lowest_step, value, value, step, level, level - base
        )
        if self.noise > 0:
            self.now.distance = (value - base) / self.noise
            if jump and self.count <= self.calmed:
                self.tail.hear(self.now.distance)
        self.now.points, self.now.record = 1 if jump else self.count - self.left, self.record
        self.above = self.below = 0
        return self.now

    def _outside(self, now: Excursion, step: int, value: float) -> Excursion | None:
        """A point of an excursion."""
        if now.is_back(value):
            self.below += 1
            self.below_step = step if self.below == 1 else self.below_step
            now.behind = (now.behind * (self.below - 1) + value - now.base) / self.below
            if self.below == IN_A_ROW:
                now.end = self.below_step
                return self._close(now, value)
            return None
        self.below = 0
        now.hear(step, value)
        if now.stays is None and now.has_stayed(self.count):
            now.stays = step
            return now
        return None

    def _close(self, now: Excursion, value: float) -> Excursion:
        """Back: from here on as before, but for what is now known to come back."""
        self.now, self.crest, self.calmed = None, 0.0, self.count + FIRST
        self.level = min(now.base, value) if not now.jump else now.base
        if now.jump:
            self.record = max(self.record, now.first - now.base)
        else:
            self.wander = max(self.wander, now.height / AGAIN)
        return now


GROUP = 5  # points that one point of the next coarser scale is the median of: two wild ones leave no trace


@dataclass(slots=True)
class Excursions:
    """The excursions of a series at every scale: of its points, of medians of 5, of medians of 5 of those, and on.

    A drift that noise hides point by point shows where the points are fewer and calmer; waves that look like
    a drift point by point show as noise there. What a finer scale found is not found again.
    """

    trackers: list[Tracker] = field(default_factory=lambda: [Tracker()])
    waiting: list[list[tuple[int, float]]] = field(default_factory=lambda: [[]])
    found: list[Excursion] = field(default_factory=list)

    @property
    def tail(self) -> Tail:
        """The tail of its points."""
        return self.trackers[0].known_tail()

    def tell(self, step: int, value: float, *, both: bool = False) -> Excursion | None:
        """Hear of a point, and whether another witness jumps too; gives the excursion that begins, stays or ends."""
        limits = (BOTH, BOTH_RECORD) if both else (JUMP, RECORD)
        event = self.trackers[0].tell(step, value, jump=limits[0], record=limits[1])
        if event is not None and not any(one is event for one in self.found):
            self.found.append(event)
        if value - value == 0:  # finite
            waiting = self.waiting[0]
            waiting.append((step, value))
            if len(waiting) == GROUP:
                return event or self._coarser(1)
        return event

    def _coarser(self, scale: int) -> Excursion | None:
        waiting = self.waiting[scale - 1]
        step, value = waiting[0][0], sorted(value for _, value in waiting)[GROUP // 2]
        waiting.clear()
        if scale == len(self.trackers):
            self.trackers.append(Tracker())
            self.waiting.append([])
        tracker = self.trackers[scale]
        event = tracker.tell(step, value)
        for finer in range(scale - 1, -1, -1):
            over = self.trackers[finer + 1]
            self.trackers[finer].coarser = max(over.coarser, over.noise if over.count >= KNOWN else 0.0)
        if event is not None and not any(one is event for one in self.found):
            event.rows = GROUP**scale
            if any(one.end is None or one.end >= event.begin for one in self.found):
                event = None
            else:
                self.found.append(event)
        self.waiting[scale].append((step, value))
        if len(self.waiting[scale]) == GROUP:
            return event or self._coarser(scale + 1)
        return event
