"""The `trainer_state.json` of Hugging Face's Trainer, or an output folder with checkpoints of it.

A row {"loss", "learning_rate", "grad_norm", "epoch", "step"} is written behind update `step`, counted from 1; its loss
is the mean since the row before. Each checkpoint carries the whole history, so that the newest is read. Before
transformers 4.51 (pull request 36973, March 2025) the learning rate of a row is that of the next update. The file says
no version; a config.json beside it does, and the rate is then placed where it was used; without one an audit can tell.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from glidepath.errors import LogError, shown
from glidepath.logs.files import called, is_file, opened, refusals
from glidepath.logs.gathering import Gathering, flat, number, whole
from glidepath.runs.recording import Recording

NAME = "transformers trainer_state.json"
FILE = "trainer_state.json"
CHECKPOINT = re.compile(r"checkpoint-(\d{1,15})")
LARGEST_STATE = 2**28  # bytes: a row takes 150, so that this holds two million of them
HISTORY, STEP = "log_history", "step"
TOTALS = {"train_loss", "train_runtime", "train_samples_per_second", "train_steps_per_second", "total_flos"}
# What the state holds that is no setting: its history, where it stands, and what belongs to one process.
NO_SETTING = {HISTORY, "stateful_callbacks", "is_local_process_zero", "is_world_process_zero", "trial_params"}
COUNTED = "steps counted from 0: the log's {0} is update {1}"
LATE = "the learning rate of a row is that of the next update, and is placed there"
OWN_RATE = (4, 51)  # the version since which the learning rate of a row is that of its own update
VERSION = re.compile(rb'"transformers_version"\s*:\s*"(\d{1,4})\.(\d{1,4})[\w.+-]{0,40}"')
LARGEST_CONFIG = 2**20  # bytes


def recognises(path: Path, head: bytes) -> bool:
    """A file that holds a history, or a folder with one in it or in its checkpoints."""
    if head:
        return path.name == FILE or (head.lstrip()[:1] == b"{" and b'"log_history"' in head)
    return bool(_states(path))


def read(path: Path) -> Mapping[str, Recording]:
    """The rows as a recording; raises LogError for a file that is no state, or is cut."""
    source, state, refused = _newest([path] if is_file(path) else _states(path), path)
    points, last = Gathering(), 0
    version = _version(source.with_name("config.json"))
    late = ("learning_rate",) if version and version < OWN_RATE else ()
    for row, values in enumerate(state[HISTORY]):
        step = whole(values.get(STEP)) if isinstance(values, dict) else None
        if step is None:
            points.left_out += 1
            continue
        last = step
        points.add(row, step - 1, _measured(values))
    if not (columns := points.columns(later=late)):
        raise LogError(f"{called(source)}: expected rows in {HISTORY}, got none with a step and a number")
    settings = {name: value for name, value in state.items() if name not in NO_SETTING and value is not None}
    settings |= {"transformers_version": ".".join(map(str, version))} if version else {}
    notes = (COUNTED.format(last, last - 1), *([LATE] if late else []), *points.omissions(), *refused)
    return {"": Recording(columns, MappingProxyType(settings), notes, origin=NAME)}


def _measured(values: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    """The numbers of a row; the totals of the last row, mean loss among them, are no points of a curve."""
    last = "train_runtime" in values
    for name, value in flat(values):
        if name != STEP and not (last and name in TOTALS):
            yield name, number(value)


def _newest(sources: list[Path], path: Path) -> tuple[Path, dict[str, Any], list[str]]:
    """The state that knows the latest update, and why others could not be read: a kill may cut the newest."""
    states, refused = list[tuple[Path, dict[str, Any]]](), list[str]()
    for source in sources:
        try:
            states.append((source, _state(source)))
        except LogError as error:
            refused.append(str(error))
    if not states:
        raise LogError(
            refused[0] if refused else f"{called(path)}: expected a {FILE} here or in a checkpoint, got none"
        )
    source, state = max(states, key=lambda pair: whole(pair[1].get("global_step")) or 0)
    return source, state, refused


def _state(source: Path) -> dict[str, Any]:
    with opened(source) as file, refusals(source):
        text = file.read(LARGEST_STATE + 1)
    if len(text) > LARGEST_STATE:
        raise LogError(f"{called(source)}: expected at most {LARGEST_STATE:,} bytes, got more")
    try:
        state = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LogError(f"{called(source)}: expected a whole {FILE}, got {shown(str(error), 80)}") from None
    if not isinstance(state, dict) or not isinstance(state.get(HISTORY), list):
        raise LogError(f"{called(source)}: expected a JSON object with a {HISTORY}, got {shown(state)}")
    return state


def _version(config: Path) -> tuple[int, int] | None:
    """The version that wrote the checkpoint, where a file beside it says so."""
    try:
        with opened(config) as file, refusals(config):
            found = VERSION.search(file.read(LARGEST_CONFIG))
    except LogError:
        return None
    return None if found is None else (int(found[1]), int(found[2]))


def _states(folder: Path) -> list[Path]:
    """The state of the folder itself and those of its two newest checkpoints, where they are."""
    try:
        numbered = [(int(found[1]), one) for one in folder.iterdir() if (found := CHECKPOINT.fullmatch(one.name))]
    except (OSError, ValueError):
        return []
    checkpoints = [one / FILE for _, one in sorted(numbered, reverse=True) if is_file(one / FILE)]
    return [state for state in (folder / FILE, *checkpoints[:2]) if is_file(state)]
