"""TensorBoard event files: one file, the folder of a run, or a folder of runs.

Several files in a folder are the segments of one run, in the order of their wall times. What `add_scalars` put into
folders beside them, and the train and validation folders of Keras, are columns of the same run; any other folder
is a run of its own. Steps are counted as their writer did, where a tag or a text tells which one that was.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from glidepath.errors import LogError
from glidepath.logs.counting import from_zero
from glidepath.logs.event_file import Events, read_events
from glidepath.logs.files import called, is_file
from glidepath.runs.names import SAMPLES
from glidepath.runs.recording import Column, Recording

NAME = "TensorBoard event files"
MARK, IN_NAME = b"brain.Event:", "tfevents"  # of the first record; of every file
TRAIN, VALIDATION = "train", "validation"  # the folders of Keras
EPOCHWISE = "epoch_"  # how the tags of Keras begin whose steps are epochs
BATCHWISE, BATCHES = ("batch_", "evaluation_"), "_vs_iterations"  # how those begin or end whose steps are batches
TWIN = " vs samples"  # Megatron writes each tag again so, its step the samples consumed
BY_SAMPLES = "Train/Samples/"  # how all tags of DeepSpeed begin, whose steps are samples
TEXT = "/text_summary"  # behind the tag of a text
LONGEST = 350  # characters of a complaint
DEEPEST, MOST_FOLDERS, MOST_FILES = 4, 2_000, 2_000  # that are looked at
MOST_TEXT = 2**16  # characters of a setting


def recognises(path: Path, head: bytes) -> bool:
    """An event file by its first record or its name, a folder by an event file in it, or in one of Keras in it."""
    if head:
        return MARK in head[:128] or IN_NAME in path.name
    return bool(_files(path) or _files(path / TRAIN) or _files(path / VALIDATION))


@dataclass(slots=True)
class _Run:
    """The files of a run, one behind the other, and those written beside them."""

    files: list[Events] = field(default_factory=list)
    beside: list[Events] = field(default_factory=list)


def read(path: Path) -> Mapping[str, Recording]:
    """The runs by the path of their folder in this one; raises LogError where no scalar can be read."""
    runs, refused = dict[str, _Run](), list[str]()
    for name, files in [("", [path])] if is_file(path) else _folders(path):
        for file in files:
            try:
                if (events := read_events(file)).columns or events.texts:
                    _put(runs, name, events)
            except LogError as error:
                refused.append(str(error))
    made = {name: _recording(run, refused) for name, run in runs.items()}
    made = {name: one for name, one in made.items() if one.columns}
    if not made:
        reason = f": {refused[0]}" if refused else ""
        raise LogError(f"{called(path)}: expected scalars in TensorBoard event files, got none{reason}"[:LONGEST])
    return made


def _put(runs: dict[str, _Run], name: str, events: Events) -> None:
    """A file to the run of its folder, or to the run that it was written beside."""
    parent, _, own = name.rpartition("/")
    keras = own in (TRAIN, VALIDATION) and any(tag.startswith(EPOCHWISE) for tag in events.columns)
    if keras and own == TRAIN:
        runs.setdefault(parent, _Run()).files.append(events)
    elif keras:
        renamed = {tag.replace(EPOCHWISE, f"{VALIDATION}/"): column for tag, column in events.columns.items()}
        runs.setdefault(parent, _Run()).beside.append(replace(events, columns=renamed))
    elif name and parent in runs and (keys := _keys(own, events)):
        renamed = {f"{tag}/{key}": events.columns[tag] for tag, key in keys.items()}
        runs[parent].beside.append(replace(events, columns=renamed))
    else:
        runs.setdefault(name, _Run()).files.append(events)


def _keys(folder: str, events: Events) -> dict[str, str]:
    """Of each tag the key that add_scalars made a folder for, {} for a folder that is something else."""
    stems = {tag: tag.replace("/", "_") + "_" for tag in events.columns}
    if not all(folder.startswith(stem) for stem in stems.values()):
        return {}
    return {tag: folder.removeprefix(stem) for tag, stem in stems.items()}


def _recording(run: _Run, refused: list[str]) -> Recording:
    columns, starts = _joined(sorted(run.files, key=_begin), run.beside)
    parts = [*run.files, *run.beside]
    settings = _settings({name: text for part in parts for name, text in part.texts.items()})
    notes = [note for part in parts for note in part.notes] + refused
    _twins(columns)
    clock = "steps"
    if any(tag.startswith(BY_SAMPLES) for tag in columns):
        clock = "samples"
    elif any(tag.startswith(EPOCHWISE) for tag in columns):
        clock = "epochs"
        if aside := [tag for tag in columns if tag.startswith(BATCHWISE) or tag.endswith(BATCHES)]:
            notes.append(f"counted in batches, not in epochs, and left out: {', '.join(aside[:5])}")
        columns = {tag: column for tag, column in columns.items() if tag not in aside}
    columns, counted = from_zero(columns, settings)
    return Recording(columns, MappingProxyType(settings), (*counted, *notes), starts, origin=NAME, clock=clock)


def _begin(events: Events) -> float:
    return float(events.walls[0]) if len(events.walls) else 0.0  # only texts: settings of the first


def _joined(files: list[Events], beside: list[Events]) -> tuple[dict[str, Column], tuple[int, ...]]:
    """The columns over one count of rows, by the time of each record; the rows at which a later file begins."""
    files = [part for part in files if len(part.walls)]
    parts = [*files, *(part for part in beside if len(part.walls))]
    if len(parts) <= 1:
        return {tag: column for part in parts for tag, column in part.columns.items()}, ()
    walls = np.concatenate([part.walls for part in parts])
    ranks = np.empty(len(walls), np.int64)
    ranks[np.argsort(walls, kind="stable")] = np.arange(len(walls))
    firsts = np.cumsum([0, *(len(part.walls) for part in parts)])
    pieces = dict[str, list[Column]]()
    for part, first in zip(parts, firsts, strict=False):
        for tag, column in part.columns.items():
            pieces.setdefault(tag, []).append(Column(column.steps, column.values, rows=ranks[first + column.rows]))
    ends = np.maximum.accumulate(np.array([part.walls[-1] for part in files]))
    later = [at for at in range(1, len(files)) if files[at].walls[0] >= ends[at - 1]]
    return {tag: _one(found) for tag, found in pieces.items()}, tuple(int(ranks[firsts[at]]) for at in later)


def _one(pieces: list[Column]) -> Column:
    rows = np.concatenate([piece.rows for piece in pieces])
    order = np.argsort(rows, kind="stable")
    steps = np.concatenate([piece.steps for piece in pieces])
    values = np.concatenate([piece.values for piece in pieces])
    return Column(steps[order], values[order], rows=rows[order])


def _twins(columns: dict[str, Column]) -> None:
    """What is there a second time by samples tells how many were consumed."""
    for tag in [tag for tag in columns if tag.endswith(TWIN) and tag.removesuffix(TWIN) in columns]:
        twin, own = columns.pop(tag), columns[tag.removesuffix(TWIN)]
        if SAMPLES not in columns and len(twin) == len(own):
            columns[SAMPLES] = Column(own.steps, twin.steps, rows=own.rows)


def _settings(texts: Mapping[str, str]) -> dict[str, Any]:
    """What the texts say: those that are JSON objects by their keys, the others by their tag."""
    settings = dict[str, Any]()
    for tag, text in texts.items():
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = text[:MOST_TEXT]
        settings |= value if isinstance(value, dict) else {tag.removesuffix(TEXT): value}
    return settings


def _files(folder: Path) -> list[Path]:
    """The event files in a folder, by name."""
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if IN_NAME in entry.name)
    except (OSError, ValueError):
        return []
    return [folder / name for name in names[:MOST_FILES] if is_file(folder / name)]


def _folders(top: Path) -> Iterator[tuple[str, list[Path]]]:
    """The folders with event files at and below a folder, by their path in it, each before those in it; no links."""
    waiting, left = [("", 0)], MOST_FOLDERS
    while waiting and left:
        left -= 1
        name, depth = waiting.pop(0)
        if files := _files(top / name):
            yield name, files
        if depth < DEEPEST:
            waiting += [(f"{name}/{one}" if name else one, depth + 1) for one in _subfolders(top / name)]


def _subfolders(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []
