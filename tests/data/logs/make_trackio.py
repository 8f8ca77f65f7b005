"""Two runs of eight steps, in the project demo."""

import trackio

for name in ("first", "second"):
    trackio.init(project="demo", name=name, config={"learning_rate": 3e-4})
    for step in range(8):
        odd = {3: float("nan"), 4: float("inf")}.get(step, step)
        trackio.log({"train/loss": 4 / (step + 1), "train/learning_rate": 3e-4 * (1 - step / 8), "odd": odd})
    trackio.finish()
