"""A rule as a plain dict and as a line of text, both ways; the complaints are tested beside."""

import json
from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from glidepath import GlidepathError, cosine, hold, warmup
from glidepath.schedules.feedback import (
    Rule,
    after_warmup,
    back_off,
    early_stop,
    fold,
    from_plain,
    greedy,
    parse_rule,
    plateau,
    rule_from_spec,
    rule_to_spec,
    to_plain,
    torch_plateau,
)
from glidepath.schedules.feedback.spelling import EXAMPLES, MAKERS

Complaint = Callable[..., str]

COUNT = st.one_of(st.integers(1, 20), st.integers(1, 2**53))
SHARE = st.floats(0, 1)
INSIDE = st.floats(0, 1, exclude_min=True, exclude_max=True)
AT_LEAST_0 = st.floats(0, allow_infinity=False)
MODE = st.sampled_from(["min", "max"])
THRESHOLD = {"threshold": st.floats(0, 1, exclude_max=True), "threshold_mode": st.sampled_from(["rel", "abs"])}
# Per rule: what it cannot be without, and the rest of its arguments.
ARGUMENTS: dict[Callable[..., Rule[Any]], tuple[dict[str, Any], dict[str, Any]]] = {
    plateau: (
        {"minimum_descent": st.floats(0, 1e100, exclude_min=True, exclude_max=True)},
        {
            "window": st.integers(1, 10**14).map(lambda n: 20 * n),
            "confidence": st.floats(0.5, 0.9999),
            "spike": st.floats(1e-300, 1e99),
            "factor": INSIDE,
            "floor": SHARE,
            "mode": MODE,
            "after": COUNT,
        },
    ),
    torch_plateau: (
        {},
        {
            "mode": MODE,
            "factor": INSIDE,
            "patience": COUNT,
            **THRESHOLD,
            "minimum_change": AT_LEAST_0,
            "cooldown": COUNT,
            "floor": SHARE,
            "eps": st.none() | AT_LEAST_0,
            "accumulate": COUNT,
            "counting": st.sampled_from(["torch", "optax", "keras", "paddle"]),
            "faithful": st.booleans(),
            "after": COUNT,
        },
    ),
    greedy: (
        {},
        {
            "mode": MODE,
            "factor": INSIDE,
            "patience": COUNT,
            **THRESHOLD,
            "rest_after_cut": COUNT,
            "rest_after_rise": COUNT,
            "floor": SHARE,
            "ceiling": st.floats(1, allow_infinity=False),
            "eps": AT_LEAST_0,
            "window": st.integers(1, 100_000),
            "reset_after": COUNT,
            "faithful": st.booleans(),
            "after": COUNT,
        },
    ),
    early_stop: ({"patience": COUNT}, {"minimum_change": AT_LEAST_0, "mode": MODE, "after": COUNT}),
    back_off: (
        {},
        {
            "factor": INSIDE,
            "rewarm": COUNT,
            "floor": SHARE,
            "weight": st.floats(0, 1, exclude_min=True),
            "tolerance": AT_LEAST_0,
            "in_a_row": COUNT,
            "accumulate": COUNT,
            "after": COUNT,
        },
    ),
}
RULES = st.one_of(
    [
        st.fixed_dictionaries(required, optional=optional).map(lambda named, make=make: make(**named))
        for make, (required, optional) in ARGUMENTS.items()
    ]
)


def test_every_argument_of_every_rule_is_drawn() -> None:
    assert set(MAKERS.values()) == set(ARGUMENTS)
    for make, (required, optional) in ARGUMENTS.items():
        assert list(signature(make).parameters) == [*required, *optional]
        assert bool(required) == (make.__name__ in EXAMPLES)


@given(RULES)
def test_a_rule_is_its_spec_through_json_too(rule: Rule[Any]) -> None:
    assert rule_from_spec(rule_to_spec(rule)) == rule
    assert rule_from_spec(json.loads(json.dumps(rule_to_spec(rule), allow_nan=False))) == rule


@given(RULES)
def test_a_rule_is_its_text_and_its_code(rule: Rule[Any]) -> None:
    assert parse_rule(str(rule)) == rule
    assert parse_rule(repr(rule)) == rule  # the quotes of the code are read too
    assert eval(repr(rule), dict(MAKERS)) == rule  # noqa: S307 - our own text


@given(RULES)
def test_only_what_is_not_as_it_would_be_anyway_is_written(rule: Rule[Any]) -> None:
    usual = {name: parameter.default for name, parameter in signature(type(rule).maker()).parameters.items()}
    for name, default in usual.items():
        written = getattr(rule, name) != default
        assert (name in rule_to_spec(rule)) == written
        assert (f"({name}=" in str(rule) or f" {name}=" in str(rule)) == written


