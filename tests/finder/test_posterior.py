"""What trials say of the best peak: ordered, narrower with more of them, and honest about what they cannot tell."""

from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glidepath.finder.posterior import EPOCHS, Posterior, fall, losses, noise, posterior
from glidepath.finder.suggestion import Trial

SHORT, LONG, HORIZON = 40, 80, 640
SHARES = 0.05, 0.5, 0.95
TAIL = 8  # losses


def trial(lr: float, loss: float, *, steps: int = SHORT, seed: int = 0, noise: float = 0.0) -> Trial:
    draw = np.random.default_rng([seed, steps, int(lr * 1e9)])
    tail = tuple((loss + noise * draw.normal(size=TAIL)).tolist())
    return Trial(lr, steps, seed, start=3.0, tail=tail, cost=steps)


def diverged(lr: float, *, steps: int = SHORT) -> Trial:
    return Trial(lr, steps, 0, start=3.0, tail=(), cost=1)


def bowl(lrs: list[float], best: float, *, steps: int = SHORT, curvature: float = 0.2, **more: float) -> list[Trial]:
    """Trials on a parabola around `best`, which fell by 2 there."""
    return [trial(lr, 1 + curvature * log2(lr / best) ** 2, steps=steps, **more) for lr in lrs]


def said(trials: list[Trial], *, centre: float = 0.1, epochs: float = 1.0) -> Posterior:
    return posterior(trials, centre, (SHORT, LONG), HORIZON, epochs=epochs)


def width(known: Posterior) -> float:
    low, _, high = known.quantiles(known.whole, *SHARES)
    return high - low


AROUND = [0.02, 0.05, 0.125, 0.3, 0.8]
TRIALS = st.lists(
    st.builds(
        trial,
        lr=st.floats(1e-4, 1e2),
        loss=st.floats(-10, 10),
        steps=st.sampled_from([SHORT, LONG]),
        seed=st.integers(0, 2),
        noise=st.sampled_from([0.0, 0.01, 3.0]),
    )
    | st.builds(diverged, lr=st.floats(1e-4, 1e2)),
    min_size=1,
    max_size=8,
).filter(lambda trials: any(one.tail for one in trials))


@settings(max_examples=30)
@given(trials=TRIALS, centre=st.floats(1e-4, 1e2), epochs=st.floats(0.01, 100))
def test_it_is_a_distribution_whatever_came(trials, centre, epochs):
    known = said(trials, centre=centre, epochs=epochs)
    assert (known.weights >= 0).all()
    assert known.weights.sum() == pytest.approx(1)
    assert np.isfinite(known.evidence)
    for values in (known.long, known.whole, known.exponent):
        found = known.quantiles(values, 0.0, 0.05, 0.5, 0.95, 1.0)
        assert found == sorted(found)
        assert np.isfinite(found).all()
    low, middle, high = known.quantiles(known.whole, *SHARES)
    assert 0 <= known.share(middle, middle) <= known.share(low, high) <= known.share(-np.inf, np.inf) <= 1 + 1e-9
    assert known.share(low, high) == pytest.approx(0.9, abs=0.1) or known.weights.max() > 0.05  # a few draws hold all


def test_the_same_trials_say_the_same():
    one, other = said(bowl(AROUND, 0.1)), said(bowl(AROUND, 0.1))
    assert one.whole.tolist() == other.whole.tolist()
    assert one.weights.tolist() == other.weights.tolist()


@settings(max_examples=10)
@given(factor=st.floats(1e-4, 1e4))
def test_it_moves_with_the_learning_rates(factor):
    here = said(bowl(AROUND, 0.1))
    there = said(bowl([lr * factor for lr in AROUND], 0.1 * factor), centre=0.1 * factor)
    shift = np.subtract(there.quantiles(there.whole, *SHARES), here.quantiles(here.whole, *SHARES))
    assert shift == pytest.approx([log2(factor)] * 3, abs=0.05)


@pytest.mark.parametrize(("by", "plus"), [(10.0, 0.0), (0.01, 0.0), (1.0, 50.0), (1.0, -50.0)])
def test_the_unit_and_the_level_of_the_loss_do_not_matter(by, plus):
    trials = bowl(AROUND, 0.1, noise=0.01)
    other = [
        Trial(t.lr, t.steps, t.seed, by * t.start + plus, tuple(by * one + plus for one in t.tail), t.cost)
        for t in trials
    ]
    here, there = said(trials), said(other)
    assert there.quantiles(there.whole, *SHARES) == pytest.approx(here.quantiles(here.whole, *SHARES), abs=0.02)
    assert there.evidence == pytest.approx(here.evidence, rel=1e-3)


