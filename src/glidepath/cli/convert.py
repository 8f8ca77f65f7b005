"""`glidepath convert`: a schedule in another form, or in another library's words."""

from pathlib import Path

import click

from glidepath.cli.options import Answer, answers, asks
from glidepath.cli.sources import Source
from glidepath.errors import SpecError
from glidepath.plots.atomic import write_whole
from glidepath.plots.schedules import schedule_figure
from glidepath.schedules.dialects import documents
from glidepath.schedules.dialects.documents import Terms
from glidepath.schedules.schedule import Schedule

FILES = (".toml", ".json")


@click.command("convert")
@click.argument("source", metavar="FROM")
@click.argument("to")
@asks
@answers
def command(source: str, to: str, terms: Terms, answer: Answer) -> None:
    """Write FROM, a source as for show, as TO.

    TO is toml, json, text or code, a file ending in .toml or .json, or the name of a library, however spelled:
    transformers (TrainingArguments), deepspeed (its block), megatron (a command line), timm (arguments of train.py
    where the horizon knows its epochs), torch, optax, keras and all others (the class and its arguments). It has been
    read back and is the same schedule, or is refused. What was mended on the way is said on the standard error.

    \b
    Examples:
      glidepath convert pretrain.sh transformers
      glidepath convert training_args.json schedule.toml
      glidepath convert cosine timm --horizon "90 epochs" --steps-per-epoch 1251 --peak 0.1
    """
    path = _target(to)
    given = Source.of(source)
    document = given.document(terms)
    given.noted(document)
    planned = terms.horizon is not None or terms.peak is not None
    value = given.bound(document, terms) if planned else document.value
    written = documents.write(document.plan or value, to if path is None else path.suffix[1:])
    answer.draw(lambda: schedule_figure(value if isinstance(value, Schedule) else given.bound(document, terms)))
    if path is not None:
        write_whole(path, f"{written.rstrip()}\n".encode())
    numbers = {"library": document.library, "notes": list(document.notes), "to": to, "written": written}
    answer.say(numbers, lambda: written.rstrip() if path is None else f"{to}: {value}")


def _target(to: str) -> Path | None:
    """The file to write, refused before anything is written where it has no place."""
    path = Path(to)
    if path.suffix.lower() not in FILES:
        return None
    if path.is_dir() or not path.parent.is_dir():
        raise SpecError(f"expected a file in a folder that is there, got {to}")
    return path
