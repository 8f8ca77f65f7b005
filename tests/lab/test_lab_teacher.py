"""The teacher's task is the same each time, has a loss that no student beats, and goes by the usual learning rates."""

import math

import pytest
import torch

import glidepath as gp
from glidepath.errors import LabError
from glidepath.frameworks.torch import attach
from glidepath.lab.teacher import Teacher

STEPS = 300


def trained(teacher: Teacher, peak: float, *, seed: int = 0, steps: int = STEPS) -> float:
    model = teacher.model(seed)
    optimizer = teacher.optimizer(model)
    attach(optimizer, (gp.warmup("5%") >> gp.linear()).over(steps, peak=peak))
    for index in range(steps):
        optimizer.zero_grad()
        teacher.loss(model, index, seed).backward()
        optimizer.step()
    return teacher.validation_loss(model)


@pytest.mark.parametrize(("family", "peak"), [("sgd", 0.06), ("adam", 0.005)])
def test_it_learns_and_stays_above_the_floor(family, peak):
    teacher = Teacher(family)
    untrained = teacher.validation_loss(teacher.model(0))
    found = trained(teacher, peak)
    assert untrained > math.log(teacher.classes)
    assert teacher.floor() < found < untrained - 0.2
    assert found == trained(teacher, peak)


def test_the_floor_is_the_entropy_of_the_labels():
    assert Teacher().floor() == pytest.approx(0.95, abs=0.03)
    assert Teacher(sharpness=1e-6).floor() == pytest.approx(math.log(4), abs=1e-3)
    assert Teacher(sharpness=1e3).floor() == pytest.approx(0, abs=0.01)


def test_a_batch_is_known_by_its_number_and_seed():
    teacher = Teacher()
    inputs, labels = teacher.batch(3, 0)
    again = teacher.batch(3, 0)
    assert torch.equal(inputs, again[0])
    assert torch.equal(labels, again[1])
    assert inputs.shape == (32, 48)
    assert inputs.dtype == torch.float32
    assert set(teacher.batch(0, 0, size=1_000)[1].tolist()) == {0, 1, 2, 3}
    for other in (teacher.batch(4, 0), teacher.batch(3, 1)):
        assert not torch.equal(inputs, other[0])


def test_a_seed_is_a_student_and_not_another_teacher():
    teacher = Teacher()
    weights = [torch.cat([one.flatten() for one in teacher.model(seed).parameters()]) for seed in (0, 0, 1)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert trained(teacher, 0.06, seed=1) == pytest.approx(trained(teacher, 0.06), abs=0.05)


def test_an_optimizer_that_it_has_not_is_refused():
    with pytest.raises(LabError, match="did you mean 'adam'"):
        Teacher("adamw")
