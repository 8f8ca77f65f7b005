"""The plateau by its slope: a cut where the loss provably falls by less than is worth waiting for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from math import fsum
from typing import Any, ClassVar

from glidepath.errors import ScheduleError
from glidepath.schedules.feedback.line import Line, error, line, student
from glidepath.schedules.feedback.rule import MODES, Rule, State, decide, one_of, whole, within
from glidepath.schedules.levels import number

# Blocks of a window: enough for an error of 18 degrees of freedom, whose quantiles are within a tenth of the normal
# ones, and few enough for a block to outlast what makes neighbouring losses alike.
BLOCKS = 20
# Blocks: a quarter of the window is the level before a spike, and at least half of it shows the noise.
LEVEL, FEWEST = BLOCKS // 4, BLOCKS // 2
# Windows for which a loss above the level before its spike is held to be on its way back; later its slope decides.
LONGEST_SPIKE = 2
# Tests in a row, two windows of them, with no answer before the rule says so.
UNCLEAR = 4
# Weight of one test in the averages of the noise, which so remember some four tests: two windows.
MEMORY = 1 / 4
SUREST = 0.9999  # to which `line.student` is right
# A loss past this is none: it counts as infinite, and its square still fits a float64.
LARGEST = 1e100


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeState(State):
    """What `plateau` has seen: the block being filled, the window of block means, and the spike under way.

    Values are as the rule reads them: the negated ones with mode "max".
    """

    total: float = 0.0  # of the block being filled, with its count and its first step
    count: int = 0
    begun: int = 0
    values: tuple[float, ...] = ()
    places: tuple[float, ...] = ()
    noise: float | None = None  # width of a block mean around the line, and how alike neighbours are: averages
    alike: float = 0.0
    untested: int = 0  # blocks since the last test
    calm: float | None = None  # the level before the spike under way
    held: int = 0  # blocks since it began
    unclear: int = 0  # blocks in a row without an answer

    def flaw(self) -> str:
        """What makes this a state that no rule has left, or ""."""
        known = (self.total / max(self.count, 1), *self.values, self.noise or 0.0, self.calm or 0.0)
        if not all(abs(value) <= LARGEST for value in known):
            return f"expected losses of at most {LARGEST:g}, got a larger one"
        if len(self.values) != len(self.places) or len(self.values) > BLOCKS:
            return f"expected at most {BLOCKS} values with their places, got {len(self.values)}, {len(self.places)}"
        at = (*self.places, float(self.begun)) if self.count else self.places
        if not all(a < b for a, b in pairwise((-1.0, *at, self.step + 1.0 if self.step is not None else 0.0))):
            return f"expected places that rise to the step {self.step}, got {at[-2:]}"
        if self.calm is not None and self.noise is None:
            return "expected the noise before a spike, got None"
        if self.noise is not None and self.noise < 0:
            return f"expected noise of at least 0, got {self.noise!r}"
        return State.flaw(self)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SlopePlateau(Rule[SlopeState]):
    """See `plateau`."""

    keeps: ClassVar[type[State]] = SlopeState

    minimum_descent: float
    window: int
    confidence: float
    spike: float
    factor: float
    floor: float
    mode: str

    @classmethod
    def maker(cls) -> Callable[..., Rule[Any]]:
        """The public function that makes it."""
        return plateau

    def check(self) -> None:
        """Refuse a field of this rule outside its range."""
        if whole(self.window, "window", least=BLOCKS) % BLOCKS:
            near = self.window - self.window % BLOCKS
            raise ScheduleError(f"expected a window of a multiple of {BLOCKS} losses, got {self.window}: write {near}")
        one_of(self.mode, "mode", MODES)
        self.settle(
            minimum_descent=within(self.minimum_descent, "minimum_descent", below=LARGEST),
            confidence=within(self.confidence, "confidence"),
            spike=within(self.spike, "spike", below=LARGEST),
            factor=within(self.factor, "factor"),
            floor=number(self.floor, "floor", below=1),
        )
        if not 1 / 2 <= self.confidence <= SUREST:
            raise ScheduleError(f"expected confidence from 0.5 to {SUREST}, got {self.confidence!r}")

    def start(self) -> SlopeState:
        """The state before the first update."""
        return SlopeState()

    def next_state(self, state: SlopeState, step: int, loss: float) -> SlopeState:
        """The state after a loss: it joins its block, and a full block joins the window."""
        value = loss if self.mode == "min" else -loss
        if not abs(value) <= LARGEST:
            return self._spiked(state, step, f"the loss is {loss:g}")
        begun = step if state.count == 0 else state.begun
        total, count = state.total + value, state.count + 1
        if count * BLOCKS < self.window:
            return replace(state, step=step, total=total, count=count, begun=begun)
        emptied = replace(state, step=step, total=0.0, count=0)
        return self._block(emptied, step, total / count, (begun + step) / 2)

    def _block(self, state: SlopeState, step: int, value: float, place: float) -> SlopeState:
        """The state after a full block: on its way back from a spike, spiking, or calm."""
        bar = self._bar(state)
        joined = replace(state, values=(*state.values, value)[-BLOCKS:], places=(*state.places, place)[-BLOCKS:])
        if state.calm is not None:
            return self._back(joined, step, value, bar)
        if bar is not None and value > bar:
            said = f"a mean of {self._shown(value)} is past {self._shown(bar)}"
            alone = replace(joined, values=(value,), places=(place,))
            return replace(self._spiked(state, step, said), values=alone.values, places=alone.places)
        if len(joined.values) < BLOCKS or joined.untested + 1 < BLOCKS // 2:
            return replace(joined, untested=joined.untested + 1)
        found = line(joined.places, joined.values)
        return self._tested(_learnt(joined, found), step, found)

    def _noise(self, state: SlopeState) -> float | None:
        """The width of a block mean, as far as it is known: in the first window from half of it on."""
        if state.noise is not None or len(state.values) < FEWEST:
            return state.noise
        return line(state.places, state.values).noise

    def _bar(self, state: SlopeState) -> float | None:
        """What a block mean is past when the loss spikes, and no longer past when it is back; None: not known yet."""
        noise = self._noise(state)
        level = _level(state) if state.calm is None else state.calm
        return None if noise is None or level is None else level + max(self.spike * noise, self.minimum_descent)

    def _spiked(self, state: SlopeState, step: int, said: str) -> SlopeState:
        """The state as a spike begins, or goes on: an empty window, and the level that the loss has to come back to."""
        cleared = replace(state, step=step, total=0.0, count=0, values=(), places=(), unclear=0)
        noise, level = self._noise(state), _level(state)
        if state.calm is not None or noise is None or level is None:
            return cleared
        reason = f"{said}: no cut while the loss comes back to its level of {self._shown(level)}"
        return decide(cleared, step, "spike", state.multiplier, reason, calm=level, noise=noise, held=0)

    def _back(self, state: SlopeState, step: int, value: float, bar: float | None) -> SlopeState:
        """The state after a block during a spike: back with an empty window, given up with its own, or neither."""
        held = state.held + 1
        if bar is not None and value <= bar:
            said = f"a mean of {self._shown(value)} is not past {self._shown(bar)} any more"
            reason = f"{said}, {held} blocks after the spike began"
            return decide(state, step, "recovered", state.multiplier, reason, values=(), places=(), calm=None, held=0)
        if held < LONGEST_SPIKE * BLOCKS:
            return replace(state, held=held)
        reason = f"the loss has not come back within {held} blocks: no more is asked than that it stops falling"
        return decide(state, step, "given up", state.multiplier, reason, calm=None, held=0)

    def _tested(self, state: SlopeState, step: int, found: Line) -> SlopeState:
        """The state after a full window: cut, if even the steepest descent that the slope allows is too small."""
        span = (state.places[-1] - state.places[0]) * BLOCKS / (BLOCKS - 1)
        doubt = (1 - self.confidence) / 2  # two tests a window share it
        spread = error(found.spread, max(found.noise, state.noise or 0.0), max(found.alike, state.alike))
        allowed = student(1 - doubt, BLOCKS - 2) * spread
        if (allowed - found.slope) * span < self.minimum_descent:
            return self._cut(state, step, self._evidence(found.slope, allowed, span, "no"))
        if allowed * span < self.minimum_descent or (-found.slope - allowed) * span >= self.minimum_descent:
            return replace(state, unclear=0)  # it could have shown a plateau, or it shows a descent
        if state.unclear + 1 != UNCLEAR:
            return replace(state, unclear=state.unclear + 1)
        seen = self._evidence(found.slope, allowed, span, "the noise hides a")
        reason = f"{seen}, so write a longer window or a larger minimum_descent"
        return decide(state, step, "unclear", state.multiplier, reason, unclear=state.unclear + 1)

    def _cut(self, state: SlopeState, step: int, reason: str) -> SlopeState:
        after = max(state.multiplier * self.factor, self.floor)
        waiting = replace(state, step=step, values=(), places=(), unclear=0)
        return decide(waiting, step, "cut", after, reason) if after < state.multiplier else waiting

    def _evidence(self, slope: float, allowed: float, span: float, said: str) -> str:
        """The numbers of a decision, in the sign of the loss as it came."""
        shown, moved = (slope, "descent") if self.mode == "min" else (-slope, "rise")
        return (
            f"slope {shown * 100:.2g} +- {allowed * 100:.2g} per 100 updates over {span:.0f} updates: {said} {moved} "
            f"of {self.minimum_descent:g} in that span, at {self.confidence:g} confidence"
        )

    def _shown(self, value: float) -> str:
        return f"{value if self.mode == 'min' else -value:.6g}"


def _level(state: SlopeState) -> float | None:
    """The level of the loss now: the mean of the last quarter of the window."""
    last = state.values[-LEVEL:]
    return fsum(last) / len(last) if last else None


def _learnt(state: SlopeState, found: Line) -> SlopeState:
    """The state with the noise of one window more in its averages."""
    if state.noise is None:
        return replace(state, noise=found.noise, alike=found.alike, untested=0)
    noise = state.noise + MEMORY * (found.noise - state.noise)
    return replace(state, noise=noise, alike=state.alike + MEMORY * (found.alike - state.alike), untested=0)


def plateau(
    minimum_descent: float,
    *,
    window: int = 400,
    confidence: float = 0.95,
    spike: float = 5.0,
    factor: float = 0.1,
    floor: float = 0.0,
    mode: str = "min",
    after: int = 0,
) -> SlopePlateau:
    """A cut by `factor` when the loss, as its slope and the slope's error show, falls by less than `minimum_descent`.

    The last `window` losses are read as 20 block means. With the least-squares slope b of these, its standard error
    e (see `line.error`) and the span T of the window in updates, the cut is made when (t e - b) T < minimum_descent:
    when even the steepest descent that the noise allows is not worth waiting for. t is Student's quantile for
    1 - (1 - confidence) / 2, because a full window is tested twice, whenever half of it is new: of the windows that
    fall by minimum_descent, 1 - confidence are cut; of those that fall by twice as much hardly any. e takes the noise,
    and how alike neighbouring blocks are, as the larger of this window's and its average over the tests before. After
    a cut the window fills anew.

    No cut is made while a spike recovers: when a block mean is above the level of the last quarter window by more than
    `spike` widths of a block mean's noise (and by more than minimum_descent), the window is emptied and nothing is
    tested until a block mean is below that again, or two windows have passed; then a new window fills. A loss that is
    not finite, or past 1e100, is a spike. The noise is known from half of the first window on.

    `minimum_descent` > 0 in the loss's unit over one window: what is worth waiting for. The noise must let it be seen:
    with independent losses of standard deviation s it takes some 0.6 s at a window of 400, and sqrt(400 / window)
    times that at others; where it cannot be seen, a decision of kind "unclear" says so after two windows.

    `window` in losses, a multiple of 20; `confidence` 0.5 to 0.9999; `factor` above 0, below 1; `floor` 0 to 1, the
    least multiplier; `mode` "max" reads the negated losses; `after` the first updates that are ignored. Uneven steps
    are placed where they are, a block at the middle of its first and last.

    Sources: the test is that of non-inferiority, with the error of an autoregression (Bartlett 1946); factor 0.1 as
    He et al. 2015 (arXiv 1512.03385) cut at plateaus by hand; 5 widths gave no false spike in 40,000 blocks of normal
    noise. It answers pytorch#30873. Raises ScheduleError for a value outside its range.

    >>> from glidepath.schedules.feedback import fold
    >>> wave = [2.0, 2.3, 1.9, 1.8]
    >>> state = fold(plateau(0.5, window=40), ((step, wave[step % 4]) for step in range(40)))
    >>> state.multiplier, state.decisions[0].step
    (0.1, 39)
    >>> state.decisions[0].reason
    'slope -0.11 +- 0.64 per 100 updates over 40 updates: no descent of 0.5 in that span, at 0.95 confidence'
    """
    return SlopePlateau(
        minimum_descent=minimum_descent,
        window=window,
        confidence=confidence,
        spike=spike,
        factor=factor,
        floor=floor,
        mode=mode,
        after=after,
    )
