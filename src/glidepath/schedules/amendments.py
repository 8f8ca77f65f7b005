"""Amendments: changes made to a schedule under way, as values that are recorded, saved and replayed.

{"step": 4000, "scale": 0.5}                               half of the plan from update 4000 on
{"step": 4000, "scale": 0.5, "warmup": 100}                the same, by a warmup of 100 updates up to it
{"step": 4000, "cap": 1e-4}                                at most this learning rate from there on
{"step": 4000, "horizon": 9000, "policy": "stretch"}       another end, by a policy that a word says
{"step": 4000, "hold": true}                               the last value until told otherwise
{"step": 4500, "release": true}                            the plan goes on where it was held
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from glidepath.errors import ScheduleError, SpecError, nearest, shown
from glidepath.schedules.compound import Excerpt
from glidepath.schedules.continuation import WORDS, continue_
from glidepath.schedules.layers import Layers, layers
from glidepath.schedules.levels import number
from glidepath.schedules.recipes import warmup
from glidepath.schedules.reshape import combine
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.schedules.trunk import Trunk
from glidepath.units import Amount

NEAR = 100  # parts of what is left: a nearer landing is not worth a line in the record; the last steps are exact


@dataclass(frozen=True, slots=True)
class Amendment:
    """One change: what is done (`kind`) with which `value` from update `step` (>= 0) on.

    `policy` is for a horizon, and `warmup` for a scale: update step + i uses (i + 1)/(warmup + 1) of it, i < warmup.
    """

    step: int
    kind: str
    value: float | int | bool = True
    policy: str = "stretch"
    warmup: int = 0

    def __post_init__(self) -> None:
        """Refuse what is no change."""
        if isinstance(self.step, bool) or not isinstance(self.step, int) or self.step < 0:
            raise ScheduleError(f"expected the step of an amendment from 0, got {shown(self.step)}")
        if self.kind not in KINDS:
            raise ScheduleError(f"expected an amendment, got {shown(self.kind)}: {nearest(shown(self.kind), KINDS)}")
        if self.policy not in WORDS:
            raise ScheduleError(f"expected a policy, got {shown(self.policy)}: {nearest(shown(self.policy), WORDS)}")
        if isinstance(self.warmup, bool) or not isinstance(self.warmup, int) or self.warmup < 0:
            raise ScheduleError(f"expected the warmup of an amendment in steps from 0, got {shown(self.warmup)}")
        _refuse_value(self)

    def table(self) -> dict[str, Any]:
        """The plain table that `amendment` reads."""
        told: dict[str, Any] = {"policy": self.policy} if self.kind == "horizon" else {}
        told |= {"warmup": self.warmup} if self.warmup else {}
        return {"step": self.step, self.kind: self.value, **told}


def amendment(table: Mapping[str, Any]) -> Amendment:
    """The amendment of a plain table; raises SpecError for what is none.

    >>> amendment({"step": 40, "scale": 0.5})
    Amendment(step=40, kind='scale', value=0.5, policy='stretch', warmup=0)
    """
    kinds = [name for name in table if name in KINDS] if isinstance(table, Mapping) else []
    beside = BESIDE.get(kinds[0], set()) if len(kinds) == 1 else set()
    if len(kinds) != 1 or not set(table) <= {"step", *beside, *kinds}:
        raise SpecError(f"expected an amendment such as {{'step': 40, 'scale': 0.5}}, got {shown(table)}")
    try:
        terms = {name: table[name] for name in beside & set(table)}
        return Amendment(table.get("step", -1), kinds[0], table[kinds[0]], **terms)
    except ScheduleError as error:
        raise SpecError(str(error)) from error


def amended(schedule: Schedule, amendments: Iterable[Amendment]) -> Schedule:
    """A schedule with changes, one after another; each from its own step on, what is done stays to the bit.

    Raises ScheduleError where one is out of order, or where its policy does not fit.

    >>> from glidepath import cosine
    >>> plan = cosine().over(100, peak=1.0)
    >>> amended(plan, [Amendment(50, "scale", 0.5)])(75) == plan(75) / 2
    True
    """
    state = Amended(schedule)
    for change in amendments:
        state = state.then(change)
    return state.schedule


@dataclass(frozen=True, slots=True)
class Amended:
    """A schedule with changes up to a step; where it is held, the plan that waits, and since when."""

    schedule: Schedule
    step: int = 0
    held: tuple[Schedule, int] | None = None

    def then(self, change: Amendment) -> "Amended":
        """With one more change; raises as `amended`."""
        self._refuse(change)
        if self.held:
            return Amended(_released(self.schedule, change.step, *self.held), change.step)
        planned = (self.schedule, change.step) if change.kind == "hold" else None
        return Amended(KINDS[change.kind](self.schedule, change), change.step, planned)

    def _refuse(self, change: Amendment) -> None:
        """Refuse a change that is out of order: behind a hold comes its release, and nothing else does."""
        if change.step < self.step:
            raise ScheduleError(
                f"expected amendments in order, got one at step {change.step} behind one at {self.step}"
            )
        if bool(self.held) != (change.kind == "release"):
            due = "the release of what is held" if self.held else "a hold before its release"
            raise ScheduleError(f"expected {due}, got {change.kind} at step {change.step}")


def _scaled(schedule: Schedule, change: Amendment) -> Schedule:
    scaled = _rest(schedule, change, lambda rest: rest.times(float(change.value)))
    return _warmed(scaled, change) if change.warmup else scaled


def _warmed(schedule: Schedule, change: Amendment) -> Schedule:
    """The first steps behind a change, up by a warmup."""
    trunk, end = Trunk(schedule, change.step), schedule.horizon.steps
    top, parts, done = min(end, change.step + change.warmup), list[Excerpt](), 1
    for part in trunk.between(change.step, top):
        length = Amount.of(part.length or 0)
        shares = (done + at for at in (0, int(length.value)))
        start, to = (share / (change.warmup + 1) for share in shares)
        ramped = combine(Recipe((part,)), warmup(length, start=start, to=to), by="product")
        parts.append(Excerpt(length, ramped, length))
        done += int(length.value)
    return trunk.then([*parts, *trunk.between(top, end)], trunk.over(end))


def _capped(schedule: Schedule, change: Amendment) -> Schedule:
    high = float(change.value) if schedule.peak is None else min(float(change.value), schedule.peak)
    return _rest(schedule, change, lambda rest: rest.below(high))


def _rest(schedule: Schedule, change: Amendment, reshaped: Callable[[Layers], Layers]) -> Schedule:
    """What is left of a schedule, reshaped; behind its end its last value is left."""
    trunk, peak = Trunk(schedule, change.step), schedule.peak
    end = max(schedule.horizon.steps, change.step + 1)
    rest = [reshaped(layers(part, peak)).excerpt(peak) for part in trunk.between(change.step, end)]
    return trunk.then(rest, trunk.over(end))


def _rehorizoned(schedule: Schedule, change: Amendment) -> Schedule:
    return continue_(schedule, change.step, int(change.value), change.policy).after


def _held(schedule: Schedule, change: Amendment) -> Schedule:
    return continue_(schedule, change.step, max(schedule.horizon.steps, change.step + 1), "hold").after


def _released(schedule: Schedule, step: int, planned: Schedule, since: int) -> Schedule:
    """The plan goes on where it was held, so that its end moves by as long as that was."""
    trunk = Trunk(schedule, step)
    end = max(planned.horizon.steps, since + 1) + step - since
    return trunk.then(Trunk(planned, since).between(since, end - step + since), trunk.over(end))


KINDS: dict[str, Callable[[Schedule, Amendment], Schedule]] = {
    "scale": _scaled,
    "cap": _capped,
    "horizon": _rehorizoned,
    "hold": _held,
    "release": lambda schedule, change: schedule,  # noqa: ARG005 - what is released is the plan, which `amended` has
}
# kind -> the terms that may stand beside it
BESIDE = {"horizon": {"policy"}, "scale": {"warmup"}}


def _refuse_value(change: Amendment) -> None:
    """Refuse a value that the kind of change has not."""
    value: Any = change.value
    if change.kind in ("scale", "cap"):
        number(value, f"the {change.kind} of an amendment", below=1.0 if change.kind == "scale" else inf)
    elif change.kind == "horizon":
        if isinstance(value, bool) or not isinstance(value, int) or value <= change.step:
            raise ScheduleError(f"expected a horizon behind step {change.step}, got {shown(value)}")
    elif value is not True:
        raise ScheduleError(f"expected {change.kind} as True, got {shown(value)}")


def landing(schedule: Schedule, step: int, share: float) -> int | None:
    """The horizon that ends with the data, of which `step` updates have seen a share (above 0, to 1): step / share.

    None where the schedule has it already, to a hundredth of what is left. Raises ScheduleError for another share.

    >>> from glidepath import cosine
    >>> landing(cosine().over(1_000), 465, 0.5), landing(cosine().over(1_000), 498, 0.5)
    (930, None)
    """
    number(share, "the share of the data", below=1.0)
    if share == 0:
        raise ScheduleError("expected the share of the data above 0, got 0: tell it behind the first update")
    horizon, planned = max(step + 1, round(step / share)), schedule.horizon.steps
    return None if abs(horizon - planned) <= abs(planned - step) // NEAR else horizon
