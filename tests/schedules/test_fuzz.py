"""Random text, specs, documents and configurations: a schedule or one sentence, in bounded time, whatever comes in.

Short here; `make fuzz` gives FUZZ, how many examples of each to try.
"""

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import glidepath as gp
from glidepath.errors import GlidepathError
from glidepath.schedules import dialects
from glidepath.schedules.building import KINDS, MAKERS
from glidepath.schedules.dialects import documents
from glidepath.schedules.dialects.desk import LIBRARIES, readers
from glidepath.schedules.dialects.documents.reading import MARKS
from glidepath.schedules.dialects.question import Question
from glidepath.schedules.families import FAMILIES

Limit = Callable[[float], AbstractContextManager[None]]
EXAMPLES = int(os.environ.get("FUZZ", "60"))
LONGEST = 2_000  # characters of a complaint
SECONDS = 10  # of one answer, on a machine that does other things too
ODD = [
    "",
    " ",
    "0",
    "-1",
    "1e999",
    "nan",
    "10%",
    "110%",
    "3ep",
    "1dur",
    "cosine",
    "linear",
    "x" * 5_000,
    "\x00",
    "٣",
    "é",
]

numbers = st.one_of(
    st.integers(-3, 50),
    st.integers(0, 10**6),
    st.sampled_from([2**31, 2**53 + 1, 2**63, 10**24, 10**400, -(10**30)]),
    st.floats(),
    st.sampled_from([0.0, -0.0, 5e-324, 1e-30, 0.1, 0.5, 1.0, 1 + 1e-15, 1e308]),
)
scalars = st.one_of(numbers, numbers, st.sampled_from(ODD), st.booleans(), st.none(), st.text(max_size=8))
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=6) | st.integers(0, 9), inner, max_size=4)
    ),
    max_leaves=12,
)


def answered(ask: Callable[[], Any]) -> None:
    """A schedule with numbers, or one short sentence."""
    said = ""
    try:
        value = ask()
        schedule = value.over(1_000) if isinstance(value, gp.Recipe) else value
    except GlidepathError as error:
        said, schedule = str(error), None
    assert len(said) < LONGEST
    assert "\n" not in said
    if isinstance(schedule, gp.Schedule):
        end = schedule.horizon.steps
        steps = np.unique(np.array([0, 1, end // 3, end - 1, end, end + 1], dtype=np.int64))
        assert np.isfinite(schedule(steps)).all()


words = st.sampled_from(
    [*MAKERS, *KINDS, ">>", "(", ")", ",", "=", ":", ";", "'", '"', ".over", "peak", "absolute(", *ODD]
)
mutations = st.tuples(st.integers(0, 80), st.integers(0, 6), words | scalars.map(str))


@given(st.sampled_from([one.text for one in FAMILIES]), st.lists(mutations, max_size=4))
@settings(max_examples=5 * EXAMPLES)
def test_a_text_that_was_spoiled_is_a_recipe_or_one_sentence(limit: Limit, text: str, spoiled: list[Any]) -> None:
    for at, cut, put in spoiled:
        text = text[:at] + put + text[at + cut :]
    with limit(SECONDS):
        answered(lambda: gp.parse(text))


@given(st.lists(words | scalars.map(str), max_size=30).map(" ".join))
@settings(max_examples=5 * EXAMPLES)
def test_words_in_any_order_are_a_recipe_or_one_sentence(limit: Limit, text: str) -> None:
    with limit(SECONDS):
        answered(lambda: gp.parse(text))
        answered(lambda: documents.read(text).value)


parts = st.recursive(
    st.fixed_dictionaries({"part": st.sampled_from([*MAKERS, "x"])}),
    lambda inner: st.builds(
        lambda word, fields: {**fields, "part": word},
        st.sampled_from(list(MAKERS)),
        st.dictionaries(st.sampled_from(list(KINDS)), anything | st.lists(inner, max_size=3), max_size=6),
    ),
    max_leaves=8,
)


@given(st.lists(parts | anything, max_size=4), anything, anything)
@settings(max_examples=5 * EXAMPLES)
def test_a_spec_of_anything_is_a_schedule_or_one_sentence(limit: Limit, parts: Any, horizon: Any, peak: Any) -> None:
    with limit(SECONDS):
        answered(lambda: gp.from_spec({"parts": parts}))
        answered(lambda: gp.from_spec({"parts": parts, "horizon": {"steps": 1_000}, "peak": 0.1}))
        answered(lambda: gp.from_spec({"parts": parts, "horizon": horizon, "peak": peak}))


LIKELY: tuple[Any, ...] = (10, 0.5, 0.0, 1.0, [3, 6], "10ba", [1.0, 0.5, 0.1], True, {}, "100ba")


def asked(library: str, name: str, config: dict[str, Any]) -> tuple[str, list[str]]:
    """The field at which a reader gives up, "" where it does not; and all that it asked for until then."""
    question = Question(
        f"{library} {name}", config, 1.0, 100, faithful=False, planned=gp.Horizon(100, steps_per_epoch=10)
    )
    try:
        readers(library)[name](question)
    except GlidepathError:
        return [*question.asked, ""][-2 if question.asked else -1], list(question.asked)
    return "", list(question.asked)


def good(library: str, name: str) -> tuple[dict[str, Any], list[str]]:
    """A configuration that is read, as far as one is found by trying; and the fields that the reader asks for."""
    config: dict[str, Any] = {}
    for _ in range(30):
        field, known = asked(library, name, config)
        if not field:
            return config, known
        tried = {index: asked(library, name, {**config, field: value})[0] for index, value in enumerate(LIKELY)}
        found = [index for index, next_one in tried.items() if next_one != field]
        config[field] = LIKELY[next((index for index in found if not tried[index]), [*found, 0][0])]
    return config, known


GOOD = {(library, name): good(library, name) for library in LIBRARIES for name in readers(library)}


@pytest.mark.parametrize("library", LIBRARIES)
@given(data=st.data())
@settings(max_examples=EXAMPLES)
def test_a_configuration_of_anything_is_a_schedule_or_one_sentence(limit: Limit, library: str, data: Any) -> None:
    name = data.draw(st.sampled_from(list(readers(library))))
    config, known = GOOD[library, name]
    likely = st.one_of(st.integers(1, 40), st.floats(0, 1), st.sampled_from(LIKELY), scalars, anything)
    config = config | data.draw(st.dictionaries(st.sampled_from([*known, "x"]), likely, max_size=3))
    for gone in data.draw(st.lists(st.sampled_from([*known, "x"]), max_size=2)):
        config.pop(gone, None)
    base_lr = data.draw(st.sampled_from([1.0, 0.1]) | numbers)
    horizon = data.draw(st.sampled_from([None, 1, 100, 10_000]) | scalars)
    faithful = data.draw(st.booleans())
    with limit(SECONDS):
        answered(
            lambda: dialects.read(library, name, config, base_lr=base_lr, horizon=horizon, faithful=faithful).schedule
        )


@given(
    st.dictionaries(st.sampled_from(sorted(set().union(*MARKS.values()))), scalars | anything, max_size=8), st.data()
)
@settings(max_examples=3 * EXAMPLES)
def test_a_document_of_anything_is_a_schedule_or_one_sentence(limit: Limit, values: dict[str, Any], data: Any) -> None:
    options = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in values.items())
    lines = "\n".join(f"{name}: {value}" for name, value in values.items())
    text = data.draw(st.sampled_from([options, lines, json.dumps(values, default=str)]))
    with limit(SECONDS):
        answered(lambda: documents.read(text, documents.Terms(gp.Horizon(1_000), 10, 0.1)).value)
