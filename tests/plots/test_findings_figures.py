"""Runs with what was found in them: what is drawn where, and that every drawer shows it."""

import numpy as np
import pytest
from matplotlib.image import imread
from pictures import FOUND, one, run

import glidepath as gp
from glidepath.diagnosis.finding import Finding
from glidepath.errors import GlidepathError, JournalError
from glidepath.plots.charts import chart
from glidepath.plots.figure import Span
from glidepath.plots.findings import findings_figure, rates_figure, where
from glidepath.plots.image import save
from glidepath.plots.palette import TONES
from glidepath.plots.terminal import draw
from glidepath.runs.curve import Curve
from glidepath.runs.run import Run

STEPS = 2_000
SCHEDULE = (gp.warmup("2%") >> gp.cosine()).over(STEPS, peak=3e-4)


def found(kind="spike", begin=400, end=420, **more) -> Finding:
    return Finding(kind, more.pop("severity", "wrong"), begin, "it rose", "a batch", "skip it", end=end, **more)


def changed(**curves) -> Run:
    whole = run()
    made = {name: Curve(name, range(len(values)), values) for name, values in curves.items()}
    return Run({**whole.curves, **made}, segments=(0, 500), name="the run")


def panel(figure, label):
    return next(panel for panel in figure.panels if panel.y_label == label)


def test_a_finding_is_shaded_where_it_is_in_every_panel_and_named_in_the_first():
    figure = findings_figure(run(), [found(), found("divergence", 1_500, None)])
    assert [(s.begin, s.end, s.label) for s in figure.panels[0].spans] == [
        (400, 420, "1 spike"),
        (1_500, STEPS - 1, "2 divergence"),
    ]
    for other in figure.panels[1:]:
        assert [(s.begin, s.end, s.label) for s in other.spans] == [(400, 420, ""), (1_500, STEPS - 1, "")]
    assert "1 spike, steps 400 to 420. 2 divergence, from step 1500 on." in figure.note


def test_one_that_lies_nowhere_in_particular_is_only_named_in_the_note():
    figure = findings_figure(run(), [found("too low", 0, None)])
    assert figure.panels[0].spans == ()
    assert "1 too low, throughout." in figure.note


def test_many_findings_are_numbers_above_the_curves():
    labels = [
        span.label
        for span in findings_figure(run(), [found(begin=n * 100, end=None) for n in range(5, 9)]).panels[0].spans
    ]
    assert labels == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("begin", "end", "said"),
    [
        (0, None, "throughout"),
        (7, 7, "step 7"),
        (50, None, "from step 50 on"),
        (50, 60, "steps 50 to 60"),
        (2, None, "from step 2 on"),
        (-9, 10**9, "throughout"),
    ],
)
def test_where_a_finding_lies_is_said(begin, end, said):
    assert where(found(begin=begin, end=end), 0, 99) == said


def test_a_finding_beyond_the_run_is_shown_at_its_end():
    (span,) = findings_figure(run(), [found(begin=10**12, end=10**13)]).panels[0].spans
    assert (span.begin, span.end) == (STEPS - 1, STEPS - 1)


def test_the_plan_is_drawn_only_beside_another_rate():
    kept = findings_figure(run(), plan=SCHEDULE, recovered=SCHEDULE)
    assert [series.name for series in panel(kept, "learning rate").series] == ["learning rate"]
    other = findings_figure(run(), plan=(gp.hold()).over(STEPS, peak=3e-4))
    assert [series.name for series in panel(other, "learning rate").series] == ["plan", "learning rate"]


def test_boundaries_resumes_and_amendments_are_marked_above_the_learning_rate():
    whole = changed()
    amended = Run(whole.curves, whole.segments, amendments=({"step": 900, "scale": 0.5},))
    marks = {mark.x: mark.label for mark in panel(findings_figure(amended, recovered=SCHEDULE), "learning rate").marks}
    assert marks == {40: "40", 500: "resume 500", 900: "scale 900"}


def test_what_a_resume_undid_is_drawn():
    whole = run()
    gone = Run(whole.curves, (0, 500), discarded={"loss": Curve("loss", [500, 501], [9.0, 9.0])})
    assert "undone by a resume" in findings_figure(gone).names


def test_groups_and_the_loss_scale_have_their_place_and_many_decades_a_log_axis():
    scale = np.where(np.arange(STEPS) < 900, 65_536.0, 2.0)
    figure = findings_figure(changed(**{"lr/head": np.full(STEPS, 1e-3), "loss_scale": scale}))
    assert [series.name for series in panel(figure, "learning rate").series] == ["learning rate", "head"]
    assert panel(figure, "loss scale").y_log
    assert not panel(figure, "gradient norm").y_log


