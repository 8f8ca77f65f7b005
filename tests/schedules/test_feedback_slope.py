"""The plateau by its slope: what it cuts, what it does not, and how often it is wrong, counted over seeds."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats

from glidepath.schedules.feedback import State, fold, plateau
from glidepath.schedules.feedback.line import error, line, student

WIDTH = 0.05  # of the noise of one loss, everywhere below
WINDOW = 400
# What a window of 400 can show at that noise: 0.6 of it as the docstring says, times (1 + r) / (1 - r) to the half.
SHOWN = {0.0: 0.03, 0.5: 0.05, 0.9: 0.13}


def noise(seed: int, updates: int, alike: float = 0.0) -> NDArray[np.float64]:
    """A first-order autoregression of width `WIDTH`, whose neighbours have the correlation `alike`."""
    rng, out = np.random.default_rng(seed), np.empty(updates)
    last, kept = rng.normal(), np.sqrt(1 - alike**2)
    for index, fresh in enumerate(rng.normal(size=updates)):
        last = alike * last + kept * fresh
        out[index] = last
    return WIDTH * out


def first_cut(losses: NDArray[np.float64], minimum_descent: float, **named: Any) -> int | None:
    """The update of the first cut, or None."""
    rule = plateau(minimum_descent, **{"window": WINDOW, **named})
    state = rule.start()
    for step, loss in enumerate(losses.tolist()):
        state = rule.observe(state, step, loss)
        if state.multiplier < 1:
            return step
    return None


def kinds(state: State) -> list[str]:
    return [decision.kind for decision in state.decisions]


@pytest.mark.parametrize("alike", SHOWN)
def test_a_noisy_plateau_is_cut_within_two_windows(alike: float) -> None:
    cuts = [first_cut(2 + noise(seed, 2_000, alike), SHOWN[alike]) for seed in range(60)]
    within = sum(cut is not None and cut < 2 * WINDOW for cut in cuts)
    assert within >= 54  # nine tenths
    assert None not in cuts


@pytest.mark.parametrize("alike", SHOWN)
def test_an_exponential_descent_is_not_cut_before_it_is_over(alike: float) -> None:
    steps = np.arange(12 * WINDOW)
    falls = 3 * np.exp(-steps / 2_000)
    lasting = falls[:-WINDOW] - falls[WINDOW:] > 2 * SHOWN[alike]  # each window falls by twice the minimum
    steps = steps[: np.count_nonzero(lasting) + WINDOW]
    assert steps.size > 4 * WINDOW
    cuts = [first_cut(2 + falls[steps] + noise(seed, steps.size, alike), SHOWN[alike]) for seed in range(40)]
    assert cuts == [None] * 40


@pytest.mark.parametrize("alike", [0.0, 0.9])
def test_false_alarms_at_the_minimum_are_as_rare_as_the_confidence_says(alike: float) -> None:
    """Losses that fall by exactly the minimum: of the windows tested, at most 1 - confidence are cut."""
    seeds, windows = 80, 6
    fall = SHOWN[alike] * np.arange((windows + 1) * WINDOW) / WINDOW
    cuts = [first_cut(2 - fall + noise(seed, fall.size, alike), SHOWN[alike]) for seed in range(seeds)]
    tested = sum(windows if cut is None else (cut + 1 - WINDOW) / WINDOW + 1 for cut in cuts)
    alarms = sum(cut is not None for cut in cuts)
    assert alarms / tested < 0.05 + 2 * np.sqrt(0.05 / tested)  # two of its own standard errors
    twice = [first_cut(2 - 2 * fall + noise(seed, fall.size, alike), SHOWN[alike]) for seed in range(20)]
    assert twice == [None] * 20


def test_a_higher_confidence_has_fewer_false_alarms() -> None:
    fall = 0.03 * np.arange(3_000) / WINDOW
    losses = [2 - fall + noise(seed, fall.size) for seed in range(40)]
    found = [sum(first_cut(row, 0.03, confidence=c) is not None for row in losses) for c in (0.5, 0.8, 0.99)]
    assert found[0] > found[1] > found[2]
    assert found[2] <= 4


def spiking(seed: int, updates: int = 1_000) -> NDArray[np.float64]:
    """The picture of pytorch#30873: a descent, a spike at update 250, and a steady descent from there."""
    steps = np.arange(updates)
    before = 0.5 + 2 * np.exp(-steps / 150)
    after = before[250] + np.exp(-(steps - 250) / 400)
    return np.where(steps < 250, before, after) + 0.4 * noise(seed, updates)


