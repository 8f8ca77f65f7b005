"""The door: a log of any form, or a folder of them, read as runs."""

from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import replace
from pathlib import Path

from glidepath.errors import GlidepathError, LogError
from glidepath.logs import (
    checkpoint,
    composer,
    deepspeed_csv,
    deepspeed_stdout,
    detectron2,
    dvclive,
    fairseq,
    fastai_csv,
    generic_text,
    gpt_neox,
    journal,
    keras_csv,
    lightning_csv,
    litgpt,
    litgpt_csv,
    llama_factory,
    llmc,
    megatron,
    mlflow_database,
    mlflow_folder,
    mmcv,
    mmengine,
    modded_nanogpt,
    nanochat,
    nanogpt,
    nanotron,
    nnunet,
    olmo,
    stable_baselines3_csv,
    stable_baselines3_json,
    table,
    tensorboard,
    timm_csv,
    timm_stdout,
    torchtitan,
    torchtune,
    trackio,
    transformers,
    transformers_console,
    ultralytics,
    wandb,
    wandb_csv,
)
from glidepath.logs.files import called, head_of, is_file, opened, refusals
from glidepath.logs.names import renaming
from glidepath.logs.reader import Reader
from glidepath.logs.walking import Walk, entries
from glidepath.runs import recording
from glidepath.runs.recording import Recording
from glidepath.runs.run import Run

# The first that recognises a log reads it: forms of one library before those of many.
READERS: tuple[Reader, ...] = (
    # trackers and checkpoints
    journal,
    transformers,
    wandb,
    trackio,
    mlflow_database,
    mlflow_folder,
    tensorboard,
    checkpoint,
    # what programs print, and their JSON lines
    llmc,
    nanogpt,
    nanochat,
    modded_nanogpt,
    megatron,
    gpt_neox,
    torchtitan,
    olmo,
    nanotron,
    litgpt,
    composer,
    torchtune,
    transformers_console,
    timm_stdout,
    nnunet,
    fairseq,
    detectron2,
    mmengine,
    mmcv,
    llama_factory,
    stable_baselines3_json,
    deepspeed_stdout,
    # tables of one library
    litgpt_csv,
    lightning_csv,
    ultralytics,
    fastai_csv,
    timm_csv,
    stable_baselines3_csv,
    deepspeed_csv,
    dvclive,
    wandb_csv,
    keras_csv,
    # any table, any text
    table,
    generic_text,
)
MOST_DEPTH = 8  # folders within folders
MOST_ENTRIES = 20_000  # files and folders that are looked at
MOST_RUNS = 1_000  # that are read from one folder
MOST_NAMED = 5  # in a complaint or a note


def open_run(path: str | Path, *, apart: bool = False) -> Run:
    """The one run that a log, or a folder with one log, holds, as one series; raises LogError where there are several.

    With `apart` a log into which a run wrote again counts as several, as in `open_runs`.
    """
    runs = open_runs(path, apart=apart)
    if len(runs) == 1:
        return next(iter(runs.values()))
    raise LogError(f"expected one run at {called(Path(path))}, got {len(runs)}: {_few(runs)}; open one of them")


def open_runs(path: str | Path, *, apart: bool = False) -> dict[str, Run]:
    """The runs of a log or of a folder of logs, by name; in a folder the name is the path of the log within it.

    The curves have the names of `logs.names`. A step that goes back is a resume, and makes one series with what was
    discarded kept aside; with `apart` each segment is a run of its own, "name#1", "name#2", ... What was left out is
    said in the notes. A folder is looked through to a bounded depth and number of files, links are followed once.
    Raises LogError where nothing can be read, with what was tried.
    """
    source = Path(path)
    reader = reader_of(source)
    if reader is not None:
        recordings, notes = _named(source.name, _read(reader, source)), tuple[str, ...]()
    elif source.is_dir():
        recordings, notes = _folder(source)
    else:
        raise LogError(_refusal(source))
    runs = {name: run for name, one in recordings.items() for name, run in _runs(name, one, apart)}
    return {name: replace(run, notes=run.notes + notes) for name, run in runs.items()} if notes else runs


def reader_of(path: Path) -> Reader | None:
    """The reader that knows a file or a folder."""
    if path.is_dir():
        return next((reader for reader in READERS if reader.recognises(path, b"")), None)
    if not is_file(path):
        return None
    head = head_of(path)
    return next((reader for reader in READERS if reader.recognises(path, head)), None) if head else None


