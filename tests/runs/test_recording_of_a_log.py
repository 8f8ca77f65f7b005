"""A log in its own order: segments found, resumes stitched or kept apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glidepath.errors import JournalError
from glidepath.runs.recording import Column, Recording, apart, stitched

# Lives of a run: how many updates each one does, and how many of them the next one has to do again. One alone is
# a row that is there twice, as far as a log can tell.
LIVES = st.lists(st.tuples(st.integers(2, 30), st.integers(2, 10)), min_size=1, max_size=4)


def lived(lives):
    """Rows of (step, life) as a log gets them, where a segment begins, and which life had the last word on a step."""
    rows, begins, last, begin = [], [], {}, 0
    for life, (length, undone) in enumerate(lives):
        begins.append(begin)
        rows += [(step, life) for step in range(begin, begin + length)]
        last = {step: who for step, who in last.items() if step < begin} | dict(rows[-length:])
        begin = max(0, begin + length - undone)
    return rows, begins, last


@given(LIVES)
def test_of_each_step_the_last_life_has_the_word(lives):
    rows, begins, last = lived(lives)
    steps, who = zip(*rows, strict=True)
    run = stitched(Recording({"loss": Column(steps, who)}))
    assert dict(zip(run["loss"].steps.tolist(), run["loss"].values.tolist(), strict=True)) == last
    assert run.segments == tuple(begins)


@given(LIVES)
def test_what_a_resume_undid_is_kept_apart_and_nothing_is_lost(lives):
    rows, _, last = lived(lives)
    steps, who = zip(*rows, strict=True)
    run = stitched(Recording({"loss": Column(steps, who)}))
    undone = {step for step, life in rows if last.get(step) != life}
    gone = run.discarded["loss"].steps.tolist() if "loss" in run.discarded else []
    assert set(gone) == undone


@given(LIVES)
def test_a_sparse_column_loses_what_was_undone_though_it_never_goes_back_itself(lives):
    rows, _, last = lived(lives)
    steps, who = zip(*rows, strict=True)
    places = [row for row, (step, _) in enumerate(rows) if step % 7 == 0]
    sparse = Column([steps[row] for row in places], [who[row] for row in places], rows=places)
    run = stitched(Recording({"loss": Column(steps, who), "validation_loss": sparse}))
    kept = run.curves.get("validation_loss")
    found = {} if kept is None else dict(zip(kept.steps.tolist(), kept.values.tolist(), strict=True))
    assert found == {step: life for step, life in last.items() if step % 7 == 0}


@given(LIVES)
def test_apart_each_life_is_whole(lives):
    rows, begins, _ = lived(lives)
    steps, who = zip(*rows, strict=True)
    runs = apart(Recording({"loss": Column(steps, who)}))
    assert [len(run["loss"]) for run in runs] == [length for length, _ in lives]
    assert [run.segments for run in runs] == [(begin,) for begin in begins]


def test_a_start_that_the_log_tells_is_a_segment_where_nothing_was_undone():
    run = stitched(Recording({"loss": Column([0, 1, 2, 3], [4.0, 3, 2, 1])}, starts=(2,)))
    assert run.segments == (0, 2)
    assert not run.discarded


def test_an_epoch_that_begins_again_is_a_segment():
    columns = {"loss": Column(range(6), range(6)), "epoch": Column(range(6), [0, 0, 1, 0, 1, 1])}
    assert stitched(Recording(columns)).segments == (0, 3)


def test_a_repeated_row_is_no_resume():
    run = stitched(Recording({"loss": Column([0, 1, 1, 2], [4.0, 3, 2.5, 2])}))
    assert run.segments == (0,)
    assert run["loss"].values.tolist() == [4.0, 2.5, 2.0]


def test_a_log_without_order_is_sorted_and_says_so():
    steps = np.random.default_rng(0).permutation(1_000)
    run = stitched(Recording({"loss": Column(steps, steps)}))
    assert run["loss"].values.tolist() == list(range(1_000))
    assert run.segments == (0,)
    assert "the step goes back" in run.notes[0]


def test_a_loss_that_is_no_number_stays():
    run = stitched(Recording({"loss": Column([0, 1], [np.nan, np.inf])}))
    np.testing.assert_array_equal(run["loss"].values, [np.nan, np.inf])


def test_no_points_are_no_curves():
    run = stitched(Recording({"loss": Column([], [])}))
    assert not run.curves
    assert run.segments == (0,)


@pytest.mark.parametrize(
    ("steps", "values", "rows"), [([0, 1], [1.0], None), ([0.5], [1.0], None), ([0, 1], [1, 2], [1, 0])]
)
def test_a_column_that_cannot_be_is_refused(steps, values, rows):
    with pytest.raises(JournalError, match="expected"):
        Column(steps, values, rows=rows)