@pytest.mark.parametrize("window", [100, 200, 400])
def test_no_cut_while_a_spike_recovers_where_torchs_plateau_cuts(window: int) -> None:
    """ReduceLROnPlateau treats everything after a spike as a plateau: github.com/pytorch/pytorch/issues/30873."""
    for seed in range(10):
        losses = spiking(seed)
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=100)
        for loss in losses:
            theirs.step(loss)
        assert optimizer.param_groups[0]["lr"] < 0.01  # cut, and cut again, while the loss falls by two thirds
        assert losses[-50:].mean() < losses[260:310].mean() - 0.5
        assert first_cut(losses, 0.03 * (100 / window) ** 0.5, window=window) is None


def test_a_short_spike_on_a_plateau_holds_the_cut_and_is_recorded() -> None:
    losses = 2 + noise(0, 4_000)
    losses[650:700] += np.linspace(3, 0, 50)
    rule = plateau(0.03, window=800)
    state = fold(rule, enumerate(losses[:1_500].tolist()))
    assert kinds(state) == ["spike", "recovered"]
    assert state.multiplier == 1.0
    assert "no cut while the loss comes back to its level of 1.9" in state.decisions[0].reason
    state = fold(rule, enumerate(losses[1_500:].tolist(), 1_500), state=state)
    assert kinds(state)[:3] == ["spike", "recovered", "cut"]


def test_a_loss_that_does_not_come_back_is_cut_in_the_end() -> None:
    steps = np.arange(3_000)
    losses = np.where(steps < 1_500, 2 - steps / 1_500, 3.0) + noise(1, steps.size)
    state = fold(plateau(0.05, window=200), enumerate(losses.tolist()))
    assert kinds(state)[:3] == ["spike", "given up", "cut"]
    assert 1_900 < state.decisions[2].step < 2_300


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -float("inf"), 1e300, -1e300])
def test_losses_that_are_no_numbers_are_a_spike(odd: float) -> None:
    losses = 2 - 0.1 * np.arange(1_200) / WINDOW + noise(2, 1_200)
    losses[700:750] = odd
    state = fold(plateau(0.03), enumerate(losses.tolist()))
    assert kinds(state) == ["spike", "recovered"]
    assert fold(plateau(0.03), enumerate([odd] * 500)).decisions == ()


def test_heavy_tails_are_no_spikes_that_hold_for_ever() -> None:
    for seed in range(10):
        losses = 2 + 0.05 * np.random.default_rng(seed).standard_t(2.5, 3_000)
        assert first_cut(losses, 0.06) is not None


def test_a_rising_loss_is_cut() -> None:
    assert first_cut(2 + 0.05 * np.arange(1_200) / WINDOW + noise(3, 1_200), 0.03) == WINDOW - 1


def test_a_cut_waits_a_window_and_says_why() -> None:
    state = fold(plateau(0.03, factor=0.5), enumerate((2 + noise(4, 1_600)).tolist()))
    cuts = [decision for decision in state.decisions if decision.kind == "cut"]
    assert [(cut.before, cut.after) for cut in cuts[:2]] == [(1.0, 0.5), (0.5, 0.25)]
    assert np.diff([cut.step for cut in cuts]).min() >= WINDOW
    assert cuts[0].reason.endswith(
        " per 100 updates over 400 updates: no descent of 0.03 in that span, at 0.95 confidence"
    )
    assert cuts[0].reason.startswith("slope ")
    score = fold(plateau(0.03, mode="max"), enumerate((0.5 + noise(4, 400) + 1e-4 * np.arange(400) / WINDOW).tolist()))
    assert "no rise of 0.03 in that span" in score.decisions[0].reason


