"""Faults in real small trainings, a few of each seen on the way: the rest is the benchmark's."""

import pytest

pytest.importorskip("torch")

from glidepath.diagnosis.diagnosing import diagnose
from glidepath.diagnosis.finding import is_alarm
from glidepath.lab.faults import faulty_run

RUNS = [
    ("autoencoder", "bad batch", 0),
    ("teacher-sgd", "divergence", 0),
    ("teacher-sgd", "scale collapse", 1),
    ("characters", "long warmup", 0),
]


@pytest.mark.parametrize(("problem", "fault", "seed"), RUNS)
def test_a_fault_in_a_real_training_is_found_where_it_is(problem: str, fault: str, seed: int) -> None:
    run, truth = faulty_run(problem, fault, seed)
    found = [one for one in diagnose(run) if one.kind in truth.kinds and truth.first <= one.begin <= truth.last]
    assert found
    assert truth.note or is_alarm(found)


@pytest.mark.parametrize("problem", ["teacher-sgd", "digits", "autoencoder"])
def test_a_healthy_training_is_not_alarmed_at(problem: str) -> None:
    run, _ = faulty_run(problem, "clean", 0)
    assert not is_alarm(diagnose(run))
