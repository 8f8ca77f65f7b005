"""Several sweeps as one suggestion: where they agree it is sure and narrow, where they do not it says so."""

import numpy as np
import pytest

from glidepath.errors import FinderError
from glidepath.finder import agreement
from glidepath.finder.agreement import readings, suggestion_of
from glidepath.finder.range_test import RangeTest
from glidepath.finder.rules import answers
from glidepath.finder.suggestion import Sweep


def swept(loss, *, noise: float = 0.0, seed: int = 0, steps: int = 200) -> Sweep:
    draw = np.random.default_rng(seed)
    test = RangeTest(low=1e-6, high=10.0, steps=steps)
    while (lr := test.ask()) is not None:
        test.tell(loss(lr) + draw.normal(0, noise))
    return test.sweep()


def falling(centre: float, explodes: float = np.inf):
    return lambda lr: 4 - 3 / (1 + (centre / lr) ** 2) + 100 * max(0.0, lr / explodes - 1)


def fixed(monkeypatch, *said: dict[str, float] | None) -> None:
    """Sweeps whose rules say what they are told to."""
    told = iter(said)

    def answered(_: Sweep) -> dict[str, float]:
        if (one := next(told)) is None:
            raise FinderError("no fall")
        return one

    monkeypatch.setattr(agreement, "answers", answered)


SWEEP = swept(falling(1e-3))


def test_rules_that_agree_give_half_of_the_steepest_from_a_quarter_to_the_whole(monkeypatch):
    fixed(monkeypatch, {"steepest": 0.1, "minimum": 0.2, "valley": 0.05, "slide": 0.1, "explosion": 0.9})
    found = suggestion_of([SWEEP])
    assert (found.lr, found.low, found.high, found.confidence) == (0.1, 0.05, 0.2, 1.0)
    assert not any("disagree" in reason for reason in found.reasons)
    assert "explodes beyond 0.9" in "".join(found.reasons)


def test_rules_that_disagree_give_their_median_and_as_wide_an_interval_as_they_say(monkeypatch):
    fixed(monkeypatch, {"steepest": 0.1, "minimum": 0.001, "valley": 0.02, "slide": 0.1})
    found = suggestion_of([SWEEP])
    assert (found.lr, found.low, found.high) == (0.045, 0.001, 0.2)
    assert found.confidence == 0.75
    assert "the rules disagree: steepest 0.1, minimum 0.001, valley 0.02, slide 0.1" in found.reasons


def test_the_explosion_is_a_limit_of_the_answer_and_of_the_interval(monkeypatch):
    fixed(monkeypatch, {"steepest": 0.1, "minimum": 0.1, "slide": 8.0, "explosion": 0.12})
    found = suggestion_of([SWEEP])
    assert (found.lr, found.high) == (0.06, 0.12)
    fixed(monkeypatch, {"steepest": 0.1, "minimum": 0.1, "explosion": 0.12})
    found = suggestion_of([SWEEP])
    assert (found.lr, found.low, found.high) == (0.06, 0.03, 0.12)


def test_seeds_that_disagree_widen_the_interval_and_are_said(monkeypatch):
    fixed(monkeypatch, {"steepest": 0.1}, {"steepest": 0.1}, {"steepest": 0.001})
    found = suggestion_of([SWEEP] * 3)
    assert (found.lr, found.low, found.high) == (0.1, 0.001, 0.2)
    assert found.confidence == pytest.approx(2 / 3)
    assert "the seeds disagree: from 0.001 to 0.1" in found.reasons


def test_a_seed_without_an_answer_takes_its_share_of_the_confidence(monkeypatch):
    fixed(monkeypatch, {"steepest": 0.1}, None, {"steepest": 0.1})
    found = suggestion_of([SWEEP] * 3)
    assert found.confidence == pytest.approx(2 / 3)
    assert "in 1 of 3 seeds: no fall" in found.reasons
    assert len(found.evidence) == 3
    assert found.cost == 3 * len(SWEEP.losses)


@pytest.mark.parametrize("said", [(None,), (None, {"steepest": 0.1}), (None, None, {"steepest": 0.1})])
def test_no_more_than_half_of_the_seeds_is_no_answer(monkeypatch, said):
    fixed(monkeypatch, *said)
    with pytest.raises(FinderError, match="no fall"):
        suggestion_of([SWEEP] * len(said))


def test_no_sweep_is_no_answer():
    with pytest.raises(FinderError, match="at least one sweep"):
        suggestion_of([])


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("seeds", [1, 3, 4])
def test_noise_alone_is_refused(seed, seeds):
    sweeps = [swept(lambda _: 4.0, noise=0.1, seed=1_000 * seed + n, steps=100) for n in range(seeds)]
    with pytest.raises(FinderError, match="falls by more than its noise"):
        suggestion_of(sweeps)


def test_one_sweep_and_the_same_again_are_one_answer():
    sweep = swept(falling(1e-3, explodes=0.3), noise=0.02)
    one, three = suggestion_of([sweep]), suggestion_of([sweep] * 3)
    assert (one.lr, one.low, one.high, one.confidence) == (three.lr, three.low, three.high, three.confidence)
    assert readings([sweep] * 3) == pytest.approx(answers(sweep))


def test_the_answer_lies_within_its_interval_below_the_explosion():
    for centre in (1e-4, 1e-3, 1e-2):
        sweeps = [swept(falling(centre, explodes=30 * centre), noise=0.02, seed=seed) for seed in range(3)]
        found = suggestion_of(sweeps)
        assert found.low <= found.lr <= found.high <= 31 * centre
        assert centre / 30 < found.lr < 30 * centre


def test_the_readings_of_noise_are_none():
    assert readings([swept(lambda _: 4.0, noise=0.1, seed=5)]) == {}
