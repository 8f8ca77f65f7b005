import numpy as np
import pytest

from glidepath.errors import GlidepathError
from glidepath.plots.figure import Figure, Mark, Panel, Series
from glidepath.plots.thinning import kept


def panel(*series: Series, **more) -> Panel:
    return Panel(series, more.pop("x_label", "step"), "y", **more)


def test_columns_are_copied_and_made_float64():
    x = np.arange(3)
    series = Series("a", x, [1, 2, 3])
    x[0] = 9
    assert series.x.tolist() == [0, 1, 2]
    assert series.y.dtype == np.float64


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Series("a", [0, 1], [1.0]), "as many y as x"),
        (lambda: Series("a", [[0]], [[1.0]]), "as many y as x"),
        (lambda: Series("a", [0], [1.0], "lines"), "did you mean 'line'"),
        (lambda: Figure("none", ()), "at least one panel"),
        (lambda: panel(Series("a", [0, 1], [0.0, -1.0]), y_log=True), "above 0 on the log axis 'y'"),
        (lambda: panel(Series("a", [-1, 0], [1.0, 1.0]), x_log=True), "above 0 on the log axis 'step'"),
        (lambda: panel(x_log=True, marks=(Mark(0, "start"),)), "mark 'start' above 0"),
        (lambda: panel(y_range=(1.0, 1.0)), "low below high"),
        (lambda: panel(y_range=(float("nan"), 1.0)), "low below high"),
        (lambda: panel(height=0), "a height above 0"),
        (lambda: Mark(float("nan"), "nowhere"), "a finite place"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, words):
    with pytest.raises(GlidepathError, match=words):
        make()


def test_a_point_that_the_axes_cannot_show_is_a_gap():
    series = Series("a", [0, 1, 10, np.inf], [1.0, -1.0, 10.0, 1.0])
    x, y = panel(series, x_log=True, y_log=True).points(series)
    assert np.isnan(x).tolist() == np.isnan(y).tolist() == [True, True, False, True]


def test_neighbours_with_one_x_label_share_their_axis():
    groups = Figure("", (panel(), panel(), panel(x_label="lr"), panel())).groups
    assert [len(group) for group in groups] == [2, 1, 1]


def test_the_legend_leaves_out_what_an_axis_says():
    lr = Panel((Series("lr", [0], [1]),), "step", "lr")
    assert Figure("", (panel(Series("a", [0], [1])), lr)).legend == ()
    assert Figure("", (panel(Series("a", [0], [1]), Series("b", [0], [1])), lr)).legend == ("a", "b")


def test_thinning_keeps_every_extreme_and_few_points():
    x, y = np.arange(100_000.0), np.random.default_rng(0).normal(size=100_000)
    y[[31_415, 92_653]] = 50, -50
    some = kept(x, y, 100)
    assert some.size <= 400
    assert {0, 31_415, 92_653, 99_999} <= set(some.tolist())
    assert (np.diff(some) > 0).all()


def test_thinning_keeps_a_gap():
    y = np.ones(10_000)
    y[3_000:5_000] = np.nan
    some = kept(np.arange(10_000.0), y, 100)
    assert np.isnan(y[some]).any()
    assert np.isfinite(y[some][[0, -1]]).all()
