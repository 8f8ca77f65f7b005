"""One formula, every namespace: torch tensors to the last bit, JAX within its float32 and, asked to, float64."""

import json
import subprocess
import sys
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import glidepath as gp

RECIPES = {
    "linear": "warmup(10%) >> linear(to=0.1)",
    "cosine": "warmup(10%, shape=cosine) >> cosine(to=0.1, endpoint=True)",
    "1-sqrt": "warmup(10%) >> hold() >> decay(20%, shape=1-sqrt)",
    "polynomial": "warmup(10%) >> decay(shape=polynomial, power=2.5)",
    "square": "decay(shape=polynomial, power=2)",
    "exponential": "warmup(10%, shape=exponential) >> decay(shape=exponential, to=0.01)",
    "steps": "hold(10%) >> steps(7%, factor=0.3)",
    "inverse_sqrt": "warmup(10%) >> inverse_sqrt() >> linear(10%)",
    "restarts": "cosine(30%) >> warmup(0) >> cosine(30%) >> warmup(0) >> cosine()",
    "of no length": "warmup(0, to=0.5) >> warmup(3, start=0.1) >> hold()",
}
PRODUCTS = ("linear", "cosine", "restarts", "of no length")  # the roots of torch differ in the last bit
PEAK = 3e-4
ASKED = np.arange(-3, 1_004)


def schedule(name: str, steps: int = 1_000) -> gp.Schedule:
    return gp.parse(RECIPES[name]).over(steps, peak=PEAK)


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.int16, torch.float64])
def test_a_tensor_gives_the_values_of_numpy(name: str, dtype: torch.dtype) -> None:
    ours = schedule(name)(torch.tensor(ASKED, dtype=dtype))
    theirs = schedule(name)(ASKED)
    assert ours.dtype == torch.float64
    if name in PRODUCTS:
        assert ours.tolist() == theirs.tolist()
    assert np.abs(ours.numpy() - theirs).max() <= 1e-15 * PEAK


@pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 4), (2, 1, 3)])
def test_a_tensor_of_any_shape_gives_one_of_that_shape(shape: tuple[int, ...]) -> None:
    steps = torch.arange(int(np.prod(shape)), dtype=torch.int64).reshape(shape)
    values = schedule("cosine")(steps)
    assert values.shape == steps.shape
    assert values.tolist() == schedule("cosine")(steps.numpy()).tolist()


def test_a_tensor_far_outside_is_held_at_either_end() -> None:
    ends = torch.tensor([-(2**62), -1, 2**62])
    assert schedule("cosine")(ends).tolist() == schedule("cosine")([-(2**62), -1, 2**62]).tolist()


def test_a_horizon_of_many_steps_is_the_same_in_torch() -> None:
    steps = np.linspace(-5, 1.1e12, 1_001).astype(np.int64)
    long = schedule("cosine", 10**12)
    assert long(torch.tensor(steps)).tolist() == long(steps).tolist()
    assert long(torch.tensor([0, 100], dtype=torch.int8)).tolist() == long([0, 100]).tolist()


def close(values: object, asked: np.ndarray, of: gp.Schedule) -> None:
    last_bits = 4e-7 if "exponential" in str(of) else 2e-7  # a power is less exact than a product
    assert np.abs(np.asarray(values, dtype=np.float64) - of(asked)).max() <= last_bits * PEAK


@pytest.mark.parametrize("name", RECIPES)
def test_jit_vmap_and_scan_give_the_values_of_numpy(name: str) -> None:
    ours = schedule(name)
    steps = jnp.asarray(ASKED)
    close(jax.jit(ours)(steps), ASKED, ours)
    close(jax.jit(jax.vmap(ours))(steps), ASKED, ours)
    _, scanned = jax.lax.scan(lambda count, _: (count + 1, ours(count)), jnp.int32(-3), None, length=ASKED.size)
    close(scanned, ASKED, ours)


def test_an_array_of_jax_keeps_its_shape_and_default_float() -> None:
    values = schedule("linear")(jnp.arange(6).reshape(2, 3))
    assert values.shape == (2, 3)
    assert values.dtype == jnp.float32
    assert schedule("linear")(jnp.int32(5)).shape == ()


FAR = [*((name, 10**12) for name in RECIPES), ("polynomial", 2**24 + 3), ("1-sqrt", 2**31 + 5)]


@pytest.mark.parametrize(("name", "steps"), FAR)
def test_jax_counts_far_in_32_bits(name: str, steps: int) -> None:
    ours = schedule(name, steps)
    asked = np.array([0, 1, 2**24 + 1, 2**24 + 2, 2**30 + 7, 2**31 - 1, -(2**31)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        close(jax.jit(ours)(jnp.asarray(asked, dtype=jnp.int32)), asked, ours)


@pytest.mark.parametrize("dtype", [jnp.int8, jnp.int16, jnp.uint8, jnp.uint32, jnp.float32])
def test_jax_steps_of_every_type_give_the_values_of_their_whole_numbers(dtype: type) -> None:
    asked = np.array([0, 1, 50, 99, 127])
    ours = schedule("1-sqrt", 100)
    close(jax.jit(ours)(jnp.asarray(asked, dtype=dtype)), asked, ours)


def test_jax_can_differentiate_through_a_float_step() -> None:
    slope = jax.grad(lambda step: gp.linear().over(100, peak=1.0)(step))(50.0)
    assert float(slope) == pytest.approx(-0.01, rel=1e-6)


IN_64_BITS = """
import json, sys
import jax, jax.numpy as jnp, numpy as np
import glidepath as gp
jax.config.update("jax_enable_x64", True)
worst = {}
for name, text in json.loads(sys.argv[1]).items():
    for steps in (1_000, 10**12):
        schedule = gp.parse(text).over(steps, peak=3e-4)
        asked = np.unique(np.concatenate([np.arange(-3, 1_004), np.linspace(0, steps + 3, 101).astype(np.int64)]))
        values = jax.jit(schedule)(jnp.asarray(asked))
        assert values.dtype == jnp.float64
        worst[f"{name} {steps}"] = float(np.abs(np.asarray(values) - schedule(asked)).max() / 3e-4)
print(json.dumps(worst))
"""


def test_jax_in_64_bits_is_within_1e_14_of_the_peak() -> None:
    command = [sys.executable, "-W", "error", "-c", IN_64_BITS, json.dumps(RECIPES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {name: worst for name, worst in json.loads(done.stdout).items() if worst > 1e-14} == {}


CYCLES = (
    "repeat(linear(), every=10)",
    "repeat(repeat(cosine(), every=7, length=50%) >> warmup(3) >> linear(), every=1000)",
    "repeat(warmup(10%) >> cosine(), times=3)",
    "clip(reverse(repeat(warmup(3) >> linear(), every=11)), low=0.2)",
    "combine(shift(repeat(linear(), every=13), by=5), other=excerpt(cosine(), over=2000000000, begin=7), by=minimum)",
    "override(repeat(linear(), every=10), other=repeat(cosine(), every=9), begin=1%, over=50%)",
)


@pytest.mark.parametrize("text", CYCLES)
def test_short_cycles_of_long_runs_are_within_float32_under_jit(text: str) -> None:
    schedule, rng = gp.parse(text).over(2 * 10**9, peak=PEAK), np.random.default_rng(0)
    places = [
        np.arange(50),
        2**24 + np.arange(-5, 50),
        rng.integers(0, 2 * 10**9, 2_000),
        2 * 10**9 + np.arange(-20, 5),
    ]
    asked = np.unique(np.concatenate(places))
    close(jax.jit(schedule)(jnp.asarray(asked, jnp.int32)), asked, schedule)
