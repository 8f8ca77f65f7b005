import subprocess
import sys

import numpy as np
import pytest
from pictures import range_test, run, sweep

import glidepath as gp
from glidepath.errors import FinderError, GlidepathError, JournalError
from glidepath.finder.agreement import readings, suggestion_of
from glidepath.finder.rules import RULES
from glidepath.finder.suggestion import Sweep
from glidepath.plots.continuations import continuations_figure
from glidepath.plots.numbers import number
from glidepath.plots.range_tests import range_test_figure
from glidepath.plots.runs import comparison_figure, run_figure
from glidepath.plots.schedules import schedule_figure, schedules_figure
from glidepath.runs.curve import Curve
from glidepath.runs.run import Run

STABLE = gp.warmup("2%") >> gp.hold() >> gp.decay("20%")


def test_a_schedule_is_shown_as_it_is_around_every_boundary():
    schedule = STABLE.over(1_000_000, peak=3e-4)
    (panel,) = schedule_figure(schedule).panels
    (series,) = panel.series
    assert {0, 19_999, 20_000, 799_999, 800_000, 999_999} <= set(series.x.astype(int).tolist())
    assert series.x.size < 2_010
    assert (np.diff(series.x) > 0).all()
    assert np.array_equal(series.y, schedule(series.x.astype(np.int64)))
    assert [(mark.x, mark.label) for mark in panel.marks] == [(20_000, "20k"), (800_000, "800k")]


@pytest.mark.parametrize(("horizon", "points"), [(1, 1), (2, 2), (7, 7), (10**12, 2_004)])
def test_short_and_long_horizons(horizon, points):
    (series,) = schedule_figure(STABLE.over(horizon, peak=0.1)).panels[0].series
    assert series.x.size == points
    assert (series.x[0], series.x[-1]) == (0, horizon - 1)


def test_many_boundaries_are_counted_not_marked():
    recipe = gp.hold(10) >> gp.cosine(20)
    for _ in range(20):
        recipe = recipe >> gp.warmup(10) >> gp.cosine(20)
    figure = schedule_figure(recipe.over(630, peak=1.0))
    assert figure.panels[0].marks == ()
    assert "41 boundaries, not marked" in figure.note


def test_learning_rates_and_multipliers_are_not_mixed():
    figure = schedules_figure({"a": STABLE.over(10, peak=0.1), "b": STABLE.over(10), "c": STABLE.over(20, peak=1.0)})
    assert [(panel.y_label, [s.name for s in panel.series]) for panel in figure.panels] == [
        ("learning rate", ["a", "c"]),
        ("multiplier", ["b"]),
    ]
    with pytest.raises(GlidepathError, match="at least one schedule"):
        schedules_figure({})


def test_a_comparison_shows_the_interesting_part():
    figure = comparison_figure({"low": run(3.2), "high": run(3.4)})
    low, high = figure.panels[0].y_range
    assert 2.5 < low < 3.2
    assert 3.6 < high < 8
    assert "The loss axis ends at" in figure.note
    assert "not finite" not in figure.note
    assert figure.names == ("low", "high")
    assert [panel.y_label for panel in figure.panels] == ["loss", "learning rate"]


def test_a_divergence_is_cut_and_said():
    figure = comparison_figure({"good": run(), "bad": run(diverges=True)})
    assert figure.panels[0].y_range[1] < 10
    assert "bad: 6" in figure.note
    assert "losses above the axis, up to" in figure.note
    assert "10 not finite, its end among them." in figure.note
    assert "good:" not in figure.note


def test_where_every_run_diverges_the_start_is_the_end_of_the_axis():
    figure = comparison_figure({"bad": run(diverges=True)})
    assert 9 < figure.panels[0].y_range[1] < 12


def test_a_run_shows_what_it_recorded():
    assert [panel.y_label for panel in run_figure(run()).panels] == ["loss", "learning rate", "gradient norm"]
    only = Run({"lr": Curve("lr", [0, 1], [0.1, 0.2])})
    assert [panel.y_label for panel in run_figure(only).panels] == ["learning rate"]
    with pytest.raises(JournalError, match="got none"):
        run_figure(Run({}))
    with pytest.raises(JournalError, match="expected a run with a curve 'loss'"):
        comparison_figure({"a": only})


