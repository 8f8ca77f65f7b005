"""MLflow's file store: the folder of a run, of an experiment, or the whole `mlruns`.

A run has `metrics/<key>`, one line a point: `timestamp value step`, and in newer versions two words of a data set
behind it; a "/" in a key is a folder. `params/<key>` holds the value of a setting, `meta.yaml` the name of the run.
"""

import os
import re
from array import array
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from glidepath.errors import LogError
from glidepath.logs.counting import from_zero
from glidepath.logs.files import called, head_of, is_file, lines_of, text_of
from glidepath.logs.gathering import by_name, setting
from glidepath.runs.curve import LAST_WHOLE
from glidepath.runs.recording import Column, Recording

NAME = "MLflow file store"
META, METRICS, PARAMETERS = "meta.yaml", "metrics", "params"
NAMED = re.compile(r"run_name: *(.{1,250})")
DELETED = re.compile(r"lifecycle_stage: *deleted")
MOST_RUNS, MOST_FILES, DEEPEST = 1_000, 2_000, 8
WORDS = (2, 3, 5)  # of a line of metrics: without a step, with one, with the data set
Points: TypeAlias = "tuple[array[int], array[int], array[float]]"  # timestamps, steps, values


def recognises(path: Path, head: bytes) -> bool:
    """The folder of a run, or one with such in it or in an experiment in it."""
    return not head and next(_runs(path), None) is not None


def read(path: Path) -> Mapping[str, Recording]:
    """The runs by their names; raises LogError where there are none."""
    refused = list[str]()
    made = {run.name: _recording(run, refused) for run in islice(_runs(path), MOST_RUNS)}
    if not any(one.columns for one in made.values()):
        reason = f"; {refused[0]}" if refused else ""
        raise LogError(f"{called(path)}: expected runs with metrics, got {len(made)} without any{reason}")
    return by_name(made)


def _recording(run: Path, refused: list[str]) -> Recording:
    """All keys put together in the order of their timestamps, points of one step that stand together in one row."""
    found, wrong = dict[str, Points](), 0
    for key, file in islice(_files(run / METRICS, DEEPEST), MOST_FILES):
        try:
            found[key], cut = _points(lines_of(file))
            wrong += cut
        except LogError as error:
            refused.append(str(error))
    columns, notes = from_zero(_columns(found), settings := _settings(run))
    left_out = (f"{wrong} lines that are no points left out",) if wrong else ()
    return Recording(columns, MappingProxyType(settings), (*notes, *left_out, *refused), name=_name(run), origin=NAME)


def _points(lines: Iterator[str]) -> tuple[Points, int]:
    """Timestamps, steps and values, and how many lines are cut or something else."""
    times, steps, values, wrong = array("q"), array("q"), array("d"), 0
    for line in lines:
        words = line.split(" ")
        try:
            time, step = int(words[0]), int(words[2]) if len(words) > 2 else 0
            value = float(words[1])
        except (ValueError, IndexError):
            wrong += 1
            continue
        if len(words) not in WORDS or not line.endswith("\n") or max(abs(time), abs(step)) > LAST_WHOLE:
            wrong += 1
            continue
        times.append(time)
        steps.append(step)
        values.append(value)
    return (times, steps, values), wrong


def _columns(found: dict[str, Points]) -> dict[str, Column]:
    full = {key: points for key, points in found.items() if points[0]}
    if not full:
        return {}
    times, steps = (np.concatenate([np.frombuffer(points[at], np.int64) for points in full.values()]) for at in (0, 1))
    order = np.argsort(times, kind="stable")
    rows = np.empty(len(order), np.int64)
    rows[order] = np.cumsum(np.diff(steps[order], prepend=steps[order[0]]) != 0)
    ends = np.cumsum([len(points[0]) for points in full.values()])
    made = {}
    for (key, points), own in zip(full.items(), np.split(rows, ends[:-1]), strict=True):
        by_row = np.argsort(own, kind="stable")
        place, value = np.frombuffer(points[1], np.int64), np.frombuffer(points[2])
        made[key] = Column(place[by_row], value[by_row], rows=own[by_row])
    return made


def _settings(run: Path) -> dict[str, Any]:
    files = islice(_files(run / PARAMETERS, DEEPEST), MOST_FILES)
    return {key: setting(text_of(head_of(file)).strip()) for key, file in files}


def _name(run: Path) -> str:
    named = NAMED.search(text_of(head_of(run / META)))
    return named[1].strip("'\" ") if named else run.name


def _runs(path: Path) -> Iterator[Path]:
    """The folders of runs at, in or two below a folder, those deleted left out."""
    if not is_file(path / META):
        children = [one for one in _folders(path) if is_file(one / META)]
    elif (path / METRICS).is_dir():
        children = []
        if not DELETED.search(text_of(head_of(path / META))):
            yield path
    else:
        children = _folders(path)
    for child in children:
        if is_file(child / META):
            yield from _runs(child)


def _folders(path: Path) -> list[Path]:
    try:
        return [path / one.name for one in sorted(os.scandir(path), key=_called) if one.is_dir(follow_symlinks=False)]
    except (OSError, ValueError):
        return []


def _files(folder: Path, depth: int, ahead: str = "") -> Iterator[tuple[str, Path]]:
    """The files in a folder and below, each with its path in it as one name."""
    try:
        entries = sorted(os.scandir(folder), key=_called)
    except (OSError, ValueError):
        return
    for one in entries:
        if one.is_dir(follow_symlinks=False) and depth:
            yield from _files(folder / one.name, depth - 1, f"{ahead}{one.name}/")
        elif is_file(folder / one.name):
            yield ahead + one.name, folder / one.name


def _called(entry: os.DirEntry[str]) -> str:
    return entry.name
