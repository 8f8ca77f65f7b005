"""A small Keras model under warmup and cosine with gradient accumulation, saved after 5 of 10 epochs, and gone on with.

Result: 20 micro-batches of an epoch are 5 updates, and the schedule counts 5; the loss falls from 2.3 to 0.35, and the
    journal has the learning rate of all 50 updates, each once. KERAS_BACKEND=jax does the same.
Cost: 8 seconds on one CPU core, most of them imports.
"""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np

import glidepath as gp
from glidepath.frameworks.keras import LearningRateLog, attach, resume
from glidepath.runs.journal import read_journal

SCHEDULE = (gp.warmup("10%") >> gp.cosine(to=0.1)).over(50, peak=0.1)


def data():
    """A regression with noise-free targets."""
    x = np.random.default_rng(0).normal(size=(160, 8)).astype("float32")
    return x, np.sin(x).sum(1, keepdims=True)


def fit(model, first, last, journal):
    """Train some epochs, logged."""
    log = LearningRateLog(journal)
    how = {"batch_size": 8, "initial_epoch": first, "epochs": last, "verbose": 0}
    history = model.fit(*data(), callbacks=[log], **how).history
    for epoch, (lr, loss) in enumerate(zip(history["learning_rate"], history["loss"], strict=True), start=first):
        print(f"epoch {epoch}   lr {lr:.4f}   loss {loss:.3f}")


def main():
    """Train, save, load, go on."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.AdamW(gradient_accumulation_steps=4), "mean_squared_error")
    attach(model, SCHEDULE)

    folder = Path(tempfile.mkdtemp())
    fit(model, 0, 5, folder / "run.jsonl")
    model.save(folder / "model.keras")  # the schedule and its step are in it

    model = keras.saving.load_model(folder / "model.keras")
    resume(model, SCHEDULE)  # the same: nothing to say; another: policy="stretch", "hold", ...
    fit(model, 5, 10, folder / "run.jsonl")
    used = read_journal(folder / "run.jsonl")["lr"]
    print("as planned:", used.values.tolist() == SCHEDULE(range(50)).tolist())


if __name__ == "__main__":
    main()
