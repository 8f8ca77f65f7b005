"""A schedule inside the optimizers of the installed optax: what each update used, under jit, vmap, grad and scan."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glidepath as gp
from glidepath.errors import AttachError
from glidepath.frameworks.jax import checkpoint, learning_rate

FLOAT32 = 2e-6  # of the peak
PLAN = gp.parse("(warmup(3) >> cosine(to=0.1)).over(10, peak=1.0)")
OTHER = gp.parse("(hold(5) >> linear()).over(200, peak=0.01)")
PARAMS = {"head": jnp.zeros(3), "body": jnp.zeros(2)}
ONES = jax.tree.map(jnp.ones_like, PARAMS)  # gradients that make an update of SGD its learning rate


def train(optimizer: Any, batches: int, gradient: Any = ONES) -> tuple[list[float], Any]:
    """What each batch moved the first parameter down by, where it moved, and the last state."""
    update, state, moved = jax.jit(optimizer.update), optimizer.init(PARAMS), []
    for _ in range(batches):
        updates, state = update(gradient, state, PARAMS)
        moved.append(-float(updates["head"][0]))
    return [move for move in moved if move], state


lengths = st.integers(1, 9)


@settings(max_examples=6)  # each compiles anew
@given(lengths, lengths, lengths, st.floats(0, 1), st.sampled_from(["linear", "cosine", "1-sqrt"]))
def test_one_value_in_every_transformation(up, flat, down, low, shape):
    schedule = (gp.warmup(up) >> gp.hold(flat) >> gp.decay(down, to=low, shape=shape)).over(up + flat + down, peak=0.5)
    steps = jnp.arange(up + flat + down + 3)
    expected = schedule(np.asarray(steps))
    near = {"rtol": 0, "atol": FLOAT32}
    np.testing.assert_allclose(jax.jit(jax.vmap(schedule))(steps), expected, **near)
    np.testing.assert_allclose(jax.lax.scan(lambda _, step: (None, schedule(step)), None, steps)[1], expected, **near)
    slope = jax.grad(lambda scale: (scale * schedule(steps)).sum())(1.0)
    np.testing.assert_allclose(slope, expected.sum(), rtol=1e-5)
    assert expected[0] > 0
    assert expected.min() >= 0
    assert (expected[-3:] == expected[-1]).all()  # past the end it is held


NESTS = {
    "sgd": optax.sgd(PLAN),
    "chain": optax.chain(optax.clip(9.0), optax.sgd(PLAN)),
    "inject_hyperparams": optax.inject_hyperparams(optax.sgd)(learning_rate=PLAN),
    "apply_if_finite": optax.apply_if_finite(optax.sgd(PLAN), 3),
    "multi_transform": optax.multi_transform(
        {"a": optax.sgd(PLAN), "b": optax.adamw(PLAN)}, {"head": "a", "body": "b"}
    ),
    "masked": optax.masked(optax.sgd(PLAN), {"head": True, "body": False}),
}


@pytest.mark.parametrize("name", NESTS)
def test_what_an_update_used_is_one_call(name):
    optimizer = NESTS[name]
    state, update = optimizer.init(PARAMS), jax.jit(optimizer.update)
    assert learning_rate(state, PLAN) == PLAN(0)  # what the first will use
    for step in range(12):
        updates, state = update(ONES, state, PARAMS)
        used = learning_rate(state, PLAN)
        assert used == PLAN(step)
        assert -float(updates["head"][0]) == pytest.approx(used, rel=0, abs=FLOAT32)
    assert checkpoint(PLAN, state) == {"spec": gp.to_spec(PLAN), "step": 12}


def test_adamw_counts_alike():
    _, state = train(optax.MultiSteps(optax.inject_hyperparams(optax.adamw)(learning_rate=PLAN), 2), 8)
    assert learning_rate(state, PLAN) == PLAN(3)


def test_what_was_used_in_compiled_training():
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(PLAN))

    def update(carry: Any, _: Any) -> Any:
        params, state = carry
        updates, state = optimizer.update(ONES, state, params)
        return (optax.apply_updates(params, updates), state), learning_rate(state, PLAN)

    (_, state), used = jax.jit(lambda carry: jax.lax.scan(update, carry, length=12))((PARAMS, optimizer.init(PARAMS)))
    np.testing.assert_allclose(used, PLAN(range(12)), rtol=0, atol=FLOAT32)
    assert learning_rate(state, PLAN) == PLAN(11)


def test_replicas_count_as_one():
    optimizer = optax.sgd(PLAN)
    many = jax.tree.map(lambda leaf: jnp.stack([leaf] * 4), PARAMS)
    states = jax.vmap(optimizer.init)(many)
    for _ in range(3):
        _, states = jax.vmap(optimizer.update)(many, states)
    assert learning_rate(states, PLAN) == PLAN(2)


def form(optimizer: Any) -> Any:
    return jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), optimizer.init(PARAMS))


@pytest.mark.parametrize("make", [optax.adamw, optax.inject_hyperparams(optax.adamw)])
def test_the_form_of_the_state_does_not_depend_on_the_schedule(make):
    constant = gp.hold().over(10, peak=0.1)
    assert form(make(PLAN)) == form(make(OTHER)) == form(make(constant))


def test_the_form_of_a_bare_optax_state_does():
    assert form(optax.adamw(0.1)) != form(optax.adamw(optax.constant_schedule(0.1)))


# Accumulation: ten batches, so that 4 and 8 leave the last window of the epoch partial.


@pytest.mark.parametrize("accumulation", [1, 2, 4, 8])
def test_accumulation_does_not_move_the_schedule(accumulation):
    optimizer = optax.MultiSteps(optax.sgd(PLAN), accumulation)
    used, state = train(optimizer, 10)
    assert len(used) == 10 // accumulation
    np.testing.assert_allclose(used, PLAN(range(len(used))), rtol=0, atol=FLOAT32)
    assert learning_rate(state, PLAN) == PLAN(len(used) - 1)


def outside(schedule: Any, accumulation: int) -> Any:
    inner = optax.MultiSteps(optax.identity(), accumulation).gradient_transformation()
    return optax.chain(inner, optax.scale_by_learning_rate(schedule))


def test_a_bare_schedule_outside_of_the_accumulation_counts_micro_batches_in_silence():
    used, _ = train(outside(optax.linear_schedule(1.0, 0.0, 8), 2), 6)
    assert used == [0.875, 0.625, 0.375]


def test_ours_outside_of_the_accumulation_is_refused_where_it_is_read(complaint):
    _, state = train(outside(PLAN, 2), 6)
    assert "got 3, 6: put the schedule inside MultiSteps" in complaint(learning_rate, state, PLAN)
    complaint(checkpoint, PLAN, state)
    assert np.isnan(jax.jit(lambda state: learning_rate(state, PLAN))(state))  # where nothing can be raised


def test_updates_that_are_skipped_are_not_counted():
    optimizer = optax.apply_if_finite(optax.sgd(PLAN), 9)
    state, used = optimizer.init(PARAMS), []
    for gradient in (jnp.nan, jnp.inf, 1.0, 1.0, jnp.nan, 1.0):
        updates, state = optimizer.update(jax.tree.map(lambda leaf, by=gradient: leaf * by, ONES), state, PARAMS)
        used.append(-float(updates["head"][0]))
    np.testing.assert_allclose([value for value in used if value], PLAN(range(3)), atol=FLOAT32)
    assert learning_rate(state, PLAN) == PLAN(2)


@pytest.mark.parametrize(
    "state",
    [
        None,
        3,
        (),
        optax.adamw(0.1).init(PARAMS),
        optax.MultiSteps(optax.adamw(0.1), 2).init(PARAMS),
        optax.inject_hyperparams(optax.sgd)(learning_rate=0.1).init(PARAMS),
    ],
    ids=str,
)
def test_a_state_without_a_schedule_is_refused(complaint, state):
    assert "write optax.adamw(schedule)" in complaint(learning_rate, state, PLAN)


def test_a_complaint_is_ours():
    with pytest.raises(AttachError):
        learning_rate(None, PLAN)
