"""Two optimizers, named groups and a layer that joins later, all under one plan; killed, lengthened and gone on with.

Result: every update used what the plan says, over the kill and the new horizon; the journal has each of the 90 once.
Cost: 4 seconds on one CPU core, most of them imports.
"""

import tempfile

import torch

import glidepath as gp
from glidepath.frameworks.torch import attach
from glidepath.runs.journal import read_journal

RECIPE = gp.warmup("10%") >> gp.hold() >> gp.decay("20%", shape="1-sqrt")
FOLDER = tempfile.mkdtemp()


def build(horizon, policy=None):
    body, head = torch.nn.Linear(8, 32), torch.nn.Linear(32, 1)
    momentum = torch.optim.SGD([{"params": [body.weight], "name": "body"}], lr=0.1, momentum=0.9)
    adam = torch.optim.AdamW([{"params": [body.bias, *head.parameters()], "name": "rest"}], lr=0.01)
    plan = gp.Plan(RECIPE.over(horizon, peak=0.1), groups={"rest": 0.5, "late": 2})
    scheduler = attach([momentum, adam], plan, policy=policy, journal=f"{FOLDER}/journal.jsonl")
    return {"model": torch.nn.Sequential(body, torch.nn.Tanh(), head), "sgd": momentum, "adam": adam}, scheduler


def join(parts):
    group = {"params": [torch.nn.Parameter(torch.zeros(1))], "name": "late", "warmup": 5}
    parts["adam"].add_param_group(group)


def train(parts, updates):
    """Some updates on a regression; no scheduler.step(): it is allowed, and moves nothing."""
    for _ in range(updates):
        x = torch.randn(32, 8)
        loss = ((parts["model"](x) - x.sin().sum(1, keepdim=True)) ** 2).mean()
        loss.backward()
        for name in ("sgd", "adam"):
            parts[name].step()
            parts[name].zero_grad()


parts, scheduler = build(60)
train(parts, 20)
join(parts)
train(parts, 20)
torch.save({name: part.state_dict() for name, part in (parts | {"scheduler": scheduler}).items()}, f"{FOLDER}/saved.pt")
train(parts, 3)  # done, and then lost: the process dies here
del parts, scheduler
parts, scheduler = build(90, policy="stretch")  # without a policy: ResumeConflict, which shows what each would do
join(parts)
for name, state in torch.load(f"{FOLDER}/saved.pt", weights_only=True).items():
    (parts | {"scheduler": scheduler})[name].load_state_dict(state)
train(parts, 50)

used = read_journal(f"{FOLDER}/journal.jsonl")["lr/body"]
print("each update once:", used.steps.tolist() == list(range(90)))
print("as planned:", used.values.tolist() == scheduler[0].schedule.at(range(90))["lr"].tolist())
