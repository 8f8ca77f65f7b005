"""The range test on losses whose answer is known."""

import math
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from glidepath.errors import FinderError
from glidepath.finder.range_test import RangeTest
from glidepath.finder.suggestion import Suggestion

Complaint = Callable[..., str]


def swept(loss: Callable[[float], float], **named: Any) -> tuple[RangeTest, list[float]]:
    """A sweep over a loss that depends on the learning rate alone, and the learning rates that were asked for."""
    test, used = RangeTest(**named), []
    while (lr := test.ask()) is not None:
        used.append(lr)
        test.tell(loss(lr))
    return test, used


def falling(centre: float, *, width: float = 0.7, explodes: float | None = None) -> Callable[[float], float]:
    """From 4 to 1, steepest in log LR at `centre`; beyond `explodes` it doubles with every tenth of a decade."""

    def loss(lr: float) -> float:
        fall = 4 - 3 / (1 + math.exp(-(math.log10(lr) - math.log10(centre)) / width * 4))
        return fall if explodes is None or lr < explodes else fall * 2 ** (10 * math.log10(lr / explodes))

    return loss


def test_the_sweep_goes_from_low_to_high_by_equal_factors() -> None:
    _, used = swept(lambda _: 1.0, low=1e-6, high=1.0, steps=50)
    assert len(used) == 50
    assert used == pytest.approx(np.geomspace(1e-6, 1.0, 50), rel=1e-12)
    assert (used[0], used[-1]) == (1e-6, 1.0)


def test_asking_twice_before_telling_is_the_same_learning_rate() -> None:
    test = RangeTest()
    assert test.ask() == test.ask()


def test_a_sweep_that_is_over_asks_for_nothing_more() -> None:
    test, used = swept(lambda _: 1.0, steps=20)
    assert len(used) == 20
    assert test.ask() is None


@pytest.mark.parametrize("centre", [1e-5, 1e-4, 1e-3, 1e-2])
def test_the_answer_is_near_the_steepest_place(centre: float) -> None:
    test, _ = swept(falling(centre, explodes=centre * 100), low=centre / 1_000, high=centre * 1_000, steps=300)
    found = test.suggestion()
    assert centre / 4 < found.lr < centre * 4
    assert found.low < found.lr < found.high


@settings(max_examples=20)
@given(factor=st.floats(1e-3, 1e3))
def test_an_answer_moves_with_the_loss(factor: float) -> None:
    here = swept(falling(1e-3, explodes=0.1), low=1e-6, high=10.0, steps=200)[0].suggestion()
    there = swept(falling(1e-3 * factor, explodes=0.1 * factor), low=1e-6 * factor, high=10.0 * factor, steps=200)[0]
    assert there.suggestion().lr == pytest.approx(here.lr * factor, rel=0.1)  # two digits, and a step beside it


def test_the_answer_is_an_interval_with_its_reason_curves_and_cost() -> None:
    test, used = swept(falling(1e-3, explodes=0.1), low=1e-6, high=10.0, steps=200)
    found = test.suggestion()
    assert isinstance(found, Suggestion)
    (sweep,) = found.evidence
    assert found.cost == len(sweep.losses) == len(sweep.lrs) == len(sweep.smoothed) == len(used)
    assert sweep.lrs.values.tolist() == pytest.approx(used)
    assert found.reasons
    assert found.low < found.lr < found.high
    assert 0 < found.confidence <= 1


def test_a_loss_that_explodes_ends_the_sweep_early() -> None:
    test, used = swept(falling(1e-4, explodes=1e-2), low=1e-7, high=10.0, steps=200)
    assert len(used) < 200
    assert used[-1] < 1.0
    assert test.suggestion().high < 2e-2  # by then it has doubled twice, and is where it began
    assert test.suggestion().lr < 1e-2


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_ends_the_sweep_and_is_left_out(bad: float) -> None:
    loss = falling(1e-4)
    test, used = swept(lambda lr: loss(lr) if lr < 1e-2 else bad, low=1e-7, high=10.0, steps=200)
    assert used[-2] < 1e-2 <= used[-1]
    assert test.ask() is None
    found = test.suggestion()
    assert found.cost == len(used) - 1
    (sweep,) = found.evidence
    assert np.isfinite(sweep.losses.values).all()
    assert sweep.lrs.values.max() < 1e-2