def test_a_spike_of_one_update_is_in_the_picture():
    loss = run()["loss"].values.copy()
    loss[1_234] = 9.0
    faint = next(series for series in findings_figure(changed(loss=loss)).panels[0].series if series.faint)
    assert faint.y[1_234] == 9.0


def test_the_rate_alone_is_drawn_whole():
    figure = rates_figure(run(), [found("frozen", 900, None)], recovered=SCHEDULE)
    assert [one.y_label for one in figure.panels] == ["learning rate"]
    assert figure.panels[0].height == 1.0
    assert figure.panels[0].spans[0].label == "1 frozen"


def test_a_run_without_anything_to_draw_is_refused(complaint):
    empty = Run({"accuracy": Curve("accuracy", [0], [0.5])})
    assert "loss, lr or grad_norm" in complaint(findings_figure, empty)
    with pytest.raises(JournalError, match="expected a curve 'lr' of the run, got accuracy"):
        rates_figure(empty)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Span(2, 1, "back"), "from its begin to its end, got 2 to 1"),
        (lambda: Span(float("nan"), 1), "from its begin to its end"),
        (lambda: Span(0, float("inf")), "from its begin to its end"),
        (lambda: Span(0, 1, tone="wrongg"), "did you mean 'wrong'"),
        (lambda: one([1], [1], x_log=True, spans=(Span(0, 1, "zero"),)), "the stretch 'zero' above 0"),
    ],
)
def test_a_stretch_that_cannot_be_drawn_is_refused(make, words):
    with pytest.raises(GlidepathError, match=words):
        make()


def test_the_terminal_shades_a_stretch_and_says_its_label():
    text = draw(one(range(100), range(100), spans=(Span(50, 60, "here", "wrong"),)), width=60, height=15, color=False)
    assert "here" in text
    assert "░" in text
    coloured = draw(one(range(100), range(100), spans=(Span(50, 60, "", "wrong"),)), width=60, height=15, color=True)
    assert f"38;5;{TONES['wrong'].ansi}" in coloured


def test_the_image_shades_a_stretch_however_narrow(tmp_path):
    wide = save(one(range(100), range(100), spans=(Span(50, 70, "", "wrong"),)), tmp_path / "wide.png")
    narrow = save(one(range(10**6), range(10**6), spans=(Span(500, 500, "", "wrong"),)), tmp_path / "narrow.png")
    plain = save(one(range(100), range(100)), tmp_path / "plain.png")
    red = [_reddish(imread(path)) for path in (wide, narrow, plain)]
    assert red[0] > red[1] > red[2] == 0


def _reddish(pixels) -> int:
    return int((pixels[..., 0] - pixels[..., 2] > 0.05).sum())


def test_the_page_shades_a_stretch_and_says_what_it_is_where_one_points():
    made = chart(findings_figure(run(), FOUND))
    shapes = [shape for shape in made["layout"]["shapes"] if shape["type"] == "rect"]
    assert {(shape["x0"], shape["x1"]) for shape in shapes} == {(1_333, 1_999), (400, 420)}
    said = [trace for trace in made["data"] if "halve the peak" in trace["hovertemplate"]]
    assert len(said) == 1
    assert (said[0]["x"][0], said[0]["x"][-1], said[0]["opacity"]) == (1_333, 1_999, 0)


def smoothed_of(loss):
    return next(
        s for s in findings_figure(changed(loss=loss)).panels[0].series if s.name == "training loss" and not s.faint
    ).y


def test_the_smoothed_loss_turns_where_the_loss_turned_and_keeps_its_ends_and_gaps():
    loss = 5.0 - np.arange(STEPS) / 1_000 + np.clip(np.arange(STEPS) - 1_300, 0, None) / 50
    smooth = smoothed_of(loss)
    assert abs(int(np.argmin(smooth)) - 1_300) <= 25  # half a window
    assert (smooth[0], smooth[-1]) == (loss[0], loss[-1])
    assert np.allclose(smooth[50:1_200], loss[50:1_200])
    loss[700] = np.nan
    assert np.isnan(smoothed_of(loss)[700])
    assert np.isfinite(smoothed_of(loss)[701])
    assert smoothed_of(np.full(3, 2.0)).tolist() == [2.0, 2.0, 2.0]


def test_one_enormous_loss_does_not_blur_the_others():
    loss = np.full(STEPS, 3.0)
    loss[1_000] = 1e200
    assert np.delete(smoothed_of(loss), range(970, 1_030)).tolist() == [3.0] * (STEPS - 60)
