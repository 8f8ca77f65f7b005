"""Every schedule of optax, read, beside the installed optax in float64, three horizons past the end."""

from typing import Any

import jax
import numpy as np
import optax
import optax.schedules
import pytest
from dialect_sizes import PAST, spoil
from hypothesis import given, settings
from hypothesis import strategies as st

from glidepath.errors import GlidepathError
from glidepath.schedules import dialects

HORIZON = 60
EXACT = 1e-11  # of the largest value, both in float64
NO_SCHEDULES = {  # what optax.schedules names besides: types, and what takes a schedule
    *("InjectHyperparamsState", "InjectStatefulHyperparamsState", "Schedule", "StatefulSchedule", "WrappedSchedule"),
    *("inject_hyperparams", "inject_stateful_hyperparams"),
}
count, few, rate = st.integers(1, 50), st.integers(0, 12), st.one_of(st.just(0.0), st.floats(0.01, 3))
peak, exponent = st.floats(0.01, 3), st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.3, 3))
factor, flag = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.2, 1.4)), st.booleans()
scales = st.dictionaries(few, st.floats(0, 2), max_size=4)


def table(name: str, **fields: Any) -> Any:
    return st.tuples(st.just(name), st.fixed_dictionaries(fields))


power_fields = {"init_value": rate, "end_value": peak, "transition_begin": st.integers(-3, 12)}
decay_fields = {
    "transition_steps": st.integers(-1, 12),
    "decay_rate": factor,
    "transition_begin": st.integers(-3, 12),
    "staircase": flag,
    "end_value": st.one_of(st.none(), rate),
}


def cosine_fields(values: dict[str, Any]) -> dict[str, Any]:
    return values | {"decay_steps": values["decay_steps"] + values["warmup_steps"]}


warmup_cosine = st.fixed_dictionaries(
    {
        "init_value": rate,
        "peak_value": peak,
        "warmup_steps": few,
        "decay_steps": count,
        "end_value": rate,
        "exponent": exponent,
    }
).map(cosine_fields)
cycle = {"transition_steps": count, "peak_value": peak, "pct_start": st.floats(0, 1), "div_factor": st.floats(1, 30)}
SIMPLE = [
    table("constant_schedule", value=peak),
    table("linear_schedule", **power_fields, transition_steps=st.integers(-1, 50)),
    table("polynomial_schedule", **power_fields, transition_steps=count, power=exponent),
    table("exponential_decay", init_value=peak, **decay_fields),
    table("cosine_decay_schedule", init_value=peak, decay_steps=count, alpha=factor, exponent=exponent),
    table("warmup_constant_schedule", init_value=rate, peak_value=peak, warmup_steps=few),
    st.tuples(st.just("warmup_cosine_decay_schedule"), warmup_cosine),
    table("warmup_exponential_decay_schedule", init_value=rate, peak_value=peak, warmup_steps=few, **decay_fields),
    table("piecewise_constant_schedule", init_value=peak, boundaries_and_scales=scales),
    table(
        "piecewise_interpolate_schedule",
        interpolate_type=st.sampled_from(["linear", "cosine"]),
        init_value=peak,
        boundaries_and_scales=scales,
    ),
    table("linear_onecycle_schedule", **cycle, pct_final=st.floats(0, 1), final_div_factor=st.floats(1, 1e4)),
    table("cosine_onecycle_schedule", **cycle, final_div_factor=st.floats(1, 1e4)),
    table("sgdr_schedule", cosine_kwargs=st.lists(warmup_cosine, min_size=1, max_size=3)),
]


@st.composite
def sequences(draw: Any) -> Any:
    children = draw(st.lists(st.one_of(SIMPLE), min_size=1, max_size=4))
    begins = sorted(draw(st.lists(st.integers(0, 70), min_size=len(children) - 1, max_size=len(children) - 1)))
    return "join_schedules", {"schedules": [{"name": n, "config": c} for n, c in children], "boundaries": begins}


KINDS = [*SIMPLE, sequences()]
configured = st.one_of(KINDS)


def made(name: str, config: dict[str, Any]) -> Any:
    """The schedule that optax makes."""
    if name == "join_schedules":
        children = [made(child["name"], child["config"]) for child in config["schedules"]]
        return optax.join_schedules(children, config["boundaries"])
    return getattr(optax.schedules, name)(**config)


def given_by_optax(name: str, config: dict[str, Any], steps: int) -> Any:
    with jax.enable_x64(True):
        return np.asarray(jax.vmap(made(name, config))(np.arange(steps, dtype=np.float64)), dtype=np.float64)


