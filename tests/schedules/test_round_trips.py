"""A value survives being written and read: as text, as code, as spec, JSON, TOML, pickle and checkpoint."""

import copy
import io
import json
import pickle
import tomllib
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from reference import Plan
from strategies import plans

import glidepath as gp
from glidepath import Recipe, Schedule

RATES = st.one_of(
    st.integers(1, 2**70),
    st.fractions(Fraction(1, 10**6), 10**6).filter(lambda rate: rate > 0),
    st.floats(1e-3, 1e9).map(lambda rate: round(rate, 3)),
)


@st.composite
def values(draw: st.DrawFn) -> Recipe | Schedule:
    """A recipe, a schedule, or a schedule whose horizon knows random rates."""
    plan: Plan = draw(plans())
    if draw(st.booleans()):
        return plan.recipe
    rates = draw(st.fixed_dictionaries({}, optional={"samples_per_step": RATES, "tokens_per_step": RATES}))
    return plan.recipe.over(gp.Horizon(plan.steps, steps_per_epoch=7, **rates), peak=plan.peak)


def evaluated(code: str) -> Any:
    return eval(code, dict(vars(gp)))  # noqa: S307 - what is promised is that the repr is code


def checkpointed(value: Recipe | Schedule) -> Recipe | Schedule:
    file = io.BytesIO()
    torch.save({"spec": gp.to_spec(value)}, file)
    file.seek(0)
    return gp.from_spec(torch.load(file, weights_only=True)["spec"])


TRIPS: dict[str, Callable[[Any], Any]] = {
    "text": lambda value: gp.parse(str(value)),
    "text of the repr": lambda value: gp.parse(repr(value)),
    "code": lambda value: evaluated(repr(value)),
    "spec": lambda value: gp.from_spec(gp.to_spec(value)),
    "JSON": lambda value: gp.from_json(gp.to_json(value)),
    "TOML": lambda value: gp.from_toml(gp.to_toml(value)),
    "a file of JSON": lambda value: gp.from_spec(json.loads(gp.to_json(value))),
    "JSON of the spec": lambda value: gp.from_json(json.dumps(gp.to_spec(value), indent=2)),
    "a file of TOML": lambda value: gp.from_spec(tomllib.loads(gp.to_toml(value))),
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),  # noqa: S301 - our own bytes
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


@settings(max_examples=25)
@pytest.mark.parametrize("trip", TRIPS)
@given(value=values())
def test_there_and_back_is_the_same_value(trip: str, value: Recipe | Schedule) -> None:
    back = TRIPS[trip](value)
    assert back == value
    assert type(back) is type(value)
    assert hash(back) == hash(value)
    assert (str(back), repr(back)) == (str(value), repr(value))


