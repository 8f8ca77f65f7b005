import io
import re
import sys

import numpy as np
import pytest
from pictures import figures, one

from glidepath.errors import GlidepathError
from glidepath.plots.figure import Figure, Mark, Panel, Series
from glidepath.plots.lettering import columns
from glidepath.plots.terminal import draw, sparkline

ANSI = re.compile(r"\x1b\[[\d;]*m")
BRAILLE = re.compile("[\u2801-\u28ff]")


@pytest.mark.parametrize("width", [20, 33, 80, 200])
@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("name", figures())
def test_every_figure_fits_its_width(name, width, color):
    drawn = draw(figures()[name], width=width, height=24, color=color)
    assert max(columns(line) for line in ANSI.sub("", drawn).splitlines()) <= width
    assert ("\x1b" in drawn) <= color


@pytest.mark.parametrize("name", ["schedule", "comparison", "range test"])
def test_a_figure_fills_its_height(name):
    assert 20 <= len(draw(figures()[name], width=80, height=23, color=False).splitlines()) <= 23


def plot(drawn: str) -> list[str]:
    """The rows of the first panel, from its axis on."""
    return [re.split("[│┤]", line, maxsplit=1)[1] for line in drawn.splitlines() if re.search("[│┤]", line)]


def test_a_rising_curve_rises_in_every_column():
    x = np.arange(1_000)
    rows = plot(draw(one(x, x**2), width=60, height=20, color=False))
    tops = {}
    for row, line in enumerate(rows):
        for column in (match.start() for match in BRAILLE.finditer(line)):
            tops.setdefault(column, row)
    heights = [tops[column] for column in sorted(tops)]
    assert len(heights) > 45
    assert heights == sorted(heights, reverse=True)
    assert (heights[0], heights[-1]) == (len(rows) - 1, 0)


def test_steps_are_held_and_lines_are_not():
    x, y = [0, 1, 2], [0.0, 1.0, 0.0]
    stairs, slopes = (plot(draw(one(x, y, kind), width=60, height=20, color=False)) for kind in ("steps", "line"))
    assert max(len(BRAILLE.findall(row)) for row in stairs) > 20
    assert max(len(BRAILLE.findall(row)) for row in slopes) < 10


def test_a_gap_is_not_joined():
    y = np.ones(101)
    y[30:70] = np.nan
    (row,) = [row for row in plot(draw(one(range(101), y), width=60, height=20, color=False)) if BRAILLE.search(row)]
    assert re.search("[\u2801-\u28ff] {15,}[\u2801-\u28ff]", row)


def test_lone_points_show():
    drawn = draw(one([0, 1, 2], [1.0, np.nan, 2.0]), width=40, height=12, color=False)
    assert len(BRAILLE.findall(drawn)) == 2


def test_titles_ticks_marks_and_notes_are_there():
    drawn = draw(figures()["schedule"], width=80, height=23, color=False)
    lines = drawn.splitlines()
    assert lines[0] == "warmup(2%) >> hold() >> decay(20%)"
    assert lines[1] == "learning rate"
    assert lines[2].split() == ["2k", "80k"]
    assert re.search(r"^ *3e-4 ┤", drawn, re.MULTILINE)
    assert re.search(r"^ +0 +20k +40k +60k +80k +100k$", drawn, re.MULTILINE)
    assert lines[-1].startswith("peak 3e-4, horizon 100,000 steps")
    assert lines[2].index("80k") + 1 == next(line for line in lines if "┊" in line and "80k" not in line).rindex("┊")


def test_a_marked_point_and_its_label():
    drawn = draw(one([0, 10], [0.0, 1.0], marks=(Mark(8, "best", 0.2),)), width=60, height=15, color=False)
    assert re.search("● best", drawn)


def test_color_replaces_letters():
    figure = figures()["schedules"]
    plain, colored = (draw(figure, width=60, height=20, color=color) for color in (False, True))
    assert "a a  b b" in plain
    assert any("a" in row for row in plot(plain))
    assert "\x1b[38;5;32m━━\x1b[0m a" in colored
    assert "\x1b[38;5;166m" in colored
    assert not any(re.search("[ab]", row) for row in plot(ANSI.sub("", colored)))


def test_what_cannot_be_shown_is_said():
    assert "no finite values" in draw(figures()["no value"], width=40, height=12, color=False)


def test_a_text_cannot_command_the_terminal():
    drawn = draw(figures()["hostile"], width=80, height=30, color=False)
    assert "\x1b" not in drawn
    assert "\u2028" not in drawn
    drawn.encode()


def test_an_ascii_terminal_gets_ascii(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    for figure in figures().values():
        assert draw(figure, width=60, height=20).isascii()
    drawn = draw(figures()["schedules"], width=60, height=20)
    assert "* a  o b" in drawn
    assert sparkline([1, 2, 3]).isascii()


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_color_follows_the_output_and_no_color(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" not in draw(figures()["schedule"], width=60, height=20)
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert "\x1b" in draw(figures()["schedule"], width=60, height=20)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in draw(figures()["schedule"], width=60, height=20)


def test_the_size_follows_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setenv("LINES", "30")
    lines = draw(figures()["schedule"]).splitlines()
    assert len(lines) == 29
    assert max(map(len, lines)) <= 50


def test_too_narrow_is_refused():
    with pytest.raises(GlidepathError, match="at least 20 columns, got 19"):
        draw(one([0], [1.0]), width=19)


def test_a_million_points_are_drawn_at_once():
    x = np.arange(1_000_000)
    noise = np.random.default_rng(0).normal(size=x.size)
    assert draw(one(x, noise), width=80, height=24, color=False)


def test_panels_of_one_axis_have_one_row_of_ticks():
    series = (Series("a", [0, 1_000], [0, 1]),)
    figure = Figure("", (Panel(series, "step", "loss"), Panel(series, "step", "lr")))
    drawn = draw(figure, width=60, height=20, color=False)
    assert drawn.count("200") == 1
    assert drawn.count("┬") > 2
    assert drawn.count("└") == 2


@pytest.mark.parametrize(
    ("values", "bars"),
    [
        ([], ""),
        ([1.0], "▅"),
        ([3, 3, 3], "▅▅▅"),
        ([0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█"),
        ([0, np.nan, 7], "▁ █"),
        ([np.nan, np.inf], "  "),
    ],
)
def test_sparklines(values, bars):
    assert sparkline(values) == bars


def test_a_sparkline_is_as_wide_as_asked():
    assert len(sparkline(np.arange(1_000), width=17)) == 17
