"""A TensorBoard event file, read by us and by TensorBoard's own EventAccumulator; the memory that it takes."""

import sys
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import tensorboard as peer
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

from glidepath.logs import tensorboard

sys.path.append(str(Path(__file__).parents[1]))
from timing import Work, about, best_of, table, verdict

TAGS = ("train/loss", "train/learning_rate", "train/grad_norm", "perf/tokens_per_second", "perf/mfu")
STEPS = 20_000
QUICKER = 5  # times, at least
MOST_MEMORY = 3  # times the columns kept
OURS, THEIRS = "ours", "EventAccumulator"


def written(folder: Path, *, new_style: bool) -> Path:
    """What a training of so many steps writes; the newer style holds each value as a tensor."""
    with SummaryWriter(str(folder), max_queue=1000) as writer:
        for step in range(STEPS):
            for tag in TAGS:
                writer.add_scalar(tag, 1 / (step + 1), step, new_style=new_style)
    (file,) = folder.glob("*tfevents*")
    return file


def accumulated(file: Path) -> int:
    events = EventAccumulator(str(file), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    return sum(len(events.Scalars(tag) if tag in events.Tags()["scalars"] else events.Tensors(tag)) for tag in TAGS)


def read(file: Path) -> int:
    return sum(map(len, tensorboard.read(file)[""].columns.values()))


def memory(file: Path) -> float:
    """The most that is taken while a file is read, as a multiple of the columns that come of it."""
    tracemalloc.start()
    columns = tensorboard.read(file)[""].columns.values()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / sum(one.rows.nbytes + one.steps.nbytes + one.values.nbytes for one in columns)


def main() -> None:
    about(f"numpy {np.__version__}, tensorboard {peer.__version__}")
    for name, new_style in {"simple values": False, "tensors": True}.items():
        with tempfile.TemporaryDirectory() as folder:
            file = written(Path(folder), new_style=new_style)
            count = len(TAGS) * STEPS
            assert read(file) == accumulated(file) == count
            works = {OURS: Work(lambda file=file: read(file)), THEIRS: Work(lambda file=file: accumulated(file))}
            seconds = best_of(works, rounds=2)
            rows = [[who, f"{value:.2f}", f"{count / value:,.0f}"] for who, value in seconds.items()]
            table(f"{count:,} scalars, {name}, {file.stat().st_size / 1e6:.0f} MB", ["", "s", "scalars a s"], rows)
            verdict(f"ours / EventAccumulator, {name}", seconds[OURS] / seconds[THEIRS], 1 / QUICKER)
            verdict(f"memory while read / columns kept, {name}", memory(file), MOST_MEMORY)


if __name__ == "__main__":
    main()