@given(value=values().filter(lambda value: isinstance(value, Schedule)))
def test_a_schedule_that_was_there_and_back_has_the_same_learning_rates(value: Schedule) -> None:
    steps = [0, 1, value.horizon.steps // 2, value.horizon.steps]
    assert gp.from_json(gp.to_json(value))(steps).tolist() == value(steps).tolist()
    assert pickle.loads(pickle.dumps(value))(steps).tolist() == value(steps).tolist()  # noqa: S301


@given(value=values())
def test_a_checkpoint_of_plain_types_brings_it_back(value: Recipe | Schedule) -> None:
    assert checkpointed(value) == value


def kinds(spec: Any) -> set[type]:
    if type(spec) is dict:
        return {dict}.union(*(kinds(inner) for inner in [*spec, *spec.values()]))
    return {list}.union(*map(kinds, spec)) if type(spec) is list else {type(spec)}


@given(value=values())
def test_a_spec_holds_plain_types_only(value: Recipe | Schedule) -> None:
    assert kinds(gp.to_spec(value)) <= {dict, list, str, int, float, bool}


@given(value=values())
def test_every_written_form_is_one_line_except_toml(value: Recipe | Schedule) -> None:
    assert all("\n" not in form for form in (str(value), repr(value), gp.to_json(value)))


AMOUNTS = [1, 0, 10**15, 10**29, "0%", "100%", "33.333%", "0.0001%", "2.5 epochs", "1.5B tokens", "7 tokens"]
ODD_AMOUNTS = [
    10**31,
    "1e40",
    "1e-20%",
    "1e-40%",
    "0.1234567890123456789e-9 epochs",
    "1e50 tokens",
    "123.456e-7M samples",
]


@pytest.mark.parametrize("amount", [*AMOUNTS, *ODD_AMOUNTS])
@pytest.mark.parametrize("trip", ["text", "code", "JSON", "TOML"])
def test_an_amount_that_is_accepted_is_written_so_that_it_reads_back(trip: str, amount: int | str) -> None:
    try:
        recipe = gp.hold(amount) >> gp.steps("10%") >> gp.hold(amount)
    except gp.GlidepathError:
        return  # refused at the door, which is honest too
    assert TRIPS[trip](recipe) == recipe


@pytest.mark.parametrize("peak", [5e-324, 1e-310, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1 + 0.2, 1, 1e22])
@pytest.mark.parametrize("trip", ["text", "code", "JSON", "TOML", "pickle"])
def test_a_peak_comes_back_to_the_last_bit(trip: str, peak: float) -> None:
    schedule = gp.hold().over(10, peak=peak)
    assert TRIPS[trip](schedule).peak == peak


@pytest.mark.parametrize("rate", ["7/3", 0.1, 2**60 + 1, Fraction(1, 3), 1e300, 5e-324])
@pytest.mark.parametrize("trip", ["text", "code", "JSON", "TOML"])
def test_the_rates_of_a_horizon_come_back_exactly(trip: str, rate: Any) -> None:
    schedule = gp.cosine().over(gp.Horizon(10, tokens_per_step=rate), peak=1.0)
    assert TRIPS[trip](schedule).horizon == schedule.horizon


READINGS = [
    ("hold", gp.hold()),
    ("  hold ( )  ", gp.hold()),
    ("warmup(2%)>>cosine(to=0.1)", gp.warmup("2%") >> gp.cosine(to=0.1)),
    ("warmup('2 %') >> cosine(to = 0.1)", gp.warmup("2%") >> gp.cosine(to=0.1)),
    ('decay("20%", shape="1-sqrt")', gp.decay("20%", shape="1-sqrt")),
    ("decay(20%, shape=1-sqrt, to=absolute(1e-5))", gp.decay("20%", shape="1-sqrt", to=gp.absolute(1e-5))),
    ("decay(endpoint=true)", gp.decay(endpoint=True)),
    ("decay(endpoint=False)", gp.decay()),
    ("decay(length=10, to=0)", gp.linear(10)),
    ("warmup(shape=cosine, length=10)", gp.warmup(10, shape="cosine")),
    ("hold(1_000) >> hold(10k)", gp.hold(1_000) >> gp.hold(10_000)),
    ("hold(1.5B tokens) >> hold(.5 epochs)", gp.hold("1.5B tokens") >> gp.hold("0.5 epochs")),
    ("steps(30%, factor=0.5, length=1e3)", gp.steps("30%", factor=0.5, length=1_000)),
    ("inverse_sqrt(10, timescale=4000)", gp.inverse_sqrt(10, timescale=4_000)),
    ("(hold())", gp.hold()),
    ("(hold()).over(100k)", gp.hold().over(100_000)),
    ("(hold()).over(100, peak=3e-4)", gp.hold().over(100, peak=3e-4)),
]


@pytest.mark.parametrize(("text", "value"), READINGS)
def test_a_text_reads_as(text: str, value: Recipe | Schedule) -> None:
    assert gp.parse(text) == value


WRITINGS = [
    (gp.warmup("2%") >> gp.cosine(to=0.1), "warmup(2%) >> cosine(to=0.1)"),
    (gp.decay("20%", shape="1-sqrt"), "decay(20%, shape=1-sqrt)"),
    (gp.decay(shape="cosine"), "cosine()"),
    (gp.hold(2_000), "hold(2000)"),
    (gp.steps("30%"), "steps(30%)"),
    (gp.linear(to=gp.absolute(1e-5)), "linear(to=absolute(1e-05))"),
    (gp.hold().over(100, peak=0.1), "(hold()).over(100, peak=0.1)"),
    (gp.hold().over(gp.Horizon(9, tokens_per_step=2)), "(hold()).over(Horizon(9, tokens_per_step=2))"),
]


@pytest.mark.parametrize(("value", "text"), WRITINGS)
def test_a_value_is_written_as(value: Recipe | Schedule, text: str) -> None:
    assert str(value) == text


def test_the_spec_is_as_the_documentation_shows_it() -> None:
    schedule = (gp.warmup("2%") >> gp.cosine(to=gp.absolute(1e-5), endpoint=True)).over(100_000, peak=3e-4)
    assert gp.to_spec(schedule) == {
        "glidepath": 1,
        "parts": [
            {"part": "warmup", "length": "2%"},
            {"part": "decay", "to": {"absolute": 1e-5}, "shape": "cosine", "endpoint": True},
        ],
        "horizon": {"steps": 100_000},
        "peak": 3e-4,
    }


@given(value=values())
def test_a_value_cannot_be_changed(value: Recipe | Schedule) -> None:
    name = "parts" if isinstance(value, Recipe) else "peak"
    with pytest.raises(AttributeError):
        setattr(value, name, None)
