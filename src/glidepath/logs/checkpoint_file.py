"""A checkpoint of torch, read without running anything that it says.

Only what `torch.load(weights_only=True)` takes is read: plain values, and tensors, which stay on the disk. A pickle of
any other class is refused, and so is a packed archive, which could unfold without bound.
"""

import struct
import zipfile
from pathlib import Path
from typing import Any

from glidepath._extras import require
from glidepath.errors import LogError, shown
from glidepath.logs.files import called, opened, refusals

ZIP, IN_ZIP = b"PK\x03\x04", b"/data.pkl"  # the first entry of the archive that torch writes since 1.6
LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # torch's own number, pickled, at the start of an older file
LARGEST_PICKLE = 2**27  # bytes of what is said of the tensors; a model of 10,000 of them takes two million
LARGEST_LEGACY = 2**31  # bytes of an older file, which is read as a whole
PLAIN = (bool, int, float, str, type(None))
DEEPEST, MOST_ITEMS, LONGEST_TEXT = 6, 1_000, 1_000  # of settings


def is_checkpoint(head: bytes) -> bool:
    """Whether a file that begins so is one of torch's."""
    return head.startswith(LEGACY) or (head.startswith(ZIP) and IN_ZIP in head[:512])


def loaded(path: Path) -> Any:
    """What a checkpoint holds, its tensors left on the disk; raises LogError for what is not plain, or not whole."""
    torch = require("torch")
    with opened(path) as file, refusals(path):
        mapped = file.read(len(ZIP)) == ZIP
    _within_bounds(path, packed=mapped)
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except Exception as error:  # noqa: BLE001 - whatever torch trips over in a file that may hold anything
        reason = (
            "a pickle of classes that are not plain" if "weights_only" in str(error).lower() else "one cut or damaged"
        )
        raise LogError(f"{called(path)}: expected a checkpoint of plain values and tensors, got {reason}") from None


def _within_bounds(path: Path, *, packed: bool) -> None:
    if not packed:
        if (size := path.stat().st_size) > LARGEST_LEGACY:
            raise LogError(f"{called(path)}: expected an older checkpoint of at most 2 GiB, got {size:,} bytes")
        return
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise LogError(f"{called(path)}: expected a whole checkpoint, got {shown(str(error), 80)}") from None
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise LogError(f"{called(path)}: expected a checkpoint as torch writes it, unpacked, got a packed archive")
    if any(entry.filename.endswith(".pkl") and entry.file_size > LARGEST_PICKLE for entry in entries):
        raise LogError(f"{called(path)}: expected at most {LARGEST_PICKLE >> 20} MiB beside the tensors, got more")


def plain(value: Any, depth: int = 0) -> Any:
    """The value without tensors: a number for one of a single element, None for what is neither plain nor short."""
    if isinstance(value, PLAIN):
        return value[:LONGEST_TEXT] if isinstance(value, str) else value
    if isinstance(value, require("torch").Tensor):
        return value.item() if value.numel() == 1 and not value.is_meta else None
    if depth < DEEPEST and isinstance(value, dict):
        pairs = list(value.items())[:MOST_ITEMS]
        return {
            key: found for key, one in pairs if isinstance(key, str) and (found := plain(one, depth + 1)) is not None
        }
    if depth < DEEPEST and isinstance(value, (list, tuple)) and len(value) <= MOST_ITEMS:
        return [plain(one, depth + 1) for one in value]
    return None
