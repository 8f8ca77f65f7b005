"""A plan: every hyper-parameter of every group at every step, from one value that survives being written."""

import copy
import json
import math
import pickle
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import jax
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import glidepath as gp
from glidepath import Group, Plan

Complaint = Callable[..., str]

STEPS = 40
NAMES = ("lr", "momentum", "beta1", "beta2", "weight_decay", "batch_size")
LR = (gp.warmup("10%") >> gp.cosine(to=0.1)).over(STEPS, peak=0.1)
ZERO = (gp.warmup(4, start=0) >> gp.linear()).over(STEPS, peak=0.1)
DOWN_AND_UP = (gp.arc("30%", start=0.95, to=0.85) >> gp.arc(start=0.85, to=0.95)).over(STEPS)

# ---- Random plans. ----

LRS = st.sampled_from([LR, ZERO, gp.cosine(to=0.1).over(STEPS), gp.hold().over(7, peak=3e-4)])
SHARES = st.one_of(st.sampled_from([0, 0.0, 0.9, 0.999]), st.floats(0, 0.999), st.just(DOWN_AND_UP))
DECAYS = st.one_of(
    st.floats(0, 10),
    st.just(gp.cosine().over(STEPS, peak=0.1)),
    st.floats(1e-4, 1).map(lambda value: gp.coupled(value, most=20 * value)),
)
SIZES = st.one_of(st.integers(1, 2**40), st.just((gp.warmup("50%", start=0) >> gp.hold()).over(STEPS, peak=512)))
WORDS = st.one_of(
    st.sampled_from(["head", "embed", "block.0", "a b", 'quote"d', "back\\slash", "ü", "层", "🙂", "=]", "x" * 200]),
    st.text(min_size=1, max_size=10).filter(str.isprintable),
)
GROUPS = st.one_of(
    st.floats(0, 100),
    st.builds(
        Group,
        st.floats(0, 100),
        lr=st.none() | LRS,
        beta2=st.none() | SHARES,
        weight_decay=st.none() | DECAYS,
    ),
)
PLANS = st.builds(
    Plan,
    LRS,
    groups=st.dictionaries(WORDS, GROUPS, max_size=4),
    momentum=st.none() | SHARES,
    beta2=st.none() | SHARES,
    weight_decay=st.none() | DECAYS,
    batch_size=st.none() | SIZES,
)
ASKED = st.lists(st.one_of(st.integers(-2, STEPS + 2), st.sampled_from([-(2**40), 2**40])), min_size=1, max_size=6)


@given(plan=PLANS, steps=ASKED, data=st.data())
def test_an_array_of_steps_gives_to_the_bit_what_single_steps_give(plan: Plan, steps: list[int], data: Any) -> None:
    group = data.draw(st.sampled_from([None, *plan.groups]))
    at_once, singles = plan.at(steps, group=group), [plan.at(step, group=group) for step in steps]
    assert {name: values.tolist() for name, values in at_once.items()} == {
        name: [single[name] for single in singles] for name in singles[0]
    }


@given(plan=PLANS, step=st.integers(0, STEPS))
def test_every_group_has_what_the_plan_says_and_its_values_are_in_range(plan: Plan, step: int) -> None:
    for group in (None, *plan.groups):
        values = plan.at(step, group=group)
        own = set(plan.group(group).own)
        assert set(values) == {name for name in NAMES if getattr(plan, name) is not None or name in own}
        assert all(type(value) is float for name, value in values.items() if name != "batch_size")
        assert all(0 <= values.get(name, 0) < 1 for name in ("momentum", "beta1", "beta2"))
        assert all(0 <= values.get(name, 0) < math.inf for name in ("lr", "weight_decay"))
        assert type(size := values.get("batch_size", 1)) is int
        assert size >= 1


@given(plan=PLANS, step=st.integers(0, STEPS))
def test_a_group_differs_from_the_plan_in_what_it_says_alone(plan: Plan, step: int) -> None:
    for name in plan.groups:
        group, rest = plan.group(name), plan.at(step)
        here = plan.at(step, group=name)
        assert here["lr"] == group.factor * (group.lr or plan.lr)(step)
        told = {"lr", *group.own} | ({"weight_decay"} if isinstance(group.lr, gp.Schedule) else set())
        assert {k: v for k, v in here.items() if k not in told} == {k: v for k, v in rest.items() if k not in told}


def evaluated(code: str) -> Any:
    return eval(code, dict(vars(gp)))  # noqa: S307 - what is promised is that the repr is code


