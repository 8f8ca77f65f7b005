"""Two runs of eight steps; called with sqlite:///mlflow.db, and with file:mlruns."""

import sys

import mlflow

mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("demo")
for name in ("first", "second"):
    with mlflow.start_run(run_name=name):
        mlflow.log_params({"learning_rate": 3e-4, "optimizer": "AdamW", "layers": 2})
        for step in [*range(6), *range(4, 8)]:
            mlflow.log_metric("lr", 3e-4 * (1 - step / 8), step=step)
            mlflow.log_metric("train/loss", float("nan") if step == 3 else 4 / (step + 1), step=step)
        mlflow.log_metric("eval_loss", float("inf"), step=7)
