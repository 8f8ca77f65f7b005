"""Tables of any program: what their columns are, which counts the steps, and what is left out."""

import gzip
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glidepath.errors import MissingExtra
from glidepath.logs import sheets
from glidepath.logs.delimited import layout_of
from glidepath.logs.opening import open_run, open_runs
from glidepath.logs.rows import delimited
from glidepath.logs.scanning import scanned
from glidepath.logs.sheet import recorded
from glidepath.runs.run import Run

SHARED = Path(__file__).parents[3] / "shared" / "data" / "lr_scheduling" / "runs"


def read(folder: Path, text: str | bytes, name: str = "log.csv") -> Run:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_run(path)


def points(run: Run, name: str) -> dict[int, float]:
    return dict(zip(run[name].steps.tolist(), run[name].values.tolist(), strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "step,lr,loss\n0,0.1,3\n1,0.05,2\n",
        "Step;Learning Rate;Train Loss\r\n0;0.1;3\r\n1;0.05;2\r\n",
        "step;lr;loss\n0;0,1;3,0\n1;0,05;2,0\n",
        "iter\tlr\tloss\n0\t0.1\t3\n1\t0.05\t2\n",
        '"step","lr","loss"\n"0","0.1","3"\n"1","0.05","2"\n',
        " step, lr, loss\n 0, 0.1, 3\n 1, 0.05, 2\n",
        "# made by hand\n\nstep,lr,loss\n0,0.1,3\n\n1,0.05,2\n",
        'run,step,lr,loss\n"a, b",0,0.1,3\n"a, b",1,0.05,2\n',
        '{"step": 0, "lr": 0.1, "loss": 3}\n{"step": 1, "lr": "5e-2", "loss": 2, "done": true, "name": "x"}\n',
        '{"global_step": 0, "train": {"lr": 0.1, "loss": 3}}\n{"global_step": 1, "train": {"lr": 0.05, "loss": 2}}\n',
    ],
)
def test_tables_of_many_looks_say_the_same(tmp_path: Path, text: str) -> None:
    run = read(tmp_path, text)
    assert points(run, "lr") == {0: 0.1, 1: 0.05}
    assert points(run, "loss") == {0: 3.0, 1: 2.0}
    assert run.clock == "steps"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = "step,lr,loss,größe\n0,0.1,3,1\n1,0.05,2,1\n"
    assert points(read(tmp_path, text.encode(encoding)), "loss") == {0: 3.0, 1: 2.0}
    assert points(read(tmp_path, gzip.compress(text.encode(encoding)), "log.csv.gz"), "loss") == {0: 3.0, 1: 2.0}


def test_an_empty_cell_is_absent_and_a_nan_is_kept(tmp_path: Path) -> None:
    run = read(tmp_path, "step,lr,loss\n0,0.1,\n0,,nan\n1,0.1,NA\n1,,inf\n2,None,-inf\n")
    assert points(run, "lr") == {0: 0.1, 1: 0.1}
    np.testing.assert_array_equal(run["loss"].values, [np.nan, np.inf, -np.inf])
    assert run["loss"].steps.tolist() == [0, 1, 2]


def test_without_a_step_the_epoch_counts_and_else_the_rows(tmp_path: Path) -> None:
    assert read(tmp_path, "epoch,loss\n0,3\n1,2\n", "a.csv").clock == "epochs"
    rows = read(tmp_path, "epoch,lr,loss\n0.5,1,3\n0.7,1,2\n0.9,1,1\n", "b.csv")
    assert rows["loss"].steps.tolist() == [0, 1, 2]
    assert "rows are counted" in rows.notes[0]


def test_rows_without_a_step_are_left_out_and_said(tmp_path: Path) -> None:
    run = read(tmp_path, "step,loss\n0,3\n1,2\nnan,9\n1e300,9\n2.5,9\n,9\n2,1\n3,1\n4,1\n5,1\n")
    assert run["loss"].steps.tolist() == [0, 1, 2, 3, 4, 5]
    assert "4 of 10 rows have no step" in run.notes[0]


@pytest.mark.parametrize("end", ["2,0.0", "2,", "2", '{"', "\x00\x00"])
def test_a_cut_last_record_is_left_out_and_said(tmp_path: Path, end: str) -> None:
    run = read(tmp_path, "step,loss\n0,3\n1,2\n" + end)
    assert points(run, "loss") == {0: 3.0, 1: 2.0}
    assert "cut" in run.notes[0]


def test_a_whole_last_json_line_needs_no_end(tmp_path: Path) -> None:
    whole = '{"step": 0, "loss": 3}\n{"step": 1, "loss": 2}'
    assert len(read(tmp_path, whole, "a.jsonl")["loss"]) == 2
    cut = read(tmp_path, whole[:-1], "b.jsonl")
    assert len(cut["loss"]) == 1
    assert "cut" in cut.notes[0]


def test_a_resume_is_one_series_with_what_was_undone_aside(tmp_path: Path) -> None:
    lines = [*range(10), *range(8, 16)]
    run = read(tmp_path, "step,loss\n" + "".join(f"{step},{place}\n" for place, step in enumerate(lines)))
    assert run["loss"].steps.tolist() == list(range(16))
    assert run.segments == (0, 8)
    assert run.discarded["loss"].steps.tolist() == [8, 9]
    first, second = open_runs(tmp_path / "log.csv", apart=True).values()
    assert (len(first["loss"]), len(second["loss"])) == (10, 8)