TRIPS: dict[str, Callable[[Any], Any]] = {
    "code": lambda plan: evaluated(repr(plan)),
    "spec": lambda plan: gp.from_spec(gp.to_spec(plan)),
    "JSON": lambda plan: gp.from_json(gp.to_json(plan)),
    "JSON of the spec": lambda plan: gp.from_json(json.dumps(gp.to_spec(plan), indent=1)),
    "TOML": lambda plan: gp.from_toml(gp.to_toml(plan)),
    "TOML in a file": lambda plan: gp.from_toml(gp.to_toml(plan).encode().decode()),
    "pickle": lambda plan: pickle.loads(pickle.dumps(plan)),  # noqa: S301 - our own bytes
    "deepcopy": copy.deepcopy,
}


@settings(max_examples=25)
@pytest.mark.parametrize("trip", TRIPS)
@given(plan=PLANS)
def test_there_and_back_is_the_same_plan(trip: str, plan: Plan) -> None:
    back = TRIPS[trip](plan)
    assert back == plan
    assert (type(back), hash(back), repr(back)) == (Plan, hash(plan), repr(plan))
    assert list(back.groups) == list(plan.groups)
    assert back.at(3) == plan.at(3)


def kinds(spec: Any) -> set[type]:
    if type(spec) is dict:
        return {dict}.union(*(kinds(inner) for inner in [*spec, *spec.values()]))
    return {list}.union(*map(kinds, spec)) if type(spec) is list else {type(spec)}


@given(plan=PLANS)
def test_a_spec_holds_plain_types_only(plan: Plan) -> None:
    assert kinds(gp.to_spec(plan)) <= {dict, list, str, int, float, bool}


@given(factors=st.dictionaries(WORDS, st.floats(0, 10), min_size=2, max_size=4))
def test_the_order_of_groups_makes_no_other_plan(factors: dict[str, float]) -> None:
    turned = dict(reversed(factors.items()))
    assert Plan(LR, groups=factors) == Plan(LR, groups=turned)
    assert hash(Plan(LR, groups=factors)) == hash(Plan(LR, groups=turned))


def test_other_plans_are_unequal_and_none_can_be_changed() -> None:
    plans = [
        Plan(LR),
        Plan(ZERO),
        Plan(LR, momentum=0.9),
        Plan(LR, beta1=0.9),
        Plan(LR, groups={"head": 2}),
        Plan(LR, groups={"head": Group(2, weight_decay=0)}),
        Plan(LR, weight_decay=0.1),
        Plan(LR, weight_decay=gp.coupled(0.1, most=1)),
    ]
    assert len(set(plans)) == len(plans)
    assert plans[0] != LR
    with pytest.raises(AttributeError):
        plans[0].momentum = 0.9  # type: ignore[misc]
    with pytest.raises(TypeError):
        plans[4].groups["head"] = 3  # type: ignore[index]


# ---- Weight decay, batch size, momentum. ----


@given(value=st.floats(1e-6, 1), rise=st.floats(1, 1e6), lr=LRS)
def test_coupled_decay_times_learning_rate_stays_what_it_is_at_the_peak_up_to_its_most(
    value: float, rise: float, lr: gp.Schedule
) -> None:
    most = value * rise
    values = Plan(lr, weight_decay=gp.coupled(value, most=most)).at(range(STEPS + 2))
    share, decay = values["lr"] / (lr.peak or 1), values["weight_decay"]
    assert decay.max() <= most
    free = decay < most
    np.testing.assert_allclose((share * decay)[free], value, rtol=1e-12)
    assert (share[~free] * most <= value * (1 + 1e-12)).all()


def test_a_learning_rate_of_0_has_the_most_and_a_factor_cancels() -> None:
    plan = Plan(ZERO, groups={"head": 10, "frozen": 0}, weight_decay=gp.coupled(0.1, most=2.0))
    assert plan.at(0)["weight_decay"] == plan.at(STEPS)["weight_decay"] == 2.0
    assert plan.at(4)["weight_decay"] == 0.1
    assert plan.at(9)["weight_decay"] == plan.at(9, group="head")["weight_decay"]
    assert plan.at(9, group="frozen") == {"lr": 0.0, "weight_decay": plan.at(9)["weight_decay"]}


def test_a_group_with_its_own_learning_rate_couples_to_that_one() -> None:
    plan = Plan(LR, groups={"head": Group(lr=gp.hold().over(STEPS, peak=1.0))}, weight_decay=gp.coupled(0.1, most=2.0))
    assert plan.at(STEPS, group="head") == {"lr": 1.0, "weight_decay": 0.1}
    assert plan.at(STEPS)["weight_decay"] == pytest.approx(1.0)


SIZED = [(0.2, 1), (1.0, 1), (1.4, 1), (1.5, 2), (2.5, 3), (255.49, 255), (256.0, 256)]


