"""The probe asks for short branches under the schedule made shorter, and finds the peak of losses that have one."""

from collections.abc import Callable, Iterable
from itertools import count
from math import inf, isfinite, log2, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glidepath as gp
from glidepath.errors import FinderError
from glidepath.finder.posterior import EARLY, LATER
from glidepath.finder.probe import Branch, Probe
from glidepath.finder.suggestion import Suggestion, Trial

Losses = Callable[[Branch], Iterable[float]]
HORIZON = 640


def schedule_of(horizon: int = HORIZON, text: str = "warmup(10%) >> cosine()") -> gp.Schedule:
    return gp.parse(text).over(horizon, peak=1.0)


def trained(losses: Losses, horizon: int = HORIZON, *, centre: float, **how: float) -> Probe:
    """A probe to its end."""
    search = Probe(schedule_of(horizon), centre=centre, **how)
    while branches := search.ask():
        for branch in branches:
            search.tell(branch, list(losses(branch)))
    return search


def falling(branch: Branch) -> np.ndarray:
    """What most of a loss is, whatever the learning rate."""
    return 1 + 2 * np.exp(-8 * np.arange(branch.steps) / branch.steps)


def drawn(branch: Branch, seed: int, *, common: bool) -> np.ndarray:
    """Noise of size 1: of the batches alone, or of each branch too."""
    own = () if common else (branch.steps, int(branch.lr * 1e12))
    return np.random.default_rng([seed, branch.seed, *own]).normal(size=branch.steps)


def parabola(
    best: float,
    horizon: int = HORIZON,
    *,
    seed: int = 0,
    noise: float = 0.01,
    common: bool = True,
    curvature: float = 0.1,
    early: float = EARLY[0],
    later: float = LATER[0],
) -> Losses:
    """Losses from 3 to 1 and more, whose lowest point for the whole run is `best`, and for branches higher."""

    def losses(branch: Branch) -> np.ndarray:
        doublings = log2(horizon / branch.steps)
        away = log2(branch.lr / best) - later * 3 - early * (doublings - 3)  # an eighth is three doublings away
        bent = curvature * away**2 * np.linspace(0, 2, branch.steps)
        return falling(branch) + np.minimum(bent, 3) + noise * drawn(branch, seed, common=common)

    return losses


def answered(search: Probe) -> Suggestion | None:
    try:
        return search.suggestion()
    except FinderError:
        return None


# ---- Ask and tell. ----


def told(trials: Iterable[Trial], horizon: int = HORIZON, *, centre: float = 0.1) -> Probe:
    search = Probe(schedule_of(horizon), centre=centre)
    for trial in trials:
        search.take(trial)
    return search


def rounds(search: Probe) -> list[list[Trial]]:
    """The trials of a finished probe, as they were asked for together."""
    again, left, found = told([]), list(search.trials), []
    while branches := again.ask():
        found.append([left.pop(0) for _ in branches])
        for trial in found[-1]:
            again.take(trial)
    assert not left
    return found


def test_asking_depends_on_nothing_but_what_was_told():
    search, asked = told([]), []
    while branches := search.ask():
        assert search.ask() == branches == told(search.trials).ask()
        asked += branches
        for branch in branches:
            search.tell(branch, parabola(0.3, noise=0.1)(branch))
    assert [(one.lr, one.steps, one.seed) for one in asked] == [(t.lr, t.steps, t.seed) for t in search.trials]
    assert search.ask() == ()


def test_the_order_of_telling_within_a_round_does_not_matter():
    search = trained(parabola(0.3, noise=0.1, common=False), centre=0.1)
    found = search.suggestion()
    for draw in map(np.random.default_rng, range(5)):
        again = told([])
        for some in rounds(search):
            assert {(one.lr, one.steps, one.seed) for one in again.ask()} == {(t.lr, t.steps, t.seed) for t in some}
            for index in draw.permutation(len(some)):
                again.take(some[index])
        other = again.suggestion()
        assert again.ask() == ()
        assert (other.lr, other.low, other.high, other.cost) == (found.lr, found.low, found.high, found.cost)
        assert other.confidence == pytest.approx(found.confidence, rel=1e-6)
        assert other.reasons == found.reasons


