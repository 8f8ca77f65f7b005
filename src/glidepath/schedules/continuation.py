"""Going on: a schedule from a step on under a policy, with the seam where the old and the new one meet.

All of it is values: a continuation holds a plain schedule, which saves, compares and evaluates like any other, and
whose updates before the seam are those that were made, to the bit.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from glidepath.errors import ResumeConflict, ScheduleError, nearest, shown
from glidepath.schedules.layers import layers, spread
from glidepath.schedules.levels import Level
from glidepath.schedules.recipes import cosine, decay, hold, warmup
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.schedules.trunk import Seam, Trunk
from glidepath.units import Amount, AmountLike, Horizon

MOST_UP = 1.1  # of the last value: a seam that rises by more than a tenth needs a policy that warms up


@dataclass(frozen=True, slots=True)
class Policy(ABC):
    """A way to go on. `warms` says whether it leads up itself, so that it may; `ends` whether it has its own end."""

    word: ClassVar[str]
    warms: ClassVar[bool] = False
    ends: ClassVar[bool] = False

    @abstractmethod
    def after(self, trunk: Trunk, horizon: Horizon) -> Schedule:
        """The schedule that a trunk goes on as, over a horizon that reaches behind it."""

    def steps(self, trunk: Trunk) -> int:
        """The horizon where none is named: the trunk's own."""
        return trunk.schedule.horizon.steps


@dataclass(frozen=True, slots=True)
class Stored(Policy):
    """As it was planned, over the steps that it was planned for; behind them its last value is held."""

    word = "stored"

    def after(self, trunk: Trunk, horizon: Horizon) -> Schedule:
        """The schedule itself, where the horizon is its own too."""
        if horizon == trunk.schedule.horizon:
            return trunk.schedule
        return trunk.then(trunk.between(trunk.step, horizon.steps), horizon)


@dataclass(frozen=True, slots=True)
class Requested(Policy):
    """Another schedule from this step on, as if it had been there from the start."""

    word = "requested"
    schedule: Schedule

    def after(self, trunk: Trunk, horizon: Horizon) -> Schedule:  # noqa: ARG002 - it has its own
        """The other one."""
        return self.schedule

    def steps(self, trunk: Trunk) -> int:
        """Its own horizon, or one more than is done."""
        return max(self.schedule.horizon.steps, trunk.step + 1)


@dataclass(frozen=True, slots=True)
class Hold(Policy):
    """The last value, kept."""

    word = "hold"

    def after(self, trunk: Trunk, horizon: Horizon) -> Schedule:
        """The trunk and the level it has come to."""
        return trunk.then(hold(at=trunk.level), horizon)


@dataclass(frozen=True, slots=True)
class Stretch(Policy):
    """The rest of the plan, slower or faster, so that it ends with the new horizon."""

    word = "stretch"

    def after(self, trunk: Trunk, horizon: Horizon) -> Schedule:
        """The trunk and its own future over the new steps; its last value where nothing of it is left."""
        if not trunk.left:
            return trunk.then(hold(at=trunk.level), horizon)
        peak = trunk.schedule.peak
        rest = spread([layers(part, peak) for part in trunk.future()], horizon.steps - trunk.step)
        return trunk.then([part.excerpt(peak) for part in rest], horizon)


@dataclass(frozen=True, slots=True)
class Append(Policy):
    """Another recipe from the last value on, over the steps that are left."""

    word = "append"
    recipe: Recipe

    def after(self, trunk: Trunk, horizon: Horizon) -> Schedule:
        """The trunk, and the recipe entering at the level it has come to."""
        return trunk.then(hold(0, at=trunk.level) >> self.recipe, horizon)


@dataclass(frozen=True, slots=True)
class Rewarm(Append):
    """Up again, then down: the recipe is what follows the warmup."""

    word = "rewarm"
    warms = True
    length: Amount
    to: Level = 1.0

    def after(self, trunk: Trunk, horizon: Horizon) -> Schedule:
        """The trunk, a line up from the level it has come to, and the recipe."""
        room = horizon.steps - trunk.step
        size = Horizon(room, **horizon.rates).place(self.length)
        if not 1 <= size <= room:
            raise ScheduleError(
                f"expected a rewarm of at least 1 step and at most {room} steps, which are left from step {trunk.step} "
                f"on, got {size}: change its length or the horizon"
            )
        return trunk.then(warmup(self.length, start=trunk.level, to=self.to) >> self.recipe, horizon)


