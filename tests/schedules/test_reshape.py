"""Recipes repeated, stretched, reversed, shifted, scaled, clipped and joined step by step; jumps and more shapes."""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import glidepath as gp
from glidepath.errors import GlidepathError

optax = pytest.importorskip("optax")

TEXTS = [
    "excerpt(cosine(), over=5000, begin=10)",
    "arc(50%, start=0.2, to=1.0, shape=cosine, since=0.25) >> arc(start=1.0, to=0.1, until=0.7)",
    "repeat(warmup(10%) >> cosine(), times=3)",
    "repeat(cosine(), every=10, growth=2, factor=0.5)",
    "repeat(cosine(to=absolute(1e-05)), every=7, growth=3/2)",
    "repeat(linear(), every=10)",
    "combine(cosine(), other=hold(at=0.5), by=maximum)",
    "combine(warmup(10%) >> hold(), other=cosine(), by=product)",
    "combine(linear(), other=hold(at=0.3), by=minimum)",
    "clip(linear(), low=0.4, high=0.9)",
    "shift(linear(), by=10%)",
    "stretch(cosine(), over=100)",
    "reverse(warmup(20%) >> linear())",
    "scale(cosine(), factor=0.5)",
    "hold(30%) >> hold(30%, at=0.1) >> hold(at=0.01)",
    "steps(10%, factor=0.5, smooth=True)",
    "warmup(3) >> repeat(repeat(cosine(), times=2) >> warmup(3), times=2, length=50%) >> linear()",
    "untuned(beta2=0.99, shape=radam) >> linear(10%)",
    "untuned(50%, beta2=0.9) >> untuned(beta2=0.95, shape=exponential)",
    "hold(10%) >> power_law(exponent=0.7, timescale=5%, rate=2.0)",
    "warmup(10) >> inverse_time(rate=0.5)",
    "points(0: 0.1; 10%: 1.0; 50%: 0.2; 50%: 0.5; 90%: absolute(1e-05))",
    "points(0: absolute(1e-05); 10%: 1.0; 60%: 0.01, shape=exponential, length=60%) >> hold()",
    "remap(linear(), low=0.2, high=0.9)",
    "remap(warmup(30%) >> cosine(), low=0.95, high=0.85)",
    "combine(linear(), other=hold(at=0.3), by=sum)",
    "override(cosine(), other=hold(), begin=10%, over=20%)",
    "override(warmup(10%) >> linear(), other=decay(to=0.001), begin=25%, over=30%)",
    "arc(start=1.0, to=0.1, since=0.9, until=0.2)",
    *(f"decay(shape={shape})" for shape in ("half-cosine", "rex", "tanh", "sqrt-in")),
    *(f"decay(to=0.1, shape={shape}, power=3.0)" for shape in ("exp-zero", "log")),
    *(f"decay(to=0.1, shape={shape}, power=2.0)" for shape in ("cosine-power", "k-cosine", "polynomial")),
]
recipes = st.sampled_from(TEXTS).map(gp.parse)
horizons = st.integers(40, 5_000)


@pytest.mark.parametrize("text", TEXTS)
def test_round_trips_are_the_identity(text: str) -> None:
    recipe = gp.parse(text)
    assert gp.parse(str(recipe)) == recipe
    assert eval(repr(recipe), vars(gp)) == recipe  # noqa: S307 - our own repr, which is the promise
    assert gp.from_json(gp.to_json(recipe)) == recipe
    assert gp.from_toml(gp.to_toml(recipe)) == recipe


@given(recipes, horizons, st.floats(1e-6, 10.0))
def test_values_are_finite_within_bounds_and_the_same_for_one_and_for_many(recipe, horizon, peak) -> None:
    schedule = recipe.over(horizon, peak=max(peak, 1e-4))
    steps = np.arange(-3, 2 * horizon)
    values = schedule(steps)
    some = np.linspace(0, steps.size - 1, 50).astype(int)
    assert [schedule(int(step)) for step in steps[some]] == values[some].tolist()
    assert np.isfinite(values).all()
    assert values.min() >= 0
    assert values.max() <= schedule.peak
    assert (values[steps < 0] == schedule(0)).all()
    assert (values[steps >= horizon] == schedule(horizon)).all()
    np.testing.assert_array_equal(schedule(steps[::-1]), values[::-1])


