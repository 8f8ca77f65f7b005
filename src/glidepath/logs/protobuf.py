"""The fields of a protobuf message, without its schema: TensorBoard and W&B write such."""

from collections.abc import Iterator

LONGEST = 70  # bits of the longest varint: ten bytes of seven
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # kinds of a field on the wire
SIZES = {FIXED64: 8, FIXED32: 4}
Field = tuple[int, int | bytes]


def fields(message: bytes) -> Iterator[Field]:
    """Number and value of each field: an int for a varint, else its bytes; raises ValueError where they end too early.

    >>> list(fields(bytes([0x10, 0xAC, 0x02, 0x0A, 0x02]) + b"lr"))
    [(2, 300), (1, b'lr')]
    """
    place, end = 0, len(message)
    while place < end:
        key, place = varint(message, place)
        kind = key & 7
        value: int | bytes
        if kind == VARINT:
            value, place = varint(message, place)
        else:
            if kind == BYTES:
                size, place = varint(message, place)
            elif (size := SIZES.get(kind, -1)) < 0:
                raise ValueError(f"expected a kind of field, got {kind}")
            value, place = message[place : place + size], place + size
            if place > end:
                raise ValueError("expected a whole field, got one cut")
        yield key >> 3, value


def varint(message: bytes, place: int) -> tuple[int, int]:
    """An unsigned number and the place behind it; raises ValueError where it does not end."""
    number = shift = 0
    while shift < LONGEST and place < len(message):
        byte = message[place]
        number |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return number, place
        shift += 7
    raise ValueError("expected a whole varint, got one cut")


def signed(number: int) -> int:
    """An int64 as it was before it was written as a varint.

    >>> signed(2**64 - 1)
    -1
    """
    number &= 2**64 - 1
    return number - 2**64 if number >= 2**63 else number


def submessages(message: bytes, wanted: int) -> Iterator[bytes]:
    """The messages in one field of a message."""
    for name, value in fields(message):
        if name == wanted and isinstance(value, bytes):
            yield value
