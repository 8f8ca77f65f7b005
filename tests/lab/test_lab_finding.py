"""The probe beside sweeps of whole trainings, in seconds: the short form of `make bench-find`."""

import math

import pytest

import glidepath as gp
from glidepath.frameworks.torch import probe
from glidepath.lab.tasks import TASKS, Task, train
from glidepath.lab.teacher import Teacher

RECIPE = gp.warmup("5%") >> gp.linear()
HORIZON, SEED = 640, 3


def swept(task: Task) -> dict[float, float]:
    """The final validation losses of whole trainings, by factors of 2."""
    peaks = [2.0**k for k in range(-9, -1)]
    return {lr: train(task, RECIPE.over(HORIZON, peak=lr), HORIZON, SEED).validation_loss for lr in peaks}


@pytest.mark.parametrize("family", ["sgd", "adam"])
def test_the_probe_comes_near_the_best_of_whole_trainings_at_half_the_cost_of_one(family):
    task = Teacher(family, horizon=HORIZON)
    losses = swept(task)
    best = min(losses, key=losses.get)
    model = task.model(SEED)
    found = probe(
        model,
        task.optimizer(model),
        lambda index: task.loss(model, index, SEED),
        RECIPE.over(HORIZON, peak=1.0),
        validation=lambda: task.validation_loss(model),
        quiet=True,
    )
    end = train(task, RECIPE.over(HORIZON, peak=found.lr), HORIZON, SEED).validation_loss
    assert found.cost <= HORIZON / 2
    assert found.low / 2**0.5 <= best <= found.high * 2**0.5  # the grid is by factors of 2
    assert end - losses[best] < 0.02  # nats, where a factor of 8 to either side costs 0.05 and more
    assert max(losses.values()) - losses[best] > 0.05


@pytest.mark.parametrize("name", TASKS)
def test_a_task_trains_the_same_twice_and_says_where_it_diverges(name):
    task = TASKS[name]()
    schedule = RECIPE.over(8, peak=1e-3)
    first, second = (train(task, schedule, 8, 0) for _ in range(2))
    assert first == second
    assert len(first.losses) == 8
    assert first != train(task, schedule, 8, 1)
    assert task.epochs > 0
    assert math.isfinite(first.validation_loss)


def test_a_training_that_comes_to_no_number_ends_there():
    found = train(Teacher("sgd"), gp.hold().over(200, peak=1e38), 200, 0)
    assert found.validation_loss == math.inf
    assert len(found.losses) < 200
