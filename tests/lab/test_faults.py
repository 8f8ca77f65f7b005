"""Every fault is put into a real training, lies where the truth says, and the same seed gives the same run."""

from functools import cache

import numpy as np
import pytest

from glidepath.errors import LabError
from glidepath.lab.expectations import EXPECTED
from glidepath.lab.faults import FAULTS, ONLY, PROBLEMS, faulty_run, load, problems_of, save
from glidepath.runs.names import LOSS, RATE, SCALE, VALIDATION

SHORT = 120  # updates: a tenth of a second


QUICK = {
    "bad batch": "autoencoder",
    "bad batches": "autoencoder",
    "short warmup": "autoencoder",
    "lost state": "autoencoder",
}  # seen in a log so short


@cache
def made(fault, seed=0, problem=None):
    return faulty_run(problem or QUICK.get(fault, problems_of(fault)[0]), fault, seed, longest=SHORT)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_makes_a_run_with_its_truth_inside(fault):
    run, truth = made(fault)
    last = int(run[LOSS].steps[-1])
    assert truth.fault == fault
    assert 0 <= truth.begin < truth.steps
    assert truth.begin <= last + 2 * (last - int(run[LOSS].steps[-2]))
    assert truth.first <= truth.begin <= truth.last
    assert run.settings["steps"] == truth.schedule().horizon.steps
    assert truth.note or truth.kinds


def test_every_fault_says_what_may_be_found_and_on_which_problems():
    assert set(EXPECTED) == set(FAULTS)
    assert set(ONLY) <= set(FAULTS)
    assert {problem for fault in FAULTS for problem in problems_of(fault)} == set(PROBLEMS)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_same_seed_gives_the_same_run_and_another_one_another(problem):
    (first, truth), (again, same), (other, _) = (faulty_run(problem, "seam", seed, longest=30) for seed in (3, 3, 4))
    assert truth == same
    assert first[LOSS].values.tobytes() == again[LOSS].values.tobytes()
    assert first[LOSS].values.tobytes() != other[LOSS].values.tobytes()


def test_a_file_holds_the_run_and_its_truth(tmp_path):
    run, truth = made("seam")
    save(tmp_path / "runs" / "1.npz", run, truth)
    read, known = load(tmp_path / "runs" / "1.npz")
    assert known == truth
    assert (read.segments, dict(read.settings)) == (run.segments, dict(run.settings))
    assert {name: (c.steps.tolist(), c.values.tolist()) for name, c in read.curves.items()} == {
        name: (c.steps.tolist(), c.values.tolist()) for name, c in run.curves.items()
    }


def rates(fault):
    run, truth = made(fault)
    plan = np.array([truth.schedule()(int(step)) for step in run[RATE].steps])
    return run, truth, run[RATE].steps, run[RATE].values, plan


@pytest.mark.parametrize("fault", ["clean", "bad batch", "long warmup", "stall"])
def test_a_fault_of_the_training_leaves_the_plan_as_it_is(fault):
    _, _, _, values, plan = rates(fault)
    assert values == pytest.approx(plan, rel=1e-9)


def test_fast_ticks_are_the_plan_in_less_time():
    run, truth, steps, values, _ = rates("fast ticks")
    shape = truth.schedule()
    ahead = [shape(min(int(step) * run.settings["processes"], truth.steps)) for step in steps]
    assert values == pytest.approx(ahead, abs=1e-12)


def test_slow_ticks_are_the_plan_in_more_time():
    run, truth, steps, values, _ = rates("slow ticks")
    behind = [truth.schedule()(int(step) // run.settings["accumulation"]) for step in steps]
    assert values == pytest.approx(behind)


def test_a_negative_rate_is_one_from_where_the_truth_says():
    _, truth, steps, values, _ = rates("negative rate")
    assert (values[steps >= truth.begin] < 0).all()
    assert (values[steps < truth.begin] >= 0).all()


def test_a_frozen_rate_moves_until_the_resume_and_then_no_more():
    run, truth, steps, values, plan = rates("frozen rate")
    assert run.segments == (0, truth.begin)
    assert np.ptp(values[steps >= truth.begin]) == 0
    assert values[steps < truth.begin] == pytest.approx(plan[steps < truth.begin])


def test_a_group_without_a_schedule_stays_where_it_was():
    run, _ = made("unscheduled group")
    still = [np.ptp(run[name].values) == 0 for name in (RATE, "lr/1")]
    assert sorted(still) == [False, True]


def test_rates_rise_behind_the_end_of_a_cosine():
    _, truth, steps, values, _ = rates("rise after end")
    behind = values[steps >= truth.begin]
    assert (np.diff(behind) > 0).all()


def test_a_loss_scale_collapses_by_real_overflows():
    run, truth = made("scale collapse")
    scales = run[SCALE]
    assert scales.values[scales.steps < truth.begin].min() > 1_000
    assert scales.values[-1] < 1


def test_weights_that_are_no_numbers_give_losses_that_are_none():
    run, truth = made("not finite")
    assert np.isnan(run[LOSS].values[run[LOSS].steps > truth.begin]).all()
    assert np.isfinite(run[LOSS].values[run[LOSS].steps < truth.begin - 10]).all()


def test_overfitting_parts_the_validation_from_the_training():
    run, _ = made("overfit")
    measured = run[VALIDATION].values
    assert measured[-1] > 1.1 * measured.min()
    assert run[LOSS].values[-1] < 0.5 * run[LOSS].values[0]


def test_nothing_is_learnt_behind_a_stall():
    run, truth = made("stall", problem="autoencoder")
    behind = run[VALIDATION].values[run[VALIDATION].steps > truth.begin] if VALIDATION in run.curves else np.zeros(1)
    assert np.ptp(behind) == 0


@pytest.mark.parametrize(("problem", "fault"), [("teachers", "seam"), ("digits", "lost state"), ("digits", "seams")])
def test_what_is_not_known_is_refused_in_one_sentence(problem, fault):
    with pytest.raises(LabError, match="expected a"):
        faulty_run(problem, fault, 0)
