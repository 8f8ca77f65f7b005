# A small regression in Lightning under warmup and cosine, with accumulation, for 2 epochs; then extended to a third.
# Result: 20 batches in windows of 4 are 5 updates an epoch, each with the learning rate that is planned; a third epoch
#   is a conflict until it is said how to go on, where a cosine of torch would climb back towards its peak.
# Cost: some 8 seconds on one CPU core, most of them imports.

import logging
import tempfile
from pathlib import Path

import torch
from lightning.pytorch import LightningModule, Trainer
from torch.utils.data import DataLoader

import glidepath as gp
from glidepath.errors import ResumeConflict
from glidepath.frameworks.lightning import attach

RECIPE = gp.warmup("20%") >> gp.cosine(to=0.1)


class Module(LightningModule):
    def __init__(self, **how):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
        self.how, self.used = how, []

    def training_step(self, x):
        return ((self.net(x) - torch.sin(x.sum(1, keepdim=True))) ** 2).mean()

    def configure_optimizers(self):
        return attach(self, torch.optim.AdamW(self.parameters(), 0.05), RECIPE, **self.how)

    def on_before_optimizer_step(self, optimizer):
        self.used.append(optimizer.param_groups[0]["lr"])


def fit(folder, epochs, resume=None, **how):
    module, x = Module(**how), torch.randn(160, 4, generator=torch.Generator().manual_seed(0))
    quiet = dict.fromkeys(["logger", "enable_progress_bar", "enable_model_summary", "enable_checkpointing"], False)
    trainer = Trainer(accelerator="cpu", max_epochs=epochs, accumulate_grad_batches=4, **quiet)
    trainer.fit(module, DataLoader(x, batch_size=8), ckpt_path=resume)
    trainer.save_checkpoint(folder / f"{epochs}.ckpt")
    return module.used


def main():
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    folder = Path(tempfile.mkdtemp())
    used = fit(folder, epochs=2)
    print(f"ten updates as planned: {used == RECIPE.over(10, peak=0.05)(range(10)).tolist()}")
    try:
        fit(folder, epochs=3, resume=folder / "2.ckpt")
    except ResumeConflict as conflict:
        print(conflict)
    print("held:", fit(folder, epochs=3, resume=folder / "2.ckpt", policy="hold"))


if __name__ == "__main__":
    main()
