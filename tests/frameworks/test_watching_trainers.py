"""A watch in the Trainers: the same regression, which goes apart where its learning rate is above 1."""

import numpy as np
import pytest
import torch
from driving_keras import keras
from driving_lightning import ITS_OWN
from driving_lightning import trainer_of as lightning_trainer
from driving_transformers import trainer_of
from lightning.pytorch import LightningModule
from torch.utils.data import DataLoader, TensorDataset

import glidepath as gp
from glidepath.errors import AttachError
from glidepath.frameworks import keras as keras_door
from glidepath.frameworks import lightning as lightning_door
from glidepath.frameworks import transformers as transformers_door
from glidepath.frameworks.torch import cut
from glidepath.runs.journal import read_journal

pytestmark = [*ITS_OWN, pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")]
STEPS, BATCH, WARMUP = 300, 64, 200
RECIPE, TOO_HIGH = gp.warmup(WARMUP) >> gp.hold(), 1.4
CUT = cut(0.4, warmup=20)
CALM = 0.1  # a loss behind the cut; the noise alone is .01


def samples():
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(STEPS * BATCH, 4, generator=draw)
    return x, (x.sum(1) + 0.1 * torch.randn(len(x), generator=draw))[:, None]


class Regression(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = torch.nn.Parameter(torch.full((4, 1), -2.0))

    def forward(self, x, y):
        return {"loss": (x @ self.weights - y).square().mean()}


class Module(LightningModule):
    def __init__(self, **watch):
        super().__init__()
        self.net, self.watch = Regression(), watch

    def training_step(self, batch):
        return self.net(*batch)["loss"]

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.net.parameters(), 1.0)
        return lightning_door.attach(self, optimizer, RECIPE, peak=TOO_HIGH, **self.watch)


def lightning(folder, **watch):
    trainer = lightning_trainer(folder, max_steps=STEPS)
    trainer.fit(Module(**watch), DataLoader(TensorDataset(*samples()), batch_size=BATCH))
    return trainer.global_step


def huggingface(folder, **watch):
    rows = [{"x": x, "y": y} for x, y in zip(*samples(), strict=True)]
    trainer, _ = trainer_of(
        folder, dataset=rows, max_steps=STEPS, per_device_train_batch_size=BATCH, save_strategy="no"
    )
    trainer.model = trainer.model_wrapped = Regression()
    trainer.args.max_grad_norm = 0.0
    transformers_door.attach(trainer, RECIPE, peak=TOO_HIGH, **watch)
    trainer.train()
    return trainer.state.global_step


def of_keras(folder, *, journal=None, watch=None):  # noqa: ARG001 - as the others
    layers = [keras.Input((4,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.SGD(1.0), "mean_squared_error")
    keras_door.attach(model, RECIPE.over(STEPS, peak=TOO_HIGH))
    log = keras_door.LearningRateLog(journal, watch=watch)
    x, y = (part.numpy() for part in samples())
    model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0, shuffle=False, callbacks=[log])
    return int(model.optimizer.iterations)


DOORS = {"lightning": lightning, "transformers": huggingface, "keras": of_keras}
doors = pytest.mark.parametrize("train", DOORS.values(), ids=DOORS)


@doors
def test_it_is_stopped_where_it_diverges(train, tmp_path):
    with pytest.warns(UserWarning, match="divergence at step"):
        done = train(tmp_path, watch="stop")
    assert done < STEPS


@doors
def test_it_is_brought_back_by_a_cut(train, tmp_path):
    path = tmp_path / "journal.jsonl"
    with pytest.warns(UserWarning, match="divergence at step"):
        assert train(tmp_path, watch=CUT, journal=path) == STEPS
    run = read_journal(path)
    (change,) = run.amendments
    planned = RECIPE.over(STEPS, peak=TOO_HIGH)
    rates = run["lr"].values
    assert rates[change["step"] - 1] == pytest.approx(planned(change["step"] - 1), rel=1e-6)
    assert rates[-1] == pytest.approx(0.4 * planned(STEPS - 1), rel=1e-6)


@pytest.mark.parametrize("train", [lightning, huggingface], ids=["lightning", "transformers"])
def test_the_losses_are_kept_in_the_journal(train, tmp_path):
    path = tmp_path / "journal.jsonl"
    with pytest.warns(UserWarning, match="divergence"):
        train(tmp_path, watch=CUT, journal=path)
    losses = read_journal(path)["loss"]
    assert losses.steps.tolist() == list(range(STEPS))
    assert np.mean(losses.values[-20:]) < CALM < losses.values.max()


@doors
def test_a_watch_that_is_none_is_refused_before_it_trains(train, tmp_path):
    with pytest.raises(AttachError, match="expected watch="):
        train(tmp_path, watch="halt")
