"""The range test on a Keras model, on torch and on JAX: no hash changes, and every learning rate is the one used."""

import random
from contextlib import suppress

import driving_keras as driving  # before keras: it chooses the backend
import keras
import numpy as np
import pytest
from driving_hashes import hashed

import glidepath as gp
from glidepath.errors import AttachError, FinderError
from glidepath.frameworks.keras import attach, range_test

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras reads tensors so
STEPS = {"low": 1e-4, "high": 1.0, "steps": 60, "quiet": True}
ENDS = {"a normal end": None, "an exception": RuntimeError, "Ctrl-C": KeyboardInterrupt}
SCHEDULE = gp.warmup(3).over(10, peak=0.5)


def batch_of(index, size=32):
    x = np.random.default_rng(index).normal(size=(size, 4)).astype("float32")
    return x, np.sin(x.sum(1, keepdims=True))


def network(optimizer=None, **compiling):
    keras.utils.set_random_seed(3)
    layers = [
        keras.Input((4,)),
        keras.layers.Dense(8, "tanh"),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.1),
        keras.layers.Dense(1),
    ]
    model = keras.Sequential(layers)
    model.compile(optimizer or keras.optimizers.Adam(0.1), "mean_squared_error", **compiling)
    return model


def everything(model):
    """A hash of all that a range test could leave behind."""
    optimizer = model.optimizer
    variables = [*model.variables, *model.metrics_variables, *optimizer.variables]
    values = [np.asarray(keras.ops.convert_to_numpy(variable.value)) for variable in variables]
    draws = [random.getstate(), np.random.get_state()]
    if keras.backend.backend() == "torch":
        import torch

        draws.append(torch.get_rng_state())
    return hashed(values, [variable.path for variable in variables], draws)


OPTIMIZERS = {
    "Adam": lambda: keras.optimizers.Adam(0.1),
    "SGD, accumulated": lambda: keras.optimizers.SGD(0.1, momentum=0.9, gradient_accumulation_steps=2),
    "of ours": lambda: keras.optimizers.Adam(gp_rate()),
    "loss scale": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=4.0),
    "EMA": lambda: keras.optimizers.AdamW(0.1, use_ema=True, ema_overwrite_frequency=3),
}


def gp_rate():
    from glidepath.frameworks.keras import LearningRate

    return LearningRate(SCHEDULE)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_no_hash_of_anything_changes(name, end):
    model = network(OPTIMIZERS[name](), metrics=["mean_absolute_error"])
    for index in range(4):
        model.train_on_batch(*batch_of(900 + index))
    model.reset_metrics()
    before, told = everything(model), []
    rate = model.optimizer.inner_optimizer if name == "loss scale" else model.optimizer
    kind = type(rate._learning_rate)

    def breaking(index):
        if ENDS[end] and len(told) == 15:
            raise ENDS[end]
        return batch_of(index + random.randint(0, 3) + np.random.randint(3))

    with pytest.raises(ENDS[end]) if ENDS[end] else suppress(FinderError):
        range_test(model, breaking, told=lambda *row: told.append(row), seeds=2, **STEPS)
    assert len(told) >= 15
    assert everything(model) == before
    assert type(rate._learning_rate) is kind


def test_the_training_that_follows_is_the_one_without_a_range_test():
    losses = []
    for tested in (False, True):
        model = network()
        attach(model, SCHEDULE)
        losses.append([])
        for index in range(6):
            if tested and index in (0, 3):
                with suppress(FinderError):
                    range_test(model, batch_of, **STEPS)
            losses[-1].append(model.train_on_batch(*batch_of(index)))
    assert losses[0] == losses[1]


@pytest.mark.parametrize("scheduled", [False, True])
@pytest.mark.parametrize(("accumulation", "scale"), [(None, False), (3, False), (None, True)])
def test_every_update_uses_the_learning_rate_it_is_told_of(scheduled, accumulation, scale):
    model = driving.compiled(accumulation=accumulation, loss_scale=scale)
    if scheduled:
        attach(model, SCHEDULE)
    weight, used = model.trainable_weights[0], []
    at = [0.0]

    def validation():
        now = float(keras.ops.convert_to_numpy(weight.value)[0, 0])
        used.append(at[0] - now)
        at[0] = now
        return 1.0

    told = []
    with suppress(FinderError):
        range_test(
            model,
            lambda _: (driving.INPUT[:1], driving.TARGET[:1]),
            validation=validation,
            told=lambda *row: told.append(row[1]),
            **STEPS,
        )
    assert len(told) == 60
    assert used == pytest.approx(told, rel=1e-3, abs=1e-6)


def test_the_losses_are_those_of_each_batch_alone():
    model, told = network(), []
    found = range_test(model, lambda i: batch_of(i, 256), told=lambda *row: told.append(row), **STEPS)
    assert [loss for *_, loss in told] == found.evidence[0].losses.values.tolist()
    fresh = network()
    assert told[0][2] == pytest.approx(float(fresh.train_on_batch(*batch_of(0, 256))), rel=1e-5)
    assert 1e-3 < found.lr < 1


def test_seeds_take_other_batches_from_the_same_weights():
    model, asked = network(keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)), []
    with suppress(FinderError):
        range_test(model, lambda i: asked.append(i) or batch_of(i), seeds=2, **STEPS)
    assert asked == [*range(120), *range(120, 240)]


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_refused(seed):
    model, draw = network(), np.random.default_rng(seed)
    with pytest.raises(FinderError, match="more than its noise"):
        range_test(model, batch_of, validation=lambda: draw.normal(4, 0.1), **STEPS)


def test_what_cannot_be_swept_is_refused():
    not_built = keras.Sequential([keras.layers.Dense(1)])
    not_built.compile("sgd", "mse")
    not_compiled = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    for model, error in ((not_built, FinderError), (not_compiled, AttachError), (None, AttachError)):
        with pytest.raises(error, match="expected") as refusal:
            range_test(model, batch_of, quiet=True)
        assert "\n" not in str(refusal.value)
    for batch in (None, 3, (1,), np.ones((4, 4))):
        with pytest.raises(FinderError, match="expected batch_of"):
            range_test(network(), lambda _: batch, quiet=True)  # noqa: B023