@dataclass(frozen=True, slots=True)
class Branch(Append):
    """A recipe of its own length from here, which ends the run: a decay cut from a stable trunk."""

    word = "branch"
    ends = True
    over: Amount

    def steps(self, trunk: Trunk) -> int:
        """The trunk's steps and its own."""
        return trunk.step + max(1, trunk.schedule.horizon.place(self.over))


def anneal_from_here(*, to: Level = 0.0, shape: str = "linear") -> Append:
    """Down from the last value to a level, over the steps that are left; shapes as in `decay`."""
    return Append(decay(to=to, shape=shape))


def rewarm(length: AmountLike, *, to: Level = 1.0, then: Recipe | None = None) -> Rewarm:
    """Up again over `length` (a share is one of the steps left), then a recipe, a cosine to 0 unless told.

    Re-warming and re-decaying is what continual pre-training found best (Ibrahim et al. 2024, arXiv 2403.08763).
    """
    return Rewarm(cosine() if then is None else then, Amount.of(length), to)


def append(recipe: Recipe) -> Append:
    """Another recipe behind what is done, entering at the last value; shares in it are of the steps left."""
    return Append(recipe)


def branch(recipe: Recipe, over: AmountLike) -> Branch:
    """A recipe of `over` steps cut from any step of a stable run; one trunk may have many (arXiv 2405.18392)."""
    return Branch(recipe, Amount.of(over))


WORDS: dict[str, Callable[[], Policy]] = {
    "stored": Stored,
    "hold": Hold,
    "stretch": Stretch,
    "anneal_from_here": anneal_from_here,
}


@dataclass(frozen=True, slots=True)
class Continuation:
    """A schedule gone on with: what was planned `before`, what is from the seam on, `after`, and the seam."""

    before: Schedule
    after: Schedule
    seam: Seam
    policy: Policy


def continue_(
    schedule: Schedule,
    step: int,
    horizon: int | str | Horizon | None = None,
    policy: str | Policy | Schedule = "stored",
    *,
    most: float = MOST_UP,
) -> Continuation:
    """How a schedule of which `step` updates are done goes on, over another horizon or another plan.

    `policy` is "stored", "hold", "stretch" or "anneal_from_here", or one made by `rewarm`, `append`, `branch`,
    `anneal_from_here`; another schedule is what the code requests. Without a horizon it is the policy's own.
    Raises ResumeConflict where the learning rate would rise by more than to `most` times the last one and the policy
    does not warm up itself, ScheduleError where a policy does not fit.

    >>> from glidepath import cosine
    >>> going_on = continue_(cosine().over(100, peak=1.0), 50, 200, "stretch")
    >>> round(going_on.seam.ratio, 3), going_on.after(125) == cosine().over(100, peak=1.0)(75)
    (0.97, True)
    """
    trunk, way = Trunk(schedule, step), policy_of(policy)
    after = way.after(trunk, trunk.over(way.steps(trunk) if horizon is None else horizon))
    seam = Seam(step, trunk.last, after(step))
    planned = schedule(step)  # a warmup under way may go on
    if step and seam.next > most * max(seam.last, planned) and not way.warms:
        raise ResumeConflict(
            f"expected a seam that rises to at most {most:g} times the last learning rate, got {seam} by "
            f'{way.word}: write policy=rewarm("1%"), "hold" or "anneal_from_here", or allow it with most='
        )
    return Continuation(schedule, after, seam, way)


def policy_of(policy: str | Policy | Schedule) -> Policy:
    """A policy from its word, from a schedule that is requested, or itself."""
    if isinstance(policy, Policy):
        return policy
    if isinstance(policy, Schedule):
        return Requested(policy)
    if isinstance(policy, str) and policy in WORDS:
        return WORDS[policy]()
    raise ScheduleError(f"expected a policy to go on by, got {shown(policy)}: {nearest(shown(policy), WORDS)}")
