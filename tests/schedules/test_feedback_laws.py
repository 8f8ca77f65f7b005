"""What holds for every rule that reads the loss, whatever the losses: the laws, the plain form, the complaints."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

import glidepath as gp
from glidepath.errors import GlidepathError
from glidepath.schedules.feedback import (
    Rule,
    back_off,
    early_stop,
    fold,
    from_plain,
    greedy,
    plateau,
    to_plain,
    torch_plateau,
)
from glidepath.schedules.feedback.rule import MOST_DECISIONS

Complaint = Callable[..., str]

# Rules that decide often; the largest and the smallest multiplier that each may give.
RULES: dict[str, tuple[Rule[Any], float, float]] = {
    "torch": (torch_plateau(patience=1, factor=0.5, floor=0.01, cooldown=1), 0.01, 1.0),
    "optax": (torch_plateau(patience=2, factor=0.5, accumulate=3, counting="optax", threshold=0.1), 0.0, 1.0),
    "optax, both tolerances": (
        torch_plateau(patience=1, counting="optax", threshold=0.1, minimum_change=0.2, faithful=True),
        0.0,
        1.0,
    ),
    "paddle": (torch_plateau(patience=0, factor=0.5, counting="paddle", cooldown=3, floor=0.1), 0.1, 1.0),
    "keras": (torch_plateau(patience=1, counting="keras", threshold_mode="abs", mode="max", floor=0.2), 0.2, 1.0),
    "plateau": (plateau(0.5, window=20, factor=0.5, floor=0.05), 0.05, 1.0),
    "plateau of blocks": (plateau(2.0, window=60, spike=1.0, after=7), 0.0, 1.0),
    "greedy": (greedy(patience=0, factor=0.5, floor=0.25, ceiling=3.0, reset_after=2), 0.25, 3.0),
    "greedy over a window": (greedy(patience=1, factor=0.9, window=4, rest_after_cut=2, mode="max"), 0.1, 10.0),
    "greedy as transformers": (greedy(patience=1, threshold=0.1, threshold_mode="rel", faithful=True), 0.1, 10.0),
    "early stop": (early_stop(5, 0.25), 1.0, 1.0),
    "back off": (back_off(rewarm=3, floor=0.1), 0.1 / 4, 1.0),
    "back off of points": (back_off(rewarm=0, floor=0.2, accumulate=2, in_a_row=1, after=3), 0.2, 1.0),
}
LOSS = st.one_of(
    st.integers(-8, 8).map(lambda n: n / 4),
    st.floats(1.9, 2.1),
    st.floats(),
    st.sampled_from([float("nan"), float("inf"), -float("inf"), 1e308, -1e308, 1e100, 0.0, -0.0]),
)
LOSSES = st.one_of(
    st.lists(LOSS, max_size=150),
    st.lists(st.floats(1.9, 2.1), min_size=60, max_size=200),
    st.tuples(st.integers(0, 10**6), st.integers(100, 400)).map(
        lambda drawn: np.random.default_rng(drawn[0]).normal(2, 0.2, drawn[1]).tolist()
    ),
)
GAPS = st.sampled_from([1, 1, 3, 50])
ANY_RULE = pytest.mark.parametrize("name", RULES)


def pairs(losses: list[float], gap: int) -> list[tuple[int, float]]:
    return [(gap * step, loss) for step, loss in enumerate(losses)]


@ANY_RULE
@given(losses=LOSSES, gap=GAPS, data=st.data())
def test_any_batches_and_a_checkpoint_anywhere_give_the_same_state_to_the_bit(
    name: str, losses: list[float], gap: int, data: st.DataObject
) -> None:
    rule, seen = RULES[name][0], pairs(losses, gap)
    whole = fold(rule, seen)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(seen)), max_size=3)))
    state = rule.start()
    for begin, end in zip([0, *cuts], [*cuts, len(seen)], strict=True):
        state = fold(rule, seen[begin:end], state=state)
        state = from_plain(json.loads(json.dumps(to_plain(state), allow_nan=False)))
    assert repr(state) == repr(whole)  # repr: NaN is NaN, and every bit of a float shows


@ANY_RULE
@given(losses=LOSSES, gap=GAPS)
def test_the_multiplier_stays_within_its_bounds_and_every_move_is_recorded(
    name: str, losses: list[float], gap: int
) -> None:
    rule, low, high = RULES[name]
    state = rule.start()
    for step, loss in pairs(losses, gap):
        before, state = state, rule.observe(state, step, loss)
        assert low <= state.multiplier <= high
        made = state.decisions[len(before.decisions) :]
        assert len(made) == state.decided - before.decided <= 1
        if made:
            assert made[0].after == state.multiplier
        if name.startswith("back off"):  # whose warmup moves the multiplier too, and ends before it may cut again
            assert made[0].before >= before.multiplier if made else state.multiplier >= before.multiplier
        else:
            assert before.multiplier == (made[0].before if made else state.multiplier)
        assert all(decision.step == step for decision in made)
        assert all(any(sign.isdigit() for sign in decision.reason) for decision in made)  # its evidence


MIRRORED: dict[str, Callable[[str], Rule[Any]]] = {
    "torch rel": lambda mode: torch_plateau(mode=mode, patience=1, threshold=0.1),
    "torch abs": lambda mode: torch_plateau(mode=mode, patience=1, threshold=0.1, threshold_mode="abs", accumulate=2),
    "plateau": lambda mode: plateau(0.5, window=20, mode=mode),
    "torch both": lambda mode: torch_plateau(mode=mode, patience=1, threshold=0.1, minimum_change=0.2),
    "greedy": lambda mode: greedy(mode=mode, patience=0, window=3),
    "greedy rel": lambda mode: greedy(mode=mode, patience=1, threshold=0.2, threshold_mode="rel"),
    "early stop": lambda mode: early_stop(4, 0.1, mode=mode),
}


@pytest.mark.parametrize("name", MIRRORED)
@given(losses=LOSSES)
def test_the_least_of_losses_is_the_most_of_negated_ones(name: str, losses: list[float]) -> None:
    least = fold(MIRRORED[name]("min"), enumerate(losses))
    most = fold(MIRRORED[name]("max"), ((step, -loss) for step, loss in enumerate(losses)))
    assert [(d.step, d.kind, d.before, d.after) for d in least.decisions] == [
        (d.step, d.kind, d.before, d.after) for d in most.decisions
    ]
    assert least.multiplier == most.multiplier


@ANY_RULE
@given(losses=LOSSES, ignored=st.lists(LOSS, max_size=9))
def test_the_first_updates_are_ignored_as_a_warmup_asks(name: str, losses: list[float], ignored: list[float]) -> None:
    rule = replace(RULES[name][0], after=len(ignored))
    late = [(len(ignored) + step, loss) for step, loss in enumerate(losses)]
    warmed = fold(rule, enumerate(ignored))
    assert replace(warmed, step=None) == rule.start()
    assert repr(fold(rule, late, state=warmed)) == repr(fold(rule, late)) or not late


@ANY_RULE
def test_a_checkpoint_of_torch_holds_a_state(name: str) -> None:
    rule = RULES[name][0]
    losses = np.random.default_rng(0).normal(2, 0.5, 200).tolist()
    losses[50], losses[60] = float("nan"), float("inf")
    state, held = fold(rule, enumerate(losses)), io.BytesIO()
    torch.save({"feedback": to_plain(state)}, held)
    held.seek(0)
    assert repr(from_plain(torch.load(held, weights_only=True)["feedback"])) == repr(state)


def test_a_rule_composes_with_a_schedule_and_its_warmup_by_multiplication() -> None:
    """lr = schedule(step) x multiplier: the rule sees nothing of the warmup, and a cut is for the next update."""
    schedule = (gp.warmup(100) >> gp.cosine(to=0.1)).over(2_000, peak=3e-4)
    rules = [plateau(0.05, window=200, factor=0.5, after=100), back_off(rewarm=9, after=100)]
    states: list[Any] = [rule.start() for rule in rules]
    rng, used = np.random.default_rng(0), []
    for step in range(2_000):
        used.append(schedule(step) * states[0].multiplier * states[1].multiplier)
        loss = 9.0 if step < 100 else float("nan") if step == 1_500 else 2 + rng.normal(0, 0.05)
        states = [rule.observe(state, step, loss) for rule, state in zip(rules, states, strict=True)]
    first = states[0].decisions[0].step
    assert first >= 100 + 199
    assert used[: first + 1] == schedule(range(first + 1)).tolist()
    assert used[first + 1] == schedule(first + 1) * 0.5
    assert used[1_501] / used[1_500] == pytest.approx(0.05, rel=0.01)
    assert used[1_510] / used[1_500] == pytest.approx(0.5, rel=0.05)


def test_a_state_stays_as_it_was() -> None:
    rule = torch_plateau(patience=0)
    state = rule.start()
    rule.observe(state, 0, 1.0)
    assert state == rule.start()
    with pytest.raises(AttributeError):
        state.multiplier = 2.0  # type: ignore[misc]


def test_the_last_thousand_decisions_are_kept() -> None:
    ever_better_then_worse = [loss for n in range(MOST_DECISIONS) for loss in (-float(n), 1.0)]
    state = fold(greedy(patience=0), enumerate(ever_better_then_worse))
    assert len(state.decisions) == MOST_DECISIONS < state.decided
    assert from_plain(to_plain(state)) == state


@ANY_RULE
def test_a_rule_prints_as_the_code_that_makes_it(name: str) -> None:
    rule = RULES[name][0]
    makers = {m.__name__: m for m in (torch_plateau, plateau, greedy, early_stop, back_off)}
    assert eval(repr(rule), makers) == rule  # noqa: S307 - our own text


WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: torch_plateau(factor=1.0), "factor"),
    (lambda: torch_plateau(factor=0), "factor"),
    (lambda: torch_plateau(patience=-1), "patience"),
    (lambda: torch_plateau(patience=2.0), "patience"),  # type: ignore[arg-type]
    (lambda: torch_plateau(patience=0, counting="optax"), "write patience=1"),
    (lambda: torch_plateau(counting="tensorflow"), "counting"),
    (lambda: torch_plateau(counting=["torch"]), "counting"),  # type: ignore[arg-type]
    (lambda: torch_plateau(mode="minimum"), "did you mean 'min'?"),
    (lambda: torch_plateau(threshold=-1), "threshold"),
    (lambda: torch_plateau(threshold=1.0), "threshold below 1"),
    (lambda: torch_plateau(threshold_mode="relative"), "threshold_mode"),
    (lambda: torch_plateau(cooldown=True), "cooldown"),
    (lambda: torch_plateau(floor=1.1), "floor"),
    (lambda: torch_plateau(eps=float("nan")), "eps"),
    (lambda: torch_plateau(accumulate=0), "accumulate"),
    (lambda: torch_plateau(minimum_change=-0.1), "minimum_change"),
    (lambda: greedy(faithful=0), "faithful"),  # type: ignore[arg-type]
    (lambda: torch_plateau(faithful=1), "faithful"),  # type: ignore[arg-type]
    (lambda: torch_plateau(after=-1), "after"),
    (lambda: replace(torch_plateau(), factor=3.0), "factor"),
    (lambda: plateau(0), "minimum_descent"),
    (lambda: plateau("0.1"), "minimum_descent"),  # type: ignore[arg-type]
    (lambda: plateau(0.1, window=10), "window"),
    (lambda: plateau(0.1, window=110), "write 100"),
    (lambda: plateau(0.1, confidence=0.4), "confidence"),
    (lambda: plateau(0.1, confidence=1.0), "confidence"),
    (lambda: plateau(0.1, spike=0.0), "spike"),
    (lambda: plateau(0.1, factor=2.0), "factor"),
    (lambda: plateau(0.1, mode="up"), "mode"),
    (lambda: greedy(ceiling=0.5), "ceiling"),
    (lambda: greedy(window=0), "window"),
    (lambda: greedy(window=10**6), "window"),
    (lambda: greedy(reset_after=0), "reset_after"),
    (lambda: greedy(rest_after_cut=-1), "rest_after_cut"),
    (lambda: early_stop(0), "patience"),
    (lambda: early_stop(3, -0.1), "minimum_change"),
    (lambda: early_stop(3, mode="best"), "mode"),
    (lambda: back_off(factor=1.5), "factor"),
    (lambda: back_off(rewarm=-1), "rewarm"),
    (lambda: back_off(weight=0.0), "weight"),
    (lambda: back_off(weight=1.5), "weight"),
    (lambda: back_off(tolerance=-0.1), "tolerance"),
    (lambda: back_off(in_a_row=0), "in_a_row"),
]


@pytest.mark.parametrize(("call", "said"), WRONG)
def test_a_field_outside_its_range_is_refused(complaint: Complaint, call: Callable[[], Any], said: str) -> None:
    assert said in complaint(call)


@pytest.mark.parametrize("step", [-1, 1.0, "1", None, True, 2**53 + 1, [1]])
def test_a_step_is_a_whole_number(complaint: Complaint, step: Any) -> None:
    rule = early_stop(1)
    assert "a step" in complaint(rule.observe, rule.start(), step, 1.0)


@pytest.mark.parametrize("loss", ["1.0", None, True, [1.0, 2.0], np.ones(2), torch.ones(2), 1j, 10**400, b"1"])
def test_a_loss_is_a_number(complaint: Complaint, loss: Any) -> None:
    rule = early_stop(1)
    assert "a loss" in complaint(rule.observe, rule.start(), 0, loss)


@pytest.mark.parametrize("loss", [2, np.float32(2), np.int64(2), torch.tensor(2.0), np.array(2.0)])
def test_any_one_number_is_a_loss(loss: Any) -> None:
    rule = early_stop(1)
    assert rule.observe(rule.start(), np.int64(3), loss) == rule.observe(rule.start(), 3, 2.0)


def test_an_update_is_observed_once_and_by_its_own_rule(complaint: Complaint) -> None:
    rule = early_stop(2)
    state = rule.observe(rule.start(), 7, 1.0)
    assert "a step above 7" in complaint(rule.observe, state, 7, 1.0)
    assert "a state of greedy, got 'StoppingState'" in complaint(greedy().observe, state, 8, 1.0)
    assert "a state of greedy" in complaint(greedy().observe, None, 8, 1.0)


PLAIN: dict[str, Any] = to_plain(fold(RULES["plateau"][0], enumerate(np.random.default_rng(1).normal(2, 0.1, 130))))
HOSTILE: list[tuple[Any, str]] = [
    (None, "$"),
    ([], "$"),
    ({}, "$.glidepath"),
    (PLAIN | {"glidepath": 2}, "$.glidepath"),
    (PLAIN | {"glidepath": np.ones(2)}, "$.glidepath"),
    (PLAIN | {"rule": "plateaux"}, "did you mean 'plateau'?"),
    (PLAIN | {"rule": ["plateau"]}, "$.rule"),
    (PLAIN | {"rule": "greedy"}, "$: expected one of its fields"),
    (PLAIN | {"more": 1}, "'more'"),
    (PLAIN | {1: 1}, "1"),
    ({k: v for k, v in PLAIN.items() if k != "noise"}, "$.noise"),
    (PLAIN | {"multiplier": "inf"}, "a multiplier"),
    (PLAIN | {"multiplier": -1.0}, "a multiplier"),
    (PLAIN | {"multiplier": "1.0"}, "$.multiplier"),
    (PLAIN | {"multiplier": 10**400}, "$.multiplier"),
    (PLAIN | {"step": -1}, "$.step"),
    (PLAIN | {"step": True}, "$.step"),
    (PLAIN | {"step": None}, "the step None"),
    (PLAIN | {"step": 3}, "the step 3"),
    (PLAIN | {"decided": 0}, "of 0 decisions"),
    (PLAIN | {"decisions": [{}]}, "$.decisions[0].step"),
    (PLAIN | {"decisions": [5]}, "$.decisions[0]"),
    (PLAIN | {"decisions": [PLAIN["decisions"][0] | {"reason": "x" * 10**6}]}, "$.decisions[0].reason"),
    (PLAIN | {"decisions": [PLAIN["decisions"][0] | {"kind": 5}]}, "$.decisions[0].kind"),
    (PLAIN | {"values": "nan"}, "$.values"),
    (PLAIN | {"values": ["nan"]}, "a larger one"),
    (PLAIN | {"values": [1e300]}, "a larger one"),
    (PLAIN | {"values": [1.0] * 21}, "at most 20"),
    (PLAIN | {"values": [1.0] * 10**6}, "$.values"),
    (PLAIN | {"values": [1.0, 1.0], "places": [3.0, 3.0]}, "places that rise"),
    (PLAIN | {"noise": -1.0}, "noise"),
    (PLAIN | {"noise": None, "calm": 1.0}, "noise"),
    (to_plain(back_off().start()) | {"cut_at": 5}, "the cut at or before"),
    (to_plain(back_off().start()) | {"level": 2.0}, "a level"),
    (to_plain(back_off().start()) | {"average": 2.0}, "an average with its lowest"),
    (to_plain(early_stop(1).start()) | {"stopped": 1}, "$.stopped"),
]


@pytest.mark.parametrize(("plain", "said"), HOSTILE)
def test_a_plain_dict_that_no_rule_has_left_is_refused(complaint: Complaint, plain: Any, said: str) -> None:
    assert said in complaint(from_plain, plain)


def test_a_whole_number_is_read_as_the_float_it_stands_for() -> None:
    assert repr(from_plain(PLAIN | {"multiplier": 1, "calm": 2, "noise": 0})) == repr(
        from_plain(PLAIN | {"multiplier": 1.0, "calm": 2.0, "noise": 0.0})
    )


def test_what_is_no_state_has_no_plain_dict(complaint: Complaint) -> None:
    assert "the state of a rule" in complaint(to_plain, {"multiplier": 1.0})


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from(["nan", "inf", 10**400])
)
JUNK = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner))


STATES = {
    name: to_plain(fold(rule, enumerate(np.random.default_rng(2).normal(2, 0.3, 150).tolist())))
    for name, (rule, _, _) in RULES.items()
}


@ANY_RULE
@given(changes=st.dictionaries(st.integers(0, 20), JUNK, min_size=1, max_size=2))
def test_any_change_of_a_plain_dict_is_a_state_or_refused(
    complaint: Complaint, name: str, changes: dict[int, Any]
) -> None:
    rule, names = RULES[name][0], list(STATES[name])
    changed = STATES[name] | {names[place % len(names)]: value for place, value in changes.items()}
    try:
        state = from_plain(changed)
    except GlidepathError:
        complaint(from_plain, changed)
        return
    begin = 0 if state.step is None else state.step + 1
    if type(state) is rule.keeps and begin < 2**52:
        later = ((begin + step, loss) for step, loss in enumerate([2.0, 1e99, float("nan")] * 30))
        assert from_plain(to_plain(fold(rule, later, state=state)))
