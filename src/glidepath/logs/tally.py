"""What a log says while it is read line by line: its columns, settings and notes, and where a process began."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from glidepath.errors import LogError
from glidepath.logs.files import called
from glidepath.logs.gathering import MOST_SETTINGS, Gathering
from glidepath.runs.curve import LAST_WHOLE
from glidepath.runs.recording import Column, Recording

SUFFIXES = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}  # as people write large numbers
FEWEST_REPEATS = 3  # below it a repeated step is the seam of a resume, and nothing to speak of


def spelled(text: str) -> float | None:
    """The number that people spell so: thousands parted by commas, or K, M, B, T behind it; None for another text.

    >>> spelled("1,024"), spelled("1.31M"), spelled("NaN"), spelled("n/a")
    (1024.0, 1310000.0, nan, None)
    """
    try:
        return float(text)
    except ValueError:
        pass
    bare = text.strip().replace(",", "")
    scale = SUFFIXES.get(bare[-1:])
    try:
        return float(bare) if scale is None else float(bare[:-1]) * scale
    except ValueError:
        return None


class Tally(Gathering):
    """One log: its points by its own names, `settings`, `notes`, and `starts`, the rows at which a process began."""

    def __init__(self) -> None:
        """Nothing yet."""
        super().__init__()
        self.settings: dict[str, Any] = {}
        self._texts: dict[str, str] = {}  # of the settings, since most lines say one again
        self.notes: list[str] = []
        self.starts: list[int] = []

    def set(self, name: str, text: str) -> None:
        """A setting: a whole number where it is one, a number, or the text itself; of several the last word."""
        if self._texts.get(name) != text and (name in self.settings or len(self.settings) < MOST_SETTINGS):
            self._texts[name] = text
            value = spelled(text)
            whole = value is not None and abs(value) < LAST_WHOLE and value == int(value)
            self.settings[name] = text if value is None else int(value) if whole else value

    def recording(
        self,
        path: Path,
        origin: str,
        *,
        notes: Sequence[str] = (),
        later: Collection[str] = (),
        clock: str = "steps",
    ) -> Recording:
        """All of it; `later` are the columns whose value belongs to the update behind that of its row.

        Raises LogError where there is no value.
        """
        columns = self.columns(later)
        if not columns:
            raise LogError(f"{called(path)}: expected lines of {origin}, got none with a step and a number")
        said = (*notes, *self.notes, *self.omissions(), *_repeats(columns))
        settings = MappingProxyType(self.settings)
        return Recording(columns, settings, said, tuple(self.starts), origin=origin, clock=clock)


def _repeats(columns: Mapping[str, Column]) -> list[str]:
    """What to say of steps that several rows speak of, as when every process prints."""
    repeated = int((np.diff(max(columns.values(), key=len).steps) == 0).sum())
    if repeated < FEWEST_REPEATS:
        return []
    return [f"{repeated} rows say the step of the row above again: of each step the last word counts"]
