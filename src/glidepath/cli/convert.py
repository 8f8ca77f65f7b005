"""`glidepath convert`: a schedule in another form, or in another library's words."""

from pathlib import Path

import click

from glidepath.cli.options import Answer, answers, asks
from glidepath.cli.sources import bound, described, noted
from glidepath.plots.atomic import write_whole
from glidepath.plots.schedules import schedule_figure
from glidepath.schedules.dialects import documents
from glidepath.schedules.dialects.documents import Terms

FILES = (".toml", ".json")


@click.command("convert")
@click.argument("source", metavar="FROM")
@click.argument("to")
@asks
@answers
def command(source: str, to: str, terms: Terms, answer: Answer) -> None:
    """Write FROM, a source as for show, as TO.

    TO is toml, json, text or code, the name of a library (transformers, deepspeed, megatron, torch, timm, optax, ...),
    or a file ending in .toml or .json. What was mended on the way is said on the standard error.
    """
    document = described(source, terms)
    noted(source, document)
    value = document.value if terms.horizon is None else bound(document.value, terms)
    path = Path(to) if Path(to).suffix in FILES else None
    written = documents.write(document.plan or value, to if path is None else path.suffix[1:])
    if path is not None:
        write_whole(path, f"{written.rstrip()}\n".encode())
    numbers = {"library": document.library, "notes": list(document.notes), "to": to, "written": written}
    said = written.rstrip() if path is None else f"{to}: {value}"
    answer.give(numbers, lambda: said, lambda: schedule_figure(bound(value, terms)))
