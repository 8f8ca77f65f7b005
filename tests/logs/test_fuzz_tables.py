"""Whatever lies in a file: a run or one sentence, in bounded time."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glidepath.errors import GlidepathError
from glidepath.logs import sheets
from glidepath.logs.opening import open_runs
from glidepath.runs.run import Run

EXAMPLES = int(os.environ.get("FUZZ", "120"))
NAMES = (
    *("log.csv", "log.tsv", "log.jsonl", "log.parquet", "log", "log.csv.gz", "metrics.csv", "results.csv"),
    *("summary.csv", "history.csv", "progress.csv", "Train_Samples_lr.csv"),
)
WORDS = st.sampled_from(
    [
        *("step", "epoch", "loss", "lr", "train_loss", "val_loss", "lr/pg0", "x/lr0", "time/total_timesteps", "iter"),
        *(
            "iter_time",
            "eval_top1",
            "train/box_loss",
            "run - loss",
            "run - lr__MIN",
            "time",
            "Step",
            "",
            '"',
            "\x00",
            "é",
        ),
        *("0", "1", "-1", "nan", "inf", "1e308", "9" * 400, "2**63", "0.5", "NA", " 3 ", "'", "{", "[", "\ufeff"),
    ]
)
LINES = st.lists(WORDS, max_size=6)
TABLES = st.builds(
    lambda rows, mark, end: end.join(mark.join(row) for row in rows),
    st.lists(LINES, max_size=8),
    st.sampled_from([",", ";", "\t", "|", ", "]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
OBJECTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)
ENCODINGS = st.sampled_from(["utf-8", "utf-16", "utf-8-sig", "utf-16-le", "utf-32"])


def opened(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.write_bytes(data)
    message, runs = "", dict[str, Run]()
    try:
        runs = open_runs(path)
    except GlidepathError as error:
        message = str(error)
    path.unlink()
    assert bool(runs) != ("expected " in message)
    assert "\n" not in message


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@settings(max_examples=EXAMPLES)
@given(name=st.sampled_from(NAMES), data=st.binary(max_size=300))
def test_any_bytes(folder: Path, name: str, data: bytes) -> None:
    opened(folder, name, data)


@settings(max_examples=EXAMPLES)
@given(name=st.sampled_from(NAMES), text=TABLES, encoding=ENCODINGS, cut=st.integers(0, 5))
def test_anything_like_a_table(folder: Path, name: str, text: str, encoding: str, cut: int) -> None:
    data = text.encode(encoding)
    opened(folder, name, data[: len(data) - cut])


@settings(max_examples=EXAMPLES)
@given(rows=st.lists(st.dictionaries(WORDS, OBJECTS, max_size=4), max_size=6), cut=st.integers(0, 5))
def test_anything_like_json_lines(folder: Path, rows: list[dict[str, object]], cut: int) -> None:
    import json

    text = "\n".join(map(json.dumps, rows))
    opened(folder, "log.jsonl", text[: len(text) - cut].encode())


@settings(max_examples=EXAMPLES // 2)
@given(data=st.binary(max_size=100), place=st.integers(0, 400))
def test_anything_like_parquet(folder: Path, data: bytes, place: int) -> None:
    polars = pytest.importorskip("polars")
    polars.DataFrame({"step": [0, 1], "loss": [3.0, 2.0]}).write_parquet(folder / "whole")
    whole = (folder / "whole").read_bytes()
    opened(folder, "log.parquet", whole[:place] + data + whole[place + len(data) :])


@settings(max_examples=EXAMPLES)
@given(text=TABLES)
def test_anything_like_a_large_table(folder: Path, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheets, "SMALL", 0)
        opened(folder, "log.csv", text.encode())
