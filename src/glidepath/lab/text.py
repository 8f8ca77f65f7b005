"""Text to train on, as numbers: every character is one token."""

import sysconfig
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glidepath.errors import LabError

# Characters of the default text: enough that a small model does not learn it by heart in minutes.
ENOUGH = 1_500_000
FEWEST = 10_000  # characters; below this the held-out tenth is too short to measure on
HELD_OUT = 10  # one part in ten, the last one


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """A text as character tokens (n,) int64 of one `alphabet`: `train`, and the last tenth `held_out`."""

    name: str
    alphabet: str
    train: NDArray[np.int64]
    held_out: NDArray[np.int64]

    def batch(self, index: int, *, size: int, length: int, seed: int) -> NDArray[np.int64]:
        """Batch number `index` of the training text: (size, length + 1) tokens, the same in every process."""
        return _windows(self.train, np.random.Philox(key=[seed, index]), size, length)

    def held_out_batch(self, index: int, *, size: int, length: int) -> NDArray[np.int64]:
        """Batch number `index` of the held-out text, of the same shape."""
        return _windows(self.held_out, np.random.Philox(key=[index, index]), size, length)


def _windows(tokens: NDArray[np.int64], bits: np.random.Philox, size: int, length: int) -> NDArray[np.int64]:
    if tokens.size <= length:
        raise LabError(
            f"expected a text of more than {length} characters in each part, got {tokens.size}: a longer text"
        )
    begins = np.random.Generator(bits).integers(0, tokens.size - length, size)
    return np.take(tokens, begins[:, None] + np.arange(length + 1))


def corpus_of(text: str, name: str) -> Corpus:
    """The corpus of a text; raises LabError for one too short to hold a tenth out of."""
    if len(text) < FEWEST:
        raise LabError(f"expected a text of at least {FEWEST} characters to train on, got {len(text)} in {name}")
    alphabet = "".join(sorted(set(text)))
    points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    tokens = np.searchsorted(np.array([ord(letter) for letter in alphabet]), points).astype(np.int64)
    split = tokens.size - tokens.size // HELD_OUT
    return Corpus(name, alphabet, tokens[:split], tokens[split:])


def standard_library() -> Corpus:
    """The sources of the running Python's own standard library, read in place: on every machine, no download."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    pieces, size = [], 0
    for path in sorted(folder.glob("*.py")):
        source = path.read_bytes()
        if source.isascii():
            pieces.append(source.decode("ascii"))
            size += len(source)
        if size >= ENOUGH:
            break
    return corpus_of("\n".join(pieces)[:ENOUGH], "the Python standard library")


def text_file(path: str | Path) -> Corpus:
    """The corpus of the user's own text, UTF-8; raises LabError for a file that is none."""
    try:
        return corpus_of(Path(path).read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise LabError(f"expected a text file at {path}, got none that can be read: {reason}") from error
