"""`glidepath demo`: choose, find, run, compare and report, on a real training that can be killed at any moment."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from glidepath._extras import require
from glidepath.cli.demo_report import outcome_table, suggestion_figure, write_report
from glidepath.errors import LabError
from glidepath.finder.suggestion import Suggestion
from glidepath.plots.numbers import number
from glidepath.plots.runs import comparison_figure
from glidepath.plots.schedules import schedule_figure
from glidepath.plots.terminal import draw

# (layers, width, heads, context), batch, steps of a training, steps of the range test: minutes, and seconds.
USUAL = ((2, 64, 4, 32), 16, 2_000, 100)
QUICK = ((1, 32, 2, 32), 8, 200, 60)
BAR = 10  # characters: with it a progress line fits a terminal of 80


@click.command("demo")
@click.option("--quick", is_flag=True, help="A smaller model for fewer steps: half a minute at most.")
@click.option("--text", type=click.Path(path_type=Path), help="Train on this text file instead of Python's sources.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder to work in (default: glidepath-demo).")
@click.option("--fresh", is_flag=True, help="Start over: forget what the folder holds.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON; all else goes to stderr.")
def command(quick: bool, text: Path | None, out: Path | None, fresh: bool, as_json: bool) -> None:
    """Train a small character GPT: choose a recipe, find its peak, run it, compare it, write a report.

    Interrupted or killed at any moment, the same command goes on where it was.
    """
    folder = out or Path("glidepath-demo-quick" if quick else "glidepath-demo")
    if fresh:
        _forget(folder)
    console = Console(stderr=as_json, highlight=False)
    numbers = _Demo(console, folder, quick=quick, text=text).all()
    if as_json:
        click.echo(json.dumps(numbers))


def _forget(folder: Path) -> None:
    """Remove what a demo made, and nothing else."""
    if not folder.exists():
        return
    if not (folder / "settings.json").exists():
        raise LabError(f"expected a folder that a demo made, got {folder}: remove it yourself, or name another --out")
    shutil.rmtree(folder)


class _Demo:
    """The five steps, one method each."""

    def __init__(self, console: Console, folder: Path, *, quick: bool, text: Path | None) -> None:
        require("torch").set_num_threads(1)  # a model this small is no faster on more, and repeats to the bit on one
        from glidepath.lab.comparison import Comparison
        from glidepath.lab.gpt import Size
        from glidepath.lab.text import standard_library, text_file
        from glidepath.lab.training import Workload, found_device

        size, batch_size, steps, sweep = QUICK if quick else USUAL
        corpus = standard_library() if text is None else text_file(text)
        workload = Workload(corpus, Size(*size), batch_size)
        self.console = console
        self.comparison = Comparison(workload, steps, sweep, folder, found_device())
        self.comparison.begin()

    def all(self) -> dict[str, Any]:
        """Every step in turn, and the outcome in plain types."""
        self.choose()
        suggestion = self.find()
        schedules = self.comparison.schedules(suggestion.lr)
        self.title("3. run", f"{schedules['found']}")
        self.train("found", schedules["found"])
        self.title("4. compare", "the same steps, the same peak, without one part of the schedule at a time")
        for name in list(schedules)[1:]:
            self.train(name, schedules[name])
        return self.report(suggestion)

    def title(self, step: str, what: str) -> None:
        """The line that a step begins with."""
        self.console.print(f"\n[bold cyan]{step}[/]  {what}", soft_wrap=True)

    def picture(self, figure: Any) -> None:
        """A figure, as wide as the terminal."""
        colour = self.console.is_terminal and not self.console.no_color
        self.console.out(draw(figure, width=min(self.console.width, 100), color=colour), highlight=False)

    def choose(self) -> None:
        """A recipe from the duration, drawn."""
        from glidepath.lab.comparison import choose

        steps, workload = self.comparison.steps, self.comparison.workload
        recipe = choose(steps)
        self.title("1. choose", f"{recipe} for {steps:,} steps on {self.comparison.device}: {workload.corpus.name}")
        self.picture(schedule_figure(recipe.over(steps)))

    def find(self) -> Suggestion:
        """The peak, by a probe or a range test, drawn with the point chosen."""
        steps = self.comparison.sweep
        words = "range test", f"a range test of {steps} updates, from 1e-7 to 10; the model is put back afterwards"
        if self.comparison.probes:
            steps = self.comparison.steps // 2
            words = "probe", f"a probe of at most {steps:,} updates: short trainings with the decay in them"
        self.title("2. find", words[1])
        with self.bar(words[0], steps) as tell:
            found = self.comparison.find(tell)
        self.picture(suggestion_figure(found))
        self.console.print(
            f"peak [bold]{found.lr:.2g}[/], between {found.low:.2g} and {found.high:.2g}, "
            f"confidence {found.confidence:.0%}: {'; '.join(found.reasons)}"
        )
        return found

    def train(self, name: str, schedule: Any) -> None:
        """One training with its progress bar."""
        measured = "-"
        with self.bar(name, self.comparison.steps) as tell:
            for at in self.comparison.train(name, schedule):
                if at.validation_loss is not None:
                    measured = f"{at.validation_loss:.3f}"
                shown = f"loss {at.loss:.2f} lr {number(at.lr, 3):>7} grad {at.grad_norm:.2f} val {measured}"
                tell(at.step, shown)

    @contextmanager
    def bar(self, name: str, total: int) -> Iterator[Callable[[int, str], None]]:
        """A progress bar: `tell(done, what is to be seen)`."""
        words = TextColumn("{task.description:<10}"), TextColumn("{task.fields[at]}")
        columns = (words[0], BarColumn(BAR), MofNCompleteColumn(), words[1], TimeRemainingColumn(compact=True))
        with Progress(*columns, console=self.console) as progress:
            task = progress.add_task(name, total=total, at="")
            yield lambda done, at: progress.update(task, completed=done, at=at)
            progress.update(task, completed=total)

    def report(self, suggestion: Suggestion) -> dict[str, Any]:
        """The table, the pictures, the page, and where they are."""
        from glidepath.lab.comparison import outcome, verdict

        comparison = self.comparison
        schedules = comparison.schedules(suggestion.lr)
        runs = {name: comparison.run(name) for name in schedules}
        outcomes = {name: outcome(name, str(schedules[name].recipe), run) for name, run in runs.items()}
        self.picture(comparison_figure(runs))
        self.console.print(outcome_table(outcomes))
        sentences = verdict(outcomes)
        for sentence in sentences:
            self.console.print(sentence)
        files = write_report(comparison, suggestion, schedules, runs, outcomes, sentences)
        self.title("5. report", f"{files[0]} (pictures beside it: {', '.join(path.name for path in files[1:])})")
        return {
            "peak": {name: getattr(suggestion, name) for name in ("lr", "low", "high", "confidence")},
            "schedule": str(schedules["found"]),
            "outcomes": [asdict(end) for end in outcomes.values()],
            "verdict": sentences,
            "files": [str(path) for path in files],
        }