def _read(reader: Reader, path: Path) -> dict[str, Recording | Run]:
    recordings = reader.read(path)
    if not any(len(series) for one in recordings.values() for series in _series(one).values()):
        raise LogError(f"{called(path)}: expected a log with at least one value, got none, read as {reader.NAME}")
    return {name: replace(one, origin=one.origin or reader.NAME) for name, one in recordings.items()}


def _series(one: Recording | Run) -> Mapping[str, Sized]:
    return one.curves if isinstance(one, Run) else one.columns


def _named(name: str, recordings: Mapping[str, Recording | Run]) -> dict[str, Recording | Run]:
    """By the name of the file, and behind it the one that the log has for the run, where it has several."""
    if len(recordings) == 1:
        return dict.fromkeys([name], *recordings.values())
    return {f"{name}/{inner}" if inner else name: one for inner, one in recordings.items()}


def run_of(name: str, one: Recording, origin: str) -> Run:
    """A recording as one series under the names that curves have here."""
    return recording.stitched(_renamed(name, replace(one, origin=one.origin or origin)))


def _renamed(name: str, one: Recording) -> Recording:
    known = renaming(one.columns)
    return replace(one, columns={known[own]: column for own, column in one.columns.items()}, name=one.name or name)


def _runs(name: str, one: Recording | Run, apart: bool) -> Iterator[tuple[str, Run]]:
    if isinstance(one, Run):
        runs: tuple[Run, ...] = (replace(one, name=one.name or name),)
    else:
        runs = recording.apart(_renamed(name, one)) if apart else (run_of(name, one, one.origin),)
    for number, run in enumerate(runs, start=1):
        end = f"#{number}" if len(runs) > 1 else ""
        yield name + end, replace(run, name=run.name + end)


def _folder(folder: Path) -> tuple[dict[str, Recording | Run], tuple[str, ...]]:
    """Every log in a folder, or where there is none every checkpoint; and what was not read."""
    walk = Walk(folder, MOST_ENTRIES)
    logs = list(_within(folder, walk, MOST_DEPTH))
    found = _recordings(folder, [(path, reader) for path, reader in logs if reader is not checkpoint], walk)
    found = found or _recordings(folder, [(path, reader) for path, reader in logs if reader is checkpoint], walk)
    if not found:
        reason = f"; not read: {walk.notes[0]}" if walk.notes else ""
        raise LogError(f"expected a log in {called(folder)}, got none in {len(walk.seen) - 1} entries{reason}")
    return found, (f"not read: {_few(walk.notes, '; ')}",) if walk.notes else ()


def _recordings(folder: Path, logs: list[tuple[Path, Reader]], walk: Walk) -> dict[str, Recording | Run]:
    found = dict[str, Recording | Run]()
    for path, reader in logs:
        if len(found) >= MOST_RUNS:
            walk.notes.append(f"more than {MOST_RUNS:,} runs")
            break
        try:
            found |= _named(path.relative_to(folder).as_posix(), _read(reader, path))
        except GlidepathError as error:
            walk.notes.append(str(error))
    return found


def _within(folder: Path, walk: Walk, depth: int) -> Iterator[tuple[Path, Reader]]:
    """The logs in a folder, by name, hidden folders left out; a folder that is a log is not looked into."""
    for path in entries(folder, walk):
        reader = reader_of(path)
        if reader is not None:
            yield path, reader
        elif path.is_dir() and not path.name.startswith("."):
            if depth > 1:
                yield from _within(path, walk, depth - 1)
            else:
                walk.notes.append(f"{called(path)}: more than {MOST_DEPTH} folders deep")


def _refusal(path: Path) -> str:
    """Why a path cannot be read, and what was tried."""
    if not path.exists():
        return f"expected a log at {called(path)}, got nothing there"
    if not is_file(path):
        return f"expected a file or a folder at {called(path)}, got something else"
    try:
        with opened(path) as file, refusals(path):
            empty = not file.read(1)
    except LogError as error:
        return str(error)
    if empty:
        return f"expected a log at {called(path)}, got an empty file"
    tried = ", ".join(dict.fromkeys(reader.NAME.split()[0] for reader in READERS[:-2]))  # the library alone
    return f"expected a log that a reader knows, got {called(path)}; tried {tried}, any table, any text"


def _few(texts: Iterable[str], between: str = ", ") -> str:
    """The first of some texts, and how many more there are."""
    listed = list(texts)
    more = f" and {len(listed) - MOST_NAMED} more" if len(listed) > MOST_NAMED else ""
    return between.join(listed[:MOST_NAMED]) + more
