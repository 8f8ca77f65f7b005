"""A real Trainer as a program: it trains in a folder, on from its newest checkpoint there, until it ends or is killed.

`driving_audit.py FOLDER MAX_STEPS KILL`, with TensorBoard in FOLDER/runs and its console as a terminal shows it; behind
update KILL the process kills itself, as whatever it has not written is then lost.
"""

import os
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

from driving_transformers import BATCH, Model, data
from transformers import Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint
from transformers.utils import logging

EVERY = 10  # updates between two checkpoints
PEAK, WARMUP = 1e-3, 8


class Kill(TrainerCallback):
    """SIGKILL behind an update, once the callbacks before it have heard of it."""

    def __init__(self, behind: int) -> None:
        self.behind = behind

    def on_log(self, args: Any, state: Any, control: Any, **more: Any) -> None:  # noqa: ARG002 - the interface
        if state.global_step == self.behind:
            os.kill(os.getpid(), signal.SIGKILL)


def train(folder: Path, steps: int, kill: int) -> None:
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=BATCH,
        learning_rate=PEAK,
        lr_scheduler_type="cosine",
        warmup_steps=WARMUP,
        optim="sgd",
        logging_steps=1,
        save_steps=EVERY,
        report_to="tensorboard",
        use_cpu=True,
        dataloader_pin_memory=False,
    )
    trainer = Trainer(Model(), arguments, train_dataset=data(), callbacks=[Kill(kill)])
    trainer.train(resume_from_checkpoint=get_last_checkpoint(str(folder)))


if __name__ == "__main__":
    warnings.resetwarnings()  # those of the libraries are no errors
    os.dup2(1, 2)  # one console
    logging.set_verbosity_info()
    train(Path(sys.argv[1]), *map(int, sys.argv[2:]))