GROWS = {"init_value": 0.1, "transition_steps": 7, "decay_rate": 1.2}
LINE = {"name": "linear_schedule", "config": {"init_value": 0.1, "end_value": 0.5, "transition_steps": 20}}


def check(name: str, config: dict[str, Any]) -> None:
    """The reading is what optax gives, three horizons past the end too."""
    steps = PAST * HORIZON
    theirs = given_by_optax(name, config, steps)
    if theirs.max() == 0:  # no schedule of ours has the peak 0
        return
    ours = dialects.read("optax", name, config, horizon=HORIZON, faithful=True).schedule
    np.testing.assert_allclose(ours(range(steps)), theirs, rtol=EXACT, atol=EXACT * theirs.max())
    mended = dialects.read("optax", name, config, horizon=HORIZON).schedule
    np.testing.assert_allclose(mended(range(HORIZON)), theirs[:HORIZON], rtol=EXACT, atol=EXACT * theirs.max())
    assert mended(steps) <= mended.peak


@pytest.mark.parametrize("kind", KINDS, ids=range(len(KINDS)))
def test_optax_itself_gives_these_values_at_random_sizes(kind):
    settings(max_examples=6)(given(kind)(lambda case: check(*case)))()


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("exponential_decay", GROWS | {"staircase": True, "end_value": 0.4, "transition_begin": 3}),
        ("exponential_decay", GROWS | {"staircase": True}),
        ("exponential_decay", GROWS | {"end_value": 0.4}),
        ("exponential_decay", GROWS | {"transition_steps": 10**9, "decay_rate": 1.0000001}),
        ("warmup_exponential_decay_schedule", GROWS | {"peak_value": 0.5, "warmup_steps": 9, "end_value": 0.2}),
        ("exponential_decay", GROWS | {"transition_begin": 500}),
        ("exponential_decay", GROWS | {"decay_rate": 1.0, "end_value": 0.4}),
        ("warmup_constant_schedule", {"init_value": 0.1, "peak_value": 0.5, "warmup_steps": 0}),
        ("join_schedules", {"schedules": [LINE] * 4, "boundaries": [10, 30, 30]}),
    ],
)
def test_optax_itself_gives_these_values_at_the_edges(name, config):
    check(name, config)


def test_every_function_of_optax_schedules_is_read_or_no_schedule():
    public = {name for name in vars(optax.schedules) if not name.startswith("_")}
    assert public == set(dialects.names("optax")) | NO_SCHEDULES
    for name in NO_SCHEDULES:
        with pytest.raises(GlidepathError, match="expected a schedule of optax"):
            dialects.read("optax", name, {})


@pytest.mark.parametrize(
    ("name", "config", "text"),
    [
        (
            "warmup_cosine_decay_schedule",
            {"init_value": 0.0, "peak_value": 0.5, "warmup_steps": 10, "decay_steps": 60, "end_value": 0.1},
            "warmup(10, start=0.0) >> decay(50, to=absolute(0.1), shape=cosine) >> hold()",
        ),
        (
            "join_schedules",
            {
                "schedules": [
                    {"name": "linear_schedule", "init_value": 0.0, "end_value": 0.5, "transition_steps": 10},
                    {"name": "constant_schedule", "config": {"value": 0.5}},
                    {"name": "linear_schedule", "init_value": 0.5, "end_value": 0.0, "transition_steps": 20},
                ],
                "boundaries": [10, 40],
            },
            "warmup(10, start=0.0) >> hold(30) >> decay(20) >> hold()",
        ),
        (
            "exponential_decay",
            {"init_value": 0.5, "transition_steps": 10, "decay_rate": 0.9, "end_value": 0.1},
            "clip(steps(10, factor=0.9, smooth=True), low=absolute(0.1))",
        ),
        (
            "piecewise_interpolate_schedule",
            {"interpolate_type": "cosine", "init_value": 0.5, "boundaries_and_scales": {"20": 0.5, "60": 0.0}},
            "decay(20, to=absolute(0.25), shape=cosine) >> decay(40, shape=cosine) >> hold()",
        ),
    ],
)
def test_a_schedule_is_read_in_plain_words(name, config, text):
    reading = dialects.read("optax", name, config, horizon=60)
    assert str(reading.schedule) == f"({text}).over(60, peak=0.5)"
    assert reading.notes == ()


