"""A panel's axes and curves in the hands of matplotlib."""

from typing import Any

import numpy as np

from glidepath.plots.axes import Axis
from glidepath.plots.figure import Panel, Series, alone
from glidepath.plots.palette import GRID, MUTED, dash, ink
from glidepath.plots.thinning import kept

FONT = "DejaVu Sans"  # comes with matplotlib
SMALL_SIZE = 9.0  # points
DASHES = {"solid": "-", "dash": (0, (5, 2)), "dot": (0, (1, 1.5))}  # (offset, (on, off)) in line widths
WIDTH, FAINT_WIDTH, DOT, LONE_DOT = 1.8, 1.1, 3.5, 6.0  # points
COLUMNS = 4_000  # more than a printed page has; a longer curve is thinned so that no spike is lost
FAINT = 0.4  # the opacity of a faint series


def scaled(axes: Any, name: str, axis: Axis) -> None:
    """Give the axes this scale and these ends."""
    axes.set(**{f"{name}scale": "log" if axis.log else "linear", f"{name}lim": (axis.low, axis.high)})
    axes.minorticks_off()


def ticks(axes: Any, name: str, axis: Axis, count: int) -> None:
    """Put ticks where the axis has them, labelled as everywhere."""
    places = axis.ticks(count)
    getattr(axes, f"set_{name}ticks")([place for place, _ in places], [label for _, label in places])


def quiet(axes: Any) -> None:
    """A light grid behind the curves, and no frame above and on the right."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(MUTED)
    axes.tick_params(colors=MUTED, labelsize=SMALL_SIZE, labelfontfamily=FONT, length=3)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def curve(axes: Any, panel: Panel, series: Series, place: int) -> None:
    """Draw one series, behind its kin where it is faint."""
    x, y = panel.points(series)
    color, opacity, depth = ink(place).hex, FAINT if series.faint else 1.0, 2 if series.faint else 3
    dots = np.ones(x.size, dtype=bool) if series.kind == "points" else alone(y)
    if series.kind != "points":
        some = kept(np.log(x) if panel.x_log else x, y, COLUMNS)
        axes.plot(
            x[some],
            y[some],
            color=color,
            alpha=opacity,
            linewidth=FAINT_WIDTH if series.faint else WIDTH,
            linestyle=DASHES[dash(place)],
            drawstyle="steps-post" if series.kind == "steps" else "default",
            solid_joinstyle="round",
            zorder=depth,
        )
    axes.plot(
        x[dots],
        y[dots],
        "o",
        color=color,
        alpha=opacity,
        markersize=DOT if series.kind == "points" else LONE_DOT,
        markeredgewidth=0,
        zorder=depth,
    )
