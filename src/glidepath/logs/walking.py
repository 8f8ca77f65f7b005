"""What lies in a folder, looked at within bounds and each thing once."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from glidepath.logs.files import called

Identity = tuple[int, int]  # of a file or a folder: device and number


class Walk:
    """A look through a folder: how much is left to look at, what was seen, and what was not read."""

    def __init__(self, folder: Path, most: int) -> None:
        """Nothing is seen but the folder itself, to which a link may lead back."""
        self.most = self.left = most
        self.seen = {_identity(folder)}
        self.notes: list[str] = []


def entries(folder: Path, walk: Walk) -> Iterator[Path]:
    """What lies in a folder, by name, each file or folder once however many links lead to it."""
    try:
        with os.scandir(folder) as found:
            names = sorted(entry.name for entry in islice(found, walk.left + 1))
    except OSError as error:
        walk.notes.append(f"{called(folder)}: {error.strerror}")
        return
    for name in names:
        if not walk.left:
            walk.notes.append(f"more than {walk.most:,} files and folders")
            return
        walk.left -= 1
        identity = _identity(folder / name)
        if identity is not None and identity not in walk.seen:
            walk.seen.add(identity)
            yield folder / name


def _identity(path: Path) -> Identity | None:
    """What a path leads to, however it is called; None for a link that leads nowhere."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_dev, about.st_ino
