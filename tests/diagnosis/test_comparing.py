"""Which runs may be ranked by their last loss."""

import numpy as np
import pytest

from glidepath import cosine, hold, warmup
from glidepath.diagnosis.comparing import comparable
from glidepath.errors import DiagnosisError
from glidepath.runs.clocks import on
from glidepath.runs.curve import Curve
from glidepath.runs.run import Run


def run(final=1.0, *, recipe=None, steps=1_000, stop=None, validation=None, **settings):
    schedule = (recipe or (warmup(10) >> cosine())).over(steps, peak=1e-3)
    where = np.arange(stop or steps)
    curves = {"loss": Curve("loss", where, final + 1 / (where + 1)), "lr": Curve("lr", where, schedule(where))}
    if validation is not None:
        curves["validation_loss"] = Curve("validation_loss", where[-1:], [validation])
    return Run(curves, settings=settings)


def test_annealed_runs_of_one_length_are_ranked_lowest_first():
    found = comparable({"a": run(3.0), "b": run(1.0), "c": run(2.0, recipe=warmup(50) >> cosine(to=0.1))})
    assert found.groups == (("b", "c", "a"),)
    assert not found.reasons


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (run(stop=500), "mid-decay"),
        (run(recipe=warmup(10) >> hold()), "undecayed"),
        (run(steps=2_000), "another length"),
        (run(tokenizer="other"), "another tokenizer"),
        (run(vocab_size=5), "another vocabulary"),
        (run(batch_size=8), "another batch"),
        (on(run(tokens_per_step=100), "tokens"), "counted in"),
    ],
)
def test_what_cannot_be_compared_is_not_ranked_and_says_why(other, why):
    here = run(tokenizer="this", vocab_size=4, batch_size=4)
    found = comparable({"here": here, "other": other})
    assert sorted(map(len, found.groups)) == [1, 1]
    assert why in found.reasons["here", "other"]


def test_on_samples_another_batch_is_no_difference():
    one, other = run(batch_size=4, samples_per_step=4), run(batch_size=8, samples_per_step=8, steps=500)
    found = comparable({"one": on(one, "samples"), "other": on(other, "samples")})
    assert len(found.groups) == 1


def test_two_that_stopped_at_one_place_of_their_decay_may_be_ranked():
    assert len(comparable({"a": run(stop=500), "b": run(stop=505)}).groups) == 1


def test_the_loss_held_out_decides_where_all_have_it():
    found = comparable({"a": run(1.0, validation=5.0), "b": run(2.0, validation=4.0)})
    assert found.quantity == "validation_loss"
    assert found.groups == (("b", "a"),)
    assert comparable({"a": run(1.0, validation=5.0), "b": run(2.0)}).quantity == "loss"


def test_a_run_that_ended_as_no_number_is_last():
    found = comparable({"a": run(np.nan), "b": run(2.0)})
    assert found.groups == (("b", "a"),)
    assert found.finals["a"] == np.inf


def test_a_run_without_a_loss_is_refused():
    with pytest.raises(DiagnosisError, match="expected a curve 'loss' of the run 'a', got lr"):
        comparable({"a": Run({"lr": Curve("lr", [0], [1.0])})})
