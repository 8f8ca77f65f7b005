"""What a range test must not change, as a hash of its bytes."""

import hashlib

import numpy as np
import torch


def bytes_of(value: object) -> bytes:
    if isinstance(value, torch.Tensor):
        kind = f"{value.dtype} {tuple(value.shape)} {value.requires_grad}"
        return kind.encode() + value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes()
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}".encode() + value.tobytes()
    if isinstance(value, dict):
        return b"".join(bytes_of(key) + bytes_of(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return b"".join(map(bytes_of, value))
    return repr(value).encode()


def hashed(*everything: object) -> str:
    return hashlib.sha256(bytes_of(everything)).hexdigest()
