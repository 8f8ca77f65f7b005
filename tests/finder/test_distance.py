"""The distance that weights have to go: Prodigy's formulas, written once more here, and what the estimate is worth."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from glidepath.errors import FinderError
from glidepath.finder.distance import START, Distance

Numbers = NDArray[np.float64]
Gradient = Callable[[Numbers], Numbers]


def prodigy(
    gradient: Gradient, begin: Numbers, updates: int, *, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
) -> tuple[list[float], Numbers]:
    """The estimates after each update, and the last weights: straight from the paper's lines, for one vector."""
    beta1, beta2 = betas
    beta3 = math.sqrt(beta2)
    x, d, r = begin.copy(), START, 0.0
    s, m, v = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    found = []
    for _ in range(updates):
        g = gradient(x)
        r = beta3 * r + (1 - beta3) * d * d * float(np.dot(g, begin - x))
        s = beta3 * s + (1 - beta3) * d * d * g
        m = beta1 * m + (1 - beta1) * d * g
        v = beta2 * v + (1 - beta2) * d * d * g * g
        x = x - d * m / (np.sqrt(v) + d * eps)
        d = max(d, r / float(np.abs(s).sum()))
        found.append(d)
    return found, x


def estimated(
    gradient: Gradient, begin: Numbers, updates: int, *, cut: int = 1, library: Any = np, **how: Any
) -> tuple[list[float], Numbers, Distance]:
    """The same by a Distance, with the vector in so many arrays of a library."""
    distance, x, found = Distance(**how), begin.copy(), []
    for _ in range(updates):
        pieces = [np.array_split(one, cut) for one in (gradient(x), x - begin)]
        if library is torch:
            pieces = [[torch.tensor(one) for one in some] for some in pieces]
        x = x - np.concatenate([np.asarray(one) for one in distance.tell(*pieces)])
        found.append(distance.lr)
    return found, x, distance


def bowl(target: Numbers) -> Gradient:
    """The gradient of a quadratic of condition 20, with its lowest point at a target."""
    curvature = np.geomspace(1, 20, target.size)
    return lambda x: curvature * (x - target)


def aim(size: int = 8, seed: int = 0) -> Numbers:
    return np.random.default_rng(seed).normal(size=size)


BETAS = st.tuples(st.floats(0, 0.99), st.floats(0.5, 0.9999))


@settings(max_examples=25)
@given(betas=BETAS, seed=st.integers(0, 1_000), cut=st.integers(1, 4), library=st.sampled_from([np, torch]))
def test_it_is_the_paper_s_on_arrays_of_numpy_and_torch(betas, seed, cut, library):
    gradient, begin = bowl(aim(seed=seed)), aim(seed=seed + 1)
    expected, last = prodigy(gradient, begin, 60, betas=betas, eps=1e-6)
    found, x, distance = estimated(gradient, begin, 60, betas=betas, eps=1e-6, cut=cut, library=library)
    assert found == pytest.approx(expected, rel=1e-9)
    assert x == pytest.approx(last, rel=1e-6, abs=1e-9)
    assert (distance.lr, distance.count) == (found[-1], 60)


def test_it_begins_at_the_paper_s_first_estimate_and_never_shrinks():
    found, _, _ = estimated(bowl(aim()), np.zeros(8), 200)
    assert Distance().lr == START
    assert found[0] == START
    assert found == sorted(found)
    assert found[-1] > 1_000 * START


@pytest.mark.parametrize("times", [1e-2, 10.0, 1e3])
def test_it_grows_with_the_distance(times):
    found = [estimated(bowl(by * aim()), np.zeros(8), 300)[2].lr for by in (1.0, times)]
    assert found[1] / found[0] == pytest.approx(times, rel=0.3)


@pytest.mark.parametrize("times", [1e-3, 1e3])
def test_the_size_of_the_loss_does_not_matter(times):
    gradient = bowl(aim())
    one, other = (estimated(lambda x, by=by: by * gradient(x), np.zeros(8), 100)[2].lr for by in (1.0, times))
    assert other == pytest.approx(one, rel=1e-3)


