"""A training killed at any moment and made anew on its folder is the same training, to the bit."""

import random
from pathlib import Path

import pytest
import torch

import glidepath as gp
from glidepath.errors import CheckpointError, GlidepathError, ResumeConflict
from glidepath.lab.gpt import Size
from glidepath.lab.text import corpus_of
from glidepath.lab.training import CHECKPOINTS, Training, Workload, find_peak
from glidepath.runs.journal import read_journal
from glidepath.runs.run import Run
from glidepath.schedules.comparison import compare

STEPS = 40
WORDS = ("the ", "rate ", "at ", "which ", "a ", "model ", "learns ", "is ", "set ", "by ", "one ", "schedule\n")
TEXT = "".join(random.Random(0).choices(WORDS, k=3_000))
SIZE = Size(1, 16, 2, 16)
SERIES = ("lr", "loss", "grad_norm")


def workload(size: Size = SIZE, seed: int = 0) -> Workload:
    return Workload(corpus_of(TEXT, "words"), size, batch_size=4, seed=seed)


def schedule(horizon: int = STEPS, peak: float = 3e-3) -> gp.Schedule:
    return (gp.warmup("10%") >> gp.cosine(to=0.1)).over(horizon, peak=peak)


def training(folder: Path, *, size: Size = SIZE, **terms: float) -> Training:
    return Training(workload(size), schedule(**terms), folder, device="cpu")


def killed_at(folder: Path, *stops: int) -> Training:
    """Processes one after another, each abandoned before the step named, and one that comes to the end."""
    for stop in stops:
        run = training(folder)
        updates = iter(run)
        while run.step < stop:
            next(updates)
        updates.close()
    last = training(folder)
    for _ in last:
        pass
    return last


def series(run: Run, name: str) -> list[tuple[int, float]]:
    curve = run[name]
    return list(zip(curve.steps.tolist(), curve.values.tolist(), strict=True))


