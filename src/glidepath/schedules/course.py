"""The course of a run: what its code asks for, what it goes on with, and the changes made under way.

A checkpoint holds it, in plain types. What the code asked for stays beside what was made of it under a policy, so that
the same code resumes again and again without another conflict.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from math import inf
from typing import Any, TypeVar

from glidepath.errors import CheckpointError, GlidepathError, ResumeConflict, ScheduleError, shown
from glidepath.schedules.amendments import Amended, Amendment, amendment
from glidepath.schedules.comparison import compare, in_columns
from glidepath.schedules.continuation import MOST_UP, WORDS, Policy, continue_, policy_of
from glidepath.schedules.groups import Group
from glidepath.schedules.plan import Plan
from glidepath.schedules.plan_values import RANGES
from glidepath.schedules.schedule import Schedule
from glidepath.schedules.spec import from_spec, to_spec
from glidepath.schedules.trunk import Seam, Trunk
from glidepath.units import Horizon, half_up

Value = Schedule | Plan
Holder = TypeVar("Holder", Plan, Group)
Change = Callable[[Schedule], Schedule]
REQUESTED = "requested"
OTHERS = ("stored", "hold", "stretch")  # policies that mean something for a momentum or a weight decay too
MOST_AMENDMENTS = 500  # far above what a person or a watcher makes in a run; they are replayed within seconds


@dataclass(frozen=True, slots=True)
class Course:
    """What the code `asked` for, what the run goes on with in its place (`base`, None for itself), and `amendments`.

    Made by `amend`, one change after another; `made` is what they come to, of every schedule in it.
    """

    asked: Value
    base: Value | None = None
    amendments: tuple[Amendment, ...] = ()
    made: tuple[Amended, ...] = field(default=(), compare=False, repr=False)

    @property
    def in_force(self) -> Value:
        """The schedule, or the plan, that the run goes by."""
        made = iter(self.made)
        value = self.base or self.asked
        return _changed(value, *[lambda _: next(made).schedule] * 2) if self.made else value

    def amend(self, change: Amendment) -> "Course":
        """With one more change; raises ScheduleError where it does not fit.

        A scale, a cap and a hold are of learning rates, a horizon is of everything.
        """
        if len(self.amendments) >= MOST_AMENDMENTS:
            raise ScheduleError(
                f"expected at most {MOST_AMENDMENTS} amendments of a run, got one more: {change.table()}"
            )
        before = self.made or tuple(Amended(schedule) for schedule, _ in _schedules(self.base or self.asked))
        kinds = (is_lr for _, is_lr in _schedules(self.base or self.asked))
        made = [
            one.then(change) if is_lr or change.kind == "horizon" else one
            for one, is_lr in zip(before, kinds, strict=True)
        ]
        return Course(self.asked, self.base, (*self.amendments, change), tuple(made))

    def state(self) -> dict[str, Any]:
        """In plain types, as `course` reads it."""
        base = {} if self.base is None else {"base": to_spec(self.base)}
        changes = {"amendments": [one.table() for one in self.amendments]} if self.amendments else {}
        return {"spec": to_spec(self.asked), **base, **changes}


FIELDS = ("spec", "base", "amendments")


def course(state: Mapping[str, Any]) -> Course:
    """The course that a checkpoint holds; raises CheckpointError, with the place, for one that is not whole."""
    try:
        asked, base = _read(state, "spec"), _read(state, "base") if "base" in state else None
        changes = state.get("amendments", [])
        if not isinstance(changes, (list, tuple)) or len(changes) > MOST_AMENDMENTS:
            raise CheckpointError(f"expected $.amendments as a list, got {shown(changes)}")
        found = Course(asked, base)
        for change in map(amendment, changes):
            found = found.amend(change)
    except CheckpointError:
        raise
    except GlidepathError as error:
        raise CheckpointError(f"expected the amendments of a schedule in $.amendments, got others: {error}") from error
    return found


def _read(state: Mapping[str, Any], field: str) -> Value:
    try:
        value = from_spec(state.get(field))  # type: ignore[arg-type]  # it says itself what came in place of a table
    except GlidepathError as error:
        raise CheckpointError(f"expected $.{field} as the spec of a schedule, got none: {error}") from error
    if not isinstance(value, (Schedule, Plan)):
        raise CheckpointError(f"expected $.{field} as a schedule with a horizon, got the recipe {value!s:.60}")
    return value


def settled(
    stored: Course, asked: Value, step: int, policy: str | Policy | None = None, *, most: float = MOST_UP
) -> Course:
    """The course that a run goes on with from update `step` where its code asks for `asked` now.

    The stored one where the code asks for what it asked for then. Else the policy says: "stored", "requested", or one
    of `continue_` over the horizon that is asked for. Where data is counted in samples or tokens and a step takes
    another number of them than before, that horizon ends with the same data. Raises ResumeConflict, with both plans
    field by field and the next learning rate under each policy, where none is named.
    """
    if not compare(stored.asked, asked):
        return stored
    if policy is None:
        raise ResumeConflict(_conflict(stored, asked, step, most))
    if policy == "stored":
        return Course(asked, stored.base or stored.asked, stored.amendments, stored.made)
    base = _gone_on(stored, asked, step, policy, most)
    return Course(asked, None if base == asked else base)


def refuse_policy(policy: object) -> None:
    """Raises ScheduleError for what is no policy: "requested" is one here, where the code requests something."""
    if policy != REQUESTED:
        policy_of(policy)  # type: ignore[arg-type]  # it says itself what came in place of one


def _gone_on(stored: Course, asked: Value, step: int, policy: str | Policy, most: float) -> Value:
    if policy == REQUESTED:
        continue_(lr_of(stored.in_force), step, policy=lr_of(asked), most=most)  # refuses a seam that rises
        return asked
    way, trunk = policy_of(policy), Trunk(lr_of(stored.in_force), step)
    horizon = trunk.over(way.steps(trunk)) if way.ends else _horizon(stored, asked, step)
    others = way.word if way.word in OTHERS else "stretch"
    return _changed(
        stored.in_force,
        lambda lr: continue_(lr, step, horizon, way, most=most).after,
        lambda other: continue_(other, step, horizon, others, most=inf).after,
    )


def _horizon(stored: Course, asked: Value, step: int) -> Horizon:
    """The horizon that is asked for, at the end of the same data where a step takes more or less of it than before."""
    then, now = lr_of(stored.asked).horizon, lr_of(asked).horizon
    for rate in ("samples_per_step", "tokens_per_step"):
        before, behind = getattr(then, rate), getattr(now, rate)
        if before and behind and before != behind:
            planned = (lr_of(stored.in_force).horizon.steps - step) * before  # what was left of the data
            left: Fraction = (planned + now.steps * behind - then.steps * before) / behind
            return Horizon(max(step + 1, step + half_up(left)), **now.rates)
    return now


def _conflict(stored: Course, asked: Value, step: int, most: float) -> str:
    """What differs, and what each policy would do, as a page that is read once and acted on."""
    last = lr_of(stored.in_force)(max(0, step - 1))
    ways = {word: _next(stored, asked, step, word, most) for word in ("stored", REQUESTED, *list(WORDS)[1:])}
    wide = max(map(len, ways))
    return (
        f"expected the plan of the checkpoint at step {step}, got another in the code: "
        'name a policy to go on by, policy="hold"\n'
        f"{in_columns(compare(stored.asked, asked))}\n"
        f"  the last learning rate was {last:.6g}; the next is, by policy:\n"
        + "\n".join(f"  {word:<{wide}}  {what}" for word, what in ways.items())
        + f"\n  {'rewarm(...)':<{wide}}  {last:.6g}, then up; append(...) and branch(...) go on from there too"
    )


def _next(stored: Course, asked: Value, step: int, policy: str, most: float) -> str:
    try:
        lrs = lr_of(settled(stored, asked, step, policy, most=inf).in_force)
    except GlidepathError as error:
        return f"refused: {error}"
    seam = Seam(step, lr_of(stored.in_force)(max(0, step - 1)), lrs(step))
    try:
        settled(stored, asked, step, policy, most=most)
    except GlidepathError:
        return f"{seam.next:.6g} (x{seam.ratio:.3g}; more than a tenth up, refused unless most= allows it)"
    return f"{seam.next:.6g} (x{seam.ratio:.3g})"


def lr_of(value: Value) -> Schedule:
    """The learning rate of a plan, or the schedule itself."""
    return value.lr if isinstance(value, Plan) else value


def _changed(value: Value, change: Change, other: Change = lambda schedule: schedule) -> Value:
    """A plan with `change` made of every learning rate, and `other` of every other hyper-parameter's schedule."""
    if isinstance(value, Schedule):
        return change(value)
    groups = {name: _with(value.group(name), change, other) for name in value.groups}
    return _with(replace(value, groups=groups), change, other)


def _with(holder: Holder, change: Change, other: Change) -> Holder:
    """A plan or a group with its schedules changed."""
    said = {name: getattr(holder, name, None) for name in ("lr", *RANGES)}
    changed: dict[str, Any] = {
        name: (change if name == "lr" else other)(schedule)
        for name, schedule in said.items()
        if isinstance(schedule, Schedule)
    }
    return replace(holder, **changed)


def _schedules(value: Value) -> list[tuple[Schedule, bool]]:
    """The schedules of a plan in the order in which `_changed` comes to them, and whether each is a learning rate."""
    found: list[tuple[Schedule, bool]] = []

    def seen(schedule: Schedule, *, is_lr: bool) -> Schedule:
        found.append((schedule, is_lr))
        return schedule

    _changed(value, partial(seen, is_lr=True), partial(seen, is_lr=False))
    return found