def test_it_is_near_the_distance_of_a_weight():
    """Of the largest one: that is what a learning rate of Adam, which moves all alike, has to cover."""
    target = aim()
    found = estimated(bowl(target), np.zeros(8), 300)[2].lr
    assert abs(target).max() / 10 < found < abs(target).max() * 3


def test_it_is_known_when_it_has_stopped_growing():
    distance, x, target, grown = Distance(), np.zeros(8), aim(), [0.0]
    while not distance.known:
        x = x - distance.tell([bowl(target)(x)], [x])[0]
        grown.append(distance.lr)
        assert distance.count < 300
    assert grown[-1] == pytest.approx(grown[-10], rel=0.1)
    assert estimated(bowl(target), np.zeros(8), 300)[2].lr < 3 * grown[-1]


def test_what_has_not_grown_is_not_known():
    """Gradients that go around lead nowhere."""
    distance = Distance()
    for number in range(100):
        distance.tell([np.array([(-1.0) ** number])], [np.zeros(1)])
    assert distance.lr == START
    assert not distance.known


def test_arrays_of_every_shape_are_as_one():
    draw, shapes = np.random.default_rng(0), [(), (3,), (2, 2), (0,)]
    gradients = [draw.normal(size=shape) for shape in shapes]
    whole = np.concatenate([one.ravel() for one in gradients])
    apart, together = Distance(), Distance()
    for _ in range(30):
        moved = [-float(apart.count) * 1e-6 * one for one in gradients]
        given_apart = apart.tell(gradients, moved)
        (given_together,) = together.tell([whole], [np.concatenate([one.ravel() for one in moved])])
        assert [np.shape(one) for one in given_apart] == shapes
        assert np.concatenate([np.ravel(one) for one in given_apart]) == pytest.approx(given_together)
    assert apart.lr == pytest.approx(together.lr)
    assert apart.lr > START


@pytest.mark.parametrize("value", [0.0, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("library", [np, torch])
def test_gradients_that_are_0_or_no_numbers_are_refused(value, library, complaint):
    gradients = [library.full((3,), value), library.full((2,), value)]
    moved = [library.zeros(3), library.zeros(2)]
    assert "gradients" in complaint(Distance().tell, gradients, moved)


def test_no_gradients_are_refused(complaint):
    complaint(Distance().tell, [], [])


def test_one_gradient_that_is_no_number_among_others_is_refused():
    with pytest.raises(FinderError, match="expected finite gradients"):
        Distance().tell([np.ones(3), np.array([1.0, math.nan])], [np.zeros(3), np.zeros(2)])


def task() -> tuple[torch.nn.Module, Callable[[int], torch.Tensor]]:
    """A small network that learns another's answers."""
    torch.manual_seed(0)
    teacher = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
    model = torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))

    def loss(batch: int) -> torch.Tensor:
        x = torch.randn(64, 8, generator=torch.Generator().manual_seed(batch))
        with torch.no_grad():
            y = 3 * teacher(x)
        return ((model(x) - y) ** 2).mean()

    return model, loss


def final(lr: float, updates: int = 200) -> float:
    """What Adam at a learning rate, decayed to 0, comes to."""
    model, loss = task()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for batch in range(updates):
        optimizer.param_groups[0]["lr"] = lr * (1 - batch / updates)
        optimizer.zero_grad()
        loss(batch).backward()
        optimizer.step()
    with torch.no_grad():
        return float(sum(loss(10_000 + batch) for batch in range(8)))


def test_on_a_small_training_it_is_within_a_factor_of_5_of_the_best_of_a_sweep():
    lrs = [1e-4, 4e-4, 1.6e-3, 6.4e-3, 2.56e-2, 0.1, 0.4, 1.6]
    best = min(lrs, key=final)
    (model, loss), distance = task(), Distance()
    start = [weight.detach().clone() for weight in model.parameters()]
    for batch in range(200):
        model.zero_grad()
        loss(batch).backward()
        with torch.no_grad():
            weights = list(model.parameters())
            moved = [weight - begin for weight, begin in zip(weights, start, strict=True)]
            for weight, by in zip(weights, distance.tell([weight.grad for weight in weights], moved), strict=True):
                weight.sub_(by)
        if distance.known:
            break
    assert distance.known
    assert best / 5 < distance.lr < best * 5
