"""torch.optim.lr_scheduler: its classes by name, those that hold others as tables of others.

`{"schedulers": [{"name": "LinearLR", "config": {...}}, ...], "milestones": [...]}`, or with the fields beside the name.
Source: torch 2.13, optim/lr_scheduler.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from typing import Any

from glidepath.errors import SpecError
from glidepath.schedules.dialects.curves import joined
from glidepath.schedules.dialects.nesting import NAMED, WITHIN, fresh, inner, named, rows, wholes
from glidepath.schedules.dialects.question import Answer, Question
from glidepath.schedules.dialects.sequence import one_behind_another
from glidepath.schedules.dialects.torch_curves import READERS, UNUSED
from glidepath.schedules.dialects.wording import plainly
from glidepath.schedules.levels import absolute
from glidepath.schedules.recipes import hold
from glidepath.schedules.reshape import combine

MOST = {"SequentialLR": 64, "ChainedScheduler": 4}  # schedulers; of those at once each is a recipe within a recipe
# They multiply the rate that they find, so that torch itself gives a chain of them the product.
MULTIPLYING = ("ConstantLR", "LinearLR", "ExponentialLR", "StepLR", "MultiStepLR", "PolynomialLR")
COSINES = ("CosineAnnealingLR", "CosineAnnealingWarmRestarts")
OWN_RATES = ("OneCycleLR", "CyclicLR")  # which they write into the optimizer as they are made
NESTED = tuple(MOST)  # within each other once, no deeper


def sequential(q: Question) -> Answer:
    """SequentialLR: each from its milestone on, at its own step 0."""
    tables, milestones = _tables(q, "SequentialLR"), wholes(q, "milestones", least=0)
    begins = [0, *milestones]
    if len(begins) != len(tables) or begins != sorted(begins):
        raise SpecError(f"{q.of}: expected a milestone between any two schedulers, in order, got {milestones!s:.60}")
    lengths = [end - begin for begin, end in pairwise(begins)]
    answers = []
    for table, begin, length in zip(tables, begins, [*lengths, None], strict=True):
        answer = _within(q, table, (*MULTIPLYING, *COSINES), OWN_RATES + NESTED, begin=begin, length=length)
        if answer.peak != q.base_lr and (named(q, "schedulers", table)[0] not in OWN_RATES or answer.peak > q.base_lr):
            raise SpecError(f"{q.of}: expected schedulers of up to the rate {q.base_lr:g}, got one of {answer.peak:g}")
        answers.append(replace(answer, recipe=joined(hold(0, at=absolute(q.base_lr)), answer.recipe)))
    return replace(one_behind_another(answers, lengths), peak=q.base_lr)


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
        name, fields = named(q, "schedulers", given)
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
    name = named(q, "schedulers", table)[0]
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
