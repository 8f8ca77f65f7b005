"""A training that can be killed at any moment: journal, checkpoints, and the same numbers when it goes on."""

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from glidepath.errors import CheckpointError, GlidepathError
from glidepath.finder.suggestion import Suggestion, Trial
from glidepath.frameworks.torch import Scheduler, attach, probe, range_test
from glidepath.lab.gpt import CharacterGPT, Size
from glidepath.lab.text import Corpus
from glidepath.runs.journal import Journal
from glidepath.schedules.schedule import Schedule

BETAS = (0.9, 0.95)  # of AdamW in small language models (Brown et al. 2020, arXiv 2005.14165)
WEIGHT_DECAY, CLIP = 0.1, 1.0  # the same source
MEASURE_BATCHES = 4  # of 64 windows of held-out text, always the same ones, so that trainings compare window by window
CHECKPOINTS = 20  # in a training: a kill costs a twentieth of it at most


@dataclass(frozen=True, slots=True)
class Workload:
    """A text, a model and a batch: what is trained, whatever the schedule."""

    corpus: Corpus
    size: Size
    batch_size: int
    seed: int = 0

    def model(self, device: str) -> CharacterGPT:
        """A fresh model, the same each time."""
        return CharacterGPT(len(self.corpus.alphabet), self.size, seed=self.seed).to(device)

    def batch(self, index: int, device: str) -> torch.Tensor:
        """Training batch number `index`."""
        window = self.corpus.batch(index, size=self.batch_size, length=self.size.context, seed=self.seed)
        return torch.from_numpy(window).to(device)

    def settings(self) -> dict[str, Any]:
        """What a journal says of the workload."""
        return {"text": self.corpus.name, "batch_size": self.batch_size, "seed": self.seed, **asdict(self.size)}


def found_device() -> str:
    """The device to train on: a GPU if there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def adamw(model: torch.nn.Module, lr: float = 1.0) -> torch.optim.AdamW:
    """AdamW with the betas and the weight decay of small language models."""
    return torch.optim.AdamW(model.parameters(), lr=lr, betas=BETAS, weight_decay=WEIGHT_DECAY, fused=True)


def find_peak(
    workload: Workload, *, steps: int, device: str, told: Callable[[int, float, float], None] | None = None
) -> Suggestion:
    """A range test on a fresh model of this workload."""
    model = workload.model(device)
    return range_test(
        model,
        adamw(model),
        lambda index: model.loss(workload.batch(index, device)),
        steps=steps,
        clip=CLIP,
        told=told,
        quiet=True,
    )


def probe_peak(
    workload: Workload,
    schedule: Schedule,
    *,
    record: Path,
    device: str,
    told: Callable[[Trial, int], None] | None = None,
) -> Suggestion:
    """A probe on a fresh model of this workload, kept in a record."""
    model = workload.model(device)
    return probe(
        model,
        adamw(model),
        lambda index: model.loss(workload.batch(index, device)),
        schedule,
        clip=CLIP,
        record=record,
        told=told,
        quiet=True,
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training is, behind update `step` - 1; `validation_loss` is None where it was not measured."""

    step: int
    loss: float
    lr: float
    grad_norm: float
    validation_loss: float | None


class Training:
    """One training of a workload under a schedule, in a folder: `journal.jsonl` and `checkpoint.pt`.

    Made again on the same folder it goes on from the last checkpoint, with the same learning rates to the
    bit. Raises CheckpointError for a checkpoint of something else; ResumeConflict for another schedule.
    """

    def __init__(self, workload: Workload, schedule: Schedule, folder: Path, *, device: str) -> None:
        """Make the model, or read it where the folder has one."""
        self.workload, self.schedule, self.folder, self.device = workload, schedule, folder, device
        self.model = workload.model(device)
        self.optimizer = adamw(self.model)
        self.scheduler: Scheduler = attach(self.optimizer, schedule)
        self.checkpoint = folder / "checkpoint.pt"
        if self.checkpoint.exists():
            load(self.checkpoint, self.model, self.optimizer, self.scheduler)

    @property
    def step(self) -> int:
        """Updates done."""
        return self.scheduler.last_epoch

    def __iter__(self) -> Iterator[Progress]:
        """Train to the horizon, one update an item."""
        steps = self.schedule.horizon.steps
        every = max(1, steps // CHECKPOINTS)
        if self.step == steps:
            return
        with Journal(self.folder / "journal.jsonl", segment=self.step, settings=self.workload.settings()) as journal:
            while self.step < steps:
                progress = self._update(journal)
                done = progress.step % every == 0 or progress.step == steps
                if done:
                    progress = self._measured(progress, journal)
                    save(self.checkpoint, self.model, self.optimizer, self.scheduler)
                yield progress

    def _update(self, journal: Journal) -> Progress:
        step, lr = self.step, float(self.optimizer.param_groups[0]["lr"])
        loss = self.model.loss(self.workload.batch(step, self.device))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP))
        self.optimizer.step()
        value = float(loss.detach())
        journal.write({"step": step, "lr": lr, "loss": value, "grad_norm": norm})
        return Progress(step + 1, value, lr, norm, None)

    def _measured(self, progress: Progress, journal: Journal) -> Progress:
        value = self.validation_loss()
        journal.write({"step": progress.step - 1, "validation_loss": value})
        return Progress(progress.step, progress.loss, progress.lr, progress.grad_norm, value)

    def validation_loss(self) -> float:
        """The mean loss on the held-out text, always the same windows of it."""
        corpus, size = self.workload.corpus, self.workload.size
        self.model.eval()
        with torch.no_grad():
            windows = [
                corpus.held_out_batch(index, size=4 * self.workload.batch_size, length=size.context)
                for index in range(MEASURE_BATCHES)
            ]
            losses = [self.model.loss(torch.from_numpy(window).to(self.device)) for window in windows]
        self.model.train()
        return float(torch.stack(losses).mean())


def save(path: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, scheduler: Scheduler) -> None:
    """A checkpoint, whole or not at all: written beside the old one and then put in its place."""
    beside = path.with_suffix(".partial")
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    with beside.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def load(path: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, scheduler: Scheduler) -> None:
    """Read a checkpoint of `save`; raises CheckpointError for anything else."""
    expected = f"{path}: expected a checkpoint of this training"
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch names no base for what a broken or hostile file can raise
        raise CheckpointError(f"{expected}, got a file that is none: remove it to start over") from error
    try:
        scheduler.load_state_dict(state["scheduler"])
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    except GlidepathError as error:
        raise type(error)(f"{path}: {error}") from error
    except (LookupError, TypeError, AttributeError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"{expected}, got one of another model or optimizer: remove it to start over") from error
