"""The progress.json of Stable-Baselines3, one JSON object a log; its clock is the steps of the environment.

{"time/iterations": 1, "time/total_timesteps": 2048, "train/learning_rate": 0.0003, "train/loss": 12.1, ...}
"""

from pathlib import Path

from glidepath.logs.objects import counted, holds, numbers, objects_of
from glidepath.logs.tally import Tally
from glidepath.runs.recording import Recording

NAME = "Stable-Baselines3 progress.json"
STEP = "time/total_timesteps"
NOTES = ("the clock is the steps of the environment; Stable-Baselines3 schedules by the progress that remains",)


def recognises(path: Path, head: bytes) -> bool:
    """Objects with the total of time steps."""
    return holds(path, head, STEP)


def read(path: Path) -> dict[str, Recording]:
    """The one run of a log, without a name."""
    tally = Tally()
    for row, _, table in objects_of(path, tally):
        if (step := counted(table, STEP)) is not None:
            tally.add(row, step, numbers(table, STEP, "time/time_elapsed", "time/fps"))
    return {"": tally.recording(path, NAME, notes=NOTES, clock="samples")}