def weights(run: Training) -> list[list[float]]:
    return [parameter.flatten().tolist() for parameter in run.model.parameters()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Training:
    """The training that nobody interrupts."""
    torch.set_num_threads(1)
    return killed_at(tmp_path_factory.mktemp("whole"))


def test_the_journal_has_every_update_with_the_learning_rate_of_the_schedule(whole):
    run = read_journal(whole.folder / "journal.jsonl")
    assert [step for step, _ in series(run, "loss")] == list(range(STEPS))
    assert [lr for _, lr in series(run, "lr")] == schedule()(range(STEPS)).tolist()
    every = STEPS // CHECKPOINTS
    assert [step for step, _ in series(run, "validation_loss")] == list(range(every - 1, STEPS, every))
    assert run.segments == (0,)
    assert run.settings == {
        "text": "words",
        "batch_size": 4,
        "seed": 0,
        "layers": 1,
        "width": 16,
        "heads": 2,
        "context": 16,
    }


def test_it_learns(whole):
    losses = [loss for _, loss in series(read_journal(whole.folder / "journal.jsonl"), "validation_loss")]
    assert losses[-1] < losses[0] - 0.2


def stops_of(seed: int) -> tuple[int, ...]:
    """Where the processes of one training are killed: anywhere, forward of where each began or on the same step."""
    draw = random.Random(seed)
    return tuple(sorted(draw.randrange(STEPS + 1) for _ in range(draw.randrange(1, 6))))


@pytest.mark.parametrize(
    "stops", [(0,), (1,), (2,), (3, 3, 3), (STEPS - 1,), (STEPS,), *map(stops_of, range(8))], ids=str
)
def test_killed_and_made_anew(tmp_path, whole, stops):
    run = killed_at(tmp_path, *stops)
    wanted, got = (read_journal(folder / "journal.jsonl") for folder in (whole.folder, tmp_path))
    for name in SERIES:
        assert series(got, name) == series(wanted, name), name
    assert weights(run) == weights(whole)
    assert got.settings == wanted.settings


@pytest.mark.parametrize("stops", [(1,), (5,), (6,), (7, 21)], ids=str)
def test_what_was_measured_on_the_held_out_text_is_not_lost_either(tmp_path, whole, stops):
    killed_at(tmp_path, *stops)
    wanted, got = (read_journal(folder / "journal.jsonl") for folder in (whole.folder, tmp_path))
    assert series(got, "validation_loss") == series(wanted, "validation_loss")


def test_an_exception_in_the_midst_of_an_update_is_a_kill_too(tmp_path, whole, monkeypatch):
    run = training(tmp_path)

    def full(*_: object) -> None:
        raise KeyboardInterrupt

    updates = iter(run)
    for _ in range(7):
        next(updates)
    monkeypatch.setattr(run.optimizer, "step", full)
    with pytest.raises(KeyboardInterrupt):
        next(updates)
    assert weights(killed_at(tmp_path)) == weights(whole)


def test_a_finished_training_made_anew_does_nothing(tmp_path):
    first = killed_at(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    again = training(tmp_path)
    assert again.step == STEPS
    assert list(again) == []
    assert weights(again) == weights(first)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half a file"])
def test_a_leftover_partial_file_is_harmless(tmp_path, whole, content):
    (tmp_path / "checkpoint.partial").write_bytes(content)
    run = killed_at(tmp_path, 9)
    (tmp_path / "checkpoint.partial").write_bytes(content)
    assert weights(killed_at(tmp_path)) == weights(run) == weights(whole)


# ---- Checkpoints that are none. ----


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> bytes:
    """A checkpoint of a training that was abandoned under way."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("under_way")
    updates = iter(training(folder))
    for _ in range(10):
        next(updates)
    updates.close()
    return (folder / "checkpoint.pt").read_bytes()


def refused(folder: Path, content: bytes, error: type[GlidepathError] = CheckpointError, **terms: object) -> str:
    path = folder / "checkpoint.pt"
    path.write_bytes(content)
    with pytest.raises(error) as refusal:
        training(folder, **terms)
    assert ("\n" in str(refusal.value)) == (error is ResumeConflict)  # a page that is read once, and acted on
    assert str(path) in str(refusal.value)
    assert path.read_bytes() == content
    return str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"\x00", b"junk", b"{}", b"\x80\x04N.", b"PK\x03\x04", b"\xff" * 5_000])
def test_junk(tmp_path, content):
    assert "remove it to start over" in refused(tmp_path, content)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999])
def test_truncated(tmp_path, checkpoint, share):
    assert "remove it to start over" in refused(tmp_path, checkpoint[: int(share * len(checkpoint))])


def test_truncated_by_a_byte(tmp_path, checkpoint):
    refused(tmp_path, checkpoint[:-1])


def pickled(folder: Path, value: object) -> bytes:
    torch.save(value, folder / "value.pt")
    return (folder / "value.pt").read_bytes()


def changed(folder: Path, checkpoint: bytes, **parts: object) -> bytes:
    (folder / "good.pt").write_bytes(checkpoint)
    return pickled(folder, {**torch.load(folder / "good.pt", weights_only=True), **parts})


@pytest.mark.parametrize(
    "value",
    [None, 5, "text", [], {}, [1, 2], torch.zeros(3), {"scheduler": 1}, {"model": {}, "optimizer": {}}],
    ids=str,
)
def test_files_of_torch_that_are_no_checkpoint(tmp_path, value):
    refused(tmp_path, pickled(tmp_path, value))


@pytest.mark.parametrize("part", ["model", "optimizer", "scheduler"])
@pytest.mark.parametrize("value", [None, 5, "text", [], {}, {"state": 1}, torch.zeros(2)], ids=str)
def test_checkpoints_with_a_part_that_is_none(tmp_path, checkpoint, part, value):
    refused(tmp_path, changed(tmp_path, checkpoint, **{part: value}))


@pytest.mark.parametrize("size", [Size(2, 16, 2, 16), Size(1, 32, 2, 16), Size(1, 16, 2, 8)], ids=str)
def test_a_checkpoint_of_another_model(tmp_path, checkpoint, size):
    assert "another model" in refused(tmp_path, checkpoint, size=size)


@pytest.mark.parametrize("terms", [{"horizon": 2 * STEPS}, {"peak": 1e-2}], ids=str)
def test_a_checkpoint_under_another_schedule(tmp_path, checkpoint, terms):
    message = refused(tmp_path, checkpoint, ResumeConflict, **terms)
    for field in compare(schedule(), schedule(**terms)):
        assert f"{field.place}  {field.stored}" in message
    assert "at step 10" in message


# ---- The rest of the workload. ----


def test_models_and_batches_are_the_same_each_time_and_others_for_another_seed():
    def of(seed: int) -> tuple[list[list[float]], list[list[int]]]:
        model = workload(seed=seed).model("cpu")
        return [p.flatten().tolist() for p in model.parameters()], workload(seed=seed).batch(3, "cpu").tolist()

    torch.manual_seed(1)
    first = of(0)
    torch.manual_seed(2)
    assert of(0) == first
    assert of(1)[0] != first[0]
    assert of(1)[1] != first[1]


def test_a_model_sees_no_letter_before_its_time():
    model = workload().model("cpu").eval()
    window = workload().batch(0, "cpu")
    later = window.clone()
    later[:, 9:] = (later[:, 9:] + 1) % len(workload().corpus.alphabet)
    with torch.no_grad():
        assert torch.equal(model(window[:, :-1])[:, :9], model(later[:, :-1])[:, :9])


def test_finding_a_peak_is_the_same_each_time_and_tells_of_each_update():
    told: list[tuple[int, float, float]] = []
    first = find_peak(workload(), steps=60, device="cpu", told=lambda *row: told.append(row))
    again = find_peak(workload(), steps=60, device="cpu")
    assert first.lr == again.lr
    assert len(told) == first.cost
    assert 1e-4 < first.lr < 1
