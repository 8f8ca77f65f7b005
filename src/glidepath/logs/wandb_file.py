"""One `.wandb` file, as wandb writes it on the way to its server: the records in it, and what they say.

The file is a header of seven bytes and then LevelDB's log: blocks of 32 KiB, in them parts `crc, length, type` of
records, the type saying whether a part is the whole of one, its first, a middle or its last. A record is a protobuf
message (wandb_internal.proto): 2 history, 5 config, 17 run.
"""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import IO, Any

from glidepath.errors import LogError
from glidepath.logs.files import called, opened, refusals
from glidepath.logs.gathering import SEPARATOR
from glidepath.logs.protobuf import fields, submessages

MAGIC = b":W&B\xe1\xbe\x00"  # with the sign of wandb and the version 0
BLOCK = 2**15
PART = Struct("<IHB")
DAMAGED, WHOLE, FIRST, MIDDLE, LAST = range(5)  # types of a part; the first is ours, for one that cannot be read
LARGEST = 2**24  # bytes of a record: a row of ten thousand quantities has half a million
HISTORY, CONFIG, RUN = 2, 5, 17  # fields of a record
ITEM, STEP = 1, 2  # of a history; an item of a config too has the number 1
KEY, NESTED, VALUE = 1, 2, 16  # of an item
RUN_CONFIG, RUN_NAME = 4, 8  # of a run; the second is its display name
UPDATED = 1  # of a config


def records(path: Path, notes: list[str]) -> Iterator[dict[int, int | bytes]]:
    """The records of a file, by field; what is cut at the end is left out with a note, what is damaged too.

    Raises LogError for a file that is none of wandb's.
    """
    with opened(path) as file, refusals(path):
        if file.read(len(MAGIC)) != MAGIC:
            raise LogError(f"{called(path)}: expected a file of wandb, got one that begins in another way")
        damaged = 0
        for message in _messages(file, notes):
            try:
                yield dict(fields(message))
            except ValueError:
                damaged += 1
    if damaged:
        notes.append(f"{damaged} damaged records left out")


def _messages(file: IO[bytes], notes: list[str]) -> Iterator[bytes]:
    """Each record put together from its parts; one that lost a part is passed over with a note."""
    together, inside, damaged = bytearray(), False, 0
    for kind, data in _parts(file):
        if kind in (WHOLE, FIRST):
            together, inside = bytearray(), True
        inside = inside and kind != DAMAGED and len(together) <= LARGEST
        if not inside:
            damaged += 1
            continue
        together += data
        if kind in (WHOLE, LAST):
            inside = False
            yield bytes(together)
    if inside:
        notes.append("the last record is cut, left out")
    if damaged:
        notes.append(f"{damaged} damaged parts of records left out")


def _parts(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Type and data of each part; behind a damaged one the rest of its block is passed over."""
    offset = len(MAGIC)
    while block := file.read(BLOCK - offset):
        place = 0
        while place + PART.size <= len(block):
            crc, length, kind = PART.unpack_from(block, place)
            data = block[place + PART.size : place + PART.size + length]
            place += PART.size + length
            if place > len(block) and len(block) < BLOCK - offset:
                yield FIRST, b""  # begun, and never ended
                break
            if place > len(block) or kind not in (WHOLE, FIRST, MIDDLE, LAST) or crc != _crc(kind, data):
                yield DAMAGED, b""
                break
            yield kind, data
        offset = 0


def _crc(kind: int, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(bytes([kind])))


def items(message: int | bytes | None, wanted: int) -> Iterator[tuple[str, Any]]:
    """Names and values of the items of a message; nested names joined, what is no JSON left out."""
    for item in submessages(message, wanted) if isinstance(message, bytes) else ():
        names, value = [], b""
        for field, found in fields(item):
            if field in (KEY, NESTED) and isinstance(found, bytes):
                names.append(found.decode(errors="replace"))
            elif field == VALUE and isinstance(found, bytes):
                value = found
        try:
            yield SEPARATOR.join(names), json.loads(value)
        except (ValueError, RecursionError):
            continue
