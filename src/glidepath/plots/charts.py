"""A figure as the plain data that Plotly draws: its traces and its layout. Needs no Plotly itself."""

import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glidepath.plots.axes import Axis, x_axis, y_axis
from glidepath.plots.figure import EMPTY, NAMELESS, Figure, Mark, Panel, Series, Span, alone
from glidepath.plots.labels import apart
from glidepath.plots.lettering import fit
from glidepath.plots.numbers import SMALL
from glidepath.plots.palette import RIM, SHADE, TONES, dash, ink, sheer
from glidepath.plots.thinning import kept

COLUMNS = 2_000  # more than a screen has; a longer curve keeps its first, lowest, highest and last point in each
PANEL, HEAD, FEET = 300, 44, 56  # pixels: a panel of height 1; its heading; what is below a group
MARK = "#7F8791"  # of marks, which do not change with the page: readable on light and on dark
FAINT = 0.6  # the opacity of a faint series
WIDTH, FAINT_WIDTH, DOT = 2, 1.2, 6  # pixels
SHAPES = {"line": "linear", "steps": "hv"}  # Plotly's word for a value held to the next: first across, then up
FIGURES, POWERS = ".5~g", ".4~e"  # d3's: five digits, no trailing zeros; as powers of ten
FONT = {"size": 12}  # pixels
NARROW, WIDE, LETTER = 340, 640, 7  # pixels: of a chart on a telephone and on a small page; of a letter
HEADING, LABEL_ROW = 6, 16  # pixels: of air below a heading; of a row of labels
LETTERS = 80  # of a text in a chart, where it cannot break into lines
HOVERED, LINES = 64, 4  # points along a stretch at which it says what it is; lines of what it says
TICKS_ACROSS, TICK_PIXELS = 8, 45  # on a page as wide as a hand; between two ticks up


@dataclass(frozen=True, slots=True)
class Seat:
    """A panel's place in the chart: the names of its axes, and where it ends from the top, in pixels."""

    panel: Panel
    x: str
    y: str
    across: Axis
    top: float
    bottom: float


def chart(figure: Figure) -> dict[str, Any]:
    """The traces and the layout (its height in pixels) of a figure, with None where a curve has a gap.

    A long curve is thinned so that no spike is lost.

    >>> panel = Panel((Series("loss", [0, 1], [4.0, float("nan")]),), "step", "loss")
    >>> chart(Figure("A run", (panel,)))["data"][0]["y"]
    [4.0, None]
    """
    seats = list(_seats(figure))
    height = seats[-1].bottom + FEET
    layout: dict[str, Any] = {
        "height": height,
        "margin": {"l": 64, "r": 24, "t": 0, "b": 0, "autoexpand": False},  # pixels: tick labels; half of the last
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "showlegend": False,  # the page has one of its own, which breaks into lines as text does
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "annotations": [note for seat in seats for note in _annotations(seat)],
        "shapes": [shape for seat in seats for shape in _shapes(seat)],
    }
    for seat in seats:
        layout[_axis(seat.x)] = _across(seat)
        layout[_axis(seat.y)] = _up(seat, height)
    data = [trace for seat in seats for series in seat.panel.series for trace in _traces(figure, seat, series)]
    data += [_said(seat, span) for seat in seats for span in seat.panel.spans if span.detail]
    return {"data": data, "layout": layout}


def _shown(text: str) -> str:
    """The text as Plotly shows it letter by letter: its few tags and variables escaped, cut where far too long."""
    whole = text.encode("utf-8", "replace").decode()  # half a surrogate pair breaks a browser
    return escape(fit(whole, LETTERS), quote=False).replace("{", "&#123;")


def _seats(figure: Figure) -> Iterator[Seat]:
    bottom, number = 0.0, 0
    for group_number, group in enumerate(figure.groups, 1):
        across = x_axis(group)
        for panel in group:
            number += 1
            top = bottom + HEAD + LABEL_ROW * bool(panel.captions)
            bottom = top + PANEL * panel.height
            yield Seat(panel, _name("x", group_number), _name("y", number), across, top, bottom)
        bottom += FEET


