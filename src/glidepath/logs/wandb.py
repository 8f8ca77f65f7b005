"""W&B's own files: a `.wandb` file, the folder of a run, or a `wandb` folder of runs.

A row has the step of wandb, `_step`, which counts calls; where the program logs its own count of updates beside it (as
Hugging Face's Trainer, Lightning and others do), that one counts here. Files of one run, resumed, are its segments.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from glidepath.errors import LogError
from glidepath.logs.counting import recounted
from glidepath.logs.files import called, is_file
from glidepath.logs.gathering import Gathering, by_name, whole
from glidepath.logs.objects import numbers
from glidepath.logs.protobuf import fields
from glidepath.logs.wandb_file import (
    CONFIG,
    HISTORY,
    ITEM,
    MAGIC,
    RUN,
    RUN_CONFIG,
    RUN_NAME,
    STEP,
    UPDATED,
    items,
    records,
)
from glidepath.runs.recording import Recording

NAME = "W&B .wandb file"
SUFFIX = ".wandb"
FOLDER = re.compile(r"(offline-)?run-\d{8}_\d{6}-.+")
OWN_STEP = "_step"
NO_SETTING = "_wandb"
MOST_RUNS = 1_000


def recognises(path: Path, head: bytes) -> bool:
    """A file by its first bytes, a folder by a file in it or in a folder of a run in it."""
    if head:
        return head.startswith(MAGIC)
    return next(_files(path), None) is not None


class _Run:
    """What the files of one run say, one behind the other."""

    def __init__(self, name: str) -> None:
        self.points, self.settings, self.notes = Gathering(), dict[str, Any](), list[str]()
        self.row, self.starts, self.name = 0, list[int](), name

    def take(self, path: Path) -> None:
        """The records of one more file."""
        if self.row:
            self.starts.append(self.row)
        for record in records(path, self.notes):
            self._config(record.get(CONFIG))
            if isinstance(run := record.get(RUN), bytes):
                found = dict(fields(run))
                self.name = _text(found.get(RUN_NAME)) or self.name
                self._config(found.get(RUN_CONFIG))
            if isinstance(history := record.get(HISTORY), bytes):
                self._row(history)

    def _config(self, config: int | bytes | None) -> None:
        self.settings |= {name: value for name, value in items(config, UPDATED) if not name.startswith(NO_SETTING)}

    def _row(self, history: bytes) -> None:
        values = dict(items(history, ITEM))
        step = whole(values.get(OWN_STEP))
        if step is None:
            step = _own_step(history)
        plain = {name: value for name, value in values.items() if not _is_media(name, value)}
        self.points.add(self.row, step, numbers(plain))
        self.row += 1

    def recording(self) -> Recording:
        """Over the count of updates, where there is one."""
        columns, counted = recounted(self.points.columns())
        notes = (*counted, *self.notes, *self.points.omissions())
        return Recording(columns, MappingProxyType(self.settings), notes, tuple(self.starts), self.name, NAME)


def read(path: Path) -> Mapping[str, Recording]:
    """The runs by their names, or one named ""; raises LogError where none can be read."""
    runs, refused = dict[str, _Run](), list[str]()
    for file in [path] if is_file(path) else _files(path):
        run = runs.setdefault(file.stem, _Run(file.stem))
        try:
            run.take(file)
        except (LogError, ValueError) as error:
            refused.append(str(error) if isinstance(error, LogError) else f"{called(file)}: not whole, {error}")
            run.notes.append(refused[-1])
    made = by_name({name: run.recording() for name, run in runs.items()})
    if not made:
        raise LogError(refused[0] if refused else f"{called(path)}: expected a history in a file of wandb, got none")
    return made


def _own_step(history: bytes) -> int:
    """The step of a row that does not name it among its values."""
    step = dict(fields(history)).get(STEP)
    number = dict(fields(step)).get(1, 0) if isinstance(step, bytes) else 0
    return number if isinstance(number, int) else 0


def _is_media(name: str, value: Any) -> bool:
    """Whether it is wandb's own count, or a picture, a table or a histogram."""
    return name.startswith("_") or (isinstance(value, Mapping) and "_type" in value)


def _text(value: int | bytes | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else ""


def _files(folder: Path) -> Iterator[Path]:
    """The files in the folder of a run, or in the folders of runs in one, the older first; no links."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name.removeprefix("offline-"))
    except (OSError, ValueError):
        return
    for entry in entries[:MOST_RUNS]:
        if entry.name.endswith(SUFFIX) and is_file(folder / entry.name):
            yield folder / entry.name
        elif FOLDER.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
            yield from (one for one in _files(folder / entry.name) if one.parent.name == entry.name)