@given(recipes, horizons)
def test_torch_gives_the_same_values(recipe, horizon) -> None:
    schedule = recipe.over(horizon, peak=1.0)
    steps = np.arange(0, horizon + 3, 7)
    np.testing.assert_allclose(schedule(torch.from_numpy(steps)).numpy(), schedule(steps), rtol=0, atol=2e-15)


@pytest.mark.parametrize("text", TEXTS)
def test_jax_gives_the_same_values_to_float32(text: str) -> None:
    import jax
    import jax.numpy as jnp

    schedule = gp.parse(text).over(1_000, peak=1.0)
    traced = np.asarray(jax.jit(schedule)(jnp.arange(1_003)), dtype=float)
    np.testing.assert_allclose(traced, schedule(range(1_003)), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("first", "growth"), [(10, 1), (4, 2), (3, 3)])
def test_warm_restarts_are_torchs(first: int, growth: int) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=first, T_mult=growth, eta_min=0.1)
    ours = gp.repeat(gp.cosine(to=0.1), every=first, growth=growth).over(200, peak=1.0)
    for step in range(200):
        assert ours(step) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-12)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own, about a growing tensor count
            optimizer.step()
            theirs.step()


def test_cycles_with_falling_peaks_are_optaxs() -> None:
    lengths, peaks = [10, 20, 40], [1.0, 0.5, 0.25]
    terms = [
        {"init_value": p, "peak_value": p, "warmup_steps": 0, "decay_steps": n, "end_value": 0.0}
        for n, p in zip(lengths, peaks, strict=True)
    ]
    theirs = optax.sgdr_schedule(terms)
    ours = gp.repeat(gp.cosine(), every=10, growth=2, factor=0.5).over(70, peak=1.0)
    assert [ours(step) for step in range(70)] == pytest.approx([float(theirs(step)) for step in range(70)], abs=1e-6)


def test_the_cosine_with_an_exponent_is_optaxs() -> None:
    theirs = optax.cosine_decay_schedule(1.0, 50, alpha=0.1, exponent=2.0)
    ours = gp.decay(to=0.1, shape="cosine-power", power=2.0).over(50, peak=1.0)
    assert [ours(step) for step in range(55)] == pytest.approx([float(theirs(step)) for step in range(55)], abs=1e-6)


@pytest.mark.parametrize(
    ("shape", "power", "left"),
    [
        ("rex", 1.0, lambda u: (1 - u) / (1 - u / 2)),
        ("half-cosine", 1.0, lambda u: math.cos(math.pi * u / 2)),
        ("k-cosine", 3.0, lambda u: (1 + math.cos(math.pi * u**3)) / 2),
        ("cosine-power", 1.5, lambda u: ((1 + math.cos(math.pi * u)) / 2) ** 1.5),
        ("tanh", 1.0, lambda u: (math.tanh(3) - math.tanh(10 * u - 7)) / (math.tanh(3) + math.tanh(7))),
    ],
)
def test_a_shape_leaves_what_its_formula_says(shape, power, left) -> None:
    schedule = gp.decay(shape=shape, power=power).over(64, peak=1.0)
    assert [schedule(t) for t in range(65)] == pytest.approx([left(t / 64) for t in range(65)], abs=1e-12)