@pytest.mark.parametrize(
    ("name", "config", "note"),
    [
        ("linear_schedule", {"init_value": 0.1, "end_value": 1.0, "transition_steps": 0}, "because transition_steps"),
        ("exponential_decay", {"init_value": 0.1, "decay_rate": 0.0, "transition_steps": 3}, "because decay_rate is 0"),
        ("exponential_decay", GROWS, "grows for ever"),
        (
            "linear_schedule",
            {"init_value": 0.1, "end_value": 1.0, "transition_steps": 5, "transition_begin": -2},
            "a transition_begin of -2 as 0",
        ),
    ],
)
def test_what_optax_takes_without_a_word_is_noted(name, config, note):
    assert note in dialects.read("optax", name, config, horizon=9).notes[0]
    assert dialects.read("optax", name, config, horizon=9, faithful=True).notes == ()


COSINE = {"init_value": 0.1, "peak_value": 1.0, "warmup_steps": 4, "decay_steps": 9}


@pytest.mark.parametrize(
    ("name", "config", "shown"),
    [
        ("linear_schedule", {"init_value": 0.0, "end_value": 1.0}, "transition_steps"),
        ("linear_schedule", {"init_value": -1.0, "end_value": 1.0, "transition_steps": 3}, "init_value from 0"),
        ("linear_schedule", {"init_value": 0.0, "end_value": 0.0, "transition_steps": 3}, "above 0"),
        ("polynomial_schedule", {"init_value": 1.0, "end_value": 0.0, "transition_steps": 3, "power": -1.0}, "power"),
        ("exponential_decay", {"init_value": 1.0, "transition_steps": 1, "decay_rate": 1e9}, "stays below"),
        ("exponential_decay", {"init_value": 1.0, "transition_steps": 1, "decay_rate": 0.5, "staircase": 1}, "True or"),
        ("exponential_decay", {"init_value": 1e-300, "transition_steps": 1, "decay_rate": 1.1}, "a first rate of 0 or"),
        ("cosine_decay_schedule", {"init_value": 1.0, "decay_steps": 0}, "at least 1"),
        ("warmup_cosine_decay_schedule", COSINE | {"warmup_steps": 9}, "decay_steps above warmup_steps"),
        ("piecewise_constant_schedule", {"init_value": 1.0, "boundaries_and_scales": {-1: 0.5}}, "boundary"),
        ("piecewise_constant_schedule", {"init_value": 1.0, "boundaries_and_scales": {3: -0.5}}, "scale from 0"),
        ("piecewise_constant_schedule", {"init_value": 1.0, "boundaries_and_scales": [3]}, "as a table"),
        ("piecewise_interpolate_schedule", {"interpolate_type": "cos", "init_value": 1.0}, "known: linear, cosine"),
        ("linear_onecycle_schedule", {"transition_steps": 9, "peak_value": 1.0, "div_factor": 0.0}, "div_factor"),
        ("sgdr_schedule", {"cosine_kwargs": []}, "at least 1"),
        ("sgdr_schedule", {"cosine_kwargs": [3]}, "list of tables"),
        ("join_schedules", {"schedules": [{"config": {}}], "boundaries": []}, "the name of a schedule"),
        ("join_schedules", {"schedules": [{"name": "linear_schedule", "config": 3}], "boundaries": []}, "config as"),
        ("join_schedules", {"schedules": [{"name": "linear_schedule"}], "boundaries": [4]}, "one fewer"),
        ("join_schedules", {"schedules": [{"name": "constant_schedule"}] * 3, "boundaries": [4, 3]}, "in order"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_one_sentence(complaint, name, config, shown):
    assert shown in complaint(dialects.read, "optax", name, config, horizon=100)


def test_schedules_within_each_other_have_an_end(complaint):
    config: dict[str, Any] = {"name": "constant_schedule", "config": {"value": 1.0}}
    for _ in range(50):
        config = {"name": "join_schedules", "config": {"schedules": [config], "boundaries": []}}
    assert "at most 5 schedules within each other" in complaint(
        dialects.read, "optax", "join_schedules", config["config"], horizon=9
    )


def test_an_unknown_child_is_told_the_nearest_name():
    config = {"schedules": [{"name": "linear_schedul"}], "boundaries": []}
    with pytest.raises(GlidepathError, match=r"join_schedules: .* did you mean 'linear_schedule'"):
        dialects.read("optax", "join_schedules", config)


@given(st.data(), configured)
def test_anything_in_a_field_is_read_or_refused_in_a_sentence(data, case):
    spoil(data, ("optax", *case, float), 1.0)