def test_what_comes_behind_a_loss_that_is_no_number_does_not_move_the_answer() -> None:
    loss = falling(1e-4)
    cut = [RangeTest(low=1e-7, high=10.0, steps=200) for _ in range(2)]
    for lr in cut[0].schedule(np.arange(200)).tolist():
        for test, after in zip(cut, (math.nan, -math.inf), strict=True):
            test.tell(loss(lr) if lr < 1e-2 else after)
    answers = [test.suggestion() for test in cut]
    short = RangeTest(low=1e-7, high=10.0, steps=200)
    for lr in short.schedule(np.arange(200)).tolist():
        if lr < 1e-2:
            short.tell(loss(lr))
    one = short.suggestion()
    assert [(a.lr, a.low, a.high, a.confidence) for a in answers] == [(one.lr, one.low, one.high, one.confidence)] * 2


def test_a_spike_moves_the_answer_by_little() -> None:
    loss, calls = falling(1e-3, explodes=0.3), iter(range(1_000))
    plain = swept(loss, low=1e-6, high=10.0, steps=300)[0].suggestion()
    spiked = swept(lambda lr: loss(lr) + 3 * (next(calls) == 60), low=1e-6, high=10.0, steps=300)[0].suggestion()
    assert spiked.lr == pytest.approx(plain.lr, rel=0.3)


def answers_to_noise(seed: int) -> bool:
    noise = np.random.default_rng(seed)
    test, _ = swept(lambda _: noise.normal(4.0, 0.1), low=1e-6, high=1.0, steps=200)
    try:
        test.suggestion()
    except FinderError as error:
        assert "more than its noise" in str(error)  # noqa: PT017 - most are refused, and in these words
        return False
    return True


def test_noise_without_a_fall_is_refused_but_for_one_time_in_twenty() -> None:
    assert sum(answers_to_noise(seed) for seed in range(60)) <= 3


@pytest.mark.parametrize("seed", range(3))
def test_a_fall_is_found_in_the_noise_of_a_batch(seed: int) -> None:
    noise, loss = np.random.default_rng(seed), falling(1e-3, explodes=0.1)
    test, _ = swept(lambda lr: loss(lr) + noise.normal(0, 0.1), low=1e-6, high=10.0, steps=300)
    assert 1e-4 < test.suggestion().lr < 1e-2


@pytest.mark.parametrize("loss", [lambda _: 4.0, lambda lr: 4.0 + lr])
def test_a_loss_that_does_not_fall_is_refused(complaint: Complaint, loss: Callable[[float], float]) -> None:
    test, _ = swept(loss, low=1e-6, high=1.0, steps=100)
    assert "falls" in complaint(test.suggestion)


@pytest.mark.parametrize("told", [0, 5, 19])
def test_a_sweep_of_too_few_losses_is_refused(complaint: Complaint, told: int) -> None:
    test = RangeTest()
    for _ in range(told):
        test.tell(1.0)
    assert "at least 20 finite losses" in complaint(test.suggestion)


def test_a_first_loss_that_is_no_number_is_refused(complaint: Complaint) -> None:
    test = RangeTest()
    test.tell(math.nan)
    assert test.ask() is None
    assert "start from a lower" in complaint(test.suggestion)


ARGUMENTS = [
    {"low": 0},
    {"low": -1e-7},
    {"low": 1.0, "high": 1.0},
    {"low": 2.0, "high": 1.0},
    {"high": math.inf},
    {"low": math.nan},
    {"low": "1e-7"},
    {"high": None},
    {"low": True, "high": 2.0},
    {"steps": 19},
    {"steps": 100.0},
    {"steps": True},
    {"steps": "100"},
    {"steps": None},
    {"steps": 10_001},
    {"steps": 10**400},
    {"low": 1.0, "high": 1.5},
    {"low": 10**400},
    {"shape": "cosine"},
    {"shape": None},
    {"shape": ["linear"]},
    {"stop": 1.0},
    {"stop": 0},
    {"stop": math.nan},
    {"stop": "4"},
    {"stop": None},
]


