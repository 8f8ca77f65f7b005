"""The range test on JAX: values in, values out; the learning rate reaches every optimizer that it says it takes."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from driving_hashes import hashed

from glidepath.errors import FinderError
from glidepath.frameworks.jax import range_test

STEPS = {"low": 1e-4, "high": 1.0, "steps": 80, "quiet": True}
TRUE = jnp.array([1.0, -2.0, 0.5, 3.0])


@jax.jit
def error(params, x):
    return jnp.mean((x @ params["w"] + params["b"] - x @ TRUE) ** 2)


def loss_of(params, index):
    return error(params, jnp.asarray(np.random.default_rng(index).normal(size=(64, 4)), jnp.float32))


def params():
    return {"w": jnp.zeros(4), "b": jnp.zeros(())}


def told_by(optimizer, **how):
    told = []
    found = range_test(loss_of, params(), optimizer, told=lambda *row: told.append(row), **(STEPS | how))
    return found, told


def by_hand(make, lrs):
    """The losses of updates at these learning rates, one optimizer made for each."""
    at, losses = params(), []
    state = make(1.0).init(at)
    for index, lr in enumerate(lrs):
        loss, gradients = jax.value_and_grad(loss_of)(at, index)
        updates, state = make(lr).update(gradients, state, at)
        at = optax.apply_updates(at, updates)
        losses.append(float(loss))
    return losses


MADE = {
    "sgd": optax.sgd,
    "adamw": optax.adamw,
    "clipped": lambda lr: optax.chain(optax.clip_by_global_norm(1.0), optax.adam(lr)),
}


@pytest.mark.parametrize("name", MADE)
def test_the_sweep_is_that_of_updates_by_hand(name):
    found, told = told_by(MADE[name])
    lrs = [lr for _, lr, _ in told]
    assert [loss for *_, loss in told] == pytest.approx(by_hand(MADE[name], lrs), rel=1e-4)
    assert [index for index, *_ in told] == list(range(found.cost))
    assert lrs == found.evidence[0].lrs.values.tolist()


@pytest.mark.parametrize("name", MADE)
def test_hyperparameters_injected_are_the_same_sweep(name):
    plain = told_by(MADE[name])[1]

    def made(learning_rate):
        return MADE[name](learning_rate)

    for optimizer in (optax.inject_hyperparams(made)(learning_rate=7.0), optax.inject_hyperparams(made)):
        assert [loss for *_, loss in told_by(optimizer)[1]] == pytest.approx([row[2] for row in plain], rel=1e-4)


def test_the_ratios_of_several_groups_are_kept():
    def of(large, small):
        labels = {"w": "large", "b": "small"}
        return optax.multi_transform({"large": large, "small": small}, labels)

    inject = optax.inject_hyperparams(optax.sgd)
    grouped = told_by(of(inject(learning_rate=0.2), inject(learning_rate=0.05)))[1]
    made = told_by(lambda lr: of(optax.sgd(lr), optax.sgd(lr / 4)))[1]
    assert [loss for *_, loss in grouped] == pytest.approx([loss for *_, loss in made], rel=1e-4)


def test_params_and_state_are_the_same_bytes_afterwards():
    at = params()
    optimizer = optax.inject_hyperparams(optax.adam)(learning_rate=0.1)
    state = optimizer.init(at)

    def everything():
        return hashed(*[np.asarray(leaf) for leaf in jax.tree.leaves((at, state))], np.random.get_state())

    before = everything()

    def drawing(params, index):
        return loss_of(params, index) + 1e-6 * np.random.rand()

    range_test(drawing, at, optimizer, opt_state=state, **STEPS)
    assert everything() == before


def test_a_state_is_gone_on_from():
    optimizer = optax.inject_hyperparams(optax.sgd)(learning_rate=0.1, momentum=0.9)
    at = params()
    state = optimizer.init(at)
    _, moved = optimizer.update(jax.tree.map(lambda p: jnp.ones_like(p) * 50, at), state, at)
    assert told_by(optimizer, opt_state=moved)[1] != told_by(optimizer, opt_state=state)[1]


def test_accumulated_micro_batches_are_one_large_batch():
    whole = []
    range_test(
        lambda p, i: sum(loss_of(p, 3 * i + part) for part in range(3)) / 3,
        params(),
        optax.sgd,
        told=lambda *row: whole.append(row[2]),
        **STEPS,
    )
    assert [loss for *_, loss in told_by(optax.sgd, accumulation=3)[1]] == pytest.approx(whole, rel=1e-4)


def test_the_validation_loss_is_watched_instead():
    seen = []

    def validation(at):
        seen.append(float(loss_of(at, 9_999)))
        return jnp.asarray(seen[-1])

    assert [loss for *_, loss in told_by(optax.sgd, validation=validation)[1]] == seen
    assert seen[0] != float(loss_of(params(), 9_999))


def test_seeds_take_other_batches_from_the_same_params():
    found, told = told_by(optax.adam, seeds=3)
    sizes = [len(sweep.losses) for sweep in found.evidence]
    assert [index for index, *_ in told] == [80 * seed + at for seed, size in enumerate(sizes) for at in range(size)]
    first = [loss for index, _, loss in told if index % 80 == 0]
    assert first == pytest.approx([float(loss_of(params(), index)) for index in (0, 80, 160)])


def test_the_answer_is_near_the_best():
    assert 1 / 30 < told_by(optax.sgd)[0].lr / 0.3 < 30


@pytest.mark.parametrize("seed", range(12))
def test_noise_is_refused(seed):
    draw = np.random.default_rng(seed)

    def noise(at, _):
        return 0.0 * at["b"] + float(draw.normal(4, 0.1))

    with pytest.raises(FinderError, match="more than its noise"):
        range_test(noise, params(), optax.sgd, quiet=True, steps=60)


WRONG = {
    "no learning rate": optax.sgd(0.1),
    "a schedule": optax.inject_hyperparams(optax.sgd)(learning_rate=optax.constant_schedule(0.1)),
    "MultiSteps": optax.MultiSteps(optax.inject_hyperparams(optax.sgd)(learning_rate=0.1), 4).gradient_transformation(),
    "a number": 0.1,
    "none": None,
}


@pytest.mark.parametrize("name", WRONG)
def test_an_optimizer_whose_learning_rate_cannot_be_set_is_refused(name):
    with pytest.raises(FinderError, match="expected") as refusal:
        range_test(loss_of, params(), WRONG[name], quiet=True)
    assert "\n" not in str(refusal.value)
