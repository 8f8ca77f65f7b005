"""Texts to train on: the same batches in every process, and one sentence for what is no text."""

import subprocess
import sys

import numpy as np
import pytest

from glidepath.errors import LabError
from glidepath.lab.text import ENOUGH, FEWEST, Corpus, corpus_of, standard_library, text_file

LETTERS = "abcdefghij"
TEXT = "".join(LETTERS[(n * n) % 10] for n in range(FEWEST))


@pytest.fixture(scope="module")
def counting() -> Corpus:
    """A text whose n-th letter is n, as far as the alphabet of Unicode goes, so that a window shows its place."""
    return corpus_of("".join(map(chr, range(0x20, 0x20 + FEWEST))), "counting")


def test_a_corpus_is_its_text():
    corpus = corpus_of(TEXT, "squares")
    tokens = np.concatenate([corpus.train, corpus.held_out])
    assert "".join(corpus.alphabet[token] for token in tokens) == TEXT
    assert corpus.alphabet == "".join(sorted(set(TEXT)))
    assert (corpus.train.size, corpus.held_out.size) == (FEWEST - FEWEST // 10, FEWEST // 10)
    assert corpus.train.dtype == np.int64


@pytest.mark.parametrize("letters", ["äöü€", "日本語", "😀🎉x", "\x00\x7f\n", "a"])
def test_any_letters(letters):
    text = (letters * FEWEST)[:FEWEST]
    corpus = corpus_of(text, "letters")
    assert corpus.alphabet == "".join(sorted(set(letters)))
    assert "".join(corpus.alphabet[token] for token in corpus.train) == text[: corpus.train.size]


@pytest.mark.parametrize("length", [1, 16, 64, 900])
@pytest.mark.parametrize("size", [1, 4, 300])
def test_a_batch_is_windows_of_the_training_text(counting, size, length):
    for index in (0, 1, 10**9):
        batch = counting.batch(index, size=size, length=length, seed=0)
        assert batch.shape == (size, length + 1)
        assert (np.diff(batch, axis=1) == 1).all()
        assert batch.min() >= 0
        assert batch.max() < counting.train.size
        held_out = counting.held_out_batch(index, size=size, length=length)
        assert held_out.shape == (size, length + 1)
        assert (np.diff(held_out, axis=1) == 1).all()
        assert held_out.min() >= counting.train.size
        assert held_out.max() < FEWEST


def test_windows_reach_both_ends_of_the_text(counting):
    length = counting.train.size - 2  # two places for a window
    begins = counting.batch(0, size=200, length=length, seed=0)[:, 0]
    assert set(begins.tolist()) == {0, 1}
    assert counting.batch(0, size=3, length=length + 1, seed=0)[0, -1] == counting.train.size - 1


def test_batches_are_the_same_again_and_unlike_each_other(counting):
    def batch(index: int = 3, seed: int = 5) -> list[list[int]]:
        return counting.batch(index, size=4, length=8, seed=seed).tolist()

    assert batch() == batch()
    assert len({str(batch(index=index)) for index in range(50)}) == 50
    assert len({str(batch(seed=seed)) for seed in range(50)}) == 50
    assert (
        counting.held_out_batch(3, size=4, length=8).tolist() == counting.held_out_batch(3, size=4, length=8).tolist()
    )


def test_batches_are_the_same_in_another_process(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    program = (
        "from glidepath.lab.text import text_file\n"
        f"corpus = text_file({str(path)!r})\n"
        "print(corpus.batch(7, size=3, length=5, seed=1).tolist(), corpus.held_out_batch(7, size=3, length=5).tolist())"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    here = text_file(path)
    batches = here.batch(7, size=3, length=5, seed=1), here.held_out_batch(7, size=3, length=5)
    assert answer.stdout.strip() == f"{batches[0].tolist()} {batches[1].tolist()}"


def test_the_standard_library_is_a_text():
    corpus = standard_library()
    assert corpus.train.size + corpus.held_out.size == ENOUGH
    assert corpus.alphabet.isascii()
    assert "standard library" in corpus.name


def complaint(make) -> str:
    with pytest.raises(LabError) as refusal:
        make()
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize("size", [0, 1, FEWEST - 1])
def test_a_text_that_is_too_short(tmp_path, size):
    path = tmp_path / "short.txt"
    path.write_text(TEXT[:size], encoding="utf-8")
    message = complaint(lambda: text_file(path))
    assert f"at least {FEWEST} characters" in message
    assert f"got {size} in {path}" in message


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", bytes(range(256)) * 100, b"a" * FEWEST + b"\x80"])
def test_a_binary_file(tmp_path, content):
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    message = complaint(lambda: text_file(path))
    assert str(path) in message
    assert "not UTF-8" in message


def test_a_file_that_is_not_there_and_a_folder(tmp_path):
    assert "No such file" in complaint(lambda: text_file(tmp_path / "missing.txt"))
    assert str(tmp_path) in complaint(lambda: text_file(tmp_path))


def test_a_text_too_short_for_the_windows_asked_for():
    corpus = corpus_of(TEXT, "squares")
    complaint(lambda: corpus.held_out_batch(0, size=2, length=corpus.held_out.size))
    complaint(lambda: corpus.batch(0, size=2, length=corpus.train.size, seed=0))
