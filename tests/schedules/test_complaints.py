"""What is refused, and the words of the refusal: what was expected, what came, where, what to write."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import glidepath as gp

Complaint = Callable[..., str]

NO_PEAKS = [0, 0.0, -0.0, -1e-3, math.nan, math.inf, -math.inf, True, "0.1", [0.1], 1j, 10**400, np.array([0.1, 0.2])]


@pytest.mark.parametrize("peak", NO_PEAKS, ids=lambda peak: repr(peak)[:12])
def test_a_peak_is_a_finite_number_above_0(complaint: Complaint, peak: Any) -> None:
    assert "the peak" in complaint(gp.hold().over, 10, peak=peak)


@pytest.mark.parametrize("peak", [1, 3e-4, np.float32(0.5), np.int64(2), Fraction(1, 4), np.array(0.5)], ids=repr)
def test_any_number_above_0_is_a_peak(peak: Any) -> None:
    assert gp.hold().over(10, peak=peak)(0) == float(peak)


@pytest.mark.parametrize("horizon", [0, -1, 10.0, 1e5, True, "x", "", "10%", "3 epochs", None, [10], math.nan])
def test_a_horizon_is_a_whole_number_of_steps_of_at_least_1(complaint: Complaint, horizon: Any) -> None:
    complaint((gp.warmup("10%") >> gp.inverse_sqrt()).over, horizon)


def test_a_horizon_is_a_number_that_a_float_can_hold(complaint: Complaint) -> None:
    complaint((gp.warmup("10%") >> gp.inverse_sqrt()).over, 10**400)


@pytest.mark.parametrize("recipe", [None, 5, "hold()", [gp.hold()]])
def test_a_schedule_is_made_of_a_recipe(complaint: Complaint, recipe: Any) -> None:
    assert "a recipe" in complaint(gp.Schedule, recipe, gp.Horizon(10))


@pytest.mark.parametrize("horizon", [10, "10", None])
def test_a_schedule_is_made_of_a_horizon(complaint: Complaint, horizon: Any) -> None:
    assert "horizon" in complaint(gp.Schedule, gp.hold(), horizon).lower()


def test_a_recipe_has_parts(complaint: Complaint) -> None:
    assert "at least one part" in complaint(gp.Recipe, ())


def test_two_parts_without_a_length_are_named(complaint: Complaint) -> None:
    said = complaint(lambda: gp.hold() >> gp.warmup(5) >> gp.cosine(to=0.1))
    assert "(hold(), cosine(to=0.1))" in said
    assert 'decay("20%")' in said


TOO_LONG = [
    (gp.hold(11), 10, "11 = 11"),
    (gp.warmup("60%") >> gp.hold() >> gp.decay("50%"), 10, "60% = 6 + 50% = 5"),
    (gp.hold("100%") >> gp.hold(1), 10, "100% = 10 + 1 = 1"),
    (gp.hold("100.001%"), 10**9, "100.001%"),
]


@pytest.mark.parametrize(("recipe", "horizon", "shown"), TOO_LONG)
def test_parts_longer_than_the_horizon_are_shown(
    complaint: Complaint, recipe: gp.Recipe, horizon: int, shown: str
) -> None:
    said = complaint(recipe.over, horizon)
    assert shown in said
    assert f"at most {horizon} steps" in said


def test_many_parts_longer_than_the_horizon_are_counted_not_listed(complaint: Complaint) -> None:
    recipe = gp.Recipe(gp.hold(10**20).parts * 500)
    assert "500 parts" in complaint(recipe.over, 10)


BARE = [0.1, 2000.0, 1.5, math.nan, True, None, [10], {"steps": 10}, b"10", np.array([1, 2])]


@pytest.mark.parametrize("amount", BARE, ids=repr)
@pytest.mark.parametrize("make", [gp.warmup, gp.steps])
def test_a_length_that_is_no_amount_is_told_what_to_write(complaint: Complaint, make: Any, amount: Any) -> None:
    said = complaint(make, amount)
    assert '"10%"' in said
    assert '"3 epochs"' in said


@pytest.mark.parametrize(
    "amount", ["-5", "-5%", "10 %%", "1.5", "1e-3", "1.2.3", "x", "", " ", "NaN", "inf", "1e100", "½"]
)
def test_a_text_that_is_no_amount_is_refused(complaint: Complaint, amount: str) -> None:
    complaint(gp.hold, amount)


def test_the_nearest_unit_is_named(complaint: Complaint) -> None:
    assert "did you mean 'epochs'?" in complaint(gp.hold, "3 epoches")
    assert "did you mean 'tokens'?" in complaint(gp.hold, "1.5Btokens")


@pytest.mark.parametrize("unit", ["epochs", "tokens", "samples"])
def test_an_amount_whose_rate_is_unknown_names_the_rate(complaint: Complaint, unit: str) -> None:
    said = complaint((gp.warmup(f"3 {unit}") >> gp.hold()).over, 100)
    assert unit[:-1] in said.split("got")[0]
    assert "write Horizon.of(" in said


LEVELS = [-0.1, 1.1, math.nan, math.inf, True, "0.1", None, [0.1], 10**400, np.array([0.1, 0.2])]


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: repr(level)[:12])
def test_a_level_is_a_multiple_of_the_peak_from_0_to_1(complaint: Complaint, level: Any) -> None:
    for call in (lambda: gp.warmup(5, to=level), lambda: gp.decay(to=level)):
        said = complaint(call)
        assert "absolute(1e-5)" in said
    if level is not None:
        complaint(lambda: gp.warmup(5, start=level))


@pytest.mark.parametrize("value", [-1e-9, math.nan, math.inf, True, "1", None])
def test_an_absolute_level_is_a_finite_number_of_at_least_0(complaint: Complaint, value: Any) -> None:
    assert "an absolute learning rate" in complaint(gp.absolute, value)


def test_an_absolute_level_needs_a_peak_that_is_not_below_it(complaint: Complaint) -> None:
    floor = gp.cosine(to=gp.absolute(0.1))
    assert "write .over(..., peak=...)" in complaint(floor.over, 10)
    assert "at or below the peak 0.05" in complaint(floor.over, 10, peak=0.05)


@pytest.mark.parametrize(
    "call",
    [
        lambda: gp.decay(shape="exponential"),
        lambda: gp.decay(shape="exponential", to=gp.absolute(0)),
        lambda: gp.warmup(5, shape="exponential", start=0),
        lambda: gp.warmup(5, shape="exponential", to=0),
    ],
)
def test_equal_factors_do_not_reach_0(complaint: Complaint, call: Callable[[], Any]) -> None:
    assert 'above 0 with shape="exponential"' in complaint(call)


@pytest.mark.parametrize(
    ("recipe", "shown"),
    [
        (gp.decay(5, to=0.1) >> gp.decay(to=0.2), "got 0.2"),
        (gp.decay(5) >> gp.decay(to=0.01, shape="exponential"), "at or below 0"),
        (gp.warmup(5, start=0.6, to=0.5), "the warmup to start at or below 0.5"),
        (gp.decay(5, to=0.1) >> gp.cosine(to=gp.absolute(0.5)), "got 0.5"),
    ],
)
def test_a_decay_goes_down_and_a_warmup_up(complaint: Complaint, recipe: gp.Recipe, shown: str) -> None:
    said = complaint(recipe.over, 10, peak=1.0)
    assert shown in said
    assert "a warmup goes up, a decay goes down" in said


@pytest.mark.parametrize(("shape", "nearest"), [("cosin", "cosine"), ("1-sqr", "1-sqrt"), ("exp", None), (5, None)])
def test_an_unknown_shape_names_the_nearest(complaint: Complaint, shape: Any, nearest: str | None) -> None:
    said = complaint(gp.decay, shape=shape)
    assert nearest is None or f"did you mean {nearest!r}?" in said
    assert "known: linear, cosine, 1-sqrt, polynomial" in said


def test_a_warmup_knows_fewer_shapes(complaint: Complaint) -> None:
    assert "known: linear, cosine, exponential" in complaint(gp.warmup, 5, shape="polynomial")


@pytest.mark.parametrize(
    "named",
    [
        {"power": 0},
        {"power": -1, "shape": "polynomial"},
        {"power": 2},
        {"power": math.nan, "shape": "polynomial"},
        {"power": "2", "shape": "polynomial"},
        {"endpoint": 1},
        {"endpoint": "yes"},
        {"endpoint": None},
    ],
)
def test_power_and_endpoint_have_their_limits(complaint: Complaint, named: dict[str, Any]) -> None:
    complaint(gp.decay, **named)


@pytest.mark.parametrize(
    "named", [{"factor": 0}, {"factor": 1.5}, {"factor": -0.1}, {"factor": math.nan}, {"every": 0}]
)
def test_stairs_go_down_after_a_while(complaint: Complaint, named: dict[str, Any]) -> None:
    complaint(gp.steps, **{"every": 10, **named})


def test_a_timescale_is_above_0(complaint: Complaint) -> None:
    complaint(gp.inverse_sqrt, timescale=0)


NO_NUMBERS = ["5", None, 1j, {}, {5}, object(), True, np.True_]
NO_STEPS = [*NO_NUMBERS, math.nan, [True], ["5"], [None], [math.nan], [1j], [[1], [1, 2]]]


@pytest.mark.parametrize("step", NO_STEPS, ids=lambda step: repr(step)[:12])
def test_a_step_is_a_number(complaint: Complaint, step: Any) -> None:
    assert "step" in complaint(gp.cosine().over(10), step)


def test_steps_of_dates_and_texts_are_refused(complaint: Complaint) -> None:
    schedule = gp.cosine().over(10)
    complaint(schedule, np.array(["2020-01-01"], dtype="datetime64[D]"))
    complaint(schedule, np.array([np.datetime64("NaT")]))
    complaint(schedule, np.array([1.0, np.nan]))


TEXTS = [
    # text, place, what the complaint must hold
    ("", "column 1", "the end"),
    ("   ", "column", "the end"),
    ("warmup(2%) >> cosin(to=0.1)", "column 15", "did you mean 'cosine'?"),
    ("warmup(2%) >> ", "column", "the end"),
    (">> hold()", "column 1", "'>>'"),
    ("hold() hold()", "column 8", "'>>' or the end"),
    ("hold() >> >> hold()", "column 11", "'>>'"),
    ("hold(", "column 6", "the end"),
    ("hold(10", "column 8", "'the end'"),
    ("hold)", "column 5", "')'"),
    ("(hold()", "column", "')'"),
    ("((hold()))", "column 2", "'('"),
    ("hold()()", "column 7", "'('"),
    ("warmup()", "column 1", "write warmup(10%)"),
    ("warmup", "column 1", "write warmup(10%)"),
    ("steps(factor=0.5)", "column 1", "write steps(10%)"),
    ("warmup(2%, too=0.1)", "column 12", "did you mean 'to'?"),
    ("cosine(shape=linear)", "column 8", "an argument of cosine"),
    ("warmup(2%, to=)", "column 15", "')'"),
    ("warmup(2%, =5)", "column 12", "expected"),
    ("warmup(2%, to=0.1, to=0.2)", "column 20", "'to' again"),
    ("warmup(2%, length=5)", "column 12", "'length' again"),
    ("warmup(2%, 5)", "column 12", "'length'"),
    ("warmup(2%, to=x)", "column 12", "a number"),
    ("warmup(2%, to=1_)", "column 12", "a number"),
    ("warmup(2%, to=1__0)", "column 12", "a number"),
    ("warmup(2%, to=2)", "column 12", "from 0 to 1"),
    ("warmup(2%, to=absolute(x))", "column 12", "a number"),
    ("warmup(2%, to=absolute(0.1", "column 27", "the end"),
    ("warmup(2%, to=relative(0.1))", "column 12", "a number"),
    ("warmup(2 percent)", "column 8", "a unit"),
    ("warmup(0.02)", "column 8", "whole steps"),
    ("cosine(endpoint=yes)", "column 1", "True or False"),
    ("decay(shape=cosin)", "column 1", "did you mean 'cosine'?"),
    ("hold() >> cosine()", "column 1", "at most one part without a length"),
    ("hold(10%) | cosine()", "column 11", "'>>' or the end"),
    ("hold('10%)", "column 6", "'"),
    ("hold(10%);", "column 10", "';'"),
    ("(hold()).over()", "column 15", "')'"),
    ("(hold()).over(0)", "column 9", "at least 1 step"),
    ("(hold()).over(10%)", "column 9", "a share"),
    ("(hold()).over(100, peak=0)", "column 9", "the peak"),
    ("(hold()).over(100, peak=x)", "column", "a number"),
    ("(hold()).over(100, peak=1_)", "column", "a number"),
    ("(hold()).over(100, top=1)", "column 20", "peak"),
    ("(hold()).over(100", "column 18", "the end"),
    ("(hold()).under(100)", "column 9", "'.over('"),
    ("(hold()).over(Horizon(3 epochs))", "column", "3 epochs"),
    ("(hold()).over(Horizon(50%))", "column", "50%"),
    ("(hold()).over(Horizon(10, rate=5))", "column 27", "tokens_per_step"),
    ("(hold()).over(Horizon(10, tokens_per_step=0))", "column", "above 0"),
    ("(decay(to=absolute(1))).over(10, peak=0.1)", "column 24", "at or below the peak"),
]


@pytest.mark.parametrize(("text", "place", "shown"), TEXTS)
def test_a_text_that_describes_nothing_is_refused_with_its_column(
    complaint: Complaint, text: str, place: str, shown: str
) -> None:
    said = complaint(gp.parse, text)
    assert place in said
    assert shown in said


HOLD = {"part": "hold"}
SPECS = [
    # spec, place, what the complaint must hold
    (None, "$:", "a table"),
    ([], "$:", "a table"),
    ("hold()", "$:", "a table"),
    ({}, "$.parts:", "got None"),
    ({"parts": []}, "$.parts:", "got []"),
    ({"parts": {}}, "$.parts:", "a list"),
    ({"parts": "hold"}, "$.parts:", "a list"),
    ({"parts": [HOLD], "glidepath": 2}, "$.glidepath:", "update glidepath"),
    ({"parts": [HOLD], "glidepath": "1"}, "$.glidepath:", "got '1'"),
    ({"parts": [HOLD], "glidepath": [[]]}, "$.glidepath:", "got [[]]"),
    ({"parts": [HOLD], "peaks": 1}, "$:", "did you mean 'peak'?"),
    ({"parts": [HOLD], 5: 1}, "$:", "got 5"),
    ({"parts": [HOLD], "peak": 1}, "$.peak:", "'horizon'"),
    ({"parts": [HOLD, 5]}, "$.parts[1]:", "got 5"),
    ({"parts": [{1: 2}]}, "$.parts[0]:", "a table"),
    ({"parts": [{}]}, "$.parts[0]:", "a part"),
    ({"parts": [{"part": None}]}, "$.parts[0]:", "a part"),
    ({"parts": [{"part": ["hold"]}]}, "$.parts[0]:", "a part"),
    ({"parts": [{"part": "warmpu"}]}, "$.parts[0]:", "did you mean 'warmup'?"),
    ({"parts": [{"part": "warmup"}]}, "$.parts[0]:", "length"),
    ({"parts": [HOLD, {"part": "warmup", "length": 0.1}]}, "$.parts[1].length:", "got 0.1"),
    ({"parts": [{"part": "hold", "lenght": 5}]}, "$.parts[0].lenght:", "did you mean 'length'?"),
    ({"parts": [{"part": "hold", "to": 0.5}]}, "$.parts[0].to:", "an argument of hold"),
    ({"parts": [{"part": "decay", "to": "x"}]}, "$.parts[0].to:", "a number"),
    ({"parts": [{"part": "decay", "to": {}}]}, "$.parts[0].to:", "got {}"),
    ({"parts": [{"part": "decay", "to": {"absolute": []}}]}, "$.parts[0].to:", "got []"),
    ({"parts": [{"part": "decay", "to": {"absolute": -1}}]}, "$.parts[0].to:", "at least 0"),
    ({"parts": [{"part": "decay", "to": None}]}, "$.parts[0].to:", "got None"),
    ({"parts": [{"part": "decay", "to": 10**400}]}, "$.parts[0].to:", "a finite number"),
    ({"parts": [{"part": "decay", "shape": {}}]}, "$.parts[0]:", "a shape"),
    ({"parts": [{"part": "decay", "power": []}]}, "$.parts[0]:", "the power"),
    ({"parts": [{"part": "decay", "endpoint": 1}]}, "$.parts[0]:", "True or False"),
    ({"parts": [{"part": "steps", "every": {}}]}, "$.parts[0].every:", "an amount"),
    ({"parts": [{"part": "steps", "every": 1, "factor": {}}]}, "$.parts[0]:", "the factor"),
    ({"parts": [{"part": "inverse_sqrt", "timescale": True}]}, "$.parts[0].timescale:", "an amount"),
    ({"parts": [HOLD, HOLD]}, "$.parts:", "at most one part"),
    ({"parts": [HOLD], "horizon": 10}, "$.horizon:", "'steps'"),
    ({"parts": [HOLD], "horizon": {}}, "$.horizon:", "'steps'"),
    ({"parts": [HOLD], "horizon": {"steps": 0}}, "$.horizon:", "at least 1 step"),
    ({"parts": [HOLD], "horizon": {"steps": 10.0}}, "$.horizon:", "whole number"),
    ({"parts": [HOLD], "horizon": {"steps": None}}, "$.horizon:", "whole number"),
    ({"parts": [HOLD], "horizon": {"steps": 1, "tokens": 5}}, "$.horizon:", "known: steps"),
    ({"parts": [HOLD], "horizon": {"steps": 1, "tokens_per_step": -1}}, "$.horizon:", "above 0"),
    ({"parts": [HOLD], "horizon": {"steps": 1, "tokens_per_step": "x"}}, "$.horizon:", "above 0"),
    ({"parts": [HOLD], "horizon": {"steps": 1, "tokens_per_step": "1/0"}}, "$.horizon:", "above 0"),
    ({"parts": [HOLD], "horizon": {"steps": 1, "tokens_per_step": []}}, "$.horizon:", "above 0"),
    ({"parts": [HOLD], "horizon": {"steps": 1}, "peak": 0}, "$", "the peak"),
    ({"parts": [HOLD], "horizon": {"steps": 1}, "peak": "1"}, "$", "the peak"),
    ({"parts": [HOLD], "horizon": {"steps": 1}, "peak": 10**400}, "$", "the peak"),
    ({"parts": [{"part": "hold", "length": 5}], "horizon": {"steps": 1}}, "$:", "the horizon"),
]


@pytest.mark.parametrize(("spec", "place", "shown"), SPECS, ids=lambda value: repr(value)[:70])
def test_a_spec_that_describes_nothing_is_refused_with_its_place(
    complaint: Complaint, spec: Any, place: str, shown: str
) -> None:
    said = complaint(gp.from_spec, spec)
    assert said.startswith(place)
    assert shown in said


@pytest.mark.parametrize("text", ["", "{", "[1,", "nul", '{"parts": [}', "\x00", "\ud800", '"hold()"', "NaN"])
def test_what_is_no_json_is_refused(complaint: Complaint, text: str) -> None:
    complaint(gp.from_json, text)


@pytest.mark.parametrize("text", ["=", "parts", "parts = [", "[parts", "parts = [{}]\nparts = 1", "\x00", "peak = nan"])
def test_what_is_no_toml_is_refused(complaint: Complaint, text: str) -> None:
    complaint(gp.from_toml, text)


@pytest.mark.parametrize("read", [gp.parse, gp.from_json, gp.from_toml])
@pytest.mark.parametrize("text", [None, 5, ["hold()"], {"parts": []}, b"\xff"])
def test_what_is_no_text_is_refused(complaint: Complaint, read: Callable[[Any], Any], text: Any) -> None:
    complaint(read, text)


@pytest.mark.parametrize("value", [None, 5, "hold()", {"parts": []}])
@pytest.mark.parametrize("write", [gp.to_spec, gp.to_json, gp.to_toml])
def test_only_a_recipe_or_a_schedule_has_a_spec(write: Callable[[Any], Any], value: Any, complaint: Complaint) -> None:
    assert "a recipe or a schedule" in complaint(write, value)