@given(st.fractions(1, 4, max_denominator=20), st.integers(1, 50), st.integers(1, 3_000))
def test_a_cycle_begins_exactly_where_the_sum_says(growth, first, horizon) -> None:
    schedule = gp.repeat(gp.linear(), every=first, growth=growth).over(horizon, peak=1.0)
    begins, total, length = [], 0, first
    while total < horizon:
        begins.append(int(2 * total + 1) // 2)
        total, length = total + length, length * growth
    assert all(schedule(step) == 1.0 for step in begins if step < horizon)


@given(st.integers(1, 12), horizons)
def test_so_many_cycles_fill_the_length(times, horizon) -> None:
    values = gp.repeat(gp.linear(), times=times).over(horizon, peak=1.0)(range(horizon))
    assert (np.diff(values) > 0).sum() == times - 1


@given(horizons, st.integers(1, 30))
def test_reversing_twice_and_stretching_to_itself_change_nothing(horizon, warm) -> None:
    recipe = gp.warmup(warm) >> gp.cosine(to=0.1)
    plain = recipe.over(horizon, peak=1.0)(range(horizon))
    twice = gp.reverse(gp.reverse(recipe)).over(horizon, peak=1.0)(range(horizon))
    np.testing.assert_array_equal(twice, plain)
    np.testing.assert_array_equal(gp.stretch(recipe, horizon).over(horizon, peak=1.0)(range(horizon)), plain)


@given(horizons)
def test_a_piece_of_equal_cycles_may_have_any_number_of_them(horizon) -> None:
    schedule = gp.repeat(gp.linear(), every=4).over(10**12 + horizon, peak=1.0)
    assert [schedule(10**12 + t) for t in range(4)] == [1.0, 0.75, 0.5, 0.25]


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda: gp.repeat(gp.cosine()), "every="),
        (lambda: gp.repeat(gp.cosine(), times=0), "times"),
        (lambda: gp.repeat(gp.cosine(), every=0), "above 0"),
        (lambda: gp.repeat(gp.cosine(), every=5, growth=0.5), "growth"),
        (lambda: gp.repeat("cosine()", every=5), "a recipe"),
        (lambda: gp.repeat(gp.cosine(), every=1, factor=0.999).over(10**6), "cycles"),
        (lambda: gp.combine(gp.cosine(), gp.hold(), by="average"), "product"),
        (lambda: gp.clip(gp.cosine(), low=0.9, high=0.1).over(10), "low"),
        (lambda: gp.scale(gp.cosine(), 2.0), "from 0 to 1"),
        (lambda: gp.stretch(gp.cosine(), 0), "above 0"),
        (lambda: gp.parse("repeat(" * 30 + "hold()" + ", times=2)" * 30), "deep"),
        (lambda: gp.parse("repeat(times=2)"), "write repeat(cosine())"),
        (lambda: gp.from_spec({"parts": [{"part": "repeat", "recipe": [], "times": 2}]}), "$.parts[0].recipe"),
        (lambda: gp.from_spec({"parts": [{"part": "scale", "recipe": [{"part": "x"}]}]}), "$.parts[0].recipe[0]"),
    ],
)
def test_what_cannot_be_is_one_sentence(make, shown) -> None:
    with pytest.raises(GlidepathError) as caught:
        make()
    assert shown in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "cycles", ["times=9", "times=9, factor=0.9", "times=9, growth=1.3", "every=700, growth=3/2", "every=997"]
)
def test_many_parts_in_cycles_are_the_same_one_by_one_in_order_and_in_no_order(cycles: str) -> None:
    ramps = (
        f"warmup(2%, start={k}e-3, shape={shape}) >> decay(2%, to=0.{k}, endpoint={k % 2 == 0})"
        for k, shape in zip(range(1, 20), ["linear", "cosine", "cosine"] * 7, strict=False)
    )
    inner = " >> ".join([*ramps, "decay(1%, shape=exponential, to=0.01)", "hold(0, at=1.0)", "decay(shape=rex)"])
    schedule = gp.parse(f"repeat({inner}, {cycles})").over(12_345, peak=0.3)
    steps = np.arange(-3, 12_350)
    one_by_one = [schedule(int(step)) for step in steps]
    shuffled = np.random.default_rng(0).permutation(steps)
    assert schedule(steps).tolist() == one_by_one
    assert schedule(shuffled)[np.argsort(shuffled)].tolist() == one_by_one
    assert schedule(steps[::3]).tolist() == one_by_one[::3]
