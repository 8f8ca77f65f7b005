"""Stable-Baselines3's progress.csv: a row a rollout or more; what it counts are steps of the environment."""

from pathlib import Path

from glidepath.logs.delimited import header_of, is_csv
from glidepath.logs.sheet import Counting, recorded
from glidepath.logs.sheets import sheet_of
from glidepath.runs.recording import Recording

NAME = "Stable-Baselines3 progress.csv"
STEP = "time/total_timesteps"
NOTE = "steps of the environment are counted, which is what its schedules count"


def recognises(path: Path, head: bytes) -> bool:
    """By its columns."""
    return is_csv(path) and STEP in header_of(head)


def read(path: Path) -> dict[str, Recording]:
    """The one run, over its samples."""
    return {"": recorded(sheet_of(path), Counting(STEP, "samples", notes=(NOTE,)))}