def test_a_header_that_comes_again_begins_a_segment(tmp_path: Path) -> None:
    run = read(tmp_path, "step,loss,lr\n0,3,1\n1,2,1\nstep,lr,loss\n2,1,5\n")
    assert points(run, "loss") == {0: 3.0, 1: 2.0, 2: 5.0}
    assert run.segments == (0, 2)


def test_thousands_of_columns_are_read_and_a_million_refused(tmp_path: Path, complaint: Callable[..., str]) -> None:
    wide = ",".join(["step", "loss", *(f"m{place}" for place in range(5_000))])
    assert len(read(tmp_path, f"{wide}\n0,3{',1' * 5_000}\n1,2{',1' * 5_000}\n").curves) == 5_001
    assert "columns" in complaint(read, tmp_path, "step,loss" + ",x" * 1_000_000 + "\n0,3\n")


def test_parquet(tmp_path: Path, complaint: Callable[..., str]) -> None:
    frame = polars.DataFrame({"step": [0, 1, 2], "loss": [3.0, None, 1.0], "name": ["a", "b", "c"], "flag": [True] * 3})
    frame.write_parquet(tmp_path / "log.parquet")
    run = open_run(tmp_path / "log.parquet")
    assert points(run, "loss") == {0: 3.0, 2: 1.0}
    assert set(run.curves) == {"loss"}
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "log.parquet").read_bytes()[:-20])
    assert "polars refuses" in complaint(open_run, tmp_path / "cut.parquet")


def test_a_table_of_something_else_is_refused(tmp_path: Path, complaint: Callable[..., str]) -> None:
    assert "losses or learning rates" in complaint(read, tmp_path, "name,age\nann,3\n")
    assert "losses or learning rates" in complaint(read, tmp_path, '{"name": 1}\n', "a.jsonl")
    assert "at least one value" in complaint(read, tmp_path, "step,lr,loss\n")


CELLS = st.one_of(st.sampled_from(["", "nan", "inf", "-Inf", "NA", "x", '"1,5"', " 2 ", "1e999"]), st.floats().map(str))


@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=8), cut=st.booleans())
def test_both_ways_of_parsing_agree(rows: list[list[str]], cut: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "both.csv"
    lines = [",".join([str(place), *row]) for place, row in enumerate(rows)]
    lines.insert(0, "0 ,1,2,3")  # padded cells, which the first lines must show
    path.write_text("\n".join(["step,lr,loss,other", *lines]) + ("" if cut else "\n"))
    layout = layout_of(path)
    one, other = (recorded(way(path, layout)) for way in (delimited, scanned))
    assert set(one.columns) == set(other.columns)
    assert one.notes == other.notes
    for name, column in one.columns.items():
        np.testing.assert_array_equal(column.rows, other.columns[name].rows)
        np.testing.assert_array_equal(column.steps, other.columns[name].steps)
        np.testing.assert_array_equal(column.values, other.columns[name].values)


@pytest.mark.parametrize("name", ["big.csv", "big.csv.gz"])
def test_large_tables_go_the_fast_way(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "SMALL", 100)
    text = "step;lr;loss\n" + "".join(f"{step};0,5;{step}\n" for step in range(1_000)) + "1000;0"
    run = read(tmp_path, gzip.compress(text.encode()) if name.endswith("gz") else text, name)
    assert points(run, "loss") == {step: float(step) for step in range(1_000)}
    assert set(run["lr"].values) == {0.5}
    assert "cut" in run.notes[0]


def test_a_large_table_in_another_encoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "SMALL", 10)
    assert points(read(tmp_path, "step,loss\n0,3\n1,2\n".encode("utf-16")), "loss") == {0: 3.0, 1: 2.0}


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the public logs in ../shared/data")
def test_public_logs_are_read_whole() -> None:
    for path in sorted(SHARED.glob("*.csv"))[:20]:
        frame, run = polars.read_csv(path), open_run(path)
        names = {"train_lr": "lr", "train_loss": "loss", "val_loss": "validation_loss", "grad_norm": "grad_norm"}
        for name in set(names) & set(frame.columns):
            kept = frame.drop_nulls(name)
            np.testing.assert_array_equal(run[names[name]].steps, kept["iter"])
            np.testing.assert_array_equal(run[names[name]].values, kept[name])


def test_json_lines_may_hold_anything(tmp_path: Path) -> None:
    rows = [
        '{"step": 0, "loss": NaN}',
        "[" * 10_000,
        '{"step": 1, "loss": ' + "9" * 5_000 + "}",
        "7",
        json.dumps({"step": 2}),
    ]
    run = read(
        tmp_path, "\n".join([*rows, '{"step": 3, "loss": 1e999, "deep": {"a": {"b": {"c": {"d": 1}}}}}', ""]), "a.jsonl"
    )
    assert run["loss"].steps.tolist() == [0, 3]
    assert "no JSON objects" in run.notes[0]


def test_without_polars_a_moderate_table_is_read_and_a_large_one_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    monkeypatch.setattr(sheets, "SMALL", 10)
    assert points(read(tmp_path, "step,loss\n0,3\n1,2\n"), "loss") == {0: 3.0, 1: 2.0}
    monkeypatch.setattr(sheets, "MODERATE", 10)
    with pytest.raises(MissingExtra, match=r"glidepath\[logs\]"):
        read(tmp_path, "step,loss\n0,3\n1,2\n")
