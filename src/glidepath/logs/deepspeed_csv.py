"""DeepSpeed's CSV monitor: Train_Samples_lr.csv and others, a file for each quantity; its step is samples.

A restart writes the header of every file again.
"""

from pathlib import Path

from glidepath.logs.metric_files import gathered, metric_files
from glidepath.logs.sheet import Counting
from glidepath.runs.recording import Recording

NAME = "DeepSpeed CSV monitor"
AHEAD = "Train_Samples_"
PATTERN = f"{AHEAD}*.csv"
NOTE = "samples are counted, of all processes"


def recognises(path: Path, head: bytes) -> bool:
    """A folder with such files, or one of them."""
    return path.match(f"{PATTERN}*") if head else bool(metric_files(path, PATTERN))


def read(path: Path) -> dict[str, Recording]:
    """The one run: of a folder all quantities, of a file its own."""
    files = metric_files(path, PATTERN) if path.is_dir() else [path]
    named = {file.name.removesuffix(".gz").removesuffix(".csv").removeprefix(AHEAD): file for file in files}
    return {"": gathered(named, Counting("step", "samples", notes=(NOTE,)))}