@pytest.mark.parametrize(("size", "whole"), SIZED)
def test_a_batch_size_is_rounded_half_up_and_at_least_1(size: float, whole: int) -> None:
    schedule = (gp.hold(1, at=gp.absolute(size)) >> gp.hold(at=1.0)).over(2, peak=300)
    plan = Plan(LR, batch_size=schedule)
    assert plan.at(0)["batch_size"] == whole
    assert plan.at([0, 1])["batch_size"].tolist() == [whole, 300]


def test_momentum_moves_against_the_learning_rate() -> None:
    plan = Plan(LR, momentum=DOWN_AND_UP)
    momentum = plan.at(np.arange(STEPS + 1))["momentum"]
    assert (momentum[0], momentum[12], momentum[STEPS]) == (0.95, 0.85, 0.95)
    assert (np.diff(momentum[:13]) < 0).all()
    assert (np.diff(momentum[12:]) > 0).all()


def test_torch_and_jax_arrays_give_their_own() -> None:
    plan = Plan(LR, momentum=0.9, weight_decay=gp.coupled(0.1, most=0.5), batch_size=SIZE)
    expected = plan.at(np.arange(STEPS + 2))
    for values in (plan.at(torch.arange(STEPS + 2)), jax.jit(plan.at)(jax.numpy.arange(STEPS + 2))):
        assert values.keys() == expected.keys()
        for name, value in values.items():
            assert not isinstance(value, np.ndarray)
            np.testing.assert_allclose(np.asarray(value), expected[name], rtol=1e-5)


SIZE = (gp.warmup("50%", start=0) >> gp.hold()).over(STEPS, peak=512)


def test_the_edges_are_those_of_a_schedule() -> None:
    plan = Plan(LR, momentum=0.9)
    assert plan.at(-5) == plan.at(0)
    assert plan.at(10**9) == plan.at(STEPS) == {"lr": LR(STEPS), "momentum": 0.9}
    assert {name: values.shape for name, values in plan.at([]).items()} == {"lr": (0,), "momentum": (0,)}
    assert plan.at(np.zeros((2, 3), dtype=int))["momentum"].shape == (2, 3)


def test_layer_decay_falls_from_the_head_to_the_input() -> None:
    names = ["embed", *(f"block.{n}" for n in range(12)), "head"]
    factors = gp.layer_decay(names, 0.75)
    assert list(factors) == names
    assert [factors[name] for name in ("head", "block.11", "embed")] == [1.0, 0.75, 0.75**13]
    assert gp.layer_decay(["head"], 0.5) == {"head": 1.0}
    assert gp.layer_decay(("a", "b"), 1) == {"a": 1.0, "b": 1.0}
    assert Plan(LR, groups=factors | {"head": 10}).group("head").factor == 10


# ---- How it is written. ----


def test_the_spec_is_as_the_documentation_shows_it() -> None:
    groups = {"head": 10, "embed": Group(0.5, lr=gp.hold().over(9), weight_decay=0)}
    plan = Plan(gp.cosine().over(9, peak=0.1), groups=groups, momentum=0.9, weight_decay=gp.coupled(0.1, most=1.0))
    assert gp.to_spec(plan) == {
        "glidepath": 1,
        "lr": {"parts": [{"part": "decay", "shape": "cosine"}], "horizon": {"steps": 9}, "peak": 0.1},
        "momentum": 0.9,
        "weight_decay": {"coupled": 0.1, "most": 1.0},
        "groups": {
            "head": {"factor": 10.0},
            "embed": {
                "factor": 0.5,
                "lr": {"parts": [{"part": "hold"}], "horizon": {"steps": 9}},
                "weight_decay": 0.0,
            },
        },
    }


TOML = """glidepath = 1
batch_size = 8

[lr]
parts = [{part = "warmup", length = "2%"}, {part = "hold"}]
horizon = {steps = 9}

[groups."block.0"]
factor = 0.5
"""


def test_toml_and_code_are_written_as() -> None:
    plan = Plan((gp.warmup("2%") >> gp.hold()).over(9), groups={"block.0": 0.5}, batch_size=8)
    assert gp.to_toml(plan) == TOML
    assert repr(plan) == "Plan((warmup('2%') >> hold()).over(9), groups={'block.0': 0.5}, batch_size=8)"


def test_a_spec_written_by_hand_may_give_a_factor_alone_and_no_version() -> None:
    schedule = {"parts": [{"part": "hold"}], "horizon": {"steps": 9}}
    spec = {"lr": schedule, "groups": {"head": {}, "embed": {"weight_decay": 0}}}
    assert gp.from_spec(spec) == Plan(gp.hold().over(9), groups={"head": 1, "embed": Group(weight_decay=0)})
