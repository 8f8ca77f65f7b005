# A small regression in accelerate's loop under warmup and cosine, with accumulation, stopped in the midst and resumed.
# Result: the learning rate of every update as planned, before and behind the restart, the same on any number of
#   processes (accelerate launch --cpu --num_processes 2 examples/accelerate_loop.py), where a prepared scheduler of
#   torch would end its decay in half of the updates.
# Cost: some 6 seconds on one CPU core, most of them imports.

import tempfile
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list, set_seed
from torch.utils.data import DataLoader

import glidepath as gp
from glidepath.frameworks.torch import attach

HORIZON = gp.Horizon.of(epochs=4, batches_per_epoch=10, accumulation=4)  # windows of 4, 4 and 2: 3 updates an epoch
SCHEDULE = (gp.warmup("20%") >> gp.cosine(to=0.1)).over(HORIZON, peak=0.05)


def train(epochs, folder, *, resume):
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=4)
    world = accelerator.num_processes
    set_seed(0)
    x = torch.randn(80 * world, 4)
    loader = DataLoader(list(zip(x, torch.sin(x.sum(1, keepdim=True)), strict=True)), batch_size=8)
    model = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
    optimizer = torch.optim.AdamW(model.parameters())
    scheduler = attach(optimizer, SCHEDULE)  # the one line; the loop is as it was
    model, optimizer, loader, scheduler = accelerator.prepare(model, optimizer, loader, scheduler)
    if resume:
        accelerator.load_state(folder)
    used = []
    for _ in range(epochs):
        for inputs, target in loader:
            with accelerator.accumulate(model):
                accelerator.backward(torch.nn.functional.mse_loss(model(inputs), target))
                if accelerator.sync_gradients:
                    used.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                scheduler.step()
                optimizer.zero_grad()
    accelerator.save_state(folder)
    accelerator.print(f"{len(used)} updates on {world} process(es):", " ".join(f"{lr:.4f}" for lr in used))
    return used


def main():
    Accelerator(cpu=True)
    (folder,) = broadcast_object_list([str(Path(tempfile.mkdtemp()) / "state")])
    used = train(2, folder, resume=False) + train(2, folder, resume=True)
    print(f"as planned: {used == SCHEDULE(range(HORIZON.steps)).tolist()}")


if __name__ == "__main__":
    main()
