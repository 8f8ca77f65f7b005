"""What no plan can be: one sentence each, with the place in a spec and the nearest known name."""

import math
from collections.abc import Callable
from typing import Any

import pytest

import glidepath as gp
from glidepath import Group, Plan

Complaint = Callable[..., str]

LR = (gp.warmup("10%") >> gp.cosine(to=0.1)).over(40, peak=0.1)

NO_SHARES = [1, 1.0, -0.1, math.nan, math.inf, True, "0.9", [0.9], 10**400, gp.hold(), gp.hold().over(9)]
BAD: list[tuple[dict[str, Any], str]] = [
    *(({name: value}, name) for name in ("momentum", "beta1", "beta2") for value in NO_SHARES),
    *(({"weight_decay": value}, "weight_decay") for value in (-0.1, math.nan, math.inf, "0.1", gp.cosine())),
    *(({"batch_size": value}, "batch_size") for value in (0, -1, 2.5, math.inf, True, "8", 2**60, gp.hold())),
    ({"batch_size": gp.hold().over(9)}, "with a peak"),
    ({"batch_size": gp.hold().over(9, peak=0.5)}, "from 0.5 to 0.5"),
    ({"batch_size": gp.coupled(0.1, most=1)}, "batch_size"),
    ({"momentum": gp.coupled(0.1, most=1)}, "momentum"),
    ({"momentum": (gp.hold(5, at=0.5) >> gp.hold(at=1.0)).over(9)}, "from 0.5 to 1: clip"),
    ({"momentum": 0.9, "beta1": 0.9}, "one of momentum and beta1, got both"),
    ({"beta1": 0.9, "groups": {"head": Group(momentum=0.9)}}, "beta1 in group 'head'"),
    ({"groups": {"head": -1}}, "group 'head'"),
    ({"groups": {"head": None}}, "group 'head'"),
    ({"groups": {"head": LR}}, "group 'head'"),
    ({"groups": {"head": math.inf}}, "group 'head'"),
    ({"groups": {"head": 1e308, "b": 1}, "lr": gp.hold().over(9, peak=10.0)}, "finite learning rate in group 'head'"),
    ({"groups": {"": 1}}, "printable"),
    ({"groups": {"a\nb": 1}}, "printable"),
    ({"groups": {"\ud800": 1}}, "printable"),
    ({"groups": {"x" * 201: 1}}, "printable"),
    ({"groups": {5: 1}}, "printable"),
    ({"groups": ["head"]}, "names with factors"),
    ({"groups": None}, "names with factors"),
    ({"groups": {str(n): 1 for n in range(10_001)}}, "at most 10000"),
    ({"lr": gp.cosine()}, "lr as a schedule"),
    ({"lr": 0.1}, "lr as a schedule"),
    ({"lr": None}, "lr as a schedule"),
]


@pytest.mark.parametrize(("named", "words"), BAD, ids=lambda value: repr(value)[:40])
def test_a_plan_out_of_range_is_refused_in_one_sentence(
    complaint: Complaint, named: dict[str, Any], words: str
) -> None:
    assert words in complaint(Plan, **{"lr": LR, **named})


@pytest.mark.parametrize("name", ["factor", "lr", "momentum", "beta1", "beta2", "weight_decay"])
@pytest.mark.parametrize(
    "value", [-1, "x", math.nan, gp.cosine(), object()], ids=["below 0", "a text", "nan", "a recipe", "an object"]
)
def test_a_group_out_of_range_is_refused_in_one_sentence(complaint: Complaint, name: str, value: Any) -> None:
    complaint(Group, **{name: value})


@pytest.mark.parametrize("value", [(0, 1), (-1, 1), (2, 1), (math.nan, 1), (1, math.inf), ("1", 1), (1, None)])
def test_a_coupled_decay_that_cannot_be(complaint: Complaint, value: tuple[Any, Any]) -> None:
    complaint(gp.coupled, value[0], most=value[1])


@pytest.mark.parametrize("group", ["haed", "", 5, None, ["head"], "x" * 10_000])
def test_an_unknown_group_is_answered_with_the_nearest_name(complaint: Complaint, group: Any) -> None:
    plan = Plan(LR, groups={"head": 10, "embed": 0.5})
    if group is not None:
        message = complaint(plan.at, 0, group=group)
        assert not isinstance(group, str) or "(known: head, embed)" in message
    assert "did you mean 'head'?" in complaint(plan.at, 0, group="haed")


