"""Ten updates, a kill behind a checkpoint at 8, and a resume to 16: two offline runs of one id, in ./wandb."""

import sys

import wandb

quiet = wandb.Settings(
    host="here", console="off", x_disable_stats=True, x_disable_meta=True, disable_git=True, disable_code=True
)
config = {"learning_rate": 3e-4, "warmup": {"steps": 2}, "layers": [1, 2]}
first, last = int(sys.argv[1]), int(sys.argv[2])  # 0 10, and then 8 16
with wandb.init(mode="offline", project="demo", name="small", id="abc123", config=config, settings=quiet) as run:
    for update in range(first, last):
        row = {"train/loss": 4 / (update + 1) + first / 100, "train/learning_rate": 3e-4 * (1 - update / 16)}
        row |= {"nested": {"deep": update}, "odd": float("nan") if update == 3 else float("inf") if update == 4 else 0}
        run.log({**row, "train/global_step": update + 1})
    run.log({"eval/loss": 2.5, "train/global_step": last})
