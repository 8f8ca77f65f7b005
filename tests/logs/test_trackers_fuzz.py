"""Real files of trackers, cut, flipped and made up: a run or one sentence, in bounded time."""

import gzip
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from torch.utils.tensorboard import SummaryWriter

from glidepath.errors import GlidepathError
from glidepath.logs import (
    checkpoint,
    journal,
    mlflow_database,
    mlflow_folder,
    tensorboard,
    trackio,
    transformers,
    wandb,
)
from glidepath.logs.opening import open_runs

DATA = Path(__file__).parents[1] / "data" / "logs"
READERS = (checkpoint, journal, mlflow_database, mlflow_folder, tensorboard, trackio, transformers, wandb)
FORMS = ("events", "wandb", "mlflow", "trackio", "state", "checkpoint", "journal")
NAMES = {"events": "events.out.tfevents.1", "state": "trainer_state.json", "checkpoint": "x.pt", "journal": "run.jsonl"}
Whole = Callable[[str], bytes]
share = st.floats(0, 1)
LONGEST = 1_500  # characters of a complaint: the one about an unknown form names all that were tried
fuzzed = settings(
    max_examples=int(os.environ.get("FUZZ", "40")),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """The bytes of a whole file, by its form."""
    folder = tmp_path_factory.mktemp("events")
    with SummaryWriter(str(folder)) as writer:
        for step in range(20):
            writer.add_scalar("loss", 1 / (step + 1), step)
            writer.add_scalar("lr", 0.1, step, new_style=True)
        writer.add_text("note", "x")
    torch.save({"optimizer": {"param_groups": [{"lr": 0.1}]}, "step": 3, "w": torch.ones(9)}, folder / "x.pt")
    rows = ", ".join(f'{{"step": {step}, "loss": {step}.5, "learning_rate": 1e-05}}' for step in range(1, 20))
    lines = "".join(f'{{"step": {step}, "lr": 0.1, "loss": {step}}}\n' for step in range(20))
    files = {
        "events": next(folder.glob("*tfevents*")).read_bytes(),
        "wandb": next(DATA.glob("wandb/*/*.wandb")).read_bytes(),
        "mlflow": gzip.decompress((DATA / "mlflow.db.gz").read_bytes()),
        "trackio": gzip.decompress((DATA / "trackio.db.gz").read_bytes()),
        "state": f'{{"log_history": [{rows}], "global_step": 19}}'.encode(),
        "checkpoint": (folder / "x.pt").read_bytes(),
        "journal": b'{"segment": 0, "settings": {}}\n' + lines.encode(),
    }
    return lambda form: files[form]  # whose print is short, where an example is printed


def opened(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    try:
        for run in open_runs(file).values():
            assert run.curves
    except GlidepathError as error:
        message = str(error)
        assert "\n" not in message
        assert len(message) < LONGEST


@pytest.mark.parametrize("form", FORMS)
@fuzzed
@given(edits=st.lists(st.tuples(share, st.integers(0, 255)), max_size=8), kept=st.just(1.0) | share)
def test_a_mutated_file_is_a_run_or_a_sentence(
    tmp_path: Path, whole: Whole, limit: Callable, form: str, edits: list[tuple[float, int]], kept: float
) -> None:
    content = bytearray(whole(form))
    for place, byte in edits:
        content[int(place * (len(content) - 1))] = byte
    with limit(5):
        opened(tmp_path / NAMES.get(form, "run.db"), bytes(content[: int(kept * len(content))]))


@pytest.mark.parametrize("form", FORMS)
@fuzzed
@given(tail=st.binary(max_size=300), kept=st.integers(0, 64))
def test_a_right_beginning_and_any_bytes_behind_it_are_a_run_or_a_sentence(
    tmp_path: Path, whole: Whole, limit: Callable, form: str, tail: bytes, kept: int
) -> None:
    with limit(5):
        opened(tmp_path / NAMES.get(form, "run.db"), whole(form)[:kept] + tail)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.NAME)
@given(head=st.binary(max_size=200))
def test_no_reader_stumbles_over_a_head(reader, head: bytes) -> None:
    assert reader.recognises(Path("missing"), head) in (True, False)


def part(message: bytes) -> bytes:
    """A message in the frame of wandb, its sum right."""
    crc = zlib.crc32(message, zlib.crc32(b"\1"))
    return struct.pack("<IHB", crc, len(message), 1) + message


def record(message: bytes) -> bytes:
    """A message in the frame of TensorBoard, its sums right."""
    length = struct.pack("<Q", len(message))
    return length + struct.pack("<I", masked_crc32c(length)) + message + struct.pack("<I", masked_crc32c(message))


EVENTS = st.builds(
    lambda head, body: head + body,
    st.sampled_from(
        [b"", b"\x09\0\0\0\0\0\0\0\0", b"\x09\0\0\0\0\0\0\0\0\x10\x03", b"\x09\0\0\0\0\0\0\xf8\x7f\x10\x03\x2a"]
    ),
    st.binary(max_size=40) | st.builds(lambda inner: b"\x2a" + bytes([len(inner)]) + inner, st.binary(max_size=40)),
)


@given(messages=st.lists(EVENTS, min_size=1, max_size=5))
def test_records_of_any_bytes_with_right_sums_are_a_run_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, messages: list[bytes]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    whole = record(b"\x09\0\0\0\0\0\0\0\0\x10\x02\x2a\x0d\x0a\x0b\x0a\x04loss\x15\0\0\0\x3f")
    opened(folder / "events.out.tfevents.2", whole + b"".join(map(record, messages)))
    opened(folder / "run-x.wandb", b":W&B\xe1\xbe\x00" + b"".join(map(part, messages)))
    history = [b"\x12" + bytes([len(message)]) + message for message in messages]
    opened(folder / "run-x.wandb", b":W&B\xe1\xbe\x00" + b"".join(map(part, history)))
