"""A Keras model whose weight goes down by the learning rate that an update used; on torch unless told otherwise."""

import os
import tempfile
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")  # read with the first import of Keras
os.environ.setdefault("KERAS_HOME", tempfile.mkdtemp())  # not the user's

import keras
import numpy as np

BATCHES = 10  # of an epoch
INPUT = np.ones((BATCHES, 1), "float32")
TARGET = np.full((BATCHES, 1), -1e3, "float32")  # far below, so that the gradient of the absolute error is 1


def compiled(learning_rate: Any = 1.0, accumulation: int | None = None, *, loss_scale: bool = False) -> Any:
    """The model with one weight under SGD."""
    layers = [keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")]
    model = keras.Sequential(layers)
    optimizer = keras.optimizers.SGD(learning_rate, gradient_accumulation_steps=accumulation)
    model.compile(keras.optimizers.LossScaleOptimizer(optimizer) if loss_scale else optimizer, "mean_absolute_error")
    return model


class Spy(keras.callbacks.Callback):
    """What each batch moved the weight down by, where it moved."""

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002 - the interface of Keras
        self.used: list[float] = []
        self.before = self.weight()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002 - the interface of Keras
        if keras.backend.backend() == "jax":
            self.model.jax_state_sync()
        now = self.weight()
        if now != self.before:
            self.used.append(self.before - now)
        self.before = now

    def weight(self) -> float:
        return float(keras.ops.convert_to_numpy(self.model.trainable_weights[0].value)[0, 0])


def used(model: Any, batches: int, *callbacks: Any, inputs: Any = INPUT, epochs: int = 1) -> list[float]:
    """The learning rates of the updates of some epochs of so many batches each."""
    spy = Spy()
    data = (np.resize(inputs, (batches, 1)), np.resize(TARGET, (batches, 1)))
    model.fit(*data, batch_size=1, epochs=epochs, shuffle=False, verbose=0, callbacks=[spy, *callbacks])
    return spy.used
