"""What the schedulers of OLMo-core ask alike: the steps of the run, a phase of it, a rate as a share of the first."""

from glidepath.errors import SpecError
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.recipes import warmup
from glidepath.schedules.schedule import Recipe

COUNTED = "counted as OLMo-core's get_lr does; its trainer asks for t + 1 at update t"
BELOW = "OLMo-core goes below its least rate behind step {}; read as held there"


def answered(q: Question, recipe: Recipe, steps: int, *, below: int | None = None, peak: float | None = None) -> Answer:
    """With what is to be said of its counting, and of a curve that would go on below its end."""
    notes = () if q.faithful else (COUNTED, *(() if below is None else (BELOW.format(below),)))
    return Answer(recipe, q.base_lr if peak is None else peak, steps, notes)


def fields(q: Question) -> None:
    """Those that every scheduler has."""
    for name in ("lr_field", "initial_lr_field", "_CLASS_"):
        q.take(name, None)
    if q.choice("units", "steps", ("steps", "tokens")) == "tokens":
        raise SpecError(f'{q.of}: expected units of steps, got "tokens": give the warmup and the decay in steps')


def plan(q: Question) -> int:
    """The steps of the run, which its get_lr and some of its classes call t_max."""
    fields(q)
    return q.whole("t_max", low=1) if q.take("t_max", None) is not None else q.horizon()


def phase(q: Question, name: str, total: int, share: float | None = None, *, older: bool = True) -> int:
    """The steps of the warmup or of the decay, named as such, by an older name or as a share of the run."""
    fraction = f"{name}_fraction"
    for field in (name, f"{name}_steps") if older else (name,):
        if q.take(field, None) is not None:
            if q.take(fraction, None) is not None:
                raise SpecError(f"{q.of}: expected one of {field} and {fraction}, got both")
            return q.whole(field)
    return round(total * q.number(fraction, share, low=0, high=1))


def share_of(q: Question, name: str, below: float = 1.0) -> float:
    """A rate as a share of the initial one, below another share."""
    value = q.number(name, 0.0, low=0)
    if value >= below * q.base_lr:
        raise SpecError(f"{q.of}: expected {name} below {below * q.base_lr:g}, got {value:g}")
    return value / q.base_lr


def rise(q: Question, total: int, to: float = 1.0) -> tuple[Recipe | None, int]:
    """(the warmup, its steps)."""
    steps, start = phase(q, "warmup", total), share_of(q, "warmup_min_lr", to)
    return (warmup(steps, start=start, to=to) if steps else None), steps
