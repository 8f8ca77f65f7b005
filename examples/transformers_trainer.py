# A small regression in a transformers Trainer under warmup and cosine, with accumulation; resumed, then extended.
# Result: 20 batches in windows of 4 are 5 updates an epoch; the resumed run has the learning rates that the first one
#   would have had; a third epoch is a conflict until it is said how to go on, where the bare Trainer jumps up.
# Cost: some 8 seconds on one CPU core, most of them imports.

import json
import tempfile
from pathlib import Path

import torch
from transformers import Trainer, TrainingArguments

import glidepath as gp
from glidepath.errors import ResumeConflict
from glidepath.frameworks.transformers import attach

RECIPE = gp.warmup("20%") >> gp.cosine(to=0.1)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))

    def forward(self, x, y):
        return {"loss": torch.nn.functional.mse_loss(self.net(x), y)}


def train(folder, epochs, resume=None, **how):
    told = {"num_train_epochs": epochs, "gradient_accumulation_steps": 4, "learning_rate": 0.05}
    quiet = {"use_cpu": True, "report_to": "none", "disable_tqdm": True, "dataloader_pin_memory": False}
    args = TrainingArguments(str(folder), logging_steps=1, save_steps=5, log_level="error", **told, **quiet)
    x = torch.randn(160, 4, generator=torch.Generator().manual_seed(0))
    data = [{"x": row, "y": torch.sin(row.sum(0, keepdim=True))} for row in x]
    trainer = Trainer(Model(), args, train_dataset=data)
    attach(trainer, RECIPE, **how)  # the one line: over the trainer's own updates, from its own learning rate
    trainer.train(resume_from_checkpoint=resume)
    return [line["learning_rate"] for line in trainer.state.log_history if "learning_rate" in line]


def main():
    torch.manual_seed(0)
    folder = Path(tempfile.mkdtemp())
    whole = train(folder, epochs=2)
    assert whole == RECIPE.over(10, peak=0.05)(range(10)).tolist()
    assert train(folder, epochs=2, resume=str(folder / "checkpoint-5")) == whole
    print("ten updates as planned, and five of them again after a restart")

    try:
        train(folder, epochs=3, resume=str(folder / "checkpoint-10"))
    except ResumeConflict as conflict:
        print(conflict)
    longer = train(folder, epochs=3, resume=str(folder / "checkpoint-10"), policy="hold")
    print(json.dumps([round(lr, 4) for lr in longer]))


if __name__ == "__main__":
    main()
