"""What a value of a TensorBoard summary says: a number, written as such or as a tensor of one element, or a text.

Value: 1 tag, 2 simple_value, 8 tensor, 9 metadata; TensorProto: 1 dtype, 4 tensor_content, 5 float_val, 6 double_val,
8 string_val, 13 half_val (tensorflow's summary.proto, tensor.proto).
"""

import struct

import numpy as np

from glidepath.logs.protobuf import fields, varint

TAG, SIMPLE, TENSOR, METADATA = 1, 2, 8, 9  # fields of a value
KIND, CONTENT, FLOATS, DOUBLES, TEXTS, HALVES = 1, 4, 5, 6, 8, 13  # fields of a tensor
TEXT, BFLOAT16 = 7, 14  # kinds of a tensor
DTYPES = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 19: "<f2"}
SINGLE = struct.Struct("<f")
Value = dict[int, int | bytes]


def as_bytes(field: int | bytes | None) -> bytes:
    """The bytes of a field, none where it is a number or not there."""
    return field if isinstance(field, bytes) else b""


def number_in(value: Value) -> float | None:
    """The scalar of a value: written as such, or as a tensor of one element."""
    simple, metadata = as_bytes(value.get(SIMPLE)), as_bytes(value.get(METADATA))
    if len(simple) == SINGLE.size:
        return float(SINGLE.unpack(simple)[0])
    if TENSOR not in value or (metadata and b"scalars" not in metadata):
        return None
    return _element(dict(fields(as_bytes(value[TENSOR]))))


def _element(tensor: Value) -> float | None:
    """The element of a tensor of one; None for another number of them, or another kind."""
    kind = tensor.get(KIND)
    dtype = np.dtype(DTYPES.get(kind, "<f2") if isinstance(kind, int) else "<f2")
    raw = next((tensor[name] for name in (CONTENT, FLOATS, DOUBLES, HALVES) if tensor.get(name)), b"")
    if tensor.get(HALVES):  # sixteen bits as a varint
        number = raw if isinstance(raw, int) else varint(raw, 0)[0]
        raw = (number & 0xFFFF).to_bytes(2, "little")
    if kind == BFLOAT16 and isinstance(raw, bytes) and len(raw) == dtype.itemsize:
        return float(SINGLE.unpack(b"\0\0" + raw)[0])
    if kind not in DTYPES or not isinstance(raw, bytes) or len(raw) != dtype.itemsize:
        return None
    return float(np.frombuffer(raw, dtype)[0])


def text_in(value: Value) -> str:
    """The text of a value, "" where it holds something else."""
    tensor = dict(fields(as_bytes(value.get(TENSOR))))
    return as_bytes(tensor.get(TEXTS)).decode(errors="replace") if tensor.get(KIND) == TEXT else ""
