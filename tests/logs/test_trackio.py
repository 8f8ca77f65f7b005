"""trackio's database of a project, as trackio wrote it; and databases that mean harm."""

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from glidepath.logs import trackio
from glidepath.logs.files import head_of
from glidepath.logs.opening import open_runs

DATA = Path(__file__).parents[1] / "data" / "logs"
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "demo.db"
    file.write_bytes(gzip.decompress((DATA / "trackio.db.gz").read_bytes()))
    return file


def made(file: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return file


def test_every_run_is_read_by_its_name(file: Path) -> None:
    runs = open_runs(file)
    assert list(runs) == ["demo.db/first", "demo.db/second"]
    for run in runs.values():
        assert run["loss"].values == pytest.approx(4 / np.arange(1, 9))
        assert run["lr"].steps.tolist() == list(range(8))
        assert np.isnan(run["odd"].values[3])
        assert np.isinf(run["odd"].values[4])
        assert run.settings == {"learning_rate": 3e-4}


def test_a_table_of_before_runs_had_ids_is_read(tmp_path: Path) -> None:
    file = made(
        tmp_path / "old.db",
        "CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp TEXT, run_name TEXT, step INTEGER, metrics TEXT)",
        """INSERT INTO metrics VALUES (1, '', 'one', 0, '{"loss": 2, "train/global_step": 7}')""",
        "INSERT INTO metrics VALUES (2, '', 'one', 1, 'no JSON')",
    )
    (run,) = open_runs(file).values()
    assert run["loss"].steps.tolist() == [6]
    assert any("1 values left out" in note for note in run.notes)


def test_a_view_that_never_ends_ends(tmp_path: Path, complaint, limit) -> None:
    file = made(
        tmp_path / "evil.db",
        "CREATE TABLE configs (run_name TEXT, config TEXT)",
        f"CREATE VIEW metrics AS {ENDLESS} i AS id, i AS step, 'x' AS run_name, '{{}}' AS metrics FROM n",
    )
    with limit(5):
        assert not trackio.recognises(file, head_of(file))
        complaint(trackio.read, file)


def test_a_column_that_computes_a_huge_value_is_refused(tmp_path: Path, complaint, limit) -> None:
    file = made(
        tmp_path / "evil.db",
        "CREATE TABLE metrics (run_name TEXT, step INTEGER, metrics TEXT AS (hex(zeroblob(40000000))))",
        "INSERT INTO metrics VALUES ('x', 1)",
    )
    with limit(5):
        complaint(trackio.read, file)


def test_a_database_without_points_is_refused(tmp_path: Path, complaint) -> None:
    file = made(tmp_path / "x.db", "CREATE TABLE metrics (run_name TEXT, step INTEGER, metrics TEXT)")
    assert trackio.recognises(file, head_of(file))
    complaint(trackio.read, file)
    complaint(trackio.read, tmp_path / "missing.db")