@pytest.mark.parametrize("values", [[], [2.0], [np.nan], [np.inf, np.nan], [2.0, 2.0], [1.0, np.nan, 3.0]])
def test_runs_of_few_values_make_figures(values):
    curve = Curve("loss", range(len(values)), values)
    assert comparison_figure({"a": Run({"loss": curve})}).panels[0].series[0].x.size == len(values)


def test_a_range_test_shows_the_fall_and_says_what_blew_up():
    figure = range_test()
    (panel,) = figure.panels
    assert [series.name for series in panel.series] == ["raw", "smoothed"]
    assert panel.x_log
    assert panel.y_range[1] < 6
    assert "above the axis" in figure.note
    found = suggestion_of([sweep()])
    assert figure.title == f"Range test: peak {number(found.lr)}"


@pytest.mark.parametrize("seeds", [1, 3])
def test_a_range_test_marks_what_every_rule_says_and_the_answer_with_its_interval(seeds):
    sweeps = [sweep(seed) for seed in range(seeds)]
    found = suggestion_of(sweeps)
    figure = range_test_figure(sweeps, found)
    marks = figure.panels[0].marks
    named = {name.split()[0]: mark.x for mark in marks for name in mark.label.split(", ")}
    expected = readings(sweeps) | {"low": found.low, "chosen": found.lr, "high": found.high}
    assert named.keys() == {"low", "chosen", "high", *RULES}
    assert all(named[word] == pytest.approx(lr, rel=0.05) for word, lr in expected.items())
    assert [mark.x for mark in marks] == sorted({mark.x for mark in marks})
    assert all(f"{word} {number(float(f'{lr:.2g}'))}" in figure.note for word, lr in readings(sweeps).items())


def test_a_range_test_of_several_seeds_shows_each_faintly_and_their_mean_as_far_as_all_go():
    sweeps = [sweep(seed) for seed in range(3)]
    short = sweeps[1]
    sweeps[1] = Sweep(
        *[Curve(c.name, c.steps[:150], c.values[:150]) for c in (short.lrs, short.losses, short.smoothed)]
    )
    series = range_test_figure(sweeps).panels[0].series
    assert [(one.name, one.faint, one.x.size) for one in series] == [
        ("seed 0", True, 200),
        ("seed 1", True, 150),
        ("seed 2", True, 200),
        ("mean of the seeds", False, 150),
    ]
    assert series[3].y == pytest.approx(np.mean([one.y[:150] for one in series[:3]], axis=0))


def test_a_range_test_without_an_answer():
    flat, steps, lrs = np.ones(5), range(5), Curve("lr", range(5), np.geomspace(1e-5, 1, 5))
    figure = range_test_figure([Sweep(lrs, Curve("loss", steps, flat), Curve("smoothed loss", steps, flat))])
    assert figure.panels[0].marks == ()
    assert (figure.title, figure.note) == ("Range test", "")
    nothing = Curve("loss", steps, np.full(5, np.nan))
    assert range_test_figure([Sweep(lrs, nothing, nothing)]).note == "Not shown: 5 not finite, of 5 losses."
    empty = Curve("loss", [], [])
    assert range_test_figure([Sweep(empty, empty, empty)] * 2).panels[0].empty
    with pytest.raises(FinderError, match="at least one sweep"):
        range_test_figure([])


def test_importing_the_room_loads_no_drawing_library():
    code = (
        "import sys, pkgutil, importlib, glidepath.plots as p; "
        "[importlib.import_module(m.name) for m in pkgutil.iter_modules(p.__path__, 'glidepath.plots.')]; "
        "print([m for m in sys.modules if m.split('.')[0] in ('matplotlib', 'plotly', 'rich', 'click', 'torch')])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_going_on_is_shown_before_and_after_in_a_panel_for_each_way():
    planned = STABLE.over(1_000, peak=0.1)
    ways = {name: gp.continue_(planned, 900, 2_000, name) for name in ("hold", "stretch")}
    panels = continuations_figure(ways).panels
    assert [panel.title for panel in panels] == ["hold: 0.0505, then 0.0505", "stretch: 0.0505, then 0.05"]
    for panel, way in zip(panels, ways.values(), strict=True):
        before, after = panel.series
        assert (before.x[0], before.x[-1], after.x[0], after.x[-1]) == (0, 999, 899, 1_999)
        assert np.array_equal(after.y, way.after(after.x.astype(np.int64)))
        assert [mark.x for mark in panel.marks] == [900]
    with pytest.raises(GlidepathError, match="at least one"):
        continuations_figure({})
