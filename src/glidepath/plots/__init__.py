"""Values to pictures: first a Figure, which is plain data, then drawn in the terminal, as an image, as a page.

matplotlib and Plotly are loaded by the drawer that needs them, when it draws.
"""

from glidepath.plots.figure import Figure, Mark, Panel, Series
from glidepath.plots.image import save
from glidepath.plots.page import Picture, Table, Text, write_page
from glidepath.plots.range_tests import range_test_figure
from glidepath.plots.runs import comparison_figure, run_figure
from glidepath.plots.schedules import schedule_figure, schedules_figure
from glidepath.plots.terminal import draw, sparkline

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
