"""The report of a demo: one page, the pictures beside it, and the table that both and the terminal show."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table as TerminalTable

from glidepath.finder.suggestion import Suggestion, Sweep, Trial
from glidepath.plots.figure import Figure
from glidepath.plots.image import save
from glidepath.plots.numbers import number
from glidepath.plots.page import Picture, Table, Text, write_page
from glidepath.plots.probes import probe_figure
from glidepath.plots.range_tests import range_test_figure
from glidepath.plots.runs import comparison_figure
from glidepath.plots.schedules import schedule_figure
from glidepath.runs.run import Run
from glidepath.schedules.schedule import Schedule

if TYPE_CHECKING:
    from glidepath.lab.comparison import Comparison, Outcome

COLUMNS = ("schedule", "recipe", "final loss", "best loss", "largest gradient norm")
NOTE = "Loss on held-out text, nats per character, behind the last update and at its best; the norm is before clipping."


def rows(outcomes: Mapping[str, "Outcome"]) -> tuple[tuple[str, ...], ...]:
    """The outcomes as cells, the lowest final loss first."""
    ranked = sorted(outcomes.values(), key=lambda end: end.final)
    return tuple((o.name, o.recipe, f"{o.final:.4f}", f"{o.best:.4f}", number(o.largest_norm, 3)) for o in ranked)


def outcome_table(outcomes: Mapping[str, "Outcome"]) -> TerminalTable:
    """The table for the terminal."""
    table = TerminalTable(caption=NOTE)
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in COLUMNS[:2] else "right")
    for row in rows(outcomes):
        table.add_row(*row)
    return table


def suggestion_figure(found: Suggestion) -> Figure:
    """Loss against learning rate with the point chosen: of the branches of a probe, or of the sweep of a range test."""
    trials = [one for one in found.evidence if isinstance(one, Trial)]
    if trials:
        return probe_figure(trials, found)
    return range_test_figure([one for one in found.evidence if isinstance(one, Sweep)], found)


def write_report(
    comparison: "Comparison",
    suggestion: Suggestion,
    schedules: Mapping[str, Schedule],
    runs: Mapping[str, Run],
    outcomes: Mapping[str, "Outcome"],
    sentences: Sequence[str],
) -> list[Path]:
    """The page and the pictures in the comparison's folder; the page comes first."""
    pictures = {
        "schedule": schedule_figure(schedules["found"]),
        "peak": suggestion_figure(suggestion),
        "comparison": comparison_figure(dict(runs)),
    }
    files = [save(figure, comparison.folder / f"{name}.png") for name, figure in pictures.items()]
    settings = comparison.settings()
    blocks: list[Text | Table | Picture] = [
        Text("What the curves say", tuple(sentences)),
        Table("Every schedule at the same peak", COLUMNS, rows(outcomes), NOTE),
        Picture(pictures["comparison"], "Loss, and the learning rate of every update, from the journals of the runs."),
        Picture(pictures["peak"], f"Peak {suggestion.lr:.2g}: {'; '.join(suggestion.reasons)}."),
        Picture(pictures["schedule"], f"The schedule: {schedules['found']}"),
        Table("The workload", ("setting", "value"), tuple((name, str(value)) for name, value in settings.items())),
    ]
    title = "A learning-rate schedule: chosen, found, run and compared"
    return [write_page(comparison.folder / "report.html", title=title, blocks=blocks), *files]
