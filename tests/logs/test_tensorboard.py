"""Event files as torch's SummaryWriter and tensorboard itself write them: values, segments, folders, damage."""

import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from torch.utils.tensorboard import SummaryWriter

from glidepath.logs import tensorboard
from glidepath.logs.crc32c import masked
from glidepath.logs.opening import open_run, open_runs

FLOAT32 = 1e-6  # relative: what a float32 keeps of a number


def the_file(folder: Path) -> Path:
    (found,) = folder.glob("*tfevents*")
    return found


def written(folder: Path, steps: Iterable[int], **more: float) -> Path:
    with SummaryWriter(str(folder)) as writer:
        for step in steps:
            writer.add_scalar("train/lr", 1e-5 * (step + 1), step)
            writer.add_scalar("train/loss", 4 / (step + 1) + more.get("raised", 0), step)
    return folder


def events(folder: Path, *summaries: tuple[int, Summary]) -> Path:
    writer = EventFileWriter(str(folder))
    for step, summary in summaries:
        writer.add_event(Event(wall_time=time.time(), step=step, summary=summary))
    writer.close()
    return folder


def tensor(tag: str, plugin: str = "scalars", **content: object) -> Summary:
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=plugin))
    value = TensorProto(tensor_shape=TensorShapeProto(), **content)
    return Summary(value=[Summary.Value(tag=tag, metadata=metadata, tensor=value)])


