"""MLflow's database and file store, as mlflow wrote them: two runs that log steps 4 and 5 again."""

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest

from glidepath.logs import mlflow_database, mlflow_folder
from glidepath.logs.files import head_of
from glidepath.logs.opening import open_run, open_runs
from glidepath.runs.run import Run

DATA = Path(__file__).parents[1] / "data" / "logs"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "mlflow.db"
    file.write_bytes(gzip.decompress((DATA / "mlflow.db.gz").read_bytes()))
    return file


def check(run: Run) -> None:
    assert run["loss"].steps.tolist() == run["lr"].steps.tolist() == list(range(8))
    assert run["lr"].values == pytest.approx(3e-4 * (1 - np.arange(8) / 8))
    assert np.isnan(run["loss"].values[3])
    assert run["validation_loss"].values.tolist() == [np.inf]
    assert run.segments == (0, 4)
    assert run.discarded["loss"].steps.tolist() == run.discarded["lr"].steps.tolist() == [4, 5]
    assert run.settings == {"learning_rate": 3e-4, "optimizer": "AdamW", "layers": 2}


def test_every_run_of_the_database_is_read_by_its_name(file: Path) -> None:
    runs = open_runs(file)
    assert list(runs) == ["mlflow.db/first", "mlflow.db/second"]
    for run in runs.values():
        check(run)


def test_the_database_is_not_written_to(file: Path) -> None:
    before = file.read_bytes()
    open_runs(file)
    assert file.read_bytes() == before
    assert [one.name for one in file.parent.iterdir()] == ["mlflow.db"]


def test_every_run_of_the_file_store_is_read_by_its_name() -> None:
    runs = open_runs(DATA / "mlruns")
    assert sorted(run.name for run in runs.values()) == ["first", "second"]
    for run in runs.values():
        check(run)


def test_an_experiment_and_a_run_are_opened_alone() -> None:
    (experiment,) = (DATA / "mlruns").iterdir()
    assert len(open_runs(experiment)) == 2
    run = next(one for one in sorted(experiment.iterdir()) if one.is_dir())
    check(open_run(run))


def test_deleted_runs_cut_lines_and_data_sets_are_known(tmp_path: Path) -> None:
    shutil.copytree(DATA / "mlruns", tmp_path / "mlruns")
    (experiment,) = (tmp_path / "mlruns").iterdir()
    first, second = (one for one in sorted(experiment.iterdir()) if one.is_dir())
    meta = (first / "meta.yaml").read_text()
    (first / "meta.yaml").write_text(meta.replace("lifecycle_stage: active", "lifecycle_stage: deleted"))
    with (second / "metrics" / "train" / "loss").open("a") as file:
        file.write("9795272604035 0.25 8 data 0a1b2c\n9795272604036 nonsense 9\n9795272604037 0.1")
    run = open_run(tmp_path / "mlruns")
    assert run["loss"].values[8] == 0.25
    assert any("2 lines" in note for note in run.notes)


@pytest.mark.parametrize("size", [100, 5_000, 100_000, 600_000])
def test_a_database_that_was_cut_is_refused_or_read(file: Path, size: int) -> None:
    file.write_bytes(file.read_bytes()[:size])
    mlflow_database.recognises(file, head_of(file))


def test_a_store_without_metrics_is_refused(tmp_path: Path, complaint) -> None:
    assert not mlflow_folder.recognises(tmp_path, b"")
    complaint(mlflow_folder.read, tmp_path)
