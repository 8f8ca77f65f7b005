"""`glidepath report`: runs as one page, or one picture, and what was found in them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from glidepath.cli.card import cards
from glidepath.cli.examining import Examined, all_examined, answered, asked, opened
from glidepath.cli.options import FINDINGS, HEIGHT, PICTURES, RATES, WIDTH, Answer
from glidepath.cli.ranking import UNLIKE, Ranking, ranked
from glidepath.cli.verdict import LOG, line, of_runs, row, whole
from glidepath.cli.waiting import waiting
from glidepath.errors import GlidepathError, LogError, shown
from glidepath.plots.atomic import write_whole
from glidepath.plots.figure import Figure
from glidepath.plots.findings import findings_figure
from glidepath.runs.clocks import CLOCKS, STEPS
from glidepath.runs.run import Run
from glidepath.schedules.dialects.documents import Terms

PAGE = ".html"
TALL = 1.6  # times the usual height: a picture of one run has up to four panels


@click.command("report")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=LOG)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default="report.html", help="A file: .html, .png or .svg."
)
@click.option("--on", "clock", type=click.Choice([STEPS, *CLOCKS]), default=STEPS, help="What runs are compared on.")
@click.option(
    "--card", type=click.Path(path_type=Path), help="Write the schedule that ran into this file, in Markdown."
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON, without words.")
@of_runs
@click.pass_context
def command(
    context: click.Context,
    runs: tuple[Path, ...],
    out: Path,
    clock: str,
    card: Path | None,
    as_json: bool,
    plan: str | None,
    apart: bool,
    terms: Terms,
) -> None:
    """Write what happened in each RUN into one page that needs no network, or into a picture.

    A RUN is the log of a training in any framework, or a folder of runs. Several are compared: ranked by their last
    loss where that says something, and marked with the reason where it does not (one mid-decay, another batch size,
    data, tokenizer or length).

    \b
    Examples:
      glidepath report runs/7 -o report.html
      glidepath report runs/7 runs/8/metrics.csv --on tokens
      glidepath report runs/7/journal.jsonl -o loss.svg --card card.md

    Exit code 0 where nothing looks wrong, 1 where anything does, 2 for wrong use.
    """
    _writable(out, card)
    with waiting(context.command_path) as done:
        found, refused = all_examined(_named(runs, apart=apart), asked(plan, terms))
        ranking = ranked({name: _rated(one.run, context.params) for name, one in found.items()}, clock)
        _write(out, found, ranking, refused)
        if card is not None:
            write_whole(card, cards(found).encode())
        files = [str(path) for path in (out, card) if path is not None]
        numbers = answered(found, refused) | {"comparison": ranking.table(), "files": files}
        Answer(None, as_json, done).say(numbers, lambda: _words(found, refused, ranking, files))
    context.exit(FINDINGS if any(one.alarm for one in found.values()) else 0)


def _writable(out: Path, card: Path | None) -> None:
    """Refuse what could not be written before anything is read."""
    if out.suffix.lower() not in (PAGE, *PICTURES):
        raise click.BadParameter(f"expected a file ending in .html, .png or .svg, got {str(out)!r}")
    for path in (out, card):
        if path is not None and not path.parent.is_dir():
            raise GlidepathError(
                f"expected a folder that is there for {shown(path.name)}, got {shown(str(path.parent))}"
            )


def _named(paths: tuple[Path, ...], *, apart: bool) -> dict[str, tuple[Path, Run]]:
    """The runs of all logs by name; where two have one name, the path tells them apart."""
    runs: dict[str, tuple[Path, Run]] = {}
    for path in paths:
        for name, (file, run) in opened(path, apart=apart).items():
            free = next(
                (one for one in (name, f"{path}/{name}" if path.is_dir() else str(path)) if one not in runs), None
            )
            if free is None:
                raise LogError(f"expected every run once, got {shown(name)} of {path} twice")
            runs[free] = file, run
    return runs


def _rated(run: Run, given: Mapping[str, Any]) -> Run:
    """With the rates that the options say, which tell a clock that the log does not."""
    rates = {name: given[name] for name in RATES if given[name] is not None}
    return replace(run, settings={**run.settings, **rates})


def _write(out: Path, found: Mapping[str, Examined], ranking: Ranking, refused: Mapping[str, str]) -> None:
    if out.suffix.lower() == PAGE:
        from glidepath.cli.report_page import write_report  # here, so that a picture waits for no page

        write_report(out, found, ranking, refused)
        return
    from glidepath.plots.image import save

    figure = ranking.figure() if len(found) > 1 else picture(*next(iter(found.items())))
    save(figure, out, size=(WIDTH, HEIGHT * (TALL if len(found) == 1 else 1.0)))


def picture(name: str, one: Examined) -> Figure:
    """A run with what was found in it."""
    return findings_figure(one.run, one.findings, recovered=one.recovered, plan=one.plan, title=name)


def _words(found: Mapping[str, Examined], refused: Mapping[str, str], ranking: Ranking, files: list[str]) -> str:
    lines = [line(name, one.run, one.findings) for name, one in found.items()]
    lines += [text for name, why in refused.items() for text in row("not", f"{name}: {why}")]
    lines += [
        text for key, said in ranking.lines() for text in (row(key, said) if key == UNLIKE else [whole(key, said)])
    ]
    return "\n".join([*lines, *(text for file in files for text in row("wrote", file))])
