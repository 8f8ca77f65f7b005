"""DVCLive's folder: plots/metrics/<name>.tsv, a file for each quantity, with the columns [timestamp,] step, <name>."""

from dataclasses import replace
from pathlib import Path

from glidepath.errors import LogError
from glidepath.logs.files import called
from glidepath.logs.metric_files import gathered, metric_files
from glidepath.logs.plain_settings import settings_beside
from glidepath.logs.sheet import Counting
from glidepath.runs.recording import Recording

NAME = "DVCLive folder"
PLACES = ("plots/metrics", "metrics")  # within its folder, and within plots


def recognises(path: Path, head: bytes) -> bool:
    """A folder with such files."""
    return not head and _place(path) is not None


def read(path: Path) -> dict[str, Recording]:
    """The one run."""
    place = _place(path)
    if place is None:
        raise LogError(f"expected a folder of DVCLive at {called(path)}, got none with plots/metrics")
    files = {file.relative_to(place).with_suffix("").as_posix(): file for file in metric_files(place, "**/*.tsv")}
    return {"": replace(gathered(files, Counting("step")), settings=settings_beside(place.parent, "params.yaml"))}


def _place(path: Path) -> Path | None:
    return next((path / place for place in PLACES if metric_files(path / place, "**/*.tsv")), None)