@settings(max_examples=20)
@given(
    rule=RULES,
    seed=st.integers(0, 10**6),
    cut=st.integers(0, 200),
)
def test_a_checkpoint_of_rule_and_state_goes_on_to_the_bit(rule: Rule[Any], seed: int, cut: int) -> None:
    losses = list(enumerate(np.random.default_rng(seed).normal(2, 0.5, 200).tolist()))
    saved = json.dumps({"rule": rule_to_spec(rule), "state": to_plain(fold(rule, losses[:cut]))})
    loaded = json.loads(saved)
    later = fold(rule_from_spec(loaded["rule"]), losses[cut:], state=from_plain(loaded["state"]))
    assert repr(later) == repr(fold(rule, losses))


WRITTEN: list[tuple[Rule[Any], str, dict[str, Any]]] = [
    (plateau(0.01), "plateau(minimum_descent=0.01)", {"rule": "plateau", "minimum_descent": 0.01}),
    (
        torch_plateau(mode="max", factor=0.5),
        "torch_plateau(mode=max, factor=0.5)",
        {"rule": "torch_plateau", "mode": "max", "factor": 0.5},
    ),
    (greedy(), "greedy()", {"rule": "greedy"}),
    (early_stop(3, 1), "early_stop(patience=3, minimum_change=1.0)", {
        "rule": "early_stop", "patience": 3, "minimum_change": 1.0,
    }),
    (back_off(after=10**12), "back_off(after=1000000000000)", {"rule": "back_off", "after": 10**12}),
    (torch_plateau(counting="optax", eps=1e-8), "torch_plateau(eps=1e-08, counting=optax)", {
        "rule": "torch_plateau", "eps": 1e-8, "counting": "optax",
    }),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "text", "spec"), WRITTEN)
def test_a_rule_is_written_so(rule: Rule[Any], text: str, spec: dict[str, Any]) -> None:
    assert str(rule) == text
    assert rule_to_spec(rule) == {"glidepath": 1, **spec}
    assert parse_rule(text) == rule_from_spec(spec) == rule


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("greedy", greedy()),
        ("  greedy ( )\n", greedy()),
        ("plateau(0.01, factor=.5)", plateau(0.01, factor=0.5)),
        ("plateau( factor = 5e-1 ,minimum_descent=1_0)", plateau(10, factor=0.5)),
        ("early_stop(3, 0.5)", early_stop(3, 0.5)),
        ("early_stop('3', mode=\"max\")", early_stop(3, mode="max")),
        ("torch_plateau(faithful=true, after=0)", torch_plateau(faithful=True)),
        ("torch_plateau(faithful=False, factor='0.5')", torch_plateau(factor=0.5)),
    ],
)
def test_a_text_is_read_with_and_without_names_quotes_and_spaces(text: str, rule: Rule[Any]) -> None:
    assert parse_rule(text) == rule


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from([10**400, "0.5", "1", []]),
)
JUNK = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))
NAMES = sorted({name for make in MAKERS.values() for name in signature(make).parameters})


def read_or_refused(complaint: Complaint, read: Callable[..., Any], given: Any) -> None:
    try:
        rule = read(given)
    except GlidepathError:
        complaint(read, given)
        return
    assert rule_from_spec(rule_to_spec(rule)) == parse_rule(str(rule)) == rule


@settings(max_examples=200)
@given(
    word=st.sampled_from([*MAKERS, "rule"]) | JUNK,
    given_=st.dictionaries(st.sampled_from([*NAMES, "glidepath", "more"]), JUNK, max_size=4),
)
def test_any_dict_is_a_rule_or_refused(complaint: Complaint, word: Any, given_: Mapping[str, Any]) -> None:
    read_or_refused(complaint, rule_from_spec, {"rule": word, **given_})


@settings(max_examples=200)
@given(
    rule=RULES, at=st.integers(0, 200), remove=st.integers(0, 3), put=st.text(max_size=3) | st.sampled_from("(),=' ")
)
def test_any_change_of_a_text_is_a_rule_or_refused(
    complaint: Complaint, rule: Rule[Any], at: int, remove: int, put: str
) -> None:
    text = str(rule)
    read_or_refused(complaint, parse_rule, text[:at] + put + text[at + remove :])


def test_a_rule_waits_for_the_end_of_the_warmup_of_a_schedule(complaint: Complaint) -> None:
    rule = plateau(0.01, after=7)
    assert after_warmup(rule, (warmup("5%") >> hold()).over(2_000, peak=1e-3)).after == 100
    assert after_warmup(rule, (hold(10, at=0.0) >> warmup(90) >> cosine()).over(2_000)).after == 100
    assert after_warmup(rule, (warmup(3_000) >> cosine()).over(5_000_000, peak=1e-3)).after == 3_000
    assert after_warmup(rule, cosine().over(2_000)) == plateau(0.01)
    assert "expected a rule and a schedule" in complaint(after_warmup, rule, cosine())
    assert "expected a rule and a schedule" in complaint(after_warmup, cosine().over(10), rule)
