"""Whatever bytes come, a reader of text gives recordings or one sentence, soon."""

import os
import random
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glidepath.errors import GlidepathError
from glidepath.logs.lines import RANK
from glidepath.logs.opening import open_run
from glidepath.logs.sampling import COLOURS
from glidepath.runs.recording import stitched
from log_samples import SAMPLES, TOLD

READERS = [import_module(f"glidepath.logs.{name}") for name in sorted({told.reader for told in TOLD.values()})]
HARD = (
    "nan",
    "-inf",
    "1e999",
    "9" * 400,
    "-1",
    "0x10",
    "\N{ARABIC-INDIC DIGIT THREE}",
    "1_0",
    "",
    "\0",
    "\x1b[",
    "{" * 200,
)
NUMBERS = st.sampled_from(HARD)


def read_by_all(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.log"
        path.write_bytes(content)
        for reader in READERS:
            assert reader.recognises(path, content[: 2**16]) in (True, False)
            try:
                for recording in reader.read(path).values():
                    stitched(recording)
            except GlidepathError:
                continue


fuzzed = settings(max_examples=int(os.environ.get("FUZZ", "100")))


@fuzzed
@example(b"\xfe\xff")
@given(st.binary(max_size=300))
def test_bytes(content: bytes) -> None:
    read_by_all(content)


@fuzzed
@given(st.sampled_from(sorted(SAMPLES)), st.integers(0, 2**32), st.lists(NUMBERS, min_size=1, max_size=5))
def test_a_log_with_words_replaced(name: str, seed: int, hard: list[str]) -> None:
    chance, words = random.Random(seed), SAMPLES[name][:1500].replace(" ", "\v").replace("\n", "\v\n\v").split("\v")
    for one in hard:
        words[chance.randrange(len(words))] = one
    read_by_all(" ".join(words).encode(errors="replace"))


@fuzzed
@given(st.sampled_from(sorted(SAMPLES)), st.integers(0, 2**32), st.lists(NUMBERS, min_size=1, max_size=5))
def test_a_log_with_numbers_replaced(name: str, seed: int, hard: list[str]) -> None:
    chance, text = random.Random(seed), SAMPLES[name][:1500]
    for one in hard:
        places = [place for place, letter in enumerate(text) if letter.isdigit()] or [0]
        place = chance.choice(places)
        text = text[:place] + one + text[place + 1 :]
    read_by_all(text.encode(errors="replace"))


SLOW = (
    "step " * 1_900,
    "1" * 9_900,
    "1," * 4_900,
    " " * 9_900,
    "iteration 1/ 2 |" + " a:" * 3_000,
    "{'" + "'a': 1, " * 1_000 + "'epoch': ",
    "train/" * 1_600,
    "[batch=" * 1_400,
    "Train: 1 [ 1/10 ( 20%)]  Loss: 3.21 (3.45) " + " LR" * 3_000,
    "\x1b[" * 4_000,
    "step=1, skipped=1, lr=[" + "1," * 4_000,
    "epoch" * 1_900 + " loss",
    "Step 1 | " + "a:1" * 3_000,
    " " * 4_000 + "Train " + ":" * 4_000,
)


@pytest.mark.parametrize("line", SLOW, ids=range(len(SLOW)))
def test_no_line_makes_a_search_long(
    line: str, tmp_path: Path, limit: Callable[[float], AbstractContextManager[None]]
) -> None:
    """Twenty lines as long as a line can be that is searched at all, in all readers."""
    path = tmp_path / "x.log"
    path.write_text((line + "\n") * 20)
    head = path.read_bytes()[: 2**16]
    with limit(4):
        for reader in READERS:
            reader.recognises(path, head)
            try:
                reader.read(path)
            except GlidepathError:
                continue


def test_colours_and_ranks_are_found_in_a_line() -> None:
    assert COLOURS.sub("", "\x1b[38;2;180;60;0mloss\x1b[0m\x1b[A") == "loss"
    assert RANK.match("[rank12]: step")
    assert RANK.match("3: step")
    assert not RANK.match("12:30:00 step")


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("together", [1, 3])
def test_how_many_lines_are_taken_together_is_no_matter(
    name: str, together: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    path.write_text(SAMPLES[name])
    whole = open_run(path)
    monkeypatch.setattr("glidepath.logs.lines.MOST_HEARD", together)
    parted = open_run(path)
    assert {name: (c.steps.tolist(), c.values.tobytes()) for name, c in parted.curves.items()} == {
        name: (c.steps.tolist(), c.values.tobytes()) for name, c in whole.curves.items()
    }
    assert (parted.segments, parted.notes, dict(parted.settings)) == (whole.segments, whole.notes, dict(whole.settings))