LOSSES = st.sampled_from(["parabola", "noise", "diverging", "fewer", "nan at once", "rising", "falls with lr"])


def strange(kind: str, seed: int) -> Losses:
    """Losses of every sort, some of which end early."""

    def losses(branch: Branch) -> list[float]:
        draw = np.random.default_rng([seed, branch.steps, branch.seed])
        cut = int(draw.integers(1, branch.steps + 1))
        made = {
            "parabola": lambda: parabola(0.1, seed=seed)(branch),
            "noise": lambda: 1 + draw.normal(size=branch.steps),
            "diverging": lambda: [*np.linspace(3, 9, cut - 1), draw.choice([nan, inf, -inf])],
            "nan at once": lambda: [nan],
            "fewer": lambda: np.linspace(3, 9, cut),
            "rising": lambda: np.linspace(1, 2, branch.steps) + 0.01 * draw.normal(size=branch.steps),
            "falls with lr": lambda: falling(branch) / (1 + branch.lr) + 0.01 * draw.normal(size=branch.steps),
        }
        return [float(loss) for loss in made[kind]()]

    return losses


@settings(max_examples=25)
@given(
    kind=LOSSES,
    horizon=st.integers(320, 1_000),
    budget=st.floats(0.22, 1.0),
    spent=st.integers(0, 5),
    centre=st.floats(1e-6, 10),
    seed=st.integers(0, 1_000),
)
def test_the_budget_is_never_exceeded(kind, horizon, budget, spent, centre, seed):
    search = trained(strange(kind, seed), horizon, centre=centre, budget=budget, spent=spent)
    assert spent < search.cost <= budget * horizon
    assert search.cost == spent + sum(trial.cost for trial in search.trials)
    found = answered(search)
    if found is not None:
        assert found.cost == search.cost
        assert found.evidence == tuple(search.trials)
        assert 0 < found.low <= found.lr <= found.high < inf
        assert 0 <= found.confidence <= 1


