"""Three epochs of a line through numbers, with a warmup over the first: vis_data/scalars.json."""

import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import Dataset


class Line(BaseModel):
    def __init__(self):
        super().__init__()
        self.line = torch.nn.Linear(4, 1)

    def forward(self, x, y, mode):
        guess = self.line(x)
        return {"loss": ((guess - y) ** 2).mean()} if mode == "loss" else (guess, y)


class Sums(Dataset):
    def __len__(self):
        return 32

    def __getitem__(self, place):
        x = torch.randn(4, generator=torch.Generator().manual_seed(place))
        return x, x.sum(0, keepdim=True)


class Error(BaseMetric):
    def process(self, _, outputs):
        self.results.append(float(((outputs[0] - outputs[1]) ** 2).mean()))

    def compute_metrics(self, results):
        return {"mse": sum(results) / len(results)}


torch.manual_seed(0)
data = {
    "batch_size": 4,
    "sampler": {"type": "DefaultSampler", "shuffle": False},
    "dataset": Sums(),
    "collate_fn": {"type": "default_collate"},
    "num_workers": 0,
}
Runner(
    model=Line(),
    work_dir="out",
    train_dataloader=data,
    val_dataloader=data,
    val_evaluator={"type": Error},
    train_cfg={"by_epoch": True, "max_epochs": 3, "val_interval": 1},
    val_cfg={},
    optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.1}},
    param_scheduler=[{"type": "LinearLR", "start_factor": 0.1, "by_epoch": False, "begin": 0, "end": 8}],
    default_hooks={"logger": {"type": "LoggerHook", "interval": 2}},
    randomness={"seed": 0},
).train()