def _name(letter: str, number: int) -> str:
    return letter if number == 1 else f"{letter}{number}"


def _axis(name: str) -> str:
    return f"{name[0]}axis{name[1:]}"


def _across(seat: Seat) -> dict[str, Any]:
    """The x axis; that of the group's last panel stays, so that the ticks stand below it."""
    title = {"text": _shown(seat.panel.x_label), "standoff": 8}  # pixels
    shown = {"exponentformat": "B", "hoverformat": ",d"} if seat.across.whole else {}
    return {**_scale(seat.across, TICKS_ACROSS), "anchor": seat.y, "title": title, **shown}


def _up(seat: Seat, height: float) -> dict[str, Any]:
    domain = [max(0.0, 1 - seat.bottom / height), 1 - seat.top / height]
    count = max(2, round((seat.bottom - seat.top) / TICK_PIXELS))
    return {**_scale(y_axis(seat.panel), count), "anchor": seat.x, "domain": domain}


def _scale(axis: Axis, count: int) -> dict[str, Any]:
    """The range, and ticks labelled as everywhere; a page that is zoomed into falls back on Plotly's own."""
    ticks = axis.ticks(count)
    ends = [math.log10(end) if axis.log else end for end in (axis.low, axis.high)]
    return {
        "type": "log" if axis.log else "linear",
        "range": ends,
        "tickvals": [place for place, _ in ticks],
        "ticktext": [label for _, label in ticks],
        "tickmode": "array",
        "exponentformat": "e",
        "hoverformat": POWERS if axis.log or axis.high <= SMALL else FIGURES,
        "zeroline": False,
    }


def _traces(figure: Figure, seat: Seat, series: Series) -> Iterator[dict[str, Any]]:
    x, y = seat.panel.points(series)
    lined = series.kind != "points"
    if lined:
        some = kept(np.log10(x) if seat.across.log else x, y, COLUMNS)
        x, y = x[some], y[some]
        line = {**_trace(figure, seat, series, x, y), "mode": "lines"}
        kin = series.faint and any(one.name == series.name and not one.faint for one in seat.panel.series)
        yield {**line, "hoverinfo": "skip"} if kin else line
    dots = alone(y) if lined else np.isfinite(y)
    if dots.any():
        again = any(other.name == series.name and other.kind != "points" for other in seat.panel.series)
        dotted = {**_trace(figure, seat, series, x[dots], y[dots]), "mode": "markers"}
        yield {**dotted, "hoverinfo": "skip"} if again else dotted


def _trace(
    figure: Figure, seat: Seat, series: Series, x: NDArray[np.float64], y: NDArray[np.float64]
) -> dict[str, Any]:
    place = figure.names.index(series.name)
    width = FAINT_WIDTH if series.faint else WIDTH
    name = _shown(series.name) or NAMELESS
    said = f"{name}, {_shown(seat.panel.y_label)}" if series.name != seat.panel.y_label else name
    shape = SHAPES.get(series.kind, "linear")
    return {
        "type": "scatter",
        "name": name,
        "hovertemplate": said + ": %{y}<extra></extra>",
        "legendgroup": str(place),
        "x": _column(x),
        "y": _column(y),
        "xaxis": seat.x,
        "yaxis": seat.y,
        "opacity": FAINT if series.faint else 1,
        "line": {"color": ink(place).hex, "width": width, "dash": dash(place), "shape": shape},
        "marker": {"color": ink(place).hex, "size": DOT},
    }


def _column(values: NDArray[np.float64]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values.tolist()]


