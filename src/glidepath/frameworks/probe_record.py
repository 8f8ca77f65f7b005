"""What a probe has found so far: a file of JSON lines, from which one that was killed goes on."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

from glidepath.errors import FinderError, shown
from glidepath.finder.probe import Branch
from glidepath.finder.suggestion import Trial

Key = tuple[float, int, int]
Lines = list[Any]
HEADER = "probe"  # the key of the first line, which holds the settings


def key(one: Branch | Trial) -> Key:
    """What a trial is known by."""
    return one.lr, one.steps, one.seed


class Record:
    """The trials of a probe by key, and its centre; each line is on the disk before the next training begins."""

    def __init__(self, path: Path | None) -> None:
        """An empty one, in a file or nowhere."""
        self.path, self.trials = path, dict[Key, Trial]()
        self._centre: tuple[float, int] | None = None

    @classmethod
    def of(
        cls, path: str | Path | None, settings: dict[str, Any], share: Callable[[Lines], Lines] | None = None
    ) -> "Record":
        """The record in a file, begun where there is none; raises FinderError for another one, or another file."""
        self = cls(None if path is None else Path(path))
        header = {HEADER: json.loads(json.dumps(settings))}
        lines = [] if self.path is None else _read(self.path, header)
        for line in lines if share is None else share(lines):
            self._take(line)
        if not lines:
            self._write(header)
        return self

    def _take(self, line: Any) -> None:
        try:
            if HEADER not in line:
                self._remember(line)
        except (TypeError, KeyError, ValueError, AttributeError):
            raise FinderError(f"{self.path}: expected the trials of a probe, got {shown(line)}") from None

    def _remember(self, line: dict[str, Any]) -> None:
        if "centre" in line:
            self._centre = _number(line["centre"]), int(_number(line["cost"]))
            return
        counts = {name: int(_number(line[name])) for name in ("steps", "seed", "cost")}
        rates = {name: _number(line[name]) for name in ("lr", "start")}
        end = None if line["validation"] is None else _number(line["validation"])
        trial = Trial(**counts, **rates, tail=tuple(map(_number, line["tail"])), validation=end)  # type: ignore[arg-type]
        if set(line) != set(asdict(trial)) or not (isfinite(trial.lr) and trial.lr > 0):
            raise ValueError
        self.trials[key(trial)] = trial

    def _write(self, line: dict[str, Any]) -> None:
        if self.path is None:
            return
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise FinderError(f"expected a record that can be written, got {self.path}: {error.strerror}") from error

    def keep(self, trial: Trial) -> None:
        """A trial that was made just now."""
        self.trials[key(trial)] = trial
        self._write(asdict(trial))

    def centre(self, known: float | Callable[[], tuple[float, int]]) -> tuple[float, int]:
        """The centre that was named, found before, or is found now, and what it cost."""
        if not callable(known):
            return known, 0
        if self._centre is None:
            self._centre = known()
            self._write({"centre": self._centre[0], "cost": self._centre[1]})
        return self._centre


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError
    return float(value)


def _read(path: Path, header: dict[str, Any]) -> Lines:
    """The whole lines of a record; the last one, cut off by a kill, is taken off the file."""
    try:
        content = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise FinderError(f"expected a record that can be read, got {path}: {error.strerror}") from error
    whole, found = content[: content.rfind(b"\n") + 1], Lines()
    for line in whole.splitlines():
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError):
            raise FinderError(f"{path}: expected the record of a probe, got another file: name another") from None
    begun = json.dumps(header).encode()
    if (found and found[0] != header) or (content and not found and not begun.startswith(content)):
        raise FinderError(
            f"{path}: expected the record of this probe, got another one's, or another file: name another"
        )
    if len(whole) < len(content):
        os.truncate(path, len(whole))
    return found
