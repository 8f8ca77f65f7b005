"""The random numbers of Python, of numpy and, where it is loaded, of torch on all its devices, put back."""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

PutBack = Callable[[], None]
DEVICES = "cuda", "xpu"  # of torch: those of which there are several
BITS = 32  # of a seed that every library takes


@contextmanager
def random_numbers_kept() -> Iterator[None]:
    """Whatever is drawn meanwhile, what is drawn afterwards is what would have been drawn without it."""
    python, numpy = random.getstate(), np.random.get_state(legacy=False)
    devices = _of_torch(sys.modules.get("torch"))  # not imported, it has drawn nothing
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        for put_back in devices:
            put_back()


def draw_others(seed: int) -> None:
    """Other random numbers from here on, for each seed (>= 1) others; they follow from those that would have come."""
    random.seed(_draw(lambda: random.getrandbits(BITS), seed))
    np.random.seed(_draw(lambda: int(np.random.randint(2**BITS, dtype=np.uint64)), seed))
    if torch := sys.modules.get("torch"):
        torch.manual_seed(_draw(lambda: int(torch.randint(2**BITS, ())), seed))


def _draw(one: Callable[[], int], count: int) -> int:
    """The last of so many."""
    return [one() for _ in range(count)][-1]


def _of_torch(torch: Any) -> list[PutBack]:
    if torch is None:
        return []
    back: list[PutBack] = [partial(torch.set_rng_state, torch.get_rng_state())]
    devices = [device for name in DEVICES if (device := getattr(torch, name)).is_available()]
    back += [partial(device.set_rng_state_all, device.get_rng_state_all()) for device in devices]
    if torch.backends.mps.is_available():
        back.append(partial(torch.mps.set_rng_state, torch.mps.get_rng_state()))
    return back