def _annotations(seat: Seat) -> Iterator[dict[str, Any]]:
    """The heading of a panel, and the labels of its marks: those that would meet stand in two rows."""
    labels = _labels(seat)
    rows = 1 + any(begin < end + LETTER for (_, end), (begin, _) in pairwise(_ends(labels, NARROW)))
    heading = ": ".join(text for text in (seat.panel.y_label, seat.panel.title) if text)
    shift = HEADING + LABEL_ROW * rows * bool(labels)
    yield {**_above(seat, shift), "x": 0, "xref": "paper", "xanchor": "left", "text": _shown(heading)}
    for number, (share, text) in enumerate(labels):
        place = {**_above(seat, LABEL_ROW * (number % rows)), "x": seat.across.plain(share), "xref": seat.x}
        yield {**place, "text": _shown(text), "font": FONT}
    if seat.panel.empty:
        middle = {"x": 0.5, "xref": f"{seat.x} domain", "y": 0.5, "yref": f"{seat.y} domain", "showarrow": False}
        yield {**middle, "text": EMPTY}
    for mark in seat.panel.marks:
        if mark.y is not None:
            yield _point(seat, mark, mark.y)


def _above(seat: Seat, shift: int) -> dict[str, Any]:
    return {"y": 1, "yref": f"{seat.y} domain", "yanchor": "bottom", "yshift": shift, "showarrow": False}


def _labels(seat: Seat) -> list[tuple[float, str]]:
    """Where on the axis (0 to 1) each label of a line is centred; those that would always meet are one."""
    places = [(float(seat.across.place([x])[0]) * WIDE, label) for x, label in seat.panel.captions]
    placed = apart(places, lambda text: LETTER * len(text), WIDE, LETTER)
    return [((begin + LETTER * len(text) / 2) / WIDE, text) for begin, text in placed]


def _ends(labels: list[tuple[float, str]], width: int) -> list[tuple[float, float]]:
    return [(share * width - LETTER * len(text) / 2, share * width + LETTER * len(text) / 2) for share, text in labels]


def _point(seat: Seat, mark: Mark, y: float) -> dict[str, Any]:
    x = seat.across.plain(float(seat.across.place([mark.x])[0]))
    place = {"x": x, "y": math.log10(y) if seat.panel.y_log else y, "xref": seat.x, "yref": seat.y}
    arrow = {"showarrow": True, "arrowhead": 6, "arrowcolor": MARK}  # 6: a dot
    return {**place, **arrow, "text": _shown(mark.label), "font": FONT}


def _shapes(seat: Seat) -> Iterator[dict[str, Any]]:
    for span in seat.panel.spans:
        ends = {"x0": span.begin, "x1": span.end, "y0": 0, "y1": 1}
        tone = TONES[span.tone].hex
        fill = {"fillcolor": sheer(tone, SHADE), "layer": "below"}
        line = {"color": sheer(tone, RIM), "width": 1}  # so that a stretch of one update is seen
        yield {"type": "rect", "xref": seat.x, "yref": f"{seat.y} domain", "line": line, **ends, **fill}
    yield from (_line(seat, mark) for mark in seat.panel.marks if mark.y is None)


def _said(seat: Seat, span: Span) -> dict[str, Any]:
    """An unseen line along a stretch, so that pointing at it says what it is."""
    first, last = seat.across.place([span.begin, span.end])
    places = [seat.across.plain(share) for share in np.linspace(first, last, HOVERED).tolist()]
    text = "<br>".join(_shown(line) for line in textwrap.wrap(span.detail, LETTERS - 1, max_lines=LINES))
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [10**place for place in places] if seat.across.log else places,
        "y": [y_axis(seat.panel).low] * HOVERED,
        "xaxis": seat.x,
        "yaxis": seat.y,
        "opacity": 0,
        "line": {"color": TONES[span.tone].hex},
        "hovertemplate": f"{text}<extra></extra>",
    }


def _line(seat: Seat, mark: Mark) -> dict[str, Any]:
    line = {"color": MARK, "width": 1, "dash": "dash"}
    ends = {"x0": mark.x, "x1": mark.x, "y0": 0, "y1": 1}
    return {"type": "line", "xref": seat.x, "yref": f"{seat.y} domain", "line": line, **ends}