@pytest.mark.parametrize("named", ARGUMENTS, ids=repr)
def test_a_sweep_that_cannot_be_is_refused(complaint: Complaint, named: dict[str, Any]) -> None:
    complaint(RangeTest, **named)


def test_the_sweep_is_a_schedule_like_any_other() -> None:
    test = RangeTest(low=1e-6, high=1.0, steps=50)
    assert test.schedule.horizon.steps == 50
    assert test.schedule(0) == 1e-6
    assert test.schedule(49) == test.schedule(1_000) == 1.0


def test_what_is_told_after_the_end_changes_nothing() -> None:
    test, _ = swept(falling(1e-3), low=1e-6, high=1.0, steps=100)
    before = test.suggestion()
    try:
        test.tell(0.1)
    except FinderError:
        return  # refused, which is honest too
    assert test.suggestion().lr == before.lr
    assert test.suggestion().cost == before.cost


def test_a_linear_sweep_goes_by_equal_differences() -> None:
    _, used = swept(lambda _: 1.0, low=0.1, high=1.0, steps=46, shape="linear")
    assert used == pytest.approx(np.linspace(0.1, 1.0, 46), rel=1e-12)


@pytest.mark.parametrize("shape", ["exponential", "linear"])
def test_the_answer_of_a_linear_sweep_is_near_that_of_an_exponential_one(shape: str) -> None:
    test, _ = swept(falling(0.01, explodes=0.09), low=1e-4, high=0.1, steps=300, shape=shape)
    assert 1e-3 < test.suggestion().lr < 0.1


@pytest.mark.parametrize("stop", [1.5, 4.0, math.inf])
def test_it_stops_at_the_multiple_of_the_best_that_was_asked_for(stop: float) -> None:
    _, used = swept(lambda lr: 1.0 if lr < 0.01 else 10.0, low=1e-7, high=10.0, steps=200, stop=stop)
    smooth = debiased([1.0 if lr < 0.01 else 10.0 for lr in used])
    assert all(mean <= stop for mean in smooth[:-1])
    assert smooth[-1] > stop or (stop == math.inf and len(used) == 200)


def debiased(losses: list[float]) -> list[float]:
    """Each of them the average of all up to it, of weights 0.98^age that add up to 1."""
    means = []
    for count in range(1, len(losses) + 1):
        weights = 0.98 ** np.arange(count)[::-1]
        means.append(float((weights * losses[:count]).sum() / weights.sum()))
    return means


@pytest.mark.parametrize("loss", ["x", None, [], [1.0, 2.0], np.ones(3), 1j, {}])
def test_a_loss_that_is_none_is_refused(complaint: Complaint, loss: Any) -> None:
    assert "a loss as a number" in complaint(RangeTest().tell, loss)


@pytest.mark.parametrize("loss", [10**400, 1e300, -1e200, 3.1e38])
def test_a_loss_that_overflowed_ends_the_sweep(loss: float) -> None:
    test = RangeTest()
    test.tell(loss)
    assert test.ask() is None


@settings(max_examples=200, deadline=None)
@given(losses=st.lists(st.floats() | st.floats(-10, 10), min_size=20, max_size=60))
def test_whatever_the_losses_are_there_is_an_answer_in_range_or_a_sentence(losses: list[float]) -> None:
    test = RangeTest(low=1e-4, high=1.0, steps=60)
    for loss in losses:
        test.tell(loss)
    try:
        found = test.suggestion()
    except FinderError as error:
        assert "\n" not in str(error)  # noqa: PT017 - one of the two
        return
    assert 0 < found.low <= found.lr <= found.high <= 1.0
    assert 0 <= found.confidence <= 1
