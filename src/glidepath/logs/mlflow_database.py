"""MLflow's SQLite file, `mlflow.db`: all its runs that nobody deleted.

`metrics(key, value, timestamp, step, is_nan, run_uuid)`: a NaN is a 0 with a mark, an infinity the largest float64.
The order is that of the timestamps (milliseconds), as a run may log a step again behind a resume.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any

from glidepath.errors import LogError
from glidepath.logs.counting import from_zero
from glidepath.logs.database import database, tables
from glidepath.logs.files import called
from glidepath.logs.gathering import Gathering, by_name, number, setting, whole
from glidepath.runs.recording import Recording

NAME = "MLflow SQLite"
TABLES = {"metrics", "params", "runs", "experiments"}
LARGEST_FLOAT = 1.7976931348623157e308  # what MLflow writes for infinity
RUNS = "SELECT run_uuid, name FROM runs WHERE lifecycle_stage = 'active' ORDER BY start_time LIMIT 10000"
PARAMETERS = "SELECT run_uuid, key, value FROM params LIMIT 1000000"
METRICS = "SELECT run_uuid, key, value, is_nan, step FROM metrics ORDER BY run_uuid, timestamp, rowid"


def recognises(path: Path, head: bytes) -> bool:
    """A SQLite file with MLflow's tables."""
    return tables(path, head) >= TABLES


def read(path: Path) -> Mapping[str, Recording]:
    """The runs by their names; raises LogError where there are none."""
    with database(path) as connection:
        names = {str(run): str(name or run) for run, name in connection.execute(RUNS)}
        settings: dict[str, dict[str, Any]] = {run: {} for run in names}
        for run, key, value in connection.execute(PARAMETERS):
            settings.get(str(run), {})[str(key)] = setting(value)
        found = {
            run: _recording(rows, names[run], settings[run])
            for run, rows in groupby(connection.execute(METRICS), key=lambda row: str(row[0]))
            if run in names
        }
    if not any(one.columns for one in found.values()):
        raise LogError(f"{called(path)}: expected runs with metrics, got {len(names)} without any")
    return by_name({run: found[run] for run in names if run in found})


def _recording(rows: Iterator[Any], name: str, settings: dict[str, Any]) -> Recording:
    points, row, before = Gathering(), 0, None
    for _, key, value, is_nan, place in rows:
        step, found = whole(place), number(float("nan") if is_nan else value)
        if step is None or found is None:
            points.left_out += 1
            continue
        row += step != before
        before = step
        points.add(row, step, [(str(key), found if abs(found) < LARGEST_FLOAT else found * 2)])
    columns, notes = from_zero(points.columns(), settings)
    return Recording(columns, MappingProxyType(settings), (*notes, *points.omissions()), name=name, origin=NAME)