def test_values_are_those_that_the_event_accumulator_reads(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        for step in (0, 1, 127, 128, 20_000, 2**40):
            writer.add_scalar("train/loss", 1 / (step + 3), step)
            writer.add_scalar("train/lr", float("nan") if step == 1 else step * 1e-6, step, new_style=True)
            writer.add_scalar("exact", 1 / (step + 3), step, new_style=True, double_precision=True)
            writer.add_histogram("weights", np.arange(9.0), step)
            writer.add_text("remark", "nothing to see", step)
    peer = EventAccumulator(str(tmp_path), size_guidance={"scalars": 0, "tensors": 0}).Reload()
    columns = tensorboard.read(tmp_path)[""].columns
    assert set(columns) == {"train/loss", "train/lr", "exact"}
    theirs = peer.Scalars("train/loss")
    assert columns["train/loss"].steps.tolist() == [one.step for one in theirs]
    assert columns["train/loss"].values.tolist() == [one.value for one in theirs]
    assert np.isnan(columns["train/lr"].values[1])
    assert columns["exact"].values.tolist() == [1 / (step + 3) for step in (0, 1, 127, 128, 20_000, 2**40)]


def test_scalars_as_tensors_are_read_in_every_precision(tmp_path: Path) -> None:
    kept = {
        "float": {"dtype": 1, "float_val": [0.5]},
        "double": {"dtype": 2, "double_val": [0.5]},
        "half": {"dtype": 19, "half_val": [int(np.float16(0.5).view(np.uint16))]},
        "bfloat16": {"dtype": 14, "half_val": [0x3F00]},
        "float content": {"dtype": 1, "tensor_content": np.float32(0.5).tobytes()},
        "double content": {"dtype": 2, "tensor_content": np.float64(0.5).tobytes()},
        "half content": {"dtype": 19, "tensor_content": np.float16(0.5).tobytes()},
    }
    events(
        tmp_path,
        *((7, tensor(tag, **content)) for tag, content in kept.items()),
        (7, tensor("two", dtype=1, float_val=[1, 2])),
        (7, tensor("picture", plugin="images", dtype=1, float_val=[1])),
    )
    columns = tensorboard.read(tmp_path)[""].columns
    assert {tag: column.values.tolist() for tag, column in columns.items()} == {tag: [0.5] for tag in kept}


def test_a_summary_of_several_values_and_a_negative_step_are_read(tmp_path: Path) -> None:
    both = Summary(value=[Summary.Value(tag="a", simple_value=1), Summary.Value(tag="b", simple_value=2)])
    columns = tensorboard.read(events(tmp_path, (-1, both), (5, both)))[""].columns
    assert {tag: (one.steps.tolist(), one.values.tolist()) for tag, one in columns.items()} == {
        "a": ([-1, 5], [1, 1]),
        "b": ([-1, 5], [2, 2]),
    }


def test_a_second_file_is_a_segment_and_what_it_does_again_is_discarded(tmp_path: Path) -> None:
    written(tmp_path, range(10))
    time.sleep(0.01)
    written(tmp_path, range(8, 16), raised=1)
    run = open_run(tmp_path)
    assert run.segments == (0, 8)
    for name in ("loss", "lr"):
        assert run[name].steps.tolist() == list(range(16))
        assert run.discarded[name].steps.tolist() == [8, 9]
    assert run["loss"].values[8] == pytest.approx(4 / 9 + 1, rel=FLOAT32)


def test_a_file_alone_is_a_run_too(tmp_path: Path) -> None:
    assert len(open_run(the_file(written(tmp_path, range(5))))["loss"]) == 5


def test_folders_of_add_scalars_are_columns_of_their_run(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        for step in range(5):
            writer.add_scalar("lr", 0.1, step)
            writer.add_scalars("fit/loss", {"train": 2.0 - step / 10, "val": 3.0}, step)
    (run,) = open_runs(tmp_path).values()
    assert run["fit/loss/train"].steps.tolist() == list(range(5))
    assert run["fit/loss/val"].values.tolist() == [3.0] * 5


def test_other_folders_are_runs_of_their_own(tmp_path: Path) -> None:
    written(tmp_path, range(3))
    written(tmp_path / "second", range(4))
    lengths = {name: len(run["loss"]) for name, run in open_runs(tmp_path).items()}
    assert sorted(lengths.values()) == [3, 4]
    assert any(name.endswith("/second") for name in lengths)


def test_the_folders_of_keras_are_one_run_over_epochs(tmp_path: Path) -> None:
    loss = [(epoch, tensor("epoch_loss", dtype=1, float_val=[2 - epoch])) for epoch in range(3)]
    rate = [(epoch, tensor("epoch_learning_rate", dtype=1, float_val=[0.5])) for epoch in range(3)]
    batches = [(9 * epoch, tensor("evaluation_loss_vs_iterations", dtype=1, float_val=[3])) for epoch in range(3)]
    events(tmp_path / "train", *loss, *rate)
    events(
        tmp_path / "validation",
        *batches,
        *((epoch, tensor("epoch_loss", dtype=2, double_val=[3])) for epoch in range(3)),
    )
    run = open_run(tmp_path)
    assert run.clock == "epochs"
    assert run["loss"].values.tolist() == [2, 1, 0]
    assert run["lr"].values.tolist() == [0.5] * 3
    assert run["validation_loss"].values.tolist() == [3] * 3
    assert any("counted in batches" in note for note in run.notes)


def test_megatron_counts_updates_done_and_its_twins_tell_the_samples(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        for done in (1, 2, 3):
            for tag, value in {"lm loss": 9 - done, "learning-rate": 0.1 * done}.items():
                writer.add_scalar(tag, value, done)
                writer.add_scalar(f"{tag} vs samples", value, 32 * done)
    run = open_run(tmp_path)
    assert run["loss"].steps.tolist() == [0, 1, 2]
    assert run["samples"].values.tolist() == [32, 64, 96]
    assert set(run.curves) == {"loss", "lr", "samples"}
    assert "the 3 of Megatron is update 2" in run.notes[0]


def test_the_steps_of_deepspeed_are_samples(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_scalar("Train/Samples/lr", 0.1, 64)
        writer.add_scalar("Train/Samples/train_loss", 2, 64)
    run = open_run(tmp_path)
    assert run.clock == "samples"
    assert run["loss"].steps.tolist() == run["lr"].steps.tolist() == [64]


def test_a_cut_record_costs_nothing_else_and_is_said(tmp_path: Path) -> None:
    file = the_file(written(tmp_path, range(5)))
    file.write_bytes(file.read_bytes()[:-7])
    run = open_run(tmp_path)
    assert len(run["lr"]) == 5
    assert len(run["loss"]) == 4
    assert any("the last record is cut" in note for note in run.notes)


def test_a_damaged_value_is_left_out_and_a_damaged_length_ends_the_file(tmp_path: Path) -> None:
    file = the_file(written(tmp_path, range(5)))
    whole = file.read_bytes()
    place = whole.index(b"train/loss", len(whole) // 2)
    file.write_bytes(whole[:place] + b"TRAIN" + whole[place + 5 :])
    run = open_run(tmp_path)
    assert len(run["loss"]) == 4
    assert any("1 damaged records left out" in note for note in run.notes)
    header = whole.index(b"train/loss", len(whole) // 2) - 28
    file.write_bytes(whole[:header] + bytes(byte ^ 1 for byte in whole[header : header + 20]) + whole[header + 20 :])
    run = open_run(tmp_path)
    assert 0 < len(run["lr"]) < 5
    assert any("behind a damaged record" in note for note in run.notes)


def test_a_large_picture_is_passed_over(tmp_path: Path) -> None:
    large = Summary(value=[Summary.Value(tag="x", tensor=TensorProto(dtype=7, string_val=[b"x" * 3_000_000]))])
    scalar = Summary(value=[Summary.Value(tag="loss", simple_value=1)])
    events(tmp_path, (0, scalar), (1, large), (2, scalar), (3, large))
    assert open_run(tmp_path)["loss"].steps.tolist() == [0, 2]
    file = the_file(tmp_path)
    file.write_bytes(file.read_bytes()[:-100])
    run = open_run(tmp_path)
    assert run["loss"].steps.tolist() == [0, 2]
    assert any("cut" in note for note in run.notes)


def test_what_is_no_event_file_is_refused(tmp_path: Path, complaint) -> None:
    (tmp_path / "events.out.tfevents.1").write_bytes(b"\0" * 100)
    assert "damaged" in complaint(tensorboard.read, tmp_path / "events.out.tfevents.1")
    complaint(tensorboard.read, tmp_path)
    complaint(tensorboard.read, tmp_path / "missing")


@pytest.mark.parametrize("length", [1, 9, 255])
def test_the_crc_is_that_of_tensorflow(length: int) -> None:
    messages = np.random.default_rng(length).integers(0, 256, (length, 5)).astype(np.uint8)
    assert masked(messages).tolist() == [masked_crc32c(column.tobytes()) for column in messages.T]
