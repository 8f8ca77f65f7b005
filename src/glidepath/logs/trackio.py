"""trackio's SQLite file of a project: `metrics(id, run_id, timestamp, run_name, step, metrics)`, JSON in the last."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from glidepath.errors import LogError
from glidepath.logs.counting import recounted
from glidepath.logs.database import columns_of, database, tables
from glidepath.logs.files import called
from glidepath.logs.gathering import Gathering, by_name, whole
from glidepath.logs.objects import numbers, object_in
from glidepath.runs.recording import Recording

NAME = "trackio SQLite"
NEEDED = {"run_name", "step", "metrics"}
NO_SETTING = "_"  # before what trackio adds to the settings of the user


def recognises(path: Path, head: bytes) -> bool:
    """A SQLite file with a table of metrics by the name of the run."""
    if "metrics" not in tables(path, head):
        return False
    try:
        with database(path) as connection:
            return columns_of(connection, "metrics") >= NEEDED
    except LogError:
        return False


def read(path: Path) -> Mapping[str, Recording]:
    """The runs by their names; raises LogError where there are none."""
    runs = dict[str, tuple[str, Gathering]]()
    with database(path) as connection:
        run_id = "run_id" if "run_id" in columns_of(connection, "metrics") else "run_name"
        rows = connection.execute(f"SELECT {run_id}, run_name, step, metrics FROM metrics ORDER BY rowid")  # noqa: S608
        for row, (run, name, place, text) in enumerate(rows):
            _, points = runs.setdefault(str(run), (str(name), Gathering()))
            step, values = whole(place), object_in(text)
            if step is None or not values:
                points.left_out += 1
                continue
            points.add(row, step, numbers(values))
        settings = {}
        if columns_of(connection, "configs") >= {run_id, "config"}:
            pairs = connection.execute(f"SELECT {run_id}, config FROM configs LIMIT 10000")  # noqa: S608
            settings = {str(run): object_in(text) or {} for run, text in pairs}
    made = {run: _recording(points, name, settings.get(run, {})) for run, (name, points) in runs.items()}
    if not any(one.columns for one in made.values()):
        raise LogError(f"{called(path)}: expected runs with metrics, got {len(made)} without any")
    return by_name(made)


def _recording(points: Gathering, name: str, settings: Mapping[str, Any]) -> Recording:
    columns, notes = recounted(points.columns())
    own = {key: value for key, value in settings.items() if not key.startswith(NO_SETTING)}
    return Recording(columns, MappingProxyType(own), (*notes, *points.omissions()), name=name, origin=NAME)
