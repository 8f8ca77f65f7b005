"""Values to pictures: first a Figure, which is plain data, then drawn in the terminal, as an image, as a page.

A name loads its file when it is first used, so that a curve in the terminal waits for nothing else;
matplotlib and Plotly are loaded by the drawer that needs them, when it draws.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glidepath.plots.figure import Figure, Mark, Panel, Series
    from glidepath.plots.image import save
    from glidepath.plots.page import Picture, Table, Text, write_page
    from glidepath.plots.range_tests import range_test_figure
    from glidepath.plots.runs import comparison_figure, run_figure
    from glidepath.plots.schedules import schedule_figure, schedules_figure
    from glidepath.plots.terminal import draw, sparkline

# file -> the names that it gives
NAMES = {
    "figure": ("Figure", "Mark", "Panel", "Series"),
    "image": ("save",),
    "page": ("Picture", "Table", "Text", "write_page"),
    "range_tests": ("range_test_figure",),
    "runs": ("comparison_figure", "run_figure"),
    "schedules": ("schedule_figure", "schedules_figure"),
    "terminal": ("draw", "sparkline"),
}

__all__ = [
    "Figure",
    "Mark",
    "Panel",
    "Picture",
    "Series",
    "Table",
    "Text",
    "comparison_figure",
    "draw",
    "range_test_figure",
    "run_figure",
    "save",
    "schedule_figure",
    "schedules_figure",
    "sparkline",
    "write_page",
]


def __getattr__(name: str) -> object:
    for file, names in NAMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{file}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
