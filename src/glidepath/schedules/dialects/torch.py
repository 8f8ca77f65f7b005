"""torch.optim.lr_scheduler: its classes by name, those that hold others as tables of others.

`{"schedulers": [{"name": "LinearLR", "config": {...}}, ...], "milestones": [...]}`, or with the fields beside the name.
Source: torch 2.13, optim/lr_scheduler.py.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from typing import Any

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import joined
from glidepath.schedules.dialects.cycles import fixed
from glidepath.schedules.dialects.nesting import NAMED, WITHIN, fresh, inner, named, rows, wholes
from glidepath.schedules.dialects.question import LARGEST, Answer, Question
from glidepath.schedules.dialects.sequence import one_behind_another
from glidepath.schedules.dialects.torch_curves import READERS, UNUSED
from glidepath.schedules.dialects.wording import plainly
from glidepath.schedules.levels import absolute
from glidepath.schedules.recipes import hold
from glidepath.schedules.reshape import combine, excerpt, remap

MOST = {"SequentialLR": 64, "ChainedScheduler": 4}  # schedulers; of those at once each is a recipe within a recipe
# They multiply the rate that they find, so that torch itself gives a chain of them the product.
MULTIPLYING = ("ConstantLR", "LinearLR", "ExponentialLR", "StepLR", "MultiStepLR", "PolynomialLR")
COSINES = ("CosineAnnealingLR", "CosineAnnealingWarmRestarts")
OWN_RATES = ("OneCycleLR", "CyclicLR")  # which they write into the optimizer as they are made
DIVISOR = 25.0  # of OneCycleLR unless told
NESTED = tuple(MOST)  # within each other once, no deeper


def sequential(q: Question) -> Answer:
    """SequentialLR: each from its milestone on, at its own step 0."""
    tables, milestones = _tables(q, "SequentialLR"), wholes(q, "milestones", least=0)
    begins = [0, *milestones]
    if len(begins) != len(tables) or begins != sorted(begins):
        raise SpecError(f"{q.of}: expected a milestone between any two schedulers, in order, got {milestones!s:.60}")
    lengths = [end - begin for begin, end in pairwise(begins)]
    if q.faithful and any(table["name"] in OWN_RATES for table in tables):
        rates = _overwritten(q, tables, lengths)
        whole = zip(tables, rates, begins, [*lengths, None], strict=True)
        return one_behind_another([_between(q, *one) for one in whole], lengths)
    answers = []
    for table, begin, length in zip(tables, begins, [*lengths, None], strict=True):
        answer = _within(q, table, (*MULTIPLYING, *COSINES), OWN_RATES + NESTED, begin=begin, length=length)
        if answer.peak != q.base_lr and (table["name"] not in OWN_RATES or answer.peak > q.base_lr):
            raise SpecError(f"{q.of}: expected schedulers of up to the rate {q.base_lr:g}, got one of {answer.peak:g}")
        answers.append(replace(answer, recipe=joined(hold(0, at=absolute(q.base_lr)), answer.recipe)))
    return replace(one_behind_another(answers, lengths), peak=q.base_lr)


def _overwritten(q: Question, tables: list[Mapping[str, Any]], lengths: list[int]) -> list[float]:
    """The rate that each begins with, where some write theirs into the optimizer as they are made."""
    first, kinds = tables[0], [table["name"] for table in tables]
    turns = kinds[0] == COSINES[0] and Question(q.of, first, q.base_lr, None, faithful=True).whole("T_max") < lengths[0]
    if kinds.count("OneCycleLR") > 1 or turns:
        raise SpecError(f"{q.of}: expected at most one OneCycleLR, and no cosine before it that turns round, got more")
    rates = list(_written(q, tables))
    finds = kinds[0] in (*MULTIPLYING, COSINES[0])  # as its first rate what is in the optimizer in the end
    return [rates[-1] if finds else rates[0], *rates[1:]]


def _written(q: Question, tables: list[Mapping[str, Any]]) -> Iterator[float]:
    """The first rate of the optimizer as each finds it: OneCycleLR's own, or CyclicLR's where it is made first."""
    rate = None
    for table in tables:
        own = Question(q.of, table, q.base_lr, None, faithful=True)
        if table["name"] == "OneCycleLR":
            rate = own.number("max_lr", low=0) / own.number("div_factor", DIVISOR, low=1 / LARGEST)
        elif rate is None:
            rate = own.number("base_lr", low=0) if table["name"] == "CyclicLR" else q.base_lr
        yield rate


def _between(q: Question, table: Mapping[str, Any], rate: float, begin: int, length: int | None) -> Answer:
    """A scheduler from a rate that need not be the peak; those with their own keep them."""
    within, kept = replace(q, base_lr=1.0), (*MULTIPLYING, *COSINES, *OWN_RATES)
    if table["name"] in OWN_RATES:
        return _within(within, table, kept, NESTED, begin=begin, length=length)
    low = 0.0
    if table["name"] in COSINES:
        low, table = (
            Question(q.of, table, rate, None, faithful=True).number("eta_min", 0, low=0),
            {**table, "eta_min": 0},
        )
    answer = _within(within, table, kept, NESTED, begin=begin, length=length)
    if answer.peak != 1:
        raise SpecError(f"{q.of}: expected schedulers that do not go above the rate, got one that does")
    curve = remap(answer.recipe, low=fixed(low), high=fixed(rate))
    curve = excerpt(curve, max(length, answer.steps or 1), length=length) if length else curve
    return replace(answer, recipe=curve, peak=max(rate, low))


def chained(q: Question) -> Answer:
    """ChainedScheduler: all at once, the product of what each makes of the rate."""
    kept, mended = (*MULTIPLYING, "ChainedScheduler"), (*COSINES, "SequentialLR")
    answers = [_within(q, table, kept, mended) for table in _tables(q, "ChainedScheduler")]
    if any(answer.peak != q.base_lr for answer in answers):
        raise SpecError(f"{q.of}: expected schedulers that do not go above the rate, {q.base_lr:g}, got one that does")
    product = reduce(lambda left, right: combine(left, right, by="product"), (answer.recipe for answer in answers))
    notes = tuple(dict.fromkeys(note for answer in answers for note in answer.notes))
    return Answer(product, q.base_lr, max(answer.steps or 1 for answer in answers), notes)


def _tables(q: Question, kind: str) -> list[Mapping[str, Any]]:
    """The schedulers within, each a name and its fields, which may stand in a table of their own."""
    tables: list[Mapping[str, Any]] = []
    found = rows(q, "schedulers", least=1)
    if len(found) > MOST[kind]:
        raise SpecError(f"{q.of}: expected at most {MOST[kind]} schedulers, got {len(found)}")
    for given in found:
        name, fields = named(q, "schedulers", given, NAMES)
        inside = fields.get("config")
        if isinstance(inside, Mapping) and len(fields) == 1:
            fields = {key: value for key, value in inside.items() if key not in NAMED}
        tables.append({**fields, NAMED[0]: name})
    return tables


def _within(
    q: Question,
    table: Mapping[str, Any],
    kept: tuple[str, ...],
    mended: tuple[str, ...],
    *,
    begin: int = 0,
    length: int | None = None,
) -> Answer:
    """A scheduler within: of the kinds whose numbers torch `kept`, or of those that it leaves broken."""
    name = named(q, "schedulers", table, NAMES)[0]
    if q.faithful and name in mended:
        raise SpecError(
            f"{q.of}: expected schedulers that torch does not let break each other, got {name}: {WHY[name]}"
        )
    if q.faithful and begin and table.get("total_iters") == 0:
        raise SpecError(f"{q.of}: expected total_iters above 0, got 0 in a later {name}, which torch reads otherwise")
    steps = None if length is None else max(1, length)
    known = [kind for kind in (*kept, *mended) if kind not in NESTED or WITHIN not in q.of]
    answer = inner(q, "schedulers", table, {kind: NAMES[kind] for kind in known}, behind=begin, steps=steps)
    notes = answer.notes if name not in mended else (*answer.notes, f"{WHY[name]}; read as it is meant")
    return replace(answer, notes=notes)


WHY = {
    **dict.fromkeys(OWN_RATES, "torch's OneCycleLR and CyclicLR change the rate that those beside them begin with"),
    **dict.fromkeys(COSINES, "torch's cosines in a chain write over the rate that the others have made"),
    **dict.fromkeys(NESTED, "torch fails with, or writes over, a SequentialLR or ChainedScheduler within another"),
}
NAMES: dict[str, Callable[[Question], Answer]] = {
    **{name: fresh(read, "verbose", *UNUSED.get(name, ())) for name, read in READERS.items()},
    "SequentialLR": fresh(plainly(sequential), "verbose"),
    "ChainedScheduler": fresh(plainly(chained)),
}
