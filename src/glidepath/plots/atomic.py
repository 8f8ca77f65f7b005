"""A file that is there whole or not at all."""

import os
from pathlib import Path

from glidepath.errors import GlidepathError

UNIQUE = 4  # random bytes: two writers of one file do not meet


def write_whole(path: Path, content: bytes) -> None:
    """Write beside `path`, then move over it, so that no reader sees half a file.

    Raises GlidepathError where the folder is missing or cannot be written to.
    """
    beside = path.with_name(f".{path.name[:100]}.{os.urandom(UNIQUE).hex()}")
    try:
        try:
            beside.write_bytes(content)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise GlidepathError(f"expected a file that can be written, got {path}: {error.strerror}") from error
