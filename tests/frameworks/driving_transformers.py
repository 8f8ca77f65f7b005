"""What the tests of the transformers door drive: real Trainers of a small model, whose updates a spy looks at.

As a program it trains one in two processes of gloo, forked from it, which share a folder.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
from driving import Spy, network
from torch.multiprocessing import start_processes
from transformers import Trainer, TrainerCallback, TrainingArguments

import glidepath as gp
from glidepath.frameworks.transformers import attach

SAMPLES = 40  # in batches of 4 that is an epoch of 10
BATCH = 4


class Model(torch.nn.Module):
    """The small network, with its loss, as a Trainer wants it."""

    def __init__(self) -> None:
        super().__init__()
        self.net = network()

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": ((self.net(x) - torch.sin(x.sum(1, keepdim=True))) ** 2).mean()}


def data(samples: int = SAMPLES) -> list[dict[str, torch.Tensor]]:
    draw = torch.Generator().manual_seed(7)
    return [{"x": torch.randn(4, generator=draw)} for _ in range(samples)]


class Watch(TrainerCallback):
    """Spies on the optimizer that a Trainer has when it begins, and stops it after so many updates."""

    def __init__(self, stop: int | None = None) -> None:
        self.stop = stop
        self.spy: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:  # noqa: ARG002
        self.spy = Spy(more["optimizer"].optimizer)  # of accelerate's wrapper, the one inside

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:  # noqa: ARG002
        control.should_training_stop |= state.global_step == self.stop


def trainer_of(
    folder: Path,
    *,
    stop: int | None = None,
    dataset: Any = None,
    callbacks: Any = (),
    optimizers: Any = None,
    **args: Any,
) -> tuple[Trainer, Watch]:
    """A Trainer of the small model that saves behind every update, and what watches it."""
    args = {"learning_rate": 1.0, "save_strategy": "steps", "save_steps": 1, **args}
    told = TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=args.pop("per_device_train_batch_size", BATCH),
        logging_steps=1,
        max_grad_norm=0.1,
        optim="sgd",
        use_cpu=True,
        dataloader_pin_memory=False,
        disable_tqdm=True,
        report_to="none",
        **args,
    )
    watch = Watch(stop)
    trainer = Trainer(
        Model(),
        told,
        train_dataset=data() if dataset is None else dataset,
        callbacks=[watch, *callbacks],
        optimizers=optimizers or (None, None),
    )
    trainer.remove_callback(
        type(next(one for one in trainer.callback_handler.callbacks if "Printer" in type(one).__name__))
    )
    return trainer, watch


def logged(folder: Path, step: int, name: str = "learning_rate") -> list[float]:
    """What the Trainer wrote for each update, out of a checkpoint."""
    state = json.loads((folder / f"checkpoint-{step}" / "trainer_state.json").read_text())
    return [line[name] for line in state["log_history"] if name in line]


EPOCHS = gp.parse("warmup(1 epochs) >> cosine()")
PROCESSES = 2


def process(rank: int, folder: Path) -> None:
    """One of the processes: what its updates used, in a file, under a recipe that counts in epochs."""
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": PROCESSES, "LOCAL_WORLD_SIZE": PROCESSES}
    os.environ |= {name: str(number) for name, number in place.items()} | {"GLOO_SOCKET_IFNAME": "lo"}
    store = torch.distributed.FileStore(str(folder / "store"), PROCESSES)
    torch.distributed.init_process_group("gloo", rank=rank, store=store, world_size=PROCESSES)
    trainer, watch = trainer_of(folder, num_train_epochs=2, save_steps=5, ddp_find_unused_parameters=False)
    attach(trainer, EPOCHS, journal=folder / "run.jsonl")
    trainer.train()
    seen = {"used": watch.spy.first, "schedule": str(trainer.lr_scheduler.schedule)}
    (folder / f"{rank}.json").write_text(json.dumps(seen))
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    start_processes(process, (Path(sys.argv[1]),), nprocs=PROCESSES, start_method="fork")
