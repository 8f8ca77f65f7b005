"""What a command is given: a schedule as text, a named one, a spec file, or the journal of a run."""

from pathlib import Path

from glidepath.errors import SpecError
from glidepath.runs.journal import read_journal
from glidepath.runs.run import Run
from glidepath.schedules.families import FAMILIES, family
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.schedules.spec import from_json, from_toml
from glidepath.schedules.text import parse

READERS = {".json": from_json, ".toml": from_toml}
LARGEST = 10_000_000  # bytes of a spec file, far above any that is one


def schedule_of(source: str, horizon: str | None, peak: float | None) -> Schedule:
    """The schedule that a source describes; a recipe is bound to the horizon and the peak that were given."""
    value = read(source)
    if isinstance(value, Run):
        raise SpecError(f"expected a schedule, got the journal of a run, {source}: write glidepath show {source}")
    return bound(value, horizon, peak)


def bound(value: Recipe | Schedule, horizon: str | None, peak: float | None) -> Schedule:
    """A schedule as it is, a recipe over its horizon."""
    if isinstance(value, Schedule):
        return value
    if horizon is None:
        raise SpecError(f"expected a horizon for the recipe {value}, got none: write --horizon 100k")
    return value.over(horizon, peak=peak)


def read(source: str) -> Recipe | Schedule | Run:
    """Whatever a source describes, recognised by its ending or its name."""
    path = Path(source)
    if path.suffix == ".jsonl":
        return read_journal(path)
    if source in {one.name for one in FAMILIES}:
        return family(source).recipe
    if path.suffix not in READERS:
        return parse(source)
    if path.stat().st_size > LARGEST:
        raise SpecError(f"{path}: expected a spec of at most {LARGEST} bytes, got {path.stat().st_size}")
    try:
        return READERS[path.suffix](path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise SpecError(f"{path}: expected a spec as UTF-8 text, got other bytes") from error
