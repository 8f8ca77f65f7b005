"""Text and specs from anywhere: only a GlidepathError leaves, in one short sentence, and at once."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

import glidepath as gp
from glidepath import GlidepathError

Complaint = Callable[..., str]
Limit = Callable[[float], AbstractContextManager[None]]

MANY = 100_000
SPACES = " " * MANY
TEXTS = {
    "a long word": "a" * (MANY - 1),
    "too long": "hold()" * MANY,
    "brackets": "(" * (MANY - 1),
    "nested calls": "hold(" * 20_000,
    "arrows": ">>" * 50_000,
    "commas": "warmup(" + "," * 90_000,
    "equals": "warmup(to" + "=" * 90_000,
    "quotes": "'" * (MANY - 1),
    "an open quote": "hold('" + "x" * 90_000,
    "digits": f"hold({'9' * 90_000})",
    "a digit then spaces": f"hold('1{' ' * 90_000}!')",
    "spaces then a fraction": f"hold('{' ' * 90_000}1.5')",
    "a digit then underscores": f"hold(1{'_' * 90_000}x)",
    "a level of digits": f"decay(to={'1' * 90_000})",
    "a level of spaces": f"decay(to='1{' ' * 90_000}!')",
    "an absolute of spaces": f"decay(to='absolute({' ' * 90_000}')",
    "a long shape": f"decay(shape={'x' * 90_000})",
    "a long flag": f"cosine(endpoint={'x' * 90_000})",
    "a long argument": f"cosine({'x' * 90_000}=1)",
    "exponents": "hold(1e999999999)",
    "a peak of exponents": "(hold()).over(10, peak=1e999999999)",
    "a horizon of exponents": "(hold()).over(1e999999999)",
    "a rate of exponents": "(hold()).over(Horizon(10, tokens_per_step=1e999999999))",
    "a rate of quoted exponents": "(hold()).over(Horizon(10, tokens_per_step='1e999999999'))",
    "NUL": "hold(\x00)",
    "a NUL alone": "\x00",
    "a surrogate": "\ud800",
    "combining": "hold" + "\u0301" * 1_000,
    "right to left": "\u202ehold()",
    "Arabic digits out of range": "decay(to=٣)",
    "fullwidth": "ｈｏｌｄ()",
    "a newline": "hold(\n)x\r\n\u2028",
    "code": "__import__('os').system('true')",
    "dunder": "hold.__class__",
    "format": "{0.__class__} %s",
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_is_refused_at_once(complaint: Complaint, limit: Limit, name: str) -> None:
    with limit(2.0):
        complaint(gp.parse, TEXTS[name])


def nested(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


DEEP = nested(50_000)
LONG: list[Any] = ["x" * 10] * MANY
BIG = 16**10_000  # more digits than Python writes
HOLD = {"part": "hold"}
# where a wrong value may stand in a spec
PLACES: dict[str, Callable[[Any], Any]] = {
    "$": lambda value: value,
    "glidepath": lambda value: {"glidepath": value, "parts": [HOLD]},
    "parts": lambda value: {"parts": value},
    "a part": lambda value: {"parts": [HOLD, value]},
    "the word": lambda value: {"parts": [{"part": value}]},
    "length": lambda value: {"parts": [{"part": "warmup", "length": value}], "horizon": {"steps": 5}},
    "start": lambda value: {"parts": [{"part": "warmup", "length": 1, "start": value}]},
    "to": lambda value: {"parts": [{"part": "decay", "to": value}]},
    "absolute": lambda value: {"parts": [{"part": "decay", "to": {"absolute": value}}]},
    "shape": lambda value: {"parts": [{"part": "decay", "shape": value}]},
    "power": lambda value: {"parts": [{"part": "decay", "shape": "polynomial", "power": value}]},
    "endpoint": lambda value: {"parts": [{"part": "decay", "endpoint": value}]},
    "every": lambda value: {"parts": [{"part": "steps", "every": value, "factor": 0}]},
    "factor": lambda value: {"parts": [{"part": "steps", "every": 5, "factor": value}]},
    "timescale": lambda value: {"parts": [{"part": "inverse_sqrt", "timescale": value}, HOLD]},
    "horizon": lambda value: {"parts": [HOLD], "horizon": value},
    "steps": lambda value: {"parts": [{"part": "inverse_sqrt"}], "horizon": {"steps": value}},
    "a rate": lambda value: {"parts": [HOLD], "horizon": {"steps": 5, "tokens_per_step": value}, "peak": 0},
    "peak": lambda value: {"parts": [HOLD], "horizon": {"steps": 5}, "peak": value},
}
VALUES: dict[str, Any] = {
    "a long text": "x" * MANY,
    "spaces": "1" + SPACES + "!",
    "a long list": LONG,
    "a large table": {"x" * 10_000: LONG},
    "a deep list": DEEP,
    "a deep table": {"a": DEEP},
    "a number of many digits": BIG,
    "a negative number of many digits": -BIG,
    "not a number": float("nan"),
    "bytes": b"\x00" * MANY,
}


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("place", PLACES)
def test_a_hostile_value_is_refused_at_once_wherever_it_stands(
    complaint: Complaint, limit: Limit, place: str, value: str
) -> None:
    with limit(2.0):
        complaint(gp.from_spec, PLACES[place](VALUES[value]))


def test_a_million_parts_are_refused_at_once(complaint: Complaint, limit: Limit) -> None:
    with limit(2.0):
        assert "$.parts" in complaint(gp.from_spec, {"parts": [HOLD] * 10**6})


def test_as_many_parts_as_are_allowed_are_read_within_seconds(limit: Limit) -> None:
    with limit(8.0):
        recipe = gp.from_spec({"parts": [{"part": "hold", "length": 1}] * 10_000})
    assert len(recipe.parts) == 10_000


@pytest.mark.parametrize("rate", ["1e99999999", "1e-99999999", "9" * MANY, "1/" + "9" * MANY])
def test_a_rate_too_large_to_write_is_refused_at_once(complaint: Complaint, limit: Limit, rate: str) -> None:
    with limit(2.0):
        complaint(gp.from_spec, PLACES["a rate"](rate))


@pytest.mark.parametrize("depth", [400, 900, 980, 1_500, MANY])
def test_deep_json_and_toml_are_refused_at_once(complaint: Complaint, limit: Limit, depth: int) -> None:
    brackets = "[" * depth + "]" * depth
    with limit(4.0):
        for key in ("parts", "glidepath", "horizon"):
            complaint(gp.from_json, f'{{"{key}": {brackets}}}')
            complaint(gp.from_toml, f"{key} = {brackets}")
        complaint(gp.from_json, '{"a":' * depth + "1" + "}" * depth)


@pytest.mark.parametrize(
    "text",
    [
        f"[horizon]\nsteps = 0x{'f' * 10_000}\n[[parts]]\npart = 'inverse_sqrt'",
        f"[[parts]]\npart = 'hold'\nlength = 0x{'f' * 10_000}\n[horizon]\nsteps = 5",
        f"[[parts]]\npart = 'hold'\n[horizon]\nsteps = 5\ntokens_per_step = -{'9' * 10_000}",
        f"[{'a' * MANY}]\n[{'a' * MANY}]",
        "a." * 500 + "b = 1",
        f"'{'k' * MANY}' = 1",
    ],
    ids=["horizon", "length", "rate", "twice", "dotted", "a long key"],
)
def test_hostile_toml_is_refused_at_once(complaint: Complaint, limit: Limit, text: str) -> None:
    with limit(4.0):
        complaint(gp.from_toml, text)


@pytest.mark.parametrize(
    "text",
    [
        f'{{"parts": [{{"part": "inverse_sqrt"}}], "horizon": {{"steps": 1{"0" * 400}}}}}',
        f'{{"parts": [{{"part": "hold"}}], "horizon": {{"steps": 1}}, "peak": 1{"0" * 400}}}',
        f'{{"parts": [{{"part": "decay", "to": 1{"0" * 400}}}]}}',
        '{"parts": [{"part": "decay", "to": 1e999}]}',
        f'{{"parts": {"9" * MANY}}}',
        f'{{"{"k" * MANY}": 1}}',
    ],
    ids=["horizon", "peak", "level", "infinite", "digits", "a long key"],
)
def test_hostile_json_is_refused_at_once(complaint: Complaint, limit: Limit, text: str) -> None:
    with limit(4.0):
        complaint(gp.from_json, text)


WORDS = st.one_of(
    st.sampled_from(["warmup", "hold", "decay", "cosine", "steps", "inverse_sqrt", "absolute", ".over", "Horizon"]),
    st.sampled_from(["length", "to", "start", "shape", "power", "endpoint", "every", "factor", "timescale", "peak"]),
    st.sampled_from(["(", ")", ",", "=", ">>", " ", "'", '"', "%", "1-sqrt", "epochs", "B tokens", "True", "\x00"]),
    st.sampled_from(["0", "1", "10%", "0.1", "1_", "1__0", ".5", "1.", "1e3", "1e999", "-1", "nan", "7/3", "9" * 30]),
)
SOUP = st.lists(st.one_of(WORDS, WORDS, st.text(max_size=3)), max_size=14).map("".join)
KEYS = st.one_of(
    st.sampled_from(["glidepath", "parts", "part", "horizon", "peak", "steps", "length", "to", "shape", "absolute"]),
    st.sampled_from(["every", "factor", "power", "endpoint", "timescale", "start", "tokens_per_step"]),
    st.text(max_size=5),
)
HUGE = st.sampled_from([10**400, -(10**400)])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), SOUP, WORDS, HUGE)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
PART = st.fixed_dictionaries(
    {"part": st.one_of(WORDS, LEAVES)},
    optional=dict.fromkeys(("length", "to", "start", "shape", "power", "endpoint", "every", "factor"), JSON),
)
SPEC = st.fixed_dictionaries(
    {"parts": st.one_of(st.lists(PART, max_size=4), JSON)},
    optional={
        "glidepath": st.one_of(st.just(1), JSON),
        "horizon": st.one_of(st.fixed_dictionaries({"steps": LEAVES}, optional={"tokens_per_step": LEAVES}), JSON),
        "peak": LEAVES,
    },
)


def read_or_refused(complaint: Complaint, read: Callable[[Any], Any], source: Any) -> None:
    """Either a value, which can be written, read and asked, or one sentence."""
    try:
        value = read(source)
    except GlidepathError:
        complaint(read, source)
        return
    assert gp.from_json(gp.to_json(value)) == value
    assert gp.parse(str(value)) == value


@settings(max_examples=400)
@given(text=st.one_of(SOUP, st.text()))
def test_any_text_is_a_value_or_refused(complaint: Complaint, text: str) -> None:
    read_or_refused(complaint, gp.parse, text)


@settings(max_examples=400)
@given(spec=st.one_of(SPEC, JSON))
def test_any_spec_is_a_value_or_refused(complaint: Complaint, spec: Any) -> None:
    read_or_refused(complaint, gp.from_spec, spec)


@settings(max_examples=100)
@given(text=st.one_of(SOUP, st.text(), SPEC.map(json.dumps)))
def test_any_json_is_a_value_or_refused(complaint: Complaint, text: str) -> None:
    read_or_refused(complaint, gp.from_json, text)


@settings(max_examples=100)
@given(key=KEYS, value=SOUP, text=st.text())
def test_any_toml_is_a_value_or_refused(complaint: Complaint, key: str, value: str, text: str) -> None:
    read_or_refused(complaint, gp.from_toml, f"{key} = {value}")
    read_or_refused(complaint, gp.from_toml, f"[[parts]]\npart = 'hold'\n{key} = {value}")
    read_or_refused(complaint, gp.from_toml, text)


@given(amount=st.one_of(SOUP, JSON))
def test_any_amount_is_read_or_refused(complaint: Complaint, amount: Any) -> None:
    try:
        read = gp.Amount.of(amount)
    except GlidepathError:
        complaint(gp.Amount.of, amount)
    else:
        assert gp.Amount.of(str(read)) == read