def test_the_level_of_a_seed_does_not_matter():
    """Other batches, another level: only what differs within a seed is told apart."""
    first, second = bowl(AROUND, 0.1), bowl(AROUND[1:4], 0.1, seed=1)
    easier = [Trial(t.lr, t.steps, 1, t.start, tuple(one - 0.3 for one in t.tail), t.cost) for t in second]
    here, there = said(first + second), said(first + easier)
    assert there.quantiles(there.whole, *SHARES) == pytest.approx(here.quantiles(here.whole, *SHARES), abs=0.4)


@pytest.mark.parametrize("best", [0.03, 0.1, 0.3])
def test_the_lowest_point_of_the_branches_is_where_the_parabola_has_it(best):
    known = said([*bowl(AROUND, best), *bowl(AROUND, best, steps=LONG)])
    (middle,) = known.quantiles(known.long, 0.5)
    assert middle == pytest.approx(log2(best), abs=0.4)


def test_more_trials_narrow_it():
    widths = [
        width(said(bowl(AROUND[1:3], 0.1, noise=0.05))),
        width(said(bowl(AROUND, 0.1, noise=0.05))),
        width(said([*bowl(AROUND, 0.1, noise=0.05), *bowl(AROUND[1:4], 0.1, steps=LONG, noise=0.05)])),
    ]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.8 * widths[0]


def test_noise_widens_it():
    widths = [width(said(bowl(AROUND, 0.1, noise=noise))) for noise in (0.0, 0.3, 3.0)]
    assert widths[0] <= widths[1] < widths[2]


def test_a_minimum_is_evidence_and_noise_is_none():
    clear = said(bowl(AROUND, 0.1, noise=0.01)).evidence
    assert clear > 3
    seeds = range(20)
    alike = [said([trial(lr, 2.0, seed=seed, noise=0.5) for lr in AROUND]).evidence for seed in seeds]
    assert np.median(alike) < 0
    assert clear > max(alike)


def test_seeing_the_data_often_moves_it_down_and_widens_it():
    trials = [*bowl(AROUND, 0.1), *bowl(AROUND, 0.1, steps=LONG)]
    once, few, often = (said(trials, epochs=epochs) for epochs in (0.1, EPOCHS, EPOCHS + 1))
    assert few.whole.tolist() == once.whole.tolist()
    assert often.long.tolist() == once.long.tolist()
    low, middle, high = np.subtract(often.quantiles(often.whole, *SHARES), once.quantiles(once.whole, *SHARES))
    assert low < middle < high < 1
    assert middle < 0
    assert width(often) > 1.1 * width(once)


@pytest.mark.parametrize("lr", [0.3, 1.0])
def test_a_branch_that_diverged_speaks_against_its_learning_rate(lr):
    without = bowl([0.02, 0.05, 0.125], 0.1)
    here, there = said(without), said([*without, diverged(lr)])
    assert there.quantiles(there.whole, 0.95) < here.quantiles(here.whole, 0.95)


@pytest.mark.parametrize("loss", [20.0, 1e6, 1e22, 1e300])
def test_a_loss_that_exploded_says_no_more_than_one_that_diverged(loss):
    """It is no measure of how far off the lowest point is."""
    trials = bowl([0.02, 0.05, 0.125], 0.1, noise=0.01)
    here, there = said([*trials, diverged(1.0)]), said([*trials, trial(1.0, loss)])
    assert there.quantiles(there.whole, *SHARES) == pytest.approx(here.quantiles(here.whole, *SHARES), abs=1)


def test_the_fall_is_that_of_the_best_and_above_0():
    assert fall([trial(0.1, 2.5), trial(0.2, 1.0), diverged(0.3)]) == pytest.approx(2.0)
    assert fall([trial(0.1, 3.0), trial(0.2, 5.0)]) > 0


def test_the_loss_of_what_diverged_is_no_better_than_the_others():
    trials = [trial(0.1, 1.0), trial(0.2, 2.9), diverged(0.4), trial(0.3, 1.5)]
    assert losses(trials, 2.0).tolist() == pytest.approx([1.0, 2.9, 2.9, 1.5])
    assert losses([trial(0.1, 1.0), diverged(0.4)], 2.0)[1] >= 2.0
    assert np.isfinite(losses([diverged(0.4)], 2.0)).all()


def test_noise_that_is_common_is_no_noise():
    draw = np.random.default_rng(0)
    shared, own = draw.normal(size=TAIL), draw.normal(size=(3, TAIL))
    common = [Trial(lr, SHORT, 0, 3.0, tuple(lr + shared), SHORT) for lr in (0.1, 0.2, 0.4)]
    apart = [Trial(lr, SHORT, 0, 3.0, tuple(lr + one), SHORT) for lr, one in zip((0.1, 0.2, 0.4), own, strict=True)]
    assert 0 < noise(common, 2.0) < noise(apart, 2.0) / 10
    assert noise(apart, 2.0) == pytest.approx(1 / TAIL**0.5, rel=0.7)
    assert noise([], 2.0) > 0