def test_a_larger_budget_makes_more_branches():
    counts = [len(trained(parabola(0.1), centre=0.01, budget=budget).trials) for budget in (0.19, 0.5, 1.5)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


@pytest.mark.parametrize("text", ["cosine()", "linear(to=0.1)", "hold() >> decay(25%, shape=1-sqrt)", "steps(25%)"])
def test_every_branch_is_the_schedule_in_fewer_steps_at_its_own_peak(text):
    whole = schedule_of(text=text)
    search = Probe(whole, centre=0.1)
    while branches := search.ask():
        for branch in branches:
            assert branch.schedule.horizon.steps == branch.steps < HORIZON / 4
            steps = np.arange(branch.steps)
            same = whole(steps * HORIZON // branch.steps) * branch.lr
            assert branch.schedule(steps) == pytest.approx(same, abs=0.05 * branch.lr)
            search.tell(branch, parabola(0.1)(branch))


@pytest.mark.parametrize(
    "text", ["warmup(10%) >> cosine()", "warmup(30) >> hold() >> decay(25%)", "warmup(64) >> linear()"]
)
def test_every_branch_with_a_warmup_reaches_its_peak_and_decays_from_it(text):
    for branch in Probe(schedule_of(text=text), centre=0.1).ask():
        lrs = branch.schedule(np.arange(branch.steps))
        assert lrs.max() == pytest.approx(branch.lr, rel=0.05)
        assert lrs[0] < branch.lr / 2
        assert lrs[-1] < branch.lr / 4
        assert np.argmax(lrs) < 0.6 * branch.steps


def test_the_first_branches_lie_around_the_centre():
    lrs = [branch.lr for branch in Probe(schedule_of(), centre=0.1).ask()]
    assert lrs == sorted(lrs)
    assert len({branch.seed for branch in Probe(schedule_of(), centre=0.1).ask()}) == 1
    assert lrs[0] < 0.1 < lrs[-1]


@pytest.mark.parametrize("off", [1 / 10, 1 / 5, 5])
def test_it_moves_beyond_an_edge(off):
    search = trained(parabola(0.1), centre=0.1 * off)
    tried = [trial.lr for trial in search.trials]
    assert min(tried) < 0.1 < max(tried)
    assert 0.05 < search.suggestion().lr < 0.2


@pytest.mark.parametrize("off", [1 / 100, 1 / 50, 10, 50, 100])
@pytest.mark.parametrize("curvature", [0.02, 0.1])
def test_a_centre_that_is_far_off_gives_no_wrong_answer(off, curvature):
    """The budget ends before the lowest point is reached: an interval that holds it, or a refusal."""
    found = answered(trained(parabola(0.1, curvature=curvature), centre=0.1 * off))
    assert found is None or found.low / 1.5 < 0.1 < found.high * 1.5


# ---- Branches that diverge. ----


@pytest.mark.parametrize("end", [[nan], [inf], [-inf], [1.0, nan, 1.0], []], ids=str)
def test_branches_that_diverge_move_it_down_and_cost_what_they_took(end):
    def losses(branch: Branch) -> list[float]:
        whole = parabola(0.01)(branch).tolist()
        return whole if branch.lr < 0.04 else [*whole[:5], *end]

    search = trained(losses, centre=0.1)
    diverged = [trial for trial in search.trials if not isfinite(trial.loss)]
    assert diverged
    assert all(trial.cost == 5 + len(end) and not trial.tail and trial.lr >= 0.04 for trial in diverged)
    assert min(trial.lr for trial in search.trials) < 0.01
    assert 0.004 < search.suggestion().lr < 0.03


def test_where_all_diverge_it_ends_soon_and_says_so():
    """A model that is no number at any learning rate: some tries, not hundreds."""
    search = Probe(schedule_of(32_000), centre=0.1)
    for tries in count():
        if not (branches := search.ask()):
            break
        assert tries < 30
        for branch in branches:
            search.tell(branch, [nan])
    with pytest.raises(FinderError, match="at least 2 branches that train"):
        search.suggestion()


def test_a_start_that_is_no_number_is_no_number():
    search = Probe(schedule_of(), centre=0.1)
    trial = search.tell(search.ask()[0], [nan])
    assert (trial.loss, trial.start, trial.tail, trial.cost) == (inf, inf, (), 1)


@pytest.mark.parametrize(("validation", "loss"), [(0.5, 0.5), (nan, inf), (inf, inf), (np.float32(2), 2.0)])
def test_a_validation_loss_is_what_counts(validation, loss):
    search = Probe(schedule_of(), centre=0.1)
    branch = search.ask()[0]
    assert search.tell(branch, falling(branch), validation).loss == loss


# ---- What it finds. ----


CASES = range(24)


def case(seed: int, **more: float | bool) -> tuple[float, Suggestion | None]:
    """A random parabola, a centre that is off by up to 8, and what was found."""
    draw = np.random.default_rng(seed)
    best, horizon = 10 ** draw.uniform(-4, 0), int(draw.choice([320, 640, 1_600]))
    losses = parabola(best, horizon, seed=seed, curvature=10 ** draw.uniform(-1.7, -0.7), **more)
    return best, answered(trained(losses, horizon, centre=best * 2 ** draw.uniform(-3, 3)))


@pytest.mark.parametrize("common", [True, False])
def test_the_lowest_point_is_found_within_its_interval(common):
    """Where it moves with the length as it is known to: the answer, in 9 of 10, within a factor of 1.5."""
    found = [case(seed, noise=0.02, common=common) for seed in CASES]
    off = [inf if one is None else max(one.lr / best, best / one.lr) for best, one in found]
    inside = [one is not None and one.low <= best <= one.high for best, one in found]
    assert np.mean(np.array(off) < 1.55) >= 0.9
    assert np.mean(inside) >= 0.9


def test_intervals_hold_what_lengths_cannot_tell():
    """Where it moves with the length by more or less, in ways that the branches do not show."""
    draw = np.random.default_rng(0)
    found = [case(seed, early=draw.normal(*EARLY), later=draw.normal(*LATER)) for seed in CASES]
    assert np.mean([one is not None and one.low <= best <= one.high for best, one in found]) >= 0.8


@pytest.mark.parametrize("common", [True, False])
def test_noise_alone_is_refused(common):
    """At most 2 of 100, whatever the horizon."""
    horizons = 320, 640, 1_600, 4_000
    noises = [lambda branch, seed=seed: 3 + 0.3 * drawn(branch, seed, common=common) for seed in range(13)]
    found = [answered(trained(noise, horizon, centre=0.01)) for horizon in horizons for noise in noises]
    assert sum(one is not None for one in found) <= 1


@pytest.mark.parametrize("level", [0.0, 1.0, -3.0])
@pytest.mark.parametrize("slope", [0.0, 1.0])
def test_a_loss_that_does_not_fall_is_refused(level, slope):
    search = trained(lambda branch: level + np.linspace(0, slope, branch.steps), centre=0.01)
    with pytest.raises(FinderError, match="expected") as refusal:
        search.suggestion()
    assert "nan" not in str(refusal.value)


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_a_loss_that_falls_whatever_the_learning_rate_gives_a_wide_interval_and_says_so(noise):
    for seed in range(5):
        losses = lambda branch: falling(branch) + noise * drawn(branch, seed, common=False)  # noqa: B023, E731
        found = answered(trained(losses, centre=0.01))
        assert found is None or (found.high > 4 * found.low and "no branch is better" in found.reasons[-1])


def test_two_probes_on_other_batches_agree():
    found = [trained(parabola(0.1, seed=seed, noise=0.02), centre=0.1).suggestion().lr for seed in range(6)]
    assert max(found) < 1.5 * min(found)


# ---- What it refuses. ----


@pytest.mark.parametrize(
    "wrong",
    [
        *({"centre": centre} for centre in (0, -0.1, nan, inf, 10**400, "x", None, True, [0.1])),
        *({"budget": budget} for budget in (0, -1, 0.1, nan, inf, "half", None, 10**400)),
        *({"epochs": epochs} for epochs in (-1, nan, inf, "many")),
        {"spent": 10**9},
    ],
    ids=lambda wrong: str(wrong)[:30],
)
def test_what_cannot_be_laid_out_is_refused(wrong, complaint):
    complaint(lambda: Probe(schedule_of(), **{"centre": 0.1, **wrong}).ask())


@pytest.mark.parametrize(("horizon", "spent"), [(320, 0), (320, 5), (777, 3), (10_007, 1_000)])
def test_the_budget_that_a_refusal_names_is_enough(horizon, spent, complaint):
    said = complaint(Probe, schedule_of(horizon), centre=0.1, budget=0.05, spent=spent)
    assert Probe(schedule_of(horizon), centre=0.1, budget=float(said.split()[-1]), spent=spent).ask()


@pytest.mark.parametrize("horizon", [1, 100, 319])
def test_a_horizon_that_is_too_short_is_refused(horizon, complaint):
    assert str(horizon) in complaint(Probe, schedule_of(horizon), centre=0.1)


@pytest.mark.parametrize(
    "losses",
    [[], (), None, 1.0, "abc", ["a"], [1.0, "x"], [1 + 2j], {"a": 1}, len, [[1.0, 2.0]], [[1.0], [1.0, 2.0]]],
    ids=str,
)
def test_losses_that_are_no_numbers_are_refused(losses, complaint):
    search = Probe(schedule_of(), centre=0.1)
    complaint(search.tell, search.ask()[0], losses)
    assert search.trials == []


@pytest.mark.parametrize("validation", ["x", [1.0], len, 1 + 2j], ids=str)
def test_a_validation_loss_that_is_no_number_is_refused(validation, complaint):
    search = Probe(schedule_of(), centre=0.1)
    complaint(search.tell, search.ask()[0], [1.0, 2.0], validation)


def test_a_loss_too_large_for_a_number_has_diverged():
    search = Probe(schedule_of(), centre=0.1)
    assert search.tell(search.ask()[0], [1.0, 10**400]).loss == inf


def test_a_suggestion_of_nothing_is_refused(complaint):
    complaint(Probe(schedule_of(), centre=0.1).suggestion)