BAD_LAYERS = ["head", [], None, 5, ["a", "a"], ["a", ""], ["a", 5], {"a": 1}, [str(n) for n in range(10_001)]]


@pytest.mark.parametrize("names", BAD_LAYERS, ids=lambda names: repr(names)[:20])
def test_layers_are_a_list_of_names(complaint: Complaint, names: Any) -> None:
    complaint(gp.layer_decay, names, 0.5)


@pytest.mark.parametrize("rate", [0, -0.5, 1.5, math.nan, "0.5", None, 1e-200])
def test_the_rate_of_a_layer_decay_is_above_0_and_at_most_1(complaint: Complaint, rate: Any) -> None:
    complaint(gp.layer_decay, ["a", "b", "c"], rate)


SCHEDULE = {"parts": [{"part": "hold"}], "horizon": {"steps": 9}, "peak": 0.1}
PLACES: list[tuple[dict[str, Any], str]] = [
    ({"lr": 0.1}, "$.lr"),
    ({"lr": None}, "$: expected lr"),
    ({"lr": {"parts": [{"part": "hold"}]}}, "$.lr"),
    ({"lr": {"parts": [{"part": "spiral"}]}}, "$.lr.parts[0]"),
    ({"lr": {**SCHEDULE, "peak": -1}}, "$.lr"),
    ({"lr": {**SCHEDULE, "more": 1}}, "$.lr"),
    ({"lr": {**SCHEDULE, "horizon": {"steps": 0}}}, "$.lr.horizon"),
    ({"lr": {"parts": [{"part": "hold"}], "peak": 0.1}}, "$.lr.peak"),
    ({"momentun": 0.9}, "did you mean 'momentum'?"),
    ({"momentum": 1}, "$.momentum"),
    ({"momentum": {"coupled": 0.1, "most": 1}}, "$.momentum"),
    ({"momentum": {"parts": [{"part": "hold"}], "horizon": {"steps": 9}}}, "$.momentum"),
    ({"momentum": 0.9, "beta1": 0.9}, "$: expected one of momentum and beta1"),
    ({"weight_decay": {"coupled": 0.1}}, "$.weight_decay"),
    ({"weight_decay": {"coupled": 0.1, "most": 1, "more": 1}}, "$.weight_decay"),
    ({"weight_decay": {"parts": []}}, "$.weight_decay.parts"),
    ({"batch_size": 0.5}, "$.batch_size"),
    ({"groups": 5}, "$.groups"),
    ({"groups": {"head": 10}}, "$.groups.head: expected a table"),
    ({"groups": {"head": {"factor": -1}}}, "$.groups.head.factor"),
    ({"groups": {"head": {"factor": None}}}, "$.groups.head.factor"),
    ({"groups": {"head": {"lr": 5}}}, "$.groups.head.lr"),
    ({"groups": {"head": {"lr": {"parts": [{"part": "hold", "at": 7}]}}}}, "$.groups.head.lr.parts[0].at"),
    ({"groups": {"head": {"batch_size": 5}}}, "$.groups.head"),
    ({"groups": {"head": {"beta2": 2}}}, "$.groups.head.beta2"),
    ({"groups": {"": {}}}, "$.groups"),
    ({"groups": {5: {}}}, "$.groups"),
    ({"parts": [{"part": "hold"}]}, "$"),
    ({"glidepath": 2}, "$.glidepath"),
    ({5: 5}, "$"),
]


@pytest.mark.parametrize(("more", "place"), PLACES, ids=lambda value: repr(value)[:50])
def test_a_spec_that_is_no_plan_is_refused_with_the_place(
    complaint: Complaint, more: dict[str, Any], place: str
) -> None:
    assert place in complaint(gp.from_spec, {"lr": SCHEDULE, **more})


def test_a_step_that_is_none_is_refused_as_a_schedule_refuses_it(complaint: Complaint) -> None:
    for step in (math.nan, "5", None, True):
        complaint(Plan(LR, momentum=0.9).at, step)
