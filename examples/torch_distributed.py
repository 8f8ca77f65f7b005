"""DDP on two processes, stopped half way and gone on with by three: `torchrun --nproc-per-node 2` this file, then 3.

Result: the journal has each of the 40 updates once, at the learning rate that one process would have used, to the bit.
Cost: 5 seconds a launch on two CPU cores, most of them imports.
"""

import sys
from pathlib import Path

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

import glidepath as gp
from glidepath.frameworks.torch import attach
from glidepath.runs.journal import read_journal

BATCH, STOP = 48, 20  # samples of an update, whatever the world; updates of a launch
SCHEDULE = (gp.warmup("10%") >> gp.cosine(to=0.1)).over(40, peak=0.05)

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
checkpoint, journal = folder / "checkpoint.pt", folder / "journal.jsonl"
distributed.init_process_group("gloo")
rank, world = distributed.get_rank(), distributed.get_world_size()

torch.manual_seed(0)
inner = torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
model = DistributedDataParallel(inner)
optimizer = torch.optim.AdamW(model.parameters())
scheduler = attach(optimizer, SCHEDULE, journal=journal)  # the same line everywhere; the first process alone writes
if checkpoint.exists():
    state = torch.load(checkpoint, weights_only=True)
    inner.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])

begin, loss = scheduler.last_epoch, torch.zeros(())
for step in range(begin, begin + STOP):
    x = torch.randn(BATCH, 8, generator=torch.Generator().manual_seed(step))[rank::world]
    loss = (model(x) - x.sin().sum(1, keepdim=True)).square().mean()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()

if rank == 0:
    parts = {"model": inner, "optimizer": optimizer, "scheduler": scheduler}
    torch.save({name: part.state_dict() for name, part in parts.items()}, checkpoint.with_suffix(".tmp"))
    checkpoint.with_suffix(".tmp").replace(checkpoint)  # a kill in the middle leaves the one before
    used, planned = read_journal(journal)["lr"].values, SCHEDULE(range(begin + STOP))
    print(f"{world} processes, updates {begin} to {begin + STOP - 1}, loss {loss:.3f}")
    print("as one process from the start would have used:", used.tolist() == planned.tolist())
distributed.destroy_process_group()
