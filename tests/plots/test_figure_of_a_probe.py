import math

import numpy as np
import pytest

from glidepath.errors import FinderError
from glidepath.finder.suggestion import Suggestion, Trial
from glidepath.plots.image import save
from glidepath.plots.probes import MOST_NAMED, probe_figure
from glidepath.plots.terminal import draw


def trial(lr: float, loss: float, steps: int = 62, seed: int = 0, validation: float | None = None) -> Trial:
    tail = (loss,) if math.isfinite(loss) else ()
    return Trial(lr, steps, seed, 4.0, tail, steps, validation)


def found(low: float, lr: float, high: float) -> Suggestion:
    return Suggestion(lr, low, high, 0.8, ("why",), (), 500)


def points(figure):
    """Of every line, by its name."""
    return {one.name: (one.x.tolist(), one.y.tolist()) for one in figure.panels[0].series if one.kind == "line"}


def test_each_length_is_a_line_from_left_to_right_with_its_points():
    tried = [
        trial(0.1, 2.0),
        trial(0.01, 3.0),
        trial(0.03, 2.1, steps=125),
        trial(0.3, 2.5),
        trial(0.1, 1.8, steps=125),
    ]
    figure = probe_figure(tried)
    assert points(figure) == {"62 steps": ([0.01, 0.1, 0.3], [3.0, 2.0, 2.5]), "125 steps": ([0.03, 0.1], [2.1, 1.8])}
    dotted = {one.name: one.x.tolist() for one in figure.panels[0].series if one.kind == "points"}
    assert dotted == {name: x for name, (x, _) in points(figure).items()}
    assert figure.panels[0].x_log
    assert (figure.note, figure.panels[0].y_range, figure.panels[0].marks) == ("", None, ())


def test_seeds_are_not_joined_to_one_another():
    tried = [trial(0.1, 2.0), trial(0.2, 2.1), trial(0.1, 2.2, seed=1), trial(0.2, 2.3, seed=1)]
    assert list(points(probe_figure(tried))) == ["62 steps", "62 steps, seed 1"]


def test_the_answer_and_its_interval_are_marked_and_what_coincides_has_one_mark():
    tried = [trial(0.01, 3.0), trial(0.1, 2.0)]
    figure = probe_figure(tried, found(0.02, 0.05, 0.12))
    assert [mark.label for mark in figure.panels[0].marks] == ["low 0.02", "chosen 0.05", "high 0.12"]
    assert figure.title == "Probe: peak 0.05"
    same = probe_figure(tried, found(0.05, 0.05, 0.12))
    assert [mark.label for mark in same.panels[0].marks] == ["low, chosen 0.05", "high 0.12"]


def test_diverged_trials_leave_a_gap_and_are_named():
    figure = probe_figure([trial(0.01, 3.0), trial(0.1, 2.0), trial(1.0, math.inf)])
    (_, losses) = points(figure)["62 steps"]
    assert np.isinf(losses[-1])
    assert figure.note == "Not shown: 1 (62 steps, diverged), of 3 trials."
    assert "diverged" in draw(figure)


def test_a_loss_far_above_the_start_does_not_flatten_the_others():
    figure = probe_figure([trial(0.01, 3.0), trial(0.1, 2.0), trial(1.0, 5e6)])
    assert figure.panels[0].y_range == pytest.approx((1.8, 5.0))  # from 4 to 2: a tenth of it below, a half above
    assert figure.note == "Not shown: 1 (62 steps, loss 5M), of 3 trials."


def test_a_loss_that_does_not_fall_is_shown_whole():
    figure = probe_figure([trial(0.01, 4.01), trial(0.1, 4.0), trial(1.0, 4.02)])
    assert (figure.panels[0].y_range, figure.note) == (None, "")


def test_the_axis_says_what_branches_are_judged_by():
    tried = [trial(0.01, 3.0, validation=3.5), trial(0.1, 2.0, validation=2.5)]
    assert probe_figure(tried).panels[0].y_label == "validation loss"
    assert points(probe_figure(tried))["62 steps"][1] == [3.5, 2.5]
    assert probe_figure([*tried, trial(0.2, 2.0)]).panels[0].y_label == "loss"


def test_many_that_diverged_are_counted(tmp_path):
    figure = probe_figure([trial(8.0**-n, math.inf) for n in range(200)])
    assert figure.note.endswith(f", {200 - MOST_NAMED} more, of 200 trials.")
    assert "no finite values" in draw(figure)
    assert save(figure, tmp_path / "probe.png").exists()


def test_no_trial_is_refused(complaint):
    assert "at least one trial" in complaint(probe_figure, [])
    with pytest.raises(FinderError):
        probe_figure(())