def test_noise_that_hides_the_descent_is_said_after_two_windows() -> None:
    falling = 2 - 0.003 * np.arange(1_200) / WINDOW
    state = fold(plateau(0.003), enumerate((falling + noise(5, 1_200)).tolist()))
    assert [(d.step, d.kind, d.after) for d in state.decisions] == [(999, "unclear", 1.0)]
    assert "write a longer window or a larger minimum_descent" in state.decisions[0].reason


def test_at_its_floor_the_rule_is_silent() -> None:
    state = fold(plateau(0.03, floor=0.05), enumerate((2 + noise(6, 8_000)).tolist()))
    assert [decision.after for decision in state.decisions] == [0.1, 0.05]


def test_a_loss_without_noise_is_read_exactly() -> None:
    assert first_cut(np.full(500, 2.0), 0.01) == WINDOW - 1
    assert first_cut(2 - 0.011 * np.arange(2_000) / WINDOW, 0.01) is None
    assert first_cut(2 - 0.009 * np.arange(2_000) / WINDOW, 0.01) == WINDOW - 1


def test_the_unit_of_the_loss_and_the_spacing_of_the_updates_change_nothing() -> None:
    """All losses and the minimum times 2^k, or a loss every 50 updates: the same decisions at the same losses."""
    losses = (2 + noise(7, 3_000)).tolist()
    plain = fold(plateau(0.03), enumerate(losses))
    scaled = fold(plateau(0.03 * 2.0**-20), ((step, loss * 2.0**-20) for step, loss in enumerate(losses)))
    spaced = fold(plateau(0.03), ((50 * step, loss) for step, loss in enumerate(losses)))
    assert plain.decisions
    assert [(d.step, d.after) for d in plain.decisions] == [(d.step, d.after) for d in scaled.decisions]
    assert [(50 * d.step, d.after) for d in plain.decisions] == [(d.step, d.after) for d in spaced.decisions]


def test_the_line_is_that_of_scipy() -> None:
    rng = np.random.default_rng(8)
    for n in (4, 20, 100):
        x, y = np.sort(rng.uniform(0, 1e6, n)), rng.normal(3, 1, n)
        mine, theirs = line(tuple(x.tolist()), tuple(y.tolist())), stats.linregress(x, y)
        assert mine.slope == pytest.approx(theirs.slope, rel=1e-9)
        assert error(mine.spread, mine.noise, 0.0) == pytest.approx(theirs.stderr, rel=1e-9)


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.975, 0.995, 0.99995])
def test_students_quantile_is_that_of_scipy(confidence: float) -> None:
    assert student(confidence, 18) == pytest.approx(stats.t.ppf(confidence, 18), rel=0, abs=4e-3)


@pytest.mark.parametrize("alike", [0.0, 0.8])
def test_the_error_of_a_slope_is_the_width_of_slopes(alike: float) -> None:
    """Over many windows of noise alone, the slopes vary by as much as the errors say, within a fifth."""
    places = tuple((20.0 * np.arange(20)).tolist())
    found = [
        line(places, tuple(noise(seed, WINDOW, alike).reshape(20, 20).mean(axis=1).tolist())) for seed in range(300)
    ]
    pooled = float(np.mean([one.alike for one in found]))
    width = error(found[0].spread, float(np.sqrt(np.mean([one.noise**2 for one in found]))), pooled)
    assert np.std([one.slope for one in found]) == pytest.approx(width, rel=0.2)
