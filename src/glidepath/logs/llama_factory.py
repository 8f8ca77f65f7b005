"""The trainer_log.jsonl of LLaMA-Factory, one JSON object a row of its Trainer's log, which counts updates from 1.

{"current_steps": 10, "total_steps": 300, "loss": 1.2, "lr": 5e-06, "epoch": 0.1, "percentage": 3.33, ...}
{"current_steps": 100, "total_steps": 300, "eval_loss": 1.1, "epoch": 1.0, "percentage": 33.3}
"""

from pathlib import Path

from glidepath.logs.objects import counted, holds, numbers, objects_of
from glidepath.logs.tally import Tally
from glidepath.runs.recording import Recording

NAME = "LLaMA-Factory trainer_log.jsonl"
NOTES = (
    "steps counted from 0: the log's step 100 is update 99",
    "with transformers before 4.51 the learning rate of a row is that of the next update: trainer_state.json knows",
)


def recognises(path: Path, head: bytes) -> bool:
    """Objects with the current step and the total."""
    return holds(path, head, "current_steps", "total_steps")


def read(path: Path) -> dict[str, Recording]:
    """The one run of a log, without a name."""
    tally = Tally()
    for row, _, table in objects_of(path, tally):
        step, total = counted(table, "current_steps"), counted(table, "total_steps")
        if step is None:
            continue
        if total is not None:
            tally.settings["horizon"] = total
        tally.add(row, max(step - 1, 0), numbers(table, "current_steps", "total_steps", "percentage"))
    return {"": tally.recording(path, NAME, notes=NOTES)}
